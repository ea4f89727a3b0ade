/** Highlights: a length, the clips that fit best, a preview, and the reel with its edit lists. */

import { ReplyError, getJson, sendJson } from "./api";
import { announce, byId, h, notify } from "./dom";
import type { Player } from "./player";
import type { MatchTime } from "./time";
import { formatClock, formatDuration } from "./time";
import type { ClipDocument, JobDocument } from "./types";

const PROPOSE_AFTER_MS = 250;
const WATCH_MS = 300;

const clipKey = (clip: ClipDocument): string => `${clip.period}/${clip.start_s.toFixed(2)}/${clip.label}`;

export class ReelPanel {
  onclips: (clips: ClipDocument[]) => void = () => undefined;
  threshold = 0.5;

  private clips: ClipDocument[] = [];
  /** What a person chose against the proposal. */
  private readonly overrides = new Map<string, boolean>();
  private timer = 0;
  private asked = 0;
  private previewing: ClipDocument[] = [];
  private readonly budget = byId<HTMLInputElement>("reel-budget");
  private readonly status = byId("reel-status");
  private readonly progress = byId<HTMLProgressElement>("reel-progress");
  private readonly render = byId<HTMLButtonElement>("reel-render");
  private readonly lists = byId<HTMLButtonElement>("reel-lists");
  private readonly cancel = byId<HTMLButtonElement>("reel-cancel");
  private job: JobDocument | null = null;

  constructor(
    private readonly key: string,
    private readonly time: MatchTime,
    private readonly player: Player,
  ) {
    this.budget.addEventListener("input", () => {
      this.showBudget();
      this.propose();
    });
    this.render.addEventListener("click", () => void this.start(true));
    this.lists.addEventListener("click", () => void this.start(false));
    this.cancel.addEventListener("click", () => void this.stop());
    byId("reel-preview").addEventListener("click", () => this.preview());
    this.showBudget();
  }

  get chosen(): ClipDocument[] {
    return this.clips.filter((clip) => this.isChosen(clip));
  }

  /** Ask for clips anew, a moment after the last change. */
  propose(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), PROPOSE_AFTER_MS);
  }

  /** Follow the clock: a preview jumps from the end of one clip to the start of the next. */
  follow(t: number): void {
    const current = this.previewing[0];
    if (current === undefined) return;
    if (!this.player.playing) {
      this.previewing = [];
      return;
    }
    if (t < this.time.at(current.period, current.end_s * 1000)) return;
    this.previewing.shift();
    const next = this.previewing[0];
    if (next === undefined) this.player.pause();
    else this.player.seek(this.time.at(next.period, next.start_s * 1000));
  }

  private isChosen(clip: ClipDocument): boolean {
    return this.overrides.get(clipKey(clip)) ?? clip.chosen ?? true;
  }

  private showBudget(): void {
    byId("reel-budget-value").textContent = formatDuration(Number(this.budget.value));
  }

  private async ask(): Promise<void> {
    const turn = ++this.asked;
    try {
      const request = { duration_s: Number(this.budget.value), undecided_from: this.threshold };
      const { clips } = await sendJson<{ clips: ClipDocument[] }>(`/api/matches/${this.key}/clips`, request);
      if (turn !== this.asked) return;
      this.clips = clips;
      this.draw();
    } catch (error) {
      this.status.textContent = (error as Error).message;
    }
  }

  private draw(): void {
    const box = byId("clip-list");
    box.replaceChildren(...this.clips.map((clip) => this.row(clip)));
    this.showTotal();
  }

  private row(clip: ClipDocument): HTMLElement {
    const check = h("input", { type: "checkbox", checked: this.isChosen(clip), "aria-label": `Use ${clip.label} at ${this.clock(clip)}` });
    const play = h("button", { class: "link clip-time", type: "button", title: "Play this clip" }, this.clock(clip));
    play.addEventListener("click", () => this.play([clip]));
    const row = h(
      "li",
      { class: this.isChosen(clip) ? "" : "left-out" },
      check,
      play,
      h("span", { class: "clip-label" }, clip.label, clip.reason === "" ? null : h("small", {}, clip.reason)),
      h("span", { class: "clip-length" }, `${(clip.end_s - clip.start_s).toFixed(1)} s`),
    );
    check.addEventListener("change", () => {
      this.overrides.set(clipKey(clip), check.checked);
      row.classList.toggle("left-out", !check.checked);
      this.showTotal();
    });
    return row;
  }

  private showTotal(): void {
    const { chosen } = this;
    const total = chosen.reduce((sum, clip) => sum + clip.end_s - clip.start_s, 0);
    const none = "No clips: there are no spots above the thresholds.";
    byId("reel-total").textContent =
      this.clips.length === 0 ? none : `${chosen.length} of ${this.clips.length} clips, ${formatDuration(total)}`;
    this.render.disabled = this.lists.disabled = chosen.length === 0 || this.job?.state === "running";
    this.onclips(chosen);
  }

  private clock(clip: ClipDocument): string {
    return `${clip.period} · ${formatClock(clip.start_s)}`;
  }

  private preview(): void {
    this.play(this.chosen);
  }

  private play(clips: ClipDocument[]): void {
    const first = clips[0];
    if (first === undefined) return;
    this.player.seek(this.time.at(first.period, first.start_s * 1000));
    this.player.play();
    // The clock is read once before the player runs; only then does the preview begin to watch it.
    setTimeout(() => (this.previewing = [...clips]), 150);
  }

  private async start(video: boolean): Promise<void> {
    try {
      const clips = this.chosen.map(({ period, start_s, end_s, label, reason }) => ({ period, start_s, end_s, label, reason }));
      this.job = await sendJson<JobDocument>(`/api/matches/${this.key}/reel`, { clips, video });
      announce("Rendering has started");
      await this.watch();
    } catch (error) {
      notify((error as Error).message, true);
    }
  }

  private async watch(): Promise<void> {
    while (this.job !== null) {
      this.showJob(this.job);
      if (this.job.state !== "running") return;
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
      try {
        this.job = await getJson<JobDocument>(`/api/jobs/${this.job.key}`);
      } catch (error) {
        if (error instanceof ReplyError) this.job = null;
        this.status.textContent = (error as Error).message;
        return;
      }
    }
  }

  private async stop(): Promise<void> {
    if (this.job?.state === "running") await sendJson(`/api/jobs/${this.job.key}`, {}, "DELETE");
  }

  private showJob(job: JobDocument): void {
    const running = job.state === "running";
    this.progress.hidden = this.cancel.hidden = !running;
    this.progress.value = job.progress;
    this.render.disabled = this.lists.disabled = running || this.chosen.length === 0;
    const texts = {
      running: `Rendering: ${Math.round(100 * job.progress)} %`,
      done: "Ready to save:",
      failed: job.message,
      cancelled: "Rendering was cancelled.",
    };
    this.status.textContent = texts[job.state];
    this.status.classList.toggle("problem", job.state === "failed");
    const files = job.state === "done" ? job.files : [];
    byId("reel-files").replaceChildren(
      ...files.map((file, i) =>
        h("li", {}, h("a", { href: `/api/jobs/${job.key}/files/${i}`, download: file.name }, file.name), ` ${formatSize(file.size_bytes)}`),
      ),
    );
    if (job.state === "done") announce("The reel is ready to save");
  }
}

function formatSize(bytes: number): string {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
