"""Predictions against labels: mistakes of time, period and name, with the score each costs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from spotkick.actions import MatchActions
from spotkick.doctor.explanations import (
    LEAST_LABELS,
    find_explanation,
    find_own_shifts,
    is_all_in_one_period,
)
from spotkick.doctor.findings import Finding, Severity
from spotkick.doctor.pairing import (
    MOST_MATCHES,
    Pairing,
    describe_explanation,
    describe_merged,
    describe_own_shifts,
)
from spotkick.doctor.spelling import rename_classes
from spotkick.doctor.times import Times, arrange_times, measure_agreement

_LEAST_USUAL: Final = 0.15
"""Where a set agrees less with its labels, no match can be told from the others."""


def check_alignment(pairing: Pairing) -> Iterator[Finding]:
    """Compare predictions with labels, and say what keeps them from agreeing.

    Args:
        pairing: see there.
    """
    renamed, finding = rename_classes(pairing)
    if finding is not None:
        yield finding
    predicted, labelled = _arrange_pairing(pairing, renamed)
    if not len(predicted.match) or not len(labelled.match):
        return

    # What is wrong with all matches first, then with single ones.
    best = find_explanation(predicted, labelled, pairing.tolerances)
    if best.title:
        yield describe_explanation(pairing, renamed, best)
    elif is_all_in_one_period(predicted, labelled, pairing.tolerances.coarse_s):
        yield describe_merged(pairing)
    else:
        own = find_own_shifts(predicted, labelled, pairing.tolerances.coarse_s)
        if own:
            yield describe_own_shifts(pairing, renamed, own)
            return
    yield from _check_single_matches(pairing, best.apply(predicted), labelled)


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
