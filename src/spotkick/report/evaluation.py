"""The report of one system: everything that ``spotkick evaluate --report`` shows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from spotkick.actions import SOCCERNET_V2, MatchActions
from spotkick.evaluation.resampling import RESAMPLES
from spotkick.evaluation.sources import ClassesLike, resolve_task
from spotkick.formats.scores import SCORES_FILE, MatchScores, read_scores
from spotkick.report.analyses import calibration_section, distance_section, time_section
from spotkick.report.error_section import error_section
from spotkick.report.formatting import count_matches
from spotkick.report.names import ReportNames
from spotkick.report.operating import assign_at_legacy_tolerances, operating_section
from spotkick.report.page import page
from spotkick.report.scores import class_section, overview, tolerance_section
from spotkick.report.segmentation import ScoreExample, segmentation_section
from spotkick.report.system import TuningSet, score_system


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """How a report is made.

    Attributes:
        title: heading of the page, after the name of the system.
        names: of system, labels, split, and a date.
        frame_rate: frames per second of the evaluator's grid; that of the task when None.
        periods: that count; those of the task when empty.
        messages: warnings of the readers, shown with those of the score.
        resamples: bootstrap resamples behind the intervals.
        seed: of the resamples.
        legacy_frames: draw precision, recall and F1 against frames, as the paper's figure 6 does.
        example: match and period whose scores are drawn.
        viewer: address of a running viewer that errors are linked to; empty for no links.
    """

    title: str = "Action spotting report"
    names: ReportNames = field(default_factory=ReportNames)
    frame_rate: Fraction | None = None
    periods: tuple[int, ...] = ()
    messages: Sequence[str] = ()
    resamples: int = RESAMPLES
    seed: int = 0
    legacy_frames: bool = False
    example: ScoreExample = field(default_factory=ScoreExample)
    viewer: str = ""


def evaluation_page(
    predictions: Iterable[MatchActions],
    labels: Iterable[MatchActions],
    classes: ClassesLike = SOCCERNET_V2,
    *,
    scores: Sequence[MatchScores] = (),
    tuned: TuningSet | None = None,
    options: ReportOptions | None = None,
) -> str:
    """Make the page.

    Args:
        predictions: one entry per match, at least for every match of the labels.
        labels: one entry per match.
        classes: what is scored, as in `spotkick.evaluation.evaluate`.
        scores: segmentation scores of matches, where there are some.
        tuned: the set that thresholds are chosen on; the reported one without.
        options: names and choices.

    Returns:
        One HTML document that loads nothing.

    Raises:
        InputError: as `spotkick.evaluation.evaluate`, or if the match or period of the example has
            no scores.
    """
    options = options or ReportOptions()
    task = resolve_task(classes)
    task = replace(
        task,
        frame_rate=options.frame_rate or task.frame_rate,
        periods=options.periods or task.periods,
    )

    # Assigned and scored once; the sections share it.
    truth, found = list(labels), list(predictions)
    system = score_system(
        found, truth, task, resamples=options.resamples, seed=options.seed, tuned=tuned
    )

    legacy = assign_at_legacy_tolerances(system, found, truth) if options.legacy_frames else None
    sections = [
        overview(system, options.messages),
        class_section(system),
        tolerance_section(system),
        time_section(system),
        distance_section(system),
        operating_section(system, legacy=legacy),
        calibration_section(system),
        error_section(system, options.viewer),
    ]
    section = segmentation_section(
        scores,
        found,
        truth,
        task.classes,
        thresholds=None if tuned is None else system.thresholds,
        example=options.example,
    )
    if section is not None:
        sections.append(section)

    # The heading says what was scored, so that two reports can be told apart.
    total = sum(system.loose_score.num_labels.values())
    subtitle = options.names.subtitle(
        count_matches(len(truth)), f"{total:,} labels", f"class list {task.name}"
    )
    return page(options.names.title(options.title), subtitle, sections)


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
