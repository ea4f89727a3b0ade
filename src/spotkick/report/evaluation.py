"""The report of one system: everything that ``spotkick evaluate --report`` shows."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

from spotkick.actions import SOCCERNET_V2, ActionClasses, MatchActions
from spotkick.evaluation.uncertainty import RESAMPLES
from spotkick.formats.scores import SCORES_FILE, MatchScores, read_scores
from spotkick.report.analyses import calibration_section, distance_section, time_section
from spotkick.report.error_section import error_section
from spotkick.report.operating import legacy_system, operating_section
from spotkick.report.page import page
from spotkick.report.scores import (
    TuningSet,
    class_section,
    overview,
    score_system,
    tolerance_section,
)
from spotkick.report.segmentation import segmentation_section
from spotkick.timeline import FEATURE_RATE


def evaluation_page(
    predictions: Iterable[MatchActions],
    labels: Iterable[MatchActions],
    classes: ActionClasses = SOCCERNET_V2,
    *,
    title: str = "Action spotting report",
    frame_rate: Fraction = FEATURE_RATE,
    scores: Sequence[MatchScores] = (),
    messages: Sequence[str] = (),
    resamples: int = RESAMPLES,
    seed: int = 0,
    tuned: TuningSet | None = None,
    legacy_frames: bool = False,
) -> str:
    """Make the page.

    Args:
        predictions: one entry per match, at least for every match of the labels.
        labels: one entry per match.
        classes: classes that are scored.
        title: heading of the page.
        frame_rate: frames per second of the evaluator's grid.
        scores: segmentation scores of matches, where there are some.
        messages: warnings of the readers, shown with those of the score.
        resamples: bootstrap resamples behind the intervals.
        seed: of the resamples.
        tuned: the set that thresholds are chosen on; the reported one without.
        legacy_frames: draw precision, recall and F1 against frames, as the paper's figure 6 does.

    Returns:
        One HTML document that loads nothing.

    Raises:
        InputError: as `spotkick.evaluation.evaluate`.
    """
    truth, found = list(labels), list(predictions)
    system = score_system(
        found, truth, classes, frame_rate=frame_rate, resamples=resamples, seed=seed, tuned=tuned
    )
    legacy = legacy_system(system, found, truth) if legacy_frames else None
    sections = [
        overview(system, messages),
        class_section(system),
        tolerance_section(system),
        time_section(system),
        distance_section(system),
        operating_section(system, legacy=legacy),
        calibration_section(system),
        error_section(system),
    ]
    section = segmentation_section(
        scores, found, truth, classes, thresholds=None if tuned is None else system.thresholds
    )
    if section is not None:
        sections.append(section)
    total = sum(system.loose_score.num_labels.values())
    subtitle = f"{len(truth):,} matches, {total:,} labels, class list {classes.name}"
    return page(title, subtitle, sections)


def read_score_files(predictions: Path, matches: Iterable[str]) -> tuple[MatchScores, ...]:
    """Segmentation scores that lie beside predictions, of the matches that have some.

    Args:
        predictions: folder of ``<match>/scores.npz``; anything else has none.
        matches: names of matches.

    Raises:
        InputError: if such a file is damaged.
    """
    files = [(predictions / match / SCORES_FILE, match) for match in matches]
    return tuple(read_scores(path, match) for path, match in files if path.is_file())
