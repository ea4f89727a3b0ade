/** Spots and labels in their lanes. Each look is drawn once as a small picture; thousands of spots are copies of it. */

import { drawLabel, drawPrediction, opacityOf } from "./marks";
import type { Palette } from "./marks";
import type { Item, Kind } from "./types";

export interface LaneGeometry {
  /** Pixels of the canvas above the first lane. */
  top: number;
  laneHeight: number;
  /** Pixels of the canvas for one pixel of the page. */
  ratio: number;
  radius: number;
}

interface Sprite {
  canvas: HTMLCanvasElement;
  half: number;
}

type Look = Kind | "ring" | "cross" | "diamond";

const WIDEST_RADIUS = 5.5;
const SMALLEST_SHARE = 0.55;
const ROOM_PX = 13;

/** Radius of a mark in pixels of the page: smaller where marks would cover each other. */
export function radiusOf(lanePx: number, widthPx: number, lanes: number, items: number): number {
  const room = (widthPx * Math.max(1, lanes)) / Math.max(1, items);
  return Math.min(WIDEST_RADIUS, lanePx * 0.27) * Math.min(1, Math.max(SMALLEST_SHARE, room / ROOM_PX));
}

export class MarkPainter {
  private readonly sprites = new Map<Look, Sprite>();
  private key = "";

  constructor(private palette: Palette) {}

  recolour(palette: Palette): void {
    this.palette = palette;
    this.sprites.clear();
  }

  /** Get ready for marks of a radius in pixels of the canvas. */
  prepare(radius: number, ratio: number): void {
    const key = `${radius.toFixed(1)}/${ratio}`;
    if (key !== this.key) this.sprites.clear();
    this.key = key;
  }

  /** Draw an item whose lane begins `top` pixels below the upper edge. */
  paint(context: CanvasRenderingContext2D, item: Item, kind: Kind, x: number, top: number, geometry: LaneGeometry): void {
    const { laneHeight, ratio } = geometry;
    const middle = top + laneHeight / 2;
    if (item.source === "label") {
      context.globalAlpha = item.status === "rejected" ? 0.25 : 0.9;
      context.fillStyle = kind === "plain" ? this.palette.found : this.palette[kind];
      const wide = Math.max(2, Math.round(2.5 * ratio));
      context.fillRect(Math.max(0, Math.round(x - wide / 2)), top + 2 * ratio, wide, laneHeight - 4 * ratio);
      if (kind === "missed") this.copy(context, "diamond", x, middle, geometry);
      return;
    }
    if (item.status === "rejected") {
      context.globalAlpha = 0.5;
      this.copy(context, "cross", x, middle, geometry);
      return;
    }
    context.globalAlpha = opacityOf(item, kind);
    this.copy(context, kind, x, middle, geometry);
    if (item.status === "accepted" && kind !== "below") this.copy(context, "ring", x, middle, geometry);
  }

  private copy(context: CanvasRenderingContext2D, look: Look, x: number, y: number, geometry: LaneGeometry): void {
    let sprite = this.sprites.get(look);
    if (sprite === undefined) {
      sprite = this.make(look, geometry);
      this.sprites.set(look, sprite);
    }
    context.drawImage(sprite.canvas, Math.round(x) - sprite.half, Math.round(y) - sprite.half);
  }

  private make(look: Look, { radius, ratio }: LaneGeometry): Sprite {
    const half = Math.ceil(radius + 4 * ratio);
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 2 * half;
    const context = canvas.getContext("2d")!;
    context.lineWidth = 2 * ratio;
    const colour = look === "ring" ? this.palette.ink : look === "cross" ? this.palette.muted : this.palette[look === "diamond" ? "missed" : look];
    context.strokeStyle = context.fillStyle = colour;
    if (look === "ring") {
      context.lineWidth = 1.5 * ratio;
      context.beginPath();
      context.arc(half, half, radius + 1.5 * ratio, 0, 2 * Math.PI);
      context.stroke();
    } else if (look === "cross") {
      context.lineWidth = ratio;
      drawPrediction(context, "false", half, half, radius * 0.7);
    } else if (look === "diamond") {
      drawLabel(context, half, half, radius, this.palette.surface);
    } else drawPrediction(context, look, half, half, radius);
    return { canvas, half };
  }
}
