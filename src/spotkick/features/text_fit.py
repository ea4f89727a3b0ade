"""Fitting of text models with scikit-learn: vocabulary, TF-IDF, truncated SVD, and directions learned from labels.

Directions from labels answer, for a term, "which actions happen near the moment when this is said, and how long before or after".
They are ridge regressions of the labels of the training split on its TF-IDF. What a regression says of the very texts that it was
fitted on is too good to be true, so the training matches get the answers of regressions that did not see them (`label_folds`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import ConfigError, MissingExtraError
from spotkick.features.terms import TermReader, fit_term_reader
from spotkick.features.text import TextModel

LAGS_S: Final = (-60.0, -30.0, -15.0, -5.0, 5.0, 15.0, 30.0, 60.0)
"""Edges of the time from what is said to the action; negative where the action was before."""

RIDGE: Final = 100.0
FOLDS: Final = 3


@dataclass(frozen=True, slots=True)
class TrainingTexts:
    """Texts of the training split, and what they are fitted to.

    Attributes:
        texts: pieces of text; pass each piece once where a recogniser repeats itself: repetitions would take up directions.
        matches: (texts,) the match of each.
        targets: (texts, targets) float32 of `lagged_targets`, or None: no directions from labels.
    """

    texts: Sequence[str]
    matches: Sequence[str]
    targets: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class FittedText:
    """A text model, and the models that training matches must be transformed with.

    Attributes:
        model: for all matches that are not in ``held_out``.
        held_out: match -> model whose labels leave out the match; empty where labels took no part.
    """

    model: TextModel
    held_out: dict[str, TextModel]

    def for_match(self, match: str) -> TextModel:
        """The model that a match is transformed with."""
        return self.held_out.get(match, self.model)


def lagged_targets(
    times_ms: npt.NDArray[np.int64], positions_ms: Sequence[npt.NDArray[np.int64]], lags_s: Sequence[float] = LAGS_S
) -> npt.NDArray[np.float32]:
    """What happens how long before or after each text of a half.

    Args:
        times_ms: (texts,) when each is said.
        positions_ms: per class, positions of its actions.
        lags_s: edges of the bins of ``position - time``.

    Returns:
        (texts, classes * bins) of 0 and 1, classes first.
    """
    edges_ms = np.round(1000 * np.asarray(lags_s)).astype(np.int64)
    result = np.zeros((len(times_ms), len(positions_ms), len(edges_ms) - 1), dtype=np.float32)
    for column, positions in enumerate(positions_ms):
        places = np.searchsorted(np.sort(positions), times_ms[:, None] + edges_ms)
        result[:, column] = np.diff(places, axis=1) > 0
    return result.reshape(len(times_ms), len(positions_ms) * (len(edges_ms) - 1))


def fit_text_model(training: TrainingTexts, *, dim: int, min_matches: int | None = None, seed: int = 0) -> FittedText:
    """Fit the vocabulary, the weights and the directions. Only texts of the training split belong here.

    Args:
        training: texts and labels. With labels, their directions take part of ``dim``, the SVD the rest.
        dim: length of a vector.
        min_matches: terms of fewer matches are left out: they would tell matches apart, not actions. None for a tenth of the
            matches, and two where there are two.
        seed: of the randomised SVD.

    Raises:
        ConfigError: if there are too few such terms or texts for the directions.
        MissingExtraError: if scikit-learn is not installed.
    """
    if dim < 1:
        raise ConfigError(f"text vectors need at least 1 value, got {dim}")
    guided = 0 if training.targets is None else training.targets.shape[1]
    if guided >= dim:
        raise ConfigError(f"directions from labels take {guided} values and the SVD at least 1, but --dim allows {dim} in all")
    try:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError as error:
        raise MissingExtraError("scikit-learn", "commentary", "fitting commentary features") from error
    reader = fit_term_reader(training.texts)
    num_matches = len(set(training.matches))
    min_matches = min_matches or min(num_matches, max(2, num_matches // 10))
    terms = _vocabulary(training, reader, min_matches)
    if min(len(terms), len(training.texts)) <= dim:
        raise ConfigError(
            f"vectors of {dim} values need more than {dim} terms that occur in {min_matches} or more matches, and as many texts; "
            f"found {len(terms)} and {len(training.texts)}: fit on more matches or choose a smaller dimension"
        )
    vectorizer = TfidfVectorizer(analyzer=reader.terms, vocabulary=terms, sublinear_tf=True, dtype=np.float32)
    weights = vectorizer.fit_transform(training.texts)
    svd = TruncatedSVD(dim - guided, n_iter=3, random_state=seed).fit(weights)
    # Every direction gets unit RMS: a network would need long to find the rare words behind the large values of the common ones.
    directions = svd.components_.T / np.maximum(svd.singular_values_ / len(training.texts) ** 0.5, 1e-6)
    model = TextModel(
        reader,
        tuple(terms),
        np.ascontiguousarray(vectorizer.idf_, dtype=np.float32),
        directions.astype(np.float16),
        float(svd.explained_variance_ratio_.sum()),
    )
    return FittedText(model, {}) if training.targets is None else _guided(model, weights, training.matches, training.targets)


def _vocabulary(training: TrainingTexts, reader: TermReader, min_matches: int) -> list[str]:
    of_match: dict[str, set[str]] = {}
    for text, match in zip(training.texts, training.matches, strict=True):
        of_match.setdefault(match, set()).update(reader.terms(text))
    counts = Counter(term for terms in of_match.values() for term in terms)
    return sorted(term for term, count in counts.items() if count >= min_matches)


def _guided(model: TextModel, weights: Any, of_text: Sequence[str], targets: npt.NDArray[np.float32]) -> FittedText:
    """Add the directions from labels: those of all matches, and for each fold those of all the others."""
    matches = sorted(set(of_text))
    folds = label_folds(matches)
    fold = np.array([folds[match] for match in of_text])
    parts = [_Moments.of(weights[fold == number], targets[fold == number]) for number in range(max(folds.values()) + 1)]
    total = parts[0]
    for part in parts[1:]:
        total = total.plus(part, 1)
    of_fold = [
        _with_directions(model, total.plus(part, -1), [match for match in matches if folds[match] != number])
        for number, part in enumerate(parts)
    ]
    return FittedText(_with_directions(model, total, matches), {match: of_fold[folds[match]] for match in matches})


def _with_directions(model: TextModel, moments: "_Moments", matches: Sequence[str]) -> TextModel:
    projection = np.concatenate([model.projection, moments.directions()], axis=1)
    return replace(model, projection=projection, label_matches=tuple(matches))


def label_folds(matches: Sequence[str]) -> dict[str, int]:
    """Fold of each match, as equal in size as can be."""
    return {match: number % FOLDS for number, match in enumerate(matches)}


@dataclass(frozen=True, slots=True)
class _Moments:
    """Sums that a ridge regression needs; those of several sets of texts can be added and taken away."""

    count: int
    inputs: npt.NDArray[np.float64]  # (terms,) sums
    targets: npt.NDArray[np.float64]  # (targets,) sums
    squares: npt.NDArray[np.float32]  # (terms, terms)
    products: npt.NDArray[np.float64]  # (terms, targets)

    @classmethod
    def of(cls, weights: Any, targets: npt.NDArray[np.float32]) -> "_Moments":
        squares = (weights.T @ weights).toarray()
        sums = np.asarray(weights.sum(axis=0), dtype=np.float64).ravel()
        return cls(
            len(targets), sums, targets.sum(axis=0, dtype=np.float64), squares, np.asarray(weights.T @ targets, np.float64)
        )

    def plus(self, other: "_Moments", sign: int) -> "_Moments":
        return _Moments(
            self.count + sign * other.count,
            self.inputs + sign * other.inputs,
            self.targets + sign * other.targets,
            self.squares + np.float32(sign) * other.squares,
            self.products + sign * other.products,
        )

    def directions(self) -> npt.NDArray[np.float16]:
        """(terms, targets) coefficients of the centred regressions, each scaled to answers of unit standard deviation."""
        from scipy.linalg import solve

        mean = self.inputs / self.count
        centred = self.squares - np.outer(mean, self.inputs).astype(np.float32)
        regularised = centred.copy()
        regularised[np.diag_indices_from(regularised)] += np.float32(RIDGE)
        right = (self.products - np.outer(mean, self.targets)).astype(np.float32)
        coefficients = solve(regularised, right, assume_a="pos", overwrite_a=True, check_finite=False)
        variance = np.einsum("td,td->d", coefficients, centred @ coefficients) / self.count
        scaled: npt.NDArray[np.float16] = (coefficients / np.sqrt(np.maximum(variance, 1e-12))).clip(-6e4, 6e4).astype(np.float16)
        return scaled
