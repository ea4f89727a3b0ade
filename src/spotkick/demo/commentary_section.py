"""The section of the demo's page about commentary: known goals, spots over time, what was said."""

from collections.abc import Sequence
from typing import Final

from spotkick.actions import Action
from spotkick.demo.commentary import GOAL
from spotkick.demo.results import DemoCommentary
from spotkick.report.formatting import NONE
from spotkick.report.markup import Html, join, tag
from spotkick.report.page import Section, paragraph, table
from spotkick.report.segmentation import score_lanes
from spotkick.timeline import PERIOD_NAMES

GOAL_TOLERANCE_S: Final = 60.0
"""A goal is found where a goal is spotted this near: commentators speak of it for a while."""

MOST_SPOTS: Final = 40
"""Spots in the table; the most confident are kept."""

TOGETHER_S: Final = 10.0
"""Spots that lie this near to each other come from the same words, and share a row."""

MOST_LETTERS: Final = 160
"""Of what was said, in a cell."""

_ABOUT_INVENTED: Final = (
    "This commentary was invented for the demo: ten minutes of two clubs that do not exist, "
    "with labels. It shows what the shipped checkpoint for real matches reads and gives; it "
    "says nothing about accuracy. The transcripts of a match of your own take its place: "
)
_ABOUT_OWN: Final = (
    "Transcripts of your own, spotted by the shipped checkpoint for real matches. It has read what "
    "was said and when, and has seen no image."
)


def commentary_section(commentary: DemoCommentary) -> Section:
    """Known goals beside spotted ones, the timeline of each period, and the clearest spots."""
    about = [_ABOUT_INVENTED if commentary.is_invented else _ABOUT_OWN]
    if commentary.is_invented:
        about.append(tag("code", "spotkick demo --commentary FOLDER"))
    parts = [paragraph(*about)]

    # Goals first: they are what people know of a match.
    goals = [action for action in commentary.match.truth.actions if action.label == GOAL]
    if goals:
        header = ("Goal that is known", "Goal that was spotted", "Confidence", "What was said")
        rows = [_goal_row(commentary, goal) for goal in goals]
        parts.append(table(header, rows, text_columns=4))
    parts += [
        _draw_period(commentary, period) for period in sorted(commentary.match.scores.periods)
    ]
    if commentary.shown:
        parts.append(_spot_table(commentary))
    return Section("commentary", "A match from its commentary", join(parts))


def _goal_row(commentary: DemoCommentary, goal: Action) -> tuple[str, ...]:
    """A known goal and the most confident goal that was spotted near it."""
    near = [
        spot
        for spot in commentary.shown
        if spot.label == GOAL
        and spot.period == goal.period
        and abs(spot.position_s - goal.position_s) <= GOAL_TOLERANCE_S
    ]
    known = goal.game_time
    if not near:
        return known, "none", NONE, NONE
    best = max(near, key=lambda spot: spot.confidence or 0)
    said = _shorten(commentary.said_at(best))
    return known, best.game_time, f"{best.confidence or 0:.2f}", said


def _spot_table(commentary: DemoCommentary) -> Html:
    """The clearest spots with what was said around them, in the order of the match."""
    shown = commentary.shown
    clearest = sorted(shown, key=lambda spot: -(spot.confidence or 0))[:MOST_SPOTS]
    rows = []
    for group in _group_spots([spot for spot in shown if spot in clearest]):
        named = ", ".join(f"{spot.label} {spot.confidence or 0:.2f}" for spot in group)
        main = max(group, key=lambda spot: spot.confidence or 0)
        rows.append((main.game_time, named, _shorten(commentary.said_at(main))))
    header = ("Period and clock", "Spotted, with confidence", "What was said")
    title = f"{len(clearest)} of {len(shown)} spots, with what was said"
    return tag("details", tag("summary", title), table(header, rows, text_columns=3))


def _group_spots(spots: Sequence[Action]) -> list[list[Action]]:
    """Spots in the order of the match, those that come from the same words together."""
    groups: list[list[Action]] = []
    for spot in spots:
        first = groups[-1][0] if groups else None
        if (
            first is not None
            and first.period == spot.period
            and spot.position_s - first.position_s <= TOGETHER_S
        ):
            groups[-1].append(spot)
        else:
            groups.append([spot])
    return groups


def _shorten(text: str) -> str:
    """The text, cut after a word where it is long."""
    if len(text) <= MOST_LETTERS:
        return text
    return f"{text[:MOST_LETTERS].rpartition(' ')[0]} ..."


def _draw_period(commentary: DemoCommentary, period: int) -> Html:
    """Scores, spots and known actions of a period, one lane per class that has any."""
    match = commentary.match
    spots = [spot for spot in commentary.shown if spot.period == period]
    known = [action for action in match.truth.actions if action.period == period]
    named = {action.label for action in (*spots, *known)}
    lanes = [name for name in match.scores.classes if name in named]
    title = PERIOD_NAMES.get(period, f"period {period}")
    if not lanes:
        return paragraph(f"Nothing was spotted in the {title}.")
    drawn = score_lanes(match.scores, period, lanes, known, spots)
    box = tag("div.drawing", drawn, tabindex=0, role="group", aria_label=f"Scores, {title}")
    return join([tag("h3", title.capitalize()), box])
