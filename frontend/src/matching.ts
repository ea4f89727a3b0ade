/**
 * Which predictions are right: the rule of the official evaluator, and the kinds of errors.
 *
 * Labels are served in order of time; each takes the most confident free prediction of its class within the tolerance.
 * operating_point.py counts in the same way, and a test compares the two.
 */

import type { Item, Kind } from "./types";

/** A miss by up to this many tolerances is early or late rather than unrelated. */
export const NEAR_TOLERANCES = 3;

export interface Counts {
  correct: number;
  predicted: number;
  labelled: number;
}

export interface Assessment {
  kinds: Map<string, Kind>;
  /** By class name. */
  counts: Map<string, Counts>;
  total: Counts;
}

const confidenceOf = (item: Item): number => item.confidence ?? 1;

function groups(items: Item[]): Map<string, Item[]> {
  const found = new Map<string, Item[]>();
  for (const item of items) {
    const key = `${item.period}\u0000${item.label}`;
    const group = found.get(key);
    if (group === undefined) found.set(key, [item]);
    else group.push(item);
  }
  return found;
}

/** Items of a list sorted by position that lie within `reach_ms`. */
function near(sorted: Item[], position_ms: number, reach_ms: number): Item[] {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]!.position_ms < position_ms - reach_ms) low = middle + 1;
    else high = middle;
  }
  const found: Item[] = [];
  for (let i = low; i < sorted.length && sorted[i]!.position_ms <= position_ms + reach_ms; i++) found.push(sorted[i]!);
  return found;
}

/** Label id -> prediction id. */
export function matchGreedily(predictions: Item[], labels: Item[], tolerance_ms: number): Map<string, string> {
  const byGroup = groups([...predictions].sort((a, b) => a.position_ms - b.position_ms));
  const taken = new Set<string>();
  const pairs = new Map<string, string>();
  for (const label of [...labels].sort((a, b) => a.position_ms - b.position_ms)) {
    let best: Item | null = null;
    for (const candidate of near(byGroup.get(`${label.period}\u0000${label.label}`) ?? [], label.position_ms, tolerance_ms)) {
      if (!taken.has(candidate.id) && (best === null || confidenceOf(candidate) > confidenceOf(best))) best = candidate;
    }
    if (best !== null) {
      taken.add(best.id);
      pairs.set(label.id, best.id);
    }
  }
  return pairs;
}

/** Whether a prediction counts at the thresholds: confirmed ones always, rejected ones never. */
export function counts(item: Item, thresholds: Map<string, number>): boolean {
  if (item.status === "rejected") return false;
  return item.status === "accepted" || confidenceOf(item) >= (thresholds.get(item.label) ?? 0.5);
}

/** Compare all predictions that count with all labels that were not rejected; with `compared` false nothing is right or wrong. */
export function assess(items: Item[], thresholds: Map<string, number>, tolerance_ms: number, compared = true): Assessment {
  const labels = items.filter((item) => item.source === "label" && item.status !== "rejected");
  const predictions = items.filter((item) => item.source !== "label");
  const counted = predictions.filter((item) => counts(item, thresholds));
  const kinds = new Map<string, Kind>();
  const table = new Map<string, Counts>();
  const total: Counts = { correct: 0, predicted: counted.length, labelled: labels.length };
  const row = (label: string): Counts => {
    const known = table.get(label) ?? { correct: 0, predicted: 0, labelled: 0 };
    table.set(label, known);
    return known;
  };
  const alone = labels.length === 0 || !compared;
  for (const item of predictions) kinds.set(item.id, alone ? "plain" : "below");
  for (const item of counted) row(item.label).predicted += 1;
  for (const item of labels) row(item.label).labelled += 1;
  if (alone) {
    for (const item of predictions) if (!counts(item, thresholds)) kinds.set(item.id, "below");
    return { kinds, counts: table, total };
  }
  const pairs = matchGreedily(counted, labels, tolerance_ms);
  const used = new Set(pairs.values());
  for (const label of labels) {
    const found = pairs.has(label.id);
    kinds.set(label.id, found ? "found" : "missed");
    if (found) {
      row(label.label).correct += 1;
      total.correct += 1;
    }
  }
  const sortedLabels = [...labels].sort((a, b) => a.position_ms - b.position_ms);
  for (const item of counted) {
    kinds.set(item.id, used.has(item.id) ? "correct" : explain(item, sortedLabels, pairs, tolerance_ms));
  }
  return { kinds, counts: table, total };
}

/** Why a prediction that matched nothing is wrong; a label that is still free explains more than one that was found. */
function explain(item: Item, labels: Item[], pairs: Map<string, string>, tolerance_ms: number): Kind {
  const around = near(labels, item.position_ms, NEAR_TOLERANCES * tolerance_ms).filter((label) => label.period === item.period);
  const distance = (label: Item): number => Math.abs(label.position_ms - item.position_ms);
  const same = around.filter((label) => label.label === item.label);
  const others = around.filter((label) => label.label !== item.label && distance(label) <= tolerance_ms);
  if (same.some((label) => pairs.has(label.id) && distance(label) <= tolerance_ms)) return "duplicate";
  if (others.some((label) => !pairs.has(label.id))) return "wrong";
  const free = same.filter((label) => !pairs.has(label.id)).sort((a, b) => distance(a) - distance(b))[0];
  if (free !== undefined) return item.position_ms < free.position_ms ? "early" : "late";
  return others.length > 0 ? "wrong" : "false";
}

export interface Rates {
  precision: number;
  recall: number;
  f1: number;
}

export function rates({ correct, predicted, labelled }: Counts): Rates {
  return {
    precision: predicted > 0 ? correct / predicted : 0,
    recall: labelled > 0 ? correct / labelled : 0,
    f1: predicted + labelled > 0 ? (2 * correct) / (predicted + labelled) : 0,
  };
}

/** The threshold out of 0.05, 0.10 ... 0.95 with the highest F1 for one class; null without labels of it. */
export function bestThreshold(items: Item[], label: string, tolerance_ms: number): number | null {
  const ours = items.filter((item) => item.label === label);
  if (!ours.some((item) => item.source === "label" && item.status !== "rejected")) return null;
  let best = { threshold: 0.5, f1: -1 };
  for (let step = 1; step < 20; step++) {
    const threshold = step / 20;
    const { total } = assess(ours, new Map([[label, threshold]]), tolerance_ms);
    const { f1 } = rates(total);
    if (f1 > best.f1) best = { threshold, f1 };
  }
  return best.threshold;
}
