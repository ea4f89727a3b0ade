/** What a person can do to the selected spot, by button or by key. */

import { chooseClass } from "./dialogs";
import { announce, notify } from "./dom";
import { describeEdit } from "./many_dialogs";
import { bestThreshold } from "./matching";
import type { Player } from "./player";
import type { Review, Step } from "./review";
import type { SpotList } from "./spot_list";
import type { MatchTime } from "./time";
import { describe } from "./timeline";
import type { Edit, Item, Kind, MatchDocument, Status } from "./types";
import type { ViewState } from "./view";

/** How much is played before and after a spot. */
const BEFORE_S = 3;
const AFTER_S = 2;

/** A prediction this close to where a person adds its class is that action. */
const SAME_ACTION_MS = 1500;

/** Steps that can be undone, for people. */
const STEP_NAMES: Record<string, string> = {
  accepted: "Accepting", rejected: "Rejecting", move: "Move", relabel: "Class", add: "Adding", reset: "Reset", describe: "Facts", shift: "Shift", "accept many": "Accepting",
};

export class Commands {
  private content: { shown: Item[]; kinds: Map<string, Kind> } = { shown: [], kinds: new Map() };

  constructor(
    private readonly match: MatchDocument,
    private readonly time: MatchTime,
    private readonly view: ViewState,
    private readonly review: Review,
    private readonly player: Player,
    private readonly list: SpotList,
    /** Counts and orders at once what waits for the next frame: keys may come faster than frames. */
    private readonly recountNow: () => void,
  ) {}

  /** Take what is shown now, after spots, thresholds or filters have changed. */
  show(shown: Item[], kinds: Map<string, Kind>): void {
    this.content = { shown, kinds };
  }

  private get shown(): Item[] {
    this.recountNow();
    return this.content.shown;
  }

  private get kinds(): Map<string, Kind> {
    this.recountNow();
    return this.content.kinds;
  }

  selectedItem(): Item | null {
    return this.view.selected === null ? null : (this.review.items.get(this.view.selected) ?? null);
  }

  uncertainty(item: Item): number {
    return Math.abs((item.confidence ?? 1) - (this.view.thresholds.get(item.label) ?? 0.5));
  }

  pick(picked: Item): void {
    // A timeline that is not drawn anew yet gives the spot as it was.
    const item = this.review.items.get(picked.id) ?? picked;
    this.view.select(item.id);
    if (this.view.motion && this.player.hasVideo) this.playAround(item);
    else {
      this.player.pause();
      this.player.seek(item.t);
    }
    this.view.reveal(item.t);
    announce(describe(item, this.kinds.get(item.id) ?? "plain", this.time));
  }

  private playAround(item: Item): void {
    const period = this.time.periodAt(item.t);
    const from = Math.max(period.offset_s, item.t - BEFORE_S);
    this.player.playLoop(from, Math.min(item.t + AFTER_S, period.offset_s + period.duration_s));
  }

  /** Turn review in motion on or off: spots are played around, again and again, until they are decided. */
  toggleMotion(): void {
    const item = this.selectedItem();
    // A spot that is not playing yet is played: the key stops only what it sees playing.
    this.view.motion = !this.view.motion || !this.player.looping;
    if (!this.view.motion) {
      this.player.pause();
      if (item !== null) this.player.seek(item.t);
    } else if (item !== null) this.pick(item);
    else this.go(1);
    this.view.changed("selection");
    notify(this.view.motion ? "Loop: each spot is played from three seconds before, until it is decided." : "Loop is off: spots are shown as still frames.");
  }

  selectNothing(): void {
    if (this.player.looping) this.player.pause();
    this.view.select(null);
  }

  go(step: number): void {
    const next = this.list.neighbour(step);
    if (next !== null) this.pick(next);
  }

  nextUncertain(): void {
    const left = this.shown.filter((item) => item.source === "prediction" && item.status === "undecided" && item.id !== this.view.selected);
    left.sort((a, b) => this.uncertainty(a) - this.uncertainty(b) || a.t - b.t);
    if (left[0] === undefined) notify("Every spot that is shown has been decided.");
    else this.pick(left[0]);
  }

  private require(): Item | null {
    const item = this.selectedItem();
    if (item === null) notify("Select a spot first: click one, or press ↓ or U.");
    return item;
  }

  decide(status: Status): void {
    if (this.view.marked.size > 0) return this.decideMarked(status);
    const item = this.require();
    if (item === null) return;
    const next = this.following(item);
    const removed = item.source === "added" && status === "rejected";
    this.review.apply(status, [this.decided(item, status)]);
    announce(`${item.label} ${status}`);
    if (next === null && item.source === "prediction" && item.status === "undecided") notify("All spots that are shown are decided: Export writes the labels, Highlights cuts a reel.");
    if (this.view.advance && next !== null) this.pick(next);
    else if (removed) this.view.select(null);
  }

  private decided(item: Item, status: Status): Edit {
    const removed = item.source === "added" && status === "rejected";
    return removed ? { id: item.id, state: null } : this.review.changed(item, { status });
  }

  private decideMarked(status: Status): void {
    const ids = new Set([...this.view.marked, ...(this.view.selected === null ? [] : [this.view.selected])]);
    const items = [...ids].flatMap((id) => this.review.items.get(id) ?? []);
    this.review.apply(status, items.map((item) => this.decided(item, status)));
    this.view.select(null);
    notify(`${items.length} spots ${status}.`);
  }

  /** Undecided spots of a confidence and above; with `agreeing` only those that match a label. */
  bulk(least: number, agreeing: boolean): Item[] {
    const { kinds } = this;
    return [...this.review.items.values()].filter(
      (item) =>
        item.source === "prediction" && item.status === "undecided" && (item.confidence ?? 1) >= least &&
        !this.view.filters.hiddenClasses.has(item.label) && (!agreeing || kinds.get(item.id) === "correct"),
    );
  }

  acceptAll(items: Item[]): void {
    this.review.apply("accept many", items.map((item) => this.review.changed(item, { status: "accepted" })));
    notify(`${items.length} spots accepted; one Undo takes all of it back.`);
  }

  /** Labels and added spots of a period that a shift would move, or all spots. */
  shiftable(period: number, all: boolean): Item[] {
    return [...this.review.items.values()].filter((item) => item.period === period && item.status !== "rejected" && (all || item.source !== "prediction"));
  }

  shift(items: Item[], shift_ms: number): void {
    const edits = items.map((item) => this.review.changed(item, { position_ms: Math.max(0, item.position_ms + shift_ms) }));
    this.review.apply("shift", edits);
    notify(`${items.length} spots were shifted by ${(shift_ms / 1000).toFixed(1)} s; one Undo takes all of it back.`);
  }

  /** Change team, visibility, player or note of the selected spot. */
  describe(change: { team?: string; visibility?: string; player?: string; note?: string }): void {
    const item = this.selectedItem();
    if (item !== null) this.review.apply("describe", [this.review.changed(item, change)]);
  }

  /** The class of that number, for the selected spot; without one, a new spot of that class where the video is. */
  classByNumber(index: number): void {
    const label = this.match.classes[index];
    if (label === undefined) return notify(`There is no class number ${index + 1}.`);
    const item = this.selectedItem();
    if (item === null) return this.addHere(label);
    if (label !== item.label) this.review.apply("relabel", [this.review.changed(item, { label, status: "accepted" })]);
    announce(`The spot is now ${label}`);
  }

  /** Where to go after a decision: the next row that is still undecided. */
  private following(item: Item): Item | null {
    const { rows } = this.list;
    const index = rows.findIndex((row) => row.id === item.id);
    const rest = [...rows.slice(index + 1), ...rows.slice(0, Math.max(0, index))];
    return rest.find((row) => row.source === "prediction" && row.status === "undecided" && row.id !== item.id) ?? null;
  }

  reset(): void {
    const item = this.require();
    if (item === null) return;
    this.review.apply("reset", [{ id: item.id, state: null }]);
    if (item.source === "added") this.view.select(null);
  }

  move(frames: number): void {
    const item = this.require();
    if (item === null) return;
    this.moveTo(item, this.player.movedBy(frames, item.period, item.position_ms));
  }

  moveHere(): void {
    const item = this.require();
    if (item === null) return;
    const { period, position_ms } = this.player.here;
    if (period !== item.period) notify("A spot cannot move into another period.", true);
    else this.moveTo(item, position_ms);
  }

  private moveTo(item: Item, position_ms: number): void {
    const limit = Math.round((this.time.get(item.period)?.duration_s ?? Infinity) * 1000);
    const position = Math.min(position_ms, limit);
    // Who moves a spot has seen it: it is accepted unless it was rejected on purpose.
    const status = item.status === "rejected" ? "rejected" : "accepted";
    this.review.apply("move", [this.review.changed(item, { position_ms: position, status })]);
    this.player.pause();
    this.player.seek(this.time.at(item.period, position) + 1e-4);
    this.view.reveal(this.player.t);
    announce(`${item.label} moved to ${this.time.clock(this.player.t, true)}`);
  }

  async relabel(): Promise<void> {
    const item = this.require();
    if (item === null) return;
    const label = await chooseClass("Change the class", this.match.classes, item.label);
    if (label === null || label === item.label) return;
    this.know(label);
    this.review.apply("relabel", [this.review.changed(item, { label, status: "accepted" })]);
    announce(`The spot is now ${label}`);
  }

  async add(): Promise<void> {
    this.player.pause();
    const { period, position_ms } = this.player.here;
    const label = await chooseClass(`Add a spot at ${this.time.clock(this.player.t, true)}`, this.match.classes, null);
    if (label === null) return;
    this.addHere(label, { period, position_ms });
  }

  /** Add a spot at a position, or where the video is; it goes on playing. */
  private addHere(label: string, { period, position_ms } = this.player.here): void {
    this.know(label);
    const near = this.undecidedNear(label, period, position_ms);
    if (near !== null) {
      this.review.apply("add", [this.review.changed(near, { position_ms, status: "accepted" })]);
      if (!this.player.playing) this.view.select(near.id);
      return notify(`${label} ${this.time.clock(near.t, true)} was predicted already: it is accepted, at ${this.time.clock(this.time.at(period, position_ms), true)}.`);
    }
    const digits = crypto.getRandomValues(new Uint8Array(6));
    const id = `a-${[...digits].map((digit) => digit.toString(16).padStart(2, "0")).join("")}`;
    this.review.apply("add", [{ id, state: { source: "added", label, period, position_ms, status: "accepted", confidence: null } }]);
    if (!this.player.playing) this.view.select(id);
    notify(`${label} added at ${this.time.clock(this.time.at(period, position_ms), true)}.`);
  }

  /** The undecided prediction of the same action, which would be offered again beside an added one. */
  private undecidedNear(label: string, period: number, position_ms: number): Item | null {
    const distance = (item: Item): number => Math.abs(item.position_ms - position_ms);
    const found = [...this.review.items.values()].filter(
      (item) => item.source === "prediction" && item.status === "undecided" && item.label === label && item.period === period && distance(item) <= SAME_ACTION_MS,
    );
    return found.sort((a, b) => distance(a) - distance(b))[0] ?? null;
  }

  private know(label: string): void {
    if (!this.match.classes.includes(label)) this.match.classes.push(label);
  }

  undo(): void {
    const step = this.review.nextUndo;
    this.followUndo(this.review.undo(), this.describeStep(step, "undone", step?.before));
  }

  redo(): void {
    const step = this.review.nextRedo;
    this.followUndo(this.review.redo(), this.describeStep(step, "done again", step?.after));
  }

  /** What was changed, and how it is now. */
  private describeStep(step: Step | null, how: string, edits: Edit[] = []): string {
    const name = STEP_NAMES[step?.name ?? ""] ?? "Change";
    return edits.length === 1 ? `${name} ${how}: ${describeEdit(edits[0]!, this.review, this.time)}.` : `${name} of ${edits.length} spots ${how}.`;
  }

  private followUndo(ids: string[] | null, text: string): void {
    if (ids === null) return notify("Another person or tab has changed this spot since; nothing was overwritten.", true);
    if (ids.length === 0) return;
    const item = ids.map((id) => this.review.items.get(id)).find((found) => found !== undefined);
    if (item === undefined) this.view.select(null);
    else this.pick(item);
    notify(text);
  }

  setBestThresholds(): void {
    const all = [...this.review.items.values()];
    let empty = 0;
    for (const name of this.match.classes) {
      const best = bestThreshold(all, name, this.view.tolerance_ms);
      if (best !== null) this.view.thresholds.set(name, best);
      if (best === 1) empty += 1;
    }
    this.view.changed("thresholds");
    const without = empty === 0 ? "" : ` ${empty} class${empty === 1 ? "" : "es"} without any label got 1.00, so that none of their spots counts.`;
    notify(`Each class has the threshold with the highest F1 on this match.${without} It is fitted to these labels: expect less on others.`);
  }

  zoomCentre(): number {
    const { from, to } = this.view;
    const t = this.selectedItem()?.t ?? this.player.t;
    return t >= from && t <= to ? t : (from + to) / 2;
  }
}
