"use strict";
(() => {
  const tip = document.getElementById("tip");
  let marked = null;
  const forget = () => { tip.hidden = true; if (marked) marked.classList.remove("near"); marked = null; };
  const tell = (point) => {
    if (marked) marked.classList.remove("near");
    marked = point;
    point.classList.add("near");
    const box = point.getBoundingClientRect();
    tip.textContent = point.dataset.tip;
    tip.hidden = false;
    const x = Math.min(Math.max(8, box.left + box.width / 2 - tip.offsetWidth / 2), document.documentElement.clientWidth - tip.offsetWidth - 8);
    const y = box.top - tip.offsetHeight - 8;
    tip.style.transform = `translate(${x}px,${y > 4 ? y : box.bottom + 8}px)`;
  };
  const shown = (drawing) => [...drawing.querySelectorAll("[data-tip]")].filter((point) => point.getClientRects().length);
  const nearest = (drawing, x, y) => {
    let best = null, least = 45 * 45;
    for (const point of shown(drawing)) {
      const box = point.getBoundingClientRect();
      const dx = Math.max(box.left - x, 0, x - box.right), dy = Math.max(box.top - y, 0, y - box.bottom);
      if (dx * dx + dy * dy < least) { least = dx * dx + dy * dy; best = point; }
    }
    return best;
  };
  for (const drawing of document.querySelectorAll(".drawing")) {
    const follow = (event) => { const point = nearest(drawing, event.clientX, event.clientY); if (point) tell(point); else forget(); };
    drawing.addEventListener("pointermove", follow);
    drawing.addEventListener("pointerdown", follow);
    drawing.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") forget(); });
    drawing.addEventListener("blur", forget);
    drawing.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (event.key === "Escape") forget();
      if (!step || event.target !== drawing) return;
      event.preventDefault();
      const points = shown(drawing), at = points.indexOf(marked);
      if (points.length) tell(points[at < 0 ? (step > 0 ? 0 : points.length - 1) : (at + step + points.length) % points.length]);
    });
    for (const button of drawing.querySelectorAll("[data-series]:is(button)")) button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", on);
      for (const group of drawing.querySelectorAll(`[data-group="${button.dataset.series}"]`)) group.classList.toggle("off", !on);
      forget();
    });
    for (const input of drawing.querySelectorAll("input[type=range]")) input.addEventListener("input", () => {
      const view = drawing.querySelector(".view"), middle = (view.scrollLeft + view.clientWidth / 2) / view.scrollWidth;
      drawing.style.setProperty("--zoom", input.value);
      view.scrollLeft = middle * view.scrollWidth - view.clientWidth / 2;
    });
  }
  addEventListener("scroll", forget, { passive: true });
  for (const button of document.querySelectorAll("thead button")) button.addEventListener("click", () => {
    const head = button.closest("th"), column = head.cellIndex, body = head.closest("table").tBodies[0];
    const down = head.getAttribute("aria-sort") !== "descending";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = (row) => row.cells[column].textContent.trim();
    const number = (text) => parseFloat(text.replace(/[,%]/g, "").replace("−", "-"));
    const compare = head.classList.contains("number")
      ? (a, b) => (isNaN(number(a)) ? -1e99 : number(a)) - (isNaN(number(b)) ? -1e99 : number(b))
      : (a, b) => b.localeCompare(a);
    body.append(...[...body.rows].sort((a, b) => (down ? -1 : 1) * compare(value(a), value(b))));
  });
})();
