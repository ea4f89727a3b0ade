/** The list of spots: sorted, filtered, and drawn only where one looks, so that thousands of rows stay quick. */

import { byId, h, oncePerFrame, whole } from "./dom";
import { KIND_NAMES } from "./marks";
import type { MatchTime } from "./time";
import type { Item, Kind } from "./types";
import { describe } from "./timeline";

/** Height of a row, as the style sheet has it: a finger needs more than a mouse. */
const ROW_PX = matchMedia("(max-width: 860px), (pointer: coarse)").matches ? 44 : 32;
const SPARE_ROWS = 6;

export class SpotList {
  onpick: (item: Item) => void = () => undefined;
  /** Rows were chosen with Shift or Ctrl, in addition to the selected one. */
  onmark: (ids: string[]) => void = () => undefined;
  rows: Item[] = [];

  private kinds = new Map<string, Kind>();
  private selected: string | null = null;
  private marked = new Set<string>();
  private readonly box = byId("spot-list");
  private readonly content = byId("spot-rows");
  private readonly empty = byId("spot-empty");
  private total = 0;
  private readonly count = byId("spot-count");
  private readonly redraw = oncePerFrame(() => this.draw());

  constructor(private readonly time: MatchTime) {
    this.box.addEventListener("scroll", this.redraw, { passive: true });
    new ResizeObserver(this.redraw).observe(this.box);
    this.content.addEventListener("click", (event) => {
      // By the spot, not by its place: the rows may have a new order that is not drawn yet.
      const row = (event.target as Element).closest<HTMLElement>("[data-id]");
      const item = this.rows.find(({ id }) => id === row?.dataset.id);
      if (item === undefined) return;
      const index = this.rows.findIndex(({ id }) => id === this.selected);
      if (event.shiftKey && index >= 0) {
        const [first, last] = [index, this.rows.indexOf(item)].sort((a, b) => a - b) as [number, number];
        this.onmark(this.rows.slice(first, last + 1).map(({ id }) => id));
      } else if ((event.ctrlKey || event.metaKey) && index >= 0) this.onmark([item.id]);
      else this.onpick(item);
    });
  }

  show(rows: Item[], kinds: Map<string, Kind>, total: number): void {
    this.rows = rows;
    this.kinds = kinds;
    this.total = total;
    this.count.textContent = rows.length === total ? `${whole(total)} spots` : `${whole(rows.length)} of ${whole(total)} spots`;
    this.redraw();
  }

  select(id: string | null, marked: Set<string> = new Set()): void {
    this.selected = id;
    this.marked = marked;
    const index = this.rows.findIndex((item) => item.id === id);
    if (index >= 0) {
      const top = index * ROW_PX;
      if (top < this.box.scrollTop) this.box.scrollTop = top - ROW_PX;
      else if (top + ROW_PX > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = top + 2 * ROW_PX - this.box.clientHeight;
    }
    this.redraw();
  }

  /** The row before or after the selected one. */
  neighbour(step: number): Item | null {
    if (this.rows.length === 0) return null;
    const index = this.rows.findIndex((item) => item.id === this.selected);
    if (index < 0) return step > 0 ? this.rows[0]! : this.rows[this.rows.length - 1]!;
    return this.rows[index + step] ?? null;
  }

  private draw(): void {
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW_PX) - SPARE_ROWS);
    const last = Math.min(this.rows.length, Math.ceil((this.box.scrollTop + this.box.clientHeight) / ROW_PX) + SPARE_ROWS);
    this.content.style.height = `${this.rows.length * ROW_PX}px`;
    this.empty.hidden = this.rows.length > 0;
    this.empty.textContent = this.total === 0 ? "This match has no spots yet. Press N to add one." : "No spot passes the filters.";
    this.content.replaceChildren(...this.rows.slice(first, last).map((item, i) => this.row(item, first + i)));
    if (document.getElementById(`row-${this.selected}`) !== null) this.box.setAttribute("aria-activedescendant", `row-${this.selected}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  private row(item: Item, index: number): HTMLElement {
    const kind = this.kinds.get(item.id) ?? "plain";
    const chosen = item.id === this.selected || this.marked.has(item.id);
    const confidence = item.source === "label" ? "label" : item.confidence === null ? "added" : item.confidence.toFixed(2);
    const row = h(
      "div",
      {
        id: `row-${item.id}`,
        class: `spot-row status-${item.status}${item.source === "label" ? " is-label" : ""}`,
        role: "option",
        "aria-selected": String(chosen),
        "aria-posinset": index + 1,
        "aria-setsize": this.rows.length,
        title: describe(item, kind, this.time),
        "data-id": item.id,
      },
      h("span", { class: "spot-time" }, this.time.clock(item.t)),
      h("span", { class: `mark mark-${markOf(item, kind)}`, "aria-hidden": "true", title: KIND_NAMES[kind] }),
      h("span", { class: "spot-label" }, item.label),
      h("span", { class: "spot-kind", "aria-hidden": "true" }, remarkOf(item, kind)),
      h("span", { class: "spot-confidence" }, confidence),
      h("span", { class: "spot-status", "aria-hidden": "true" }, item.source === "label" && !item.touched ? "" : statusText(item)),
      h("span", { class: "visually-hidden" }, kind === "plain" || kind === item.status ? item.status : `${KIND_NAMES[kind]}, ${item.status}`),
    );
    row.style.top = `${index * ROW_PX}px`;
    return row;
  }
}

/** Style of an item's mark: a label that nothing is compared with is a line, not a spot. */
export function markOf(item: Item, kind: Kind): Kind {
  return kind === "plain" && item.source === "label" ? "found" : kind;
}

/** What is worth a word beside the name: an error, or what a person has noted. */
function remarkOf(item: Item, kind: Kind): string {
  const noted = [item.player === "" ? "" : `#${item.player}`, item.note].filter((text) => text !== "").join(" ");
  if (noted !== "") return noted;
  return ["plain", "found", "accepted", "rejected", "added"].includes(kind) ? "" : KIND_NAMES[kind];
}

function statusText(item: Item): string {
  if (item.status === "rejected") return "✕";
  if (item.status === "accepted") return "✓";
  return "";
}
