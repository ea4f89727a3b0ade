/** The JSON that the server sends; see match_data.py. Every time is in seconds or milliseconds as its name says. */

export interface SpotDocument {
  id: string;
  label: string;
  period: number;
  position_ms: number;
  confidence?: number;
  visibility?: string;
  team?: string;
  player?: string;
  note?: string;
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
  /** Whether it has sound that can be decoded. */
  sound: boolean;
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
  team?: string;
  /** False for a moment without a spot, proposed because its score is high. */
  spotted: boolean;
  player?: string;
  /** Whether a person has set or confirmed it. */
  is_certain?: boolean;
}

export interface ClipDocument {
  period: number;
  start_s: number;
  end_s: number;
  label: string;
  reason: string;
  rank?: number;
  chosen?: boolean;
  /** Title that a person has given it. */
  name?: string;
  /** Whether a person has set its ends. */
  exact?: boolean;
  moments?: MomentDocument[];
  /** Key of its match, in a reel of several matches. */
  match?: string;
  /** Second of the period of what it is mainly about. */
  main_s?: number | null;
}

export interface SystemDocument {
  name: string;
  /** Null for the system that is reviewed: its spots are those of the match. */
  predictions: SpotDocument[] | null;
  scores: ScoresDocument | null;
}

export interface MatchDocument {
  key: string;
  /** Tells this project from others that have a match of the same name. */
  store: string;
  name: string;
  classes: string[];
  /** Systems that can be compared, the reviewed one first; empty where there is only one. */
  systems: SystemDocument[];
  periods: PeriodDocument[];
  has_labels: boolean;
  has_predictions: boolean;
  predictions: SpotDocument[];
  labels: SpotDocument[];
  scores: ScoresDocument | null;
  clips: ClipDocument[];
  shots: Record<string, number[]>;
  warnings: string[];
  /** State of the files on disk when they were read, by what they hold. */
  state: Record<string, string>;
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
  /** These four are left out where they are as the file has them, and empty where there is to be none. */
  team?: string | null;
  visibility?: string | null;
  player?: string | null;
  note?: string | null;
}

export interface Edit {
  id: string;
  state: SpotState | null;
  reviewer?: string;
  /** When it was made, as ISO 8601. */
  at?: string;
}

export interface EditsDocument {
  revision: number;
  edits: Edit[];
}

/** How a spot compares with the labels; what a person has decided is called by the decision. "below" is under the threshold, "plain" when there are no labels. */
export type Kind = "accepted" | "rejected" | "added" | "correct" | "early" | "late" | "wrong" | "duplicate" | "false" | "missed" | "found" | "below" | "plain";

/** A spot as it is shown: from a file or added, with all corrections applied. */
export interface Item extends SpotState {
  id: string;
  /** Whether a person has changed it. */
  touched: boolean;
  visibility: string | null;
  team: string | null;
  player: string;
  note: string;
  /** As the file has it; null for added spots. */
  origin: { label: string; period: number; position_ms: number } | null;
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
