/** How far the review of a match has come: one count for its own page, the menu and the start page. */

import { keptThresholds } from "./thresholds";

/** What the server says of a match for this. */
export interface ReviewSummary {
  classes?: string[];
  /** Spots that were decided. */
  decided?: number;
  /** By class: confidence in hundredths, and how many undecided spots have it. */
  undecided?: Record<string, [number, number][]>;
}

export interface Progress {
  decided: number;
  /** Spots that reach the threshold of their class, and those that were decided below it. */
  likely: number;
}

export function progressOf({ classes = [], decided = 0, undecided = {} }: ReviewSummary): Progress {
  const thresholds = keptThresholds(classes).values;
  const left = Object.entries(undecided).map(([label, counts]) => {
    const least = thresholds.get(label) ?? 0.5;
    return counts.reduce((sum, [step, count]) => sum + (step / 100 >= least ? count : 0), 0);
  });
  return { decided, likely: left.reduce((sum, count) => sum + count, decided) };
}
