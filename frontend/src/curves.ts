/**
 * Score curves at the resolution of the screen.
 *
 * A two-hour match has 14,400 frames a class, far more than pixels. Each level halves the number of points and keeps the larger of
 * two, so that no peak disappears when one looks at the whole match.
 */

import type { ScoresDocument } from "./types";
import type { MatchTime } from "./time";

export interface Level {
  /** Seconds on the timeline. */
  times: Float64Array;
  /** Scores between 0 and 1, one array a class. */
  values: Float32Array[];
}

const FEWEST_POINTS = 512;

export class Curves {
  readonly classes: string[];
  readonly levels: Level[];

  constructor(document: ScoresDocument, bytes: Uint8Array, time: MatchTime) {
    this.classes = document.classes;
    this.levels = [finestLevel(document, bytes, time)];
    for (let level = this.levels[0]!; level.times.length > FEWEST_POINTS; ) {
      level = halve(level);
      this.levels.push(level);
    }
  }

  /** The coarsest level that still has about one point a pixel between two seconds of the timeline. */
  levelFor(from: number, to: number, pixels: number): number {
    for (let index = this.levels.length - 1; index > 0; index--) {
      const { times } = this.levels[index]!;
      const spacing = (times[times.length - 1]! - times[0]!) / Math.max(1, times.length - 1);
      if ((to - from) / spacing >= pixels) return index;
    }
    return 0;
  }

  /** Score of a class at a second of the timeline, null where there is none. */
  at(name: string, t: number): number | null {
    const column = this.classes.indexOf(name);
    const { times, values } = this.levels[0]!;
    if (column < 0 || times.length === 0) return null;
    let low = 0;
    let high = times.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (times[middle]! <= t) low = middle;
      else high = middle - 1;
    }
    return Math.abs(times[low]! - t) > 5 ? null : values[column]![low]!;
  }
}

function finestLevel(document: ScoresDocument, bytes: Uint8Array, time: MatchTime): Level {
  const [numerator, denominator] = document.frame_rate;
  const classes = document.classes.length;
  const periods = Object.entries(document.frames)
    .map(([period, frames]) => ({ period: Number(period), frames }))
    .sort((a, b) => a.period - b.period);
  const total = periods.reduce((sum, { frames }) => sum + frames, 0);
  const times = new Float64Array(total);
  const values = Array.from({ length: classes }, () => new Float32Array(total));
  let read = 0;
  let written = 0;
  for (const { period, frames } of periods) {
    const offset_s = time.at(period, 0);
    for (let frame = 0; frame < frames; frame++) times[written + frame] = offset_s + (frame * denominator) / numerator;
    for (let column = 0; column < classes; column++) {
      const target = values[column]!;
      for (let frame = 0; frame < frames; frame++) target[written + frame] = bytes[read + frame]! / 255;
      read += frames;
    }
    written += frames;
  }
  return { times, values };
}

function halve(level: Level): Level {
  const length = Math.ceil(level.times.length / 2);
  const times = new Float64Array(length);
  for (let i = 0; i < length; i++) times[i] = level.times[2 * i]!;
  const values = level.values.map((fine) => {
    const coarse = new Float32Array(length);
    for (let i = 0; i < length; i++) coarse[i] = Math.max(fine[2 * i]!, fine[2 * i + 1] ?? 0);
    return coarse;
  });
  return { times, values };
}
