/** The page of one match: loads it and connects its parts. */

import { getBytes, getJson } from "./api";
import { ClassTable } from "./class_table";
import { Curves } from "./curves";
import { askAboutConflict, chooseClass, setUpDialogs, setUpExport } from "./dialogs";
import { announce, byId, h, notify, oncePerFrame, setUpTheme } from "./dom";
import { setUpKeys } from "./keys";
import { KIND_NAMES } from "./marks";
import { assess, bestThreshold } from "./matching";
import type { Assessment } from "./matching";
import { Overview } from "./overview";
import { Player } from "./player";
import { ReelPanel } from "./reel_panel";
import { Review } from "./review";
import { SpotList } from "./spot_list";
import { MatchTime, formatClock, formatDuration, moveByFrames } from "./time";
import { Timeline, describe } from "./timeline";
import type { ClipDocument, Edit, Item, Kind, MatchDocument, Status } from "./types";
import { ViewState } from "./view";
import type { Order } from "./view";

const THUMBNAIL_AFTER_MS = 60;
const JUMP_S = 5;

class MatchPage {
  private readonly time: MatchTime;
  private readonly view: ViewState;
  private readonly review: Review;
  private readonly player: Player;
  private readonly timeline: Timeline;
  private readonly overview: Overview;
  private readonly list: SpotList;
  private readonly table: ClassTable;
  private reel: ReelPanel | null = null;
  private curves: Curves | null = null;
  private clips: ClipDocument[];
  private readonly shots: number[];
  private assessment: Assessment = { kinds: new Map(), counts: new Map(), total: { correct: 0, predicted: 0, labelled: 0 } };
  private shown: Item[] = [];
  private readonly recount = oncePerFrame(() => this.update());
  private hoverTimer = 0;

  constructor(private readonly match: MatchDocument) {
    this.time = new MatchTime(match.periods);
    this.view = new ViewState(this.time.duration_s, `spotkick.thresholds.${match.classes.join("|").slice(0, 500)}`, match.classes);
    this.view.order = match.has_predictions ? "confidence" : "time";
    this.review = new Review(match, this.time);
    this.player = new Player(this.time);
    this.timeline = new Timeline(this.view, this.time);
    this.overview = new Overview(this.view, this.time);
    this.list = new SpotList(this.time);
    this.table = new ClassTable(match.classes, match.has_labels);
    this.clips = match.clips;
    this.shots = Object.entries(match.shots).flatMap(([period, times]) => times.map((s) => this.time.at(Number(period), s * 1000)));
    this.describeMatch();
    this.connect();
    this.setUpFilters();
    this.setUpKeys();
    this.update();
  }

  /** Load what is not needed for the first picture. */
  async complete(): Promise<void> {
    const scores = this.match.scores;
    const curves = scores === null ? null : getBytes(scores.url).then((bytes) => new Curves(scores, bytes, this.time));
    await this.review.load().catch((error: Error) => notify(`Corrections cannot be read: ${error.message}`, true));
    this.recount();
    this.curves = (await curves?.catch((error: Error) => (notify(error.message, true), null))) ?? null;
    if (this.curves !== null) {
      this.timeline.setCurves(this.curves);
      this.overview.setCurves(this.curves);
    }
    document.body.dataset.ready = "true";
    const { reels } = await getJson<{ reels: boolean }>("/api/abilities");
    if (reels && this.player.hasVideo) this.setUpReel();
    else byId("tab-reel").hidden = true;
  }

  private describeMatch(): void {
    const name = this.match.name.split("/").pop() ?? this.match.name;
    document.title = `${name} - spotkick`;
    byId("match-name").textContent = name;
    byId("match-name").title = this.match.name;
    if (!this.player.hasVideo) document.body.classList.add("no-video");
    byId("speed").textContent = "1×";
    const box = byId("match-warnings");
    box.hidden = this.match.warnings.length === 0;
    byId("match-warning-count").textContent = `${this.match.warnings.length} warning${this.match.warnings.length === 1 ? "" : "s"} about the files`;
    byId("match-warning-list").replaceChildren(...this.match.warnings.map((text) => h("li", {}, text)));
    for (const element of document.querySelectorAll<HTMLElement>("[data-needs-labels]")) element.hidden = !this.match.has_labels;
  }

  private connect(): void {
    this.view.listen((change) => {
      if (change === "window") {
        this.timeline.follow();
        this.overview.follow();
      } else if (change === "selection") {
        this.list.select(this.view.selected);
        this.timeline.follow();
        this.showSelection();
      } else this.recount();
    });
    this.review.onchange = () => this.recount();
    this.review.onsave = () => this.showSaving();
    this.review.onforeign = (count) => notify(`${count} change${count === 1 ? "" : "s"} of another tab or person came in.`);
    this.player.ontime = (t) => this.showTime(t);
    this.player.onstate = () => this.showPlayer();
    this.timeline.onseek = (t) => {
      this.view.select(null);
      this.player.seek(t);
    };
    this.timeline.onpick = (item) => this.pick(item);
    this.timeline.onhover = (x, y, t, item, lane) => this.hover(x, y, t, item, lane);
    this.timeline.onleave = () => this.unhover();
    this.list.onpick = (item) => this.pick(item);
    this.table.onthreshold = (name, threshold) => {
      for (const each of name === null ? this.match.classes : [name]) this.view.thresholds.set(each, threshold);
      this.view.changed("thresholds");
    };
    this.table.onshown = (name, shown) => {
      if (shown) this.view.filters.hiddenClasses.delete(name);
      else this.view.filters.hiddenClasses.add(name);
      this.view.changed("filters");
    };
    setUpTheme(byId<HTMLButtonElement>("theme-button"), () => {
      this.timeline?.recolour();
      this.overview?.recolour();
    });
    setUpDialogs();
    setUpExport(this.match.key);
    const press = (id: string, action: () => void): void => byId(id).addEventListener("click", action);
    press("play", () => this.player.toggle());
    press("frame-back", () => this.player.step(-1));
    press("frame-forward", () => this.player.step(1));
    press("speed", () => (this.player.playbackSpeed >= 4 ? this.player.setSpeed(0.25) : this.player.changeSpeed(1)));
    press("undo", () => this.undo());
    press("redo", () => this.redo());
    press("accept", () => this.decide("accepted"));
    press("reject", () => this.decide("rejected"));
    press("relabel", () => void this.relabel());
    press("move-back", () => this.move(-1));
    press("move-forward", () => this.move(1));
    press("add", () => void this.add());
    press("next-uncertain", () => this.nextUncertain());
    press("zoom-in", () => this.view.zoom(0.5, this.zoomCentre()));
    press("zoom-out", () => this.view.zoom(2, this.zoomCentre()));
    press("zoom-all", () => this.view.show(0, this.time.duration_s));
    press("help-button", () => byId<HTMLDialogElement>("help-dialog").showModal());
    press("best-thresholds", () => this.setBestThresholds());
    press("classes-all", () => this.showClasses(true));
    press("classes-none", () => this.showClasses(false));
    this.setUpTabs();
  }

  private setUpTabs(): void {
    const tabs = [...document.querySelectorAll<HTMLElement>("[role=tab]")];
    const open = (tab: HTMLElement): void => {
      for (const other of tabs) {
        const chosen = other === tab;
        other.setAttribute("aria-selected", String(chosen));
        other.tabIndex = chosen ? 0 : -1;
        byId(other.getAttribute("aria-controls")!).hidden = !chosen;
      }
      this.clips = tab.id === "tab-reel" && this.reel !== null ? this.reel.chosen : this.match.clips;
      if (tab.id === "tab-reel") this.reel?.propose();
      this.recount();
    };
    for (const tab of tabs) {
      tab.addEventListener("click", () => open(tab));
      tab.addEventListener("keydown", (event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        const visible = tabs.filter((other) => !other.hidden);
        const next = visible[(visible.indexOf(tab) + (event.key === "ArrowRight" ? 1 : -1) + visible.length) % visible.length]!;
        next.focus();
        open(next);
      });
    }
  }

  private setUpFilters(): void {
    const order = byId<HTMLSelectElement>("order");
    order.value = this.view.order;
    order.addEventListener("change", () => {
      this.view.order = order.value as Order;
      this.view.changed("filters");
    });
    const period = byId<HTMLSelectElement>("period-filter");
    period.append(h("option", { value: "0" }, "all periods"), ...this.match.periods.map((p) => h("option", { value: p.period }, p.name)));
    period.hidden = this.match.periods.length < 2;
    period.addEventListener("change", () => {
      this.view.filters.period = Number(period.value);
      const chosen = this.time.get(this.view.filters.period);
      if (chosen !== undefined) this.view.show(chosen.offset_s, chosen.offset_s + chosen.duration_s);
      else this.view.show(0, this.time.duration_s);
      this.view.changed("filters");
    });
    const kind = byId<HTMLSelectElement>("kind-filter");
    const kinds: Record<string, Kind[] | null> = this.match.has_labels
      ? {
          "all kinds": null,
          "all errors": ["missed", "false", "early", "late", "wrong", "duplicate"],
          ...Object.fromEntries((["correct", "missed", "false", "early", "late", "wrong", "duplicate"] as Kind[]).map((k) => [KIND_NAMES[k], [k]])),
          "above threshold": ["correct", "false", "early", "late", "wrong", "duplicate"],
        }
      : { "all kinds": null, "above threshold": ["plain"], "below threshold": ["below"] };
    kind.append(...Object.keys(kinds).map((name) => h("option", { value: name }, name)));
    kind.addEventListener("change", () => {
      const chosen = kinds[kind.value] ?? null;
      this.view.filters.kinds = chosen === null ? null : new Set(chosen);
      this.view.changed("filters");
    });
    const status = byId<HTMLSelectElement>("status-filter");
    status.addEventListener("change", () => {
      this.view.filters.statuses = status.value === "" ? null : new Set([status.value as Status]);
      this.view.changed("filters");
    });
    const advance = byId<HTMLInputElement>("advance");
    advance.addEventListener("change", () => (this.view.advance = advance.checked));
    const tolerance = byId<HTMLSelectElement>("tolerance");
    tolerance.value = String(this.view.tolerance_ms);
    if (tolerance.value === "") tolerance.value = "2500";
    tolerance.addEventListener("change", () => {
      this.view.tolerance_ms = Number(tolerance.value);
      this.view.changed("thresholds");
    });
  }

  private setUpReel(): void {
    const reel = new ReelPanel(this.match.key, this.time, this.player);
    this.reel = reel;
    reel.threshold = Math.min(...this.view.thresholds.values(), 1);
    reel.onclips = (clips) => {
      this.clips = clips;
      this.recount();
    };
    this.view.listen((change) => {
      if (change !== "thresholds" || byId("panel-reel").hidden) return;
      reel.threshold = Math.min(...this.view.thresholds.values(), 1);
      reel.propose();
    });
    byId<HTMLInputElement>("reel-budget").max = String(Math.max(30, Math.min(900, Math.floor(this.time.duration_s))));
    byId("tab-reel").hidden = false;
  }

  private setUpKeys(): void {
    const seconds = (s: number) => () => this.player.seek(this.player.t + s);
    const arrow = (frames: number) => () => {
      if (this.selectedItem() !== null) this.move(frames);
      else this.player.step(frames);
    };
    setUpKeys([
      {
        title: "Play",
        shortcuts: [
          { keys: [" "], shown: "Space", does: "play or pause", run: () => this.player.toggle() },
          { keys: [","], shown: ",", does: "one frame back", run: () => this.player.step(-1) },
          { keys: ["."], shown: ".", does: "one frame forward", run: () => this.player.step(1) },
          { keys: ["j"], shown: "J", does: `${JUMP_S} seconds back`, run: seconds(-JUMP_S) },
          { keys: ["l"], shown: "L", does: `${JUMP_S} seconds forward`, run: seconds(JUMP_S) },
          { keys: ["["], shown: "[", does: "slower", run: () => this.player.changeSpeed(-1) },
          { keys: ["]"], shown: "]", does: "faster", run: () => this.player.changeSpeed(1) },
        ],
      },
      {
        title: "Find",
        shortcuts: [
          { keys: ["ArrowDown"], shown: "↓", does: "next spot of the list", run: () => this.go(1) },
          { keys: ["ArrowUp"], shown: "↑", does: "previous spot of the list", run: () => this.go(-1) },
          { keys: ["u"], shown: "U", does: "most uncertain spot that is undecided", run: () => this.nextUncertain() },
          { keys: ["Escape"], shown: "Esc", does: "select nothing", run: () => this.view.select(null) },
          { keys: ["+", "="], shown: "+", does: "zoom in", run: () => this.view.zoom(0.5, this.zoomCentre()) },
          { keys: ["-"], shown: "-", does: "zoom out", run: () => this.view.zoom(2, this.zoomCentre()) },
          { keys: ["0"], shown: "0", does: "show the whole match", run: () => this.view.show(0, this.time.duration_s) },
        ],
      },
      {
        title: "Correct",
        shortcuts: [
          { keys: ["a"], shown: "A", does: "accept", run: () => this.decide("accepted") },
          { keys: ["x", "Delete"], shown: "X or Del", does: "reject", run: () => this.decide("rejected") },
          { keys: ["Backspace"], shown: "⌫", does: "back to how the file has it", run: () => this.reset() },
          { keys: ["ArrowLeft"], shown: "←", does: "move the spot one frame earlier", run: arrow(-1) },
          { keys: ["ArrowRight"], shown: "→", does: "move the spot one frame later", run: arrow(1) },
          { keys: ["Shift+ArrowLeft"], shown: "Shift ←", does: "ten frames earlier", run: arrow(-10) },
          { keys: ["Shift+ArrowRight"], shown: "Shift →", does: "ten frames later", run: arrow(10) },
          { keys: ["m"], shown: "M", does: "move the spot to the picture that is shown", run: () => this.moveHere() },
          { keys: ["c"], shown: "C", does: "change the class", run: () => void this.relabel() },
          { keys: ["n"], shown: "N", does: "add a spot here", run: () => void this.add() },
          { keys: ["Ctrl+z"], shown: "Ctrl Z", does: "undo", run: () => this.undo() },
          { keys: ["Ctrl+Shift+z", "Ctrl+y"], shown: "Ctrl Shift Z", does: "redo", run: () => this.redo() },
          { keys: ["?"], shown: "?", does: "this help", run: () => byId<HTMLDialogElement>("help-dialog").showModal() },
        ],
      },
    ]);
  }

  /** Count, filter and draw everything that depends on spots and thresholds. */
  private update(): void {
    const all = [...this.review.items.values()];
    this.assessment = assess(all, this.view.thresholds, this.view.tolerance_ms);
    const { kinds } = this.assessment;
    const { hiddenClasses, period, kinds: wanted, statuses } = this.view.filters;
    this.shown = all.filter(
      (item) =>
        !hiddenClasses.has(item.label) &&
        (period === 0 || item.period === period) &&
        (wanted === null || wanted.has(kinds.get(item.id) ?? "plain")) &&
        (statuses === null || (item.source !== "label" && statuses.has(item.status))),
    );
    this.shown.sort((a, b) => a.t - b.t);
    const present = new Set([...this.match.classes, ...all.map((item) => item.label)]);
    this.timeline.setLanes([...present].filter((name) => !hiddenClasses.has(name)));
    this.timeline.setContent({ items: this.shown, kinds, clips: this.clips, shots: this.shots });
    this.overview.setContent(this.shown, kinds);
    this.list.show(this.ordered(), kinds, all.length);
    this.list.select(this.view.selected);
    this.table.show(this.view.thresholds, this.assessment, hiddenClasses);
    byId<HTMLButtonElement>("undo").disabled = !this.review.canUndo;
    byId<HTMLButtonElement>("redo").disabled = !this.review.canRedo;
    const decided = all.filter((item) => item.source === "prediction" && item.status !== "undecided").length;
    const predictions = this.match.predictions.length;
    byId("review-progress").textContent = predictions === 0 ? "" : `${decided} of ${predictions} decided`;
    this.showSelection();
  }

  private uncertainty(item: Item): number {
    return Math.abs((item.confidence ?? 1) - (this.view.thresholds.get(item.label) ?? 0.5));
  }

  private ordered(): Item[] {
    const rows = [...this.shown];
    if (this.view.order === "confidence") rows.sort((a, b) => (b.confidence ?? 2) - (a.confidence ?? 2) || a.t - b.t);
    if (this.view.order === "uncertain") {
      return rows
        .filter((item) => item.source === "prediction" && item.status === "undecided")
        .sort((a, b) => this.uncertainty(a) - this.uncertainty(b) || a.t - b.t);
    }
    return rows;
  }

  private selectedItem(): Item | null {
    return this.view.selected === null ? null : (this.review.items.get(this.view.selected) ?? null);
  }

  private pick(item: Item): void {
    this.view.select(item.id);
    this.player.pause();
    this.player.seek(item.t);
    this.view.reveal(item.t);
    announce(describe(item, this.assessment.kinds.get(item.id) ?? "plain", this.time));
  }

  private go(step: number): void {
    const next = this.list.neighbour(step);
    if (next !== null) this.pick(next);
  }

  private nextUncertain(): void {
    const left = this.shown.filter((item) => item.source === "prediction" && item.status === "undecided" && item.id !== this.view.selected);
    left.sort((a, b) => this.uncertainty(a) - this.uncertainty(b) || a.t - b.t);
    if (left[0] === undefined) notify("Every spot that is shown has been decided.");
    else this.pick(left[0]);
  }

  private require(): Item | null {
    const item = this.selectedItem();
    if (item === null) notify("Select a spot first: click one, or press ↓ or U.");
    return item;
  }

  private decide(status: Status): void {
    const item = this.require();
    if (item === null) return;
    const next = this.following(item);
    const removed = item.source === "added" && status === "rejected";
    this.review.apply(status, [removed ? { id: item.id, state: null } : this.review.changed(item, { status })]);
    announce(`${item.label} ${status}`);
    if (this.view.advance && next !== null) this.pick(next);
    else if (removed) this.view.select(null);
  }

  /** Where to go after a decision: the next row that is still undecided. */
  private following(item: Item): Item | null {
    const { rows } = this.list;
    const index = rows.findIndex((row) => row.id === item.id);
    const rest = [...rows.slice(index + 1), ...rows.slice(0, Math.max(0, index))];
    return rest.find((row) => row.source === "prediction" && row.status === "undecided" && row.id !== item.id) ?? null;
  }

  private reset(): void {
    const item = this.require();
    if (item === null) return;
    this.review.apply("reset", [{ id: item.id, state: null }]);
    if (item.source === "added") this.view.select(null);
  }

  private move(frames: number): void {
    const item = this.require();
    if (item === null) return;
    this.moveTo(item, moveByFrames(item.position_ms, frames, this.player.rateAt(item.t)));
  }

  private moveHere(): void {
    const item = this.require();
    if (item === null) return;
    const { period, position_ms } = this.time.positionAt(this.player.t);
    if (period !== item.period) notify("A spot cannot move into another period.", true);
    else this.moveTo(item, moveByFrames(position_ms, 0, this.player.rateAt(item.t)));
  }

  private moveTo(item: Item, position_ms: number): void {
    const limit = Math.round((this.time.get(item.period)?.duration_s ?? Infinity) * 1000);
    const position = Math.min(position_ms, limit);
    // Who moves a spot has seen it: it is accepted unless it was rejected on purpose.
    const status = item.status === "rejected" ? "rejected" : "accepted";
    this.review.apply("move", [this.review.changed(item, { position_ms: position, status })]);
    this.player.pause();
    this.player.seek(this.time.at(item.period, position) + 1e-4);
    this.view.reveal(this.player.t);
    announce(`${item.label} moved to ${this.time.clock(this.player.t, true)}`);
  }

  private async relabel(): Promise<void> {
    const item = this.require();
    if (item === null) return;
    const label = await chooseClass("Change the class", this.match.classes, item.label);
    if (label === null || label === item.label) return;
    this.know(label);
    this.review.apply("relabel", [this.review.changed(item, { label, status: "accepted" })]);
    announce(`The spot is now ${label}`);
  }

  private async add(): Promise<void> {
    this.player.pause();
    const { period, position_ms } = this.time.positionAt(this.player.t);
    const label = await chooseClass(`Add a spot at ${this.time.clock(this.player.t, true)}`, this.match.classes, null);
    if (label === null) return;
    this.know(label);
    const digits = crypto.getRandomValues(new Uint8Array(6));
    const id = `a-${[...digits].map((digit) => digit.toString(16).padStart(2, "0")).join("")}`;
    const position = moveByFrames(position_ms, 0, this.player.rate);
    const edit: Edit = { id, state: { source: "added", label, period, position_ms: position, status: "accepted", confidence: null } };
    this.review.apply("add", [edit]);
    this.view.select(id);
    announce(`${label} added`);
  }

  private know(label: string): void {
    if (!this.match.classes.includes(label)) this.match.classes.push(label);
  }

  private undo(): void {
    this.followUndo(this.review.undo(), "Undone");
  }

  private redo(): void {
    this.followUndo(this.review.redo(), "Done again");
  }

  private followUndo(ids: string[], name: string): void {
    const item = ids.map((id) => this.review.items.get(id)).find((found) => found !== undefined);
    if (ids.length === 0) return;
    if (item === undefined) this.view.select(null);
    else this.pick(item);
    announce(name);
  }

  private setBestThresholds(): void {
    const all = [...this.review.items.values()];
    for (const name of this.match.classes) {
      const best = bestThreshold(all, name, this.view.tolerance_ms);
      if (best !== null) this.view.thresholds.set(name, best);
    }
    this.view.changed("thresholds");
    notify("Each class has the threshold with the highest F1 on this match. It is fitted to these labels: expect less on others.");
  }

  private showClasses(shown: boolean): void {
    this.view.filters.hiddenClasses = new Set(shown ? [] : this.match.classes);
    this.view.changed("filters");
  }

  private zoomCentre(): number {
    const { from, to } = this.view;
    const t = this.selectedItem()?.t ?? this.player.t;
    return t >= from && t <= to ? t : (from + to) / 2;
  }

  private showTime(t: number): void {
    const period = this.time.periodAt(t);
    byId("clock").textContent = `${formatClock(t - period.offset_s, true)}`;
    byId("clock-period").textContent = this.time.periods.length > 1 || period.period !== 1 ? period.name : "";
    byId("frame-number").textContent = period.video === null ? "" : `frame ${this.player.frame}`;
    this.timeline.setPlayhead(t);
    this.overview.setPlayhead(t);
    if (this.player.playing) {
      const { from, to } = this.view;
      if (t > to && t < to + (to - from)) this.view.show(t, t + to - from);
    }
    this.reel?.follow(t);
  }

  private showPlayer(): void {
    const button = byId("play");
    button.setAttribute("aria-label", this.player.playing ? "Pause" : "Play");
    button.classList.toggle("is-playing", this.player.playing);
    byId("speed").textContent = `${this.player.playbackSpeed}×`;
    byId("speed").setAttribute("aria-label", `Speed ${this.player.playbackSpeed}, press for the next`);
  }

  private showSaving(): void {
    const texts = {
      saved: "Saved",
      saving: "Saving…",
      problem: `Not saved yet: ${this.review.problem}`,
      conflict: "Changed elsewhere",
    };
    const element = byId("save-state");
    element.textContent = texts[this.review.saveState];
    element.dataset.state = this.review.saveState;
    element.title = texts[this.review.saveState];
    if (this.review.saveState === "conflict") askAboutConflict(this.review.conflict.length, (mine) => this.review.resolve(mine));
  }

  private showSelection(): void {
    const item = this.selectedItem();
    for (const id of ["accept", "reject", "relabel", "move-back", "move-forward"]) byId<HTMLButtonElement>(id).disabled = item === null;
    const box = byId("selection");
    if (item === null) {
      box.textContent = "No spot selected";
      return;
    }
    const kind = this.assessment.kinds.get(item.id) ?? "plain";
    box.replaceChildren(
      h("span", { class: `mark mark-${kind}`, "aria-hidden": "true" }),
      h("strong", {}, item.label),
      ` ${this.time.clock(item.t, true)}`,
      h("span", { class: "muted" }, [item.source === "label" ? "label" : item.confidence?.toFixed(2), kind === "plain" ? "" : KIND_NAMES[kind], item.status === "undecided" ? "" : item.status, item.team ?? "", item.visibility === "not shown" ? "not shown" : ""].filter((text) => text).join(" · ")),
    );
  }

  private hover(x: number, y: number, t: number, item: Item | null, lane: string | null): void {
    const box = byId("tooltip");
    const text = byId("tooltip-text");
    const score = lane === null ? null : (this.curves?.at(lane, t) ?? null);
    const lines = [this.time.clock(item?.t ?? t, true)];
    if (item !== null) {
      const kind = this.assessment.kinds.get(item.id) ?? "plain";
      lines.push(`${item.label}${item.confidence === null ? "" : ` ${item.confidence.toFixed(2)}`}`);
      lines.push([item.source === "label" ? "label" : item.source, kind === "plain" ? "" : KIND_NAMES[kind]].filter((part) => part).join(", "));
    } else if (lane !== null) lines.push(score === null ? lane : `${lane}: score ${score.toFixed(2)}`);
    text.replaceChildren(...lines.map((line, i) => h(i === 0 ? "strong" : "span", {}, line)));
    box.hidden = false;
    const width = box.offsetWidth;
    const height = box.offsetHeight;
    box.style.left = `${Math.min(window.innerWidth - width - 8, Math.max(8, x - width / 2))}px`;
    box.style.top = `${y - height - 16 > 8 ? y - height - 16 : y + 20}px`;
    this.showThumbnail(item?.t ?? t);
  }

  private showThumbnail(t: number): void {
    const image = byId<HTMLImageElement>("tooltip-image");
    const period = this.time.periodAt(t);
    image.hidden = period.video === null;
    clearTimeout(this.hoverTimer);
    if (period.video === null) return;
    const at = Math.floor(((t - period.offset_s) * 1000) / 500) * 500;
    image.width = 192;
    image.height = Math.round((192 * period.video.size[1]) / period.video.size[0]);
    this.hoverTimer = window.setTimeout(() => {
      image.src = `/api/matches/${this.match.key}/thumbnail/${period.period}?t_ms=${Math.max(0, at)}`;
    }, THUMBNAIL_AFTER_MS);
  }

  private unhover(): void {
    clearTimeout(this.hoverTimer);
    byId("tooltip").hidden = true;
  }
}

async function main(): Promise<void> {
  const key = new URLSearchParams(location.search).get("id") ?? "";
  try {
    const match = await getJson<MatchDocument>(`/api/matches/${encodeURIComponent(key)}`);
    const page = new MatchPage(match);
    const length = formatDuration(match.periods.reduce((sum, period) => sum + period.duration_s, 0));
    byId("match-length").textContent = length;
    await page.complete();
  } catch (error) {
    document.body.classList.add("failed");
    byId("match-name").textContent = "This match cannot be shown";
    notify((error as Error).message, true);
  }
}

void main();
