/** Clips of several matches that a person has put together for one reel, kept in the browser for each session of the server. */

import type { ClipDocument } from "./types";

export interface CollectedClip {
  id: string;
  /** Key and name of its match. */
  match: string;
  name: string;
  clip: ClipDocument;
}

/** Clips that begin this close to each other are the same. */
const SAME_S = 0.05;

export interface Abilities {
  reels: boolean;
  shots: boolean;
  captions: boolean;
  session: string;
  matches: number;
}

export class ReelStore {
  /** Another tab has changed the list. */
  onforeign: () => void = () => undefined;

  private readonly memory: string;

  constructor(session: string) {
    this.memory = `spotkick.reel.${session}`;
    window.addEventListener("storage", (event) => {
      if (event.key === this.memory) this.onforeign();
    });
  }

  get clips(): CollectedClip[] {
    return JSON.parse(localStorage.getItem(this.memory) ?? "[]") as CollectedClip[];
  }

  set clips(clips: CollectedClip[]) {
    localStorage.setItem(this.memory, JSON.stringify(clips));
  }

  /** Add clips of a match after those that are there; gives how many are new. */
  add(match: string, name: string, clips: ClipDocument[]): number {
    const all = this.clips;
    const isKnown = (clip: ClipDocument): boolean => all.some((kept) => kept.match === match && kept.clip.period === clip.period && Math.abs(kept.clip.start_s - clip.start_s) < SAME_S);
    const fresh = clips.filter((clip) => !isKnown(clip));
    const digits = (): string => [...crypto.getRandomValues(new Uint8Array(6))].map((digit) => digit.toString(16).padStart(2, "0")).join("");
    this.clips = [...all, ...fresh.map((clip) => ({ id: digits(), match, name, clip }))];
    return fresh.length;
  }
}
