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

/** Half of a clip that is added by hand. */
const ADDED_S = 5;
const SHORTEST_CLIP_S = 0.5;

/** Clips keep their name while they are trimmed. */
type EditedClip = ClipDocument & { key: string; added?: boolean };

const keyOf = (clip: ClipDocument): string => `${clip.period}/${clip.start_s.toFixed(2)}`;
const lengthOf = (clips: ClipDocument[]): number => clips.reduce((sum, clip) => sum + clip.end_s - clip.start_s, 0);

export class ReelPanel {
  onclips: (clips: ClipDocument[]) => void = () => undefined;

  private clips: EditedClip[] = [];
  /** What a person has made of proposed clips, by key; null where nothing was changed. */
  private readonly edited = new Map<string, Partial<ClipDocument>>();
  private readonly added: EditedClip[] = [];
  private order: string[] = [];
  private open: string | null = null;
  private readonly manual = byId<HTMLInputElement>("reel-manual");
  private readonly rows = new Map<string, HTMLElement>();
  /** What a person chose against the proposal. */
  private readonly overrides = new Map<string, boolean>();
  private timer = 0;
  private asked = 0;
  private proposed: EditedClip[] = [];
  private previewing: ClipDocument[] = [];
  private readonly budget = byId<HTMLInputElement>("reel-budget");
  private readonly status = byId("reel-status");
  private readonly progress = byId<HTMLProgressElement>("reel-progress");
  private readonly previewButton = byId<HTMLButtonElement>("reel-preview");
  private readonly render = byId<HTMLButtonElement>("reel-render");
  private readonly lists = byId<HTMLButtonElement>("reel-lists");
  private readonly cancel = byId<HTMLButtonElement>("reel-cancel");
  private job: JobDocument | null = null;
  /** Clips of the latest job, as they were sent. */
  private rendered: string | null = null;

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
    this.previewButton.addEventListener("click", () => (this.previewing.length > 0 ? this.endPreview() : void this.preview()));
    this.manual.addEventListener("change", () => {
      this.order = this.clips.map(({ key }) => key);
      this.arrange();
    });
    byId("clip-add").addEventListener("click", () => this.add());
    this.showBudget();
  }

  get chosen(): EditedClip[] {
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

  private isChosen(clip: EditedClip): boolean {
    return this.overrides.get(clip.key) ?? clip.chosen ?? true;
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
      this.proposed = clips.map((clip) => ({ ...clip, key: keyOf(clip) }));
      this.arrange();
    } catch (error) {
      if (turn === this.asked) this.showEmpty((error as Error).message);
    }
  }

  /** Proposed clips with a person's changes, and added ones, in order of time or in an own order. */
  private arrange(): void {
    const known = new Set(this.proposed.map(({ key }) => key));
    // What a person has changed stays, also where it is not proposed any more.
    const kept = this.clips.filter(({ key, added }) => !known.has(key) && !added && this.edited.has(key));
    this.clips = [...this.proposed, ...kept].map((clip) => ({ ...clip, ...this.edited.get(clip.key) }));
    this.clips.push(...this.added.map((clip) => ({ ...clip, ...this.edited.get(clip.key) })));
    this.clips.sort((a, b) => a.period - b.period || a.start_s - b.start_s);
    if (this.manual.checked) {
      const place = (clip: EditedClip): number => (this.order.includes(clip.key) ? this.order.indexOf(clip.key) : this.order.length);
      this.clips.sort((a, b) => place(a) - place(b));
      this.order = this.clips.map(({ key }) => key);
    }
    this.draw();
  }

  private draw(): void {
    this.rows.clear();
    for (const clip of this.clips) this.rows.set(clip.key, this.row(clip));
    byId("clip-list").replaceChildren(...this.rows.values());
    this.showTotal();
    this.showEmpty(this.clips.length === 0 ? "Nothing to show yet: lower the thresholds of the classes, accept some spots, or add a clip." : "");
  }

  /** A clip around the frame that is shown. */
  private add(): void {
    const { period, position_ms } = this.time.positionAt(this.player.t);
    const length = this.time.get(period)?.video?.duration_s ?? 0;
    const others = this.chosen.filter((clip) => clip.period === period);
    const at = position_ms / 1000;
    const before = Math.max(0, ...others.filter(({ end_s }) => end_s <= at).map(({ end_s }) => end_s));
    const after = Math.min(length, ...others.filter(({ start_s }) => start_s >= at).map(({ start_s }) => start_s));
    if (others.some(({ start_s, end_s }) => start_s < at && at < end_s)) return notify("This moment is in the reel already.");
    const clip = { period, start_s: Math.max(before, at - ADDED_S), end_s: Math.min(after, at + ADDED_S), label: "Clip", reason: "added", rank: 0, chosen: true, exact: true, moments: [] };
    if (clip.end_s - clip.start_s < SHORTEST_CLIP_S) return notify("There is no room for a clip here.");
    const key = `added-${this.added.length}-${keyOf(clip)}`;
    this.added.push({ ...clip, key, added: true });
    this.open = key;
    this.order.push(key);
    this.arrange();
    this.rows.get(key)?.scrollIntoView({ block: "nearest" });
  }

  private change(clip: EditedClip, change: Partial<ClipDocument>): void {
    const made = { ...clip, ...change };
    const length = this.time.get(clip.period)?.video?.duration_s ?? made.end_s;
    if (!(made.start_s >= 0 && made.end_s <= length + 0.001 && made.end_s - made.start_s >= SHORTEST_CLIP_S)) {
      notify(`A clip lasts at least ${SHORTEST_CLIP_S} s and lies inside the video, which ends at ${length.toFixed(1)} s.`, true);
      return this.draw();
    }
    this.edited.set(clip.key, { ...this.edited.get(clip.key), ...change });
    this.arrange();
  }

  /** Move a clip in the own order. */
  private shift(clip: EditedClip, step: -1 | 1): void {
    this.manual.checked = true;
    this.order = this.clips.map(({ key }) => key);
    const from = this.order.indexOf(clip.key);
    const to = from + step;
    if (to < 0 || to >= this.order.length) return;
    [this.order[from], this.order[to]] = [this.order[to]!, this.order[from]!];
    this.arrange();
  }

  private editor(clip: EditedClip): HTMLElement {
    const name = h("input", { type: "text", maxlength: 200, value: clip.name ?? "", placeholder: clip.label, "aria-label": "Name of the clip" });
    name.addEventListener("change", () => this.change(clip, { name: name.value.trim() }));
    const edge = (text: string, value: number, apply: (s: number) => Partial<ClipDocument>): HTMLElement => {
      const field = h("input", { type: "number", step: 0.1, min: 0, value: value.toFixed(1), "aria-label": `${text} of the clip in seconds of the period` });
      field.addEventListener("change", () => this.change(clip, { ...apply(field.valueAsNumber), exact: true }));
      const here = h("button", { type: "button", title: `${text} at the frame that is shown` }, "here");
      here.addEventListener("click", () => {
        const { period, position_ms } = this.time.positionAt(this.player.t);
        if (period === clip.period) this.change(clip, { ...apply(position_ms / 1000), exact: true });
        else notify("The video shows another period.");
      });
      return h("span", {}, h("label", {}, text, field), " ", here);
    };
    const button = (text: string, title: string, run: () => void): HTMLElement => {
      const made = h("button", { type: "button", title, "aria-label": title }, text);
      made.addEventListener("click", run);
      return made;
    };
    return h(
      "div",
      { class: "clip-editor" },
      name,
      edge("from", clip.start_s, (start_s) => ({ start_s })),
      edge("to", clip.end_s, (end_s) => ({ end_s })),
      button("↑", "Earlier in the reel", () => this.shift(clip, -1)),
      button("↓", "Later in the reel", () => this.shift(clip, 1)),
      clip.added ? button("Remove", "Remove this clip", () => {
        this.added.splice(this.added.findIndex(({ key }) => key === clip.key), 1);
        this.arrange();
      }) : null,
    );
  }

  private showEmpty(text: string): void {
    byId("clip-empty").textContent = text;
    byId("clip-empty").hidden = text === "";
  }

  private row(clip: EditedClip): HTMLElement {
    const clock = `${clip.period} · ${formatClock(clip.start_s)}`;
    const check = h("input", { type: "checkbox", checked: this.isChosen(clip), "aria-label": `${clip.name || clip.label} at ${clock}` });
    const length = h("button", { type: "button", class: "link clip-length", "aria-expanded": String(this.open === clip.key), title: "Trim, name or move this clip" }, `${(clip.end_s - clip.start_s).toFixed(1)} s`);
    length.addEventListener("click", () => {
      this.open = this.open === clip.key ? null : clip.key;
      this.draw();
    });
    const play = h("button", { type: "button", class: "link clip-time", title: "Play this clip" }, clock);
    play.addEventListener("click", () => this.play([clip]));
    const moments = clip.moments ?? [];
    const shown = moments.length === 0 ? clip.reason : moments.map(({ label, score, spotted }) => `${spotted ? "" : "possible "}${label} ${score.toFixed(2)}`).join(" · ");
    const row = h(
      "li",
      { class: this.isChosen(clip) ? "" : "left-out" },
      check,
      play,
      h("span", { class: "clip-label", title: clip.reason }, h("span", {}, clip.name || clip.label), shown === "" ? null : h("small", {}, shown)),
      length,
      this.open === clip.key ? this.editor(clip) : null,
    );
    check.addEventListener("change", () => {
      this.overrides.set(clip.key, check.checked);
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
    this.forgetResults();
    this.onclips(chosen);
  }

  /** Files of an earlier choice are not those of this one. */
  private forgetResults(): void {
    const choice = JSON.stringify(this.request());
    if (this.job?.state === "done" && this.rendered !== null && this.rendered !== choice) {
      this.job = null;
      this.rendered = null;
      this.status.textContent = "The choice has changed since the reel was made.";
      byId("reel-files").replaceChildren();
    }
  }

  private enable(): void {
    const none = this.chosen.length === 0;
    this.previewButton.disabled = none;
    this.render.disabled = this.lists.disabled = none || this.job?.state === "running";
  }

  /** Play the reel as it is rendered: ends may lie at shot changes, and clips that touch are one. */
  private async preview(): Promise<void> {
    this.previewButton.disabled = true;
    this.previewButton.textContent = "Preparing…";
    try {
      const { clips } = await sendJson<{ clips: ClipDocument[] }>(`/api/matches/${this.key}/plan`, this.request());
      this.play(clips);
    } catch (error) {
      notify((error as Error).message, true);
      this.previewButton.textContent = "Preview";
    }
    this.enable();
  }

  private request(): { clips: ClipDocument[]; keep_order: boolean } {
    const clips = this.chosen.map(({ period, start_s, end_s, label, rank, moments, name, exact }) => ({
      period, start_s, end_s, label: label.slice(0, LONGEST_LABEL), rank: rank ?? 0, name: name ?? "", exact: exact ?? false,
      moments: (moments ?? []).filter(({ position_s }) => position_s >= start_s && position_s <= end_s),
    }));
    return { clips: clips as unknown as ClipDocument[], keep_order: this.manual.checked };
  }

  private play(clips: ClipDocument[]): void {
    const first = clips[0];
    if (first === undefined) return;
    this.previewing = [];
    this.player.seek(this.time.at(first.period, first.start_s * 1000));
    this.player.play();
    this.previewing = [...clips];
    this.previewButton.textContent = "Stop";
    for (const [key, row] of this.rows) row.classList.toggle("playing", key === this.rowOf(first));
    this.rows.get(this.rowOf(first) ?? "")?.scrollIntoView({ block: "nearest" });
  }

  /** The row of the clip that a planned one is, or begins with. */
  private rowOf(planned: ClipDocument): string | undefined {
    const middle = (planned.start_s + planned.end_s) / 2;
    const inside = this.clips.filter((clip) => clip.period === planned.period && clip.end_s > planned.start_s && clip.start_s < planned.end_s);
    return inside.sort((a, b) => Math.abs(a.start_s + a.end_s - 2 * middle) - Math.abs(b.start_s + b.end_s - 2 * middle))[0]?.key;
  }

  private endPreview(pause = true): void {
    this.previewing = [];
    this.previewButton.textContent = "Preview";
    for (const row of this.rows.values()) row.classList.remove("playing");
    if (pause) this.player.pause();
  }

  private async start(video: boolean): Promise<void> {
    try {
      this.job = await sendJson<JobDocument>(`/api/matches/${this.key}/reel`, { ...this.request(), video });
      this.rendered = JSON.stringify(this.request());
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

/** What a file is, by the end of its name. */
const FILE_NAMES: readonly (readonly [string, string])[] = [
  [".markers.edl", "Markers for Resolve"],
  [".markers.csv", "Markers for Premiere"],
  [".mp4", "Reel (MP4)"],
  [".jpg", "Poster (JPEG)"],
  [".vtt", "Captions (VTT)"],
  [".xml", "Final Cut Pro 7"],
];

function nameOf(file: string): string {
  const lower = file.toLowerCase();
  const known = FILE_NAMES.find(([end]) => lower.endsWith(end));
  return known?.[1] ?? lower.split(".").pop()!.toUpperCase();
}

function formatSize(bytes: number): string {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
