/** The page of one match: loads it and connects its parts. */

import { getBytes, getJson } from "./api";
import { ClassTable } from "./class_table";
import { Curves } from "./curves";
import { Commands } from "./commands";
import { CompareSystems } from "./compare";
import { DetailsPanel } from "./details_panel";
import { watchMatch } from "./disk_watch";
import { askAboutConflict, setUpDialogs, setUpExport } from "./dialogs";
import { byId, h, notify, oncePerFrame, setUpTheme, showInstead, whole } from "./dom";
import { keptOrder, setUpFilters } from "./filters";
import { setUpKeys } from "./keys";
import { setUpLayout } from "./layout";
import { describeEdit, setUpBulk, setUpHistory, setUpShift } from "./many_dialogs";
import { KIND_NAMES } from "./marks";
import { assess, counts } from "./matching";
import type { Assessment } from "./matching";
import { setUpMatchMenu } from "./match_menu";
import { Overview } from "./overview";
import { Player } from "./player";
import { ReelPanel } from "./reel_panel";
import type { Abilities } from "./reel_store";
import { Review } from "./review";
import { shortcutsOf } from "./shortcuts";
import { SpotList, markOf } from "./spot_list";
import { MatchTime, formatDuration, formatMillis, stretchAt } from "./time";
import { Timeline } from "./timeline";
import { ShotFinder, shotsOf } from "./shots";
import type { ClipDocument, Item, JobDocument, MatchDocument } from "./types";
import { ViewState } from "./view";
import { SoundWave } from "./wave";

const THUMBNAIL_AFTER_MS = 60;
const PLACE = "spotkick.place";

/** What was on the screen before changed files were taken. */
interface Place {
  key: string;
  from: number;
  to: number;
  t: number;
  selected: string | null;
  tab: string;
}

class MatchPage {
  private readonly time: MatchTime;
  private readonly view: ViewState;
  private readonly review: Review;
  private readonly player: Player;
  private readonly timeline: Timeline;
  private readonly wave: SoundWave;
  private readonly overview: Overview;
  private readonly list: SpotList;
  private readonly table: ClassTable;
  private readonly commands: Commands;
  /** Whether there are labels and predictions, so that some of them are right and others wrong. */
  private readonly compared: boolean;
  private readonly details: DetailsPanel;
  private readonly compare: CompareSystems;
  private reel: ReelPanel | null = null;
  private curves: Curves | null = null;
  private clips: ClipDocument[];
  private shots: number[];
  private assessment: Assessment = { kinds: new Map(), counts: new Map(), total: { correct: 0, predicted: 0, labelled: 0 } };
  private readonly recount = oncePerFrame(() => this.update());
  private hoverTimer = 0;

  constructor(private readonly match: MatchDocument) {
    this.time = new MatchTime(match.periods);
    this.view = new ViewState(this.time.duration_s, match.classes);
    this.compared = match.has_labels && match.has_predictions;
    // Who looks for errors begins with the surest ones, who labels a match goes through it.
    this.view.order = keptOrder() ?? (this.compared ? "confidence" : "time");
    this.review = new Review(match, this.time);
    this.player = new Player(this.time);
    this.timeline = new Timeline(this.view, this.time, match.classes);
    this.wave = new SoundWave(this.time);
    this.timeline.setWave(this.wave);
    this.overview = new Overview(this.view, this.time);
    this.list = new SpotList(this.time, () => this.recount.now());
    this.table = new ClassTable(match.classes, this.compared, match.has_predictions);
    this.commands = new Commands(match, this.time, this.view, this.review, this.player, this.list, () => this.recount.now());
    this.clips = match.clips;
    this.shots = shotsOf(match.shots, this.time);
    this.details = new DetailsPanel(this.commands);
    this.compare = new CompareSystems(match, this.time);
    this.compare.onpick = (t) => {
      this.view.select(null);
      this.player.pause();
      this.player.seek(t);
      this.view.reveal(t);
    };
    this.compare.onchange = () => this.recount();
    this.describeMatch();
    this.connect();
    setUpFilters(match, this.time, this.view, (name) => this.showOnly(name));
    setUpKeys(shortcutsOf(this.commands, this.player, this.view, { undo: () => this.steps.undo(), redo: () => this.steps.redo() }));
    setUpLayout();
    setUpBulk(this.commands, this.compared);
    setUpShift(match, this.commands);
    setUpHistory(this.review, this.time, (item) => this.commands.pick(item));
    this.update();
    this.player.seek(0);
  }

  /** Load what is not needed for the first picture. */
  async complete(): Promise<void> {
    const scores = this.match.scores;
    const curves = scores === null ? null : getBytes(scores.url).then((bytes) => new Curves(scores, bytes, this.time));
    await this.review.load().catch((error: Error) => notify(`Corrections cannot be read: ${error.message}`, true));
    this.recount();
    this.openPlace();
    void this.compare.load(this.timeline);
    this.curves = (await curves?.catch((error: Error) => (notify(error.message, true), null))) ?? null;
    if (this.curves !== null) {
      this.timeline.setCurves(this.curves);
      this.overview.setCurves(this.curves);
    }
    document.body.dataset.ready = "true";
    void this.player.readFrames().then(() => this.wave.load());
    watchMatch(this.match.key, this.match.state, () => void this.takeFromDisk());

    // The match can be reviewed now: what fails to come from here on takes nothing of it away.
    const failed = (error: Error): void => notify(`Not everything could be loaded (${error.message}); reload the page`, true);
    void setUpMatchMenu(this.match.key).catch(failed);
    void this.addTools().catch(failed);
  }

  /** Reels and shots, as far as the server can make them. */
  private async addTools(): Promise<void> {
    const abilities = await getJson<Abilities>("/api/abilities");
    if (!this.player.hasVideo) return;
    const { jobs } = await getJson<{ jobs: JobDocument[] }>(`/api/matches/${this.match.key}/jobs`);
    if (abilities.reels) this.setUpReel(jobs, abilities);
    if (abilities.shots) this.setUpShots(jobs);
  }

  /** Where a link leads: `spot=ID`, or `t=` with seconds of the timeline, or of a period as in `t=2:754.3`. */
  private openPlace(): void {
    if (this.returnToPlace()) return;
    const query = new URLSearchParams(location.search);
    const item = this.review.items.get(query.get("spot") ?? "");
    if (item !== undefined) return this.commands.pick(item);
    const [first = "", second] = (query.get("t") ?? "").split(":");
    const seconds = Number(second ?? first);
    if (first === "" || !Number.isFinite(seconds)) return;
    const t = second === undefined ? seconds : this.time.at(Number(first), seconds * 1000);
    this.player.seek(t);
    this.view.reveal(this.player.t);
  }

  /** Load the page anew with the files that are on disk now, at the same place; what is not saved yet holds it up. */
  private async takeFromDisk(): Promise<void> {
    if (!(await this.review.settle())) return notify("Your latest changes are not saved yet; the files are taken once they are.", true);
    const { from, to, selected } = this.view;
    const tab = document.querySelector("[role=tab][aria-selected=true]")?.id ?? "tab-spots";
    const place: Place = { key: this.match.key, from, to, t: this.player.t, selected, tab };
    sessionStorage.setItem(PLACE, JSON.stringify(place));
    location.reload();
  }

  /** Go back to where the page was before it took changed files. */
  private returnToPlace(): boolean {
    const place = JSON.parse(sessionStorage.getItem(PLACE) ?? "null") as Place | null;
    sessionStorage.removeItem(PLACE);
    if (place === null || place.key !== this.match.key) return false;
    this.view.show(place.from, place.to);
    if (place.selected !== null && this.review.items.has(place.selected)) this.view.select(place.selected);
    this.player.seek(place.t);
    if (!byId(place.tab).hidden) byId(place.tab).click();
    const gone = this.review.vanished;
    notify(gone === 0 ? "The files on disk are shown." : `The files on disk are shown. ${gone} spot${gone === 1 ? "" : "s"} that you decided ${gone === 1 ? "is" : "are"} no longer in them, and stay as decided.`);
    return true;
  }

  private copyLink(): void {
    const { period, position_ms } = this.time.positionAt(this.player.t);
    const link = `${location.origin}/match?id=${this.match.key}&t=${period}:${position_ms / 1000}`;
    const done = (): void => notify("A link to this moment was copied.");
    if (navigator.clipboard === undefined) notify(link);
    else void navigator.clipboard.writeText(link).then(done, () => notify(link));
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
    for (const element of document.querySelectorAll<HTMLElement>("[data-compares]")) element.hidden = !this.compared;
    for (const element of document.querySelectorAll<HTMLElement>("[data-needs-labels]")) element.hidden = !this.match.has_labels;
    for (const element of document.querySelectorAll<HTMLElement>("[data-needs-spots]")) element.hidden = !this.match.has_predictions;
    for (const element of document.querySelectorAll<HTMLElement>("[data-no-labels]")) element.hidden = this.match.has_labels;
    for (const column of document.querySelectorAll("th[hidden]")) column.remove();
    if (!this.match.has_predictions) byId("count-head").textContent = "Labels";
    const parts = this.match.name.split("/").slice(0, -1);
    byId("match-path").textContent = parts.join(" / ");
  }

  private connect(): void {
    this.view.listen((change) => {
      if (change === "window") {
        this.timeline.follow();
        this.overview.follow();
      } else if (change === "selection") {
        this.list.select(this.view.selected, this.view.marked);
        this.timeline.follow();
        this.showSelection();
        this.showPlayer();
      } else {
        this.recount();
        if (change === "filters") this.unselectHidden();
      }
    });
    this.review.onchange = () => this.recount();
    this.review.onsave = () => {
      this.showSaving();
      if (this.review.saveState === "saved" && !byId("panel-reel").hidden) this.reel?.propose();
    };
    this.review.onforeign = (count) => notify(`${count} change${count === 1 ? "" : "s"} of another tab or person came in.`);
    this.player.ontime = (t) => this.showTime(t);
    this.player.onstate = () => this.showPlayer();
    this.timeline.onseek = (t) => {
      this.view.select(null);
      this.player.seek(t);
    };
    this.timeline.onpick = (item) => this.commands.pick(item);
    this.timeline.onhover = (x, y, t, item, lane) => this.hover(x, y, t, item, lane);
    this.timeline.onleave = () => this.unhover();
    this.list.onpick = (item) => this.commands.pick(item);
    this.list.onmark = (ids) => this.view.mark(ids);
    this.timeline.onlane = (name) => this.showOnly(name);
    this.overview.onseek = (t) => {
      this.view.select(null);
      this.player.seek(t);
    };
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
    setUpExport(this.match.key, () => this.describeExport());
    const press = (id: string, action: () => void): void => byId(id).addEventListener("click", action);
    press("play", () => this.player.toggle());
    press("frame-back", () => this.player.step(-1));
    press("frame-forward", () => this.player.step(1));
    press("speed", () => (this.player.playbackSpeed >= 4 ? this.player.setSpeed(0.25) : this.player.changeSpeed(1)));
    press("motion", () => this.commands.toggleMotion());
    press("mute", () => this.player.setVolume(this.player.volume, !this.player.muted));
    press("copy-link", () => this.copyLink());
    byId("volume").addEventListener("input", (event) => this.player.setVolume(Number((event.target as HTMLInputElement).value), false));
    for (const id of ["video", "still"]) press(id, () => this.player.toggle());
    byId("picture").addEventListener("dblclick", () => byId("full-button").click());
    press("undo", () => this.steps.undo());
    press("redo", () => this.steps.redo());
    press("accept", () => this.commands.decide("accepted"));
    press("reject", () => this.commands.decide("rejected"));
    press("relabel", () => void this.commands.relabel());
    press("move-back", () => this.commands.move(-1));
    press("move-forward", () => this.commands.move(1));
    press("add", () => void this.commands.add());
    press("move-here", () => this.commands.moveHere());
    press("reset", () => this.commands.reset());
    press("next-uncertain", () => this.commands.nextUncertain());
    press("zoom-in", () => this.view.zoom(0.5, this.commands.zoomCentre()));
    press("zoom-out", () => this.view.zoom(2, this.commands.zoomCentre()));
    press("zoom-all", () => this.view.show(0, this.time.duration_s));
    press("help-button", () => byId<HTMLDialogElement>("help-dialog").showModal());
    press("best-thresholds", () => this.commands.setBestThresholds());
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

  private setUpReel(jobs: JobDocument[], abilities: Abilities): void {
    const selected = (): Item | null => this.commands.selectedItem();
    const reel = new ReelPanel(this.match.key, this.match.name, this.time, this.player, this.view.thresholds, selected, abilities);
    reel.onchange = () => this.showSteps();
    this.reel = reel;
    const latest = jobs.filter(({ kind }) => kind !== "shots").pop();
    if (latest !== undefined) void reel.resume(latest);
    reel.onclips = (clips) => {
      this.clips = clips;
      this.recount();
    };
    this.view.listen((change) => {
      if (change === "thresholds" && !byId("panel-reel").hidden) reel.propose();
    });
    byId("tab-reel").hidden = false;
  }

  private setUpShots(jobs: JobDocument[]): void {
    const finder = new ShotFinder(this.match.key, this.shots.length > 0, (found) => {
      this.shots = shotsOf(found, this.time);
      this.recount();
    });
    const running = jobs.find(({ kind, state }) => kind === "shots" && state === "running");
    if (running !== undefined) void finder.watch(running);
  }

  /** A spot that the filters hide is not one that a key should decide. */
  private unselectHidden(): void {
    this.recount.now();
    const { selected } = this.view;
    if (selected !== null && !this.list.rows.some(({ id }) => id === selected)) this.view.select(null);
  }

  /** Count, filter and draw everything that depends on spots and thresholds. */
  private update(): void {
    const all = [...this.review.items.values()];
    this.assessment = assess(all, this.view.thresholds, this.view.tolerance_ms, this.compared);
    const { kinds } = this.assessment;
    const { hiddenClasses, period, kinds: wanted, statuses, words } = this.view.filters;
    const visible = all.filter(
      (item) =>
        !hiddenClasses.has(item.label) &&
        (period === 0 || item.period === period) &&
        (wanted === null || wanted.has(kinds.get(item.id) ?? "plain")) &&
        (statuses === null || (item.source !== "label" && statuses.has(item.status))) &&
        (words.length === 0 || matches(item, this.time, words)),
    );
    visible.sort((a, b) => a.t - b.t);
    const present = new Set([...this.match.classes, ...all.map((item) => item.label)]);
    this.timeline.setLanes([...present].filter((name) => !hiddenClasses.has(name)));
    this.timeline.setContent({ items: visible, kinds, clips: this.clips, shots: this.shots });
    this.overview.setContent(visible, kinds);
    this.commands.show(visible, kinds);
    this.list.show(this.ordered(visible), kinds, all.length);
    this.list.select(this.view.selected, this.view.marked);
    this.compare.show(all, this.view.thresholds, this.view.tolerance_ms, hiddenClasses);
    this.table.show(this.view.thresholds, this.assessment, hiddenClasses);
    this.showSteps();
    this.showProgress(all);
    this.showSelection();
  }

  /** Whose steps Undo takes back: those of the reel while its panel is open, of the spots otherwise. */
  private get steps(): { canUndo: boolean; canRedo: boolean } & Pick<Commands, "undo" | "redo"> {
    if (this.reel !== null && !byId("panel-reel").hidden) return this.reel;
    const { commands, review } = this;
    return { canUndo: review.canUndo, canRedo: review.canRedo, undo: () => commands.undo(), redo: () => commands.redo() };
  }

  private showSteps(): void {
    byId<HTMLButtonElement>("undo").disabled = !this.steps.canUndo;
    byId<HTMLButtonElement>("redo").disabled = !this.steps.canRedo;
  }

  private describeExport(): string {
    const kept = [...this.review.items.values()].filter((item) => item.status === "accepted");
    const [labels, spots] = [kept.filter(({ source }) => source === "label").length, kept.filter(({ source }) => source !== "label").length];
    const parts = [spots > 0 || labels === 0 ? `${whole(spots)} accepted or added spot${spots === 1 ? "" : "s"}` : "", labels > 0 ? `${whole(labels)} label${labels === 1 ? "" : "s"}` : ""];
    return `${parts.filter((part) => part !== "").join(" and ")}; rejected ones are left out.`;
  }

  /** How much is decided of what counts: spots above the threshold of their class. */
  private showProgress(all: Item[]): void {
    const likely = all.filter((item) => item.source === "prediction" && (counts(item, this.view.thresholds) || item.status !== "undecided"));
    const decided = likely.filter((item) => item.status !== "undecided").length;
    const box = byId("review-progress");
    box.title = `Spots above the thresholds of their classes; ${whole(this.match.predictions.length)} in all`;
    if (likely.length === 0) box.replaceChildren();
    else box.replaceChildren(h("progress", { max: likely.length, value: decided, "aria-hidden": "true" }), `${whole(decided)} of ${whole(likely.length)} decided`);
  }

  /** Show one class alone, or all of them again. */
  private showOnly(name: string): void {
    const { hiddenClasses } = this.view.filters;
    const names = this.allClasses();
    const alone = !hiddenClasses.has(name) && names.every((other) => other === name || hiddenClasses.has(other));
    this.view.filters.hiddenClasses = new Set(alone ? [] : names.filter((other) => other !== name));
    this.view.changed("filters");
    notify(alone ? "All classes are shown." : `Only ${name} is shown; the button above the lanes shows all classes again.`);
  }

  private allClasses(): string[] {
    return [...new Set([...this.match.classes, ...[...this.review.items.values()].map((item) => item.label)])];
  }

  private ordered(visible: Item[]): Item[] {
    const rows = [...visible];
    if (this.view.order === "confidence") rows.sort((a, b) => (b.confidence ?? -1) - (a.confidence ?? -1) || a.t - b.t);
    if (this.view.order === "uncertain") {
      return rows
        .filter((item) => item.source === "prediction" && item.status === "undecided")
        .sort((a, b) => this.commands.uncertainty(a) - this.commands.uncertainty(b) || a.t - b.t);
    }
    return rows;
  }

  private showClasses(shown: boolean): void {
    this.view.filters.hiddenClasses = new Set(shown ? [] : this.allClasses());
    this.view.changed("filters");
  }

  private showTime(t: number): void {
    const period = this.time.periodAt(t);
    byId("clock").textContent = formatMillis(t - period.offset_s);
    byId("clock-period").textContent = this.time.periods.length > 1 || period.period !== 1 ? period.name : "";
    byId("frame-number").textContent = this.player.frame === null ? "" : `frame ${this.player.frame}`;
    byId("frame-number").title = this.player.varies ? "The frame rate of this file varies; frames are counted one by one" : "Counted from the first frame of the file";
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
    byId("motion").setAttribute("aria-pressed", String(this.view.motion));
    const silent = this.player.muted || this.player.volume === 0;
    byId("mute").parentElement!.classList.toggle("is-muted", silent);
    byId("mute").setAttribute("aria-label", silent ? "Sound on" : "Sound off");
    byId<HTMLInputElement>("volume").value = String(this.player.muted ? 0 : this.player.volume);
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
    if (this.review.saveState === "conflict") this.askAboutConflict();
  }

  private askAboutConflict(): void {
    const collisions = this.review.conflict.map((theirs) => ({
      mine: describeEdit({ id: theirs.id, state: this.review.mine(theirs.id) }, this.review, this.time),
      theirs: describeEdit(theirs, this.review, this.time),
      who: theirs.reviewer ?? "",
    }));
    askAboutConflict(collisions, (mine) => this.review.resolve(mine));
  }

  private showSelection(): void {
    const item = this.commands.selectedItem();
    for (const id of ["accept", "reject", "relabel", "move-back", "move-forward", "move-here", "reset"]) byId<HTMLButtonElement>(id).disabled = item === null;
    const box = byId("selection");
    this.details.show(item);
    const { size } = this.view.marked;
    if (size > 0) {
      box.replaceChildren(h("strong", {}, `${size} spots chosen`), h("span", { class: "muted" }, "Accept and Reject decide all of them"));
      return;
    }
    if (item === null) {
      box.replaceChildren(h("span", { class: "muted" }, "No spot selected"));
      return;
    }
    const kind = this.assessment.kinds.get(item.id) ?? "plain";
    const status = item.source === "label" && !item.touched ? "undecided" : item.status;
    const sign = status === "undecided" ? null : h("span", { class: status === "accepted" ? "sign-yes" : "sign-no" }, status === "accepted" ? "✓" : "✕", h("span", { class: "visually-hidden" }, status));
    const facts = [item.source === "label" ? "label" : (item.confidence?.toFixed(2) ?? "added"), ["plain", "accepted", "rejected", "added"].includes(kind) ? "" : KIND_NAMES[kind], item.team ?? "", item.player === "" ? "" : `player ${item.player}`, item.visibility === "not shown" ? "not shown" : "", item.note];
    const details = [this.time.clock(item.t, true), ...facts].filter((text) => text).join(" · ");
    box.replaceChildren(
      h("span", { class: `mark mark-${markOf(item, kind)}`, "aria-hidden": "true" }),
      h("span", { class: "selection-text", title: `${item.label}, ${details}, ${item.status}` }, h("span", {}, h("strong", {}, item.label), " ", sign), h("span", { class: "muted" }, details)),
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
    this.showThumbnail(item?.t ?? t);
    const width = box.offsetWidth;
    const height = box.offsetHeight;
    // Above the lanes where there is room, so that it does not cover them.
    const above = byId("overview").getBoundingClientRect().top - height - 6;
    box.style.left = `${Math.min(window.innerWidth - width - 8, Math.max(8, x - width / 2))}px`;
    box.style.top = `${above > 8 ? above : Math.min(window.innerHeight - height - 8, y + 20)}px`;
  }

  private showThumbnail(t: number): void {
    const image = byId<HTMLImageElement>("tooltip-image");
    const period = this.time.periodAt(t);
    const stretch = stretchAt(period, t - period.offset_s);
    image.hidden = stretch === null;
    clearTimeout(this.hoverTimer);
    if (stretch === null) return;
    const first_ms = Math.ceil((period.video?.stretches[0]?.position_s ?? 0) * 1000);
    const at = Math.max(first_ms, Math.floor(((t - period.offset_s) * 1000) / 500) * 500);
    image.width = Math.min(192, Math.round((160 * stretch.size[0]) / stretch.size[1]));
    image.height = Math.round((image.width * stretch.size[1]) / stretch.size[0]);
    this.hoverTimer = window.setTimeout(() => {
      image.src = `/api/matches/${this.match.key}/thumbnail/${period.period}?t_ms=${at}`;
    }, THUMBNAIL_AFTER_MS);
  }

  private unhover(): void {
    clearTimeout(this.hoverTimer);
    byId("tooltip").hidden = true;
  }
}

/** Whether all words occur in what is known of a spot. */
function matches(item: Item, time: MatchTime, words: string[]): boolean {
  const text = [time.clock(item.t, true), item.label, item.team ?? "", item.visibility ?? "", item.player, item.note, item.source].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

async function main(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const key = query.get("id") ?? "";
  try {
    // The server leads from a name to the match; where the name is still there, it has none.
    if (key === "" && query.has("name")) throw new Error(`No match here is called ${query.get("name")}: the viewer was started with other paths than the report was made from.`);
    const match = await getJson<MatchDocument>(`/api/matches/${encodeURIComponent(key)}`);
    const page = new MatchPage(match);
    const length = formatDuration(match.periods.reduce((sum, period) => sum + period.duration_s, 0));
    byId("match-length").textContent = length;
    await page.complete();
  } catch (error) {
    document.title = "Not shown - spotkick";
    showInstead("This match cannot be shown", (error as Error).message);
  }
}

void main();
