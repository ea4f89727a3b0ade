/**
 * What the server has not confirmed yet, kept in the browser: an entry for each tab, so that none removes another's, and of this project
 * alone. A tab takes over what closed tabs have left; a lock, which the browser frees with the tab, says which ones are open.
 */

import type { EditsDocument } from "./types";

const MOST_STEPS = 100;

export class PendingStore {
  private readonly tab = [...crypto.getRandomValues(new Uint8Array(6))].map((digit) => digit.toString(16).padStart(2, "0")).join("");
  private readonly prefix: string;

  constructor(project: string) {
    this.prefix = `spotkick.pending.${project}.`;
    this.stepsKey = `spotkick.undo.${project}`;
    void navigator.locks?.request(this.prefix + this.tab, () => new Promise(() => undefined));
  }

  private readonly stepsKey: string;

  keep(left: EditsDocument): void {
    if (left.edits.length === 0) localStorage.removeItem(this.prefix + this.tab);
    else localStorage.setItem(this.prefix + this.tab, JSON.stringify(left));
  }

  /** What tabs that are closed now could not send, as of the oldest revision among them. */
  async takeLeft(): Promise<EditsDocument | null> {
    const held = new Set((await navigator.locks?.query())?.held?.map((lock) => lock.name) ?? []);
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix) && key !== this.prefix + this.tab && !held.has(key));
    const found = keys.map((key) => JSON.parse(localStorage.getItem(key)!) as EditsDocument);
    if (found.length === 0) return null;
    const left = { revision: Math.min(...found.map(({ revision }) => revision)), edits: found.flatMap(({ edits }) => edits) };
    this.keep(left);
    for (const key of keys) localStorage.removeItem(key);
    return left;
  }

  /** Steps that can be undone after a reload of this tab. */
  keepSteps(steps: unknown[]): void {
    sessionStorage.setItem(this.stepsKey, JSON.stringify(steps.slice(-MOST_STEPS)));
  }

  readSteps<T>(): T[] {
    return JSON.parse(sessionStorage.getItem(this.stepsKey) ?? "[]") as T[];
  }
}
