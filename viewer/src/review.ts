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
    this.take(await getJson<EditsDocument>(`${this.url}?since=0`));
    const left = localStorage.getItem(this.storageKey);
    if (left !== null) {
      for (const edit of JSON.parse(left) as Edit[]) this.put(edit, true);
      void this.flush();
    }
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
    // Holding an arrow key is one movement to undo, not fifty.
    if (last !== undefined && name === "move" && last.name === "move" && this.undoSteps.length > 1) this.joinMoves(last);
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

  private lastMoveAt = 0;

  private joinMoves(last: Step): void {
    const now = performance.now();
    const current = this.undoSteps[this.undoSteps.length - 1]!;
    const same = last.after[0]?.id === current.after[0]?.id;
    if (same && now - this.lastMoveAt < 800) {
      this.undoSteps.splice(-2, 2, { before: last.before, after: current.after, name: "move" });
    }
    this.lastMoveAt = now;
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
    if (this.pending.size === 0) localStorage.removeItem(this.storageKey);
    else localStorage.setItem(this.storageKey, JSON.stringify([...this.pending].map(([id, state]) => ({ id, state }))));
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
    const theirs = new Map(document.edits.map((edit) => [edit.id, edit]));
    this.revision = document.revision;
    const conflicts: Edit[] = [];
    const taken: string[] = [];
    for (const edit of theirs.values()) {
      const mine = this.pending.get(edit.id);
      if (mine !== undefined && !sameState(mine, edit.state)) conflicts.push(edit);
      else if (!sameState(this.states.get(edit.id), edit.state)) {
        this.pending.delete(edit.id);
        this.put(edit, false);
        taken.push(edit.id);
      }
    }
    if (taken.length > 0) {
      this.onchange(taken);
      this.onforeign(taken.length);
    }
    if (conflicts.length > 0) {
      this.conflict = conflicts;
      this.setSave("conflict");
    }
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
