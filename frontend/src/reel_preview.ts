/** Plays clips one after the other, as the reel shows them. */

import type { Player } from "./player";
import type { MatchTime } from "./time";
import type { ClipDocument } from "./types";

/** A preview ends when somebody seeks further than this out of its clip. */
const LEFT_S = 2;

export class ReelPreview {
  /** The clip that is played now; null at the end. */
  onclip: (clip: ClipDocument | null) => void = () => undefined;

  private clips: ClipDocument[] = [];

  constructor(
    private readonly time: MatchTime,
    private readonly player: Player,
  ) {}

  get running(): boolean {
    return this.clips.length > 0;
  }

  play(clips: ClipDocument[]): void {
    const first = clips[0];
    if (first === undefined) return;
    this.clips = [];
    this.player.seek(this.time.at(first.period, first.start_s * 1000));
    this.player.play();
    this.clips = [...clips];
    this.onclip(first);
  }

  /** Follow the clock: from the end of one clip to the start of the next. */
  follow(t: number): void {
    const current = this.clips[0];
    if (current === undefined) return;
    const [from, to] = [current.start_s, current.end_s].map((s) => this.time.at(current.period, s * 1000)) as [number, number];
    if (!this.player.playing || t < from - LEFT_S || t > to + LEFT_S) this.end(false);
    else if (t >= to) {
      const rest = this.clips.slice(1);
      if (rest.length === 0) this.end();
      else this.play(rest);
    }
  }

  end(pause = true): void {
    this.clips = [];
    this.onclip(null);
    if (pause) this.player.pause();
  }
}
