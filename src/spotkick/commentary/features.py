"""Commentary features: what the commentators say, as one vector per frame, from a model of text or of words.

`spotkick.commentary.tfidf.TextModel` is fitted on texts alone,
`spotkick.commentary.ensemble.WordModel` on texts and labels. Their modules say what a frame sees.
"""

import re
import warnings
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from spotkick.commentary.ensemble import WORDS_FILE, WordModel, read_word_model, write_word_model
from spotkick.commentary.tfidf import TextModel, read_text_model, write_text_model
from spotkick.commentary.tfidf_fit import fit_text_model
from spotkick.commentary.transcripts import TranscriptSegment, count_frames, read_segments
from spotkick.datasets.period_files import ExtractionSummary, PeriodFile
from spotkick.errors import InputError, SpotkickWarning
from spotkick.features.tracks import (
    SOURCE_SUFFIX,
    FeatureSource,
    fingerprint,
    write_source,
    write_track,
)
from spotkick.files import read_json
from spotkick.timeline import FEATURE_RATE

FEATURE_NAME: Final = "commentary"
_SOURCE_FILE: Final = "source.json"
_SEGMENT_FILE: Final = re.compile(r"^([1-9])_asr\.json$")


class CommentaryModel(Protocol):
    """Makes frames from what is said in a half."""

    @property
    def frame_dim(self) -> int:
        """Values per frame."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything that decides the values."""

    def frames(
        self,
        match: str,
        segments: Sequence[TranscriptSegment],
        num_frames: int,
        frame_rate: Fraction,
    ) -> npt.NDArray[np.floating[Any]]:
        """(num_frames, frame_dim) of a half; all zeros where nothing is said in it."""


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
            found.append(
                PeriodFile(
                    root.resolve().name if folder == "." else folder, int(named.group(1)), path
                )
            )
    if not found:
        raise InputError(
            f"{root}: no commentary below it; files <league>/<season>/<match>/<period>_asr.json are needed"
        )
    return tuple(found)


def commentary_source(
    model: CommentaryModel, *, name: str = FEATURE_NAME, frame_rate: Fraction = FEATURE_RATE
) -> FeatureSource:
    """Describe the features that ``model`` makes."""
    everything = fingerprint("commentary-2", model.fingerprint, str(frame_rate))
    return FeatureSource(name, model.frame_dim, frame_rate, "commentary", everything)


def fit_commentary(
    halves: Iterable[PeriodFile], *, dim: int, min_matches: int | None = None, seed: int = 0
) -> TextModel:
    """Fit a text model. Only halves of the training split belong here.

    Sentences that a half repeats word for word count once: speech recognition falls into loops on
    crowd noise.

    Args:
        halves: of the training split.
        dim: length of a frame's vector, the sign of speech included.
        min_matches: see `fit_text_model`.
        seed: see `fit_text_model`.

    Raises:
        ConfigError: if there is too little text for ``dim``.
        MissingExtraError: if scikit-learn is not installed.
    """
    texts: list[str] = []
    matches: list[str] = []
    for half in halves:
        said = dict.fromkeys(segment.text for segment in read_segments(half.path))
        texts += said
        matches += [half.match] * len(said)
    return fit_text_model(texts, matches, dim=dim - 1, min_matches=min_matches, seed=seed)


def write_commentary_tracks(
    halves: Iterable[PeriodFile], out: Path, model: CommentaryModel, source: FeatureSource
) -> ExtractionSummary:
    """Write ``<out>/<match>/<period>_<name>.npy`` (float16) for each half.

    A half without commentary gets zeros. A file that cannot be read is left out, and the others are
    made.

    Warns:
        SpotkickWarning: for each file that cannot be read; once, with their number, for halves
            without commentary.

    Raises:
        StorageError: if features cannot be written.
    """
    written = num_frames = failed = 0
    silent: list[Path] = []
    for half in halves:
        try:
            segments = read_segments(half.path)
        except InputError as error:
            warnings.warn(f"left out: {error}", SpotkickWarning, stacklevel=2)
            failed += 1
            continue
        if not segments:
            silent.append(half.path)
        frames = model.frames(
            half.match, segments, count_frames(segments, source.frame_rate), source.frame_rate
        )
        write_track(frames.astype(np.float16), half.track(out, source.name))
        written, num_frames = written + 1, num_frames + len(frames)
    if silent:
        warnings.warn(
            f"{len(silent)} of {written} halves have no commentary, their features are zeros; the first is {silent[0]}",
            SpotkickWarning,
            stacklevel=2,
        )
    return ExtractionSummary(written, num_frames, len(silent), failed)


def write_commentary_source(
    model: TextModel | WordModel, source: FeatureSource, root: Path
) -> None:
    """Write the source folder: its description, and the model that makes the same vectors from new commentary.

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
    if isinstance(model, WordModel):
        write_word_model(model, folder)
    else:
        write_text_model(model, folder)
    write_source(source, root)


def read_commentary_source(folder: Path) -> tuple[TextModel | WordModel, FeatureSource]:
    """Read a source folder ``NAME.source``, or the only one below ``folder``, which may be a feature set or a checkpoint.

    Raises:
        InputError: if there is none or several, or if it is damaged or of another kind.
    """
    inner = [folder]
    if not (folder / _SOURCE_FILE).is_file():
        inner = sorted([*folder.glob(f"*{SOURCE_SUFFIX}"), *folder.glob(f"*/*{SOURCE_SUFFIX}")])
    if len(inner) != 1:
        raise InputError(
            f"{folder}: must be, or hold, one folder NAME{SOURCE_SUFFIX} of features; {len(inner)} found"
        )
    described = inner[0] / _SOURCE_FILE
    source = FeatureSource.from_json(read_json(described), str(described))
    if source.kind != "commentary":
        raise InputError(
            f"{described}: these features are of kind {source.kind!r}, not commentary; choose another source"
        )
    model = (
        read_word_model(inner[0])
        if (inner[0] / WORDS_FILE).is_file()
        else read_text_model(inner[0])
    )
    if commentary_source(model, name=source.name, frame_rate=source.frame_rate) != source:
        raise InputError(
            f"{inner[0]}: the description and the model do not belong together; fit the features again"
        )
    return model, source
