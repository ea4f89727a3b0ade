/** What the keys do; the help dialog is built from the same table. */

import { byId, h } from "./dom";

export interface Shortcut {
  /** As `event.key`, with "Shift+" or "Ctrl+" before it. */
  keys: string[];
  /** How the help names them. */
  shown: string;
  does: string;
  run: () => void;
}

export interface ShortcutGroup {
  title: string;
  shortcuts: Shortcut[];
}

function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const control = event.ctrlKey || event.metaKey ? "Ctrl+" : "";
  const shift = event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key)) ? "Shift+" : "";
  return `${control}${shift}${key}`;
}

/** Whether a key belongs to the element that has the focus. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  if (document.querySelector("dialog[open]") !== null) return true;
  // For a moment after a dialog has closed, the focus is still inside it.
  if (target.closest("dialog") !== null) return false;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (target instanceof HTMLInputElement) {
    if (target.type === "range") return event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End";
    if (target.type === "checkbox") return event.key === " ";
    return true;
  }
  const presses = event.key === " " || event.key === "Enter";
  if (presses && target.closest("button, a, summary") !== null) return true;
  return target.closest("[role=tab]") !== null && event.key.startsWith("Arrow");
}

export function setUpKeys(groups: ShortcutGroup[]): void {
  const table = new Map<string, Shortcut>();
  for (const group of groups) for (const shortcut of group.shortcuts) for (const key of shortcut.keys) table.set(key, shortcut);
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || isTaken(event)) return;
    const shortcut = table.get(nameOf(event));
    if (shortcut === undefined) return;
    event.preventDefault();
    shortcut.run();
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
          ...group.shortcuts.flatMap(({ shown, does }) => [
            h("dt", {}, ...shown.split(" ").map((key) => (key === "or" ? " or " : h("kbd", {}, key)))),
            h("dd", {}, does),
          ]),
        ),
      ),
    ),
  );
}
