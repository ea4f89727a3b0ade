/** The table of shortcuts of a match page. */

import type { Commands } from "./commands";
import { byId } from "./dom";
import type { ShortcutGroup } from "./keys";
import { openNeighbour } from "./neighbours";
import type { Player } from "./player";
import type { ViewState } from "./view";

const JUMP_S = 5;

export function shortcutsOf(commands: Commands, player: Player, view: ViewState): ShortcutGroup[] {
  const seconds = (s: number) => () => player.seek(player.t + s);
  const arrow = (frames: number) => () => {
    if (commands.selectedItem() !== null) commands.move(frames);
    else player.step(frames);
  };
  return [
    {
      title: "Play",
      shortcuts: [
        { keys: [" "], shown: "Space", does: "play or pause", run: () => player.toggle() },
        { keys: [","], shown: ",", does: "one frame back", run: () => player.step(-1) },
        { keys: ["."], shown: ".", does: "one frame forward", run: () => player.step(1) },
        { keys: ["j"], shown: "J", does: `${JUMP_S} seconds back`, run: seconds(-JUMP_S) },
        { keys: ["l"], shown: "L", does: `${JUMP_S} seconds forward`, run: seconds(JUMP_S) },
        { keys: ["["], shown: "[", does: "slower", run: () => player.changeSpeed(-1) },
        { keys: ["]"], shown: "]", does: "faster", run: () => player.changeSpeed(1) },
      ],
    },
    {
      title: "Find",
      shortcuts: [
        { keys: ["ArrowDown"], shown: "↓", does: "next spot of the list", run: () => commands.go(1) },
        { keys: ["ArrowUp"], shown: "↑", does: "previous spot of the list", run: () => commands.go(-1) },
        { keys: ["u"], shown: "U", does: "most uncertain undecided spot", run: () => commands.nextUncertain() },
        { keys: ["Escape"], shown: "Esc", does: "select nothing", run: () => view.select(null) },
        { keys: ["+", "="], shown: "+", does: "zoom in", run: () => view.zoom(0.5, commands.zoomCentre()) },
        { keys: ["-"], shown: "-", does: "zoom out", run: () => view.zoom(2, commands.zoomCentre()) },
        { keys: ["0"], shown: "0", does: "show the whole match", run: () => view.show(0, view.duration_s) },
        { keys: ["Shift+PageUp"], shown: "Shift PgUp", does: "previous match", run: () => openNeighbour(-1) },
        { keys: ["Shift+PageDown"], shown: "Shift PgDn", does: "next match", run: () => openNeighbour(1) },
        { keys: ["?"], shown: "?", does: "this help", run: () => byId<HTMLDialogElement>("help-dialog").showModal() },
      ],
    },
    {
      title: "Decide",
      shortcuts: [
        { keys: ["a"], shown: "A", does: "accept", run: () => commands.decide("accepted") },
        { keys: ["x", "Delete"], shown: "X or Del", does: "reject", run: () => commands.decide("rejected") },
        { keys: ["c"], shown: "C", does: "change the class", run: () => void commands.relabel() },
        { keys: ["n"], shown: "N", does: "add a spot here", run: () => void commands.add() },
        { keys: ["Backspace"], shown: "⌫", does: "back to how the file has it", run: () => commands.reset() },
        { keys: ["Ctrl+z"], shown: "Ctrl Z", does: "undo", run: () => commands.undo() },
        { keys: ["Ctrl+Shift+z", "Ctrl+y"], shown: "Ctrl Shift Z", does: "redo", run: () => commands.redo() },
      ],
    },
    {
      title: "Move the spot",
      shortcuts: [
        { keys: ["ArrowLeft"], shown: "←", does: "one frame earlier", run: arrow(-1) },
        { keys: ["ArrowRight"], shown: "→", does: "one frame later", run: arrow(1) },
        { keys: ["Shift+ArrowLeft"], shown: "Shift ←", does: "ten frames earlier", run: arrow(-10) },
        { keys: ["Shift+ArrowRight"], shown: "Shift →", does: "ten frames later", run: arrow(10) },
        { keys: ["m"], shown: "M", does: "to the picture that is shown", run: () => commands.moveHere() },
      ],
    },
  ];
}
