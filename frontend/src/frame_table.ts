/** When each frame of a file is shown, in seconds after its first one: by its rate, or by a list where frames do not follow each other steadily. */

import type { Rate } from "./time";

/** Sums of fractions of a second are this exact, in frames. */
const ROUNDING = 1e-6;
/** Timestamps of containers are rounded to a millisecond at worst; those of a steady rate are this near to it. */
const ROUNDED_S = 0.0012;

export interface FramesDocument {
  count: number;
  rate: [number, number];
  /** From frame to frame; null for a steady rate. */
  steps_us: number[] | null;
}

export class FrameTable {
  private readonly times: Float64Array | null;

  constructor(
    readonly rate: Rate,
    /** Number of frames, 0 where it is not known. */
    readonly count = 0,
    steps_us: number[] | null = null,
  ) {
    if (steps_us === null) {
      this.times = null;
      return;
    }
    this.times = new Float64Array(steps_us.length + 1);
    let sum = 0;
    steps_us.forEach((step, i) => (this.times![i + 1] = (sum += step) / 1e6));
  }

  static from(document: FramesDocument): FrameTable {
    return new FrameTable(document.rate, document.count, document.steps_us);
  }

  /** Whether frames have times of their own. */
  get varies(): boolean {
    return this.times !== null;
  }

  /** Number of the frame that is on at a second: the last one that starts at or before it. */
  at(second: number): number {
    if (this.times === null) {
      const frame = Math.max(0, Math.floor((second * this.rate[0]) / this.rate[1] + ROUNDING));
      return this.count > 0 ? Math.min(frame, this.count - 1) : frame;
    }
    let low = 0;
    let high = this.times.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.times[middle]! <= second + ROUNDING) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Number of the frame that a browser reports: by its timestamp, or by any time at which it is on, as Firefox does after a seek. */
  withTimestamp(second: number): number {
    return this.at(second + ROUNDED_S);
  }

  /** Second at which a frame comes on. */
  start(frame: number): number {
    if (this.times === null) return (frame * this.rate[1]) / this.rate[0];
    const last = this.times.length - 1;
    return frame <= last ? this.times[Math.max(0, frame)]! : this.times[last]! + (frame - last) * this.length(last);
  }

  /** A second that cannot be rounded into a neighbour. */
  middle(frame: number): number {
    return (this.start(frame) + this.start(frame + 1)) / 2;
  }

  private length(frame: number): number {
    const { times } = this;
    return times === null || frame === 0 ? this.rate[1] / this.rate[0] : times[frame]! - times[frame - 1]!;
  }
}
