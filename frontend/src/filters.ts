/** The filters above the list of spots. */

import { byId, h } from "./dom";
import { KIND_NAMES } from "./marks";
import type { MatchTime } from "./time";
import type { Kind, MatchDocument, Status } from "./types";
import type { Order, ViewState } from "./view";

const MEMORY = "spotkick.order";
const ORDERS: readonly Order[] = ["time", "confidence", "uncertain"];

/** The order of the list that was chosen last. */
export function keptOrder(): Order | null {
  return ORDERS.find((order) => order === sessionStorage.getItem(MEMORY)) ?? null;
}

export function setUpFilters(match: MatchDocument, time: MatchTime, view: ViewState, showOnly: (label: string) => void): void {
  const order = byId<HTMLSelectElement>("order");
  order.value = view.order;
  order.addEventListener("change", () => {
    view.order = order.value as Order;
    sessionStorage.setItem(MEMORY, order.value);
    view.changed("filters");
  });
  const period = byId<HTMLSelectElement>("period-filter");
  period.append(h("option", { value: "0" }, match.periods.length === 2 ? "both halves" : "all periods"), ...match.periods.map((p) => h("option", { value: p.period }, p.name)));
  period.parentElement!.hidden = match.periods.length < 2;
  period.addEventListener("change", () => {
    view.filters.period = Number(period.value);
    const chosen = time.get(view.filters.period);
    if (chosen !== undefined) view.show(chosen.offset_s, chosen.offset_s + chosen.duration_s);
    else view.show(0, time.duration_s);
    view.changed("filters");
  });
  const kind = byId<HTMLSelectElement>("kind-filter");
  const decided: Kind[] = ["accepted", "added", "rejected"];
  const errors: Kind[] = ["missed", "false", "early", "late", "wrong", "duplicate"];
  const likely: Kind[] = [...decided, ...errors, "correct", "found", "plain"];
  const kinds: Record<string, Kind[] | null> = match.has_labels && match.has_predictions
    ? {
        "likely spots and labels": likely,
        "also below threshold": null,
        "all errors": errors,
        ...Object.fromEntries((["correct", ...errors] as Kind[]).map((k) => [KIND_NAMES[k], [k]])),
        "above threshold": ["correct", "false", "early", "late", "wrong", "duplicate", ...decided],
      }
    : { "likely spots": likely, "also below threshold": null, "below threshold": ["below"] };
  kind.parentElement!.hidden = !match.has_predictions;
  view.filters.kinds = match.has_predictions ? new Set(likely) : null;
  kind.append(...Object.keys(kinds).map((name) => h("option", { value: name }, name)));
  kind.addEventListener("change", () => {
    const chosen = kinds[kind.value] ?? null;
    view.filters.kinds = chosen === null ? null : new Set(chosen);
    view.changed("filters");
  });
  const status = byId<HTMLSelectElement>("status-filter");
  status.addEventListener("change", () => {
    view.filters.statuses = status.value === "" ? null : new Set([status.value as Status]);
    view.changed("filters");
  });
  const text = byId<HTMLInputElement>("text-filter");
  const search = (): void => {
    view.filters.words = text.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    view.changed("filters");
  };
  text.addEventListener("input", search);
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || text.value === "") return;
    text.value = "";
    search();
    event.stopPropagation();
  });
  setUpClassFilter(match, view, showOnly);
  const advance = byId<HTMLInputElement>("advance");
  advance.addEventListener("change", () => (view.advance = advance.checked));
  const tolerance = byId<HTMLSelectElement>("tolerance");
  tolerance.value = String(view.tolerance_ms);
  if (tolerance.value === "") tolerance.value = "2500";
  tolerance.addEventListener("change", () => {
    view.tolerance_ms = Number(tolerance.value);
    view.changed("thresholds");
  });
}

/** One class alone, or all of them; and a button beside the lanes that names what is filtered, wherever the list is hidden. */
function setUpClassFilter(match: MatchDocument, view: ViewState, showOnly: (label: string) => void): void {
  const { filters } = view;
  const select = byId<HTMLSelectElement>("class-filter");
  const clear = byId<HTMLButtonElement>("clear-filters");
  select.addEventListener("change", () => {
    if (select.value === "") filters.hiddenClasses = new Set();
    else {
      filters.hiddenClasses = new Set();
      return showOnly(select.value);
    }
    view.changed("filters");
  });
  const show = (): void => {
    const shown = match.classes.filter((name) => !filters.hiddenClasses.has(name));
    const alone = shown.length === 1 && match.classes.length > 1 ? shown[0]! : "";
    const names = ["", ...match.classes];
    if (select.options.length !== names.length) select.replaceChildren(...names.map((name) => h("option", { value: name }, name === "" ? "all classes" : name)));
    select.value = alone;
    const parts = [
      filters.words.length === 0 ? "" : `“${filters.words.join(" ")}”`,
      filters.hiddenClasses.size === 0 ? "" : alone !== "" ? alone : `${shown.length} of ${match.classes.length} classes`,
      filters.statuses === null ? "" : [...filters.statuses].join(", "),
    ].filter((part) => part !== "");
    clear.hidden = parts.length === 0;
    clear.textContent = `Filtered: ${parts.join(", ")} ✕`;
  };
  view.listen((change) => {
    if (change !== "window" && change !== "selection") show();
  });
  clear.addEventListener("click", () => {
    Object.assign(filters, { hiddenClasses: new Set(), words: [], statuses: null });
    byId<HTMLInputElement>("text-filter").value = "";
    byId<HTMLSelectElement>("status-filter").value = "";
    view.changed("filters");
  });
  show();
}
