/** What a person can do to the selected spot, by button or by key. */

import { chooseClass } from "./dialogs";
import { announce, notify } from "./dom";
import { bestThreshold } from "./matching";
import type { Player } from "./player";
import type { Review } from "./review";
import type { SpotList } from "./spot_list";
import type { MatchTime } from "./time";
import { describe } from "./timeline";
import type { Edit, Item, Kind, MatchDocument, Status } from "./types";
import type { ViewState } from "./view";

export class Commands {
  /** Set anew whenever spots, thresholds or filters change. */
  shown: Item[] = [];
  kinds = new Map<string, Kind>();

  constructor(
    private readonly match: MatchDocument,
    private readonly time: MatchTime,
    private readonly view: ViewState,
    private readonly review: Review,
    private readonly player: Player,
    private readonly list: SpotList,
  ) {}

  selectedItem(): Item | null {
    return this.view.selected === null ? null : (this.review.items.get(this.view.selected) ?? null);
  }

  uncertainty(item: Item): number {
    return Math.abs((item.confidence ?? 1) - (this.view.thresholds.get(item.label) ?? 0.5));
  }

  pick(item: Item): void {
    this.view.select(item.id);
    this.player.pause();
    this.player.seek(item.t);
    this.view.reveal(item.t);
    announce(describe(item, this.kinds.get(item.id) ?? "plain", this.time));
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
    const item = this.require();
    if (item === null) return;
    const next = this.following(item);
    const removed = item.source === "added" && status === "rejected";
    this.review.apply(status, [removed ? { id: item.id, state: null } : this.review.changed(item, { status })]);
    announce(`${item.label} ${status}`);
    if (this.view.advance && next !== null) this.pick(next);
    else if (removed) this.view.select(null);
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
    const { period, position_ms } = this.time.positionAt(this.player.t);
    if (period !== item.period) notify("A spot cannot move into another period.", true);
    else this.moveTo(item, this.player.movedBy(0, period, position_ms));
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
    const { period, position_ms } = this.time.positionAt(this.player.t);
    const label = await chooseClass(`Add a spot at ${this.time.clock(this.player.t, true)}`, this.match.classes, null);
    if (label === null) return;
    this.know(label);
    const digits = crypto.getRandomValues(new Uint8Array(6));
    const id = `a-${[...digits].map((digit) => digit.toString(16).padStart(2, "0")).join("")}`;
    const position = this.player.movedBy(0, period, position_ms);
    const edit: Edit = { id, state: { source: "added", label, period, position_ms: position, status: "accepted", confidence: null } };
    this.review.apply("add", [edit]);
    this.view.select(id);
    announce(`${label} added`);
  }

  private know(label: string): void {
    if (!this.match.classes.includes(label)) this.match.classes.push(label);
  }

  undo(): void {
    this.followUndo(this.review.undo(), "Undone");
  }

  redo(): void {
    this.followUndo(this.review.redo(), "Done again");
  }

  private followUndo(ids: string[], name: string): void {
    const item = ids.map((id) => this.review.items.get(id)).find((found) => found !== undefined);
    if (ids.length === 0) return;
    if (item === undefined) this.view.select(null);
    else this.pick(item);
    announce(name);
  }

  setBestThresholds(): void {
    const all = [...this.review.items.values()];
    for (const name of this.match.classes) {
      const best = bestThreshold(all, name, this.view.tolerance_ms);
      if (best !== null) this.view.thresholds.set(name, best);
    }
    this.view.changed("thresholds");
    notify("Each class has the threshold with the highest F1 on this match. It is fitted to these labels: expect less on others.");
  }

  zoomCentre(): number {
    const { from, to } = this.view;
    const t = this.selectedItem()?.t ?? this.player.t;
    return t >= from && t <= to ? t : (from + to) / 2;
  }
}
