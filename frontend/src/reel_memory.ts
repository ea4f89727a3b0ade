/** What a person has made of the reel of a match: kept in the browser as it changes, with its own steps to undo. */

import type { ClipDocument } from "./types";

/** Clips keep their key while they are trimmed. */
export type EditedClip = ClipDocument & { key: string; added?: boolean };

export interface ReelState {
  /** Longest reel in seconds. */
  budget_s: number | null;
  /** Whether the clips have an order of their own, and which. */
  manual: boolean;
  order: string[];
  /** Clips that were trimmed or named, whole: they stay as they are whatever is proposed later. */
  edited: EditedClip[];
  /** Clips that were added by hand. */
  added: EditedClip[];
  /** What was ticked or unticked against the proposal. */
  ticks: Record<string, boolean>;
}

const MOST_STEPS = 50;

interface Step {
  state: string;
  name: string;
}

const empty = (): ReelState => ({ budget_s: null, manual: false, order: [], edited: [], added: [], ticks: {} });

export class ReelMemory {
  state: ReelState;

  private undoSteps: Step[];
  private redoSteps: Step[] = [];
  private readonly memory: string;

  /** `session` tells the files that the server shows from others. */
  constructor(session: string, key: string) {
    this.memory = `spotkick.clips.${session}.${key}`;
    this.state = { ...empty(), ...(JSON.parse(localStorage.getItem(this.memory) ?? "{}") as Partial<ReelState>) };
    this.undoSteps = JSON.parse(localStorage.getItem(`${this.memory}.steps`) ?? "[]") as Step[];
  }

  get canUndo(): boolean {
    return this.undoSteps.length > 0;
  }

  get canRedo(): boolean {
    return this.redoSteps.length > 0;
  }

  /** Change the reel, so that it can be undone; the length of a drag is one step. */
  change(name: string, apply: (state: ReelState) => void): void {
    const before = JSON.stringify(this.state);
    apply(this.state);
    if (JSON.stringify(this.state) === before) return;
    const last = this.undoSteps[this.undoSteps.length - 1];
    if (name !== "length" || last?.name !== "length") this.undoSteps.push({ state: before, name });
    if (this.undoSteps.length > MOST_STEPS) this.undoSteps.shift();
    this.redoSteps = [];
    this.keep();
  }

  /** Take the last step back; gives its name, null where there is none. */
  undo(): string | null {
    return this.step(this.undoSteps, this.redoSteps);
  }

  redo(): string | null {
    return this.step(this.redoSteps, this.undoSteps);
  }

  private step(from: Step[], to: Step[]): string | null {
    const step = from.pop();
    if (step === undefined) return null;
    to.push({ state: JSON.stringify(this.state), name: step.name });
    this.state = JSON.parse(step.state) as ReelState;
    this.keep();
    return step.name;
  }

  private keep(): void {
    localStorage.setItem(this.memory, JSON.stringify(this.state));
    localStorage.setItem(`${this.memory}.steps`, JSON.stringify(this.undoSteps));
  }
}
