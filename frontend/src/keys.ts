/** What the keys do; the help dialog is built from the same table. */

import { byId, h } from "./dom";

export interface Shortcut {
  /** As `event.key`, with "Shift+" or "Ctrl+" before it. */
  keys: string[];
  /** How the help names them. */
  shown: string;
  does: string;
  run: () => void;
  /** Whether holding the key goes on doing it; what changes spots is done once. */
  repeats?: boolean;
}

export interface ShortcutGroup {
  title: string;
  shortcuts: Shortcut[];
}

function nameOf(event: KeyboardEvent): string {
  // With AltGr, as for [ on many keyboards, browsers report Ctrl and Alt as well.
  const types = event.getModifierState("AltGraph");
  const letter = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const key = /^[\u0000-\u007f]*$/.test(letter) ? letter : plainKey(event) ?? letter;
  const control = !types && (event.ctrlKey || event.metaKey) ? "Ctrl+" : "";
  const alt = !types && event.altKey ? "Alt+" : "";
  const shift = event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(key)) ? "Shift+" : "";
  return `${control}${alt}${shift}${key}`;
}

/** The letter or digit at this place of a Latin keyboard, for layouts of other scripts. */
function plainKey(event: KeyboardEvent): string | null {
  const found = /^(?:Key|Digit)(.)$/.exec(event.code);
  return found === null ? null : found[1]!.toLowerCase();
}

/** Whether a key belongs to the element that has the focus. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  if (event.isComposing || event.keyCode === 229) return true; // an input method is converting
  if (document.querySelector("dialog[open]") !== null) return true;
  // For a moment after a dialog has closed, the focus is still inside it.
  if (target.closest("dialog") !== null) return false;
  if (target instanceof HTMLTextAreaElement) return event.key !== "Escape";
  if (target instanceof HTMLSelectElement) return event.key.startsWith("Arrow") || [" ", "Enter", "Home", "End"].includes(event.key);
  if (target instanceof HTMLInputElement) {
    if (target.type === "range") return event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End";
    if (target.type === "checkbox") return event.key === " ";
    return event.key !== "Escape";
  }
  const presses = event.key === " " || event.key === "Enter";
  if (presses && target.closest("button, a, summary") !== null) return true;
  return target.closest("[role=tab], [role=separator], [role=slider]") !== null && (event.key === "ArrowLeft" || event.key === "ArrowRight");
}

/** What gives the keys back after a click; the sliders of the classes keep their arrows. */
const RELEASED = "button, summary, select, input[type=checkbox], #volume, [role=slider], [role=separator]";

/** What was clicked with a pointer does not keep the keys: they belong to the match again. */
function releaseFocus(): void {
  const release = (event: Event): void => {
    const element = (event.target as HTMLElement).closest<HTMLElement>(`${RELEASED}, [role=tab], label.check`);
    if (element === null || element.closest("dialog") !== null) return;
    const focused = document.activeElement as HTMLElement | null;
    if (focused !== null && focused.matches(RELEASED)) focused.blur();
  };
  let byPointer = false;
  document.addEventListener("pointerdown", () => (byPointer = true), true);
  document.addEventListener("keydown", () => (byPointer = false), true);
  document.addEventListener("click", (event) => {
    if (byPointer && !(event.target instanceof HTMLSelectElement)) release(event);
  });
  document.addEventListener("change", (event) => {
    if (byPointer && event.target instanceof HTMLSelectElement) release(event);
  });
}

export function setUpKeys(groups: ShortcutGroup[]): void {
  releaseFocus();
  const table = new Map<string, Shortcut>();
  for (const group of groups) for (const shortcut of group.shortcuts) for (const key of shortcut.keys) table.set(key, shortcut);
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || isTaken(event)) return;
    if (event.key === "Escape") (document.activeElement as HTMLElement | null)?.blur();
    const shortcut = table.get(nameOf(event));
    if (shortcut === undefined) return;
    event.preventDefault();
    if (!event.repeat || shortcut.repeats === true) shortcut.run();
  });
  byId("help-content").replaceChildren(
    ...groups.map((group) =>
      h(
        "section",
        {},
        h("h3", {}, group.title),
        h(
          "dl",
          {},
          ...group.shortcuts.filter(({ shown }) => shown !== "").flatMap(({ shown, does }) => [
            h("dt", {}, ...shown.split(" ").map((key) => (key === "or" || key === "to" ? ` ${key} ` : h("kbd", {}, key)))),
            h("dd", {}, does),
          ]),
        ),
      ),
    ),
  );
}
