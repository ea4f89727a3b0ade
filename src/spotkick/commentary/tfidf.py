"""TF-IDF vectors of commentary on a few directions: fitted with scikit-learn, applied with numpy.

A fitted model is a pair of files without pickle: ``text.json`` (vocabulary and settings) and
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

from spotkick.commentary.descriptions import read_texts, reading_description
from spotkick.commentary.tokenizer import Tokenizer, fit_tokenizer
from spotkick.commentary.transcripts import TranscriptSegment, spread_over_frames
from spotkick.errors import ConfigError, InputError, require_extra
from spotkick.features.tracks import fingerprint
from spotkick.files import atomic_path, reading_arrays, write_json

DESCRIPTION_FILE: Final = "text.json"
ARRAYS_FILE: Final = "text.npz"
_FORMAT: Final = "spotkick-text-3"


@dataclass(frozen=True)
class TfidfModel:
    """Projects a text onto directions in the space of TF-IDF.

    The weight of a term that occurs n times is ``(1 + ln n) * idf``; weights are divided by their
    Euclidean norm and projected.

    Attributes:
        tokenizer: splits a text into terms: tokens and pairs of tokens.
        vocabulary: known terms, in the order of the rows below.
        idf: (terms,) float32, ``1 + ln((1 + texts) / (1 + texts with the term))``.
        projection: (terms, dim) float16: directions of the truncated SVD.
        explained_variance: share of the variance of the training texts' TF-IDF that the SVD keeps.
    """

    tokenizer: Tokenizer
    vocabulary: tuple[str, ...]
    idf: npt.NDArray[np.float32]
    projection: npt.NDArray[np.float16]
    explained_variance: float

    def __post_init__(self) -> None:
        """Check that the arrays belong together."""
        terms = len(self.vocabulary)
        shapes_fit = self.idf.shape == (terms,) and len(self.projection) == terms
        if self.projection.ndim != 2 or not shapes_fit:
            raise ConfigError(
                f"a text model needs one weight and one row of the projection per term: {terms} "
                f"terms, weights {self.idf.shape}, projection {self.projection.shape}"
            )

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.projection.shape[1])

    @property
    def frame_dim(self) -> int:
        """Values per frame: a vector, and the speech flag."""
        return self.dim + 1

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything that decides the vectors."""
        words = "\n".join((*self.vocabulary, *sorted(self.tokenizer.common_words)))
        return fingerprint(_FORMAT, words, self.idf.tobytes(), self.projection.tobytes())

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {term: row for row, term in enumerate(self.vocabulary)}

    def transform(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of ``texts``, (texts, dim). A text without a known term gives zeros."""
        # float16 halves the files; products of it would be slow and coarse
        projection = self.projection.astype(np.float32)
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)

        for vector, text in zip(vectors, texts, strict=True):
            found = map(self._rows.get, self.tokenizer.ngrams(text))
            counts = Counter(row for row in found if row is not None)
            if counts:
                rows = np.fromiter(counts, dtype=np.intp)
                frequency = 1 + np.log(np.fromiter(counts.values(), dtype=np.float32))
                weights = frequency * self.idf[rows]
                vector[:] = (weights / np.linalg.norm(weights)) @ projection[rows]
        return vectors

    def frames(
        self,
        match: str,
        segments: Sequence[TranscriptSegment],
        num_frames: int,
        frame_rate: Fraction,
    ) -> npt.NDArray[np.float32]:
        """Frames of a period, (num_frames, frame_dim), see `spread_over_frames`.

        The match does not matter here: what is fitted on texts alone may be applied to the same
        texts.
        """
        del match
        vectors = self.transform([segment.text for segment in segments])
        return spread_over_frames(segments, vectors, num_frames, frame_rate)


def fit_tfidf(
    texts: Sequence[str],
    matches: Sequence[str],
    *,
    dim: int,
    min_matches: int | None = None,
    seed: int = 0,
) -> TfidfModel:
    """Fit vocabulary, weights and directions. Only texts of the training split belong here.

    Args:
        texts: pass each text of a period once where a recogniser repeats itself: repetitions would
            take up directions.
        matches: (texts,) the match of each.
        dim: length of a vector.
        min_matches: terms of fewer matches are left out: they would tell matches apart, not
            actions. None for a tenth of the matches, and two where there are two.
        seed: of the randomised SVD.

    Raises:
        ConfigError: if there are too few such terms or texts for the directions.
        MissingExtraError: if scikit-learn is not installed.
    """
    if dim < 1:
        raise ConfigError(f"text vectors need at least 1 value, got {dim}")
    needs = ("commentary", "fitting commentary features")
    decomposition = require_extra("sklearn.decomposition", *needs, package="scikit-learn")
    extraction = require_extra("sklearn.feature_extraction.text", *needs, package="scikit-learn")

    # Terms of enough matches
    tokenizer = fit_tokenizer(texts)
    num_matches = len(set(matches))
    min_matches = min_matches or min(num_matches, max(2, num_matches // 10))
    vocabulary = _collect_terms(texts, matches, tokenizer, min_matches)
    if min(len(vocabulary), len(texts)) <= dim:
        raise ConfigError(
            f"vectors of {dim} values need more than {dim} terms that occur in {min_matches} or "
            f"more matches, and as many texts; found {len(vocabulary)} and {len(texts)}: fit on "
            "more matches or choose a smaller dimension"
        )

    # (texts, terms) sparse matrix
    vectorizer = extraction.TfidfVectorizer(
        analyzer=tokenizer.ngrams, vocabulary=vocabulary, sublinear_tf=True, dtype=np.float32
    )
    weights = vectorizer.fit_transform(texts)

    # Every direction gets unit RMS: a network would need long to find the rare words behind the
    # large values of the common ones.
    svd = decomposition.TruncatedSVD(dim, n_iter=3, random_state=seed).fit(weights)
    directions = svd.components_.T / np.maximum(svd.singular_values_ / len(texts) ** 0.5, 1e-6)
    return TfidfModel(
        tokenizer,
        tuple(vocabulary),
        idf=np.ascontiguousarray(vectorizer.idf_, dtype=np.float32),
        projection=directions.astype(np.float16),
        explained_variance=float(svd.explained_variance_ratio_.sum()),
    )


def _collect_terms(
    texts: Sequence[str], matches: Sequence[str], tokenizer: Tokenizer, min_matches: int
) -> list[str]:
    terms_of_match: dict[str, set[str]] = {}
    for text, match in zip(texts, matches, strict=True):
        terms_of_match.setdefault(match, set()).update(tokenizer.ngrams(text))
    counts = Counter(term for terms in terms_of_match.values() for term in terms)
    return sorted(term for term, count in counts.items() if count >= min_matches)


def write_tfidf(model: TfidfModel, folder: Path) -> None:
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
        "terms": list(model.vocabulary),
        "common": sorted(model.tokenizer.common_words),
    }
    write_json(folder / DESCRIPTION_FILE, described, indent=None)


def read_tfidf(folder: Path) -> TfidfModel:
    """Read what `write_tfidf` wrote.

    Raises:
        InputError: if a file is missing or damaged, or the two do not belong together.
    """
    path = folder / DESCRIPTION_FILE
    with reading_description(path, _FORMAT, "a text model") as described:
        terms, common = (read_texts(described, key) for key in ("terms", "common"))
        expected, explained = described["fingerprint"], float(described["explained_variance"])

    idf, projection = _read_arrays(folder / ARRAYS_FILE)
    try:
        model = TfidfModel(
            Tokenizer(frozenset(common)), terms, idf, projection, explained_variance=explained
        )
    except ConfigError as error:
        raise InputError(f"{folder}: {error}") from error

    # The fingerprint finds a file that was exchanged or edited.
    if model.fingerprint != expected:
        raise InputError(
            f"{folder}: {DESCRIPTION_FILE} and {ARRAYS_FILE} are not a pair or were changed; "
            "fit the features again"
        )
    return model


def _read_arrays(path: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float16]]:
    if not path.is_file():
        raise InputError(f"{path}: no such file; it belongs beside {DESCRIPTION_FILE}")
    reading = reading_arrays(path, "the arrays of a text model", "fit the features again")
    with reading, path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        idf, projection = arrays["idf"], arrays["projection"]
    if idf.dtype != np.float32 or projection.dtype != np.float16:
        raise InputError(
            f"{path}: the arrays of a text model are float32 and float16, "
            f"found {idf.dtype} and {projection.dtype}"
        )
    return idf, projection
