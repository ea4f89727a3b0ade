/** The whole match in one strip, with the visible window as a frame that can be dragged and resized. */

import type { Curves } from "./curves";
import { byId, oncePerFrame } from "./dom";
import { readPalette } from "./marks";
import type { MatchTime } from "./time";
import type { Item, Kind } from "./types";
import type { ViewState } from "./view";

const EDGE_PX = 8;
/** A press that moves less is a click, which moves the video. */
const CLICK_PX = 4;

export class Overview {
  onseek: (t: number) => void = () => undefined;

  private readonly canvas = byId<HTMLCanvasElement>("overview-canvas");
  private readonly frame = byId("overview-window");
  private readonly playhead = byId("overview-playhead");
  private readonly strip = byId("overview");
  private items: Item[] = [];
  private kinds = new Map<string, Kind>();
  private curves: Curves | null = null;
  private readonly redraw = oncePerFrame(() => this.draw());

  constructor(
    private readonly view: ViewState,
    private readonly time: MatchTime,
  ) {
    this.listenToPointer();
    new ResizeObserver(this.redraw).observe(this.strip);
    this.follow();
  }

  setCurves(curves: Curves): void {
    this.curves = curves;
    this.redraw();
  }

  setContent(items: Item[], kinds: Map<string, Kind>): void {
    this.items = items;
    this.kinds = kinds;
    this.redraw();
  }

  recolour(): void {
    this.redraw();
  }

  follow(): void {
    const { from, to, duration_s } = this.view;
    this.frame.style.left = `${(from / duration_s) * 100}%`;
    this.frame.style.width = `${((to - from) / duration_s) * 100}%`;
    this.strip.setAttribute("aria-valuetext", `${this.time.clock(from)} to ${this.time.clock(to)}`);
    this.strip.setAttribute("aria-valuenow", String(Math.round(from)));
    this.strip.setAttribute("aria-valuemax", String(Math.round(duration_s)));
  }

  setPlayhead(t: number): void {
    this.playhead.style.left = `${(t / this.view.duration_s) * 100}%`;
  }

  private draw(): void {
    const ratio = devicePixelRatio;
    const width = Math.round(this.strip.clientWidth * ratio);
    const height = Math.round(this.strip.clientHeight * ratio);
    if (width === 0) return;
    this.canvas.width = width;
    this.canvas.height = height;
    const context = this.canvas.getContext("2d")!;
    const palette = readPalette();
    const x = (t: number): number => (t / this.view.duration_s) * width;
    if (this.curves !== null) {
      const { times, values } = this.curves.levels[this.curves.levelFor(0, this.view.duration_s, width)]!;
      const highest = new Float32Array(width);
      for (const column of values) {
        for (let i = 0; i < times.length; i++) {
          const pixel = Math.min(width - 1, Math.floor(x(times[i]!)));
          if (column[i]! > highest[pixel]!) highest[pixel] = column[i]!;
        }
      }
      context.fillStyle = `${palette.curve}66`;
      for (let pixel = 0; pixel < width; pixel++) context.fillRect(pixel, height * (1 - 0.8 * highest[pixel]!), 1, height);
    }
    for (const item of this.items) {
      const kind = this.kinds.get(item.id) ?? "plain";
      if (kind === "below" || item.status === "rejected") continue;
      const upper = item.source === "label";
      context.fillStyle = upper && kind === "plain" ? palette.found : palette[kind];
      context.globalAlpha = 0.75;
      context.fillRect(Math.floor(x(item.t)), upper ? 0 : height * 0.5, Math.max(1, ratio), height * 0.42);
    }
    context.globalAlpha = 1;
    context.fillStyle = palette.muted;
    for (const period of this.time.periods.slice(1)) context.fillRect(Math.round(x(period.offset_s)), 0, ratio, height);
  }

  private listenToPointer(): void {
    let grip: { mode: "move" | "from" | "to"; x: number; from: number; to: number } | null = null;
    let moved_px = 0;
    const timeAt = (clientX: number): number => {
      const box = this.strip.getBoundingClientRect();
      return ((clientX - box.left) / box.width) * this.view.duration_s;
    };
    this.strip.addEventListener("pointerdown", (event) => {
      const box = this.frame.getBoundingClientRect();
      const { clientX } = event;
      moved_px = 0;
      this.strip.setPointerCapture(event.pointerId);
      const wide = box.width > 3 * EDGE_PX;
      if (wide && Math.abs(clientX - box.left) < EDGE_PX) grip = { mode: "from", x: clientX, from: this.view.from, to: this.view.to };
      else if (wide && Math.abs(clientX - box.right) < EDGE_PX) grip = { mode: "to", x: clientX, from: this.view.from, to: this.view.to };
      else {
        if (clientX < box.left || clientX > box.right) {
          const half = (this.view.to - this.view.from) / 2;
          this.view.show(timeAt(clientX) - half, timeAt(clientX) + half);
        }
        grip = { mode: "move", x: clientX, from: this.view.from, to: this.view.to };
      }
    });
    this.strip.addEventListener("pointermove", (event) => {
      if (grip === null) return;
      moved_px = Math.max(moved_px, Math.abs(event.clientX - grip.x));
      if (moved_px < CLICK_PX) return;
      const moved = timeAt(event.clientX) - timeAt(grip.x);
      if (grip.mode === "from") this.view.show(Math.min(grip.from + moved, grip.to - 2), grip.to);
      else if (grip.mode === "to") this.view.show(grip.from, Math.max(grip.to + moved, grip.from + 2));
      else this.view.show(grip.from + moved, grip.to + moved);
    });
    const end = (): void => {
      grip = null;
    };
    this.strip.addEventListener("pointerup", (event) => {
      if (grip !== null && moved_px < CLICK_PX) this.onseek(timeAt(event.clientX));
      end();
    });
    this.strip.addEventListener("pointercancel", end);
    this.strip.addEventListener("keydown", (event) => {
      const length = this.view.to - this.view.from;
      if (event.key === "ArrowLeft") this.view.pan(-length / 10);
      else if (event.key === "ArrowRight") this.view.pan(length / 10);
      else if (event.key === "Home") this.view.show(0, length);
      else if (event.key === "End") this.view.show(this.view.duration_s - length, this.view.duration_s);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }
}
