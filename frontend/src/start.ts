/** The start page: all matches in a table that can be searched and sorted. */

import { getJson, saveFile } from "./api";
import { watchAll } from "./disk_watch";
import { byId, h, notify, setUpTheme, whole } from "./dom";
import { progressOf } from "./progress";
import type { ReviewSummary } from "./progress";
import { ReelStore } from "./reel_store";
import type { Abilities } from "./reel_store";
import { formatDuration } from "./time";

interface MatchRow {
  key: string;
  name: string;
  has_labels: boolean;
  has_predictions: boolean;
  has_scores: boolean;
  videos: number[];
}

interface Summary extends ReviewSummary {
  key: string;
  error?: string;
  duration_s?: number;
  labels?: number;
  predictions?: number;
  revision?: number;
  f1?: number | null;
  threshold?: number | null;
  warnings?: number;
  codecs?: string[];
}

type Column = "name" | "duration_s" | "labels" | "predictions" | "decided" | "f1";

/** The first rows come in a small page, so that figures show at once. */
const FIRST_PAGE = 10;
const PAGE = 25;
const MEMORY = "spotkick.start";

class StartPage {
  private readonly summaries = new Map<string, Summary>();
  private sort: { column: Column; descending: boolean } = { column: "name", descending: false };
  private place = 0;
  private readonly only = byId<HTMLSelectElement>("only");
  private readonly search = byId<HTMLInputElement>("search");

  constructor(private readonly matches: MatchRow[]) {
    const kept = JSON.parse(sessionStorage.getItem(MEMORY) ?? "{}") as { sort?: { column: Column; descending: boolean }; search?: string; only?: string; y?: number };
    this.sort = kept.sort ?? this.sort;
    this.search.value = kept.search ?? "";
    this.only.value = kept.only ?? "";
    if (this.only.value === "") this.only.value = "";
    this.place = kept.y ?? 0;
    window.addEventListener("pagehide", () => {
      sessionStorage.setItem(MEMORY, JSON.stringify({ sort: this.sort, search: this.search.value, only: this.only.value, y: window.scrollY }));
    });
    this.search.addEventListener("input", () => this.draw());
    this.only.addEventListener("change", () => this.draw());
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-column]")) {
      button.addEventListener("click", () => {
        const column = button.dataset.column as Column;
        this.sort = { column, descending: this.sort.column === column ? !this.sort.descending : column !== "name" };
        this.draw();
      });
    }
    byId("export-all").addEventListener("click", () => {
      saveFile("/api/export")
        .then(() => notify("Saved the labels of all matches with their corrections; training reads the archive as it is."))
        .catch((error: Error) => notify(error.message, true));
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && document.activeElement !== this.search) {
        event.preventDefault();
        this.search.focus();
      }
    });
    this.draw();
    window.scrollTo(0, this.place);
  }

  async load(): Promise<void> {
    for (let start = 0, count = FIRST_PAGE; start < this.matches.length; start += count, count = PAGE) {
      const { summaries } = await getJson<{ summaries: Summary[] }>(`/api/summaries?start=${start}&count=${count}`);
      for (const summary of summaries) this.summaries.set(summary.key, summary);
      this.draw();
    }
    document.body.dataset.ready = "true";
  }

  private value(match: MatchRow, column: Column): string | number {
    if (column === "name") return match.name;
    return this.summaries.get(match.key)?.[column] ?? -1;
  }

  private draw(): void {
    const words = this.search.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    const rows = this.matches.filter((match) => words.every((word) => match.name.toLowerCase().includes(word)) && this.passes(match));
    const { column, descending } = this.sort;
    rows.sort((a, b) => {
      const [x, y] = [this.value(a, column), this.value(b, column)];
      const order = typeof x === "string" ? x.localeCompare(String(y), undefined, { numeric: true }) : x - Number(y);
      return descending ? -order : order;
    });
    for (const header of document.querySelectorAll<HTMLElement>("th[data-sort]")) {
      const current = header.dataset.sort === column;
      header.setAttribute("aria-sort", current ? (descending ? "descending" : "ascending") : "none");
    }
    byId("match-rows").replaceChildren(...rows.map((match) => this.row(match)));
    byId("match-count").textContent = rows.length === this.matches.length ? `${rows.length} match${rows.length === 1 ? "" : "es"}` : `${rows.length} of ${this.matches.length} matches`;
    byId("no-match").hidden = rows.length > 0;
    this.drawTotals(rows);
  }

  /** Whether a match is of the kind that was chosen. */
  private passes(match: MatchRow): boolean {
    const summary = this.summaries.get(match.key);
    const { likely, decided } = progressOf(summary ?? {});
    switch (this.only.value) {
      case "unreviewed":
        return likely > decided;
      case "reviewed":
        return likely > 0 && likely === decided;
      case "no-video":
        return match.videos.length === 0;
      case "warnings":
        return (summary?.warnings ?? 0) > 0 || summary?.error !== undefined;
      default:
        return true;
    }
  }

  private drawTotals(rows: MatchRow[]): void {
    const known = rows.flatMap((match) => this.summaries.get(match.key) ?? []);
    const sum = (column: "duration_s" | "labels" | "predictions"): number => known.reduce((total, summary) => total + (summary[column] ?? 0), 0);
    const parts = [formatDuration(sum("duration_s")), `${whole(sum("labels"))} labels`, `${whole(sum("predictions"))} spots`];
    byId("match-totals").textContent = known.length < rows.length || rows.length === 0 ? "" : `· ${parts.join(" · ")}`;
  }

  private row(match: MatchRow): HTMLElement {
    const summary = this.summaries.get(match.key);
    const parts = match.name.split("/");
    const name = parts.pop() ?? match.name;
    const waiting = summary === undefined;
    const number = (value: number | undefined, text: string): HTMLElement => h("td", { class: "number" }, waiting ? "…" : value === undefined ? "–" : text);
    return h(
      "tr",
      {},
      h(
        "th",
        { scope: "row" },
        h("a", { href: `/match?id=${match.key}` }, name),
        parts.length > 0 ? h("small", {}, parts.join(" / ")) : null,
        summary?.error === undefined ? null : h("small", { class: "problem" }, summary.error),
        (summary?.warnings ?? 0) === 0 ? null : h("small", { class: "warning" }, `⚠ ${summary!.warnings} warning${summary!.warnings === 1 ? "" : "s"} about the files`),
      ),
      number(summary?.duration_s, formatDuration(summary?.duration_s ?? 0)),
      h("td", {}, match.videos.length === 0 ? "–" : match.videos.length === 1 ? "video" : `${match.videos.length} videos`, (summary?.codecs ?? []).length === 0 ? null : h("small", {}, summary!.codecs!.join(", ").toUpperCase())),
      number(match.has_labels ? summary?.labels : undefined, whole(summary?.labels ?? 0)),
      number(match.has_predictions ? summary?.predictions : undefined, whole(summary?.predictions ?? 0)),
      h("td", { class: "reviewed" }, ...reviewOf(summary)),
      h("td", { class: "number", title: summary?.threshold == null ? null : `at threshold ${summary.threshold.toFixed(2)}, within 2.5 s` }, waiting ? "…" : summary.f1 == null ? "–" : (100 * summary.f1).toFixed(1)),
    );
  }
}

/** How far the review of a match has come. */
function reviewOf(summary: Summary | undefined): (Node | string)[] {
  if (summary === undefined) return ["…"];
  const { predictions = 0, revision = 0 } = summary;
  const { decided, likely } = progressOf(summary);
  if (predictions === 0) return [revision > 0 ? "edited" : "–"];
  if (likely === 0) return ["no likely spot"];
  const bar = h("progress", { max: likely, value: decided, "aria-hidden": "true" });
  return [bar, h("span", { title: "Decided spots, of those that reach the thresholds of their classes as they are set in this browser (0.5 at first)" }, `${whole(decided)} of ${whole(likely)}`)];
}

/** Lead to the reel of several matches, where clips were collected for one. */
async function showReel(): Promise<void> {
  const { session } = await getJson<Abilities>("/api/abilities");
  const store = new ReelStore(session);
  const draw = (): void => {
    const { length } = store.clips;
    byId("reel-link").hidden = length === 0;
    byId("reel-link").textContent = `Reel of several matches (${length})`;
  };
  store.onforeign = draw;
  draw();
}

async function main(): Promise<void> {
  setUpTheme(byId<HTMLButtonElement>("theme-button"), () => undefined);
  try {
    const { matches } = await getJson<{ matches: MatchRow[] }>("/api/matches");
    // Without them the table is shown all the same.
    void showReel().catch(() => undefined);
    void watchAll().catch(() => undefined);
    await new StartPage(matches).load();
  } catch (error) {
    notify((error as Error).message, true);
  }
}

void main();
