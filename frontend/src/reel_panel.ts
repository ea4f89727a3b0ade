/** Highlights: a length, the clips that fit best, a preview, and the reel with its edit lists. */

import { ReplyError, getJson, sendJson } from "./api";
import { announce, byId, h, notify } from "./dom";
import type { Player } from "./player";
import type { MatchTime } from "./time";
import { formatClock, formatDuration } from "./time";
import type { ClipDocument, JobDocument } from "./types";

const PROPOSE_AFTER_MS = 200;
const WATCH_MS = 300;
const LONGEST_LABEL = 800;
const SHORTEST_REEL_S = 10;
const LONGEST_REEL_S = 900;
/** A preview ends when somebody seeks further than this out of its clip. */
const LEFT_S = 2;

const clipKey = (clip: ClipDocument): string => `${clip.period}/${clip.start_s.toFixed(2)}`;
const lengthOf = (clips: ClipDocument[]): number => clips.reduce((sum, clip) => sum + clip.end_s - clip.start_s, 0);

export class ReelPanel {
  onclips: (clips: ClipDocument[]) => void = () => undefined;

  private clips: ClipDocument[] = [];
  private readonly rows = new Map<string, HTMLElement>();
  /** What a person chose against the proposal. */
  private readonly overrides = new Map<string, boolean>();
  private timer = 0;
  private asked = 0;
  private previewing: ClipDocument[] = [];
  private readonly budget = byId<HTMLInputElement>("reel-budget");
  private readonly status = byId("reel-status");
  private readonly progress = byId<HTMLProgressElement>("reel-progress");
  private readonly previewButton = byId<HTMLButtonElement>("reel-preview");
  private readonly render = byId<HTMLButtonElement>("reel-render");
  private readonly lists = byId<HTMLButtonElement>("reel-lists");
  private readonly cancel = byId<HTMLButtonElement>("reel-cancel");
  private job: JobDocument | null = null;

  constructor(
    private readonly key: string,
    private readonly time: MatchTime,
    private readonly player: Player,
    private readonly thresholds: Map<string, number>,
  ) {
    const longest = Math.min(LONGEST_REEL_S, Math.max(3 * SHORTEST_REEL_S, Math.floor(this.time.duration_s)));
    this.budget.min = String(SHORTEST_REEL_S);
    this.budget.max = String(Math.ceil(longest / 5) * 5);
    this.budget.addEventListener("input", () => {
      this.showBudget();
      this.propose();
    });
    this.render.addEventListener("click", () => void this.start(true));
    this.lists.addEventListener("click", () => void this.start(false));
    this.cancel.addEventListener("click", () => void this.stop());
    this.previewButton.addEventListener("click", () => (this.previewing.length > 0 ? this.endPreview() : this.play(this.chosen)));
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

  /** Go on showing a reel that an earlier page has asked for. */
  async resume(job: JobDocument): Promise<void> {
    this.job = job;
    await this.watch();
  }

  /** Follow the clock: a preview jumps from the end of one clip to the start of the next. */
  follow(t: number): void {
    const current = this.previewing[0];
    if (current === undefined) return;
    const [from, to] = [current.start_s, current.end_s].map((s) => this.time.at(current.period, s * 1000)) as [number, number];
    if (!this.player.playing || t < from - LEFT_S || t > to + LEFT_S) this.endPreview(false);
    else if (t >= to) {
      const rest = this.previewing.slice(1);
      if (rest.length === 0) this.endPreview();
      else this.play(rest);
    }
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
      const request = { duration_s: Number(this.budget.value), thresholds: Object.fromEntries(this.thresholds) };
      const { clips } = await sendJson<{ clips: ClipDocument[] }>(`/api/matches/${this.key}/clips`, request);
      if (turn !== this.asked) return;
      this.clips = clips;
      this.draw();
    } catch (error) {
      if (turn === this.asked) this.showEmpty((error as Error).message);
    }
  }

  private draw(): void {
    this.rows.clear();
    for (const clip of this.clips) this.rows.set(clipKey(clip), this.row(clip));
    byId("clip-list").replaceChildren(...this.rows.values());
    this.showTotal();
    this.showEmpty(this.clips.length === 0 ? "Nothing to show yet: lower the thresholds of the classes, or accept some spots." : "");
  }

  private showEmpty(text: string): void {
    byId("clip-empty").textContent = text;
    byId("clip-empty").hidden = text === "";
  }

  private row(clip: ClipDocument): HTMLElement {
    const clock = `${clip.period} · ${formatClock(clip.start_s)}`;
    const check = h("input", { type: "checkbox", checked: this.isChosen(clip), "aria-label": `${clip.label} at ${clock}` });
    const play = h("button", { type: "button", class: "link clip-time", title: "Play this clip" }, clock);
    play.addEventListener("click", () => this.play([clip]));
    const moments = clip.moments ?? [];
    const shown = moments.length === 0 ? clip.reason : moments.map(({ label, score, spotted }) => `${spotted ? "" : "possible "}${label} ${score.toFixed(2)}`).join(" · ");
    const row = h(
      "li",
      { class: this.isChosen(clip) ? "" : "left-out" },
      check,
      play,
      h("span", { class: "clip-label", title: clip.reason }, h("span", {}, clip.label), shown === "" ? null : h("small", {}, shown)),
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
    const length = lengthOf(chosen);
    const total = byId("reel-total");
    total.textContent = this.clips.length === 0 ? "" : `${chosen.length} of ${this.clips.length} clips, ${formatDuration(length)}`;
    total.classList.toggle("problem", length > Number(this.budget.value) + 0.5);
    total.title = length > Number(this.budget.value) + 0.5 ? "longer than the length you have set" : "";
    this.enable();
    this.onclips(chosen);
  }

  private enable(): void {
    const none = this.chosen.length === 0;
    this.previewButton.disabled = none;
    this.render.disabled = this.lists.disabled = none || this.job?.state === "running";
  }

  private play(clips: ClipDocument[]): void {
    const first = clips[0];
    if (first === undefined) return;
    this.previewing = [];
    this.player.seek(this.time.at(first.period, first.start_s * 1000));
    this.player.play();
    this.previewing = [...clips];
    this.previewButton.textContent = "Stop";
    for (const [key, row] of this.rows) row.classList.toggle("playing", key === clipKey(first));
    this.rows.get(clipKey(first))?.scrollIntoView({ block: "nearest" });
  }

  private endPreview(pause = true): void {
    this.previewing = [];
    this.previewButton.textContent = "Preview";
    for (const row of this.rows.values()) row.classList.remove("playing");
    if (pause) this.player.pause();
  }

  private async start(video: boolean): Promise<void> {
    try {
      const clips = this.chosen.map(({ period, start_s, end_s, label, rank, moments }) => ({
        period, start_s, end_s, label: label.slice(0, LONGEST_LABEL), rank: rank ?? 0, moments: moments ?? [],
      }));
      this.job = await sendJson<JobDocument>(`/api/matches/${this.key}/reel`, { clips, video });
      announce(video ? "Rendering has started" : "Edit lists are being written");
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
        this.enable();
        return;
      }
    }
  }

  private async stop(): Promise<void> {
    if (this.job?.state === "running") await sendJson(`/api/jobs/${this.job.key}`, {}, "DELETE").catch((error: Error) => notify(error.message, true));
  }

  private showJob(job: JobDocument): void {
    const running = job.state === "running";
    this.progress.hidden = this.cancel.hidden = !running;
    this.progress.value = job.progress;
    byId("reel-progress-row").hidden = !running;
    this.enable();
    const texts = {
      running: job.kind === "reel" ? `Rendering: ${Math.round(100 * job.progress)} %` : "Writing edit lists…",
      done: `Ready to save${job.message === "" ? "" : ` (${job.message})`}:`,
      failed: job.message,
      cancelled: "Rendering was cancelled.",
    };
    this.status.textContent = texts[job.state];
    this.status.classList.toggle("problem", job.state === "failed");
    const files = job.state === "done" ? job.files : [];
    byId("reel-files").replaceChildren(
      ...files.map((file, i) =>
        h("li", {}, h("a", { href: `/api/jobs/${job.key}/files/${i}`, download: file.name, title: `${file.name}, ${formatSize(file.size_bytes)}` }, nameOf(file.name))),
      ),
    );
    if (job.state === "done") announce("The files are ready to save");
  }
}

/** What a file is, by its suffix. */
function nameOf(file: string): string {
  const suffix = file.split(".").pop()!.toLowerCase();
  const names: Record<string, string> = { mp4: "Reel (MP4)", jpg: "Poster (JPEG)", vtt: "Captions (VTT)" };
  return names[suffix] ?? suffix.toUpperCase();
}

function formatSize(bytes: number): string {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
