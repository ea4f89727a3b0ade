/** Which captions are burnt into a reel; the browser remembers the choice. */

import { byId } from "./dom";

const MEMORY = "spotkick.captions";

export class CaptionChoice {
  onchange: () => void = () => undefined;

  private readonly box = byId<HTMLFieldSetElement>("captions");

  /** `possible` says whether the server can draw captions. */
  constructor(possible: boolean) {
    this.box.disabled = !possible;
    if (!possible) this.box.title = "Captions need: pip install 'spotkick[highlights]'";
    const kept = new Set((localStorage.getItem(MEMORY) ?? "").split(","));
    for (const input of this.inputs) {
      input.checked = kept.has(input.value);
      input.addEventListener("change", () => {
        localStorage.setItem(MEMORY, this.parts.join(","));
        this.onchange();
      });
    }
  }

  /** What the captions say; nothing for no captions. */
  get parts(): string[] {
    return this.box.disabled ? [] : this.inputs.filter(({ checked }) => checked).map(({ value }) => value);
  }

  private get inputs(): HTMLInputElement[] {
    return [...this.box.querySelectorAll("input")];
  }
}
