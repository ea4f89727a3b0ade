"""The demo's page: the reel, the clip over time, a table of scores and the test matches.

One file that loads nothing from elsewhere.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence

from spotkick.demo.commentary_section import commentary_section
from spotkick.demo.results import DemoCommentary, DemoMatch, DemoReel, ScoredCheckpoint
from spotkick.demo.score_table import ENOUGH_LABELS, mean_of_common, score_rows
from spotkick.files import read_bytes
from spotkick.peaks import is_likely
from spotkick.pipelines.spot_summary import SpottingSummary
from spotkick.report.markup import Html, join, tag
from spotkick.report.page import Section, bullets, page, paragraph, table, tiles
from spotkick.report.segmentation import score_lanes
from spotkick.timeline import format_clock


def demo_page(
    about: str,
    systems: Sequence[ScoredCheckpoint],
    clip: DemoMatch,
    speed: SpottingSummary,
    reel: DemoReel | None,
    commentary: DemoCommentary | None,
    tests: Sequence[DemoMatch],
    thresholds: Mapping[str, float],
) -> str:
    """The page as HTML text.

    Args:
        about: what the data are.
        systems: checkpoints with their scores; the last is the one that spotted clip and test
            matches.
        clip: the clip, spotted from its frames.
        speed: of that.
        reel: cut from the clip.
        commentary: of a match, spotted from transcripts.
        tests: the test matches.
        thresholds: confidence from which spots of a class are drawn.
    """
    sections = [
        _overview_section(about, systems, speed),
        *([_reel_section(reel)] if reel else []),
        _clip_section(clip, thresholds),
        *([commentary_section(commentary)] if commentary else []),
        _score_section(systems),
        _test_section(tests, thresholds),
    ]
    return page(
        "spotkick demo", "Actions, highlights and scores of rendered matches", sections, media=True
    )


def _overview_section(
    about: str, systems: Sequence[ScoredCheckpoint], speed: SpottingSummary
) -> Section:
    # One tile per checkpoint, then the speed.
    items = [
        (
            f"Average-mAP, {system.name}",
            f"{100 * mean_of_common(system.loose):.1f} %",
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
        poster=_data_uri("image/jpeg", reel.clips[0].thumbnail),
        controls="controls",
        preload="metadata",
    )

    # One card per clip: thumbnail, title, comparison with the labels.
    cards = [
        tag(
            "div.card",
            tag(
                "img",
                src=_data_uri("image/jpeg", clip.thumbnail),
                alt=f"Frame of {clip.title}",
                width=398,
                height=224,
            ),
            tag(
                "p",
                tag("strong", f"{format_clock(clip.position_s)} {clip.title}"),
                f": {clip.verdict}",
            ),
            title=clip.reason,
        )
        for clip in reel.clips
    ]

    note = paragraph(
        f"{reel.duration_s:.1f} s, cut from the clip below by what was spotted in it. "
        "The same reel is the file ",
        tag("a", reel.path.name, href=reel.path.name),
        ", with an edit list and captions beside it.",
    )
    return Section("reel", "Highlight reel", join([note, video, tag("div.cards", *cards)]))


def _clip_section(clip: DemoMatch, thresholds: Mapping[str, float]) -> Section:
    text = (
        "The shipped checkpoint has not been trained on this match. It sees video frames alone: "
        "the scoreboard and the radar are painted over before the network looks. Labels are the "
        "simulator's event times."
    )
    return Section(
        "clip",
        "The clip, spotted from its pixels",
        join([paragraph(text), _draw_match(clip, thresholds)]),
    )


def _score_section(systems: Sequence[ScoredCheckpoint]) -> Section:
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
            _draw_match(match, thresholds),
            **({"open": "open"} if not number else {}),
        )
        for number, match in enumerate(tests)
    ]
    return Section("tests", "Scores over time in the test matches", join(drawings))


def _draw_match(match: DemoMatch, thresholds: Mapping[str, float]) -> Html:
    drawn = []
    for period in sorted(match.scores.periods):
        # Spots that reach the threshold of their class, and the labels that the scores know.
        spots = [
            spot
            for spot in match.found.actions
            if spot.period == period and is_likely(spot, thresholds)
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
