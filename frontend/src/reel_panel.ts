/** Highlights: a length, the clips that fit best, a preview, and the reel with its edit lists. */

import { sendJson } from "./api";
import { CaptionChoice } from "./captions";
import { SHORTEST_CLIP_S, clipEditor, describeMoments, fitsVideo, keepFocus, requestOf } from "./clip_editor";
import { byId, h, notify } from "./dom";
import type { Player } from "./player";
import { ReelJob } from "./reel_job";
import { ReelMemory } from "./reel_memory";
import type { EditedClip } from "./reel_memory";
import { ReelPreview } from "./reel_preview";
import { ReelStore } from "./reel_store";
import type { Abilities } from "./reel_store";
import type { MatchTime } from "./time";
import { formatClock, formatDuration } from "./time";
import type { ClipDocument, Item, JobDocument } from "./types";

const PROPOSE_AFTER_MS = 200;
const SHORTEST_REEL_S = 10;
const LONGEST_REEL_S = 900;

/** Clips that share this much of the shorter one are about the same. */
const SAME_SHARE = 0.5;

/** What is dragged: a clip of this list. */
const DRAGGED = "application/x-spotkick-clip";

/** Half of a clip that is added by hand. */
const ADDED_S = 5;

/** By what it is about: its ends depend on the length of the reel. */
const keyOf = (clip: ClipDocument): string => `${clip.period}/${(clip.main_s ?? clip.start_s).toFixed(2)}`;
const overlap = (a: ClipDocument, b: ClipDocument): number => (a.period === b.period ? Math.min(a.end_s, b.end_s) - Math.max(a.start_s, b.start_s) : 0);
const lengthOf = (clips: ClipDocument[]): number => clips.reduce((sum, clip) => sum + clip.end_s - clip.start_s, 0);

/** A preview needs it once for each clip; later ones come at once. */
const LOOKING = "Looking for shot changes near the ends of the clips…";

export class ReelPanel {
  onclips: (clips: ClipDocument[]) => void = () => undefined;

  /** The reel has changed, and what can be undone of it. */
  onchange: () => void = () => undefined;

  private clips: EditedClip[] = [];
  private open: string | null = null;
  private readonly manual = byId<HTMLInputElement>("reel-manual");
  private readonly onlyChosen = byId<HTMLInputElement>("reel-only-chosen");
  private readonly rows = new Map<string, HTMLElement>();
  private readonly memory: ReelMemory;
  private readonly usualLength: string;
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
    /** The spot that is selected. */
    private readonly selected: () => Item | null,
    abilities: Abilities,
  ) {
    this.memory = new ReelMemory(abilities.session, this.key);
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
    this.usualLength = this.budget.value;
    this.budget.addEventListener("input", () => {
      this.memory.change("length", (state) => (state.budget_s = Number(this.budget.value)));
      this.showBudget();
      this.propose();
    });
    this.render.addEventListener("click", () => void this.job.start(this.request(), true));
    this.lists.addEventListener("click", () => void this.job.start(this.request(), false));
    this.previewButton.addEventListener("click", () => (this.preview.running ? this.preview.end() : void this.startPreview()));
    this.manual.addEventListener("change", () => {
      this.memory.change("order", (state) => {
        state.manual = this.manual.checked;
        state.order = this.clips.map(({ key }) => key);
      });
      this.arrange();
    });
    this.onlyChosen.addEventListener("change", () => this.draw());
    byId("clip-add").addEventListener("click", () => this.add());
    this.showState();
  }

  get canUndo(): boolean {
    return this.memory.canUndo;
  }

  get canRedo(): boolean {
    return this.memory.canRedo;
  }

  undo(): void {
    this.followStep(this.memory.undo(), "Undone");
  }

  redo(): void {
    this.followStep(this.memory.redo(), "Done again");
  }

  private followStep(step: string | null, name: string): void {
    if (step === null) return notify("Nothing to undo in the reel. Decisions are undone in the panel Spots.");
    this.showState();
    this.arrange();
    if (step === "length") this.propose();
    notify(`${name} in the reel: ${step}.`);
  }

  /** Show the length and the kind of order that are kept. */
  private showState(): void {
    const { budget_s, manual } = this.memory.state;
    this.budget.value = budget_s === null ? this.usualLength : String(budget_s);
    this.manual.checked = manual;
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
    byId("reel-link").hidden = length === 0;
  }

  private isChosen(clip: EditedClip): boolean {
    return this.memory.state.ticks[clip.key] ?? clip.chosen ?? true;
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

  /** What a person has set, and the proposals beside it, in order of time or in an own order. */
  private arrange(): void {
    const { edited, added, order, manual } = this.memory.state;
    const own = [...edited, ...added].map((clip) => ({ ...clip }));
    const known = new Set(own.map(({ key }) => key));

    // A clip that a person has set takes the place of proposals of the same thing.
    const beside = this.proposed.filter((clip) => !known.has(clip.key) && !own.some((kept) => overlap(kept, clip) > SAME_SHARE * Math.min(clip.end_s - clip.start_s, kept.end_s - kept.start_s)));
    const taken = own.filter((clip) => this.isChosen(clip));
    this.clips = [...own, ...beside.map((clip) => (taken.some((kept) => overlap(kept, clip) > 0) ? { ...clip, chosen: false } : clip))];
    this.clips.sort((a, b) => a.period - b.period || a.start_s - b.start_s);
    if (manual) {
      const place = ({ key }: EditedClip): number => (order.includes(key) ? order.indexOf(key) : order.length);
      this.clips.sort((a, b) => place(a) - place(b));
    }
    this.draw();
  }

  private draw(): void {
    keepFocus(byId("clip-list"), () => {
      this.rows.clear();
      for (const clip of this.clips) this.rows.set(clip.key, this.row(clip));
      byId("clip-list").replaceChildren(...this.rows.values());
      byId("clip-list").classList.toggle("only-chosen", this.onlyChosen.checked);
    });
    this.showTotal();
    this.onchange();
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
    const [start_s, end_s] = [Math.max(before, at - ADDED_S), Math.min(after, at + ADDED_S)];
    if (end_s - start_s < SHORTEST_CLIP_S) return notify("There is no room for a clip here.");

    // It is about the selected spot, where it shows that.
    const spot = this.selected();
    const second = (spot?.position_ms ?? -1) / 1000;
    const isShown = spot !== null && spot.period === period && start_s <= second && second <= end_s;
    const moments = isShown ? [{ label: spot.label, position_s: second, score: 1, spotted: true, is_certain: true, team: spot.team ?? "", player: spot.player }] : [];
    const clip = { period, start_s, end_s, label: isShown ? spot.label : "Clip", reason: "added by hand", rank: 0, chosen: true, exact: true, moments };
    const key = `added-${Date.now()}-${keyOf(clip)}`;
    this.open = key;
    this.memory.change("clip added", (state) => {
      state.added.push({ ...clip, key, added: true });
      if (state.manual) state.order = [...this.clips.map((each) => each.key), key];
    });
    this.arrange();
    this.rows.get(key)?.scrollIntoView({ block: "nearest" });
  }

  private change(clip: EditedClip, change: Partial<ClipDocument>): void {
    const made = { ...clip, ...change };
    if (!fitsVideo(made, this.time.get(clip.period)?.video?.duration_s ?? made.end_s)) return this.draw();
    const other = this.chosen.find((each) => each.key !== clip.key && overlap(each, made) > Math.max(0, overlap(each, clip)) + 1e-6);
    if (other !== undefined && this.isChosen(clip)) {
      notify(`This would overlap the clip ${other.name || other.label} at ${formatClock(other.start_s)}; trim or untick that one first.`, true);
      return this.draw();
    }
    this.memory.change("name" in change ? "name of a clip" : "trim", (state) => {
      const list = clip.added === true ? state.added : state.edited;
      const place = list.findIndex(({ key }) => key === clip.key);
      if (place >= 0) list[place] = { ...list[place]!, ...change };
      else list.push({ ...made, chosen: this.isChosen(clip) });
    });
    this.arrange();

    // The edge that was set is on the screen.
    const edge = change.start_s ?? change.end_s;
    if (edge === undefined) return;
    this.player.pause();
    this.player.seek(this.time.at(clip.period, edge * 1000));
  }

  /** Move a clip in the own order. */
  private shift(clip: EditedClip, step: -1 | 1): void {
    // Clips that are not in the reel are passed.
    const from = this.clips.findIndex(({ key }) => key === clip.key);
    let to = from + step;
    while (this.clips[to] !== undefined && !this.isChosen(this.clips[to]!)) to += step;
    if (this.clips[to] !== undefined) this.put(clip.key, to);
  }

  /** Put a clip into a place of the own order. */
  private put(key: string, to: number): void {
    const order = this.clips.map((clip) => clip.key);
    order.splice(to, 0, ...order.splice(order.indexOf(key), 1));
    this.manual.checked = true;
    this.memory.change("order", (state) => Object.assign(state, { manual: true, order }));
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
        this.memory.change("clip removed", (state) => (state.added = state.added.filter(({ key }) => key !== clip.key)));
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
      { class: this.isChosen(clip) ? "" : "left-out", "data-id": clip.key },
      check,
      play,
      h("span", { class: "clip-label", title: clip.reason }, h("span", {}, clip.name || clip.label), shown === "" ? null : h("small", {}, shown)),
      length,
      this.open === clip.key ? this.editor(clip) : null,
    );
    check.addEventListener("change", () => {
      this.memory.change(check.checked ? "clip ticked" : "clip unticked", (state) => (state.ticks[clip.key] = check.checked));
      row.classList.toggle("left-out", !check.checked);
      this.showTotal();
      this.onchange();
    });
    this.makeMovable(row, clip);
    return row;
  }

  /** Rows can be dragged into another place; not while their fields are open, whose text is selected by dragging. */
  private makeMovable(row: HTMLElement, clip: EditedClip): void {
    row.draggable = this.open !== clip.key;
    row.addEventListener("dragstart", (event) => event.dataTransfer?.setData(DRAGGED, clip.key));
    row.addEventListener("dragover", (event) => {
      if (event.dataTransfer?.types.includes(DRAGGED)) event.preventDefault();
    });
    row.addEventListener("drop", (event) => {
      const key = event.dataTransfer?.getData(DRAGGED) ?? "";
      event.preventDefault();
      if (key !== clip.key && this.rows.has(key)) this.put(key, this.clips.findIndex((each) => each.key === clip.key));
    });
  }

  private showTotal(): void {
    const { chosen } = this;
    const length = lengthOf(chosen);
    const over = length - Number(this.budget.value);
    const isLong = over > 0.5;
    const total = byId("reel-total");
    total.textContent = this.clips.length === 0 ? "" : `${chosen.length} of ${this.clips.length} clips, ${formatDuration(length)}`;
    byId("reel-over").textContent = isLong ? `${formatDuration(over)} over the length` : "";
    total.classList.toggle("problem", isLong);
    total.title = isLong ? "Longer than the length that is set above: clips that you ticked, trimmed or added stay" : "";
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
    this.previewButton.textContent = "Wait…";
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
