/** The JSON that the server sends; see match_data.py. Every time is in seconds or milliseconds as its name says. */

export interface SpotDocument {
  id: string;
  label: string;
  period: number;
  position_ms: number;
  confidence?: number;
  visibility?: string;
  team?: string;
}

/** A stretch of a file that shows a part of a period, or all of it. */
export interface StretchDocument {
  url: string;
  file: string;
  codec: string;
  /** Numerator and denominator. */
  frame_rate: [number, number];
  /** Timestamp of the first frame in the file. */
  origin_s: number;
  /** Whether a browser may be able to play the file. */
  playable: boolean;
  /** As shown, with square pixels. */
  size: [number, number];
  /** Second of the file at which it begins. */
  start_s: number;
  /** Second of the file at which it ends; null for the end of the file. */
  end_s: number | null;
  /** Second of the period at which it begins. */
  position_s: number;
  duration_s: number;
}

export interface VideoDocument {
  /** Length of the period, from the kick-off to the end of the last stretch. */
  duration_s: number;
  /** In the order in which they are played. */
  stretches: StretchDocument[];
}

export interface PeriodDocument {
  period: number;
  name: string;
  /** Where the period starts on the timeline. */
  offset_s: number;
  duration_s: number;
  video: VideoDocument | null;
}

export interface ScoresDocument {
  url: string;
  classes: string[];
  frame_rate: [number, number];
  frames: Record<string, number>;
}

export interface MomentDocument {
  label: string;
  position_s: number;
  score: number;
  /** False for a moment that nobody spotted, proposed because its score is high. */
  spotted: boolean;
}

export interface ClipDocument {
  period: number;
  start_s: number;
  end_s: number;
  label: string;
  reason: string;
  rank?: number;
  chosen?: boolean;
  moments?: MomentDocument[];
}

export interface MatchDocument {
  key: string;
  name: string;
  classes: string[];
  periods: PeriodDocument[];
  has_labels: boolean;
  has_predictions: boolean;
  predictions: SpotDocument[];
  labels: SpotDocument[];
  scores: ScoresDocument | null;
  clips: ClipDocument[];
  shots: Record<string, number[]>;
  warnings: string[];
}

export type Source = "prediction" | "label" | "added";
export type Status = "undecided" | "accepted" | "rejected";

export interface SpotState {
  source: Source;
  label: string;
  period: number;
  position_ms: number;
  status: Status;
  confidence: number | null;
}

export interface Edit {
  id: string;
  state: SpotState | null;
}

export interface EditsDocument {
  revision: number;
  edits: Edit[];
}

/** How a spot compares with the labels. "below" is under the threshold, "plain" when there are no labels. */
export type Kind = "correct" | "early" | "late" | "wrong" | "duplicate" | "false" | "missed" | "found" | "below" | "plain";

/** A spot as it is shown: from a file or added, with all corrections applied. */
export interface Item extends SpotState {
  id: string;
  /** Whether a person has changed it. */
  touched: boolean;
  visibility: string | null;
  team: string | null;
  /** Seconds on the timeline. */
  t: number;
}

/** A copy of a video that the browser cannot play. */
export interface ProxyDocument {
  state: "none" | "waiting" | "running" | "done" | "failed";
  progress: number;
  message: string;
}

export interface JobDocument {
  key: string;
  kind: "reel" | "lists" | "shots";
  state: "running" | "done" | "failed" | "cancelled";
  progress: number;
  message: string;
  files: { name: string; size_bytes: number }[];
}
