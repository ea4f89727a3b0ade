"""Text to vectors: TF-IDF of words and word pairs, projected by a truncated SVD. Fitted with scikit-learn, applied with numpy.

A fitted model is a pair of files without pickle: ``text.json`` (terms and settings) and ``text.npz`` (weights and projection).
"""

import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import ConfigError, InputError, MissingExtraError
from spotkick.features.tracks import fingerprint
from spotkick.files import atomic_path, read_json, write_json

TERMS_FILE: Final = "text.json"
ARRAYS_FILE: Final = "text.npz"
_FORMAT: Final = "spotkick-text-1"
_WORD: Final = re.compile(r"\b\w\w+\b")


@dataclass(frozen=True)
class TextModel:
    """Projects a piece of text onto the main directions of the TF-IDF of a training set.

    The weight of a term that occurs n times is ``(1 + ln n) * idf``; weights are divided by their Euclidean norm and projected.

    Attributes:
        terms: words and word pairs, in the order of the rows below.
        idf: (terms,) float32, ``1 + ln((1 + texts) / (1 + texts with the term))``.
        projection: (terms, dim) float16, right singular vectors times one factor that gives the training texts unit RMS.
        explained_variance: share of the variance of the training texts' TF-IDF that the projection keeps.
    """

    terms: tuple[str, ...]
    idf: npt.NDArray[np.float32]
    projection: npt.NDArray[np.float16]
    explained_variance: float

    def __post_init__(self) -> None:
        """Check that the arrays belong together."""
        if self.projection.ndim != 2 or self.idf.shape != (len(self.terms),) or len(self.projection) != len(self.terms):
            raise ConfigError(
                f"a text model needs one weight and one row of the projection per term: {len(self.terms)} terms, "
                f"weights {self.idf.shape}, projection {self.projection.shape}"
            )

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.projection.shape[1])

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything that decides the vectors."""
        return fingerprint(_FORMAT, "\n".join(self.terms), self.idf.tobytes(), self.projection.tobytes())

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {term: row for row, term in enumerate(self.terms)}

    def transform(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of ``texts``, (texts, dim). A text without a known term gives zeros."""
        projection = self.projection.astype(np.float32)  # float16 halves the files; products of it would be slow and coarse
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            counts = Counter(row for row in map(self._rows.get, terms_of(text)) if row is not None)
            if counts:
                rows = np.fromiter(counts, dtype=np.intp)
                weights = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32))) * self.idf[rows]
                vector[:] = (weights / np.linalg.norm(weights)) @ projection[rows]
        return vectors


def terms_of(text: str) -> Iterator[str]:
    """Words of at least two letters in lower case, then pairs of neighbours.

    Example:
        >>> list(terms_of("A yellow card!"))
        ['yellow', 'card', 'yellow card']
    """
    words = _WORD.findall(text.lower())
    yield from words
    yield from map(" ".join, pairwise(words))


def fit_text_model(texts: Sequence[str], *, dim: int, min_texts: int = 20, seed: int = 0) -> TextModel:
    """Fit the vocabulary, the weights and the projection. Only texts of the training split belong here.

    Args:
        texts: pieces of text. Pass each piece once where a recogniser repeats itself: repetitions would take up directions.
        dim: length of a vector.
        min_texts: terms of fewer texts are left out; below about 20, names of single players fill the vocabulary.
        seed: of the randomised SVD.

    Raises:
        ConfigError: if the texts hold fewer than ``dim + 1`` such terms.
        MissingExtraError: if scikit-learn is not installed.
    """
    try:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError as error:
        raise MissingExtraError("scikit-learn", "commentary", "fitting commentary features") from error
    if dim < 1:
        raise ConfigError(f"text vectors need at least 1 value, got {dim}")
    vectorizer = TfidfVectorizer(analyzer=terms_of, min_df=min_texts, sublinear_tf=True, dtype=np.float32)
    try:
        weights = vectorizer.fit_transform(texts)
    except ValueError:  # scikit-learn's "empty vocabulary" and "after pruning, no terms remain"
        weights = None
    found = 0 if weights is None else min(weights.shape)
    if weights is None or found <= dim:
        raise ConfigError(
            f"vectors of {dim} values need more than {dim} terms that occur in {min_texts} or more of the {len(texts)} texts, "
            f"and as many texts; found {found}: fit on more matches or choose a smaller dimension"
        )
    svd = TruncatedSVD(dim, n_iter=3, random_state=seed)
    vectors = svd.fit_transform(weights)
    scale = 1 / np.sqrt(np.mean(np.square(vectors, dtype=np.float64)))
    return TextModel(
        terms=tuple(str(term) for term in vectorizer.get_feature_names_out()),
        idf=np.ascontiguousarray(vectorizer.idf_, dtype=np.float32),
        projection=np.ascontiguousarray(svd.components_.T * scale, dtype=np.float16),
        explained_variance=float(svd.explained_variance_ratio_.sum()),
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
    }
    write_json(folder / TERMS_FILE, described, indent=None)


def read_text_model(folder: Path) -> TextModel:
    """Read what `write_text_model` wrote.

    Raises:
        InputError: if a file is missing or damaged, or the two do not belong together.
    """
    path = folder / TERMS_FILE
    described = read_json(path)
    try:
        if described["format"] != _FORMAT:
            raise InputError(f"{path}: format {described['format']!r} is not {_FORMAT!r}; fit the features again")
        terms, expected = tuple(described["terms"]), described["fingerprint"]
        explained = float(described["explained_variance"])
        if not all(isinstance(term, str) for term in terms):
            raise TypeError("terms must be text")
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: not a text model: {type(error).__name__} {error}") from error
    idf, projection = _read_arrays(folder / ARRAYS_FILE)
    try:
        model = TextModel(terms, idf, projection, explained)
    except ConfigError as error:
        raise InputError(f"{folder}: {error}") from error
    if model.fingerprint != expected:
        raise InputError(f"{folder}: {TERMS_FILE} and {ARRAYS_FILE} are not a pair or were changed; fit the features again")
    return model


def _read_arrays(path: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float16]]:
    if not path.is_file():
        raise InputError(f"{path}: no such file; it belongs beside {TERMS_FILE}")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            idf, projection = arrays["idf"], arrays["projection"]
    except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: not the arrays of a text model ({str(error).splitlines()[0]}); fit again") from error
    if idf.dtype != np.float32 or projection.dtype != np.float16:
        raise InputError(f"{path}: the arrays of a text model are float32 and float16, found {idf.dtype} and {projection.dtype}")
    return idf, projection
