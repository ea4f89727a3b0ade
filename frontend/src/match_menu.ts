/** The menu of all matches in the header, with the progress of their review. */

import { getJson } from "./api";
import { byId, h, whole } from "./dom";
import { progressOf } from "./progress";
import type { ReviewSummary } from "./progress";

interface MatchRow {
  key: string;
  name: string;
}

type Summary = ReviewSummary & { key: string };

const PAGE = 25;

/** Connect the menu and the links to the matches before and after this one. */
export async function setUpMatchMenu(key: string): Promise<void> {
  const { matches } = await getJson<{ matches: MatchRow[] }>("/api/matches");
  const index = matches.findIndex((match) => match.key === key);
  for (const [id, step] of [["previous-match", -1], ["next-match", 1]] as const) {
    const link = byId<HTMLAnchorElement>(id);
    const match = matches[index + step];
    if (match === undefined) continue;
    link.href = `/match?id=${match.key}`;
    link.title = `${lastPart(match.name)} (Shift Page ${step < 0 ? "up" : "down"})`;
    link.hidden = false;
  }
  const menu = byId<HTMLDetailsElement>("match-menu");
  const search = byId<HTMLInputElement>("menu-search");
  byId("menu-arrow").hidden = matches.length < 2;
  const summaries = new Map<string, Summary>();
  const draw = (): void => {
    const words = search.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    const shown = matches.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
    byId("menu-list").replaceChildren(...shown.map((match) => row(match, match.key === key, summaries.get(match.key))));
  };
  search.addEventListener("input", draw);
  menu.addEventListener("toggle", () => {
    if (!menu.open) return;
    draw();
    search.focus();
    menu.querySelector("[aria-current]")?.scrollIntoView({ block: "center" });
    if (summaries.size === 0) void load(matches.length, summaries, draw);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target as Node)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary")!.focus();
    event.stopPropagation();
  });
}

async function load(count: number, found: Map<string, Summary>, draw: () => void): Promise<void> {
  for (let start = 0; start < count; start += PAGE) {
    const { summaries } = await getJson<{ summaries: Summary[] }>(`/api/summaries?start=${start}&count=${PAGE}`);
    for (const summary of summaries) found.set(summary.key, summary);
    draw();
  }
}

function row(match: MatchRow, current: boolean, summary: Summary | undefined): HTMLElement {
  const { likely, decided } = progressOf(summary ?? {});
  const share = likely === 0 ? null : h("progress", { max: likely, value: decided, "aria-hidden": "true" });
  const text = summary === undefined ? "" : likely === 0 ? "no spots" : `${whole(decided)} of ${whole(likely)}`;
  return h(
    "li",
    {},
    h("a", { href: `/match?id=${match.key}`, title: match.name, "aria-current": current ? "page" : null }, h("span", {}, lastPart(match.name)), share, h("small", {}, text)),
  );
}

const lastPart = (name: string): string => name.split("/").pop() ?? name;

/** Open the match before or after this one, where there is one. */
export function openNeighbour(step: -1 | 1): void {
  const link = byId<HTMLAnchorElement>(step < 0 ? "previous-match" : "next-match");
  if (!link.hidden) link.click();
}
