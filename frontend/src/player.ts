/** The clock of the page, and what is on the screen at it. Where nothing can be played the clock runs alone, so that the timeline can be read all the same. */

import { byId } from "./dom";
import { Screen } from "./screen";
import type { FrameTable } from "./frame_table";
import type { MatchTime } from "./time";
import { formatClock, insideOf, secondOf, stretchAt } from "./time";
import type { PeriodDocument, StretchDocument } from "./types";

const SPEEDS = [0.25, 0.5, 1, 1.5, 2, 4];
/** Places before the end of a stretch are at least this far from it. */
const BEFORE_END_S = 0.001;
/** The clock keeps a time that was asked for while its frame is on. */
const ROUNDING_MS = 1e-6;

export class Player {
  /** Seconds on the timeline. */
  t = 0;
  ontime: (t: number) => void = () => undefined;
  onstate: () => void = () => undefined;

  private readonly screen = new Screen();
  private readonly message = byId("video-message");
  private readonly note = byId("video-note");
  private period: PeriodDocument;
  /** What is shown; null where there is no video. */
  private stretch: StretchDocument | null = null;
  private speed = 1;
  /** Whether the page plays, also while a file is being opened or without any video. */
  private running = false;
  private loop: [from: number, to: number] | null = null;

  constructor(private readonly time: MatchTime) {
    const { screen } = this;
    screen.onframe = (second, frame) => this.follow(second, frame);
    screen.onready = () => {
      if (this.running) screen.play();
    };
    screen.onstate = () => {
      // The browser itself may pause, for a headset that was unplugged.
      if (screen.mode === "video" && screen.paused && !screen.video.ended && !screen.seeking && screen.video.readyState > 2) this.running = false;
      this.onstate();
    };
    screen.onended = () => {
      if (this.running) this.next();
    };
    screen.onstills = () => {
      this.show();
      if (this.running) this.play();
    };
    this.period = time.periods[0]!;
    this.open(this.period, stretchAt(this.period, 0));
  }

  get hasVideo(): boolean {
    return this.time.periods.some((period) => period.video !== null);
  }

  get playing(): boolean {
    return this.running;
  }

  get looping(): boolean {
    return this.loop !== null;
  }

  get playbackSpeed(): number {
    return this.speed;
  }

  get volume(): number {
    return this.screen.video.volume;
  }

  get muted(): boolean {
    return this.screen.video.muted;
  }

  /** Frame that is shown now, counted from the first one of its file; null without a video. */
  get frame(): number | null {
    return this.stretch === null ? null : this.screen.table.at(this.shownSecond(this.stretch));
  }

  /** Whether the frames of the file that is shown follow each other unevenly. */
  get varies(): boolean {
    return this.screen.table.varies;
  }

  /** Read when the frames of all files are shown. */
  async readFrames(): Promise<void> {
    for (const period of this.time.periods) {
      for (const stretch of period.video?.stretches ?? []) await this.screen.readFrames(stretch).catch(() => undefined);
    }
    this.ontime(this.t);
  }

  setVolume(volume: number, muted: boolean): void {
    this.screen.video.volume = Math.min(1, Math.max(0, volume));
    this.screen.video.muted = muted;
    this.onstate();
  }

  /** A position of a period, in whole milliseconds, moved by whole frames of the file that shows it; it is the start of a frame then. */
  movedBy(frames: number, period: number, position_ms: number): number {
    const document = this.time.get(period);
    const stretch = document === undefined ? null : stretchAt(document, position_ms / 1000);
    const table: FrameTable = this.screen.tableOf(stretch);
    return startOf(table, stretch, table.at(position_ms / 1000 + shiftOf(stretch)) + frames);
  }

  /** Where the frame on the screen begins; whole milliseconds of the clock may lie just before it. */
  get here(): { period: number; position_ms: number } {
    const { table } = this.screen;
    const inside = this.t - this.period.offset_s;
    const frame = this.stretch === null ? table.at(inside) : table.at(this.shownSecond(this.stretch));
    return { period: this.period.period, position_ms: startOf(table, this.stretch, frame) };
  }

  seek(t: number): void {
    if (this.loop !== null && (t < this.loop[0] - BEFORE_END_S || t > this.loop[1])) this.loop = null;
    this.t = Math.min(Math.max(t, 0), this.time.duration_s - BEFORE_END_S);
    const period = this.time.periodAt(this.t);
    const stretch = stretchAt(period, this.t - period.offset_s);
    if (period !== this.period || stretch !== this.stretch) this.open(period, stretch);
    this.show();
    this.ontime(this.t);
  }

  step(frames: number): void {
    this.pause();
    const { stretch } = this;
    const { table } = this.screen;
    const second = stretch === null ? this.t - this.period.offset_s : this.shownSecond(stretch);
    const wanted = table.at(second) + frames;
    const inside = table.middle(stretch === null ? wanted : Math.min(wanted, this.lastFrame(stretch))) - shiftOf(stretch);
    this.seek(Math.max(0, this.period.offset_s + inside));
  }

  /** The last frame that steps lead to: that of the file, where no other file of the period follows. */
  private lastFrame(stretch: StretchDocument): number {
    const { stretches } = this.period.video!;
    const isLast = stretches[stretches.length - 1] === stretch;
    return isLast ? this.screen.table.at(stretch.start_s + stretch.duration_s - BEFORE_END_S) : Infinity;
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  play(): void {
    this.running = true;
    if (this.stretch !== null && this.atEnd(this.stretch)) {
      if (this.following() !== undefined) return this.next();
      this.seek(this.period.offset_s + (this.period.video?.stretches[0]?.position_s ?? 0));
    }
    if (this.screen.mode === "video") this.screen.play();
    else this.runClock();
    this.onstate();
  }

  /** Play a part of the match again and again, until something else is shown. */
  playLoop(from: number, to: number, start = from): void {
    this.seek(start);
    this.loop = [from, to];
    this.play();
  }

  pause(): void {
    this.running = false;
    this.loop = null;
    this.screen.pause(this.frame);
    this.onstate();
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    this.screen.video.defaultPlaybackRate = speed;
    this.screen.video.playbackRate = speed;
    this.onstate();
  }

  changeSpeed(direction: number): void {
    const index = SPEEDS.indexOf(this.speed);
    this.setSpeed(SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, index + direction))]!);
  }

  private open(period: PeriodDocument, stretch: StretchDocument | null): void {
    this.period = period;
    this.stretch = stretch;
    this.message.hidden = stretch !== null;
    if (stretch === null) this.message.textContent = this.describeMissing();
    this.screen.open(stretch);
    this.screen.video.playbackRate = this.speed;
  }

  /** Why nothing is shown. */
  private describeMissing(): string {
    const first = this.period.video?.stretches[0];
    if (first !== undefined) return `The video of the ${this.period.name} begins at ${formatClock(first.position_s)}.`;
    return this.hasVideo ? `There is no video of the ${this.period.name}.` : "There is no video of this match.";
  }

  /** Put the frame of the clock on the screen; past the end of the video its last one. */
  private show(): void {
    const { stretch } = this;
    this.note.hidden = true;
    if (stretch === null) return;
    const inside = this.t - this.period.offset_s;
    const end = stretch.position_s + stretch.duration_s;
    this.note.hidden = inside < end;
    this.note.textContent = `The video ends at ${formatClock(end)}, before this time.`;
    const second = this.shownSecond(stretch);
    const { table } = this.screen;
    const at_ms = Math.round((table.middle(table.at(second)) - stretch.start_s + stretch.position_s) * 1000);
    this.screen.place(second, `${stillsOf(stretch)}?t_ms=${Math.max(0, at_ms)}`);
  }

  /** Second of the file that is on the screen at the time of the clock. */
  private shownSecond(stretch: StretchDocument): number {
    const second = secondOf(stretch, this.t - this.period.offset_s);
    const end = stretch.start_s + stretch.duration_s;
    const { table } = this.screen;
    if (second < end - BEFORE_END_S) return second;
    return Math.max(stretch.start_s, table.middle(table.at(end - BEFORE_END_S)));
  }

  /** A frame is on the screen: the clock follows, unless it shows the time of this frame already. */
  private follow(second: number, frame: number): void {
    const { stretch } = this;
    if (stretch === null) return;
    const paused = this.screen.paused;
    if (paused && this.screen.isPlaced(frame)) return this.ontime(this.t);
    this.t = this.period.offset_s + Math.min(insideOf(stretch, second), this.period.duration_s - BEFORE_END_S);
    this.ontime(this.t);
    if (this.loop !== null && this.t >= this.loop[1]) this.seek(this.loop[0]);
    else if (this.running && !paused && stretch.end_s !== null && second >= stretch.end_s - BEFORE_END_S) this.next();
  }

  /** Let the clock run without a video that plays, until there is one. */
  private runClock(): void {
    let last = performance.now();
    const mode = this.screen.mode;
    const tick = (now: number): void => {
      if (!this.running || this.screen.mode !== mode) {
        if (this.running) this.play();
        return;
      }
      const t = this.t + ((now - last) / 1000) * this.speed;
      last = now;
      if (this.loop !== null && t >= this.loop[1]) this.seek(this.loop[0]);
      else if (t >= this.time.duration_s) return this.pause();
      else this.seek(t);
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  /** Whether the clock stands at the end of what is to be seen of a file. */
  private atEnd(stretch: StretchDocument): boolean {
    if (this.screen.mode !== "video" || this.screen.seeking) return this.t - this.period.offset_s >= stretch.position_s + stretch.duration_s;
    const { table } = this.screen;
    const end = stretch.start_s + stretch.duration_s;
    return this.screen.video.ended || table.at(this.shownSecond(stretch)) >= table.at(end - BEFORE_END_S);
  }

  /** Second of the timeline at which the next file of the period, or the next period, begins. */
  private following(): number | undefined {
    const stretches = this.period.video?.stretches ?? [];
    const joint = this.stretch === null ? undefined : stretches[stretches.indexOf(this.stretch) + 1];
    if (joint !== undefined) return this.period.offset_s + joint.position_s;
    return this.time.periods[this.time.periods.indexOf(this.period) + 1]?.offset_s;
  }

  /** Go on with the next file of the period, or with the period after this one. */
  private next(): void {
    const following = this.following();
    if (following === undefined) return this.pause();
    this.seek(following);
    this.play();
  }
}

/** Address of the still images of the period that a file shows. */
function stillsOf(stretch: StretchDocument): string {
  return stretch.url.replace(/\/video\/(\d+).*$/, "/still/$1");
}

/** From seconds of a period to seconds of the file that shows it. */
function shiftOf(stretch: StretchDocument | null): number {
  return stretch === null ? 0 : stretch.start_s - stretch.position_s;
}

/** Position of the start of a frame in its period, in whole milliseconds at which it is on. */
function startOf(table: FrameTable, stretch: StretchDocument | null, frame: number): number {
  return Math.max(0, Math.ceil((table.start(frame) - shiftOf(stretch)) * 1000 - ROUNDING_MS));
}
