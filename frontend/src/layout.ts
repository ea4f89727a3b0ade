/** How the room of the window is shared: two bars that can be dragged, a large video, full screen, and a strip for the first use. */

import { byId } from "./dom";

const MEMORY = "spotkick.layout";
const KEY_STEP_PX = 24;
const SMALLEST_STAGE_PX = 260;
const SMALLEST_SIDE_PX = 300;
const SMALLEST_REST_PX = 120;

interface Layout {
  side_px?: number;
  stage_px?: number;
  large?: boolean;
}

const read = (): Layout => JSON.parse(localStorage.getItem(MEMORY) ?? "{}") as Layout;
const keep = (change: Layout): void => localStorage.setItem(MEMORY, JSON.stringify({ ...read(), ...change }));

export function toggleLarge(): void {
  const large = !document.body.classList.contains("large");
  keep({ large });
  apply();
}

export function toggleFullScreen(): void {
  if (document.fullscreenElement !== null) void document.exitFullscreen();
  else void byId("stage").requestFullscreen().catch(() => undefined);
}

function apply(): void {
  const { side_px, stage_px, large } = read();
  const main = byId("main");
  document.body.classList.toggle("large", large === true);
  byId("large-button").setAttribute("aria-pressed", String(large === true));
  if (side_px === undefined) main.style.removeProperty("--side");
  else main.style.setProperty("--side", `${Math.max(SMALLEST_SIDE_PX, Math.min(side_px, window.innerWidth - SMALLEST_STAGE_PX))}px`);
  if (stage_px === undefined) main.style.removeProperty("--stage");
  else main.style.setProperty("--stage", `${Math.max(SMALLEST_STAGE_PX, Math.min(stage_px, window.innerHeight - SMALLEST_REST_PX))}px`);
  window.dispatchEvent(new Event("resize"));
}

/** A bar between two panels: drag it, or move it with the arrow keys; a double click gives the usual size back. */
function setUpBar(id: string, forget: Layout, size: () => number, resize: (px: number) => void, upright: boolean): void {
  const bar = byId(id);
  let grip: { at: number; size: number } | null = null;
  const place = (event: PointerEvent): number => (upright ? -event.clientX : event.clientY);
  const state = (): void => bar.setAttribute("aria-valuenow", String(Math.round(size())));
  bar.addEventListener("pointerdown", (event) => {
    grip = { at: place(event), size: size() };
    bar.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  bar.addEventListener("pointermove", (event) => {
    if (grip !== null) resize(grip.size + place(event) - grip.at);
  });
  const end = (): void => {
    grip = null;
    state();
  };
  bar.addEventListener("pointerup", end);
  bar.addEventListener("pointercancel", end);
  bar.addEventListener("dblclick", () => {
    keep(forget);
    apply();
  });
  bar.addEventListener("keydown", (event) => {
    const [less, more] = upright ? ["ArrowRight", "ArrowLeft"] : ["ArrowUp", "ArrowDown"];
    if (event.key !== less && event.key !== more) return;
    resize(size() + (event.key === more ? KEY_STEP_PX : -KEY_STEP_PX));
    state();
    event.preventDefault();
    event.stopPropagation();
  });
  state();
}

export function setUpLayout(): void {
  apply();
  setUpBar("side-bar", { side_px: undefined }, () => byId("side").offsetWidth, (side_px) => (keep({ side_px }), apply()), true);
  setUpBar("stage-bar", { stage_px: undefined }, () => byId("stage").offsetHeight, (stage_px) => (keep({ stage_px }), apply()), false);
  byId("large-button").addEventListener("click", toggleLarge);
  byId("full-button").addEventListener("click", toggleFullScreen);
  byId("full-button").hidden = !document.fullscreenEnabled;
  const welcome = byId("welcome");
  welcome.hidden = localStorage.getItem("spotkick.welcome") === "seen";
  byId("welcome-close").addEventListener("click", () => {
    localStorage.setItem("spotkick.welcome", "seen");
    welcome.hidden = true;
    window.dispatchEvent(new Event("resize"));
  });
}
