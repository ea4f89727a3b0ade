"""Commentary features: what the commentators say, as one vector per frame.

`spotkick.commentary.token_model.TokenModel` gives the ids of tokens, from which a network learns;
`spotkick.commentary.tfidf.TfidfModel` is fitted on texts alone,
`spotkick.commentary.ensemble.TokenEnsemble` on texts and labels;
`spotkick.commentary.sentences.SentenceModel` takes a pre-trained encoder as it is. Their modules
say what a frame sees.
"""

import warnings
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from spotkick.commentary.ensemble import DESCRIPTION_FILE as ENSEMBLE_FILE
from spotkick.commentary.ensemble import TokenEnsemble, read_ensemble, write_ensemble
from spotkick.commentary.sentence_encoder import EncoderOptions
from spotkick.commentary.sentences import DESCRIPTION_FILE as SENTENCES_FILE
from spotkick.commentary.sentences import SentenceModel, read_sentences, write_sentences
from spotkick.commentary.tfidf import TfidfModel, fit_tfidf, read_tfidf, write_tfidf
from spotkick.commentary.token_model import DESCRIPTION_FILE as TOKENS_FILE
from spotkick.commentary.token_model import TokenModel, fit_tokens, read_tokens, write_tokens
from spotkick.commentary.transcript_files import read_period
from spotkick.commentary.transcripts import Transcript, TranscriptSegment, count_frames
from spotkick.datasets.period_files import ExtractionSummary, PeriodFile
from spotkick.errors import ConfigError, InputError, SpotkickWarning
from spotkick.features.token_rows import BIN_RATE
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
TOKENS_NAME: Final = "tokens"
SENTENCES_NAME: Final = "sentences"

_SOURCE_FILE: Final = "source.json"

FittedModel = TfidfModel | TokenEnsemble | TokenModel | SentenceModel
"""A model that a source folder can hold, or name."""


class CommentaryModel(Protocol):
    """Makes frames from what is said in a period."""

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
    ) -> npt.NDArray[np.floating[Any] | np.integer[Any]]:
        """(num_frames, frame_dim) of a period; all zeros where it has no commentary."""


def commentary_source(
    model: CommentaryModel, *, name: str = "", frame_rate: Fraction | None = None
) -> FeatureSource:
    """Describe the features that ``model`` makes.

    Args:
        model: makes them.
        name: of the features; their kind when empty.
        frame_rate: frames per second; None for 2, and for tokens and sentences 1/2.
    """
    num_ids = model.num_ids if isinstance(model, TokenModel) else 0
    kind, usual_rate = (TOKENS_NAME, BIN_RATE) if num_ids else (FEATURE_NAME, FEATURE_RATE)
    if isinstance(model, SentenceModel):
        kind, usual_rate = SENTENCES_NAME, BIN_RATE
    rate = frame_rate or usual_rate
    return FeatureSource(
        name or kind,
        model.frame_dim,
        rate,
        kind=kind,
        fingerprint=fingerprint("commentary-2", model.fingerprint, str(rate)),
        num_ids=num_ids,
    )


def make_frames(
    model: CommentaryModel, match: str, transcript: Transcript, frame_rate: Fraction
) -> npt.NDArray[np.floating[Any] | np.integer[Any]]:
    """(frames, dim) of a period as they are stored: vectors as float16, token ids as they are."""
    length = count_frames(transcript, frame_rate)
    frames = model.frames(match, transcript.segments, length, frame_rate)
    return frames if np.issubdtype(frames.dtype, np.integer) else frames.astype(np.float16)


def fit_token_model(files: Iterable[PeriodFile]) -> TokenModel:
    """Collect a vocabulary. Only transcripts of the training split belong here."""
    return fit_tokens(read_period(file).segments for file in files)


def fit_commentary(
    files: Iterable[PeriodFile], *, dim: int, min_matches: int | None = None, seed: int = 0
) -> TfidfModel:
    """Fit a TF-IDF model. Only transcripts of the training split belong here.

    Sentences that a period repeats word for word count once: speech recognition falls into loops on
    crowd noise.

    Args:
        files: transcripts of the training split.
        dim: length of a frame's vector, the speech flag included.
        min_matches: see `fit_tfidf`.
        seed: see `fit_tfidf`.

    Raises:
        ConfigError: if there is too little text for ``dim``.
        MissingExtraError: if scikit-learn is not installed.
    """
    texts: list[str] = []
    matches: list[str] = []
    for file in files:
        distinct = dict.fromkeys(segment.text for segment in read_period(file).segments)
        texts += distinct
        matches += [file.match] * len(distinct)
    return fit_tfidf(texts, matches, dim=dim - 1, min_matches=min_matches, seed=seed)


def write_commentary_tracks(
    files: Iterable[PeriodFile], out: Path, model: CommentaryModel, source: FeatureSource
) -> ExtractionSummary:
    """Write ``<out>/<match>/<period>_<name>.npy`` for each transcript; see `make_frames`.

    A period without commentary gets zeros. A file that cannot be read is left out, and the others
    are made.

    Warns:
        SpotkickWarning: for each file that cannot be read; once, with their number, for periods
            without commentary.

    Raises:
        StorageError: if features cannot be written.
    """
    written = num_frames = failed = 0
    silent: list[Path] = []

    for file in files:
        try:
            transcript = read_period(file)
        except InputError as error:
            warnings.warn(f"left out: {error}", SpotkickWarning, stacklevel=2)
            failed += 1
            continue
        if not transcript.segments:
            silent.append(file.path)

        frames = make_frames(model, file.match, transcript, source.frame_rate)
        write_track(frames, file.track(out, source.name))
        written, num_frames = written + 1, num_frames + len(frames)

    if silent:
        warnings.warn(
            f"{len(silent)} of {written} periods have no commentary, their features are zeros; "
            f"the first is {silent[0]}",
            SpotkickWarning,
            stacklevel=2,
        )
    return ExtractionSummary(written, num_frames, len(silent), failed)


def write_commentary_source(model: FittedModel, source: FeatureSource, root: Path) -> None:
    """Write the source folder: its description and its model, which reads new commentary.

    Raises:
        InputError: if the root already holds features of the same name from another source.
        StorageError: if it cannot be written.
    """
    folder = root / f"{source.name}{SOURCE_SUFFIX}"
    if (folder / _SOURCE_FILE).is_file():
        present = _read_description(folder)
        if not isinstance(model, SentenceModel):
            read_commentary_source(folder)
        if present == source:
            return
        raise InputError(
            f"{root}: it already holds '{source.name}' features of another source ({present.dim} "
            f"values, {present.frame_rate} a second); the two must not be mixed, choose another "
            "folder"
        )

    # The description comes last: a folder that has it is complete.
    if isinstance(model, TokenModel):
        write_tokens(model, folder)
    elif isinstance(model, TokenEnsemble):
        write_ensemble(model, folder)
    elif isinstance(model, SentenceModel):
        write_sentences(model, folder)
    else:
        write_tfidf(model, folder)
    write_source(source, root)


def read_commentary_source(
    folder: Path, encoder: EncoderOptions | None = None
) -> tuple[FittedModel, FeatureSource]:
    """Read a source folder ``NAME.source``, or the only one in a feature set or checkpoint.

    Args:
        folder: to read.
        encoder: of features that name a sentence model, which their source does not hold.

    Raises:
        InputError: if there is none or several, or if it is damaged or of another kind, or needs
            another encoder.
        ConfigError: if an encoder is given, and none is needed.
    """
    inner = _find_source_folder(folder)
    source = _read_description(inner)
    if encoder is not None and source.kind != SENTENCES_NAME:
        raise ConfigError(
            f"the features '{source.name}' are of kind {source.kind!r} and read no sentence model; "
            "leave out --sentence-model"
        )

    model: FittedModel
    if (inner / SENTENCES_FILE).is_file():
        model = read_sentences(inner, encoder)
    elif (inner / TOKENS_FILE).is_file():
        model = read_tokens(inner)
    elif (inner / ENSEMBLE_FILE).is_file():
        model = read_ensemble(inner)
    else:
        model = read_tfidf(inner)
    if commentary_source(model, name=source.name, frame_rate=source.frame_rate) != source:
        raise InputError(
            f"{inner}: the description and the model do not belong together; fit the features again"
        )
    return model, source


def _read_description(folder: Path) -> FeatureSource:
    described = folder / _SOURCE_FILE
    source = FeatureSource.from_json(read_json(described), str(described))
    if not source.is_commentary:
        raise InputError(
            f"{described}: these features are of kind {source.kind!r}, not commentary; "
            "choose another source"
        )
    return source


def _find_source_folder(folder: Path) -> Path:
    if (folder / _SOURCE_FILE).is_file():
        return folder
    found = sorted([*folder.glob(f"*{SOURCE_SUFFIX}"), *folder.glob(f"*/*{SOURCE_SUFFIX}")])
    if len(found) != 1:
        raise InputError(
            f"{folder}: must be, or hold, one folder NAME{SOURCE_SUFFIX} of features; "
            f"{len(found)} found"
        )
    return found[0]
