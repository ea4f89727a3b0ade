"""The demo's page: the reel, the clip over time, a table of scores and the test matches, in one file that loads nothing."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotkick.actions import MatchActions
from spotkick.evaluation import SpottingScore
from spotkick.files import read_bytes
from spotkick.formats.scores import MatchScores
from spotkick.peaks import SPOT_THRESHOLD
from spotkick.pipelines.spot import SpottingSummary
from spotkick.report.markup import Html, join, tag
from spotkick.report.page import Section, bullets, page, paragraph, table, tiles
from spotkick.report.scores import NONE
from spotkick.report.segmentation import score_lanes
from spotkick.timeline import format_clock

if TYPE_CHECKING:
    from spotkick.demo.run import ScoredCheckpoint

ENOUGH_LABELS: Final = 20
"""Classes with fewer labels in the test matches say little by themselves."""


@dataclass(frozen=True, slots=True)
class DemoMatch:
    """Scores, spots and true actions of one match."""

    scores: MatchScores
    found: MatchActions
    truth: MatchActions


@dataclass(frozen=True, slots=True)
class DemoMoment:
    """A clip of the reel.

    Attributes:
        title: what it shows.
        position_s: of its main moment.
        reason: why it was chosen.
        verdict: what the true actions say.
        picture: JPEG.
    """

    title: str
    position_s: float
    reason: str
    verdict: str
    picture: bytes


@dataclass(frozen=True, slots=True)
class DemoReel:
    """The reel: its file, its length and its clips."""

    path: Path
    duration_s: float
    moments: tuple[DemoMoment, ...]


def demo_page(
    about: str,
    systems: "Sequence[ScoredCheckpoint]",
    clip: DemoMatch,
    speed: SpottingSummary,
    reel: DemoReel | None,
    tests: Sequence[DemoMatch],
    thresholds: Mapping[str, float],
) -> str:
    """The page as HTML text.

    Args:
        about: what the data are.
        systems: checkpoints with their scores; the last is the one that spotted clip and test
            matches.
        clip: what was spotted from pixels.
        speed: of that.
        reel: cut from the clip.
        tests: the test matches.
        thresholds: confidence from which spots of a class are drawn.
    """
    sections = [
        _overview(about, systems, speed),
        *([_reel_section(reel)] if reel else []),
        _clip_section(clip, thresholds),
        _score_section(systems),
        _test_section(tests, thresholds),
    ]
    return page(
        "spotkick demo", "Actions, highlights and scores of rendered matches", sections, media=True
    )


def score_rows(systems: "Sequence[ScoredCheckpoint]") -> tuple[list[str], list[list[str]]]:
    """Header and rows of the table of scores in percent; the last two rows are the means."""
    header = ["class", "labels"]
    header += [f"{system.name} {kind}" for system in systems for kind in ("loose", "tight")]
    scores = [score for system in systems for score in (system.loose, system.tight)]
    labels = scores[0].num_labels
    rows = [
        [
            name,
            str(count),
            *(f"{100 * score.overall.per_class[name]:.1f}" if count else NONE for score in scores),
        ]
        for name, count in labels.items()
    ]
    often, occurring = (
        [name for name, count in labels.items() if count >= least] for least in (ENOUGH_LABELS, 1)
    )
    rows.append(_mean_row(f"mean of classes with {ENOUGH_LABELS} or more", often, scores))
    rows.append(_mean_row("mean of all that occur", occurring, scores))
    return header, rows


def mean_of(score: SpottingScore, least: int = ENOUGH_LABELS) -> float:
    """Mean of the classes with at least so many labels; the average over all classes would count those without as zero."""
    return _mean(score, [name for name, count in score.num_labels.items() if count >= least])


def _mean(score: SpottingScore, names: Sequence[str]) -> float:
    return sum(score.overall.per_class[name] for name in names) / max(1, len(names))


def _mean_row(title: str, names: Sequence[str], scores: Sequence[SpottingScore]) -> list[str]:
    labels = sum(scores[0].num_labels[name] for name in names)
    return [title, str(labels), *(f"{100 * _mean(score, names):.1f}" for score in scores)]


def _overview(about: str, systems: "Sequence[ScoredCheckpoint]", speed: SpottingSummary) -> Section:
    items = [
        (
            f"Average-mAP, {system.name}",
            f"{100 * mean_of(system.loose):.1f} %",
            f"test matches, tolerances 5 to 60 s, classes with {ENOUGH_LABELS} labels or more",
        )
        for system in systems
    ]
    rate = speed.footage_s / max(speed.wall_s, 1e-9)
    items.append(
        (
            "From pixels to actions",
            f"{rate:.0f} \N{MULTIPLICATION SIGN}",
            "real time, decoding included",
        )
    )
    return Section("overview", "Overview", join([paragraph(about), tiles(items)]))


def _reel_section(reel: DemoReel) -> Section:
    video = tag(
        "video",
        src=_data_uri("video/mp4", read_bytes(reel.path)),
        poster=_data_uri("image/jpeg", reel.moments[0].picture),
        controls="controls",
        preload="metadata",
    )
    cards = [
        tag(
            "div.card",
            tag(
                "img",
                src=_data_uri("image/jpeg", moment.picture),
                alt=f"Picture of {moment.title}",
                width=398,
                height=224,
            ),
            tag(
                "p",
                tag("strong", f"{format_clock(moment.position_s)} {moment.title}"),
                f": {moment.verdict}",
            ),
            title=moment.reason,
        )
        for moment in reel.moments
    ]
    note = paragraph(
        f"{reel.duration_s:.1f} s, cut from the clip below by what was spotted in it. The same reel is the file ",
        tag("a", reel.path.name, href=reel.path.name),
        ", with an edit list and captions beside it.",
    )
    return Section("reel", "Highlight reel", join([note, video, tag("div.cards", *cards)]))


def _clip_section(clip: DemoMatch, thresholds: Mapping[str, float]) -> Section:
    text = (
        "The shipped checkpoint has not been trained on this match. It sees pictures alone: the scoreboard and the radar are "
        "painted over before the network looks. Labels are the simulator's event times."
    )
    return Section(
        "clip",
        "The clip, spotted from its pixels",
        join([paragraph(text), _drawing(clip, thresholds)]),
    )


def _score_section(systems: "Sequence[ScoredCheckpoint]") -> Section:
    header, rows = score_rows(systems)
    notes = bullets(
        [
            "Average precision in percent. Loose: tolerances of 5 to 60 s; tight: 1 to 5 s.",
            "None of the test matches was used for training or to choose anything.",
        ]
    )
    return Section(
        "scores", "Scores on the test matches", join([table(header, rows, foot=2), notes])
    )


def _test_section(tests: Sequence[DemoMatch], thresholds: Mapping[str, float]) -> Section:
    drawings = [
        tag(
            "details",
            tag("summary", match.truth.match),
            _drawing(match, thresholds),
            **({"open": "open"} if not number else {}),
        )
        for number, match in enumerate(tests)
    ]
    return Section("tests", "Scores over time in the test matches", join(drawings))


def _drawing(match: DemoMatch, thresholds: Mapping[str, float]) -> Html:
    drawn = []
    for period in sorted(match.scores.periods):
        spots = [
            spot
            for spot in match.found.actions
            if spot.period == period
            and (spot.confidence or 0) >= thresholds.get(spot.label, SPOT_THRESHOLD)
        ]
        truths = [
            action
            for action in match.truth.actions
            if action.period == period and action.label in match.scores.classes
        ]
        lanes = score_lanes(match.scores, period, match.scores.classes, truths, spots)
        drawn.append(
            tag(
                "div.drawing",
                lanes,
                tabindex=0,
                role="group",
                aria_label=f"Scores over time, {match.truth.match}",
            )
        )
    return join(drawn)


def _data_uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{b64encode(data).decode()}"
