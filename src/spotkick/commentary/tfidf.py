"""Text to vectors: TF-IDF of terms, projected onto a few directions. Applied with numpy; `spotkick.commentary.tfidf_fit` fits it.

A fitted model is a pair of files without pickle: ``text.json`` (terms and settings) and
``text.npz`` (weights and projection).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.commentary.descriptions import reading_description, texts_of
from spotkick.commentary.terms import TermReader
from spotkick.commentary.transcripts import TranscriptSegment, frame_vectors
from spotkick.errors import ConfigError, InputError
from spotkick.features.tracks import fingerprint
from spotkick.files import atomic_path, reading_arrays, write_json

TERMS_FILE: Final = "text.json"
ARRAYS_FILE: Final = "text.npz"
_FORMAT: Final = "spotkick-text-3"


@dataclass(frozen=True)
class TextModel:
    """Projects a piece of text onto directions in the space of TF-IDF.

    The weight of a term that occurs n times is ``(1 + ln n) * idf``; weights are divided by their
    Euclidean norm and projected.

    Attributes:
        reader: splits a text into terms.
        terms: in the order of the rows below.
        idf: (terms,) float32, ``1 + ln((1 + texts) / (1 + texts with the term))``.
        projection: (terms, dim) float16: directions of the truncated SVD.
        explained_variance: share of the variance of the training texts' TF-IDF that the SVD keeps.
    """

    reader: TermReader
    terms: tuple[str, ...]
    idf: npt.NDArray[np.float32]
    projection: npt.NDArray[np.float16]
    explained_variance: float

    def __post_init__(self) -> None:
        """Check that the arrays belong together."""
        if (
            self.projection.ndim != 2
            or self.idf.shape != (len(self.terms),)
            or len(self.projection) != len(self.terms)
        ):
            raise ConfigError(
                f"a text model needs one weight and one row of the projection per term: {len(self.terms)} terms, "
                f"weights {self.idf.shape}, projection {self.projection.shape}"
            )

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.projection.shape[1])

    @property
    def frame_dim(self) -> int:
        """Values per frame: a vector, and the sign of speech."""
        return self.dim + 1

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything that decides the vectors."""
        words = "\n".join((*self.terms, *sorted(self.reader.common)))
        return fingerprint(_FORMAT, words, self.idf.tobytes(), self.projection.tobytes())

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {term: row for row, term in enumerate(self.terms)}

    def transform(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of ``texts``, (texts, dim). A text without a known term gives zeros."""
        projection = self.projection.astype(
            np.float32
        )  # float16 halves the files; products of it would be slow and coarse
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            counts = Counter(
                row for row in map(self._rows.get, self.reader.terms(text)) if row is not None
            )
            if counts:
                rows = np.fromiter(counts, dtype=np.intp)
                weights = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32))) * self.idf[
                    rows
                ]
                vector[:] = (weights / np.linalg.norm(weights)) @ projection[rows]
        return vectors

    def frames(
        self,
        match: str,
        segments: Sequence[TranscriptSegment],
        num_frames: int,
        frame_rate: Fraction,
    ) -> npt.NDArray[np.float32]:
        """Frames of a half, (num_frames, frame_dim), as `spotkick.commentary.transcripts.frame_vectors` spreads vectors over them.

        The match does not matter here: what is fitted on texts alone may be applied to the same
            texts.
        """
        del match
        return frame_vectors(
            segments, self.transform([segment.text for segment in segments]), num_frames, frame_rate
        )


def write_text_model(model: TextModel, folder: Path) -> None:
    """Write ``text.npz``, then ``text.json``, into ``folder``.

    Raises:
        StorageError: if they cannot be written.
    """
    with atomic_path(folder / ARRAYS_FILE) as temporary, temporary.open("wb") as file:
        np.savez(file, idf=model.idf, projection=model.projection)
    described = {
        "format": _FORMAT,
        "explained_variance": model.explained_variance,
        "fingerprint": model.fingerprint,
        "terms": list(model.terms),
        "common": sorted(model.reader.common),
    }
    write_json(folder / TERMS_FILE, described, indent=None)


def read_text_model(folder: Path) -> TextModel:
    """Read what `write_text_model` wrote.

    Raises:
        InputError: if a file is missing or damaged, or the two do not belong together.
    """
    path = folder / TERMS_FILE
    with reading_description(path, _FORMAT, "a text model") as described:
        terms, common = (texts_of(described, key) for key in ("terms", "common"))
        expected, explained = described["fingerprint"], float(described["explained_variance"])
    idf, projection = _read_arrays(folder / ARRAYS_FILE)
    try:
        model = TextModel(TermReader(frozenset(common)), terms, idf, projection, explained)
    except ConfigError as error:
        raise InputError(f"{folder}: {error}") from error
    if model.fingerprint != expected:
        raise InputError(
            f"{folder}: {TERMS_FILE} and {ARRAYS_FILE} are not a pair or were changed; fit the features again"
        )
    return model


def _read_arrays(path: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float16]]:
    if not path.is_file():
        raise InputError(f"{path}: no such file; it belongs beside {TERMS_FILE}")
    reading = reading_arrays(path, "the arrays of a text model", "fit the features again")
    with reading, path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        idf, projection = arrays["idf"], arrays["projection"]
    if idf.dtype != np.float32 or projection.dtype != np.float16:
        raise InputError(
            f"{path}: the arrays of a text model are float32 and float16, found {idf.dtype} and {projection.dtype}"
        )
    return idf, projection
