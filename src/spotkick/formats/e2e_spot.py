"""E2E-Spot JSON: frame-based labels (``train.json``) and predictions (``pred-test.30.json``).

Both are read plain or compressed with gzip. Labels are a list of ``{video, num_frames, num_events,
events[{frame, label, comment}], fps, width, height}``, predictions of ``{video, events[{frame,
label, score}], fps}``. For SoccerNet its tools write team and visibility into the comment, as
``home; visible``, and so does this module.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from spotkick.actions import Action, MatchActions, Visibility
from spotkick.errors import InputError
from spotkick.files import write_text
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import (
    RATE_FIX,
    items,
    number_of_rate,
    optional_confidence,
    require_frame_rate,
    require_integer,
    require_list,
    require_object,
    require_text,
    required,
)
from spotkick.formats.format import Family, Format
from spotkick.formats.json_files import load_json, write_document
from spotkick.formats.recordings import RecordedActions, group_recordings, split_periods
from spotkick.formats.sample import Certainty, Sample, objects_in
from spotkick.timeline import frame_of_position, position_of_frame

FIELDS: Final = frozenset(
    {
        *(
            "[].video",
            "[].fps",
            "[].num_events",
            "[].events[].frame",
            "[].events[].label",
            "[].events[].score",
        ),
        "[].events[].comment",
    }
)
"""Fields that are read or can be derived."""

CLASS_FILE: Final = "class.txt"
"""One class a line, beside the labels."""

_NO_TEAM: Final = "not applicable"


def read_e2e_spot(
    path: Path | str, *, frame_rate: Fraction | None = None
) -> tuple[MatchActions, ...]:
    """Read labels or predictions.

    Args:
        path: JSON, or JSON compressed with gzip (``pred-test.30.recall.json.gz``).
        frame_rate: of videos that do not state their ``fps``.

    Raises:
        InputError: if the file is not such a file, a value is malformed, or a frame rate is needed
            and not given.
    """
    videos = require_list(load_json(Path(path)), str(path))
    return group_recordings(
        _read_video(require_object(video, f"{path}[{n}]"), f"{path}[{n}]", frame_rate)
        for n, video in enumerate(videos)
    )


def _read_video(video: dict[str, Any], where: str, frame_rate: Fraction | None) -> RecordedActions:
    name = require_text(required(video, "video", where), f"{where}.video")
    rate = frame_rate
    if video.get("fps") is not None:
        rate = require_frame_rate(video["fps"], f"{where}.fps")
    if rate is None:
        raise InputError(
            f"{where} counts frames and does not state their rate in 'fps': {RATE_FIX}"
        )
    events = items(video, "events", where)
    return RecordedActions(name, tuple(_read_action(event, at, rate) for event, at in events))


def _read_action(event: dict[str, Any], where: str, rate: Fraction) -> Action:
    frame = require_integer(required(event, "frame", where), f"{where}.frame")
    team, visibility = _read_comment(event.get("comment"))
    return Action(
        label=require_text(required(event, "label", where), f"{where}.label"),
        period=1,
        position_ms=position_of_frame(frame, rate),
        confidence=optional_confidence(event, where, "score"),
        team=team,
        visibility=visibility,
    )


def _read_comment(comment: Any) -> tuple[str | None, Visibility | None]:
    """Team and visibility from ``home; visible``; a comment of another form is a remark."""
    team, _, shown = comment.rpartition("; ") if isinstance(comment, str) else ("", "", "")
    visibility = next((value for value in Visibility if value == shown), None)
    if not team or (visibility is None and shown):
        return None, None
    return (None if team == _NO_TEAM else team), visibility


def write_e2e_spot(
    path: Path | str, matches: Sequence[MatchActions], *, frame_rate: Fraction
) -> None:
    """Write labels, with the class list beside them.

    The length of the videos is not known here: ``num_frames`` ends with the last action, and should
    be set to the true length.

    Args:
        path: the JSON file; its folder gets a ``class.txt``.
        matches: labels.
        frame_rate: frames per second of the extracted frames.

    Raises:
        StorageError: if a file cannot be written.
        InputError: if a period cannot be part of a video name.
    """
    videos = []

    # One entry for each recording.
    for recording in split_periods(matches):
        events = [
            _event_of(action, frame_rate) | {"comment": _comment_of(action)}
            for action in recording.actions
        ]
        count = max((event["frame"] for event in events), default=-1) + 1
        video = {
            "video": recording.name,
            "num_frames": count,
            "num_events": len(events),
            "events": events,
        }
        videos.append(video | {"fps": number_of_rate(frame_rate)})

    # The class list belongs to the file.
    write_document(path, videos, matches)
    write_text(
        Path(path).parent / CLASS_FILE, "".join(f"{label}\n" for label in _sorted_labels(matches))
    )


def write_e2e_spot_results(
    path: Path | str, matches: Sequence[MatchActions], *, frame_rate: Fraction
) -> None:
    """Write predictions; an action without a confidence gets score 1.

    Args:
        path: the JSON file.
        matches: predictions.
        frame_rate: frames per second.

    Raises:
        StorageError: if the file cannot be written.
        InputError: if a period cannot be part of a video name.
    """
    videos = [
        {
            "video": recording.name,
            "events": [
                _event_of(action, frame_rate) | {"score": _score_of(action)}
                for action in recording.actions
            ],
            "fps": number_of_rate(frame_rate),
        }
        for recording in split_periods(matches)
    ]
    write_document(path, videos, matches)


def _event_of(action: Action, frame_rate: Fraction) -> dict[str, Any]:
    return {"frame": frame_of_position(action.position_ms, frame_rate), "label": action.label}


def _comment_of(action: Action) -> str:
    if action.team is None and action.visibility is None:
        return ""
    return f"{action.team or _NO_TEAM}; {action.visibility or ''}"


def _score_of(action: Action) -> float:
    return 1.0 if action.confidence is None else action.confidence


def _sorted_labels(matches: Iterable[MatchActions]) -> list[str]:
    return sorted({action.label for match in matches for action in match.actions})


def _detect_videos(sample: Sample, *, scored: bool) -> Certainty:
    videos = [item for item in sample.json_items if "video" in item and "events" in item]
    if not videos:
        return Certainty.NO
    events = [event for item in videos for event in objects_in(item["events"])]
    predicted = any("score" in event for event in events) or not any(
        "num_frames" in item for item in videos
    )
    return Certainty.NAME if predicted is scored else Certainty.NO


LABEL_FORMAT: Final = Format(
    name="e2e-spot",
    title="E2E-Spot labels",
    description="E2E-Spot labels, with `class.txt`; team and visibility in the comment",
    family=Family.BENCHMARK,
    capabilities=Capabilities(confidence=False, frames=True),
    detect=lambda sample: _detect_videos(sample, scored=False),
    reader=lambda path, options: read_e2e_spot(path, frame_rate=options.frame_rate),
    writer=lambda path, matches, rate: write_e2e_spot(path, matches, frame_rate=rate),
    beside=(CLASS_FILE,),
    fields=FIELDS,
    note="num_frames ends with the last action of each video; set it to the true number of frames",
)

RESULT_FORMAT: Final = Format(
    name="e2e-spot-results",
    title="E2E-Spot predictions",
    description="E2E-Spot predictions, also `.json.gz` when read",
    family=Family.BENCHMARK,
    capabilities=Capabilities(needs_confidence=True, team=False, visibility=False, frames=True),
    detect=lambda sample: _detect_videos(sample, scored=True),
    reader=lambda path, options: read_e2e_spot(path, frame_rate=options.frame_rate),
    writer=lambda path, matches, rate: write_e2e_spot_results(path, matches, frame_rate=rate),
    fields=FIELDS,
)
