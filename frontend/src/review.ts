/**
 * The spots of a match with all corrections, undo and redo, and their saving.
 *
 * Every change is sent at once. Until the server has confirmed it, it is also kept in the browser, so that neither a killed server
 * nor a closed tab loses it. When another tab has written in between, its changes are taken in; where both changed the same spot, a
 * person decides.
 */

import { ReplyError, getJson, sendJson } from "./api";
import { PendingStore } from "./pending_store";
import type { MatchTime } from "./time";
import type { Edit, EditsDocument, Item, MatchDocument, SpotDocument, SpotState } from "./types";

export type SaveState = "saved" | "saving" | "problem" | "conflict";

export interface Step {
  before: Edit[];
  after: Edit[];
  name: string;
}

const RETRY_MS = 2000;
const POLL_MS = 5000;
const SETTLE_MS = 5000;
const MOST_STEPS = 1000;

const FIELDS = ["source", "label", "period", "position_ms", "status", "confidence", "team", "visibility", "player", "note"] as const;

const sameState = (a: SpotState | null | undefined, b: SpotState | null | undefined): boolean => {
  if (a === null || a === undefined || b === null || b === undefined) return (a ?? null) === (b ?? null);
  return FIELDS.every((name) => (a[name] ?? null) === (b[name] ?? null));
};

export class Review {
  items = new Map<string, Item>();
  saveState: SaveState = "saved";
  problem = "";
  /** Spots that this and another tab have changed, with what the other tab made of them. */
  conflict: Edit[] = [];
  onchange: (ids: string[]) => void = () => undefined;
  onsave: () => void = () => undefined;
  onforeign: (count: number) => void = () => undefined;

  private readonly originals = new Map<string, SpotDocument & { source: "prediction" | "label" }>();
  private readonly states = new Map<string, SpotState>();
  private readonly pending = new Map<string, SpotState | null>();
  private undoSteps: Step[] = [];
  private redoSteps: Step[] = [];
  private revision = 0;
  private sending = false;
  private retryTimer = 0;
  private readonly store: PendingStore;

  constructor(
    private readonly match: MatchDocument,
    private readonly time: MatchTime,
  ) {
    this.store = new PendingStore(`${match.key}.${match.store}`);
    for (const spot of match.predictions) this.originals.set(spot.id, { ...spot, source: "prediction" });
    for (const spot of match.labels) this.originals.set(spot.id, { ...spot, source: "label" });
    for (const id of this.originals.keys()) this.rebuild(id);
  }

  /** What Undo would take back, and Redo do again. */
  get nextUndo(): Step | null {
    return this.undoSteps[this.undoSteps.length - 1] ?? null;
  }

  get nextRedo(): Step | null {
    return this.redoSteps[this.redoSteps.length - 1] ?? null;
  }

  get canUndo(): boolean {
    return this.undoSteps.length > 0;
  }

  get canRedo(): boolean {
    return this.redoSteps.length > 0;
  }

  /** Changes of all reviewers, oldest first. */
  history: Edit[] = [];

  /** Name under which changes are written; empty for none. */
  get reviewer(): string {
    return localStorage.getItem("spotkick.reviewer") ?? "";
  }

  set reviewer(name: string) {
    localStorage.setItem("spotkick.reviewer", name.slice(0, 200));
  }

  /** Load what was corrected before, and send what an earlier page could not. */
  async load(): Promise<void> {
    const journal = await getJson<EditsDocument>(`${this.url}?since=0`);
    this.revision = journal.revision;
    this.history = [...journal.edits];
    for (const edit of journal.edits) this.put(edit, false);

    // Before anything is kept again, which would write the steps of this page, none yet, over those of the last one.
    this.undoSteps = this.store.readSteps<Step>();
    const left = await this.store.takeLeft();
    if (left !== null) {
      for (const edit of left.edits) this.put(edit, true);
      this.keep();
      // What others have written since this browser last heard from the server may collide with what it could not send.
      this.collide(journal.edits.slice(left.revision));
      void this.flush();
    }
    this.onchange([]);
    setInterval(() => void this.poll(), POLL_MS);
    window.addEventListener("focus", () => void this.poll());
    window.addEventListener("beforeunload", (event) => {
      if (this.pending.size > 0) event.preventDefault();
    });
  }

  /** A spot as its file has it; undefined when it was added. */
  original(id: string): SpotDocument | undefined {
    return this.originals.get(id);
  }

  /** What this tab has made of a spot that others have changed as well. */
  mine(id: string): SpotState | null {
    return this.pending.get(id) ?? null;
  }

  /** What the spot would be when changed in part; the base for `apply`. */
  changed(item: Item, change: Partial<SpotState>): Edit {
    const { source, label, period, position_ms, status, confidence } = item;
    return { id: item.id, state: { source, label, period, position_ms, status, confidence, ...this.states.get(item.id), ...change } };
  }

  /** Change spots, so that it can be undone in one step. */
  apply(name: string, edits: Edit[]): void {
    const before = edits.map(({ id }) => ({ id, state: this.states.get(id) ?? null }));
    if (edits.every((edit, i) => sameState(edit.state, before[i]!.state))) return;
    const last = this.undoSteps[this.undoSteps.length - 1];
    this.undoSteps.push({ before, after: edits, name });
    if (this.undoSteps.length > MOST_STEPS) this.undoSteps.shift();
    this.redoSteps = [];
    // Moving a spot bit by bit is one movement to undo, not fifty.
    if (last?.name === "move" && name === "move" && last.after[0]?.id === edits[0]?.id) {
      this.undoSteps.splice(-2, 2, { before: last.before, after: edits, name });
    }
    this.commit(edits);
  }

  /** Undo the last step; null when others have changed its spots since, who are not overwritten. */
  undo(): string[] | null {
    const step = this.undoSteps.pop();
    if (step === undefined) return [];
    if (!this.stillHolds(step.after)) return null;
    this.redoSteps.push(step);
    this.commit(step.before);
    return step.before.map((edit) => edit.id);
  }

  redo(): string[] | null {
    const step = this.redoSteps.pop();
    if (step === undefined) return [];
    if (!this.stillHolds(step.before)) return null;
    this.undoSteps.push(step);
    this.commit(step.after);
    return step.after.map((edit) => edit.id);
  }

  private stillHolds(edits: Edit[]): boolean {
    const holds = edits.every((edit) => sameState(this.states.get(edit.id), edit.state));
    if (!holds) this.onchange([]);
    return holds;
  }

  /** Spots that were decided and are no longer in the files. */
  get vanished(): number {
    return [...this.states].filter(([id, { source }]) => source !== "added" && !this.originals.has(id)).length;
  }

  /** Wait until everything is saved; false where that is not possible now. */
  async settle(): Promise<boolean> {
    await this.flush();
    for (let waited = 0; this.sending && waited < SETTLE_MS; waited += 50) await new Promise((resolve) => setTimeout(resolve, 50));
    return this.pending.size === 0 && this.conflict.length === 0;
  }

  /** Decide a conflict: this tab's changes, or the other's. */
  resolve(keepMine: boolean): void {
    for (const theirs of this.conflict) {
      if (!keepMine) {
        this.pending.delete(theirs.id);
        this.put(theirs, false);
      }
    }
    const ids = this.conflict.map((edit) => edit.id);
    this.conflict = [];
    this.keep();
    this.onchange(ids);
    this.setSave(this.pending.size > 0 ? "saving" : "saved");
    void this.flush();
  }

  private get url(): string {
    return `/api/matches/${this.match.key}/edits`;
  }

  private commit(edits: Edit[]): void {
    for (const edit of edits) this.put(edit, true);
    this.keep();
    this.onchange(edits.map((edit) => edit.id));
    if (this.conflict.length === 0) {
      this.setSave("saving");
      void this.flush();
    }
  }

  private signed(edit: Edit): Edit {
    return { ...edit, ...(this.reviewer === "" ? {} : { reviewer: this.reviewer }), at: new Date().toISOString() };
  }

  private put(edit: Edit, pending: boolean): void {
    if (edit.state === null) this.states.delete(edit.id);
    else this.states.set(edit.id, edit.state);
    if (pending) this.pending.set(edit.id, edit.state);
    this.rebuild(edit.id);
  }

  private rebuild(id: string): void {
    const state = this.states.get(id);
    const original = this.originals.get(id);
    if (state === undefined && original === undefined) {
      this.items.delete(id);
      return;
    }
    const shown: SpotState = state ?? {
      source: original!.source,
      label: original!.label,
      period: original!.period,
      position_ms: original!.position_ms,
      status: original!.source === "label" ? "accepted" : "undecided",
      confidence: original!.confidence ?? null,
    };
    this.items.set(id, {
      ...shown,
      id,
      touched: state !== undefined,
      visibility: (shown.visibility ?? original?.visibility) || null,
      team: (shown.team ?? original?.team) || null,
      player: shown.player ?? original?.player ?? "",
      note: shown.note ?? original?.note ?? "",
      origin: original === undefined ? null : { label: original.label, period: original.period, position_ms: original.position_ms },
      t: this.time.at(shown.period, shown.position_ms),
    });
  }

  private keep(): void {
    this.store.keep({ revision: this.revision, edits: [...this.pending].map(([id, state]) => ({ id, state })) });
    this.store.keepSteps(this.undoSteps);
  }

  private setSave(state: SaveState, problem = ""): void {
    this.saveState = state;
    this.problem = problem;
    this.onsave();
  }

  private async flush(): Promise<void> {
    if (this.sending || this.conflict.length > 0) return;
    clearTimeout(this.retryTimer);
    this.sending = true;
    try {
      while (this.pending.size > 0 && this.conflict.length === 0) {
        const sent = [...this.pending].slice(0, 1000).map(([id, state]): Edit => this.signed({ id, state }));
        await this.send(sent);
      }
      if (this.conflict.length === 0) this.setSave("saved");
    } catch (error) {
      this.setSave("problem", error instanceof ReplyError ? error.message : "the server does not answer; is 'spotkick view' running?");
      this.retryTimer = window.setTimeout(() => void this.flush(), RETRY_MS);
    } finally {
      this.sending = false;
    }
  }

  private async send(sent: Edit[]): Promise<void> {
    try {
      const { revision } = await sendJson<{ revision: number }>(this.url, { revision: this.revision, edits: sent });
      this.revision = revision;
      for (const edit of sent) if (sameState(this.pending.get(edit.id), edit.state)) this.pending.delete(edit.id);
      this.history.push(...sent);
      this.keep();
    } catch (error) {
      if (!(error instanceof ReplyError) || error.status !== 409) throw error;
      this.take(error.body as EditsDocument);
    }
  }

  /** Take in what others have written since our revision. */
  private take(document: EditsDocument): void {
    this.revision = document.revision;
    this.history.push(...document.edits);
    const latest = new Map(document.edits.map((edit) => [edit.id, edit]));
    const taken = [...latest.values()].filter((edit) => !this.pending.has(edit.id) && !sameState(this.states.get(edit.id), edit.state));
    for (const edit of taken) this.put(edit, false);
    if (taken.length > 0) {
      this.onchange(taken.map((edit) => edit.id));
      this.onforeign(taken.length);
    }
    this.collide(document.edits);
  }

  /** Find spots that both this tab, not yet saved, and others have changed. */
  private collide(edits: Edit[]): void {
    const latest = new Map(edits.map((edit) => [edit.id, edit]));
    this.conflict = [...latest.values()].filter((edit) => this.pending.has(edit.id) && !sameState(this.pending.get(edit.id), edit.state));
    if (this.conflict.length > 0) this.setSave("conflict");
  }

  private async poll(): Promise<void> {
    if (this.sending || this.pending.size > 0 || document.visibilityState !== "visible") return;
    try {
      const news = await getJson<EditsDocument>(`${this.url}?since=${this.revision}`);
      if (!this.sending && this.pending.size === 0 && news.edits.length > 0) this.take(news);
    } catch {
      // the next change will say that the server is gone
    }
  }
}
