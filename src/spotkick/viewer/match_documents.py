"""A match as JSON and bytes for the browser."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spotkick.datasets.period_video import PeriodVideo
from spotkick.formats.scores import MatchScores
from spotkick.timeline import PERIOD_NAMES
from spotkick.viewer.match_data import Match, Spot
from spotkick.viewer.playback import may_be_played


def match_document(
    match: Match,
    address: str,
    shots: Mapping[int, Sequence[float]],
    *,
    store: str = "",
    problems: Sequence[str] = (),
) -> dict[str, Any]:
    """The match as JSON for the browser.

    Args:
        match: as read.
        address: path under which its media are served.
        shots: shot changes in seconds by period.
        store: name under which the browser keeps what it could not save yet.
        problems: of the corrections.
    """
    periods = []
    offset_s = 0.0
    for period, duration_s in sorted(match.durations_s.items()):
        video = match.videos.get(period)
        periods.append(
            {
                "period": period,
                "name": PERIOD_NAMES.get(period, f"period {period}"),
                "offset_s": offset_s,
                "duration_s": duration_s,
                "video": None
                if video is None
                else _video_document(video, f"{address}/video/{period}"),
            }
        )
        offset_s += duration_s

    # Spots keep the order of their file; the browser sorts what it draws.
    return {
        "key": match.files.key,
        "store": store,
        "name": match.name,
        "classes": list(match.classes),
        "periods": periods,
        "has_labels": match.files.labels is not None,
        "has_predictions": match.files.predictions is not None,
        "predictions": [_spot_document(spot) for spot in match.predictions],
        "labels": [_spot_document(spot) for spot in match.labels],
        "scores": _scores_document(match.scores, f"{address}/scores"),
        "clips": [clip for clip in match.clips if clip["period"] in match.durations_s],
        "shots": {str(period): list(times) for period, times in shots.items()},
        "systems": _system_documents(match, address),
        "warnings": [*match.warnings, *problems],
    }


def _video_document(video: PeriodVideo, address: str) -> dict[str, Any]:
    """Stretches of files in order; ``end_s`` is None where one lasts to the end of its file."""
    stretches = []
    for part, (stretch, begin_s, last_s, _) in enumerate(video.place_stretches()):
        info, end_s = stretch.info, stretch.end_s
        stretches.append(
            {
                "url": f"{address}?part={part}" if part else address,
                "file": info.path.name,
                "codec": info.codec,
                "frame_rate": [info.frame_rate.numerator, info.frame_rate.denominator],
                "origin_s": info.start_s,
                "playable": may_be_played(info),
                "sound": any(track.is_decodable for track in info.audio_tracks),
                "size": list(info.shown_size_px),
                "start_s": stretch.start_s,
                "end_s": None if end_s is None or end_s >= info.duration_s else end_s,
                "position_s": begin_s,
                "duration_s": last_s - begin_s,
            }
        )
    return {"duration_s": video.duration_s, "stretches": stretches}


def _spot_document(spot: Spot) -> dict[str, Any]:
    action = spot.action
    document: dict[str, Any] = {
        "id": spot.id,
        "label": action.label,
        "period": action.period,
        "position_ms": action.position_ms,
    }
    if action.confidence is not None:
        document["confidence"] = action.confidence
    if action.visibility is not None:
        document["visibility"] = str(action.visibility)
    if action.team is not None:
        document["team"] = action.team
    document |= {name: text for name, text in action.details if name in ("player", "note")}
    return document


def _system_documents(match: Match, address: str) -> list[dict[str, Any]]:
    """Systems to be compared, the reviewed one first; its spots are those of the match."""
    if not match.others:
        return []
    reviewed: dict[str, Any] = {"name": match.system_name, "predictions": None, "scores": None}
    others = [
        {
            "name": system.name,
            "predictions": [_spot_document(spot) for spot in system.predictions],
            "scores": _scores_document(system.scores, f"{address}/scores?system={number}"),
        }
        for number, system in enumerate(match.others, start=1)
    ]
    return [reviewed, *others]


def _scores_document(scores: MatchScores | None, url: str) -> dict[str, Any] | None:
    if scores is None:
        return None
    return {
        "url": url,
        "classes": list(scores.classes),
        "frame_rate": [scores.frame_rate.numerator, scores.frame_rate.denominator],
        "frames": {str(period): int(values.shape[0]) for period, values in scores.periods.items()},
    }


def scores_bytes(scores: MatchScores) -> bytes:
    """Scores for drawing, one byte a value (255 is 1): period after period, class after class."""
    parts = []
    for _, values in sorted(scores.periods.items()):
        clean = np.clip(np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
        parts.append(np.rint(clean.T * 255).astype(np.uint8).tobytes())
    return b"".join(parts)
