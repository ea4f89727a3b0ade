/** What is shown of a match, apart from the spots themselves: window, selection, thresholds, filters. */

import { keepThresholds, keptThresholds } from "./thresholds";
import type { Kind, Status } from "./types";

export type Order = "time" | "confidence" | "uncertain";

export interface Filters {
  hiddenClasses: Set<string>;
  /** 0 shows all periods. */
  period: number;
  kinds: Set<Kind> | null;
  statuses: Set<Status> | null;
  /** Words that a row must contain, in lower case. */
  words: string[];
}

/** Which part of the page must follow a change. */
export type Change = "window" | "selection" | "thresholds" | "filters" | "items" | "theme" | "clips";

export class ViewState {
  from = 0;
  to: number;
  selected: string | null = null;
  thresholds = new Map<string, number>();
  tolerance_ms = 2500;
  order: Order = "time";
  advance = true;
  filters: Filters = { hiddenClasses: new Set(), period: 0, kinds: null, statuses: null, words: [] };
  /** Further rows that were chosen together with the selected one. */
  marked = new Set<string>();
  /** Whether a spot that is picked is played around, again and again. */
  motion = false;

  private readonly listeners: ((change: Change) => void)[] = [];

  /** Classes of the file; a person may name further ones. */
  private readonly classes: string[];

  constructor(
    readonly duration_s: number,
    classes: string[],
  ) {
    this.to = duration_s;
    this.classes = [...classes];
    const kept = keptThresholds(this.classes);
    this.thresholds = kept.values;
    this.tolerance_ms = kept.tolerance_ms ?? this.tolerance_ms;
  }

  listen(listener: (change: Change) => void): void {
    this.listeners.push(listener);
  }

  changed(change: Change): void {
    if (change === "thresholds") keepThresholds(this.classes, this.thresholds, this.tolerance_ms);
    for (const listener of this.listeners) listener(change);
  }

  /** Show a window of the timeline, kept inside the match and at least two seconds long. */
  show(from: number, to: number): void {
    const length = Math.min(Math.max(to - from, 2), this.duration_s);
    const start = Math.min(Math.max(from, 0), this.duration_s - length);
    if (start === this.from && start + length === this.to) return;
    this.from = start;
    this.to = start + length;
    this.changed("window");
  }

  zoom(factor: number, around: number): void {
    this.show(around - (around - this.from) * factor, around + (this.to - around) * factor);
  }

  pan(seconds: number): void {
    this.show(this.from + seconds, this.to + seconds);
  }

  /** Make a second of the timeline visible, in the middle when it was not. */
  reveal(t: number): void {
    const length = this.to - this.from;
    const margin = length * 0.04;
    if (t < this.from + margin || t > this.to - margin) this.show(t - length / 2, t + length / 2);
  }

  select(id: string | null): void {
    if (id === this.selected && this.marked.size === 0) return;
    this.selected = id;
    this.marked.clear();
    this.changed("selection");
  }

  /** Choose further rows with the selected one. */
  mark(ids: Iterable<string>): void {
    for (const id of ids) this.marked.add(id);
    this.changed("selection");
  }
}
