/** What a person can set of a clip: its name, its start and end, and its place in the reel. */

import { h, notify } from "./dom";
import { formatClock, parseClock } from "./time";
import type { ClipDocument } from "./types";

export const SHORTEST_CLIP_S = 0.5;
const LONGEST_LABEL = 800;

export interface ClipEditorOptions {
  /** Second of the period that is on the screen; null where it shows another period or match. */
  here: () => number | null;
  change: (change: Partial<ClipDocument>) => void;
  shift: (step: -1 | 1) => void;
  /** Null where the clip cannot be removed. */
  remove: (() => void) | null;
}

export function clipEditor(clip: ClipDocument, options: ClipEditorOptions): HTMLElement {
  const name = h("input", { type: "text", maxlength: 200, value: clip.name ?? "", placeholder: clip.label, "aria-label": "Name of the clip" });
  name.addEventListener("change", () => options.change({ name: name.value.trim() }));
  const edge = (text: string, value: number, apply: (s: number) => Partial<ClipDocument>): HTMLElement => {
    const shown = formatClock(value, true);
    const field = h("input", { type: "text", class: "clip-edge", inputmode: "decimal", autocomplete: "off", value: shown, "aria-label": `${text} of the clip, as minutes and seconds of the period`, title: "Minutes and seconds, such as 4:20.5, or seconds" });
    field.addEventListener("change", () => {
      const second = parseClock(field.value);
      if (second !== null) return options.change({ ...apply(second), exact: true });
      notify("A time is minutes and seconds, such as 4:20.5, or seconds.", true);
      field.value = shown;
    });
    const here = h("button", { type: "button", title: `${text} at the frame that is shown` }, "here");
    here.addEventListener("click", () => {
      const second = options.here();
      if (second === null) notify("The video shows another period.");
      else options.change({ ...apply(second), exact: true });
    });
    return h("span", {}, h("label", {}, text, field), " ", here);
  };
  const button = (text: string, title: string, run: () => void): HTMLElement => {
    const made = h("button", { type: "button", title, "aria-label": title }, text);
    made.addEventListener("click", run);
    return made;
  };
  return h(
    "div",
    { class: "clip-editor" },
    name,
    edge("from", clip.start_s, (start_s) => ({ start_s })),
    edge("to", clip.end_s, (end_s) => ({ end_s })),
    button("↑", "Earlier in the reel", () => options.shift(-1)),
    button("↓", "Later in the reel", () => options.shift(1)),
    options.remove === null ? null : button("Remove", "Remove this clip", options.remove),
  );
}

/** Whether a clip can be cut; says so where it cannot. */
export function fitsVideo(clip: ClipDocument, length_s: number): boolean {
  const fits = clip.start_s >= 0 && clip.end_s <= length_s + 0.001 && clip.end_s - clip.start_s >= SHORTEST_CLIP_S;
  if (!fits) notify(`A clip lasts at least ${SHORTEST_CLIP_S} s and lies inside the video, which ends at ${length_s.toFixed(1)} s.`, true);
  return fits;
}

/** A clip as the server takes it. */
export function requestOf({ period, start_s, end_s, label, rank, moments, name, exact }: ClipDocument): object {
  return {
    period, start_s, end_s, label: label.slice(0, LONGEST_LABEL), rank: rank ?? 0, name: name ?? "", exact: exact ?? false,
    moments: (moments ?? []).filter(({ position_s }) => position_s >= start_s && position_s <= end_s),
  };
}

/** What the clips show, in one line. */
export function describeMoments({ moments = [], reason }: ClipDocument): string {
  if (moments.length === 0) return reason;
  const texts = moments.map(({ label, score, spotted, is_certain, team, player }) => {
    const facts = [player ?? "", team ?? ""].filter((text) => text !== "").join(", ");
    return `${spotted ? "" : "possible "}${label}${is_certain === true ? "" : ` ${score.toFixed(2)}`}${facts === "" ? "" : ` (${facts})`}`;
  });
  return texts.join(" · ");
}

/** Draw rows anew: the focus stays on what it was on, and the row of it where it was under the pointer. */
export function keepFocus(list: HTMLElement, draw: () => void): void {
  const focused = document.activeElement;
  const row = focused?.closest("li") ?? null;
  const id = row !== null && list.contains(row) ? row.dataset.id : undefined;
  const name = focused?.getAttribute("aria-label");
  const top = row?.getBoundingClientRect().top ?? 0;
  draw();
  if (id === undefined) return;
  const found = [...list.querySelectorAll<HTMLElement>("li")].find((each) => each.dataset.id === id);
  if (found === undefined) return;
  list.scrollTop += found.getBoundingClientRect().top - top;
  const same = [...found.querySelectorAll<HTMLElement>("button, input")].find((each) => each.getAttribute("aria-label") === name && name !== null);
  same?.focus({ preventScroll: true });
}
