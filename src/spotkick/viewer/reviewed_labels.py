"""The labels that result from the files of a match and a person's corrections."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from spotkick.actions import Action, MatchActions, Visibility
from spotkick.viewer.edits import SpotState, Status
from spotkick.viewer.match_data import Match, Spot

SAME_MOMENT_MS: Final = 2500
"""An accepted prediction and an untouched label of its class within this distance are one action,
at the prediction's time."""


def corrected_labels(
    match: Match, states: Mapping[str, SpotState], *, undecided_from: float | None = None
) -> MatchActions:
    """Labels after review.

    Kept are labels that were not rejected, accepted predictions and added actions. A label that
    was not changed gives way to an accepted prediction of the same class at the same time, so that
    confirming a prediction moves the label to it; team and visibility stay those of the label.

    Args:
        match: as read from its files.
        states: what was decided, by id.
        undecided_from: also keep predictions without a decision, when their confidence is at
            least this.

    Returns:
        Actions without confidence, in order of time.
    """
    known = {spot.id: spot.action for spot in (*match.predictions, *match.labels)}
    accepted = {
        identity: state for identity, state in states.items() if state.status is Status.ACCEPTED
    }
    confirmed = [
        (identity, state) for identity, state in accepted.items() if state.source == "prediction"
    ]

    # Labels without a decision stay, except where a confirmed prediction stands for them.
    untouched = [spot for spot in match.labels if spot.id not in states]
    claimed = _claim_labels(untouched, confirmed)
    gone = {label.id for label in claimed.values()}
    kept = [spot.action for spot in untouched if spot.id not in gone]
    decided = [
        _make_action(
            state,
            claimed[identity].action if identity in claimed else known.get(identity),
            known.get(identity),
        )
        for identity, state in accepted.items()
    ]
    if undecided_from is not None:
        kept += [
            replace(spot.action, confidence=None)
            for spot in match.predictions
            if (spot.id not in states or states[spot.id].status is Status.UNDECIDED)
            and (spot.action.confidence or 0.0) >= undecided_from
        ]

    ordered = sorted(
        (*decided, *kept), key=lambda action: (action.period, action.position_ms, action.label)
    )
    return MatchActions(match.name, tuple(ordered))


def spotted_actions(
    match: Match,
    states: Mapping[str, SpotState],
    undecided_from: float,
    thresholds: Mapping[str, float] | None = None,
) -> MatchActions:
    """Actions for highlights: accepted and added ones, and undecided ones by confidence.

    A match without predictions gives its labels.

    Args:
        match: as read from its files.
        states: what was decided, by id.
        undecided_from: least confidence of a prediction without a decision.
        thresholds: the same per class, where it differs.

    Returns:
        Actions in order of time; those that a person has confirmed have no confidence.
    """
    sources = match.predictions or match.labels
    found = []
    for spot in sources:
        state = states.get(spot.id)
        confidence = 1.0 if spot.action.confidence is None else spot.action.confidence
        if state is None or state.status is Status.UNDECIDED:
            if confidence >= (thresholds or {}).get(spot.action.label, undecided_from):
                found.append(spot.action)
        elif state.status is Status.ACCEPTED:
            found.append(_make_action(state, spot.action))

    # Actions that a person added count as certain.
    added = [
        state
        for state in states.values()
        if state.source == "added" and state.status is Status.ACCEPTED
    ]
    found += [_make_action(state, None) for state in added]
    return MatchActions(
        match.name, tuple(sorted(found, key=lambda action: (action.period, action.position_ms)))
    )


def rejected_actions(match: Match, states: Mapping[str, SpotState]) -> tuple[Action, ...]:
    """Predictions and labels that a person has rejected, as the files have them."""
    return tuple(
        spot.action
        for spot in (*match.predictions, *match.labels)
        if spot.id in states and states[spot.id].status is Status.REJECTED
    )


def count_decided(match: Match, states: Mapping[str, SpotState]) -> int:
    """Number of predictions that were accepted or rejected."""
    identities = {spot.id for spot in match.predictions}
    return sum(
        state.status is not Status.UNDECIDED
        for identity, state in states.items()
        if identity in identities
    )


def _make_action(state: SpotState, *originals: Action | None) -> Action:
    """The action as corrected; what the person left alone is as the first original has it."""
    known = [action for action in originals if action is not None]
    team = next((action.team for action in known if action.team is not None), None)
    visibility = next((a.visibility for a in known if a.visibility is not None), None)
    if state.team is not None:
        team = state.team or None
    if state.visibility is not None:
        visibility = Visibility(state.visibility) if state.visibility else None

    # what the person has stated goes before all of it
    details = next((action.details for action in known if action.details), ())
    stated = (("player", state.player), ("note", state.note))
    for name, text in stated:
        if text is not None:
            details = tuple(detail for detail in details if detail[0] != name)
            details += ((name, text),) if text else ()
    return Action(
        label=state.label,
        period=state.period,
        position_ms=state.position_ms,
        team=team,
        visibility=visibility,
        details=details,
    )


def _claim_labels(
    labels: Sequence[Spot], confirmed: Sequence[tuple[str, SpotState]]
) -> dict[str, Spot]:
    """Labels that give way, by id of the confirmed prediction; each claims the nearest one."""
    pairs = sorted(
        (abs(spot.action.position_ms - state.position_ms), index, number)
        for index, spot in enumerate(labels)
        for number, (_, state) in enumerate(confirmed)
        if spot.action.label == state.label
        and spot.action.period == state.period
        and abs(spot.action.position_ms - state.position_ms) <= SAME_MOMENT_MS
    )
    claims: dict[str, Spot] = {}
    taken: set[int] = set()
    for _, index, number in pairs:
        identity = confirmed[number][0]
        if index not in taken and identity not in claims:
            taken.add(index)
            claims[identity] = labels[index]
    return claims
