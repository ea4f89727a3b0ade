/** The table of shortcuts of a match page. */

import type { Commands } from "./commands";
import { byId } from "./dom";
import type { ShortcutGroup } from "./keys";
import { toggleFullScreen, toggleLarge } from "./layout";
import { openNeighbour } from "./match_menu";
import type { Player } from "./player";
import type { ViewState } from "./view";

const JUMP_S = 5;
const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

export function shortcutsOf(commands: Commands, player: Player, view: ViewState, steps: Pick<Commands, "undo" | "redo">): ShortcutGroup[] {
  const seconds = (s: number) => () => player.seek(player.t + s);
  const step = (frames: number) => () => player.step(frames);
  const move = (frames: number) => () => commands.move(frames);
  return [
    {
      title: "Play",
      shortcuts: [
        { keys: [" "], shown: "Space", does: "play or pause", run: () => player.toggle() },
        { keys: ["ArrowLeft", ","], shown: "← or ,", does: "one frame back", run: step(-1), repeats: true },
        { keys: ["ArrowRight", "."], shown: "→ or .", does: "one frame forward", run: step(1), repeats: true },
        { keys: ["Shift+ArrowLeft"], shown: "Shift ←", does: "ten frames back", run: step(-10), repeats: true },
        { keys: ["Shift+ArrowRight"], shown: "Shift →", does: "ten frames forward", run: step(10), repeats: true },
        { keys: ["j"], shown: "J", does: `${JUMP_S} seconds back`, run: seconds(-JUMP_S), repeats: true },
        { keys: ["l"], shown: "L", does: `${JUMP_S} seconds forward`, run: seconds(JUMP_S), repeats: true },
        { keys: ["["], shown: "[", does: "slower", run: () => player.changeSpeed(-1) },
        { keys: ["]"], shown: "]", does: "faster", run: () => player.changeSpeed(1) },
        { keys: ["v"], shown: "V", does: "sound on or off", run: () => player.setVolume(player.volume, !player.muted) },
        { keys: ["w"], shown: "W", does: "large video", run: toggleLarge },
        { keys: ["f"], shown: "F", does: "full screen", run: toggleFullScreen },
      ],
    },
    {
      title: "Find",
      shortcuts: [
        { keys: ["ArrowDown"], shown: "↓", does: "next spot of the list", run: () => commands.go(1), repeats: true },
        { keys: ["ArrowUp"], shown: "↑", does: "previous spot of the list", run: () => commands.go(-1), repeats: true },
        { keys: ["u"], shown: "U", does: "most uncertain undecided spot", run: () => commands.nextUncertain() },
        { keys: ["/"], shown: "/", does: "search the list", run: () => byId("text-filter").focus() },
        { keys: ["Escape"], shown: "Esc", does: "select nothing; in the search field, empty it", run: () => commands.selectNothing() },
        { keys: ["+", "="], shown: "+", does: "zoom in", run: () => view.zoom(0.5, commands.zoomCentre()), repeats: true },
        { keys: ["-"], shown: "-", does: "zoom out", run: () => view.zoom(2, commands.zoomCentre()), repeats: true },
        { keys: ["0"], shown: "0", does: "show the whole match", run: () => view.show(0, view.duration_s) },
        { keys: ["Shift+PageUp"], shown: "Shift PgUp", does: "previous match", run: () => openNeighbour(-1) },
        { keys: ["Shift+PageDown"], shown: "Shift PgDn", does: "next match", run: () => openNeighbour(1) },
        { keys: ["?"], shown: "?", does: "this help", run: () => byId<HTMLDialogElement>("help-dialog").showModal() },
      ],
    },
    {
      title: "Decide",
      shortcuts: [
        { keys: ["r"], shown: "R", does: "loop: play around each spot, again and again, until it is decided", run: () => commands.toggleMotion() },
        { keys: ["a"], shown: "A", does: "accept", run: () => commands.decide("accepted") },
        { keys: ["x", "Delete"], shown: "X or Del", does: "reject", run: () => commands.decide("rejected") },
        { keys: ["c"], shown: "C", does: "change the class", run: () => void commands.relabel() },
        { keys: DIGITS, shown: "1 to 9", does: "class of that number: of the selected spot, or of a new one here", run: () => undefined },
        { keys: ["n"], shown: "N", does: "add a spot here", run: () => void commands.add() },
        { keys: ["Backspace"], shown: "⌫", does: "back to how the file has it", run: () => commands.reset() },
        { keys: ["Ctrl+z"], shown: "Ctrl Z", does: "undo; in the panel Highlights, changes of the reel", run: () => steps.undo() },
        { keys: ["Ctrl+Shift+z", "Ctrl+y"], shown: "Ctrl Shift Z", does: "redo", run: () => steps.redo() },
      ],
    },
    {
      title: "Move the spot",
      shortcuts: [
        { keys: ["Alt+ArrowLeft"], shown: "Alt ←", does: "one frame earlier", run: move(-1), repeats: true },
        { keys: ["Alt+ArrowRight"], shown: "Alt →", does: "one frame later", run: move(1), repeats: true },
        { keys: ["Alt+Shift+ArrowLeft"], shown: "Alt Shift ←", does: "ten frames earlier", run: move(-10), repeats: true },
        { keys: ["Alt+Shift+ArrowRight"], shown: "Alt Shift →", does: "ten frames later", run: move(10), repeats: true },
        { keys: ["m"], shown: "M", does: "to the frame that is shown", run: () => commands.moveHere() },
      ],
    },
  ].map((group) => ({ ...group, shortcuts: group.shortcuts.flatMap((shortcut) => (shortcut.keys === DIGITS ? digitShortcuts(commands, shortcut) : [shortcut])) }));
}

/** One entry of the help, nine keys. */
function digitShortcuts(commands: Commands, entry: { shown: string; does: string }): ShortcutGroup["shortcuts"] {
  return DIGITS.map((digit, i) => ({ keys: [digit], shown: i === 0 ? entry.shown : "", does: i === 0 ? entry.does : "", run: () => commands.classByNumber(i) }));
}
