/** Dialogs that change many spots in one step, and the one that lists all changes so far. */

import type { Commands } from "./commands";
import { byId, h, whole } from "./dom";
import type { Review } from "./review";
import type { MatchTime } from "./time";
import type { Edit, Item, MatchDocument } from "./types";

const MOST_ROWS = 300;

/** Accept all spots of a confidence and above. */
export function setUpBulk(commands: Commands, compared: boolean): void {
  const dialog = byId<HTMLDialogElement>("bulk-dialog");
  const least = byId<HTMLInputElement>("bulk-least");
  const agreeing = byId<HTMLInputElement>("bulk-agree");
  const save = byId<HTMLButtonElement>("bulk-save");
  let found: Item[] = [];
  agreeing.parentElement!.hidden = !compared;
  agreeing.checked = compared;
  const count = (): void => {
    found = commands.bulk(Number(least.value), compared && agreeing.checked);
    byId("bulk-value").textContent = Number(least.value).toFixed(2);
    byId("bulk-count").textContent = `${whole(found.length)} undecided spot${found.length === 1 ? "" : "s"}`;
    save.disabled = found.length === 0;
  };
  least.addEventListener("input", count);
  agreeing.addEventListener("change", count);
  byId("bulk-button").addEventListener("click", () => {
    count();
    dialog.showModal();
  });
  byId("bulk-form").addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
    // Others may have decided some of them while the dialog was open.
    const still = new Set(commands.bulk(Number(least.value), compared && agreeing.checked).map(({ id }) => id));
    commands.acceptAll(found.filter(({ id }) => still.has(id)));
  });
}

/** Shift all labels of a period by some seconds. */
export function setUpShift(match: MatchDocument, commands: Commands): void {
  const dialog = byId<HTMLDialogElement>("shift-dialog");
  const period = byId<HTMLSelectElement>("shift-period");
  const seconds = byId<HTMLInputElement>("shift-seconds");
  const all = byId<HTMLInputElement>("shift-all");
  const save = byId<HTMLButtonElement>("shift-save");
  period.replaceChildren(...match.periods.map((each) => h("option", { value: each.period }, each.name)));
  let found: Item[] = [];
  const shift_ms = (): number => Math.round(1000 * (seconds.valueAsNumber || 0));
  const count = (): void => {
    found = commands.shiftable(Number(period.value), all.checked);
    const before = found.filter((item) => item.position_ms + shift_ms() < 0).length;
    const early = before === 0 ? "" : `; ${before} would begin before the period and are put at its start`;
    byId("shift-count").textContent = `${whole(found.length)} spot${found.length === 1 ? "" : "s"}${early}`;
    save.disabled = found.length === 0 || shift_ms() === 0;
  };
  for (const field of [period, seconds, all]) field.addEventListener("input", count);
  byId("shift-button").addEventListener("click", () => {
    count();
    dialog.showModal();
  });
  byId("shift-form").addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
    commands.shift(found, shift_ms());
  });
}

/** Who has changed what, the latest change first; and under which name one's own changes are kept. */
export function setUpHistory(review: Review, time: MatchTime, pick: (item: Item) => void): void {
  const dialog = byId<HTMLDialogElement>("history-dialog");
  const name = byId<HTMLInputElement>("reviewer");
  name.value = review.reviewer;
  name.addEventListener("change", () => (review.reviewer = name.value.trim()));
  byId("history-button").addEventListener("click", () => {
    const rows = review.history.slice(-MOST_ROWS).reverse();
    byId("history-list").replaceChildren(
      ...rows.map((edit) => {
        const item = review.items.get(edit.id);
        const line = h("button", { type: "button", class: "link", disabled: item === undefined }, describeEdit(edit, review, time));
        if (item !== undefined) {
          line.addEventListener("click", () => {
            dialog.close();
            pick(item);
          });
        }
        const when = edit.at === undefined ? "" : new Date(edit.at).toLocaleString();
        return h("li", {}, line, h("small", {}, [edit.reviewer ?? "", when].filter((text) => text !== "").join(", ")));
      }),
    );
    byId("history-empty").hidden = rows.length > 0;
    dialog.showModal();
  });
}

/** What a change has made of a spot, in one line. */
export function describeEdit(edit: Edit, review: Review, time: MatchTime): string {
  const { state } = edit;
  if (state === null) {
    const original = review.original(edit.id);
    return original === undefined ? "an added spot was removed" : `${original.label} ${time.clock(time.at(original.period, original.position_ms), true)} is as in the file again`;
  }
  const what = [state.status === "undecided" ? "undecided" : state.source === "added" ? "added" : state.status];
  if (state.team) what.push(state.team);
  if (state.visibility) what.push(state.visibility);
  if (state.player) what.push(`player ${state.player}`);
  if (state.note) what.push(`“${state.note}”`);
  return `${time.clock(time.at(state.period, state.position_ms), true)} ${state.label}: ${what.join(", ")}`;
}
