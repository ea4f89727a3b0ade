/** Match time: periods one after the other on a timeline, clocks and frames. Frame rates stay exact fractions. */

import type { PeriodDocument, StretchDocument } from "./types";

export type Rate = [numerator: number, denominator: number];

export class MatchTime {
  readonly duration_s: number;

  constructor(readonly periods: PeriodDocument[]) {
    const last = periods[periods.length - 1];
    this.duration_s = last === undefined ? 60 : last.offset_s + last.duration_s;
  }

  get(period: number): PeriodDocument | undefined {
    return this.periods.find((candidate) => candidate.period === period);
  }

  /** Seconds on the timeline of a position in a period. */
  at(period: number, position_ms: number): number {
    return (this.get(period)?.offset_s ?? 0) + position_ms / 1000;
  }

  /** The period at a second of the timeline; a boundary belongs to the later period. */
  periodAt(t: number): PeriodDocument {
    let found = this.periods[0]!;
    for (const period of this.periods) if (t >= period.offset_s) found = period;
    return found;
  }

  /** Milliseconds inside the period at a second of the timeline. */
  positionAt(t: number): { period: number; position_ms: number } {
    const period = this.periodAt(t);
    return { period: period.period, position_ms: Math.max(0, Math.round((t - period.offset_s) * 1000)) };
  }

  /** "1 · 14:36", with tenths when asked for; the only period of a match, the first one, needs no number. */
  clock(t: number, tenths = false): string {
    const period = this.periodAt(t);
    const number = this.periods.length === 1 && period.period === 1 ? "" : `${period.period} · `;
    return `${number}${formatClock(Math.max(0, t - period.offset_s), tenths)}`;
  }
}

/** Times this close to the joint of two files belong to the later one. */
const JOINT_S = 1e-6;

/**
 * The stretch of a file that shows a second of a period: null where there is no video, and before the first stretch, whose file then
 * begins after the kick-off. After the end of the video it is the last one.
 */
export function stretchAt(period: PeriodDocument, inside_s: number): StretchDocument | null {
  let found: StretchDocument | null = null;
  for (const stretch of period.video?.stretches ?? []) if (inside_s >= stretch.position_s - JOINT_S) found = stretch;
  return found;
}

/** Second of the file that shows a second of the period. */
export function secondOf(stretch: StretchDocument, inside_s: number): number {
  return Math.max(stretch.start_s, inside_s - stretch.position_s + stretch.start_s);
}

/** Second of the period that a second of the file shows; what lies outside the stretch counts as its start or end. */
export function insideOf(stretch: StretchDocument, second: number): number {
  return stretch.position_s + Math.min(Math.max(second - stretch.start_s, 0), stretch.duration_s);
}

export function formatClock(seconds: number, tenths = false): string {
  const sign = seconds < 0 ? "-" : "";
  const total = tenths ? Math.floor(Math.abs(seconds) * 10 + 1e-6) / 10 : Math.floor(Math.abs(seconds) + 1e-6);
  const minutes = Math.floor(total / 60);
  const rest = total - minutes * 60;
  return `${sign}${String(minutes).padStart(2, "0")}:${tenths ? rest.toFixed(1).padStart(4, "0") : String(rest).padStart(2, "0")}`;
}

/** Seconds of "4:20.5", "1:04:20" or "260"; null where it is no time. */
export function parseClock(text: string): number | null {
  const parts = text.trim().replace(",", ".").split(":");
  if (parts.length > 3 || !parts.every((part, i) => (i === parts.length - 1 ? /^\d+(\.\d*)?$/ : /^\d+$/).test(part))) return null;
  return parts.reduce((sum, part) => 60 * sum + Number(part), 0);
}

export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** "14:36.040". */
export function formatMillis(seconds: number): string {
  const millis = Math.round(Math.max(0, seconds) * 1000);
  return `${formatClock(Math.floor(millis / 1000))}.${String(millis % 1000).padStart(3, "0")}`;
}
