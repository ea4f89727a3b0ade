/** Spots and labels of a crowded window as ticks, written straight into memory: ten thousands of them cost a few milliseconds a frame, where as many marks cost fifty. */

import { packed } from "./curve_painter";
import { KIND_NAMES } from "./marks";
import type { Palette } from "./marks";
import { PixelCanvas } from "./pixel_canvas";
import type { Kind } from "./types";

export const KIND_ORDER = Object.keys(KIND_NAMES) as Kind[];
/** Numbers of looks in a lane: twice the kinds, for spots and labels, and room. */
export const LOOKS = 32;

const BELOW_OPACITY = 0.4;

export class TickPainter extends PixelCanvas {
  /**
   * Paint items and give the picture. `looks` are lane * LOOKS + 2 * kind + (1 for a label), -1 for what is in no lane; `xs` gives the
   * pixel of a second.
   */
  paint(
    times: Float64Array, looks: Int32Array, range: [first: number, last: number], from: number, perSecond: number,
    size: [width: number, lanes: number, laneHeight: number, ratio: number], palette: Palette,
  ): HTMLCanvasElement {
    const [width, lanes, laneHeight, ratio] = size;
    this.resize(width, Math.max(1, lanes * laneHeight));
    const colours = KIND_ORDER.map((kind) => packed(palette[kind], kind === "below" ? BELOW_OPACITY : 1));
    const below = KIND_ORDER.indexOf("below");
    const wide = Math.max(1, Math.round(1.5 * ratio));
    const middle = Math.floor(laneHeight / 2);
    // What counts is drawn over what does not.
    for (const pass of [0, 1]) {
      for (let i = range[0]; i < range[1]; i++) {
        const look = looks[i]!;
        if (look < 0) continue;
        const kind = (look % LOOKS) >> 1;
        if ((kind === below) !== (pass === 0)) continue;
        const x = Math.min(width - wide, Math.max(0, Math.round((times[i]! - from) * perSecond)));
        const top = Math.floor(look / LOOKS) * laneHeight + (look % 2 === 1 ? 1 : middle);
        const colour = colours[kind]!;
        for (let y = top; y < top + middle - 1; y++) for (let dx = 0; dx < wide; dx++) this.pixels[y * width + x + dx] = colour;
      }
    }
    return this.show();
  }
}
