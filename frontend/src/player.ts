/** The picture and the clock. Without a video the clock runs alone, so that the timeline can be read all the same. */

import { byId, notify } from "./dom";
import type { MatchTime, Rate } from "./time";
import { formatClock, frameOf, insideOf, moveByFrames, secondOf, stretchAt } from "./time";
import type { PeriodDocument, StretchDocument } from "./types";

const SPEEDS = [0.25, 0.5, 1, 1.5, 2, 4];
const WAIT_MS = 400;
const BLIND_RATE: Rate = [25, 1];
/** The clock of a video is read this exactly, so that the start of a frame counts as the frame. */
const READING_MS = 0.01;
/** Places before the end of a stretch are at least this far from it. */
const BEFORE_END_S = 0.001;

export class Player {
  /** Seconds on the timeline. */
  t = 0;
  ontime: (t: number) => void = () => undefined;
  onstate: () => void = () => undefined;

  private readonly video = byId<HTMLVideoElement>("video");
  private readonly message = byId("video-message");
  private period: PeriodDocument;
  /** What is shown; null where there is no video. */
  private stretch: StretchDocument | null = null;
  private speed = 1;
  private clockRuns = false;
  private wanted: number | null = null;
  private resume = false;
  private waitTimer = 0;

  constructor(private readonly time: MatchTime) {
    this.video.addEventListener("play", () => this.watch());
    this.video.addEventListener("play", () => this.onstate());
    this.video.addEventListener("pause", () => this.onstate());
    this.video.addEventListener("ended", () => this.next());
    this.video.addEventListener("seeked", () => this.read());
    this.video.addEventListener("loadedmetadata", () => this.loaded());
    this.video.addEventListener("error", () => this.failed());
    this.video.addEventListener("waiting", () => this.wait());
    for (const name of ["playing", "seeked", "canplay", "error", "emptied"]) this.video.addEventListener(name, () => this.waited());
    this.video.addEventListener("timeupdate", () => this.stop()); // in a hidden tab no frame is drawn
    this.period = time.periods[0]!;
    this.open(this.period, stretchAt(this.period, 0));
  }

  get hasVideo(): boolean {
    return this.time.periods.some((period) => period.video !== null);
  }

  get playing(): boolean {
    return this.clockRuns || this.resume || !this.video.paused;
  }

  /** A position of a period, in whole milliseconds, moved by whole frames of the file that shows it. */
  movedBy(frames: number, period: number, position_ms: number): number {
    const document = this.time.get(period);
    const stretch = document === undefined ? null : stretchAt(document, position_ms / 1000);
    if (stretch === null) return moveByFrames(position_ms, frames, BLIND_RATE);
    return moveByFrames(position_ms, frames, stretch.frame_rate, (stretch.start_s - stretch.position_s) * 1000);
  }

  get playbackSpeed(): number {
    return this.speed;
  }

  /** Frame that is shown now, counted from the first one of its file; null without a video. */
  get frame(): number | null {
    if (this.stretch === null) return null;
    return frameOf(secondOf(this.stretch, this.t - this.period.offset_s) * 1000 + READING_MS, this.stretch.frame_rate);
  }

  seek(t: number): void {
    const inside = Math.min(Math.max(t, 0), this.time.duration_s - 0.001);
    this.t = inside;
    const period = this.time.periodAt(inside);
    const stretch = stretchAt(period, inside - period.offset_s);
    if (period !== this.period || stretch !== this.stretch) this.open(period, stretch);
    if (stretch !== null) this.place(stretch, inside - period.offset_s);
    this.ontime(this.t);
  }

  step(frames: number): void {
    this.pause();
    const shift_s = this.stretch === null ? 0 : this.stretch.start_s - this.stretch.position_s;
    const [numerator, denominator] = this.stretch?.frame_rate ?? BLIND_RATE;
    const frame = (this.frame ?? frameOf((this.t - this.period.offset_s) * 1000 + READING_MS, BLIND_RATE)) + frames;
    // The middle of a frame cannot be rounded into its neighbour.
    const inside = ((frame + 0.5) * denominator) / numerator - shift_s;
    this.seek(this.period.offset_s + Math.max(0, inside));
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  play(): void {
    if (this.stretch !== null) {
      if (this.atEnd()) this.seek(this.period.offset_s + this.stretch.position_s);
      void this.video.play().catch((error: Error) => {
        if (error.name !== "AbortError") notify(`The video cannot be played: ${error.message}`, true);
      });
      return;
    }
    this.clockRuns = true;
    let last = performance.now();
    const tick = (now: number): void => {
      if (!this.clockRuns) return;
      const t = this.t + ((now - last) / 1000) * this.speed;
      last = now;
      if (t >= this.time.duration_s) this.pause();
      else {
        this.seek(t);
        if (this.stretch !== null) {
          this.clockRuns = false;
          this.play();
        } else requestAnimationFrame(tick);
      }
    };
    requestAnimationFrame(tick);
    this.onstate();
  }

  pause(): void {
    this.clockRuns = false;
    this.resume = false;
    this.video.pause();
    this.onstate();
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    this.video.defaultPlaybackRate = speed;
    this.video.playbackRate = speed;
    this.onstate();
  }

  changeSpeed(direction: number): void {
    const index = SPEEDS.indexOf(this.speed);
    this.setSpeed(SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, index + direction))]!);
  }

  private open(period: PeriodDocument, stretch: StretchDocument | null): void {
    this.resume = this.resume || (!this.video.paused && !this.video.ended);
    this.period = period;
    this.stretch = stretch;
    this.wanted = null;
    this.message.hidden = stretch !== null;
    this.video.hidden = stretch === null;
    if (stretch === null) {
      this.resume = false;
      this.video.pause();
      this.video.removeAttribute("src");
      this.video.load();
      this.message.textContent = this.describeMissing();
      return;
    }
    this.video.src = stretch.url;
    this.video.playbackRate = this.speed;
  }

  /** Why nothing is shown. */
  private describeMissing(): string {
    const first = this.period.video?.stretches[0];
    if (first !== undefined) return `The video of the ${this.period.name} begins at ${formatClock(first.position_s)}.`;
    return this.hasVideo ? `There is no video of the ${this.period.name}.` : "There is no video of this match.";
  }

  private place(stretch: StretchDocument, inside: number): void {
    const second = secondOf(stretch, inside);
    const place = stretch.end_s === null ? second : Math.max(stretch.start_s, Math.min(second, stretch.end_s - BEFORE_END_S));
    if (this.video.readyState === 0) this.wanted = place;
    else if (Math.abs(this.video.currentTime - place) > 1e-4) this.video.currentTime = place;
  }

  private loaded(): void {
    if (this.wanted !== null) this.video.currentTime = this.wanted;
    this.wanted = null;
    if (this.resume) void this.video.play().catch(() => undefined);
    this.resume = false;
  }

  private failed(): void {
    if (this.stretch === null || !this.video.hasAttribute("src")) return;
    this.video.hidden = true;
    this.message.hidden = false;
    this.message.textContent =
      `Your browser cannot play ${this.stretch.file} (${this.stretch.codec}). ` +
      "The timeline works all the same; 'ffmpeg -i IN -c:v libx264 OUT.mp4' makes a file that every browser plays.";
  }

  /** Say that the picture is on its way, unless it comes at once. */
  private wait(): void {
    clearTimeout(this.waitTimer);
    this.waitTimer = window.setTimeout(() => this.video.parentElement!.classList.add("waiting"), WAIT_MS);
  }

  private waited(): void {
    clearTimeout(this.waitTimer);
    this.video.parentElement!.classList.remove("waiting");
  }

  private read(): void {
    if (this.stretch === null || this.wanted !== null) return; // until it is there, the clock says where it will be
    const inside = insideOf(this.stretch, this.video.currentTime);
    this.t = this.period.offset_s + Math.min(inside, this.period.duration_s - BEFORE_END_S);
    this.ontime(this.t);
  }

  private watch(): void {
    const tick = (): void => {
      if (this.video.paused) return;
      this.read();
      this.stop();
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  /** Whether the video stands at the end of what is to be seen of its file. */
  private atEnd(): boolean {
    const end_s = this.stretch?.end_s ?? null;
    if (this.wanted !== null || this.video.seeking) return false;
    return this.video.ended || (end_s !== null && this.video.currentTime >= end_s);
  }

  /** Leave a file at the end of its stretch, where the file itself goes on. */
  private stop(): void {
    if (!this.video.paused && this.atEnd()) this.next();
  }

  /** Go on with the next file of the period, or with the period after this one. */
  private next(): void {
    const stretches = this.period.video?.stretches ?? [];
    const joint = this.stretch === null ? undefined : stretches[stretches.indexOf(this.stretch) + 1];
    const following = this.time.periods[this.time.periods.indexOf(this.period) + 1];
    if (joint === undefined && following === undefined) {
      this.video.pause();
      return;
    }
    this.resume = true;
    this.seek(joint !== undefined ? this.period.offset_s + joint.position_s : following!.offset_s);
    this.play();
  }
}
