/** The lanes: one a class with its score curve, predictions and labels; above them clips and shot changes. Axes by uPlot. */

import uPlot from "uplot";
import { CurvePainter } from "./curve_painter";
import type { Curves } from "./curves";
import { byId, h, oncePerFrame } from "./dom";
import { listenToGestures } from "./gestures";
import { MarkPainter, radiusOf } from "./mark_painter";
import { KIND_NAMES, readPalette } from "./marks";
import type { Palette } from "./marks";
import type { MatchTime } from "./time";
import { KIND_ORDER, LOOKS, TickPainter } from "./tick_painter";
import { tickText, ticksBetween } from "./ticks";
import type { Track } from "./tracks";
import { drawTracks, heightAbove, tracksOf } from "./tracks";
import type { ClipDocument, Item, Kind } from "./types";
import type { ViewState } from "./view";
import { WAVE_PX } from "./wave";
import type { SoundWave } from "./wave";

export interface TimelineContent {
  /** Items that pass the filters, in order of time. */
  items: Item[];
  kinds: Map<string, Kind>;
  clips: ClipDocument[];
  shots: number[];
}

const AXIS_PX = 26;
const MIN_LANE_PX = 15;
const MAX_LANE_PX = 44;
const HIT_PX = 9;
const FILL = 0.26;
/** More marks than this in the window are drawn as ticks. */
const CROWDED = 3000;

export class Timeline {
  onseek: (t: number) => void = () => undefined;
  onpick: (item: Item) => void = () => undefined;
  onhover: (x: number, y: number, t: number, item: Item | null, lane: string | null) => void = () => undefined;
  onleave: () => void = () => undefined;
  /** The name of a lane was clicked. */
  onlane: (name: string) => void = () => undefined;

  private content: TimelineContent = { items: [], kinds: new Map(), clips: [], shots: [] };
  private curves: Curves | null = null;
  private rival: Item[] = [];
  private rivalCurves: Curves | null = null;
  private readonly rivalPainter = new CurvePainter();
  private wave: SoundWave | null = null;
  private lanes: string[] = [];
  private laneOf = new Map<string, number>();
  private tracks: Track[] = [];
  private lanePx = 22;
  private plot: uPlot | null = null;
  private palette: Palette = readPalette();
  private readonly curvePainter = new CurvePainter();
  private readonly markPainter = new MarkPainter(this.palette);
  private readonly holder = byId("lanes");
  private readonly gutter = byId("lane-names");
  private readonly playhead = byId("playhead");
  private playheadAt = 0;
  private readonly tickPainter = new TickPainter();
  private prepared = { items: [] as Item[], lanes: new Map<string, number>(), looks: new Int32Array(0), times: new Float64Array(0) };
  private readonly redraw = oncePerFrame(() => this.draw());
  private readonly relay = oncePerFrame(() => this.rebuild());

  constructor(
    private readonly view: ViewState,
    private readonly time: MatchTime,
    private readonly classes: string[],
  ) {
    listenToGestures(this.holder, this.view, this);
    new ResizeObserver(this.relay).observe(this.holder);
    window.addEventListener("resize", this.relay);
    this.watchPixels();
    this.gutter.addEventListener("click", (event) => {
      const name = (event.target as HTMLElement).closest<HTMLElement>("[data-lane]");
      if (name !== null) this.onlane(name.dataset.lane!);
    });
    this.listenToPlayhead();
  }

  /** Draw anew when the window moves to a screen of other pixels. */
  private watchPixels(): void {
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", () => {
      this.relay();
      this.watchPixels();
    }, { once: true });
  }

  /** The head of the playhead can be dragged over the timeline. */
  private listenToPlayhead(): void {
    let held = false;
    this.playhead.addEventListener("pointerdown", (event) => {
      held = true;
      this.playhead.setPointerCapture(event.pointerId);
      event.preventDefault();
      this.onleave();
    });
    this.playhead.addEventListener("pointermove", (event) => {
      if (held) this.onseek(this.timeAt(event.clientX));
    });
    for (const name of ["pointerup", "pointercancel"]) this.playhead.addEventListener(name, () => (held = false));
  }

  setCurves(curves: Curves): void {
    this.curves = curves;
    this.redraw();
  }

  /** The sound, drawn in a strip of its own below the curves. */
  setWave(wave: SoundWave): void {
    this.wave = wave;
    let shown = wave.shown;
    wave.onchange = () => {
      if (wave.shown === shown) return this.redraw();
      shown = wave.shown;
      this.relay();
    };
    this.relay();
  }

  private get waveHeight(): number {
    return this.wave?.shown === true ? WAVE_PX : 0;
  }

  /** Spots and curves of another system, drawn in the lower part of the lanes. */
  setRival(items: Item[], curves: Curves | null): void {
    if (items.length === 0 && this.rival.length === 0 && curves === this.rivalCurves) return;
    this.rival = items;
    this.rivalCurves = curves;
    this.redraw();
  }

  setLanes(lanes: string[]): void {
    if (lanes.join("\u0000") === this.lanes.join("\u0000")) return;
    this.lanes = lanes;
    this.laneOf = new Map(lanes.map((name, lane) => [name, lane]));
    this.relay();
  }

  setContent(content: TimelineContent): void {
    this.content = content;
    const tracks = tracksOf(content.clips, content.shots);
    const same = tracks.map(({ name }) => name).join() === this.tracks.map(({ name }) => name).join();
    this.tracks = tracks;
    if (same) this.redraw();
    else this.relay();
  }

  follow(): void {
    this.onleave(); // what the tooltip says is about another place now
    this.redraw();
  }

  recolour(): void {
    this.palette = readPalette();
    this.markPainter.recolour(this.palette);
    this.relay();
  }

  setPlayhead(t: number): void {
    this.playheadAt = t;
    const width = this.plot?.width ?? 0;
    const x = ((t - this.view.from) / (this.view.to - this.view.from)) * width;
    const inside = x >= 0 && x <= width;
    this.playhead.style.display = inside ? "" : "none";
    if (inside) this.playhead.style.transform = `translateX(${x}px)`;
  }

  /** Seconds of the timeline at a place on the screen. */
  timeAt(clientX: number): number {
    const box = this.holder.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (clientX - box.left) / box.width));
    return this.view.from + share * (this.view.to - this.view.from);
  }

  private get top(): number {
    return heightAbove(this.tracks);
  }

  private rebuild(): void {
    const width = this.holder.clientWidth;
    if (width === 0) return;
    const above = this.holder.getBoundingClientRect().top + window.scrollY;
    const available = Math.max(100 - this.waveHeight, window.innerHeight - above - AXIS_PX - this.top - this.waveHeight - 14);
    const count = Math.max(1, this.lanes.length);
    this.lanePx = Math.round(Math.min(MAX_LANE_PX, Math.max(MIN_LANE_PX, available / count)));
    const height = this.top + this.lanePx * count + this.waveHeight + AXIS_PX;
    this.plot?.destroy();
    this.plot = new uPlot(this.options(width, height), [[0, 1]], this.holder);
    this.buildGutter();
    this.playhead.style.height = `${height - AXIS_PX}px`;
    this.draw();
  }

  private options(width: number, height: number): uPlot.Options {
    const { palette } = this;
    return {
      width,
      height,
      padding: [this.top, 0, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, auto: false }, y: { auto: false, range: [0, 1] } },
      axes: [
        {
          stroke: palette.muted,
          font: "11px system-ui, sans-serif",
          size: AXIS_PX,
          grid: { stroke: palette.line, width: 1 },
          ticks: { stroke: palette.line, width: 1, size: 4 },
          splits: (_plot, _axis, from, to) => ticksBetween(this.time, from, to, width),
          values: (_plot, splits) => splits.map((t) => tickText(this.time, t, splits, this.view.from, this.view.to, width)),
        },
        { show: false },
      ],
      series: [{}],
      hooks: { drawClear: [(plot) => this.drawBelow(plot)], draw: [(plot) => this.drawAbove(plot)] },
    };
  }

  private buildGutter(): void {
    this.gutter.replaceChildren(
      ...this.tracks.map(({ name }) => h("div", { class: `lane-name track track-${name.toLowerCase()}` }, name)),
      ...this.lanes.map((name) => h("div", { class: "lane-name", title: `${name}: click to show only this class`, "data-lane": name, "data-number": this.numberOf(name) }, h("span", {}, name))),
    );
    if (this.waveHeight > 0) this.gutter.append(h("div", { class: "lane-name track track-sound" }, "Sound"));
    this.gutter.style.setProperty("--lane-px", `${this.lanePx}px`);
    this.gutter.style.paddingTop = `${heightAbove([])}px`;
    [...this.gutter.querySelectorAll<HTMLElement>(".track")].forEach((name, i) => {
      name.style.height = name.style.lineHeight = `${this.tracks[i]?.height ?? WAVE_PX}px`;
    });
  }

  /** The key that gives a spot this class. */
  private numberOf(name: string): number | null {
    const index = this.classes.indexOf(name);
    return index >= 0 && index < 9 ? index + 1 : null;
  }

  private draw(): void {
    const { plot, view } = this;
    if (plot === null) return;
    if (plot.scales.x!.min === view.from && plot.scales.x!.max === view.to) plot.redraw(false, false);
    else plot.setScale("x", { min: view.from, max: view.to });
    this.setPlayhead(this.playheadAt);
  }

  /** Pixels of the canvas from its upper edge to a lane. */
  private laneTop(lane: number, ratio: number): number {
    return Math.round((this.top + lane * this.lanePx) * ratio);
  }

  private drawBelow(plot: uPlot): void {
    const { ctx: context } = plot;
    const ratio = uPlot.pxRatio;
    context.save();
    context.fillStyle = this.palette.band;
    for (let lane = 0; lane < this.lanes.length; lane += 2) {
      context.fillRect(0, this.laneTop(lane, ratio), context.canvas.width, Math.round(this.lanePx * ratio));
    }
    context.restore();
  }

  private drawAbove(plot: uPlot): void {
    const { ctx: context } = plot;
    const ratio = uPlot.pxRatio;
    const { from, to } = this.view;
    const bottom = this.laneTop(this.lanes.length, ratio);
    const toX = (t: number): number => ((t - from) / (to - from)) * context.canvas.width;
    context.save();
    if (this.curves !== null && this.lanes.length > 0) {
      const look = { colour: this.palette.curve, fill: FILL };
      const width = context.canvas.width;
      context.drawImage(this.curvePainter.paint(this.curves, this.lanes, from, to, width, Math.round(this.lanePx * ratio), look), 0, this.laneTop(0, ratio));
    }
    const waveHeight = Math.round(this.waveHeight * ratio);
    if (this.wave !== null && waveHeight > 0) context.drawImage(this.wave.paint(from, to, context.canvas.width, waveHeight, this.palette.curve), 0, bottom);
    const { clips, shots } = this.content;
    drawTracks({ context, palette: this.palette, ratio, bottom, from, to, toX }, this.tracks, this.time, clips, shots);
    this.drawPeriods(context, ratio, bottom + waveHeight, toX);
    this.drawItems(context, ratio, toX);
    this.drawRival(context, ratio, toX);
    context.restore();
  }

  private drawRival(context: CanvasRenderingContext2D, ratio: number, toX: (t: number) => number): void {
    const { from, to } = this.view;
    context.save();
    if (this.rivalCurves !== null && this.lanes.length > 0) {
      const look = { colour: this.palette.clip, fill: 0, least: 0.1 };
      context.drawImage(this.rivalPainter.paint(this.rivalCurves, this.lanes, from, to, context.canvas.width, Math.round(this.lanePx * ratio), look), 0, this.laneTop(0, ratio));
    }
    context.globalAlpha = 1;
    context.strokeStyle = this.palette.surface;
    context.fillStyle = this.palette.clip;
    context.lineWidth = ratio;
    const last = firstAfter(this.rival, to);
    for (let i = firstAfter(this.rival, from); i < last; i++) {
      const lane = this.laneOf.get(this.rival[i]!.label);
      if (lane === undefined) continue;
      const [x, y] = [toX(this.rival[i]!.t), this.laneTop(lane + 1, ratio)];
      context.beginPath();
      context.moveTo(x - 5 * ratio, y);
      context.lineTo(x, y - 7 * ratio);
      context.lineTo(x + 5 * ratio, y);
      context.closePath();
      context.fill();
      context.stroke();
    }
    context.restore();
  }

  private drawPeriods(context: CanvasRenderingContext2D, ratio: number, bottom: number, toX: (t: number) => number): void {
    context.globalAlpha = 0.8;
    context.strokeStyle = this.palette.muted;
    context.lineWidth = ratio;
    context.setLineDash([4 * ratio, 4 * ratio]);
    for (const period of this.time.periods.slice(1)) {
      const x = Math.round(toX(period.offset_s)) + 0.5;
      context.beginPath();
      context.moveTo(x, 0);
      context.lineTo(x, bottom);
      context.stroke();
    }
    context.setLineDash([]);
  }

  private drawItems(context: CanvasRenderingContext2D, ratio: number, toX: (t: number) => number): void {
    const { from, to, selected } = this.view;
    const margin = ((to - from) / this.plot!.width) * 12;
    const { items, kinds } = this.content;
    const first = firstAfter(items, from - margin);
    const last = firstAfter(items, to + margin);
    const radius = radiusOf(this.lanePx, this.plot!.width, this.lanes.length, last - first) * ratio;
    const geometry = { top: this.top * ratio, laneHeight: Math.round(this.lanePx * ratio), ratio, radius };
    this.markPainter.prepare(radius, ratio);
    const { looks, times } = this.looksOf(items, kinds);
    if (last - first > CROWDED) {
      const perSecond = context.canvas.width / (to - from);
      const size: [number, number, number, number] = [context.canvas.width, this.lanes.length, Math.round(this.lanePx * ratio), ratio];
      context.globalAlpha = 1;
      context.drawImage(this.tickPainter.paint(times, looks, [first, last], from, perSecond, size, this.palette), 0, this.laneTop(0, ratio));
    } else {
      // What counts is drawn over what does not.
      for (const below of [true, false]) {
        for (let i = first; i < last; i++) {
          const item = items[i]!;
          const kind = kinds.get(item.id) ?? "plain";
          if (looks[i]! < 0 || (kind === "below") !== below) continue;
          this.markPainter.paint(context, item, kind, toX(item.t), this.laneTop(Math.floor(looks[i]! / LOOKS), ratio), geometry);
        }
      }
    }
    const chosen = selected === null ? undefined : items.find((item) => item.id === selected);
    const lane = chosen === undefined ? undefined : this.laneOf.get(chosen.label);
    if (chosen === undefined || lane === undefined) return;
    context.globalAlpha = 1;
    context.strokeStyle = this.palette.accent;
    context.lineWidth = 2 * ratio;
    const half = radius + 4 * ratio;
    context.strokeRect(toX(chosen.t) - half, this.laneTop(lane, ratio) + ratio, 2 * half, this.lanePx * ratio - 2 * ratio);
  }

  /** Lane and look of every item as one number, as `TickPainter` takes it, and its time. */
  private looksOf(items: Item[], kinds: Map<string, Kind>): { looks: Int32Array; times: Float64Array } {
    if (this.prepared.items === items && this.prepared.lanes === this.laneOf) return this.prepared;
    const looks = new Int32Array(items.length);
    const times = new Float64Array(items.length);
    items.forEach((item, i) => {
      const lane = this.laneOf.get(item.label);
      times[i] = item.t;
      const kind = KIND_ORDER.indexOf(kinds.get(item.id) ?? "plain");
      looks[i] = lane === undefined ? -1 : lane * LOOKS + 2 * kind + (item.source === "label" ? 1 : 0);
    });
    this.prepared = { items, lanes: this.laneOf, looks, times };
    return this.prepared;
  }

  /** The item drawn at a place of the screen, the nearest one when several are near. */
  itemAt(clientX: number, clientY: number): { item: Item | null; lane: string | null } {
    const box = this.holder.getBoundingClientRect();
    const lane = this.lanes[Math.floor((clientY - box.top - this.top) / this.lanePx)] ?? null;
    if (lane === null) return { item: null, lane };
    const perPixel = (this.view.to - this.view.from) / box.width;
    const t = this.timeAt(clientX);
    let best: Item | null = null;
    const { items } = this.content;
    for (let i = firstAfter(items, t - HIT_PX * perPixel); i < items.length && items[i]!.t <= t + HIT_PX * perPixel; i++) {
      const item = items[i]!;
      if (item.label !== lane) continue;
      const nearer = best === null || Math.abs(item.t - t) < Math.abs(best.t - t) - perPixel;
      const preferred = best !== null && best.source === "label" && item.source !== "label" && Math.abs(item.t - t) <= Math.abs(best.t - t) + 4 * perPixel;
      if (nearer || preferred) best = item;
    }
    return { item: best, lane };
  }
}

/** Index of the first item, in a list sorted by time, at or after a second of the timeline. */
function firstAfter(items: Item[], t: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]!.t < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One line about an item, for tooltips and the list. */
export function describe(item: Item, kind: Kind, time: MatchTime): string {
  const confidence = item.confidence === null ? "" : ` ${item.confidence.toFixed(2)}`;
  const source = item.source === "label" ? "label" : item.source === "added" ? "added" : "prediction";
  const status = item.status === "undecided" || item.source === "label" ? "" : item.status;
  const told = kind === "plain" || kind === status || kind === source ? "" : KIND_NAMES[kind];
  const words = [source, told, status].filter((word) => word !== "");
  return `${time.clock(item.t, true)} ${item.label}${confidence}, ${words.join(", ")}`;
}
