/**
 * Which predictions are right: the rule of the official evaluator, and the kinds of errors. They are measured as the model made them,
 * against the labels as they are after review, so that neither side is half of one and half of the other.
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

/** Labels within this distance of an accepted spot of their class give way to it, as in reviewed_labels.py. */
const SAME_MOMENT_MS = 2500;

/** Whether the model's prediction reaches the threshold of its class. */
export function counts(item: Item, thresholds: Map<string, number>): boolean {
  return confidenceOf(item) >= (thresholds.get(item.origin?.label ?? item.label) ?? 0.5);
}

/** The prediction as the model made it, whatever a person has made of it. */
function asPredicted(item: Item): Item {
  return item.touched && item.origin !== null ? { ...item, ...item.origin } : item;
}

/** What is true after review, as far as it goes: labels that were not rejected, accepted and added spots. */
export function referenceOf(items: Item[]): { reference: Item[]; claimed: Set<string> } {
  const labels = items.filter((item) => item.source === "label" && item.status !== "rejected");
  const confirmed = items.filter((item) => item.source === "prediction" && item.status === "accepted");
  const added = items.filter((item) => item.source === "added" && item.status !== "rejected");
  const claimed = new Set<string>();
  if (confirmed.length > 0) {
    const untouched = labels.filter((label) => !label.touched);
    const byGroup = groups(untouched.sort((a, b) => a.position_ms - b.position_ms));
    const pairs = confirmed.flatMap((item) =>
      near(byGroup.get(`${item.period}\u0000${item.label}`) ?? [], item.position_ms, SAME_MOMENT_MS).map((label) => ({ item, label, apart: Math.abs(label.position_ms - item.position_ms) })),
    );
    const used = new Set<string>();
    for (const { item, label } of pairs.sort((a, b) => a.apart - b.apart)) {
      if (claimed.has(label.id) || used.has(item.id)) continue;
      claimed.add(label.id);
      used.add(item.id);
    }
  }
  return { reference: [...labels.filter((label) => !claimed.has(label.id)), ...confirmed, ...added], claimed };
}

/** Measure the model's predictions against what is true after review; with `compared` false nothing is right or wrong. */
export function assess(items: Item[], thresholds: Map<string, number>, tolerance_ms: number, compared = true): Assessment {
  const predictions = items.filter((item) => item.source === "prediction");
  const counted = predictions.filter((item) => counts(item, thresholds)).map(asPredicted);
  const { reference, claimed } = referenceOf(items);
  const kinds = new Map<string, Kind>();
  const table = new Map<string, Counts>();
  const total: Counts = { correct: 0, predicted: counted.length, labelled: reference.length };
  const row = (label: string): Counts => {
    const known = table.get(label) ?? { correct: 0, predicted: 0, labelled: 0 };
    table.set(label, known);
    return known;
  };
  const alone = !compared || reference.length === 0;
  for (const item of predictions) kinds.set(item.id, "below");
  for (const item of counted) row(item.label).predicted += 1;
  for (const item of reference) row(item.label).labelled += 1;
  if (alone) for (const item of counted) kinds.set(item.id, "plain");
  else compare(counted, reference, tolerance_ms, kinds, (label) => {
    row(label).correct += 1;
    total.correct += 1;
  });
  for (const id of claimed) kinds.set(id, alone ? "plain" : "found");
  for (const item of items) {
    if (item.source === "added") kinds.set(item.id, "added");
    else if (item.source === "prediction" && item.status !== "undecided") kinds.set(item.id, item.status);
    else if (item.source === "label" && alone) kinds.delete(item.id);
  }
  return { kinds, counts: table, total };
}

function compare(counted: Item[], reference: Item[], tolerance_ms: number, kinds: Map<string, Kind>, hit: (label: string) => void): void {
  const pairs = matchGreedily(counted, reference, tolerance_ms);
  const used = new Set(pairs.values());
  for (const item of reference) {
    const found = pairs.has(item.id);
    if (item.source === "label") kinds.set(item.id, found ? "found" : "missed");
    if (found) hit(item.label);
  }
  const sorted = [...reference].sort((a, b) => a.position_ms - b.position_ms);
  for (const item of counted) kinds.set(item.id, used.has(item.id) ? "correct" : explain(item, sorted, pairs, tolerance_ms));
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

/** The threshold out of 0.05, 0.10 ... 0.95 with the highest F1 for one class. A class of which there is nothing to be found gets 1; null without spots of it. */
export function bestThreshold(items: Item[], label: string, tolerance_ms: number): number | null {
  const ours = items.filter((item) => item.label === label || item.origin?.label === label);
  if (!ours.some((item) => item.source === "prediction")) return null;
  if (!referenceOf(ours).reference.some((item) => item.label === label)) return 1;
  let best = { threshold: 0.5, f1: -1 };
  for (let step = 1; step < 20; step++) {
    const threshold = step / 20;
    const { f1 } = rates(assess(ours, new Map([[label, threshold]]), tolerance_ms).counts.get(label) ?? { correct: 0, predicted: 0, labelled: 0 });
    if (f1 > best.f1) best = { threshold, f1 };
  }
  return best.threshold;
}
