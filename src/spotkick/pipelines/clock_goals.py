"""Goals that the scoreboard shows, as observations for the fusion with spots."""

from collections.abc import Iterable, Sequence
from typing import Final

from spotkick.datasets.periods import PeriodSpan
from spotkick.prediction.fusion import Observation, WatchedStretch
from spotkick.scoreboard.score_changes import ScoreChange

EARLIEST_S: Final = 120.0
"""A goal falls at most this long before the first reading of the new score: reviews take time."""

USUAL_DELAY_S: Final = 25.0
"""Graphics show a new score about this long after the goal."""

HIDDEN_S: Final = 12.0
"""Where the scoreboard was hidden before it showed the new score, by replays of the goal, the goal
fell about this long before it was hidden ..."""

SLACK_S: Final = 10.0
"""... and at most so long after it was last read ..."""

REPLAYS_S: Final = 60.0
"""... unless it was hidden for longer than replays are."""

SPREAD_S: Final = 25.0

SOON_S: Final = 60.0
"""A score that is new so soon after a kick-off is that of a goal before the interval."""

LATE_S: Final = 120.0
"""A new score belongs to a period that ended at most so long before, the graphic being slow."""

CONFIDENCE: Final = 0.95
"""Of a change that was read twice and not taken back."""


def observe_goals(
    changes: Iterable[ScoreChange], spans: Sequence[PeriodSpan], label: str
) -> list[Observation]:
    """An observation for each goal that stood.

    Args:
        changes: of the score, in file time.
        spans: periods of the same file.
        label: class of goals.
    """
    found = []
    for change in changes:
        span = _find_span(change, spans)
        if change.taken_back or span is None:
            continue

        # seconds from the kick-off; no goal falls after the end
        seen_s = change.after_s if span.end_s is None else min(change.after_s, span.end_s)
        after_s = seen_s - span.start_s + span.position_s
        before_s = change.before_s - span.start_s + span.position_s
        earliest_s = max(0.0, min(before_s, after_s) - EARLIEST_S)
        usual_s = max(earliest_s, min(after_s - USUAL_DELAY_S, before_s - HIDDEN_S))
        is_replayed = change.after_s - change.before_s <= REPLAYS_S
        latest_s = min(after_s, before_s + SLACK_S) if is_replayed else after_s
        observation = Observation(
            label,
            span.period,
            earliest_ms=round(1000 * earliest_s),
            latest_ms=round(1000 * max(usual_s, latest_s)),
            usual_ms=round(1000 * usual_s),
            spread_ms=round(1000 * SPREAD_S),
            confidence=CONFIDENCE,
            team=("home", "away")[change.side],
        )
        found += [observation] * change.goals
    return found


def _find_span(change: ScoreChange, spans: Sequence[PeriodSpan]) -> PeriodSpan | None:
    """The period in which a goal fell, by when its score was first seen."""
    inside = next((span for span in spans if span.contains(change.after_s)), None)
    if inside is not None and change.after_s - inside.start_s >= SOON_S:
        return inside

    # the period before, if the old score was still seen in it
    ended = [
        span
        for span in spans
        if span.end_s is not None and change.before_s <= span.end_s < change.after_s
    ]
    if ended:
        return ended[-1]
    late = (s for s in spans if s.end_s is not None and 0 <= change.after_s - s.end_s <= LATE_S)
    return inside or next(late, None)


def watch_periods(spans: Sequence[PeriodSpan], label: str) -> list[WatchedStretch]:
    """Every span whose score was read to its end is watched but for its last minutes.

    Args:
        spans: periods of a file with a scoreboard.
        label: class of goals.
    """
    stretches = []
    for span in spans:
        if span.end_s is None:
            continue
        length_s = span.end_s - span.start_s + span.position_s
        end_ms = round(1000 * max(0.0, length_s - EARLIEST_S))
        stretches.append(WatchedStretch(label, span.period, round(1000 * span.position_s), end_ms))
    return stretches
