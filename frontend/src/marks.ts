/** How spots look on a canvas. Kinds differ in shape as well as in colour, so that nobody depends on colour alone. */

import { themeColour } from "./dom";
import type { Item, Kind } from "./types";

export const KIND_NAMES: Record<Kind, string> = {
  accepted: "accepted",
  rejected: "rejected",
  added: "added",
  correct: "correct",
  early: "early",
  late: "late",
  wrong: "wrong class",
  duplicate: "duplicate",
  false: "false",
  missed: "missed",
  found: "found",
  below: "below threshold",
  plain: "spot",
};

export type Palette = Record<Kind | "ink" | "muted" | "line" | "band" | "curve" | "accent" | "surface" | "clip" | "shot", string>;

export function readPalette(): Palette {
  const names = ["ink", "muted", "line", "band", "curve", "accent", "surface", "clip", "shot"] as const;
  const kinds = Object.keys(KIND_NAMES) as Kind[];
  return Object.fromEntries([
    ...names.map((name) => [name, themeColour(name)]),
    ...kinds.map((kind) => [kind, themeColour(`kind-${kind}`)]),
  ]) as Palette;
}

/** Opacity of a prediction: even the weakest can be seen. */
export function opacityOf(item: Item, kind: Kind): number {
  if (item.status === "accepted") return 1;
  const confidence = item.confidence ?? 1;
  return kind === "below" ? 0.14 + 0.5 * confidence : 0.35 + 0.65 * confidence;
}

/** Draw the mark of a prediction of radius `r` pixels. */
export function drawPrediction(context: CanvasRenderingContext2D, kind: Kind, x: number, y: number, r: number): void {
  context.beginPath();
  switch (kind) {
    case "early":
      context.moveTo(x - r, y);
      context.lineTo(x + r, y - r);
      context.lineTo(x + r, y + r);
      context.closePath();
      context.fill();
      break;
    case "late":
      context.moveTo(x + r, y);
      context.lineTo(x - r, y - r);
      context.lineTo(x - r, y + r);
      context.closePath();
      context.fill();
      break;
    case "false":
      context.moveTo(x - r, y - r);
      context.lineTo(x + r, y + r);
      context.moveTo(x - r, y + r);
      context.lineTo(x + r, y - r);
      context.stroke();
      break;
    case "wrong":
      context.rect(x - r * 0.9, y - r * 0.9, 1.8 * r, 1.8 * r);
      context.fill();
      break;
    case "duplicate":
      context.arc(x, y, r * 0.8, 0, 2 * Math.PI);
      context.stroke();
      break;
    case "below":
      context.arc(x, y, r * 0.45, 0, 2 * Math.PI);
      context.fill();
      break;
    default:
      context.arc(x, y, r, 0, 2 * Math.PI);
      context.fill();
  }
}

/** Draw the mark of a label that was missed: a hollow diamond, on which the line of the label does not show. */
export function drawLabel(context: CanvasRenderingContext2D, x: number, y: number, r: number, inside: string): void {
  context.beginPath();
  context.moveTo(x, y - r);
  context.lineTo(x + r, y);
  context.lineTo(x, y + r);
  context.lineTo(x - r, y);
  context.closePath();
  context.fillStyle = inside;
  context.fill();
  context.stroke();
}
