/**
 * Score curves as a picture: one column of pixels at a time, written straight into memory.
 *
 * Seventeen curves drawn as paths cost a software renderer some 15 ms a frame; as pixels they cost about one, whatever the zoom.
 */

import type { Curves } from "./curves";
import { PixelCanvas } from "./pixel_canvas";

export interface CurveLook {
  /** Colour as `#rrggbb`. */
  colour: string;
  /** Opacity of the area below the line, between 0 and 1. */
  fill: number;
  /** Lower scores are not drawn. */
  least?: number;
}

const HIGHEST = 0.94;
const WIDEST_GAP = 2.5;

export class CurvePainter extends PixelCanvas {
  private firsts = new Int32Array(0);

  /** Paint the curves of some classes below each other, all `laneHeight` pixels high, and give the picture. */
  paint(
    curves: Curves, names: string[], from: number, to: number, width: number, laneHeight: number, look: CurveLook,
  ): HTMLCanvasElement {
    this.resize(width, Math.max(1, laneHeight * names.length));
    const level = curves.levels[curves.levelFor(from, to, width)]!;
    this.place(level.times, from, to, width);
    const line = packed(look.colour, 1);
    const area = packed(look.colour, look.fill);
    names.forEach((name, lane) => {
      const column = curves.classes.indexOf(name);
      if (column >= 0) this.paintLane(level.times, level.values[column]!, from, to, (lane + 1) * laneHeight, laneHeight, line, area, look.least ?? 0);
    });
    return this.show();
  }

  /** Find the first frame of each column; the same for all classes. */
  private place(times: Float64Array, from: number, to: number, width: number): void {
    if (this.firsts.length !== width + 1) this.firsts = new Int32Array(width + 1);
    const perPixel = (to - from) / width;
    let index = lowerBound(times, from);
    for (let x = 0; x <= width; x++) {
      const t = from + x * perPixel;
      while (index < times.length && times[index]! < t) index++;
      this.firsts[x] = index;
    }
  }

  private paintLane(
    times: Float64Array, values: Float32Array, from: number, to: number, bottom: number, height: number, line: number, area: number, least: number,
  ): void {
    const { firsts, pixels } = this;
    const width = firsts.length - 1;
    const perPixel = (to - from) / width;
    const spacing = times.length > 1 ? times[1]! - times[0]! : 1;
    const reach = HIGHEST * height;
    let before = -1;
    for (let x = 0; x < width; x++) {
      const first = firsts[x]!;
      const next = firsts[x + 1]!;
      let value = -1;
      if (next > first) {
        for (let i = first; i < next; i++) if (values[i]! > value) value = values[i]!;
      } else if (first > 0 && first < times.length && times[first]! - times[first - 1]! < WIDEST_GAP * spacing) {
        const share = (from + (x + 0.5) * perPixel - times[first - 1]!) / (times[first]! - times[first - 1]!);
        value = values[first - 1]! + share * (values[first]! - values[first - 1]!);
      }
      if (value < least) {
        before = -1;
        continue;
      }
      const top = Math.min(bottom - 1, Math.round(bottom - value * reach));
      const joined = before < 0 ? top : before;
      const lineTop = Math.min(top, joined < top ? joined + 1 : top);
      const lineBottom = Math.max(top, joined > top ? joined - 1 : top);
      for (let y = lineTop; y <= lineBottom; y++) pixels[y * width + x] = line;
      for (let y = lineBottom + 1; y < bottom; y++) pixels[y * width + x] = area;
      before = top;
    }
  }
}

function lowerBound(times: Float64Array, t: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A colour as it lies in the memory of an `ImageData` on a little-endian machine, which every browser runs on. */
export function packed(colour: string, opacity: number): number {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as [number, number, number];
  return ((Math.round(255 * opacity) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
