"""The page: every table and figure of the paper from one's own runs, beside what is published."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev

from spotkick.actions import MatchActions
from spotkick.errors import SpotkickWarning
from spotkick.formats.scores import MatchScores
from spotkick.losses import Margins
from spotkick.losses.context_aware import CONTEXT_VARIANTS
from spotkick.pipelines.config import ExperimentConfig
from spotkick.report.analyses import distance_section, time_section
from spotkick.report.charts import Axis, Series, line_chart, percent_axis
from spotkick.report.markup import Html, join
from spotkick.report.operating import operating_section
from spotkick.report.page import Section, bullets, figure, page, paragraph, table
from spotkick.report.segmentation import segmentation_section
from spotkick.report.system import ScoredSystem, score_system
from spotkick.reproduce import published
from spotkick.reproduce.experiments import ABLATIONS, PROTOCOLS, ReproduceRequest, RowScores
from spotkick.reproduce.loss_figures import describe_loss, encoding_figure, loss_surface

_PUBLISHED = next(iter(PROTOCOLS))


@dataclass(frozen=True, slots=True)
class Reproduction:
    """Everything that the page shows.

    Attributes:
        request: what was asked for.
        config: of the full method with the first features.
        table_1: rows by features.
        table_2: the ablations.
        scales: rows by factor of K, the full method not among them.
        labels: of the scored split.
        predictions: of the full method, first seed.
        frame_scores: its scores of every frame.
        notes: lines on the search and the highlights.
        localization: rows of the table of BMN; empty where no data were given.
        localization_note: what the table cannot show.
    """

    request: ReproduceRequest
    config: ExperimentConfig
    table_1: Sequence[RowScores]
    table_2: Sequence[RowScores]
    scales: Sequence[RowScores]
    labels: Sequence[MatchActions]
    predictions: Sequence[MatchActions]
    frame_scores: Sequence[MatchScores]
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    localization: Sequence[Sequence[str]] = ()
    localization_note: str = ""


def make_page(found: Reproduction, *, resamples: int = 200) -> str:
    """One HTML document.

    Args:
        found: what was run.
        resamples: of the intervals behind the figures.
    """
    task = found.config.data.task()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        system = score_system(found.predictions, found.labels, task, resamples=resamples, seed=0)
    # In the order of the paper.
    sections = [
        _conditions_section(found),
        _table_1_section(found),
        _table_2_section(found),
        _scale_section(found),
        _loss_section(found.config),
        _first_frame_section(system),
        *_figure_sections(found, system),
        *_notes_sections(found),
    ]
    if found.localization:
        sections.append(_localization_section(found))
    subtitle = f"{found.request.data.resolve().name}, {', '.join(found.request.features)}"
    return page("The tables and figures of the CALF paper", subtitle, sections)


def is_comparable(found: Reproduction, features: str) -> bool:
    """Whether published numbers were measured on the same matches, classes and features."""
    request = found.request
    return (
        published.find_published(features) is not None
        and found.config.data.task().name == "soccernet-v1"
        and request.split == "test"
        and len(found.labels) == published.TEST_MATCHES
    )


def _conditions_section(found: Reproduction) -> Section:
    """What was run, and what it may be compared with."""
    config, request = found.config, found.request
    training = config.training
    epoch = (
        f"The epoch was chosen on split {config.data.valid}."
        if config.data.valid
        else "No epoch was chosen: the last one counts."
    )
    epochs = "1 epoch" if training.epochs == 1 else f"{training.epochs} epochs"
    schedule = (
        f"Schedule: {epochs}, learning rate {training.learning_rate:g}, sampling "
        f"{config.sampling.preset}, seeds {', '.join(map(str, request.seeds))}. "
        "The paper trains 1000 epochs."
    )
    scored = (
        f"Scored: split {request.split}, {len(found.labels)} matches, "
        f"{len(config.data.class_list())} classes, loose Average-mAP in percent."
    )
    facts = [scored, schedule, epoch, f"Published numbers: {published.DATA}."]
    comparable = [name for name in request.features if is_comparable(found, name)]
    verdict = (
        f"Published numbers may be compared for {', '.join(comparable)}, as far as the schedule is "
        "the paper's."
        if comparable
        else "No number here may be compared with a published one: matches, classes or features "
        "are others. What may be compared is the order of the rows of one table."
    )
    return Section("conditions", "What was run", join([bullets(facts), paragraph(verdict)]))


def _table_1_section(found: Reproduction) -> Section:
    header = ("Features", *PROTOCOLS, "Published")
    rows = []
    for row in found.table_1:
        number = published.find_published(row.variant.features)
        shown = "" if number is None else f"{number:.1f}"
        rows.append([row.variant.features, *_score_cells(row), shown])
    others = [
        [name, *("" for _ in PROTOCOLS), f"{value:.1f}"]
        for name, value in published.OTHER_METHODS.items()
    ]
    note = paragraph(
        f"The published protocol is '{_PUBLISHED}'. Other methods are published numbers alone."
    )
    content = join([table(header, [*rows, *others], foot=len(others)), note])
    return Section("table-1", "Table 1: features", content)


def _table_2_section(found: Reproduction) -> Section:
    header = ("Row", *PROTOCOLS, "Published")
    rows = []
    for name, row in zip(ABLATIONS, found.table_2, strict=True):
        rows.append([row.variant.title, *_score_cells(row), f"{published.ABLATIONS[name]:.1f}"])
    notes = (
        "Published: ResNET features. Without a segmentation loss, peaks of the scores mean "
        "nothing; without matching, peaks of the scores can hardly change. Rows (i) and (iv) are "
        "about the spotting module."
    )
    return Section("table-2", "Table 2: ablations", join([table(header, rows), paragraph(notes)]))


def _scale_section(found: Reproduction) -> Section:
    """Sensitivity to K1..K4: the paper says that results are robust around the optimum."""
    full = found.table_2[0]
    points = sorted([(row.variant.scale, row) for row in (full, *found.scales)], key=_scale_of)
    names = [name for name in PROTOCOLS if name in full.scores]
    places = [float(number) for number in range(len(points))]

    # Equal steps on the axis: factors of 0.1 to 4 are not evenly spaced.
    curves = [
        Series(name, places, [100 * fmean(row.scores[name]) for _, row in points]) for name in names
    ]
    ticks = tuple((place, f"{scale:g}") for place, (scale, _) in zip(places, points, strict=True))
    x = Axis("Factor of K1 to K4", -0.3, len(points) - 0.7, ticks)
    y = percent_axis("Average-mAP (%)", [value for curve in curves for value in curve.y])
    data = table(
        ("Factor", *PROTOCOLS), [[f"{scale:g}", *_score_cells(row)] for scale, row in points]
    )
    caption = (
        "Average-mAP by a common factor of all K. The paper reports no numbers: results are robust "
        "around its K, and drop where the slicing is strongly reduced."
    )
    content = figure(line_chart(curves, x, y), caption, data)
    return Section("sensitivity", "Sensitivity to the context slicing", content)


def _scale_of(point: tuple[float, RowScores]) -> float:
    return point[0]


def _loss_section(config: ExperimentConfig) -> Section:
    """Figures 1 and 2, for the class with the longest context."""
    classes = config.data.class_list()
    bounds = config.slicing.slicing(classes, config.data.rate).bounds_s
    longest = max(bounds, key=lambda own: own[3] - own[0])
    name = classes.names[bounds.index(longest)]
    known = config.loss.segmentation in CONTEXT_VARIANTS
    variant = config.loss.segmentation if known else CONTEXT_VARIANTS[0]
    margins = Margins(config.loss.margin_low, config.loss.margin_high)
    content = join(
        [
            describe_loss(variant, margins),
            paragraph(f"The class is {name}."),
            loss_surface(longest, variant, margins),
            encoding_figure(longest, variant, margins),
        ]
    )
    return Section("loss", "The paper's figures 1 and 2: the loss and the encoding", content)


def _first_frame_section(system: ScoredSystem) -> Section:
    """The score without substitutions on the first frame of the second half."""
    first = system.first_frame
    loose = 100 * system.loose_score.average_map
    if first is None:
        text = "No substitution is annotated on the first frame of a later period."
    else:
        text = (
            f"{first.left_out} substitutions are annotated on the first frame of a later period. "
            f"Without them the score is {100 * first.loose:.1f} instead of {loose:.1f}. Published: "
            f"{published.WITHOUT_FIRST_FRAME} instead of {published.ABLATIONS['full']}."
        )
    return Section("first-frame", "Substitutions on the first frame", paragraph(text))


def _figure_sections(found: Reproduction, system: ScoredSystem) -> list[Section]:
    """Figures 4 to 7, with the numbers of the paper in their titles."""
    sections = [
        ("The paper's figure 4: game time", time_section(system)),
        ("The paper's figure 5: distance to the nearest other action", distance_section(system)),
        ("The paper's figure 6: operating points", operating_section(system)),
    ]
    example = segmentation_section(
        found.frame_scores, found.predictions, found.labels, system.classes, thresholds=None
    )
    if example is not None:
        sections.append(("The paper's figure 7: scores of a period", example))
    return [Section(one.name, title, one.content) for title, one in sections]


def _notes_sections(found: Reproduction) -> list[Section]:
    return [
        Section(f"note-{number}", title, bullets(list(lines)))
        for number, (title, lines) in enumerate(found.notes.items())
    ]


def _localization_section(found: Reproduction) -> Section:
    header = ("Boundary loss", "AR@1", "AR@10", "AR@100", "AUC")
    gains = ", ".join(f"{name} +{value}" for name, value in published.LOCALIZATION_GAINS.items())
    note = f"Published gain on ActivityNet: {gains} points. {found.localization_note}"
    content: Html = join([table(header, found.localization), paragraph(note)])
    return Section("localization", "BMN with the context-aware loss", content)


def _score_cells(row: RowScores) -> list[str]:
    """Mean, and standard deviation over seeds, of each protocol."""
    cells = []
    for name in PROTOCOLS:
        values = [100 * value for value in row.scores.get(name, [])]
        spread = f" ± {stdev(values):.1f}" if len(values) > 1 else ""
        cells.append(f"{fmean(values):.1f}{spread}" if values else "")
    return cells
