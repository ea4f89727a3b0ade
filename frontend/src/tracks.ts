/** What lies above the lanes: clips of the reel, and shot changes. */

import type { Palette } from "./marks";
import type { MatchTime } from "./time";
import type { ClipDocument } from "./types";

export interface Track {
  name: "Reel" | "Shots";
  height: number;
}

const REEL_PX = 16;
const SHOTS_PX = 14;
const HEAD_PX = 8;

/** The tracks that have something to show. */
export function tracksOf(clips: ClipDocument[], shots: number[]): Track[] {
  const tracks: Track[] = [];
  if (clips.length > 0) tracks.push({ name: "Reel", height: REEL_PX });
  if (shots.length > 0) tracks.push({ name: "Shots", height: SHOTS_PX });
  return tracks;
}

/** Pixels of the page above the first lane: the head of the playhead, and the tracks. */
export function heightAbove(tracks: Track[]): number {
  return HEAD_PX + tracks.reduce((sum, track) => sum + track.height, 0);
}

export interface TrackCanvas {
  context: CanvasRenderingContext2D;
  palette: Palette;
  ratio: number;
  /** Where the lanes end. */
  bottom: number;
  from: number;
  to: number;
  toX(t: number): number;
}

export function drawTracks(canvas: TrackCanvas, tracks: Track[], time: MatchTime, clips: ClipDocument[], shots: number[]): void {
  let top = HEAD_PX * canvas.ratio;
  for (const { name, height } of tracks) {
    if (name === "Reel") drawClips(canvas, top, height * canvas.ratio, time, clips);
    else drawShots(canvas, top, height * canvas.ratio, shots);
    top += height * canvas.ratio;
  }
}

function drawClips(canvas: TrackCanvas, top: number, height: number, time: MatchTime, clips: ClipDocument[]): void {
  const { context, palette, ratio } = canvas;
  context.fillStyle = palette.clip;
  for (const clip of clips) {
    const from = canvas.toX(time.at(clip.period, clip.start_s * 1000));
    const width = Math.max(2 * ratio, canvas.toX(time.at(clip.period, clip.end_s * 1000)) - from - ratio);
    context.globalAlpha = 0.13;
    context.fillRect(from, top + height, width, canvas.bottom - top - height);
    context.globalAlpha = 1;
    context.beginPath();
    context.roundRect(from, top + 2 * ratio, width, height - 5 * ratio, Math.min(3 * ratio, width / 2));
    context.fill();
  }
}

/** One line a change; where they are denser than pixels, one line a pixel. */
function drawShots(canvas: TrackCanvas, top: number, height: number, shots: number[]): void {
  const { context, palette, ratio } = canvas;
  context.fillStyle = palette.shot;
  let last = -1;
  for (const t of shots) {
    if (t < canvas.from || t > canvas.to) continue;
    const x = Math.round(canvas.toX(t));
    if (x - last < 2 * ratio && last >= 0) continue;
    context.fillRect(x, top + 2 * ratio, Math.max(1, Math.round(ratio)), height - 4 * ratio);
    last = x;
  }
}
