/** The picture and the clock. Without a video the clock runs alone, so that the timeline can be read all the same. */

import { byId, notify } from "./dom";
import type { MatchTime, Rate } from "./time";
import { frameOf } from "./time";
import type { PeriodDocument } from "./types";

const SPEEDS = [0.25, 0.5, 1, 1.5, 2, 4];
const WAIT_MS = 400;
const BLIND_RATE: Rate = [25, 1];

export class Player {
  /** Seconds on the timeline. */
  t = 0;
  ontime: (t: number) => void = () => undefined;
  onstate: () => void = () => undefined;

  private readonly video = byId<HTMLVideoElement>("video");
  private readonly message = byId("video-message");
  private period: PeriodDocument | null = null;
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
    this.open(time.periods[0]!);
  }

  get hasVideo(): boolean {
    return this.time.periods.some((period) => period.video !== null);
  }

  get playing(): boolean {
    return this.clockRuns || this.resume || !this.video.paused;
  }

  get rate(): Rate {
    return this.rateAt(this.t);
  }

  /** Frames per second by which spots are moved at a second of the timeline: those of the video. */
  rateAt(t: number): Rate {
    return this.time.periodAt(t).video?.frame_rate ?? BLIND_RATE;
  }

  get playbackSpeed(): number {
    return this.speed;
  }

  /** Frame of the video that is shown now. */
  get frame(): number {
    return frameOf(Math.round(this.insideOf(this.t) * 1000), this.rate);
  }

  seek(t: number): void {
    const inside = Math.min(Math.max(t, 0), this.time.duration_s - 0.001);
    this.t = inside;
    const period = this.time.periodAt(inside);
    if (period !== this.period) this.open(period);
    if (period.video !== null) this.place(inside - period.offset_s);
    this.ontime(this.t);
  }

  step(frames: number): void {
    this.pause();
    const [numerator, denominator] = this.rate;
    const frame = Math.max(0, this.frame + frames);
    // The middle of a frame cannot be rounded into its neighbour.
    this.seek(this.time.periodAt(this.t).offset_s + ((frame + 0.5) * denominator) / numerator);
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  play(): void {
    if (this.period?.video != null) {
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
        if (this.period?.video != null) {
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

  private insideOf(t: number): number {
    return t - this.time.periodAt(t).offset_s;
  }

  private open(period: PeriodDocument): void {
    this.resume = this.resume || (!this.video.paused && !this.video.ended);
    this.period = period;
    this.message.hidden = period.video !== null;
    this.video.hidden = period.video === null;
    if (period.video === null) {
      this.resume = false;
      this.video.pause();
      this.video.removeAttribute("src");
      this.video.load();
      this.message.textContent = this.hasVideo ? `There is no video of the ${period.name}.` : "There is no video of this match.";
      return;
    }
    this.video.src = period.video.url;
    this.video.playbackRate = this.speed;
  }

  private place(inside: number): void {
    if (this.video.readyState === 0) this.wanted = inside;
    else if (Math.abs(this.video.currentTime - inside) > 1e-4) this.video.currentTime = inside;
  }

  private loaded(): void {
    if (this.wanted !== null) this.video.currentTime = this.wanted;
    this.wanted = null;
    if (this.resume) void this.video.play().catch(() => undefined);
    this.resume = false;
  }

  private failed(): void {
    if (this.period?.video == null || !this.video.hasAttribute("src")) return;
    this.video.hidden = true;
    this.message.hidden = false;
    this.message.textContent =
      `Your browser cannot play ${this.period.video.file} (${this.period.video.codec}). ` +
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
    if (this.period?.video == null || this.wanted !== null) return; // until it is there, the clock says where it will be
    this.t = this.period.offset_s + Math.min(this.video.currentTime, this.period.duration_s - 0.001);
    this.ontime(this.t);
  }

  private watch(): void {
    const tick = (): void => {
      if (this.video.paused) return;
      this.read();
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  /** Go on with the period after this one. */
  private next(): void {
    const index = this.time.periods.indexOf(this.period!);
    const following = this.time.periods[index + 1];
    if (following === undefined) return;
    this.resume = true;
    this.seek(following.offset_s);
    this.play();
  }
}
