/** The rendering of a reel in the background: its start, its progress, and the files that it made. */

import { ReplyError, getJson, sendJson } from "./api";
import { announce, byId, h, notify } from "./dom";
import type { JobDocument } from "./types";

const WATCH_MS = 300;

export class ReelJob {
  /** The job has begun or ended. */
  onchange: () => void = () => undefined;

  private readonly status = byId("reel-status");
  private readonly progress = byId<HTMLProgressElement>("reel-progress");
  private readonly cancel = byId<HTMLButtonElement>("reel-cancel");
  private job: JobDocument | null = null;
  /** What the latest job was asked for. */
  private asked: string | null = null;

  /** What the latest job of an address was asked for, so that a later page knows whether its files are those of the list. */
  private readonly memory: string;

  /** `address` is where a reel is asked for. */
  constructor(private readonly address: string) {
    this.memory = `spotkick.asked.${address}`;
    this.cancel.addEventListener("click", () => void this.stop());
  }

  get running(): boolean {
    return this.job?.state === "running";
  }

  async start(request: object, video: boolean): Promise<void> {
    try {
      this.job = await sendJson<JobDocument>(this.address, { ...request, video });
      this.asked = JSON.stringify(request);
      localStorage.setItem(this.memory, JSON.stringify({ key: this.job.key, asked: this.asked }));
      announce(video ? "Rendering has started" : "Edit lists are being written");
      await this.watch();
    } catch (error) {
      notify((error as Error).message, true);
    }
  }

  /** Go on showing a job that an earlier page has started. */
  async resume(job: JobDocument): Promise<void> {
    this.job = job;
    const kept = JSON.parse(localStorage.getItem(this.memory) ?? "null") as { key: string; asked: string } | null;
    this.asked = kept?.key === job.key ? kept.asked : null;
    await this.watch();
  }

  /** Files of an earlier choice are not those of this one. */
  forget(request: object): void {
    if (this.job?.state !== "done" || this.asked === null || this.asked === JSON.stringify(request)) return;
    this.job = null;
    this.asked = null;
    this.status.textContent = "The choice has changed since the reel was made.";
    byId("reel-files").replaceChildren();
  }

  private async watch(): Promise<void> {
    while (this.job !== null) {
      this.show(this.job);
      if (this.job.state !== "running") return;
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
      try {
        this.job = await getJson<JobDocument>(`/api/jobs/${this.job.key}`);
      } catch (error) {
        if (error instanceof ReplyError) this.job = null;
        this.status.textContent = (error as Error).message;
        this.onchange();
        return;
      }
    }
  }

  private async stop(): Promise<void> {
    if (this.job?.state === "running") await sendJson(`/api/jobs/${this.job.key}`, {}, "DELETE").catch((error: Error) => notify(error.message, true));
  }

  private show(job: JobDocument): void {
    const running = job.state === "running";
    this.progress.hidden = this.cancel.hidden = !running;
    this.progress.value = job.progress;
    byId("reel-progress-row").hidden = !running;
    this.onchange();
    const texts = {
      running: job.kind === "reel" ? `Rendering: ${Math.round(100 * job.progress)} %` : "Writing edit lists…",
      done: `Ready to save${job.message === "" ? "" : ` (${job.message})`}:`,
      failed: job.message,
      cancelled: "Rendering was cancelled.",
    };
    this.status.textContent = texts[job.state];
    this.status.classList.toggle("problem", job.state === "failed");
    const files = job.state === "done" ? job.files : [];
    byId("reel-files").replaceChildren(
      ...files.map((file, i) =>
        h("li", {}, h("a", { href: `/api/jobs/${job.key}/files/${i}`, download: file.name, title: `${file.name}, ${formatSize(file.size_bytes)}` }, nameOf(file.name))),
      ),
    );
    if (job.state === "done") announce("The files are ready to save");
  }
}

/** What a file is, by the end of its name. */
const FILE_NAMES: readonly (readonly [string, string])[] = [
  [".markers.edl", "Markers for Resolve"],
  [".markers.csv", "Markers for Premiere"],
  [".mp4", "Reel (MP4)"],
  [".jpg", "Poster (JPEG)"],
  [".vtt", "Captions (VTT)"],
  [".xml", "Final Cut Pro 7"],
];

function nameOf(file: string): string {
  const lower = file.toLowerCase();
  const known = FILE_NAMES.find(([end]) => lower.endsWith(end));
  return known?.[1] ?? lower.split(".").pop()!.toUpperCase();
}

function formatSize(bytes: number): string {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
