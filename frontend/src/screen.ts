/**
 * What is on the screen: the browser's video, or still images that the server decodes where the browser cannot play the file.
 *
 * Everything here is in seconds of a file after its first frame. The clock of the browser starts elsewhere when the file does: by the
 * timestamp of its first frame in Chromium and Safari, at zero in Firefox. It is read from the first frame that is shown.
 */

import { getJson, sendJson } from "./api";
import { byId, notify } from "./dom";
import { FrameTable } from "./frame_table";
import type { FramesDocument } from "./frame_table";
import type { ProxyDocument, StretchDocument } from "./types";

/** Clocks that agree this well are the same. */
const SAME_CLOCK_S = 0.0015;
/** How long the first frame may take to come before its timestamp is taken from the server. */
const FIRST_FRAME_MS = 700;
/** Browsers take the length of a file that starts late for its end, and correct that once they have read further. */
const READ_ON_MS = 3000;
const WAIT_MS = 400;
const WATCH_MS = 500;

/** Whether the browser says which frame is on; older ones say only what time it is. */
const REPORTS_FRAMES = "requestVideoFrameCallback" in HTMLVideoElement.prototype;

type Mode = "none" | "video" | "stills";

const withParameter = (url: string, name: string, value: string): string => `${url}${url.includes("?") ? "&" : "?"}${name}=${value}`;
/** Address of something that belongs to a stretch: its frames, its copy. */
const below = (url: string, name: string): string => url.replace(/(\?|$)/, `/${name}$1`);

export class Screen {
  mode: Mode = "none";
  /** A frame has come on, at a second of the file. */
  onframe: (second: number, frame: number) => void = () => undefined;
  onready: () => void = () => undefined;
  onended: () => void = () => undefined;
  onstate: () => void = () => undefined;
  /** The browser cannot play the file. */
  onstills: () => void = () => undefined;

  readonly video = byId<HTMLVideoElement>("video");
  private readonly image = byId<HTMLImageElement>("still");
  private readonly bar = byId("proxy-bar");
  private readonly barText = byId("proxy-text");
  private readonly makeButton = byId<HTMLButtonElement>("proxy-make");
  private stretch: StretchDocument | null = null;
  private readonly tables = new Map<string, FrameTable>();
  private readonly copied = new Set<string>();
  /** Second of the browser's clock at which the first frame is shown; null until it is known. */
  private origin: number | null = null;
  private wanted: number | null = null;
  /** A second that lies behind what the browser takes for the end of the file, until it has read on. */
  private beyond: number | null = null;
  private waitTimer = 0;
  private beyondTimer = 0;
  private originTimer = 0;
  private placed = 0;
  private stillBusy = false;
  private stillWanted: string | null = null;
  private turn = 0;

  constructor() {
    const { video } = this;
    const frames = REPORTS_FRAMES;
    if (frames) this.followFrames();
    video.addEventListener("loadedmetadata", () => this.loaded());
    video.addEventListener("error", () => this.failed());
    video.addEventListener("ended", () => this.onended());
    for (const name of ["play", "pause"]) video.addEventListener(name, () => this.onstate());
    video.addEventListener("seeked", () => frames || this.report(video.currentTime));
    video.addEventListener("durationchange", () => {
      if (this.beyond !== null) this.place(this.beyond, "");
    });
    video.addEventListener("waiting", () => this.wait());
    for (const name of ["playing", "seeked", "canplay", "error", "emptied"]) video.addEventListener(name, () => this.waited());
    video.addEventListener("timeupdate", () => {
      // In a hidden tab no frame is drawn.
      if (!video.paused && (!frames || document.hidden)) this.report(video.currentTime);
    });
    video.addEventListener("timeupdate", () => this.requireImage());
    this.makeButton.addEventListener("click", () => void this.makeCopy());
  }

  get paused(): boolean {
    return this.video.paused;
  }

  get seeking(): boolean {
    return this.video.seeking || this.wanted !== null || this.beyond !== null;
  }

  /** Frames of the file that is shown. */
  get table(): FrameTable {
    return this.tableOf(this.stretch);
  }

  tableOf(stretch: StretchDocument | null): FrameTable {
    return (stretch === null ? undefined : this.tables.get(stretch.url)) ?? new FrameTable(stretch?.frame_rate ?? [25, 1]);
  }

  /** Read when the frames of a file are shown; until then they are taken as steady. */
  async readFrames(stretch: StretchDocument): Promise<void> {
    if (this.tables.has(stretch.url)) return;
    const document = await getJson<FramesDocument>(below(stretch.url, "frames"));
    if (document.count > 0) this.tables.set(stretch.url, FrameTable.from(document));
  }

  open(stretch: StretchDocument | null): void {
    clearTimeout(this.originTimer);
    this.stretch = stretch;
    this.wanted = null;
    this.origin = null;
    this.beyond = null;
    this.turn += 1;
    this.bar.hidden = true;
    this.image.hidden = true;
    if (stretch === null) return this.close("none");
    if (!stretch.playable && !this.copied.has(stretch.url)) return this.showStills();
    const copy = this.copied.has(stretch.url);
    this.mode = "video";
    this.video.hidden = false;
    this.video.src = copy ? withParameter(stretch.url, "proxy", "true") : stretch.url;
    // Files that begin at zero do so in every browser.
    if (copy || Math.abs(stretch.origin_s) < SAME_CLOCK_S) this.origin = 0;
  }

  /** Show a second of the file. */
  place(second: number, still: string): void {
    this.placed = second;
    if (this.mode === "stills") this.showStill(still);
    if (this.mode !== "video") return;
    if (this.origin === null || this.video.readyState === 0) {
      this.wanted = second;
      return;
    }
    const time = second + this.origin;
    clearTimeout(this.beyondTimer);
    this.beyond = time > this.video.duration ? second : null;
    if (this.beyond !== null) this.beyondTimer = window.setTimeout(() => (this.beyond = null), READ_ON_MS);
    if (Math.abs(this.video.currentTime - time) > 1e-4) this.video.currentTime = time;
  }

  play(): void {
    void this.video.play().catch((error: Error) => {
      if (error.name !== "AbortError" && this.mode === "video") notify(`The video cannot be played: ${error.message}`, true);
    });
  }

  private close(mode: Mode): void {
    this.mode = mode;
    this.video.hidden = true;
    if (!this.video.hasAttribute("src")) return;
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }

  private followFrames(): void {
    this.video.requestVideoFrameCallback((_now, { mediaTime }) => {
      this.followFrames();
      if (this.mode !== "video") return;
      if (this.origin === null) this.setOrigin(mediaTime);
      else if (!this.seeking) this.report(mediaTime, true);
    });
  }

  /** The first frame of the file has come on: the clock of the browser begins there. */
  private setOrigin(time: number): void {
    if (this.stretch === null || this.origin !== null) return;
    clearTimeout(this.originTimer);
    this.origin = time;
    this.ready();
  }

  private loaded(): void {
    if (this.stretch === null || this.mode !== "video") return;
    if (this.video.videoWidth === 0) return this.failed(); // the sound alone can be played
    if (this.origin !== null) return this.ready();
    // Where no frame is reported, the clock is the file's.
    const { origin_s } = this.stretch;
    this.originTimer = window.setTimeout(() => this.setOrigin(origin_s), REPORTS_FRAMES ? FIRST_FRAME_MS : 0);
  }

  private ready(): void {
    const { wanted } = this;
    this.wanted = null;
    if (wanted !== null) this.place(wanted, "");
    this.onready();
  }

  /** Sound without an image is no video. */
  private requireImage(): void {
    if (this.mode === "video" && this.video.readyState >= 2 && this.video.videoWidth === 0) this.failed();
  }

  private failed(): void {
    if (this.mode === "video" && this.stretch !== null && this.video.hasAttribute("src")) this.showStills();
  }

  /** `time` is on the browser's clock; `exact` is the timestamp of a frame. */
  private report(time: number, exact = false): void {
    if (this.mode !== "video" || this.origin === null || this.seeking) return;
    const second = time - this.origin;
    const frame = exact ? this.table.withTimestamp(second) : this.table.at(second);
    this.onframe(exact ? this.table.start(frame) : second, frame);
  }

  /** Stop at the frame of the clock: the browser may have drawn another one or two in the meantime. */
  pause(frame: number | null): void {
    const running = !this.video.paused && !this.video.ended;
    this.video.pause();
    if (running && frame !== null && this.mode === "video" && !this.seeking) this.place(this.table.middle(frame), "");
  }

  /** Whether a frame is the one that was asked for. */
  isPlaced(frame: number): boolean {
    return this.table.at(this.placed) === frame;
  }

  private wait(): void {
    clearTimeout(this.waitTimer);
    this.waitTimer = window.setTimeout(() => this.video.parentElement!.classList.add("waiting"), WAIT_MS);
  }

  private waited(): void {
    clearTimeout(this.waitTimer);
    this.video.parentElement!.classList.remove("waiting");
  }

  private showStills(): void {
    this.close("stills");
    this.waited();
    this.image.hidden = false;
    this.bar.hidden = false;
    this.onstills();
    void this.followCopy(false);
  }

  /** One image at a time; of those asked for in the meantime only the last one counts. */
  private showStill(address: string): void {
    this.stillWanted = address;
    if (this.stillBusy) return;
    this.stillBusy = true;
    this.wait();
    const next = this.stillWanted;
    const done = (): void => {
      this.stillBusy = false;
      this.waited();
      if (this.mode === "stills" && this.stillWanted !== null && this.stillWanted !== next) this.showStill(this.stillWanted);
    };
    this.image.onload = done;
    this.image.onerror = done;
    if (this.image.getAttribute("src") === next) done();
    else this.image.src = next;
  }

  private async makeCopy(): Promise<void> {
    const { stretch } = this;
    if (stretch === null) return;
    try {
      await sendJson<ProxyDocument>(below(stretch.url, "proxy"), {});
      await this.followCopy(true);
    } catch (error) {
      notify((error as Error).message, true);
    }
  }

  /** Watch the making of a copy, and play it when it is there. */
  private async followCopy(asked: boolean): Promise<void> {
    const { stretch } = this;
    if (stretch === null) return;
    const turn = (this.turn += 1);
    const what = `This browser cannot play ${stretch.codec.toUpperCase()} in ${stretch.file}; still images are shown.`;
    for (;;) {
      const copy = await getJson<ProxyDocument>(below(stretch.url, "proxy")).catch(() => null);
      if (turn !== this.turn || this.stretch !== stretch) return;
      if (copy?.state === "done") {
        this.copied.add(stretch.url);
        this.open(stretch);
        this.onstills();
        if (asked) notify("The copy is ready and is played now.");
        return;
      }
      const busy = copy?.state === "running" || copy?.state === "waiting";
      this.makeButton.hidden = busy;
      this.barText.textContent = busy ? `Making a copy that can be played: ${Math.round(100 * copy.progress)} %` : copy?.state === "failed" ? `${what} A copy failed: ${copy.message}` : what;
      if (!busy) return;
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
      if (turn !== this.turn) return;
    }
  }
}
