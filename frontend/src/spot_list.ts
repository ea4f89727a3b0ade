/** The list of spots: sorted, filtered, and drawn only where one looks, so that thousands of rows stay quick. */

import { byId, h, oncePerFrame, whole } from "./dom";
import { KIND_NAMES } from "./marks";
import type { MatchTime } from "./time";
import type { Item, Kind } from "./types";
import { describe } from "./timeline";

/** Height of a row, as the style sheet has it: a finger needs more than a mouse. */
const ROW_PX = matchMedia("(max-width: 860px), (pointer: coarse)").matches ? 44 : 32;
const SPARE_ROWS = 6;

/** A row in the document, and what it shows as text, to see whether it has changed. */
interface DrawnRow {
  element: HTMLElement;
  content: string;
}

export class SpotList {
  onpick: (item: Item) => void = () => undefined;
  /** Rows were chosen with Shift or Ctrl, in addition to the selected one. */
  onmark: (ids: string[]) => void = () => undefined;

  private ordered: Item[] = [];
  /** Rows in the document, by spot: a row stays the same element wherever its spot goes. */
  private readonly drawn = new Map<string, DrawnRow>();
  /** While a row is pressed the list stays still, so that press and release are on the same row. */
  private pressed = false;
  private kinds = new Map<string, Kind>();
  private selected: string | null = null;
  private marked = new Set<string>();
  private readonly box = byId("spot-list");
  private readonly content = byId("spot-rows");
  private readonly empty = byId("spot-empty");
  private total = 0;
  private readonly count = byId("spot-count");
  private readonly redraw = oncePerFrame(() => this.draw());

  constructor(
    private readonly time: MatchTime,
    /** Orders at once what waits for the next frame. */
    private readonly recountNow: () => void,
  ) {
    this.box.addEventListener("scroll", this.redraw, { passive: true });
    new ResizeObserver(this.redraw).observe(this.box);
    this.content.addEventListener("click", (event) => {
      // By the spot, not by its place: the rows may have a new order that is not drawn yet.
      const row = (event.target as Element).closest<HTMLElement>("[data-id]");
      const { rows } = this;
      const item = rows.find(({ id }) => id === row?.dataset.id);
      if (item === undefined) return;
      const index = rows.findIndex(({ id }) => id === this.selected);
      if (event.shiftKey && index >= 0) {
        const [first, last] = [index, rows.indexOf(item)].sort((a, b) => a - b) as [number, number];
        this.onmark(rows.slice(first, last + 1).map(({ id }) => id));
      } else if ((event.ctrlKey || event.metaKey) && index >= 0) this.onmark([item.id]);
      else this.onpick(item);
    });
    this.content.addEventListener("pointerdown", (event) => (this.pressed = event.button === 0));
    for (const type of ["pointerup", "pointercancel", "blur"]) window.addEventListener(type, () => this.release());
  }

  /** All rows in the order of the list, also those that are not drawn. */
  get rows(): Item[] {
    this.recountNow();
    return this.ordered;
  }

  show(rows: Item[], kinds: Map<string, Kind>, total: number): void {
    this.ordered = rows;
    this.kinds = kinds;
    this.total = total;
    this.count.textContent = rows.length === total ? `${whole(total)} spots` : `${whole(rows.length)} of ${whole(total)} spots`;
    this.redraw();
  }

  select(id: string | null, marked: Set<string> = new Set()): void {
    this.selected = id;
    this.marked = marked;
    const index = this.ordered.findIndex((item) => item.id === id);
    if (index >= 0 && !this.pressed) {
      const top = index * ROW_PX;
      if (top < this.box.scrollTop) this.box.scrollTop = top - ROW_PX;
      else if (top + ROW_PX > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = top + 2 * ROW_PX - this.box.clientHeight;
    }
    this.redraw();
  }

  /** The row before or after the selected one. */
  neighbour(step: number): Item | null {
    const { rows } = this;
    if (rows.length === 0) return null;
    const index = rows.findIndex((item) => item.id === this.selected);
    if (index < 0) return step > 0 ? rows[0]! : rows[rows.length - 1]!;
    return rows[index + step] ?? null;
  }

  /** The click that belongs to a release comes before the next frame. */
  private release(): void {
    if (!this.pressed) return;
    this.pressed = false;
    this.redraw();
  }

  private draw(): void {
    if (this.pressed) return;
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW_PX) - SPARE_ROWS);
    const last = Math.min(this.ordered.length, Math.ceil((this.box.scrollTop + this.box.clientHeight) / ROW_PX) + SPARE_ROWS);
    this.content.style.height = `${this.ordered.length * ROW_PX}px`;
    this.empty.hidden = this.ordered.length > 0;
    this.empty.textContent = this.total === 0 ? "This match has no spots yet. Press N to add one." : "No spot passes the filters.";
    this.drawRows(this.ordered.slice(first, last), first);
    if (document.getElementById(`row-${this.selected}`) !== null) this.box.setAttribute("aria-activedescendant", `row-${this.selected}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  private drawRows(items: Item[], first: number): void {
    const wanted = new Set(items.map(({ id }) => id));
    for (const [id, { element }] of this.drawn) {
      if (wanted.has(id)) continue;
      element.remove();
      this.drawn.delete(id);
    }
    items.forEach((item, i) => {
      const row = this.row(item, first + i);
      if (this.content.children[i] !== row) this.content.insertBefore(row, this.content.children[i] ?? null);
    });
  }

  /** The row of a spot as it is now, written anew only where something of it has changed. */
  private row(item: Item, index: number): HTMLElement {
    const known = this.drawn.get(item.id);
    const element = known?.element ?? h("div", { id: `row-${item.id}`, role: "option", "data-id": item.id });
    const kind = this.kinds.get(item.id) ?? "plain";
    const facts: Record<string, string> = {
      class: `spot-row status-${item.status}${item.source === "label" ? " is-label" : ""}`,
      "aria-selected": String(item.id === this.selected || this.marked.has(item.id)),
      "aria-posinset": String(index + 1),
      "aria-setsize": String(this.ordered.length),
      title: describe(item, kind, this.time),
    };
    const remark = remarkOf(item, kind);
    const content = JSON.stringify([facts, remark, kind, item.touched]);
    if (known?.content === content) return element;
    for (const [name, value] of Object.entries(facts)) element.setAttribute(name, value);
    element.style.top = `${index * ROW_PX}px`;
    element.replaceChildren(...this.cells(item, kind, remark));
    this.drawn.set(item.id, { element, content });
    return element;
  }

  private cells(item: Item, kind: Kind, remark: string): HTMLElement[] {
    const confidence = item.source === "label" ? "label" : item.confidence === null ? "added" : item.confidence.toFixed(2);
    return [
      h("span", { class: "spot-time" }, this.time.clock(item.t)),
      h("span", { class: `mark mark-${markOf(item, kind)}`, "aria-hidden": "true", title: KIND_NAMES[kind] }),
      h("span", { class: "spot-label" }, item.label),
      h("span", { class: "spot-kind", "aria-hidden": "true" }, remark),
      h("span", { class: "spot-confidence" }, confidence),
      h("span", { class: "spot-status", "aria-hidden": "true" }, item.source === "label" && !item.touched ? "" : statusText(item)),
      h("span", { class: "visually-hidden" }, kind === "plain" || kind === item.status ? item.status : `${KIND_NAMES[kind]}, ${item.status}`),
    ];
  }
}

/** Style of an item's mark: a label that nothing is compared with is a line, not a spot. */
export function markOf(item: Item, kind: Kind): Kind {
  return kind === "plain" && item.source === "label" ? "found" : kind;
}

/** What is worth a word beside the name: an error, or what a person has noted. */
function remarkOf(item: Item, kind: Kind): string {
  const noted = [item.team ?? "", item.player === "" ? "" : `#${item.player}`, item.note].filter((text) => text !== "").join(" · ");
  if (noted !== "") return noted;
  if (item.origin !== null && item.origin.position_ms !== item.position_ms) return "moved";
  return ["plain", "found", "accepted", "rejected", "added"].includes(kind) ? "" : KIND_NAMES[kind];
}

function statusText(item: Item): string {
  if (item.status === "rejected") return "✕";
  if (item.status === "accepted") return "✓";
  return "";
}
