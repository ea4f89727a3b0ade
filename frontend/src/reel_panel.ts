/** Highlights: a length, the clips that fit best, a preview, and the reel with its edit lists. */

import { sendJson } from "./api";
import { CaptionChoice } from "./captions";
import { SHORTEST_CLIP_S, clipEditor, describeMoments, fitsVideo, requestOf } from "./clip_editor";
import { byId, h, notify } from "./dom";
import type { Player } from "./player";
import { ReelJob } from "./reel_job";
import { ReelPreview } from "./reel_preview";
import { ReelStore } from "./reel_store";
import type { Abilities } from "./reel_store";
import type { MatchTime } from "./time";
import { formatDuration } from "./time";
import type { ClipDocument, JobDocument } from "./types";

const PROPOSE_AFTER_MS = 200;
const SHORTEST_REEL_S = 10;
const LONGEST_REEL_S = 900;

/** Half of a clip that is added by hand. */
const ADDED_S = 5;

/** Clips keep their name while they are trimmed. */
type EditedClip = ClipDocument & { key: string; added?: boolean };

const keyOf = (clip: ClipDocument): string => `${clip.period}/${clip.start_s.toFixed(2)}`;
const lengthOf = (clips: ClipDocument[]): number => clips.reduce((sum, clip) => sum + clip.end_s - clip.start_s, 0);

/** A preview needs it once for each clip; later ones come at once. */
const LOOKING = "Looking for shot changes near the ends of the clips…";

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
  private readonly budget = byId<HTMLInputElement>("reel-budget");
  private readonly previewButton = byId<HTMLButtonElement>("reel-preview");
  private readonly render = byId<HTMLButtonElement>("reel-render");
  private readonly lists = byId<HTMLButtonElement>("reel-lists");
  private readonly job: ReelJob;
  private readonly preview: ReelPreview;
  private readonly captions: CaptionChoice;
  private readonly store: ReelStore;

  constructor(
    private readonly key: string,
    private readonly name: string,
    private readonly time: MatchTime,
    private readonly player: Player,
    private readonly thresholds: Map<string, number>,
    abilities: Abilities,
  ) {
    this.job = new ReelJob(`/api/matches/${this.key}/reel`);
    this.job.onchange = () => this.enable();
    this.preview = new ReelPreview(this.time, this.player);
    this.preview.onclip = (clip) => this.showPreview(clip);
    this.captions = new CaptionChoice(abilities.captions);
    this.captions.onchange = () => this.job.forget(this.request());
    this.store = new ReelStore(abilities.session);
    this.store.onforeign = () => this.showCollected();
    byId("collect").hidden = abilities.matches < 2;
    byId("clip-collect").addEventListener("click", () => this.collect());
    this.showCollected();
    const longest = Math.min(LONGEST_REEL_S, Math.max(3 * SHORTEST_REEL_S, Math.floor(this.time.duration_s)));
    this.budget.min = String(SHORTEST_REEL_S);
    this.budget.max = String(Math.ceil(longest / 5) * 5);
    this.budget.addEventListener("input", () => {
      this.showBudget();
      this.propose();
    });
    this.render.addEventListener("click", () => void this.job.start(this.request(), true));
    this.lists.addEventListener("click", () => void this.job.start(this.request(), false));
    this.previewButton.addEventListener("click", () => (this.preview.running ? this.preview.end() : void this.startPreview()));
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
    await this.job.resume(job);
  }

  /** Follow the clock: a preview jumps from the end of one clip to the start of the next. */
  follow(t: number): void {
    this.preview.follow(t);
  }

  /** Put the chosen clips into the reel of several matches. */
  private collect(): void {
    const count = this.store.add(this.key, this.name, this.chosen.map(({ key: _, added: __, ...clip }) => clip));
    const total = this.store.clips.length;
    notify(`${count} clip${count === 1 ? "" : "s"} added: the reel of several matches has ${total}.`);
    this.showCollected();
  }

  private showCollected(): void {
    const { length } = this.store.clips;
    byId("reel-link").textContent = `Reel of several matches (${length})`;
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
    if (!fitsVideo(made, this.time.get(clip.period)?.video?.duration_s ?? made.end_s)) return this.draw();
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
    return clipEditor(clip, {
      here: () => {
        const { period, position_ms } = this.time.positionAt(this.player.t);
        return period === clip.period ? position_ms / 1000 : null;
      },
      change: (change) => this.change(clip, change),
      shift: (step) => this.shift(clip, step),
      remove: clip.added !== true ? null : () => {
        this.added.splice(this.added.findIndex(({ key }) => key === clip.key), 1);
        this.arrange();
      },
    });
  }

  private showEmpty(text: string): void {
    byId("clip-empty").textContent = text;
    byId("clip-empty").hidden = text === "";
  }

  private row(clip: EditedClip): HTMLElement {
    const clock = this.time.clock(this.time.at(clip.period, clip.start_s * 1000));
    const check = h("input", { type: "checkbox", checked: this.isChosen(clip), "aria-label": `${clip.name || clip.label} at ${clock}` });
    const length = h("button", { type: "button", class: "link clip-length", "aria-expanded": String(this.open === clip.key), title: "Trim, name or move this clip" }, `${(clip.end_s - clip.start_s).toFixed(1)} s`);
    length.addEventListener("click", () => {
      this.open = this.open === clip.key ? null : clip.key;
      this.draw();
    });
    const play = h("button", { type: "button", class: "link clip-time", title: "Play this clip" }, clock);
    play.addEventListener("click", () => this.preview.play([clip]));
    const shown = describeMoments(clip);
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
    this.job.forget(this.request());
    this.onclips(chosen);
  }

  private enable(): void {
    const none = this.chosen.length === 0;
    this.previewButton.disabled = none;
    this.render.disabled = this.lists.disabled = none || this.job.running;
    byId<HTMLButtonElement>("clip-collect").disabled = none;
  }

  /** Play the reel as it is rendered: ends may lie at shot changes, and clips that touch are one. */
  private async startPreview(): Promise<void> {
    this.previewButton.disabled = true;
    this.previewButton.textContent = "Preparing…";
    const status = byId("reel-status");
    status.textContent = LOOKING;
    try {
      const { clips } = await sendJson<{ clips: ClipDocument[] }>(`/api/matches/${this.key}/plan`, this.request());
      this.preview.play(clips);
    } catch (error) {
      notify((error as Error).message, true);
      this.previewButton.textContent = "Preview";
    }
    if (status.textContent === LOOKING) status.textContent = "";
    this.enable();
  }

  private request(): object {
    return { clips: this.chosen.map(requestOf), keep_order: this.manual.checked, captions: this.captions.parts };
  }

  private showPreview(clip: ClipDocument | null): void {
    this.previewButton.textContent = clip === null ? "Preview" : "Stop";
    const shown = clip === null ? undefined : this.rowOf(clip);
    for (const [key, row] of this.rows) row.classList.toggle("playing", key === shown);
    this.rows.get(shown ?? "")?.scrollIntoView({ block: "nearest" });
  }

  /** The row of the clip that a planned one is, or begins with. */
  private rowOf(planned: ClipDocument): string | undefined {
    const middle = (planned.start_s + planned.end_s) / 2;
    const inside = this.clips.filter((clip) => clip.period === planned.period && clip.end_s > planned.start_s && clip.start_s < planned.end_s);
    return inside.sort((a, b) => Math.abs(a.start_s + a.end_s - 2 * middle) - Math.abs(b.start_s + b.end_s - 2 * middle))[0]?.key;
  }
}
