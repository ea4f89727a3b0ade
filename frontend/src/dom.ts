/** Small helpers for building pages. Text always goes in as text, so that no name of a match or class can become markup. */

type Attributes = Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>;

/** Make an element: `on...` attributes are listeners, `true` sets an empty attribute, null and false leave it out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string | null)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

/** The element of that id; the pages and these modules are shipped together, so it is there. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no element #${id}`);
  return element as T;
}

/** A count with commas between thousands. */
export const whole = (count: number): string => count.toLocaleString("en");

let announcer: HTMLElement | null = null;

/** Tell people who use a screen reader what has just happened. */
export function announce(text: string): void {
  if (announcer === null) {
    announcer = h("div", { class: "visually-hidden", role: "status", "aria-live": "polite" });
    document.body.append(announcer);
  }
  announcer.textContent = text;
}

let noticeTimer = 0;

/** Show a short message at the bottom of the page, and announce it. */
export function notify(text: string, problem = false): void {
  let box = document.getElementById("notice");
  if (box === null) {
    box = h("div", { id: "notice", class: "notice" });
    document.body.append(box);
  }
  box.textContent = text;
  box.classList.toggle("problem", problem);
  box.classList.add("shown");
  announce(text);
  clearTimeout(noticeTimer);
  noticeTimer = window.setTimeout(() => box.classList.remove("shown"), problem ? 8000 : 3500);
}

/** Show in place of the page why there is nothing on it. */
export function showInstead(title: string, reason: string): void {
  document.body.classList.add("failed");
  byId("failure").prepend(h("h1", {}, title));
  byId("failure").hidden = false;
  byId("failure-reason").textContent = reason;
}

/** Colours of the current theme for drawing on a canvas. */
export function themeColour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Connect the button that changes between light and dark; the choice is remembered. */
export function setUpTheme(button: HTMLButtonElement, changed: () => void): void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = (): void => {
    const stored = localStorage.getItem("spotkick.theme");
    const theme = stored ?? (system.matches ? "dark" : "light");
    document.documentElement.dataset.theme = theme;
    const other = theme === "dark" ? "light" : "dark";
    button.setAttribute("aria-label", `Change to ${other} colours`);
    button.title = `Change to ${other} colours`;
    changed();
  };
  button.addEventListener("click", () => {
    localStorage.setItem("spotkick.theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    apply();
  });
  system.addEventListener("change", apply);
  apply();
}

/** Work that waits for the next frame of the display. */
export interface FrameWork {
  /** Ask for it; it is done once per frame, however often it was asked for. */
  (): void;
  /** Do it at once if it waits: whoever reads what it computes calls this first. */
  now(): void;
}

const waiting = new Set<() => void>();
let frame = 0;
let drawing = false;

/** Do what waits. Work that other work asks for belongs to the same frame, so that the page never shows only a part of a change. */
function drawFrame(): void {
  frame = 0;
  drawing = true;
  const done = new Set<() => void>();
  for (const work of waiting) {
    if (done.has(work)) continue; // asked for again: the next frame
    done.add(work);
    waiting.delete(work);
    try {
      work();
    } catch (error) {
      reportError(error); // what else waits is drawn all the same
    }
  }
  drawing = false;
  if (waiting.size > 0) frame = requestAnimationFrame(drawFrame);
}

/** Call `work` at most once per frame of the display. */
export function oncePerFrame(work: () => void): FrameWork {
  const ask = (): void => {
    waiting.add(work);
    if (!drawing) frame ||= requestAnimationFrame(drawFrame);
  };
  return Object.assign(ask, {
    now: (): void => {
      if (waiting.delete(work)) work();
    },
  });
}
