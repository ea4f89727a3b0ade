/** Notices that labels, predictions, scores or videos have changed on disk since the page was loaded, and takes them when asked to. */

import { getJson } from "./api";
import { byId } from "./dom";

const POLL_MS = 4000;

const NAMES: Record<string, string> = { labels: "labels", predictions: "predictions", scores: "score curves", clips: "clips", videos: "videos" };

export class DiskWatch {
  private seen = "";
  private dismissed = "";
  private readonly bar = byId("disk-bar");

  /** `read` gives the state of the disk now; `take` shows what is there. */
  constructor(
    private readonly shown: Record<string, string>,
    private readonly read: () => Promise<Record<string, string>>,
    private readonly describe: (changed: string[]) => string,
    take: () => void,
  ) {
    byId("disk-take").addEventListener("click", take);
    byId("disk-later").addEventListener("click", () => {
      this.dismissed = this.seen;
      this.bar.hidden = true;
    });
    setInterval(() => void this.poll(), POLL_MS);
    window.addEventListener("focus", () => void this.poll());
  }

  private async poll(): Promise<void> {
    if (document.visibilityState !== "visible") return;
    const state = await this.read().catch(() => null);
    if (state === null) return; // the next change will say that the server is gone
    const text = JSON.stringify(state);
    const changed = Object.keys(state).filter((name) => state[name] !== this.shown[name]);
    // What is still being written, or recorded, is not offered.
    const isStable = text === this.seen;
    this.seen = text;
    if (changed.length === 0) this.bar.hidden = true;
    else if (isStable && text !== this.dismissed) {
      byId("disk-text").textContent = this.describe(changed);
      this.bar.hidden = false;
    }
  }
}

/** Watch the files of a match. */
export function watchMatch(key: string, shown: Record<string, string>, take: () => void): DiskWatch {
  const read = async (): Promise<Record<string, string>> => (await getJson<{ state: Record<string, string> }>(`/api/matches/${key}/state`)).state;
  const describe = (changed: string[]): string => {
    const names = changed.map((name) => NAMES[name] ?? name);
    const listed = names.length === 1 ? names[0]! : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
    return `${listed[0]!.toUpperCase()}${listed.slice(1)} of this match have changed on disk.`;
  };
  return new DiskWatch(shown, read, describe, take);
}

/** Watch all matches of the start page. */
export async function watchAll(): Promise<DiskWatch> {
  const read = async (): Promise<Record<string, string>> => {
    const { state, matches } = await getJson<{ state: string; matches: number }>("/api/changes");
    return { state, matches: String(matches) };
  };
  const shown = await read();
  const describe = (changed: string[]): string => (changed.includes("matches") ? "There are other matches on disk now." : "Files of these matches have changed on disk.");
  return new DiskWatch(shown, read, describe, () => location.reload());
}
