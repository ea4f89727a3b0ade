"""The linear probe on commentary: how far counted words go without any model of time.

Around each position (one every 5 s) the words and word pairs in four windows make four
TF-IDF vectors; one logistic regression per class decides from them whether the class happens there.
Local maxima are the predictions. Fitted on the train split, scored on the valid split with
the official Average-mAP (loose). As chance, the same predictions are moved by a random time within
their period.

    python benchmarks/probe.py --data DATA
    python benchmarks/probe.py --data DATA --classes soccernet-v2 --seeds 0

It reads text, not vision: the numbers compare methods on equal commentary and nothing else.
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression

from spotkick.actions import BUILT_IN_CLASSES, Action, ActionClasses, MatchActions
from spotkick.commentary.transcript_files import read_transcript
from spotkick.commentary.transcripts import Transcript, TranscriptSegment, count_frames
from spotkick.errors import SpotkickWarning
from spotkick.evaluation import SpottingScore, evaluate
from spotkick.formats import read_label_set, read_split
from spotkick.suppression import SuppressionMethod, suppress
from spotkick.timeline import FEATURE_RATE

STEP_MS = 5_000
WINDOWS_MS = ((-40_000, -10_000), (-10_000, 0), (0, 10_000), (10_000, 40_000))
POSITIVE_MS = 5_000  # a position at most this far from an action is an example of it
NEGATIVES_KEPT = 0.4  # of the other positions, drawn at random: the rest costs time and adds 0.001
INVERSE_REGULARISATION = 1.0
MIN_TEXTS = 20
Suppression = tuple[SuppressionMethod, float]
"""Method and window in seconds."""

UNTUNED: Suppression = ("fixed", 10.0)
TUNED: Suppression = (
    "soft-linear",
    60.0,
)  # as CALF's; fixed 30 s: 0.321, 40 s: 0.329; soft-linear 80 s: 0.339 on three classes
SHIFTS = 5


@dataclass(frozen=True)
class Period:
    """One period: what is said, and the positions to judge."""

    match: str
    period: int
    transcript: Transcript

    @property
    def segments(self) -> tuple[TranscriptSegment, ...]:
        """What is said, in order."""
        return self.transcript.segments

    @property
    def centres_ms(self) -> np.ndarray:
        """Centres of bins of 5 s."""
        length_ms = int(1000 * count_frames(self.transcript) / FEATURE_RATE)
        return np.arange(STEP_MS // 2, length_ms, STEP_MS)


def read_periods(data: Path, split: str) -> tuple[list[Period], list[MatchActions]]:
    """Commentary and labels of a split."""
    matches = read_split(data / "splits" / f"{split}.txt")
    periods = [
        Period(match, period, read_transcript(data / match / f"{period}_asr.json"))
        for match in matches
        for period in (1, 2)
    ]
    return periods, list(read_label_set(data, matches))


def window_counts(periods: Sequence[Period], counts: sparse.csr_matrix) -> list[sparse.csr_matrix]:
    """Terms in each window around each position: a (positions, terms) matrix per window."""
    parts: list[list[sparse.csr_matrix]] = [[] for _ in WINDOWS_MS]
    begin = 0
    for period in periods:
        end = begin + len(period.segments)
        starts_ms = np.array([segment.start_ms for segment in period.segments], dtype=np.int64)
        for part, (low, high) in zip(parts, WINDOWS_MS, strict=True):
            first, last = (
                np.searchsorted(starts_ms, period.centres_ms + edge) for edge in (low, high)
            )
            lengths = last - first
            pointers = np.append(0, np.cumsum(lengths))
            columns = np.arange(pointers[-1]) - np.repeat(pointers[:-1] - first, lengths)
            ones = np.ones(len(columns), dtype=np.float32)
            said = sparse.csr_matrix(
                (ones, columns, pointers), shape=(len(first), len(period.segments))
            )
            part.append(said @ counts[begin:end])
        begin = end
    return [sparse.vstack(part, format="csr") for part in parts]


def positives(
    periods: Sequence[Period], labels: Sequence[MatchActions], classes: ActionClasses
) -> np.ndarray:
    """(positions, classes): whether an action of the class is near."""
    actions = {match.match: classes.select(match.actions) for match in labels}
    rows = []
    for period in periods:
        near = np.zeros((len(period.centres_ms), len(classes)), dtype=np.bool_)
        for action in actions[period.match]:
            if action.period == period.period:
                near[:, classes.names.index(action.label)] |= (
                    np.abs(period.centres_ms - action.position_ms) <= POSITIVE_MS
                )
        rows.append(near)
    return np.concatenate(rows)


def fit_and_score(
    train: sparse.csr_matrix, near: np.ndarray, valid: sparse.csr_matrix, seed: int
) -> np.ndarray:
    """(positions, classes) probabilities of the valid positions."""
    generator = np.random.default_rng(seed)
    columns = []
    for target in near.T:
        kept = target | (generator.random(len(target)) < NEGATIVES_KEPT)
        model = LogisticRegression(C=INVERSE_REGULARISATION, solver="liblinear", random_state=seed)
        columns.append(model.fit(train[kept], target[kept]).predict_proba(valid)[:, 1])
    return np.stack(columns, axis=1)


def spots(
    periods: Sequence[Period],
    probabilities: np.ndarray,
    classes: ActionClasses,
    *,
    suppression: Suppression = TUNED,
    shift: np.random.Generator | None = None,
) -> list[MatchActions]:
    """Local maxima as predictions; with ``shift``, moved by a random time of at least a minute."""
    method, window_s = suppression
    found: dict[str, list[Action]] = {period.match: [] for period in periods}
    begin = 0
    for period in periods:
        centres = period.centres_ms
        length_ms = int(centres[-1]) + STEP_MS // 2
        moved = 0 if shift is None else int(shift.integers(60_000, length_ms - 60_000))
        frames = centres * FEATURE_RATE.numerator // 1000
        for column, label in enumerate(classes):
            own = suppress(
                frames,
                probabilities[begin : begin + len(centres), column],
                window_s * float(FEATURE_RATE),
                method,
            )
            for index in np.flatnonzero(own):
                position_ms = (int(centres[index]) + moved) % length_ms
                found[period.match].append(
                    Action(label, period.period, position_ms, confidence=float(own[index]))
                )
        begin += len(centres)
    return [MatchActions(match, tuple(actions)) for match, actions in found.items()]


def run_probe(data: Path, classes: ActionClasses, seed: int) -> dict[str, Any]:
    """Fit on the train split and score on the valid split.

    Args:
        data: root of match folders with labels and commentary, and ``splits/{train,valid}.txt``.
        classes: what is spotted.
        seed: draws the negatives, and the times of the shifted predictions.

    Returns:
        ``average_map``, ``per_class``, the same with a plain suppression of 10 s (``untuned``,
        ``untuned_per_class``) and of shifted predictions (``chance``, ``chance_per_class``),
        ``seconds``.
    """
    started = time.perf_counter()
    (train_halves, train_labels), (valid_halves, valid_labels) = (
        read_periods(data, split) for split in ("train", "valid")
    )
    vectorizer = CountVectorizer(ngram_range=(1, 2), min_df=MIN_TEXTS, dtype=np.float32)
    counts = vectorizer.fit_transform(
        segment.text for period in train_halves for segment in period.segments
    )
    weights = TfidfTransformer(sublinear_tf=True).fit(counts)
    train = _inputs(train_halves, counts, weights)
    counts = vectorizer.transform(
        segment.text for period in valid_halves for segment in period.segments
    )
    valid = _inputs(valid_halves, counts, weights)
    probabilities = fit_and_score(
        train, positives(train_halves, train_labels, classes), valid, seed
    )
    predictions = spots(valid_halves, probabilities, classes)
    seconds = time.perf_counter() - started
    score = evaluate_quietly(predictions, valid_labels, classes)
    untuned = evaluate_quietly(
        spots(valid_halves, probabilities, classes, suppression=UNTUNED), valid_labels, classes
    )
    generator = np.random.default_rng(seed)
    shifted = [spots(valid_halves, probabilities, classes, shift=generator) for _ in range(SHIFTS)]
    chance = [evaluate_quietly(moved, valid_labels, classes).overall for moved in shifted]
    return {
        "average_map": score.average_map,
        "per_class": dict(score.overall.per_class),
        "untuned": untuned.average_map,
        "untuned_per_class": dict(untuned.overall.per_class),
        "chance": statistics.mean(moved.average_map for moved in chance),
        "chance_per_class": {
            name: statistics.mean(moved.per_class[name] for moved in chance) for name in classes
        },
        "labels": dict(score.num_labels),
        "seconds": seconds,
    }


def _inputs(
    periods: Sequence[Period], counts: sparse.csr_matrix, weights: TfidfTransformer
) -> sparse.csr_matrix:
    return sparse.hstack(
        [weights.transform(part) for part in window_counts(periods, counts)], format="csr"
    )


def evaluate_quietly(
    predictions: Iterable[MatchActions], labels: Iterable[MatchActions], classes: ActionClasses
) -> SpottingScore:
    """The loose metric, without warnings of labels of other classes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)  # labels of other classes, as is meant
        return evaluate(predictions, labels, classes)


def main() -> None:
    """Print a table of the probe and its chance level."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder of match folders with labels, commentary and splits/",
    )
    parser.add_argument("--classes", choices=list(BUILT_IN_CLASSES), default="soccernet-v1")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    args = parser.parse_args()
    classes = BUILT_IN_CLASSES[args.classes]
    runs = [run_probe(args.data, classes, seed) for seed in args.seeds]
    print("| class | labels | AP | suppression of 10 s | moved by a random time |")
    print("|---|---|---|---|---|")
    for name in classes:
        keys = ("per_class", "untuned_per_class", "chance_per_class")
        own, untuned, chance = (statistics.mean(run[key][name] for run in runs) for key in keys)
        print(f"| {name} | {runs[0]['labels'][name]} | {own:.3f} | {untuned:.3f} | {chance:.3f} |")
    keys = ("average_map", "untuned", "chance", "seconds")
    own, untuned, chance, seconds = (statistics.mean(run[key] for run in runs) for key in keys)
    spread = statistics.stdev([run["average_map"] for run in runs]) if len(runs) > 1 else 0.0
    print(
        f"| **mean** | | **{own:.4f}** ± {spread:.4f} ({len(runs)} seeds) | {untuned:.4f} "
        f"| {chance:.4f} |"
    )
    print(f"\n{seconds:.0f} s a seed, reading, fitting and predicting")


if __name__ == "__main__":
    main()
