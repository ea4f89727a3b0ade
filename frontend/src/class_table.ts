/** The table of classes: shown or hidden, threshold, and live precision, recall and F1. */

import { byId, h } from "./dom";
import type { Assessment, Counts } from "./matching";
import { rates } from "./matching";

interface Row {
  shown: HTMLInputElement;
  slider: HTMLInputElement;
  value: HTMLElement;
  cells: HTMLElement[];
}

export class ClassTable {
  onthreshold: (name: string | null, threshold: number) => void = () => undefined;
  onshown: (name: string, shown: boolean) => void = () => undefined;

  private readonly rows = new Map<string, Row>();
  private readonly total: HTMLElement[];
  private readonly all: HTMLInputElement;
  private readonly allValue = h("output", { class: "threshold-value" }, "");

  constructor(
    private readonly classes: string[],
    compared: boolean,
    private readonly hasSpots: boolean,
  ) {
    const body = byId("class-rows");
    this.all = this.slider("all classes", (threshold) => this.onthreshold(null, threshold));
    this.total = ["count", ...(compared ? ["P", "R", "F1"] : [])].map(() => h("td", { class: "number" }));
    body.append(h("tr", { class: "total-row" }, h("td", {}), h("th", { scope: "row" }, "All classes"), hasSpots ? this.sliderCell(this.all, this.allValue) : null, ...this.total));
    for (const name of classes) {
      const shown = h("input", { type: "checkbox", checked: true, "aria-label": `Show ${name}` });
      shown.addEventListener("change", () => this.onshown(name, shown.checked));
      const slider = this.slider(name, (threshold) => this.onthreshold(name, threshold));
      const value = h("output", { class: "threshold-value" }, "");
      const cells = this.total.map(() => h("td", { class: "number" }));
      body.append(h("tr", {}, h("td", {}, shown), h("th", { scope: "row", title: name }, name), hasSpots ? this.sliderCell(slider, value) : null, ...cells));
      this.rows.set(name, { shown, slider, value, cells });
    }
  }

  show(thresholds: Map<string, number>, assessment: Assessment, hidden: Set<string>): void {
    const values = new Set(this.classes.map((name) => thresholds.get(name) ?? 0.5));
    const common = values.size === 1 ? [...values][0]! : null;
    if (common !== null) this.all.value = String(common);
    this.allValue.textContent = common === null ? "mixed" : common.toFixed(2);
    for (const [name, row] of this.rows) {
      const threshold = thresholds.get(name) ?? 0.5;
      row.slider.value = String(threshold);
      row.value.textContent = threshold.toFixed(2);
      row.shown.checked = !hidden.has(name);
      this.fill(row.cells, assessment.counts.get(name) ?? { correct: 0, predicted: 0, labelled: 0 });
    }
    this.fill(this.total, assessment.total);
  }

  private fill(cells: HTMLElement[], counts: Counts): void {
    const { precision, recall, f1 } = rates(counts);
    const alone = this.hasSpots ? counts.predicted : counts.labelled;
    const texts = [
      cells.length > 1 ? `${counts.predicted}/${counts.labelled}` : String(alone),
      counts.predicted > 0 ? percent(precision) : "–",
      counts.labelled > 0 ? percent(recall) : "–",
      counts.predicted + counts.labelled > 0 ? percent(f1) : "–",
    ];
    cells.forEach((cell, i) => (cell.textContent = texts[i]!));
  }

  private slider(name: string, changed: (threshold: number) => void): HTMLInputElement {
    const slider = h("input", { type: "range", min: 0, max: 1, step: 0.01, value: 0.5, "aria-label": `Threshold of ${name}` });
    slider.addEventListener("input", () => changed(Number(slider.value)));
    return slider;
  }

  private sliderCell(slider: HTMLInputElement, value: HTMLElement): HTMLElement {
    return h("td", { class: "threshold" }, h("div", {}, slider, value));
  }
}

function percent(share: number): string {
  return (100 * share).toFixed(0);
}
