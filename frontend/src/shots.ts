/** Shot changes: found on request, since decoding a whole match takes a while. */

import { getJson, sendJson } from "./api";
import { byId, notify } from "./dom";
import type { MatchTime } from "./time";
import type { JobDocument } from "./types";

const WATCH_MS = 500;

/** Shot changes as sorted seconds of the timeline. */
export function shotsOf(shots: Record<string, number[]>, time: MatchTime): number[] {
  const found = Object.entries(shots).flatMap(([period, times]) => times.map((s) => time.at(Number(period), s * 1000)));
  return found.sort((a, b) => a - b);
}

export class ShotFinder {
  private readonly button = byId<HTMLButtonElement>("find-shots");
  private job: JobDocument | null = null;

  constructor(
    private readonly key: string,
    known: boolean,
    private readonly found: (shots: Record<string, number[]>) => void,
  ) {
    this.button.hidden = known;
    this.button.addEventListener("click", () => void this.press());
  }

  /** Follow a search until its end. */
  async watch(job: JobDocument): Promise<void> {
    this.job = job;
    while (this.job.state === "running") {
      this.button.textContent = `Finding shots ${Math.round(100 * this.job.progress)} % – stop`;
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
      try {
        this.job = await getJson<JobDocument>(`/api/jobs/${this.job.key}`);
      } catch (error) {
        this.job = { ...this.job, state: "failed", message: (error as Error).message };
      }
    }
    this.button.textContent = "Find shots";
    if (this.job.state === "failed") notify(this.job.message, true);
    if (this.job.state !== "done") return;
    this.button.hidden = true;
    const { shots } = await getJson<{ shots: Record<string, number[]> }>(`/api/matches/${this.key}/shots`);
    const count = Object.values(shots).reduce((sum, times) => sum + times.length, 0);
    notify(count === 0 ? "No shot changes were found." : `${count} shot change${count === 1 ? "" : "s"} found.`);
    this.found(shots);
  }

  private async press(): Promise<void> {
    try {
      if (this.job?.state === "running") await sendJson(`/api/jobs/${this.job.key}`, {}, "DELETE");
      else await this.watch(await sendJson<JobDocument>(`/api/matches/${this.key}/shots`, {}));
    } catch (error) {
      notify((error as Error).message, true);
    }
  }
}
