/** The sound of the match as a strip below the curves: how loud it is over time, as the server measures it once for each file. */

import { getBytes, getJson, sendJson } from "./api";
import { packed } from "./curve_painter";
import { byId } from "./dom";
import { PixelCanvas } from "./pixel_canvas";
import type { MatchTime } from "./time";
import type { PeriodDocument, ProxyDocument, StretchDocument } from "./types";

/** Values a second, as the server sends them. */
const RATE = 50;
/** So many values are put together for windows in which single ones are narrower than a pixel. */
const COARSE = 50;
const WATCH_MS = 700;
const MEMORY = "spotkick.wave";

/** Pixels of the page. */
export const WAVE_PX = 34;

/** Values of a stretch, from the start of its file on. */
interface Piece {
  /** Second of the timeline at which the first value lies. */
  begin: number;
  from: number;
  to: number;
  fine: Uint8Array;
  coarse: Uint8Array;
}

export class SoundWave extends PixelCanvas {
  onchange: () => void = () => undefined;

  private readonly pieces: Piece[] = [];
  private readonly note = byId("wave-note");
  private readonly button = byId<HTMLButtonElement>("wave-button");
  private started = false;

  constructor(private readonly time: MatchTime) {
    super();
    this.button.hidden = this.stretches.length === 0;
    this.button.addEventListener("click", () => {
      localStorage.setItem(MEMORY, this.shown ? "off" : "on");
      this.follow();
      void this.load();
    });
    this.follow();
  }

  /** Whether there is a strip at all. */
  get shown(): boolean {
    return this.stretches.length > 0 && localStorage.getItem(MEMORY) !== "off";
  }

  private get stretches(): [PeriodDocument, StretchDocument][] {
    return this.time.periods.flatMap((period) => (period.video?.stretches ?? []).map((stretch): [PeriodDocument, StretchDocument] => [period, stretch]));
  }

  /** Have the sound measured where it was not yet, and show it file by file. */
  async load(): Promise<void> {
    if (this.started || !this.shown) return;
    this.started = true;
    const sounding = this.stretches.filter(([, stretch]) => stretch.sound);
    const problems: string[] = [];
    for (const [period, stretch] of sounding) {
      const problem = await this.loadPiece(period, stretch).catch((error: Error) => error.message);
      if (problem !== "") problems.push(problem);
    }
    this.say(problems[0] ?? this.describeSilence());
  }

  private async loadPiece(period: PeriodDocument, stretch: StretchDocument): Promise<string> {
    const address = stretch.url.replace(/(\?|$)/, "/sound$1");
    let made = await sendJson<ProxyDocument>(address, {});
    while (made.state === "waiting" || made.state === "running") {
      this.say(`Measuring the sound: ${Math.round(100 * made.progress)} %`);
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
      made = await getJson<ProxyDocument>(address);
    }
    if (made.state !== "done") return `The sound cannot be shown: ${made.message}`;
    const fine = await getBytes(stretch.url.replace(/(\?|$)/, "/sound/values$1"));
    if (fine.length === 0) return `The sound of ${stretch.file} cannot be decoded.`;
    const from = period.offset_s + stretch.position_s;
    this.pieces.push({ begin: from - stretch.start_s, from, to: from + stretch.duration_s, fine, coarse: coarsened(fine) });
    this.onchange();
    return "";
  }

  /** Files without any sound, in words; empty where all have some. */
  private describeSilence(): string {
    const silent = this.stretches.filter(([, stretch]) => !stretch.sound);
    if (silent.length === 0) return "";
    if (silent.length === this.stretches.length) return "This video has no sound.";
    return `There is no sound in ${[...new Set(silent.map(([, stretch]) => stretch.file))].join(", ")}.`;
  }

  private say(text: string): void {
    this.note.textContent = text;
    this.note.dataset.state = text.startsWith("Measuring") ? "busy" : "done";
    this.follow();
  }

  private follow(): void {
    this.note.hidden = !this.shown || this.note.textContent === "";
    this.button.setAttribute("aria-pressed", String(this.shown));
    this.onchange();
  }

  /** Paint a window of the timeline, one column of pixels at a time, and give the picture. */
  paint(from: number, to: number, width: number, height: number, colour: string): HTMLCanvasElement {
    this.resize(width, height);
    const line = packed(colour, 0.85);
    const perPixel = (to - from) / width;
    const middle = (height - 1) / 2;
    for (let x = 0; x < width; x++) {
      const t = from + x * perPixel;
      const value = this.loudest(t, t + perPixel);
      if (value < 0) continue;
      const reach = (value / 255) * middle;
      for (let y = Math.round(middle - reach); y <= Math.round(middle + reach); y++) this.pixels[y * width + x] = line;
    }
    return this.show();
  }

  /** The greatest value of a stretch of the timeline; -1 where there is none. */
  private loudest(from: number, to: number): number {
    const piece = this.pieces.find((candidate) => from >= candidate.from && from < candidate.to);
    if (piece === undefined) return -1;
    const steps = (to - from) * RATE > 4 * COARSE ? COARSE : 1;
    const values = steps === 1 ? piece.fine : piece.coarse;
    const first = Math.floor(((from - piece.begin) * RATE) / steps);
    const last = Math.max(first + 1, Math.floor(((Math.min(to, piece.to) - piece.begin) * RATE) / steps));
    let best = -1;
    for (let i = first; i < last && i < values.length; i++) if (values[i]! > best) best = values[i]!;
    return best;
  }
}

function coarsened(fine: Uint8Array): Uint8Array {
  const coarse = new Uint8Array(Math.ceil(fine.length / COARSE));
  fine.forEach((value, i) => {
    const at = Math.floor(i / COARSE);
    if (value > coarse[at]!) coarse[at] = value;
  });
  return coarse;
}
