/** The lanes: one a class with its score curve, predictions and labels; above them clips and shot changes. Drawn with uPlot. */

import uPlot from "uplot";
import type { Curves } from "./curves";
import { byId, h, oncePerFrame } from "./dom";
import { listenToGestures } from "./gestures";
import { KIND_NAMES, drawLabel, drawPrediction, opacityOf, readPalette } from "./marks";
import type { Palette } from "./marks";
import type { MatchTime } from "./time";
import { formatClock } from "./time";
import type { ClipDocument, Item, Kind } from "./types";
import type { ViewState } from "./view";

export interface TimelineContent {
  /** Items that pass the filters, in order of time. */
  items: Item[];
  kinds: Map<string, Kind>;
  clips: ClipDocument[];
  shots: number[];
}

const AXIS_PX = 26;
const TRACK_PX = 14;
const MIN_LANE_PX = 17;
const MAX_LANE_PX = 44;
const HIT_PX = 9;
const TICK_STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800];

export class Timeline {
  onseek: (t: number) => void = () => undefined;
  onpick: (item: Item) => void = () => undefined;
  onhover: (x: number, y: number, t: number, item: Item | null, lane: string | null) => void = () => undefined;
  onleave: () => void = () => undefined;
  /** For measuring: milliseconds of the latest drawing. */
  drawing_ms = 0;

  private content: TimelineContent = { items: [], kinds: new Map(), clips: [], shots: [] };
  private curves: Curves | null = null;
  private lanes: string[] = [];
  private lanePx = 22;
  private plot: uPlot | null = null;
  private level = -1;
  private readonly offsets = new Map<number, uPlot.AlignedData>();
  private palette: Palette = readPalette();
  private readonly holder = byId("lanes");
  private readonly gutter = byId("lane-names");
  private readonly playhead = byId("playhead");
  private playheadAt = 0;
  private readonly redraw = oncePerFrame(() => this.draw());

  constructor(
    private readonly view: ViewState,
    private readonly time: MatchTime,
  ) {
    listenToGestures(this.holder, this.view, this);
    new ResizeObserver(oncePerFrame(() => this.rebuild())).observe(this.holder);
  }

  setCurves(curves: Curves): void {
    this.curves = curves;
    this.offsets.clear();
    this.rebuild();
  }

  setLanes(lanes: string[]): void {
    if (lanes.join("\u0000") === this.lanes.join("\u0000")) return;
    this.lanes = lanes;
    this.offsets.clear();
    this.rebuild();
  }

  setContent(content: TimelineContent): void {
    this.content = content;
    this.redraw();
  }

  follow(): void {
    this.redraw();
  }

  recolour(): void {
    this.palette = readPalette();
    this.rebuild();
  }

  setPlayhead(t: number): void {
    this.playheadAt = t;
    const width = this.holder.clientWidth;
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

  private get hasClips(): boolean {
    return this.content.clips.length > 0 || this.content.shots.length > 0;
  }

  private get top(): number {
    return TRACK_PX;
  }

  private rebuild(): void {
    const width = this.holder.clientWidth;
    if (width === 0) return;
    const available = Math.max(220, window.innerHeight - this.holder.getBoundingClientRect().top - window.scrollY - AXIS_PX - TRACK_PX - 14);
    const count = Math.max(1, this.lanes.length);
    this.lanePx = Math.round(Math.min(MAX_LANE_PX, Math.max(MIN_LANE_PX, available / count)));
    const height = TRACK_PX + this.lanePx * count + AXIS_PX;
    this.plot?.destroy();
    this.level = -1;
    this.plot = new uPlot(this.options(width, height), [[0], ...this.lanes.map(() => [null])] as uPlot.AlignedData, this.holder);
    this.buildGutter();
    this.playhead.style.height = `${height - AXIS_PX}px`;
    this.draw();
  }

  private options(width: number, height: number): uPlot.Options {
    const count = Math.max(1, this.lanes.length);
    const { palette } = this;
    return {
      width,
      height,
      padding: [TRACK_PX, 0, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, auto: false }, y: { auto: false, range: [0, count] } },
      axes: [
        {
          stroke: palette.muted,
          font: "11px system-ui, sans-serif",
          size: AXIS_PX,
          grid: { stroke: palette.line, width: 1 },
          ticks: { stroke: palette.line, width: 1, size: 4 },
          splits: (_plot, _axis, from, to) => this.ticks(from, to, width),
          values: (_plot, splits) => splits.map((t) => this.tickText(t, splits)),
        },
        { show: false },
      ],
      series: [
        {},
        ...this.lanes.map((_, lane): uPlot.Series => ({
          stroke: palette.curve,
          fill: `${palette.curve}48`,
          width: 1,
          fillTo: count - 1 - lane,
          points: { show: false },
        })),
      ],
      hooks: { drawClear: [(plot) => this.drawBelow(plot)], draw: [(plot) => this.drawAbove(plot)] },
    };
  }

  private ticks(from: number, to: number, width: number): number[] {
    const step = TICK_STEPS_S.find((candidate) => ((to - from) / candidate) * 78 <= width) ?? 1800;
    const found: number[] = [];
    for (const { offset_s, duration_s } of this.time.periods) {
      const last = offset_s + duration_s >= this.time.duration_s;
      for (let inside = 0; inside < duration_s - (last ? 0 : step * 0.6); inside += step) {
        const t = offset_s + inside;
        if (t >= from && t <= to) found.push(t);
      }
    }
    return found;
  }

  private tickText(t: number, splits: number[]): string {
    const edge = (this.view.to - this.view.from) * (24 / Math.max(1, this.holder.clientWidth));
    if (t < this.view.from + edge || t > this.view.to - edge) return ""; // half of it would be cut off
    const period = this.time.periodAt(t);
    const inside = t - period.offset_s;
    const first = splits.find((split) => split >= this.view.from + edge);
    const named = inside < 0.5 || t === first;
    return named && this.time.periods.length > 1 ? `${period.period} · ${formatClock(inside)}` : formatClock(inside);
  }

  private buildGutter(): void {
    this.gutter.replaceChildren(
      h("div", { class: "lane-name track", style: null }, ""),
      ...this.lanes.map((name) => h("div", { class: "lane-name", title: name }, h("span", {}, name))),
    );
    this.gutter.style.setProperty("--lane-px", `${this.lanePx}px`);
    this.gutter.style.setProperty("--track-px", `${TRACK_PX}px`);
  }

  /** Curves lie above each other: class number i of n gets the band from n - 1 - i to n - i. */
  private stacked(index: number): uPlot.AlignedData {
    const known = this.offsets.get(index);
    if (known !== undefined) return known;
    const count = this.lanes.length;
    const level = this.curves!.levels[index]!;
    const data = [
      level.times,
      ...this.lanes.map((name, lane) => {
        const column = this.curves!.classes.indexOf(name);
        const base = count - 1 - lane;
        const stackedValues = new Float32Array(level.times.length).fill(base);
        if (column >= 0) level.values[column]!.forEach((value, i) => (stackedValues[i] = base + 0.94 * value));
        return stackedValues;
      }),
    ] as unknown as uPlot.AlignedData;
    this.offsets.set(index, data);
    return data;
  }

  private draw(): void {
    const { plot, view } = this;
    if (plot === null) return;
    const started = performance.now();
    plot.batch(() => {
      if (this.curves !== null && this.lanes.length > 0) {
        const level = this.curves.levelFor(view.from, view.to, plot.width);
        if (level !== this.level) {
          this.level = level;
          plot.setData(this.stacked(level), false);
        }
      }
      plot.setScale("x", { min: view.from, max: view.to });
    });
    if (plot.scales.x!.min === view.from && plot.scales.x!.max === view.to) plot.redraw(false, false);
    this.setPlayhead(this.playheadAt);
    this.drawing_ms = performance.now() - started;
  }

  private laneBox(lane: number, ratio: number): { top: number; bottom: number } {
    const top = (this.top + lane * this.lanePx) * ratio;
    return { top, bottom: top + this.lanePx * ratio };
  }

  private drawBelow(plot: uPlot): void {
    const { ctx: context } = plot;
    const ratio = uPlot.pxRatio;
    const width = context.canvas.width;
    context.save();
    context.fillStyle = this.palette.band;
    for (let lane = 0; lane < this.lanes.length; lane += 2) {
      const { top, bottom } = this.laneBox(lane, ratio);
      context.fillRect(0, top, width, bottom - top);
    }
    if (this.hasClips) this.drawTrack(context, plot, ratio);
    context.strokeStyle = this.palette.muted;
    context.setLineDash([4 * ratio, 4 * ratio]);
    for (const period of this.time.periods.slice(1)) {
      const x = Math.round(plot.valToPos(period.offset_s, "x", true)) + 0.5;
      context.beginPath();
      context.moveTo(x, 0);
      context.lineTo(x, this.laneBox(this.lanes.length, ratio).top);
      context.stroke();
    }
    context.restore();
  }

  private drawTrack(context: CanvasRenderingContext2D, plot: uPlot, ratio: number): void {
    const bottom = this.laneBox(this.lanes.length, ratio).top;
    for (const clip of this.content.clips) {
      const from = plot.valToPos(this.time.at(clip.period, clip.start_s * 1000), "x", true);
      const to = plot.valToPos(this.time.at(clip.period, clip.end_s * 1000), "x", true);
      context.fillStyle = this.palette.clip;
      context.globalAlpha = 0.16;
      context.fillRect(from, this.top * ratio, to - from, bottom - this.top * ratio);
      context.globalAlpha = 1;
      context.fillRect(from, 2 * ratio, Math.max(2 * ratio, to - from), (this.top - 5) * ratio);
    }
    context.fillStyle = this.palette.shot;
    for (const t of this.content.shots) {
      if (t < this.view.from || t > this.view.to) continue;
      context.fillRect(Math.round(plot.valToPos(t, "x", true)), (this.top - 4) * ratio, Math.max(1, ratio), 4 * ratio);
    }
  }

  private drawAbove(plot: uPlot): void {
    const { ctx: context } = plot;
    const ratio = uPlot.pxRatio;
    const laneOf = new Map(this.lanes.map((name, lane) => [name, lane]));
    const margin = ((this.view.to - this.view.from) / plot.width) * 12;
    const radius = Math.min(5.5, this.lanePx * 0.27) * ratio;
    let selected: { x: number; top: number; bottom: number } | null = null;
    context.save();
    for (const item of this.content.items) {
      if (item.t < this.view.from - margin) continue;
      if (item.t > this.view.to + margin) break;
      const lane = laneOf.get(item.label);
      if (lane === undefined) continue;
      const x = plot.valToPos(item.t, "x", true);
      const box = this.laneBox(lane, ratio);
      this.drawItem(context, item, x, box.top, box.bottom, radius, ratio);
      if (item.id === this.view.selected) selected = { x, ...box };
    }
    if (selected !== null) {
      context.globalAlpha = 1;
      context.strokeStyle = this.palette.accent;
      context.lineWidth = 2 * ratio;
      const half = radius + 4 * ratio;
      context.strokeRect(selected.x - half, selected.top + ratio, 2 * half, selected.bottom - selected.top - 2 * ratio);
    }
    context.restore();
  }

  private drawItem(
    context: CanvasRenderingContext2D, item: Item, x: number, top: number, bottom: number, radius: number, ratio: number,
  ): void {
    const kind = this.content.kinds.get(item.id) ?? "plain";
    const colour = this.palette[kind];
    context.lineWidth = 2 * ratio;
    context.strokeStyle = colour;
    context.fillStyle = colour;
    if (item.source === "label") {
      context.globalAlpha = item.status === "rejected" ? 0.25 : 0.9;
      drawLabel(context, kind, x, top + 2 * ratio, bottom - 2 * ratio, radius);
      return;
    }
    const y = (top + bottom) / 2;
    if (item.status === "rejected") {
      context.globalAlpha = 0.5;
      context.strokeStyle = this.palette.muted;
      context.lineWidth = ratio;
      drawPrediction(context, "false", x, y, radius * 0.7);
      return;
    }
    context.globalAlpha = opacityOf(item, kind);
    drawPrediction(context, kind, x, y, radius);
    if (item.status === "accepted") {
      context.strokeStyle = this.palette.ink;
      context.lineWidth = 1.5 * ratio;
      context.beginPath();
      context.arc(x, y, radius + 1.5 * ratio, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  /** The item drawn at a place of the screen, the nearest one when several are near. */
  itemAt(clientX: number, clientY: number): { item: Item | null; lane: string | null } {
    const box = this.holder.getBoundingClientRect();
    const lane = this.lanes[Math.floor((clientY - box.top - this.top) / this.lanePx)] ?? null;
    if (lane === null) return { item: null, lane };
    const perPixel = (this.view.to - this.view.from) / box.width;
    const t = this.timeAt(clientX);
    let best: Item | null = null;
    for (const item of this.content.items) {
      if (item.label !== lane || Math.abs(item.t - t) > HIT_PX * perPixel) continue;
      const nearer = best === null || Math.abs(item.t - t) < Math.abs(best.t - t) - perPixel;
      const preferred = best !== null && best.source === "label" && item.source !== "label" && Math.abs(item.t - t) <= Math.abs(best.t - t) + 4 * perPixel;
      if (nearer || preferred) best = item;
    }
    return { item: best, lane };
  }
}

/** One line about an item, for tooltips and the list. */
export function describe(item: Item, kind: Kind, time: MatchTime): string {
  const confidence = item.confidence === null ? "" : ` ${item.confidence.toFixed(2)}`;
  const source = item.source === "label" ? "label" : item.source === "added" ? "added" : "prediction";
  const status = item.status === "undecided" || item.source === "label" ? "" : `, ${item.status}`;
  return `${time.clock(item.t, true)} ${item.label}${confidence}, ${source}, ${KIND_NAMES[kind]}${status}`;
}
