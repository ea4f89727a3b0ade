/**
 * The spots of a match with all corrections, undo and redo, and their saving.
 *
 * Every change is sent at once. Until the server has confirmed it, it is also kept in the browser, so that neither a killed server
 * nor a closed tab loses it. When another tab has written in between, its changes are taken in; where both changed the same spot, a
 * person decides.
 */

import { ReplyError, getJson, sendJson } from "./api";
import type { MatchTime } from "./time";
import type { Edit, EditsDocument, Item, MatchDocument, SpotDocument, SpotState } from "./types";

export type SaveState = "saved" | "saving" | "problem" | "conflict";

interface Step {
  before: Edit[];
  after: Edit[];
  name: string;
}

const RETRY_MS = 2000;
const POLL_MS = 5000;
const MOST_STEPS = 1000;

const sameState = (a: SpotState | null | undefined, b: SpotState | null | undefined): boolean =>
  JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

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

  constructor(
    private readonly match: MatchDocument,
    private readonly time: MatchTime,
  ) {
    for (const spot of match.predictions) this.originals.set(spot.id, { ...spot, source: "prediction" });
    for (const spot of match.labels) this.originals.set(spot.id, { ...spot, source: "label" });
    for (const id of this.originals.keys()) this.rebuild(id);
  }

  get canUndo(): boolean {
    return this.undoSteps.length > 0;
  }

  get canRedo(): boolean {
    return this.redoSteps.length > 0;
  }

  /** Load what was corrected before, and send what an earlier page could not. */
  async load(): Promise<void> {
    const journal = await getJson<EditsDocument>(`${this.url}?since=0`);
    this.revision = journal.revision;
    for (const edit of journal.edits) this.put(edit, false);
    const left = JSON.parse(localStorage.getItem(this.storageKey) ?? "null") as EditsDocument | null;
    if (left !== null) {
      for (const edit of left.edits) this.put(edit, true);
      // What others have written since this browser last heard from the server may collide with what it could not send.
      this.collide(journal.edits.slice(left.revision));
      void this.flush();
    }
    this.onchange([]);
    setInterval(() => void this.poll(), POLL_MS);
    window.addEventListener("focus", () => void this.poll());
  }

  /** What the spot would be when changed in part; the base for `apply`. */
  changed(item: Item, change: Partial<SpotState>): Edit {
    const { source, label, period, position_ms, status, confidence } = item;
    return { id: item.id, state: { source, label, period, position_ms, status, confidence, ...change } };
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

  undo(): string[] {
    const step = this.undoSteps.pop();
    if (step === undefined) return [];
    this.redoSteps.push(step);
    this.commit(step.before);
    return step.before.map((edit) => edit.id);
  }

  redo(): string[] {
    const step = this.redoSteps.pop();
    if (step === undefined) return [];
    this.undoSteps.push(step);
    this.commit(step.after);
    return step.after.map((edit) => edit.id);
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
    this.store();
    this.onchange(ids);
    this.setSave(this.pending.size > 0 ? "saving" : "saved");
    void this.flush();
  }

  private get url(): string {
    return `/api/matches/${this.match.key}/edits`;
  }

  private get storageKey(): string {
    return `spotkick.pending.${this.match.key}`;
  }

  private commit(edits: Edit[]): void {
    for (const edit of edits) this.put(edit, true);
    this.store();
    this.onchange(edits.map((edit) => edit.id));
    if (this.conflict.length === 0) {
      this.setSave("saving");
      void this.flush();
    }
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
      visibility: original?.visibility ?? null,
      team: original?.team ?? null,
      t: this.time.at(shown.period, shown.position_ms),
    });
  }

  private store(): void {
    if (this.pending.size === 0) {
      localStorage.removeItem(this.storageKey);
      return;
    }
    const left: EditsDocument = { revision: this.revision, edits: [...this.pending].map(([id, state]) => ({ id, state })) };
    localStorage.setItem(this.storageKey, JSON.stringify(left));
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
        const sent = [...this.pending].slice(0, 1000).map(([id, state]): Edit => ({ id, state }));
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
      this.store();
    } catch (error) {
      if (!(error instanceof ReplyError) || error.status !== 409) throw error;
      this.take(error.body as EditsDocument);
    }
  }

  /** Take in what others have written since our revision. */
  private take(document: EditsDocument): void {
    this.revision = document.revision;
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
