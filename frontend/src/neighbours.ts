/** The matches before and after this one, in the order of the start page. */

import { getJson } from "./api";
import { byId } from "./dom";

/** Connect the two arrows of the header; they stay hidden when there is only one match. */
export async function setUpNeighbours(key: string): Promise<void> {
  const { matches } = await getJson<{ matches: { key: string; name: string }[] }>("/api/matches");
  const index = matches.findIndex((match) => match.key === key);
  for (const [id, step] of [["previous-match", -1], ["next-match", 1]] as const) {
    const link = byId<HTMLAnchorElement>(id);
    const match = matches[index + step];
    if (match === undefined) continue;
    link.href = `/match?id=${match.key}`;
    link.title = `${match.name.split("/").pop()} (Shift Page ${step < 0 ? "up" : "down"})`;
    link.hidden = false;
  }
}

/** Open the match before or after this one, where there is one. */
export function openNeighbour(step: -1 | 1): void {
  const link = byId<HTMLAnchorElement>(step < 0 ? "previous-match" : "next-match");
  if (!link.hidden) link.click();
}
