/** Team, visibility, player and note of the selected spot. */

import type { Commands } from "./commands";
import { byId } from "./dom";
import type { Item } from "./types";

const TEAMS = ["home", "away", "left", "right"];

export class DetailsPanel {
  private readonly team = byId<HTMLInputElement>("detail-team");
  private readonly visibility = byId<HTMLSelectElement>("detail-visibility");
  private readonly player = byId<HTMLInputElement>("detail-player");
  private readonly note = byId<HTMLInputElement>("detail-note");
  private readonly box = byId<HTMLFieldSetElement>("details");

  constructor(commands: Commands) {
    byId("detail-teams").replaceChildren(...TEAMS.map((name) => Object.assign(document.createElement("option"), { value: name })));
    this.team.addEventListener("change", () => commands.describe({ team: this.team.value.trim() }));
    this.visibility.addEventListener("change", () => commands.describe({ visibility: this.visibility.value }));
    this.player.addEventListener("change", () => commands.describe({ player: this.player.value.trim() }));
    this.note.addEventListener("change", () => commands.describe({ note: this.note.value.trim() }));
    for (const field of [this.team, this.player, this.note]) {
      field.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !event.isComposing) field.blur();
      });
    }
  }

  show(item: Item | null): void {
    this.box.disabled = item === null;
    const values: [HTMLInputElement | HTMLSelectElement, string][] = [
      [this.team, item?.team ?? ""],
      [this.visibility, item?.visibility ?? ""],
      [this.player, item?.player ?? ""],
      [this.note, item?.note ?? ""],
    ];
    // What is being typed is not taken away.
    for (const [field, value] of values) if (document.activeElement !== field) field.value = value;
  }
}
