"""Data sets of a study: features and labels of all periods in one file of plain arrays.

A study trains hundreds of networks on the same matches, on machines that hold neither the matches
nor their media, so everything that it needs travels in one small file.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.errors import InputError
from spotkick.files import atomic_path, reading_arrays
from spotkick.timeline import frame_of_position, parse_frame_rate

HALVES_SEED: Final = 7
"""Of the permutation that cuts the held matches into halves A and B."""

_CHECKED: Final = (
    "features",
    "vectors",
    "starts",
    "period_match",
    "period_number",
    "is_held",
    "actions",
)
"""Arrays that a checksum covers."""

_FIX: Final = "make it with benchmarks/study_data.py"


@dataclass(frozen=True, slots=True, eq=False)
class StudyData:
    """Features and labels of all matches; T frames, P periods, M matches, N actions.

    Attributes:
        name: of the data set.
        classes: names, in the order of the class indices.
        frame_rate: frames per second.
        features: (T, width) float16 values, or token ids where ``num_tokens`` is not 0; a
            token id of 0 is no token.
        num_tokens: size of the vocabulary; 0 for features that are values.
        vectors: (num_tokens, embedding) float16 that embeddings start from, made without labels.
        starts: (P + 1,) first frame of each period, and the end.
        period_match: (P,) index of the match.
        period_number: (P,) number of the period.
        matches: (M,) names.
        is_held: (M,) True where a match is scored on, False where it is trained on.
        actions: (N, 3) period index, class index, position in milliseconds.
    """

    name: str
    classes: tuple[str, ...]
    frame_rate: Fraction
    features: npt.NDArray[Any]
    num_tokens: int
    vectors: npt.NDArray[np.float16]
    starts: npt.NDArray[np.int64]
    period_match: npt.NDArray[np.int64]
    period_number: npt.NDArray[np.int64]
    matches: tuple[str, ...]
    is_held: npt.NDArray[np.bool_]
    actions: npt.NDArray[np.int64]

    def checksum(self) -> str:
        """SHA-256 of everything that results depend on, whichever file it came from."""
        digest = hashlib.sha256()
        described = [*self.classes, *self.matches, str(self.frame_rate), str(self.num_tokens)]
        digest.update(json.dumps(described).encode())
        for name in _CHECKED:
            values = np.ascontiguousarray(getattr(self, name))
            digest.update(f"{name} {values.shape}".encode())
            digest.update(values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes())
        return digest.hexdigest()

    @property
    def class_list(self) -> ActionClasses:
        """The classes as a list to score with."""
        return ActionClasses(self.classes)

    def periods(self, *, held: bool) -> npt.NDArray[np.int64]:
        """Indices of the periods that are scored on, or trained on."""
        return np.flatnonzero(self.is_held[self.period_match] == held)

    def num_frames(self, period: int) -> int:
        """Frames of a period."""
        return int(self.starts[period + 1] - self.starts[period])

    def halves(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The held matches in two halves A and B, cut by a fixed permutation of their names."""
        held = sorted(np.flatnonzero(self.is_held).tolist(), key=lambda index: self.matches[index])
        order = np.random.default_rng(HALVES_SEED).permutation(len(held))
        middle = len(held) // 2
        first, second = (
            tuple(held[index] for index in part) for part in (order[:middle], order[middle:])
        )
        return first, second

    def labels(self, matches: tuple[int, ...]) -> list[MatchActions]:
        """Labels of matches, in the given order."""
        found: dict[int, list[Action]] = {index: [] for index in matches}
        for period, column, position_ms in self.actions.tolist():
            match = int(self.period_match[period])
            if match in found:
                number = int(self.period_number[period])
                found[match].append(Action(self.classes[column], number, position_ms))
        return [MatchActions(self.matches[index], tuple(own)) for index, own in found.items()]

    def action_frames(self) -> npt.NDArray[np.int64]:
        """(N,) frame of each action inside its period, at most the last one."""
        frames = [
            min(frame_of_position(max(0, position), self.frame_rate), self.num_frames(period) - 1)
            for period, _, position in self.actions.tolist()
        ]
        return np.array(frames, dtype=np.int64)

    def reduce_training(self, matches: int, seed: int) -> "StudyData":
        """Train on fewer matches: a random choice that depends on the seed alone."""
        trained = np.flatnonzero(~self.is_held)
        if matches >= len(trained):
            return self
        kept = set(np.random.default_rng((seed, 1)).permutation(trained)[:matches].tolist())
        kept.update(np.flatnonzero(self.is_held).tolist())
        return self._select_periods([p for p, m in enumerate(self.period_match) if int(m) in kept])

    def without_training(self) -> "StudyData":
        """The labels and sizes of the held matches, without any features: small to send."""
        return self._select_periods(self.periods(held=True).tolist(), features=False)

    def jitter_training(self, spread_s: float, seed: int) -> "StudyData":
        """Move the labels of the training matches by Gaussian noise; held labels stay exact."""
        if not spread_s:
            return self
        noise_ms = (
            1000 * spread_s * np.random.default_rng((seed, 2)).standard_normal(len(self.actions))
        )
        trained = ~self.is_held[self.period_match[self.actions[:, 0]]]
        moved = self.actions.copy()
        moved[:, 2] += np.where(trained, noise_ms, 0).astype(np.int64)

        # Labels stay inside their periods.
        lengths = np.diff(self.starts)[moved[:, 0]]
        last_ms = (lengths * 1000 / float(self.frame_rate)).astype(np.int64) - 1
        moved[:, 2] = np.clip(moved[:, 2], 0, last_ms)
        return replace(self, actions=moved)

    def _select_periods(self, periods: list[int], *, features: bool = True) -> "StudyData":
        lengths = np.diff(self.starts)[periods]
        spans = [np.arange(self.starts[p], self.starts[p + 1]) for p in periods if features]
        frames = np.concatenate(spans) if spans else np.zeros(0, dtype=np.int64)
        place = np.full(len(self.period_match), -1)
        place[periods] = np.arange(len(periods))
        actions = self.actions[place[self.actions[:, 0]] >= 0].copy()
        actions[:, 0] = place[actions[:, 0]]
        return replace(
            self,
            features=self.features[frames],
            starts=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
            period_match=self.period_match[periods],
            period_number=self.period_number[periods],
            actions=actions,
        )


def write_study_data(data: StudyData, path: Path) -> None:
    """Write a data set as one compressed file of arrays without pickle.

    Raises:
        StorageError: if it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            name=np.array(data.name),
            classes=np.array(data.classes),
            frame_rate=np.array(str(data.frame_rate)),
            features=data.features,
            num_tokens=np.array(data.num_tokens),
            vectors=data.vectors,
            starts=data.starts,
            period_match=data.period_match.astype(np.int32),
            period_number=data.period_number.astype(np.int32),
            matches=np.array(data.matches),
            is_held=data.is_held,
            actions=data.actions.astype(np.int32),
        )


def read_study_data(path: Path) -> StudyData:
    """Read what `write_study_data` wrote.

    Raises:
        InputError: if the file is missing, damaged or of another kind.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; {_FIX}")
    with reading_arrays(path, "a data set of a study", _FIX), np.load(path) as arrays:
        return StudyData(
            name=str(arrays["name"]),
            classes=tuple(arrays["classes"].tolist()),
            frame_rate=parse_frame_rate(str(arrays["frame_rate"])),
            features=arrays["features"],
            num_tokens=int(arrays["num_tokens"]),
            vectors=arrays["vectors"],
            starts=arrays["starts"].astype(np.int64),
            period_match=arrays["period_match"].astype(np.int64),
            period_number=arrays["period_number"].astype(np.int64),
            matches=tuple(arrays["matches"].tolist()),
            is_held=arrays["is_held"],
            actions=arrays["actions"].astype(np.int64),
        )
