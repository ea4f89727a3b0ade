"""Segmentation scores over a period, one lane per class (figure 7 of the paper).

Lanes also show spots, labels, and peaks that were not spotted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action, ActionClasses, MatchActions, Visibility
from spotkick.configuration import suggestion
from spotkick.errors import InputError
from spotkick.formats.scores import MatchScores
from spotkick.peaks import APART_S, PEAK_THRESHOLD, SPOT_THRESHOLD, peak_title, unspotted_peaks
from spotkick.report.formatting import NONE
from spotkick.report.markup import Html, join, tag
from spotkick.report.page import Section, figure, table
from spotkick.timeline import PERIOD_NAMES, format_clock, format_game_time

_HEIGHT: Final = 44
_STEP_S: Final = 2.0
"""Width of what one point of a curve stands for: the highest score inside it, so that no peak is
lost."""
_LEVELS: Final = 40
_NEAR_END: Final = 0.985
"""Share of a period behind which the number of a minute would be cut off if it were centred."""

_SHORT_S: Final = 20 * 60
"""A period up to this long has a tick each minute, longer ones each five."""


@dataclass(frozen=True, slots=True)
class ScoreExample:
    """Which scores are drawn.

    Attributes:
        match: its name; when empty, the period with a median number of labels among all.
        period: its number; when None, the one with more labels.
    """

    match: str = ""
    period: int | None = None


@dataclass(frozen=True, slots=True)
class _Lane:
    """What one class has in the period.

    Attributes:
        possible: (second, score) of peaks that were not spotted.
    """

    name: str
    labels: Sequence[Action]
    spots: Sequence[Action]
    possible: Sequence[tuple[float, float]]


def segmentation_section(
    scores: Sequence[MatchScores],
    predictions: Sequence[MatchActions],
    labels: Sequence[MatchActions],
    classes: ActionClasses,
    *,
    thresholds: Mapping[str, float] | None = None,
    example: ScoreExample | None = None,
) -> Section | None:
    """Draw the scores of a period; None when no match has scores.

    Args:
        scores: of some matches.
        predictions: of all matches; those below their threshold are not drawn.
        labels: of all matches.
        classes: classes that have a lane when the period has a label, a spot or an unspotted peak
            of them.
        thresholds: least confidence of a spot of each class; the authors' display threshold for all
            unless given.
        example: which period; one with a typical number of labels unless given.

    Raises:
        InputError: if the match or the period of the example has no scores.
    """
    truth, found = (
        {match.match: classes.select(match.actions) for match in sets}
        for sets in (labels, predictions)
    )
    usable = [match for match in scores if match.match in truth and match.match in found]
    chosen = _choose_period(usable, truth, example or ScoreExample())
    if chosen is None:
        return None
    match, period, is_typical = chosen

    # What is drawn of the period.
    known = [label for label in classes.names if label in match.classes]
    limit = dict.fromkeys(known, SPOT_THRESHOLD) if thresholds is None else thresholds
    marks = [action for action in truth[match.match] if action.period == period]
    spots = [
        action
        for action in found[match.match]
        if action.period == period
        and action.label in known
        and (action.confidence or 0) >= limit[action.label]
    ]
    lanes = [
        lane
        for lane in _collect_lanes(match, period, known, labels=marks, spots=spots)
        if lane.labels or lane.spots or lane.possible
    ]

    # Without thresholds of the classes, those of the authors' display are used.
    rule = (
        f"a confidence of at least {SPOT_THRESHOLD:g}"
        if thresholds is None
        else "a confidence above their class's threshold"
    )
    caption = (
        f"Segmentation scores of {match.match}, {PERIOD_NAMES.get(period, f'period {period}')}, "
        "one lane per class from 0 to 1. Above each lane: labels (dark strokes, dashed where the "
        f"broadcast does not show the action). Below: spots with {rule} (coloured strokes, as tall "
        "as their confidence). Circles: peaks that were not spotted, of at least "
        f"{PEAK_THRESHOLD:g} that are further than {APART_S:g} s from every spot of the class: "
        "what is like an action of the class, such as a missed chance, or an action that was "
        "missed."
    )
    if is_typical:
        caption += " The period is the one with a median number of labels."
    data = table(
        ("Class", "Kind", "Period and clock", "Confidence or score", "Visibility"),
        _lane_rows(lanes, period),
        text_columns=3,
    )
    content = figure(_draw_lanes(match, period, lanes), caption, data)
    return Section("segmentation", "Segmentation over a period", content)


def _choose_period(
    scores: Sequence[MatchScores],
    truth: Mapping[str, Sequence[Action]],
    example: ScoreExample,
) -> tuple[MatchScores, int, bool] | None:
    """A match, its period, and whether it was chosen as a typical one."""
    by_name = {match.match: match for match in scores}
    if example.match and example.match not in by_name:
        hint = suggestion(example.match, sorted(by_name)) if by_name else "no match has scores"
        raise InputError(f"no scores of match '{example.match}' beside the predictions; {hint}")

    counted = sorted(
        (sum(action.period == period for action in truth[match.match]), match.match, period)
        for match in scores
        for period in match.periods
        if (not example.match or match.match == example.match)
        and (example.period is None or period == example.period)
    )
    if not counted and example.period is not None:
        where = f"match '{example.match}'" if example.match else "any match"
        raise InputError(f"no scores of period {example.period} of {where}")
    if not counted:
        return None

    # The one with most labels of a named match, else the one in the middle.
    _, name, period = counted[-1] if example.match else counted[len(counted) // 2]
    return by_name[name], period, not example.match


def _collect_lanes(
    match: MatchScores,
    period: int,
    names: Sequence[str],
    *,
    labels: Sequence[Action],
    spots: Sequence[Action],
) -> list[_Lane]:
    lanes = []
    for name in names:
        own, found = (
            [action for action in actions if action.label == name] for actions in (labels, spots)
        )
        values = match.periods[period][:, match.classes.index(name)]
        peaks = unspotted_peaks(values, match.frame_rate, [action.position_s for action in found])
        possible = [(at_s, float(values[frame])) for frame, at_s in peaks]
        lanes.append(_Lane(name, labels=own, spots=found, possible=possible))
    return lanes


def _lane_rows(lanes: Sequence[_Lane], period: int) -> list[tuple[str, str, str, str, str]]:
    """The figure as a table, in order of time."""
    rows: list[tuple[float, tuple[str, str, str, str, str]]] = []
    for lane in lanes:
        for label in lane.labels:
            cells = (lane.name, "label", label.game_time, NONE, label.visibility or "")
            rows.append((label.position_s, cells))
        for spot in lane.spots:
            cells = (lane.name, "spot", spot.game_time, f"{spot.confidence or 0:.2f}", "")
            rows.append((spot.position_s, cells))
        for at_s, score in lane.possible:
            clock = format_game_time(period, round(1000 * at_s))
            rows.append((at_s, (lane.name, "unspotted peak", clock, f"{score:.2f}", "")))
    return [row for _, row in sorted(rows)]


def score_lanes(
    match: MatchScores,
    period: int,
    lanes: Sequence[str],
    labels: Sequence[Action],
    spots: Sequence[Action],
) -> Html:
    """Curves of a period with labels, spots and unspotted peaks, one lane per class, and a key.

    Args:
        match: scores.
        period: of the match.
        lanes: classes of the scores, in the order of the lanes.
        labels: of this period.
        spots: same, those that are drawn.
    """
    collected = _collect_lanes(match, period, lanes, labels=labels, spots=spots)
    return _draw_lanes(match, period, collected)


def _draw_lanes(match: MatchScores, period: int, lanes: Sequence[_Lane]) -> Html:
    values = match.periods[period]
    length_s = max(len(values) / float(match.frame_rate), 1.0)
    pooled = _pool_scores(values, max(1, round(_STEP_S * float(match.frame_rate))))
    rows = [_draw_lane(pooled[:, match.classes.index(lane.name)], lane, length_s) for lane in lanes]

    # Ticks each minute, or each five minutes of a long period.
    minutes = range(0, int(length_s // 60) + 1, 1 if length_s <= _SHORT_S else 5)
    shares = [60 * minute / length_s for minute in minutes]
    ticks = [
        tag(
            "span.at-end" if share > _NEAR_END else "span",
            str(minute),
            style=f"left:{100 * share:.2f}%",
        )
        for minute, share in zip(minutes, shares, strict=True)
    ]

    slider = tag(
        "input",
        type="range",
        min=1,
        max=12,
        step=0.5,
        value=1,
        aria_label="Zoom of the time axis",
    )
    view = tag(
        "div.view",
        tag("div.wide-as-zoom", *rows, tag("div.clock", *ticks)),
        tabindex=0,
        role="group",
        aria_label="Lanes, scroll sideways when zoomed",
    )
    names = tag("div.names", *(tag("div", lane.name) for lane in lanes))
    lanes_box = tag("div.lanes", names, view)
    return join(
        [_draw_key(), tag("label.zoom", "Zoom", slider), lanes_box, tag("p.note", "Minutes")]
    )


def _draw_key() -> Html:
    entries = (
        ("label", tag("path.truth", d="M10 2v10")),
        ("label, not shown", tag("path.truth unseen", d="M10 2v14")),
        ("spot", tag("path.spot", d="M10 18v-10")),
        ("possible", tag("path.possible", d="M10 10h0")),
        (
            "score",
            join(
                [
                    tag("path.area", d="M0 20L6 18L10 6L14 18L20 20z"),
                    tag("path.edge", d="M0 19L6 18L10 6L14 18L20 19"),
                ]
            ),
        ),
    )
    return tag(
        "div.key lanes-key",
        *(tag("span", tag("svg", drawn, viewBox="0 0 20 20"), name) for name, drawn in entries),
    )


def _draw_lane(curve: npt.NDArray[np.int64], lane: _Lane, length_s: float) -> Html:
    """Coordinates: 1,000 across, so that zooming needs no new drawing."""
    base, room = _HEIGHT - 2, _HEIGHT - 6

    def px(seconds: float) -> float:
        return round(1000 * seconds / length_s, 2)

    # Points in the middle of level stretches say nothing.
    kept = np.ones(len(curve), dtype=bool)
    kept[1:-1] = (curve[1:-1] != curve[:-2]) | (curve[1:-1] != curve[2:])
    scale = length_s / len(curve)
    points = [
        f"{px((at + 0.5) * scale):g} {base - room * curve[at] / _LEVELS:g}"
        for at in np.flatnonzero(kept).tolist()
    ]
    path = "L".join(points)
    parts = [tag("path.area", d=f"M0 {base}L{path}L1000 {base}Z"), tag("path.edge", d=f"M{path}")]

    for action in lane.spots:
        tall, confidence = 6 + 12 * min(action.confidence or 0, 1.0), action.confidence or 0
        clock = format_clock(action.position_s)
        tip = f"Spot: {action.label}, {clock}, confidence {confidence:.2f}"
        drawn = f"M{px(action.position_s)} {_HEIGHT}v-{tall:.1f}"
        parts.append(tag("path.spot", d=drawn, data_tip=tip))
    for action in lane.labels:
        unseen = action.visibility is Visibility.NOT_SHOWN
        tip = f"Label: {action.label}, {format_clock(action.position_s)}"
        parts.append(
            tag(
                f"path.truth{' unseen' if unseen else ''}",
                d=f"M{px(action.position_s)} 0v14",
                data_tip=f"{tip}{', not shown' if unseen else ''}",
            )
        )
    for at_s, score in lane.possible:
        # A stroke without length and with round ends is a dot that zooming does not stretch.
        tip = f"{peak_title(lane.name)}, {format_clock(at_s)}, score {score:.2f}, no spot near it"
        drawn = f"M{px(at_s)} {base - room * min(score, 1.0):.1f}h0"
        parts.append(tag("path.possible", d=drawn, data_tip=tip))
    return tag(
        "svg", *parts, viewBox=f"0 0 1000 {_HEIGHT}", preserveAspectRatio="none", aria_hidden="true"
    )


def _pool_scores(values: npt.NDArray[np.float32], step: int) -> npt.NDArray[np.int64]:
    """(ceil(frames / step), classes) highest score of each step in whole levels."""
    missing = -len(values) % step
    padded = np.pad(values, ((0, missing), (0, 0)))
    highest = padded.reshape(-1, step, values.shape[1]).max(axis=1)
    shares = np.clip(np.nan_to_num(highest), 0, 1)
    levels: npt.NDArray[np.int64] = np.rint(shares * _LEVELS).astype(np.int64)
    return levels
