/** Two systems over the same truth: precision, recall and F1 side by side, both in the lanes, and what only one of them has found. */

import { getBytes } from "./api";
import { Curves } from "./curves";
import { byId, h, notify } from "./dom";
import { assess, counts, matchGreedily, rates, referenceOf } from "./matching";
import type { Counts } from "./matching";
import type { MatchTime } from "./time";
import type { Timeline } from "./timeline";
import type { Item, MatchDocument, SpotDocument, SystemDocument } from "./types";

const MOST_DIFFERENCES = 300;
const NOTHING: Counts = { correct: 0, predicted: 0, labelled: 0 };

export class CompareSystems {
  onpick: (t: number) => void = () => undefined;
  onchange: () => void = () => undefined;

  private readonly panel = byId("panel-systems");
  private readonly select = byId<HTMLSelectElement>("other-system");
  private readonly items = new Map<number, Item[]>();
  private readonly curves = new Map<number, Curves | null>();
  private timeline: Timeline | null = null;

  constructor(
    private readonly match: MatchDocument,
    private readonly time: MatchTime,
  ) {
    const others = match.systems.slice(1);
    byId("tab-systems").hidden = others.length === 0;
    this.select.replaceChildren(...others.map(({ name }, i) => h("option", { value: i + 1 }, name)));
    this.select.addEventListener("change", () => {
      void this.showCurves();
      this.onchange();
    });
  }

  /** Connect the lanes; curves are loaded when the panel is first seen. */
  async load(timeline: Timeline): Promise<void> {
    this.timeline = timeline;
    await this.showCurves();
  }

  show(all: Item[], thresholds: Map<string, number>, tolerance_ms: number, hidden: Set<string>): void {
    const other = this.match.systems[Number(this.select.value)];
    if (other === undefined) return;
    if (this.panel.hidden) {
      this.timeline?.setRival([], null);
      return;
    }
    const theirs = this.itemsOf(Number(this.select.value), other);
    const { reference } = referenceOf(all);
    const truth = reference.map((item): Item => ({ ...item, source: "label", status: "accepted", touched: true }));
    const [a, b] = [[...all.filter(({ source }) => source === "prediction"), ...all.filter(({ source }) => source !== "prediction")], [...theirs, ...truth]];
    const ours = assess(a, thresholds, tolerance_ms);
    const rival = assess(b, thresholds, tolerance_ms);
    this.fill(ours.counts, ours.total, rival.counts, rival.total, other.name);
    this.listDifferences(all, theirs, reference, thresholds, tolerance_ms, other.name);
    this.timeline?.setRival(theirs.filter((item) => !hidden.has(item.label) && counts(item, thresholds)), this.curves.get(Number(this.select.value)) ?? null);
    void this.showCurves();
  }

  private itemsOf(number: number, system: SystemDocument): Item[] {
    const known = this.items.get(number);
    if (known !== undefined) return known;
    const made = (system.predictions ?? []).map((spot) => this.itemOf(spot));
    made.sort((x, y) => x.t - y.t);
    this.items.set(number, made);
    return made;
  }

  private itemOf(spot: SpotDocument): Item {
    const { id, label, period, position_ms, confidence, visibility, team } = spot;
    return {
      id: `other-${id}`, label, period, position_ms, confidence: confidence ?? null, visibility: visibility ?? null, team: team ?? null,
      source: "prediction", status: "undecided", touched: false, player: "", note: "", origin: { label, period, position_ms }, t: this.time.at(period, position_ms),
    };
  }

  private async showCurves(): Promise<void> {
    const number = Number(this.select.value);
    const system = this.match.systems[number];
    if (system === undefined || this.panel.hidden || this.curves.has(number)) return;
    this.curves.set(number, null);
    if (system.scores === null) return;
    const { scores } = system;
    const bytes = await getBytes(scores.url).catch((error: Error) => (notify(error.message, true), null));
    if (bytes === null) return;
    this.curves.set(number, new Curves(scores, bytes, this.time));
    this.onchange();
  }

  private fill(ours: Map<string, Counts>, ourTotal: Counts, theirs: Map<string, Counts>, theirTotal: Counts, name: string): void {
    const [first] = this.match.systems;
    for (const [id, text] of [["system-a", first?.name ?? ""], ["system-b", name]] as const) {
      byId(id).textContent = text;
      byId(id).title = text;
    }
    const row = (label: string, a: Counts, b: Counts, total = false): HTMLElement => {
      const [x, y] = [cells(a), cells(b)];
      const made = [...x, ...y].map((value, i) => {
        const rivalValue = i < 3 ? y[i]! : x[i - 3]!;
        return h("td", { class: `number${value !== null && rivalValue !== null && value > rivalValue + 0.0005 ? " better" : ""}` }, value === null ? "–" : (100 * value).toFixed(0));
      });
      return h("tr", { class: total ? "total-row" : "" }, h("th", { scope: "row", title: label }, label), ...made);
    };
    byId("system-rows").replaceChildren(
      row("All classes", ourTotal, theirTotal, true),
      ...this.match.classes.map((label) => row(label, ours.get(label) ?? NOTHING, theirs.get(label) ?? NOTHING)),
    );
    byId("system-total").textContent = this.match.has_labels ? "" : "without labels, nothing is right or wrong";
  }

  private listDifferences(all: Item[], theirs: Item[], reference: Item[], thresholds: Map<string, number>, tolerance_ms: number, name: string): void {
    const predicted = all.filter((item) => item.source === "prediction" && counts(item, thresholds)).map((item) => (item.origin === null ? item : { ...item, ...item.origin }));
    const a = matchGreedily(predicted, reference, tolerance_ms);
    const b = matchGreedily(theirs.filter((item) => counts(item, thresholds)), reference, tolerance_ms);
    const differ = reference.filter(({ id }) => a.has(id) !== b.has(id)).sort((x, y) => x.t - y.t);
    const first = this.match.systems[0]!.name;
    byId("system-differences").replaceChildren(
      ...(differ.length === 0 ? [h("li", { class: "muted" }, "Both have found the same.")] : []),
      ...differ.slice(0, MOST_DIFFERENCES).map((item) => {
        const link = h("button", { type: "button", class: "link" }, `${this.time.clock(item.t)} ${item.label}`);
        link.addEventListener("click", () => this.onpick(item.t));
        return h("li", {}, link, h("small", {}, `only ${a.has(item.id) ? first : name}`));
      }),
    );
  }
}

/** Precision, recall and F1; null where there is nothing to divide by. */
function cells(found: Counts): (number | null)[] {
  const { precision, recall, f1 } = rates(found);
  return [found.predicted > 0 ? precision : null, found.labelled > 0 ? recall : null, found.predicted + found.labelled > 0 ? f1 : null];
}
