"""Fitting of text models with scikit-learn: vocabulary, TF-IDF and truncated SVD."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from spotkick.commentary.terms import TermReader, fit_term_reader
from spotkick.commentary.tfidf import TextModel
from spotkick.errors import ConfigError, require_extra


def fit_text_model(
    texts: Sequence[str],
    matches: Sequence[str],
    *,
    dim: int,
    min_matches: int | None = None,
    seed: int = 0,
) -> TextModel:
    """Fit the vocabulary, the weights and the directions. Only texts of the training split belong here.

    Args:
        texts: pieces of text; pass each piece once where a recogniser repeats itself: repetitions
            would take up directions.
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
    for module in ("sklearn.decomposition", "sklearn.feature_extraction.text"):
        require_extra(module, "commentary", "fitting commentary features", package="scikit-learn")
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    reader = fit_term_reader(texts)
    num_matches = len(set(matches))
    min_matches = min_matches or min(num_matches, max(2, num_matches // 10))
    terms = _vocabulary(texts, matches, reader, min_matches)
    if min(len(terms), len(texts)) <= dim:
        raise ConfigError(
            f"vectors of {dim} values need more than {dim} terms that occur in {min_matches} or more matches, and as many texts; "
            f"found {len(terms)} and {len(texts)}: fit on more matches or choose a smaller dimension"
        )
    vectorizer = TfidfVectorizer(
        analyzer=reader.terms, vocabulary=terms, sublinear_tf=True, dtype=np.float32
    )
    weights = vectorizer.fit_transform(texts)
    svd = TruncatedSVD(dim, n_iter=3, random_state=seed).fit(weights)
    # Every direction gets unit RMS: a network would need long to find the rare words behind the
    # large values of the common ones.
    directions = svd.components_.T / np.maximum(svd.singular_values_ / len(texts) ** 0.5, 1e-6)
    return TextModel(
        reader,
        tuple(terms),
        np.ascontiguousarray(vectorizer.idf_, dtype=np.float32),
        directions.astype(np.float16),
        float(svd.explained_variance_ratio_.sum()),
    )


def _vocabulary(
    texts: Sequence[str], matches: Sequence[str], reader: TermReader, min_matches: int
) -> list[str]:
    of_match: dict[str, set[str]] = {}
    for text, match in zip(texts, matches, strict=True):
        of_match.setdefault(match, set()).update(reader.terms(text))
    counts = Counter(term for terms in of_match.values() for term in terms)
    return sorted(term for term, count in counts.items() if count >= min_matches)
