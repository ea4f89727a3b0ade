"""Predictions against labels: mistakes of time, period and name, with the score each costs."""

import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from spotkick.actions import MatchActions
from spotkick.doctor.findings import Finding, Severity
from spotkick.doctor.hypotheses import (
    Hypothesis,
    Times,
    arrange_times,
    explain_times,
    find_offset,
    measure_agreement,
    shift,
)
from spotkick.errors import SpotkickError, SpotkickWarning
from spotkick.evaluation import evaluate
from spotkick.tasks import Task

MOST_MATCHES: Final = 30
"""Explanations are tried on so many matches, evenly chosen; scores are of all."""

LEAST_GAIN: Final = 0.05
"""An explanation must bring this share of the labels to a prediction, beyond what it costs ..."""

LEAST_RATIO: Final = 1.25
"""... and so many times as many as are there without it."""

LEAST_LABELS: Final = 5
"""A match with fewer labels explains nothing by itself."""

_LEAST_LETTERS: Final = 5
_LEAST_LENGTH: Final = 0.4
_LEAST_USUAL: Final = 0.15
_MOST_LENGTH: Final = 2.6
_OWN_COST: Final = 0.12
_OWN_RATIO: Final = 1.5
_LEAST_HITS: Final = 5


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How near a prediction must come to a label.

    Attributes:
        coarse_s: to tell explanations apart.
        fine_s: to see small shifts.
    """

    coarse_s: float = 5.0
    fine_s: float = 1.0


FINE_GRID: Final = Tolerances(1.0, 0.2)
"""Of tasks that are scored within a second or so."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """Predictions and labels of the same matches, in the same order.

    Attributes:
        predicted: one entry per match.
        labelled: likewise.
        task: classes and how they are scored.
        where: the predictions, for findings that concern all of them.
    """

    predicted: tuple[MatchActions, ...]
    labelled: tuple[MatchActions, ...]
    task: Task
    where: str

    def score(self, predicted: Sequence[MatchActions]) -> float | None:
        """Average-mAP in percent; None where these cannot be scored."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SpotkickWarning)
            try:
                score = evaluate(
                    predicted,
                    self.labelled,
                    self.task.classes,
                    metric=self.task.metric,
                    frame_rate=self.task.frame_rate,
                    periods=self.task.periods or self._periods,
                )
            except SpotkickError:
                return None
        return 100 * score.average_map

    @property
    def tolerances(self) -> Tolerances:
        """Those that fit the metric of the task."""
        return FINE_GRID if self.task.metric.startswith("at") else Tolerances()

    @property
    def _periods(self) -> tuple[int, ...]:
        found = {action.period for match in self.labelled for action in match.actions}
        return tuple(sorted(found)) or (1,)


def check_alignment(pairing: Pairing) -> Iterator[Finding]:
    """Compare predictions with labels, and say what keeps them from agreeing.

    Args:
        pairing: see there.
    """
    renamed, finding = _rename_classes(pairing)
    if finding is not None:
        yield finding
    predicted, labelled = _arrange_pairing(pairing, renamed)
    if not len(predicted.match) or not len(labelled.match):
        return

    # What is wrong with all matches first, then with single ones.
    best = find_explanation(predicted, labelled, pairing.tolerances)
    if best.title:
        yield _describe_explanation(pairing, renamed, best)
    elif _all_in_one_half(predicted, labelled, pairing.tolerances.coarse_s):
        yield _describe_merged(pairing)
    else:
        own = _find_own_shifts(predicted, labelled, pairing.tolerances.coarse_s)
        if own:
            yield _describe_own_shifts(pairing, renamed, own)
            return
    yield from _check_single_matches(pairing, best.apply(predicted), labelled)


def _rename_classes(pairing: Pairing) -> tuple[tuple[MatchActions, ...], Finding | None]:
    """Predictions under the names that were meant, where none or few are in the class list."""
    classes = pairing.task.classes
    labels = Counter(a.label for match in pairing.predicted for a in match.actions)
    unknown = [label for label in labels if label not in classes]
    meant = {label: name for label in unknown if (name := _meant_name(label, classes.names))}
    if not meant:
        return pairing.predicted, None

    # The predictions as they were meant, and what the names cost.
    renamed = tuple(
        MatchActions(
            match.match,
            tuple(a.with_label(meant.get(a.label, a.label)) for a in match.actions),
        )
        for match in pairing.predicted
    )
    examples = ", ".join(f"'{label}' for '{name}'" for label, name in list(meant.items())[:3])
    finding = Finding(
        Severity.ERROR,
        "class-names",
        pairing.where,
        f"{sum(labels[label] for label in meant)} predictions have class names that do not fit "
        f"the labels: {examples}; {_describe_cost(pairing, pairing.predicted, renamed)}",
        "write the class names of the labels",
        sum(labels[label] for label in meant),
    )
    return renamed, finding


def _meant_name(label: str, names: Sequence[str]) -> str | None:
    """The class that a label means by its letters, or by its number in the list."""
    letters = _reduce_to_letters(label)
    found = [name for name in names if _reduce_to_letters(name) == letters]
    if len(found) == 1:
        return found[0]
    if label.strip().isdecimal() and int(label) < len(names):
        return names[int(label)]
    return None


def _reduce_to_letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def _arrange_pairing(pairing: Pairing, renamed: Sequence[MatchActions]) -> tuple[Times, Times]:
    step = max(1, len(renamed) // MOST_MATCHES)
    classes = pairing.task.classes
    labelled = [classes.select(match.actions) for match in pairing.labelled[::step]]
    predicted = [classes.select(match.actions) for match in renamed[::step]]
    counts = [Counter(action.label for action in actions) for actions in labelled]
    return (
        arrange_times(predicted, classes.names, counts),
        arrange_times(labelled, classes.names, counts),
    )


def find_explanation(
    predicted: Times, labelled: Times, tolerances: Tolerances | None = None
) -> Hypothesis:
    """The explanation that fits the labels best; that nothing is wrong when none fits better.

    Args:
        predicted: as many of each match and class as there are labels.
        labelled: labels.
        tolerances: how near a prediction must come; those of the loose metric when None.
    """
    tolerances = tolerances or Tolerances()
    best, best_worth, plain = None, -1.0, 0.0
    for base in explain_times():
        moved = base.apply(predicted)
        if base.title and not _is_plausible(moved, labelled):
            continue
        for candidate in _with_shifts(base, moved, labelled, tolerances.coarse_s):
            share = measure_agreement(candidate.apply(predicted), labelled, tolerances.coarse_s)
            if best is None:
                plain, best, best_worth = share, candidate, share
                nothing = candidate
            elif share - candidate.cost > best_worth:
                best, best_worth = candidate, share - candidate.cost
    assert best is not None  # noqa: S101 - there is always the first explanation

    # Small shifts are seen at a finer tolerance, where nothing larger is wrong.
    if best is nothing:
        return _find_small_shift(nothing, predicted, labelled, tolerances)
    gained = best_worth - plain >= LEAST_GAIN and best_worth >= LEAST_RATIO * plain
    gained = gained and (best_worth - plain) * len(labelled.match) >= _LEAST_HITS
    return best if gained else _find_small_shift(nothing, predicted, labelled, tolerances)


def _is_plausible(predicted: Times, labelled: Times) -> bool:
    """Whether predictions last about as long as the labels do, perhaps counted from kick-off."""
    lasts_s = float(np.quantile(predicted.position_s, 0.9))
    expected_s = float(np.quantile(labelled.position_s, 0.9))
    return _LEAST_LENGTH * expected_s <= lasts_s <= _MOST_LENGTH * expected_s


def _with_shifts(
    base: Hypothesis, moved: Times, labelled: Times, coarse_s: float
) -> Iterator[Hypothesis]:
    """An explanation alone, with one shift of everything, and with one of each period."""
    yield base
    common_s = find_offset(moved, labelled, coarse_s)
    if abs(common_s) > coarse_s / 10:
        yield shift(base, {0: common_s})
    periods = sorted(set(moved.period.tolist()) & set(labelled.period.tolist()))
    if len(periods) < 2:
        return
    own = {
        period: find_offset(moved.select(moved.period == period), labelled, coarse_s)
        for period in periods
    }
    own = {period: offset_s for period, offset_s in own.items() if abs(offset_s) > coarse_s / 2}
    if own:
        yield shift(base, own)


def _find_small_shift(
    nothing: Hypothesis, predicted: Times, labelled: Times, tolerances: Tolerances
) -> Hypothesis:
    offset_s = find_offset(predicted, labelled, tolerances.fine_s)
    if not 0.8 * tolerances.fine_s < abs(offset_s) <= 2 * tolerances.coarse_s:
        return nothing
    moved = shift(nothing, {0: offset_s})
    before = measure_agreement(predicted, labelled, tolerances.fine_s)
    after = measure_agreement(moved.apply(predicted), labelled, tolerances.fine_s)
    return moved if after - before >= 2 * LEAST_GAIN and after >= LEAST_RATIO * before else nothing


def _find_own_shifts(
    predicted: Times, labelled: Times, coarse_s: float
) -> dict[tuple[int, int], float]:
    """Seconds to add by (match, period), where every match has a shift of its own; else none."""
    own: dict[tuple[int, int], float] = {}
    moved = predicted.position_s.copy()
    for match in sorted(set(labelled.match.tolist())):
        for period in sorted(set(labelled.period.tolist())):
            chosen = (predicted.match == match) & (predicted.period == period)
            offset_s = find_offset(predicted.select(chosen), labelled, coarse_s)
            own[match, period] = offset_s if abs(offset_s) > coarse_s / 2 else 0.0
            moved[chosen] += own[match, period]

    # With so many free numbers, some agreement comes by chance.
    before = measure_agreement(predicted, labelled, coarse_s)
    after = measure_agreement(replace(predicted, position_s=moved), labelled, coarse_s)
    useful = after - before >= _OWN_COST and after >= _OWN_RATIO * before
    enough = len(labelled.match) >= LEAST_LABELS * len(own)
    return own if useful and enough else {}


def _describe_own_shifts(
    pairing: Pairing, renamed: Sequence[MatchActions], own: Mapping[tuple[int, int], float]
) -> Finding:
    step = max(1, len(renamed) // MOST_MATCHES)
    sample = replace(pairing, labelled=pairing.labelled[::step])
    before = renamed[::step]
    after = [
        MatchActions(
            match.match,
            tuple(
                replace(
                    action,
                    position_ms=action.position_ms
                    + round(1000 * own.get((index, action.period), 0.0)),
                )
                for action in match.actions
            ),
        )
        for index, match in enumerate(before)
    ]

    # By how much, for each period.
    ranges = []
    for period in sorted({period for _, period in own}):
        values = [offset_s for (_, number), offset_s in own.items() if number == period]
        if any(values):
            middle_s = float(np.median(values))
            ranges.append(f"period {period} by {middle_s:+.0f} s in the median")
    return Finding(
        Severity.ERROR,
        "predictions-shifted",
        pairing.where,
        f"each match has a shift of its own ({', '.join(ranges)}), as when times count from the "
        "kick-off of the match or from the start of a recording; "
        f"{_describe_cost(sample, before, after)}",
        "count positions from where the video of the period, or the labelled one, begins",
        len(before),
    )


def _all_in_one_half(predicted: Times, labelled: Times, coarse_s: float) -> bool:
    """Whether predictions of one period fit the labels of two better than those of their own."""
    if len(set(predicted.period.tolist())) > 1 or len(set(labelled.period.tolist())) < 2:
        return False
    flat = [
        Times(times.match, times.label, np.ones_like(times.period), times.position_s)
        for times in (predicted, labelled)
    ]
    other = labelled.select(labelled.period != predicted.period[0])
    missed = Times(other.match, other.label, np.ones_like(other.period), other.position_s)
    found = measure_agreement(flat[0], missed, coarse_s)
    shuffled = Times(missed.match, missed.label, missed.period, missed.position_s + 97.0)
    chance = measure_agreement(flat[0], shuffled, coarse_s)
    return found >= chance + LEAST_GAIN and found >= LEAST_RATIO * chance


def _describe_merged(pairing: Pairing) -> Finding:
    """Both halves in one: each prediction is given to the half whose label is nearer."""
    moved = []
    for match, labels in zip(pairing.predicted, pairing.labelled, strict=True):
        times: dict[tuple[str | None, int], list[float]] = {}
        for label in labels.actions:
            key = (pairing.task.classes.resolve(label.label), label.period)
            times.setdefault(key, []).append(label.position_s)

        # Each prediction goes to the period whose label of its class is nearer.
        actions = []
        for action in match.actions:
            name = pairing.task.classes.resolve(action.label)
            gaps = {
                period: min(abs(t - action.position_s) for t in found)
                for (label, period), found in times.items()
                if label == name
            }
            period = min(gaps, key=lambda number: gaps[number]) if gaps else action.period
            actions.append(replace(action, period=period))
        moved.append(MatchActions(match.match, tuple(actions)))

    return Finding(
        Severity.ERROR,
        "predictions-shifted",
        pairing.where,
        "the predictions of both halves are numbered as one half; "
        f"{_describe_cost(pairing, pairing.predicted, moved, at_most=True)}",
        "write period 2 for what was found in the second half",
        len(pairing.predicted),
    )


def _describe_explanation(
    pairing: Pairing, renamed: Sequence[MatchActions], explanation: Hypothesis
) -> Finding:
    moved = [explanation.apply_to(match) for match in renamed]
    return Finding(
        Severity.ERROR,
        "predictions-shifted",
        pairing.where,
        f"{explanation.title}; {_describe_cost(pairing, renamed, moved)}",
        explanation.fix,
        len(pairing.predicted),
    )


def _describe_cost(
    pairing: Pairing,
    before: Sequence[MatchActions],
    after: Sequence[MatchActions],
    *,
    at_most: bool = False,
) -> str:
    """What a mistake costs, in the score of the task."""
    first, second = pairing.score(before), pairing.score(after)
    if first is None or second is None:
        return "the score cannot be computed"
    metric = f"{pairing.task.metric} Average-mAP"
    upper = "up to " if at_most else ""
    return f"the {metric} is {first:.1f}, corrected {upper}{second:.1f}"


def _check_single_matches(pairing: Pairing, predicted: Times, labelled: Times) -> Iterator[Finding]:
    """Matches that disagree with their labels although the others of the set agree."""
    step = max(1, len(pairing.predicted) // MOST_MATCHES)
    shares: dict[int, float] = {}
    parts: dict[int, tuple[Times, Times]] = {}
    for index in sorted(set(labelled.match.tolist())):
        parts[index] = (
            predicted.select(predicted.match == index),
            labelled.select(labelled.match == index),
        )
        if len(parts[index][1].match) >= LEAST_LABELS:
            shares[index] = measure_agreement(*parts[index], pairing.tolerances.coarse_s)
    if len(shares) < 3:
        return

    usual = float(np.median(list(shares.values())))
    if usual < _LEAST_USUAL:
        return
    for index, share in shares.items():
        if share > usual / 2 or not len(parts[index][0].match):
            continue
        best = find_explanation(*parts[index], pairing.tolerances)
        found = measure_agreement(
            best.apply(parts[index][0]), parts[index][1], pairing.tolerances.coarse_s
        )
        if best.title and found >= 0.7 * usual:
            match = pairing.predicted[index * step]
            yield Finding(
                Severity.ERROR,
                "match-shifted",
                match.match,
                f"{best.title}: {share:.0%} of the labels have a prediction near them, {found:.0%} "
                f"when corrected, as in the other matches ({usual:.0%})",
                best.fix,
                len(match.actions),
            )


def check_match_names(
    predicted: Sequence[str], labelled: Sequence[str]
) -> tuple[Mapping[str, str], list[Finding]]:
    """Names of matches that differ in spelling alone.

    Returns:
        predicted name -> labelled name, and a finding for each.
    """
    open_labels = {
        _reduce_to_letters(name): name for name in labelled if name not in set(predicted)
    }
    pairs: dict[str, str] = {}
    findings = []
    for name in predicted:
        if name in labelled:
            continue

        # The same letters, or the same letters below another folder.
        meant = open_labels.get(_reduce_to_letters(name)) or next(
            (
                full
                for letters, full in open_labels.items()
                if min(len(letters), len(_reduce_to_letters(name))) >= _LEAST_LETTERS
                and (
                    letters.endswith(_reduce_to_letters(name))
                    or _reduce_to_letters(name).endswith(letters)
                )
            ),
            None,
        )
        if meant is None or meant in pairs.values():
            continue
        pairs[name] = meant
        findings.append(
            Finding(
                Severity.ERROR,
                "match-name",
                name,
                f"the labels call this match '{meant}'",
                "name the folders of the predictions as those of the labels, which pair by name",
            )
        )
    return pairs, findings
