/** The page of a reel of several matches: clips that were collected in their highlights, in one list. */

import { getJson, sendJson } from "./api";
import { CaptionChoice } from "./captions";
import { clipEditor, describeMoments, fitsVideo, keepFocus, requestOf } from "./clip_editor";
import { setUpDialogs } from "./dialogs";
import { byId, h, notify, setUpTheme, showInstead } from "./dom";
import { setUpKeys } from "./keys";
import { toggleFullScreen } from "./layout";
import { Player } from "./player";
import { ReelJob } from "./reel_job";
import { ReelPreview } from "./reel_preview";
import { ReelStore } from "./reel_store";
import type { Abilities, CollectedClip } from "./reel_store";
import { MatchTime, formatClock, formatDuration, formatMillis } from "./time";
import type { ClipDocument, JobDocument, MatchDocument, PeriodDocument } from "./types";

const JUMP_S = 5;

/** The periods of all matches one after the other, as if they were one match. */
class JoinedMatches {
  readonly time: MatchTime;
  private readonly numbers = new Map<string, number>();
  private readonly own: { match: string; period: number }[] = [];
  /** Matches of a single period, whose clock needs no number of it. */
  private readonly undivided = new Set<string>();

  constructor(matches: MatchDocument[]) {
    const periods: PeriodDocument[] = [];
    let offset_s = 0;
    for (const match of matches) {
      if (match.periods.length === 1 && match.periods[0]!.period === 1) this.undivided.add(match.key);
      for (const period of match.periods.filter(({ video }) => video !== null)) {
        const number = periods.length + 1;
        this.numbers.set(`${match.key}/${period.period}`, number);
        this.own.push({ match: match.key, period: period.period });
        const name = match.periods.length > 1 ? `${shortName(match.name)}, ${period.name}` : shortName(match.name);
        periods.push({ ...period, period: number, name, offset_s });
        offset_s += period.duration_s;
      }
    }
    this.time = new MatchTime(periods);
  }

  get isEmpty(): boolean {
    return this.own.length === 0;
  }

  /** A clip with the number of its period among those of all matches; null where there is no video of it. */
  place(match: string, clip: ClipDocument): ClipDocument | null {
    const period = this.numbers.get(`${match}/${clip.period}`);
    return period === undefined ? null : { ...clip, period };
  }

  /** When a clip begins, as the page of its match has it. */
  clock(match: string, clip: ClipDocument): string {
    return `${this.undivided.has(match) ? "" : `${clip.period} · `}${formatClock(clip.start_s)}`;
  }

  /** Match and period of a second of the joined timeline. */
  locate(t: number): { match: string; period: number; second: number } {
    const period = this.time.periodAt(t);
    return { ...this.own[period.period - 1]!, second: t - period.offset_s };
  }
}

class ReelPage {
  private readonly player: Player;
  private readonly preview: ReelPreview;
  private readonly job = new ReelJob("/api/reel");
  private readonly captions: CaptionChoice;
  private readonly rows = new Map<string, HTMLElement>();
  private open: string | null = null;
  private readonly previewButton = byId<HTMLButtonElement>("reel-preview");

  constructor(
    private readonly store: ReelStore,
    private readonly joined: JoinedMatches,
    abilities: Abilities,
  ) {
    this.player = new Player(joined.time);
    this.preview = new ReelPreview(joined.time, this.player);
    this.captions = new CaptionChoice(abilities.captions);
    this.captions.onchange = () => this.job.forget(this.request());
    this.job.onchange = () => this.enable();
    this.preview.onclip = (clip) => this.showPreview(clip);
    this.player.ontime = (t) => this.showTime(t);
    this.player.onstate = () => this.showPlayer();
    this.connect();
    this.draw();
    const first = this.playable[0];
    this.player.seek(first === undefined ? 0 : this.secondOf(first));
  }

  private get playable(): CollectedClip[] {
    return this.store.clips.filter(({ match, clip }) => this.joined.place(match, clip) !== null);
  }

  private secondOf({ match, clip }: CollectedClip): number {
    const placed = this.joined.place(match, clip)!;
    return this.joined.time.at(placed.period, placed.start_s * 1000);
  }

  private connect(): void {
    const press = (id: string, action: () => void): void => byId(id).addEventListener("click", action);
    press("play", () => this.player.toggle());
    press("frame-back", () => this.player.step(-1));
    press("frame-forward", () => this.player.step(1));
    press("mute", () => this.player.setVolume(this.player.volume, !this.player.muted));
    press("full-button", toggleFullScreen);
    for (const id of ["video", "still"]) press(id, () => this.player.toggle());
    byId("volume").addEventListener("input", (event) => this.player.setVolume(Number((event.target as HTMLInputElement).value), false));
    press("reel-render", () => void this.job.start(this.request(), true));
    press("reel-lists", () => void this.job.start(this.request(), false));
    press("reel-clear", () => this.keep([]));
    press("help-button", () => byId<HTMLDialogElement>("help-dialog").showModal());
    this.previewButton.addEventListener("click", () => (this.preview.running ? this.preview.end() : void this.startPreview()));
    const seconds = (s: number) => () => this.player.seek(this.player.t + s);
    setUpKeys([
      {
        title: "Play",
        shortcuts: [
          { keys: [" "], shown: "Space", does: "play or pause", run: () => this.player.toggle() },
          { keys: ["ArrowLeft", ","], shown: "← or ,", does: "one frame back", run: () => this.player.step(-1), repeats: true },
          { keys: ["ArrowRight", "."], shown: "→ or .", does: "one frame forward", run: () => this.player.step(1), repeats: true },
          { keys: ["j"], shown: "J", does: `${JUMP_S} seconds back`, run: seconds(-JUMP_S), repeats: true },
          { keys: ["l"], shown: "L", does: `${JUMP_S} seconds forward`, run: seconds(JUMP_S), repeats: true },
          { keys: ["p"], shown: "P", does: "preview of the reel", run: () => this.previewButton.click() },
          { keys: ["?"], shown: "?", does: "this help", run: () => byId<HTMLDialogElement>("help-dialog").showModal() },
        ],
      },
    ]);
  }

  /** Go on showing a reel that an earlier page has asked for. */
  async resume(): Promise<void> {
    const { jobs } = await getJson<{ jobs: JobDocument[] }>("/api/reel/jobs");
    const latest = jobs.pop();
    if (latest !== undefined) await this.job.resume(latest);
  }

  private keep(clips: CollectedClip[]): void {
    this.store.clips = clips;
    this.draw();
  }

  draw(): void {
    const { clips } = this.store;
    keepFocus(byId("clip-list"), () => {
      this.rows.clear();
      for (const item of clips) this.rows.set(item.id, this.row(item));
      byId("clip-list").replaceChildren(...this.rows.values());
    });
    const { playable } = this;
    const length = playable.reduce((sum, { clip }) => sum + clip.end_s - clip.start_s, 0);
    const matches = new Set(playable.map(({ match }) => match)).size;
    byId("reel-total").textContent = clips.length === 0 ? "" : `${playable.length} clip${playable.length === 1 ? "" : "s"}, ${formatDuration(length)}`;
    byId("reel-count").textContent = clips.length === 0 ? "" : `${matches} match${matches === 1 ? "" : "es"}`;
    byId("clip-empty").hidden = clips.length > 0;
    byId("clip-empty").textContent = "Nothing is collected yet: open a match, tick clips in its panel Highlights, and press Collect clips.";
    this.enable();
    this.job.forget(this.request());
  }

  private row(item: CollectedClip): HTMLElement {
    const { clip } = item;
    const missing = this.joined.place(item.match, clip) === null;
    const play = h("button", { type: "button", class: "link clip-time", title: "Play this clip", disabled: missing }, this.joined.clock(item.match, clip));
    play.addEventListener("click", () => this.preview.play([this.joined.place(item.match, clip)!]));
    const length = h("button", { type: "button", class: "link clip-length", "aria-expanded": String(this.open === item.id), title: "Trim, name, move or remove this clip" }, `${(clip.end_s - clip.start_s).toFixed(1)} s`);
    length.addEventListener("click", () => {
      this.open = this.open === item.id ? null : item.id;
      this.draw();
    });
    return h(
      "li",
      { class: missing ? "missing" : "", "data-id": item.id },
      play,
      h(
        "span",
        { class: "clip-label", title: `${item.name}: ${describeMoments(clip)}` },
        h("span", {}, clip.name || clip.label),
        h("small", {}, shortName(item.name)),
        missing ? h("small", {}, "not among the matches that are shown; it is left out") : null,
      ),
      length,
      this.open === item.id ? this.editor(item) : null,
    );
  }

  private editor(item: CollectedClip): HTMLElement {
    return clipEditor(item.clip, {
      here: () => {
        const at = this.joined.locate(this.player.t);
        return at.match === item.match && at.period === item.clip.period ? Math.round(at.second * 1000) / 1000 : null;
      },
      change: (change) => this.change(item, change),
      shift: (step) => this.shift(item, step),
      remove: () => this.keep(this.store.clips.filter(({ id }) => id !== item.id)),
    });
  }

  private change(item: CollectedClip, change: Partial<ClipDocument>): void {
    const clip = { ...item.clip, ...change };
    const placed = this.joined.place(item.match, clip);
    const length = placed === null ? Infinity : (this.joined.time.get(placed.period)?.video?.duration_s ?? Infinity);
    if (!fitsVideo(clip, length)) return this.draw();
    this.keep(this.store.clips.map((kept) => (kept.id === item.id ? { ...kept, clip } : kept)));
  }

  private shift(item: CollectedClip, step: -1 | 1): void {
    const { clips } = this.store;
    const from = clips.findIndex(({ id }) => id === item.id);
    const to = from + step;
    if (from < 0 || to < 0 || to >= clips.length) return;
    [clips[from], clips[to]] = [clips[to]!, clips[from]!];
    this.keep(clips);
  }

  private request(): object {
    return { clips: this.playable.map(({ match, clip }) => ({ ...requestOf(clip), match })), captions: this.captions.parts };
  }

  /** Play the reel as it is rendered. */
  private async startPreview(): Promise<void> {
    this.previewButton.disabled = true;
    this.previewButton.textContent = "Wait…";
    try {
      const { clips } = await sendJson<{ clips: ClipDocument[] }>("/api/reel/plan", this.request());
      this.preview.play(clips.map((clip) => this.joined.place(clip.match!, clip)!));
    } catch (error) {
      notify((error as Error).message, true);
      this.previewButton.textContent = "Preview";
    }
    this.enable();
  }

  private showPreview(clip: ClipDocument | null): void {
    this.previewButton.textContent = clip === null ? "Preview" : "Stop";
    const middle = clip === null ? 0 : (clip.start_s + clip.end_s) / 2;
    const shown = clip === null ? undefined : this.playable.find((item) => {
      const placed = this.joined.place(item.match, item.clip)!;
      return placed.period === clip.period && placed.start_s <= middle && middle <= placed.end_s;
    });
    for (const [id, row] of this.rows) row.classList.toggle("playing", id === shown?.id);
    this.rows.get(shown?.id ?? "")?.scrollIntoView({ block: "nearest" });
  }

  private enable(): void {
    const none = this.playable.length === 0;
    this.previewButton.disabled = none;
    byId<HTMLButtonElement>("reel-render").disabled = byId<HTMLButtonElement>("reel-lists").disabled = none || this.job.running;
    byId<HTMLButtonElement>("reel-clear").disabled = this.store.clips.length === 0;
  }

  private showTime(t: number): void {
    const period = this.joined.time.periodAt(t);
    byId("clock").textContent = formatMillis(t - period.offset_s);
    byId("clock-period").textContent = period.name;
    this.preview?.follow(t);
  }

  private showPlayer(): void {
    const button = byId("play");
    button.setAttribute("aria-label", this.player.playing ? "Pause" : "Play");
    button.classList.toggle("is-playing", this.player.playing);
    const silent = this.player.muted || this.player.volume === 0;
    byId("mute").parentElement!.classList.toggle("is-muted", silent);
    byId("mute").setAttribute("aria-label", silent ? "Sound on" : "Sound off");
    byId<HTMLInputElement>("volume").value = String(this.player.muted ? 0 : this.player.volume);
  }
}

/** Name of a match without its folders and date, as captions have it. */
function shortName(name: string): string {
  const last = name.split("/").pop() ?? name;
  return last.replace(/^\d{4}-\d{2}-\d{2}( - \d{1,2}-\d{2})? +/, "") || last;
}

async function main(): Promise<void> {
  setUpTheme(byId<HTMLButtonElement>("theme-button"), () => undefined);
  setUpDialogs();
  try {
    const abilities = await getJson<Abilities>("/api/abilities");
    const store = new ReelStore(abilities.session);
    const keys = [...new Set(store.clips.map(({ match }) => match))];
    const found = await Promise.all(keys.map((key) => getJson<MatchDocument>(`/api/matches/${key}`).catch(() => null)));
    const joined = new JoinedMatches(found.filter((match) => match !== null));
    if (joined.isEmpty) return showEmpty(store, "Nothing is collected yet: open a match, tick clips in its panel Highlights, and press Collect clips.");
    const page = new ReelPage(store, joined, abilities);
    store.onforeign = () => {
      // Clips of a match that is not open yet need its videos.
      if (store.clips.some(({ match }) => !keys.includes(match))) location.reload();
      else page.draw();
    };
    document.body.dataset.ready = "true";
    void page.resume().catch((error: Error) => notify(`Not everything could be loaded (${error.message}); reload the page`, true));
  } catch (error) {
    showInstead("This reel cannot be shown", (error as Error).message);
  }
}

/** Without any clip there is nothing to play. */
function showEmpty(store: ReelStore, text: string): void {
  showInstead("No clips yet", text);
  document.body.dataset.ready = "true";
  store.onforeign = () => location.reload();
}

void main();
