"""Data sets of a study from match folders: transcripts as token ids, or any feature track."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.commentary.tokenizer import (
    Vocabulary,
    count_bins,
    fit_tokenizer,
    fit_vocabulary,
)
from spotkick.commentary.transcript_files import read_transcript
from spotkick.commentary.transcripts import TranscriptSegment, count_frames
from spotkick.datasets.match_folder import MatchFolder
from spotkick.datasets.splits import match_tracks, read_split_matches
from spotkick.errors import InputError, SpotkickWarning
from spotkick.features.token_rows import BIN_MS, BIN_RATE, unpack_ids
from spotkick.features.tracks import FeatureTrack
from spotkick.formats.soccernet import read_label_set
from spotkick.models.token_embeddings import embed_tokens
from spotkick.study.data import StudyData
from spotkick.timeline import FEATURE_RATE

_MIN_PERIODS: Final = 8
"""Tokens of fewer training periods are unknown: they would tell matches apart, not actions."""


@dataclass(slots=True)
class _Builder:
    """Collects periods."""

    classes: ActionClasses
    features: list[npt.NDArray[Any]] = field(default_factory=list)
    match_index: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    actions: list[tuple[int, int, int]] = field(default_factory=list)

    def add(
        self, match: int, period: int, values: npt.NDArray[Any], actions: Iterable[Action]
    ) -> None:
        """Add a period with the actions of its match."""
        for action in self.classes.select([one for one in actions if one.period == period]):
            column = self.classes.names.index(action.label)
            self.actions.append((len(self.features), column, max(0, action.position_ms)))
        self.features.append(values)
        self.match_index.append(match)
        self.numbers.append(period)

    def features_of(self, count: int) -> list[npt.NDArray[Any]]:
        """Those of the periods of the first matches."""
        pairs = zip(self.features, self.match_index, strict=True)
        return [values for values, number in pairs if number < count]

    def build(
        self,
        name: str,
        matches: Sequence[str],
        held: Sequence[bool],
        rate: Fraction,
        vectors: npt.NDArray[np.float32] | None = None,
    ) -> StudyData:
        """The data set.

        Raises:
            InputError: if there is no period.
        """
        if not self.features:
            raise InputError("no period has both features and labels; check the folder and splits")
        lengths = [len(values) for values in self.features]
        if vectors is None:
            vectors = np.zeros((0, 0), dtype=np.float32)
        return StudyData(
            name=name,
            classes=self.classes.names,
            frame_rate=rate,
            features=np.concatenate(self.features),
            num_tokens=len(vectors),
            vectors=vectors.astype(np.float16),
            starts=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
            period_match=np.array(self.match_index, dtype=np.int64),
            period_number=np.array(self.numbers, dtype=np.int64),
            matches=tuple(matches),
            is_held=np.array(held, dtype=np.bool_),
            actions=np.array(self.actions, dtype=np.int64).reshape(-1, 3),
        )


def read_transcripts(
    root: Path,
    classes: ActionClasses,
    *,
    name: str,
    train: Sequence[str],
    held: Sequence[str],
    slots: int = 16,
    embedding: int = 48,
) -> StudyData:
    """Token ids of what is said, one row per bin of two seconds.

    Args:
        root: folder of match folders with ``{period}_asr.json`` and labels.
        classes: what is spotted.
        name: of the data set.
        train: matches; the vocabulary is theirs.
        held: matches to score on.
        slots: tokens of a bin at most; further ones are left out.
        embedding: length of the vectors that embeddings start from.

    Raises:
        InputError: if no match to train on has a transcript, or one is damaged.
    """
    matches = [*train, *held]
    said: dict[tuple[int, int], Sequence[TranscriptSegment]] = {}
    frames: dict[tuple[int, int], int] = {}
    for number, match in enumerate(matches):
        for path in sorted((root / match).glob("[1-9]_asr.json")):
            transcript = read_transcript(path)
            key = (number, int(path.name[0]))
            said[key], frames[key] = transcript.segments, count_frames(transcript)

    # The vocabulary comes from the training matches alone.
    own = [segments for (number, _), segments in said.items() if number < len(train)]
    if not own:
        raise InputError(f"{root}: no training match has transcripts such as 1_asr.json")
    tokenizer = fit_tokenizer(segment.text for segments in own for segment in segments)
    vocabulary = fit_vocabulary(own, tokenizer, min_periods=_MIN_PERIODS)

    # Rows of token ids, as long as the transcript or the last action.
    builder = _Builder(classes)
    labels = {match.match: match.actions for match in _read_labels(root, matches)}
    for (number, period), segments in said.items():
        actions = labels[matches[number]]
        last_ms = max((one.position_ms for one in actions if one.period == period), default=0)
        bins = max(count_bins(frames[number, period]), last_ms // BIN_MS + 1)
        rows = _token_rows(vocabulary, segments, bins, slots)
        builder.add(number, period, rows, actions)
    is_held = [number >= len(train) for number in range(len(matches))]
    ids = [vocabulary.encode(segments).ids for segments in own]
    vectors = embed_tokens(ids, len(vocabulary), embedding)
    return builder.build(name, matches, is_held, BIN_RATE, vectors)


def _token_rows(
    vocabulary: Vocabulary, segments: Sequence[TranscriptSegment], bins: int, slots: int
) -> npt.NDArray[Any]:
    """(bins, slots) token ids in the smallest signed type that holds all; 0 is no token."""
    rows = np.zeros(
        (bins, slots), dtype=np.result_type(np.int16, np.min_scalar_type(-len(vocabulary)))
    )
    tokens = vocabulary.encode(segments)
    used = np.zeros(bins, dtype=np.int64)
    for token, place in zip(tokens.ids.tolist(), tokens.bins.tolist(), strict=True):
        if place < bins and used[place] < slots:
            rows[place, used[place]] = token
            used[place] += 1
    return rows


def read_token_rows(
    root: Path,
    classes: ActionClasses,
    *,
    name: str,
    train: Sequence[str],
    held: Sequence[str],
    features_root: Path,
    embedding: int = 64,
) -> StudyData:
    """Rows of tokens as `spotkick features --kind tokens` makes them, for token networks.

    Args:
        root: folder of match folders with labels.
        classes: what is spotted.
        name: of the data set.
        train: matches; the vocabulary should be theirs.
        held: matches to score on.
        features_root: folder of match folders with the rows.
        embedding: length of the vectors that embeddings start from.

    Raises:
        InputError: if no match to train on has rows of tokens.
    """
    matches = [*train, *held]
    labels = {match.match: match.actions for match in _read_labels(root, matches)}
    builder, num_ids = _Builder(classes), 0
    for number, period, track in _walk_tracks(features_root, matches, "tokens", BIN_RATE):
        num_ids = track.source.num_ids
        builder.add(number, period, np.array(track.values), labels[matches[number]])

    # Vectors of the training matches alone.
    own = [unpack_ids(rows) for rows in builder.features_of(len(train))]
    if not own or not num_ids:
        raise InputError(
            f"{features_root}: no training match has rows of tokens; make them with "
            "'spotkick features DATA --kind tokens'"
        )
    is_held = [number >= len(train) for number in range(len(matches))]
    vectors = embed_tokens(own, num_ids, embedding)
    return builder.build(name, matches, is_held, BIN_RATE, vectors)


def read_tracks(
    root: Path,
    features: str,
    classes: ActionClasses,
    *,
    name: str,
    train: Sequence[str],
    held: Sequence[str],
    features_root: Path | None = None,
) -> StudyData:
    """Feature tracks of any kind, standardised by the training matches.

    Args:
        root: folder of match folders with labels.
        features: name of the features.
        classes: what is spotted.
        name: of the data set.
        train: matches to train on.
        held: matches to score on.
        features_root: folder of match folders with features, where it is not ``root``.

    Raises:
        InputError: if no match to train on has features, or rates differ.
    """
    matches = [*train, *held]
    labels = {match.match: match.actions for match in _read_labels(root, matches)}

    # Values as they are in the files.
    builder, rate = _Builder(classes), FEATURE_RATE
    for number, period, track in _walk_tracks(
        features_root or root, matches, features, FEATURE_RATE
    ):
        if builder.features and track.source.frame_rate != rate:
            raise InputError(
                f"{matches[number]}: features have {track.source.frame_rate} frames per "
                f"second, those before {rate}; extract them at one rate"
            )
        rate = track.source.frame_rate
        values = np.array(track.values, dtype=np.float32)
        builder.add(number, period, values, labels[matches[number]])
    is_held = [number >= len(train) for number in range(len(matches))]

    # One mean and one deviation per value, of the training matches.
    own = builder.features_of(len(train))
    if not own:
        raise InputError(f"{root}: no training match has the features '{features}'")
    trained = np.concatenate(own)
    mean, deviation = trained.mean(axis=0), trained.std(axis=0) + 1e-6
    builder.features = [
        ((values - mean) / deviation).astype(np.float16) for values in builder.features
    ]
    return builder.build(name, matches, is_held, rate)


def _walk_tracks(
    root: Path, matches: Sequence[str], features: str, rate: Fraction
) -> Iterator[tuple[int, int, FeatureTrack]]:
    """Number of the match, period and track of all that matches have."""
    for number, match in enumerate(matches):
        folder = MatchFolder(root, match)
        for period, track in match_tracks(folder, features, frame_rate=rate).items():
            yield number, period, track


def split_of(root: Path, name: str) -> tuple[str, ...]:
    """Names of the matches of a split."""
    return tuple(read_split_matches(root, name))


def _read_labels(root: Path, matches: Sequence[str]) -> list[MatchActions]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        return list(read_label_set(root, matches))
