"""Commentary features: what the commentators say, as one vector per frame.

Input are the timed segments of SoccerNet-Echoes, files ``<match>/<period>_asr.json`` with
``{"segments": {"0": [start_s, end_s, text], ...}}``.

What a frame sees. Frame x covers the time [x, x + 1) / rate. It carries the mean of the vectors of the segments that overlap this
time, and nothing else: a segment that starts at or after (x + 1) / rate cannot change frame x, and neither can one that ended
before x / rate. A segment that is being spoken is seen whole, to its last word: speech recognition gives no times of single
words, so a frame looks ahead to the end of the segment in progress (in SoccerNet-Echoes 2 s in the median, 30 s at most)
and no further. Every longer view of the past and the future is the receptive field of the network that reads the features.
"""

import math
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action
from spotkick.errors import InputError, SpotkickWarning
from spotkick.features.periods import ExtractionSummary, PeriodFile
from spotkick.features.text import TextModel, read_text_model, write_text_model
from spotkick.features.text_fit import FittedText, TrainingTexts, fit_text_model, lagged_targets
from spotkick.features.tracks import SOURCE_SUFFIX, FeatureSource, fingerprint, write_source, write_track
from spotkick.files import read_json
from spotkick.timeline import FEATURE_RATE, frame_of_position

FEATURE_NAME: Final = "commentary"
MIN_PERIOD_S: Final = 45 * 60
"""Shortest track of a half: commentary that stops early, or that is missing, still covers the regular playing time."""

MAX_PERIOD_S: Final = 3 * 60 * 60
"""Times past this are mistakes, not long halves."""

_SPOKEN_MS: Final = 4_000
_SOURCE_FILE: Final = "source.json"
_SEGMENT_FILE: Final = re.compile(r"^([1-9])_asr\.json$")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of recognised speech, with its times in milliseconds since the start of its period."""

    start_ms: int
    end_ms: int
    text: str


def read_segments(path: Path) -> tuple[Segment, ...]:
    """Read the segments of a half, in order of their starts.

    Reversed times are exchanged and negative ones set to 0. Segments that are no ``[start, end, text]``, have no text, or times
    that are no numbers, end before 0 or lie past `MAX_PERIOD_S` are left out. A half without commentary gives an empty result.

    Warns:
        SpotkickWarning: once per file, with counts of what was mended and left out.

    Raises:
        InputError: if the file is missing or is no JSON object with ``segments``.
    """
    content = read_json(path)
    listed = content.get("segments") if isinstance(content, dict) else None
    if not isinstance(listed, dict | list):
        raise InputError(f'{path}: commentary must be {{"segments": {{"0": [start_s, end_s, text], ...}}}}')
    items = listed.values() if isinstance(listed, dict) else listed
    segments: list[Segment] = []
    left_out = mended = 0
    for item in items:
        segment, exact = _parse_segment(item)
        mended += segment is not None and not exact
        if segment is None:
            left_out += not exact
        else:
            segments.append(segment)
    if left_out or mended:
        warnings.warn(
            f"{path}: of {len(items)} segments, {left_out} are malformed and left out, {mended} have negative or reversed times",
            SpotkickWarning,
            stacklevel=2,
        )
    return tuple(sorted(segments, key=lambda segment: segment.start_ms))


def _parse_segment(item: Any) -> tuple[Segment | None, bool]:
    """A segment or None, and whether the item was well-formed; empty text is well-formed and gives None."""
    if not (isinstance(item, list | tuple) and len(item) == 3 and isinstance(item[2], str)):
        return None, False
    times = item[:2]
    if not all(isinstance(time, int | float) and not isinstance(time, bool) and math.isfinite(time) for time in times):
        return None, False
    start_ms, end_ms = (round(1000 * time) for time in times)
    first, last = min(start_ms, end_ms), max(start_ms, end_ms)
    if last < 0 or last > 1000 * MAX_PERIOD_S:
        return None, False
    if not item[2].strip():
        return None, True
    return Segment(max(0, first), last, item[2].strip()), 0 <= start_ms <= end_ms


def count_frames(segments: Iterable[Segment], frame_rate: Fraction = FEATURE_RATE) -> int:
    """Frames of a half: up to the end of its commentary, and at least `MIN_PERIOD_S`.

    Labels do not take part, as they are not known where spotting is needed.
    """
    end_ms = max((segment.end_ms for segment in segments), default=0)
    return _frames_until(max(end_ms, 1000 * MIN_PERIOD_S), frame_rate)


def _frames_until(position_ms: int, frame_rate: Fraction) -> int:
    """Frames that start before ``position_ms``."""
    return -(-position_ms * frame_rate.numerator // (1000 * frame_rate.denominator))


def frame_vectors(
    segments: Sequence[Segment], vectors: npt.NDArray[np.floating[Any]], num_frames: int, frame_rate: Fraction = FEATURE_RATE
) -> npt.NDArray[np.float32]:
    """Spread vectors of segments over frames, as the head of this module states.

    Args:
        segments: of one half.
        vectors: (segments, dim).
        num_frames: length of the result; what lies behind it is left out.
        frame_rate: frames per second.

    Returns:
        (num_frames, dim + 1): the mean of the vectors of the segments that overlap each frame, then 1 where anybody speaks and 0
        where nobody does (and the rest is 0 too).
    """
    total = np.zeros((num_frames, vectors.shape[1] + 1), dtype=np.float32)
    speakers = np.zeros((num_frames, 1), dtype=np.float32)
    for segment, vector in zip(segments, vectors, strict=True):
        first = frame_of_position(segment.start_ms, frame_rate)
        end = max(first + 1, _frames_until(segment.end_ms, frame_rate))
        total[first:end, :-1] += vector
        speakers[first:end] += 1
    total[:, :-1] /= np.maximum(speakers, 1)
    total[:, -1:] = speakers > 0
    return total


def find_commentary(root: Path) -> tuple[PeriodFile, ...]:
    """Files ``<period>_asr.json`` below ``root``. A match is named by its folder relative to the root.

    Raises:
        InputError: if the root is not a folder or holds no commentary.
    """
    found: list[PeriodFile] = []
    for path in sorted(root.rglob("*_asr.json")) if root.is_dir() else ():
        named = _SEGMENT_FILE.match(path.name)
        if named is not None:
            folder = path.parent.relative_to(root).as_posix()
            found.append(PeriodFile(root.resolve().name if folder == "." else folder, int(named.group(1)), path))
    if not found:
        raise InputError(f"{root}: no commentary below it; files <league>/<season>/<match>/<period>_asr.json are needed")
    return tuple(found)


def commentary_source(model: TextModel, *, name: str = FEATURE_NAME, frame_rate: Fraction = FEATURE_RATE) -> FeatureSource:
    """Describe the features that ``model`` makes: its vector and the sign of speech per frame."""
    everything = fingerprint("commentary-1", model.fingerprint, str(frame_rate))
    return FeatureSource(name, model.dim + 1, frame_rate, "commentary", everything)


def fit_commentary(
    halves: Iterable[PeriodFile],
    *,
    dim: int,
    min_matches: int | None = None,
    seed: int = 0,
    labels: Mapping[str, Sequence[Action]] | None = None,
) -> FittedText:
    """Fit a text model. Only halves of the training split belong here.

    Sentences that a half repeats word for word count once: speech recognition falls into loops on crowd noise.

    Args:
        halves: of the training split.
        dim: length of a frame's vector, the sign of speech included.
        min_matches: see `fit_text_model`.
        seed: see `fit_text_model`.
        labels: match -> actions, to learn directions from; None for none.

    Raises:
        ConfigError: if there is too little text for ``dim``.
        InputError: if a match has no labels.
        MissingExtraError: if scikit-learn is not installed.
    """
    texts: list[str] = []
    matches: list[str] = []
    targets: list[npt.NDArray[np.float32]] = []
    classes = sorted({action.label for actions in (labels or {}).values() for action in actions})
    for half in halves:
        said = {segment.text: segment for segment in reversed(read_segments(half.path))}  # the first time that it is said
        texts += said
        matches += [half.match] * len(said)
        if labels is not None:
            if half.match not in labels:
                raise InputError(f"match {half.match!r} of the training split has no labels; add them or do without --labels")
            times_ms = np.array([_middle_ms(segment) for segment in said.values()], dtype=np.int64)
            targets.append(lagged_targets(times_ms, _positions(labels[half.match], half.period, classes)))
    together = np.concatenate(targets) if targets else None
    return fit_text_model(TrainingTexts(texts, matches, together), dim=dim - 1, min_matches=min_matches, seed=seed)


def _middle_ms(segment: Segment) -> int:
    """When a segment is said; a recogniser gives silence to the segment before it, so only its first seconds count."""
    return (segment.start_ms + min(segment.end_ms, segment.start_ms + _SPOKEN_MS)) // 2


def _positions(actions: Sequence[Action], period: int, classes: Sequence[str]) -> list[npt.NDArray[np.int64]]:
    positions: dict[str, list[int]] = {name: [] for name in classes}
    for action in actions:
        if action.period == period:
            positions[action.label].append(action.position_ms)
    return [np.array(own, dtype=np.int64) for own in positions.values()]


def write_commentary_tracks(
    halves: Iterable[PeriodFile], out: Path, fitted: FittedText, source: FeatureSource
) -> ExtractionSummary:
    """Write ``<out>/<match>/<period>_<name>.npy`` (float16) for each half.

    A half without commentary gets zeros. A file that cannot be read is left out, and the others are made. Halves whose labels
    the model has learned from are made only where ``fitted`` holds a model without them; tracks of them that are there are kept.

    Warns:
        SpotkickWarning: for each file that cannot be read or must not be transformed; once, with their number, for halves without
            commentary.

    Raises:
        StorageError: if features cannot be written.
    """
    written = num_frames = failed = kept = 0
    silent: list[Path] = []
    for half in halves:
        model = fitted.for_match(half.match)
        if half.match in model.label_matches:
            present = half.track(out, source.name).is_file()
            kept, failed = kept + present, failed + (not present)
            if not present:
                warnings.warn(
                    f"left out: {half.path}: the text model has learned from the labels of this match; its features can only be "
                    f"made in the run that fits, into an empty folder",
                    SpotkickWarning,
                    stacklevel=2,
                )
            continue
        try:
            segments = read_segments(half.path)
        except InputError as error:
            warnings.warn(f"left out: {error}", SpotkickWarning, stacklevel=2)
            failed += 1
            continue
        if not segments:
            silent.append(half.path)
        vectors = model.transform([segment.text for segment in segments])
        frames = frame_vectors(segments, vectors, count_frames(segments, source.frame_rate), source.frame_rate)
        write_track(frames.astype(np.float16), half.track(out, source.name))
        written, num_frames = written + 1, num_frames + len(frames)
    if silent:
        warnings.warn(
            f"{len(silent)} of {written} halves have no commentary, their features are zeros; the first is {silent[0]}",
            SpotkickWarning,
            stacklevel=2,
        )
    return ExtractionSummary(written, num_frames, len(silent), failed, kept)


def write_commentary_source(model: TextModel, source: FeatureSource, root: Path) -> None:
    """Write the source folder: its description, and the text model that makes the same vectors from new commentary.

    Raises:
        InputError: if the root already holds features of the same name from another source.
        StorageError: if it cannot be written.
    """
    folder = root / f"{source.name}{SOURCE_SUFFIX}"
    if (folder / _SOURCE_FILE).is_file():
        _, present = read_commentary_source(folder)
        if present == source:
            return
        raise InputError(
            f"{root}: it already holds '{source.name}' features of another source ({present.dim} values, {present.frame_rate} a "
            f"second); the two must not be mixed, choose another folder"
        )
    write_text_model(model, folder)
    write_source(source, root)


def read_commentary_source(folder: Path) -> tuple[TextModel, FeatureSource]:
    """Read a source folder ``NAME.source``, or the only one below ``folder``, which may be a feature set or a checkpoint.

    Raises:
        InputError: if there is none or several, or if it is damaged or of another kind.
    """
    inner = [folder]
    if not (folder / _SOURCE_FILE).is_file():
        inner = sorted([*folder.glob(f"*{SOURCE_SUFFIX}"), *folder.glob(f"*/*{SOURCE_SUFFIX}")])
    if len(inner) != 1:
        raise InputError(f"{folder}: must be, or hold, one folder NAME{SOURCE_SUFFIX} of features; {len(inner)} found")
    described = inner[0] / _SOURCE_FILE
    source = FeatureSource.from_json(read_json(described), str(described))
    if source.kind != "commentary":
        raise InputError(f"{described}: these features are of kind {source.kind!r}, not commentary; choose another source")
    model = read_text_model(inner[0])
    if commentary_source(model, name=source.name, frame_rate=source.frame_rate) != source:
        raise InputError(f"{inner[0]}: the description and the text model do not belong together; fit the features again")
    return model, source
