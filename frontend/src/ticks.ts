/** Where the axis of the timeline has ticks, and what they say: the clock of each period. */

import { formatClock } from "./time";
import type { MatchTime } from "./time";

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800];
const LEAST_APART_PX = 78;
const HALF_TEXT_PX = 24;

/** Round times of every period between two seconds of the timeline, far enough apart for their text. */
export function ticksBetween(time: MatchTime, from: number, to: number, width: number): number[] {
  const step = STEPS_S.find((candidate) => ((to - from) / candidate) * LEAST_APART_PX <= width) ?? 1800;
  const found: number[] = [];
  for (const { offset_s, duration_s } of time.periods) {
    const last = offset_s + duration_s >= time.duration_s;
    const end = duration_s - (last ? 0 : step * 0.6);
    for (let inside = Math.max(0, Math.floor((from - offset_s) / step) * step); inside < end && offset_s + inside <= to; inside += step) {
      if (offset_s + inside >= from) found.push(offset_s + inside);
    }
  }
  return found;
}

/** Text of a tick; empty where half of it would be cut off. */
export function tickText(time: MatchTime, t: number, ticks: number[], from: number, to: number, width: number): string {
  const edge = (to - from) * (HALF_TEXT_PX / Math.max(1, width));
  if (t < from + edge || t > to - edge) return "";
  const period = time.periodAt(t);
  const inside = t - period.offset_s;
  const first = ticks.find((tick) => tick >= from + edge);
  const named = inside < 0.5 || t === first;
  return named && time.periods.length > 1 ? `${period.period} · ${formatClock(inside)}` : formatClock(inside);
}
