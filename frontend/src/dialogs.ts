/** Dialogs: choosing a class, exporting, keyboard help, and two tabs that changed the same spot. */

import { getJson, saveFile } from "./api";
import { byId, h, notify } from "./dom";

/** Ask for a class by typing a part of its name; null when the dialog is closed without a choice. */
export function chooseClass(title: string, classes: string[], current: string | null): Promise<string | null> {
  const dialog = byId<HTMLDialogElement>("class-dialog");
  const input = byId<HTMLInputElement>("class-input");
  const list = byId("class-options");
  byId("class-title").textContent = title;
  input.value = "";
  let shown: string[] = [];
  let active = 0;
  return new Promise((resolve) => {
    const finish = (name: string | null): void => {
      dialog.onclose = null;
      dialog.close();
      resolve(name);
    };
    const choose = (name: string | undefined): void => {
      if (name !== undefined) finish(name);
    };
    const draw = (): void => {
      const wanted = input.value.trim().toLowerCase();
      shown = classes.filter((name) => name.toLowerCase().includes(wanted));
      if (wanted !== "" && !classes.some((name) => name.toLowerCase() === wanted)) shown.push(input.value.trim());
      active = Math.min(active, Math.max(0, shown.length - 1));
      list.replaceChildren(
        ...shown.map((name, i) => {
          const isNew = !classes.includes(name);
          const option = h(
            "li",
            { id: `class-option-${i}`, role: "option", "aria-selected": String(i === active) },
            isNew ? `New class: ${name}` : name,
            name === current ? h("small", {}, "as it is") : null,
          );
          option.addEventListener("click", () => choose(name));
          return option;
        }),
      );
      input.setAttribute("aria-activedescendant", `class-option-${active}`);
      document.getElementById(`class-option-${active}`)?.scrollIntoView({ block: "nearest" });
    };
    input.oninput = () => {
      active = 0;
      draw();
    };
    input.onkeydown = (event) => {
      if (event.isComposing || event.keyCode === 229) return; // this key ends a conversion, and chooses nothing
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        active = (active + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % Math.max(1, shown.length);
        draw();
        event.preventDefault();
      } else if (event.key === "Enter") {
        event.preventDefault();
        choose(shown[active]);
      }
    };
    // The event of an earlier closing may arrive when the dialog is open again.
    dialog.onclose = () => {
      if (!dialog.open) finish(null);
    };
    active = Math.max(0, current === null ? 0 : classes.indexOf(current));
    draw();
    dialog.showModal();
    input.focus();
  });
}

interface ExportFormat {
  name: string;
  title: string;
  group: string;
  /** Whether it marks stretches of the video, which are given a length. */
  spans: boolean;
}

const LAST_FORMAT = "spotkick.export";
const SPAN = "spotkick.export.span";
const GROUPS = ["SoccerNet", "Video analysis and annotation", "Tables", "Research"];
const rankOf = (group: string): number => (GROUPS.includes(group) ? GROUPS.indexOf(group) : GROUPS.length);

/** Connect the export dialog; `describe` says what would be written. */
export function setUpExport(key: string, describe: () => string): void {
  const dialog = byId<HTMLDialogElement>("export-dialog");
  const select = byId<HTMLSelectElement>("export-format");
  const undecided = byId<HTMLInputElement>("export-undecided");
  const threshold = byId<HTMLInputElement>("export-threshold");
  const message = byId("export-message");
  const say = (text: string, isProblem = false): void => {
    message.textContent = text;
    message.classList.toggle("problem", isProblem);
  };
  const list = async (): Promise<void> => {
    if (select.options.length > 0) return;
    const { formats } = await getJson<{ formats: ExportFormat[] }>("/api/formats");
    const groups = [...new Set(formats.map(({ group }) => group))].sort((a, b) => rankOf(a) - rankOf(b));
    select.replaceChildren(
      ...groups.map((group) => h("optgroup", { label: group }, ...formats.filter((each) => each.group === group).map(({ name, title }) => h("option", { value: name }, title)))),
    );
    withSpans = new Set(formats.filter(({ spans }) => spans).map(({ name }) => name));
    const last = localStorage.getItem(LAST_FORMAT) ?? "soccernet-v2";
    if (formats.some(({ name }) => name === last)) select.value = last;
    showSpan();
  };
  let withSpans = new Set<string>();
  const before = byId<HTMLInputElement>("export-before");
  const after = byId<HTMLInputElement>("export-after");
  const showSpan = (): void => {
    byId("export-span").hidden = !withSpans.has(select.value);
    const [s, e] = (localStorage.getItem(`${SPAN}.${select.value}`) ?? (select.value === "sportscode" ? "8,5" : "0,0")).split(",");
    before.value = s ?? "0";
    after.value = e ?? "0";
  };
  select.addEventListener("change", showSpan);
  let listed = Promise.resolve();
  byId("export-button").addEventListener("click", () => {
    say("");
    byId("export-count").textContent = describe();
    dialog.showModal();
    listed = list();
    listed.catch((error: Error) => say(error.message, true));
  });
  byId("export-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (undecided.checked && Number.isNaN(threshold.valueAsNumber)) {
      say("The least confidence must be a number from 0 to 1, such as 0.5.", true);
      return threshold.focus();
    }
    say("Writing the file...");

    // A quick hand presses Export before the formats are there.
    listed
      .then(() => {
        const query = new URLSearchParams({ format: select.value });
        if (undecided.checked) query.set("undecided_from", threshold.value);
        localStorage.setItem(LAST_FORMAT, select.value);
        if (withSpans.has(select.value)) {
          const [lead, rest] = [before, after].map((field) => Math.min(600, Math.max(0, field.valueAsNumber || 0)));
          localStorage.setItem(`${SPAN}.${select.value}`, `${lead},${rest}`);
          query.set("before_s", String(lead));
          query.set("after_s", String(rest));
        }
        return saveFile(`/api/matches/${key}/export?${query.toString()}`);
      })
      .then((lost) => say(lost === "" ? "Saved. Nothing was lost in this format." : `Saved. Note: ${lost}.`))
      .catch((error: Error) => say(error.message, true));
  });
}

/** Give every dialog a working "Close" button and close it by a click beside it. */
export function setUpDialogs(): void {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog && dialog.id !== "conflict-dialog") dialog.close();
    });
    for (const button of dialog.querySelectorAll("[data-close]")) button.addEventListener("click", () => dialog.close());
  }
}

/** A spot that was changed in two places, in words. */
export interface Collision {
  mine: string;
  theirs: string;
  who: string;
}

/** Show both changes of the same spots, and ask which ones hold; closing the dialog decides nothing, and it asks again. */
export function askAboutConflict(collisions: Collision[], decide: (keepMine: boolean) => void): void {
  const dialog = byId<HTMLDialogElement>("conflict-dialog");
  if (dialog.open) return;
  byId("conflict-text").textContent =
    collisions.length === 1
      ? "Another tab or person has changed the same spot. Nothing has been overwritten yet."
      : `Another tab or person has changed ${collisions.length} of the same spots. Nothing has been overwritten yet.`;
  byId("conflict-rows").replaceChildren(
    ...collisions.slice(0, 50).map(({ mine, theirs, who }) => h("tr", {}, h("td", {}, mine), h("td", {}, theirs, who === "" ? null : h("small", {}, who)))),
  );
  const finish = (keepMine: boolean): void => {
    dialog.onclose = null;
    dialog.close();
    decide(keepMine);
    notify(keepMine ? "Your changes were kept." : "The other changes were taken.");
  };
  byId("conflict-mine").onclick = () => finish(true);
  byId("conflict-theirs").onclick = () => finish(false);
  dialog.onclose = () => setTimeout(() => dialog.open || askAboutConflict(collisions, decide));
  dialog.showModal();
}
