import json

import numpy as np
import pytest

from spotkick.actions import SOCCERNET_V1, SOCCERNET_V2, Action, MatchActions
from spotkick.doctor.findings import Severity
from spotkick.doctor.predictions import check_against_labels, check_predictions, check_scale


def findings(*actions: Action) -> dict[str, tuple[Severity, int]]:
    found = check_predictions(MatchActions("m", actions), SOCCERNET_V2, frame_rate=2)
    return {finding.check: (finding.severity, finding.count) for finding in found}


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ([Action("Foul", 1, 0, 0.5), Action("Foul", 2, 0, 0.5)], {}),
        ([], {"no-predictions": (Severity.WARNING, 1)}),
        (
            [Action("foul", 1, 0, 0.5), Action("foul", 2, 0, 0.5)],
            {"dropped-class": (Severity.ERROR, 2)},
        ),
        ([Action("Foul", 3, 0, 0.5)], {"dropped-period": (Severity.WARNING, 1)}),
        (
            [Action("Foul", 1, 0, -0.5), Action("Foul", 1, 900, float("nan"))],
            {"dropped-confidence": (Severity.ERROR, 2)},
        ),
        ([Action("Foul", 1, 0, 1.5)], {"confidence-above-1": (Severity.WARNING, 1)}),
        ([Action("Foul", 1, -500, 0.5)], {"wrapped-position": (Severity.ERROR, 1)}),
        ([Action("Foul", 1, -499, 0.5)], {}),  # the evaluator cuts towards zero
        ([Action("Foul", 1, 7_200_000, 0.5)], {"clamped-position": (Severity.ERROR, 1)}),
        ([Action("Foul", 1, 7_199_999, 0.5)], {}),
        (
            [Action("Foul", 1, 0, 0.9), Action("Foul", 1, 499, 0.1), Action("Corner", 1, 0, 0.1)],
            {"overwritten": (Severity.WARNING, 1)},
        ),
    ],
)
def test_check_predictions_what_the_evaluator_drops_or_moves_is_found(
    actions: list[Action], expected: dict[str, tuple[Severity, int]]
) -> None:
    assert findings(*actions) == expected


def test_check_predictions_agrees_with_the_official_vectors() -> None:
    """Predictions that survive in the official vectors are those without a finding."""
    from SoccerNet.Evaluation.ActionSpotting import EVENT_DICTIONARY_V2, predictions2vector

    rng = np.random.default_rng(5)
    labels = [*SOCCERNET_V2.names[:4], "no such class"]
    actions = [
        Action(
            str(rng.choice(labels)),
            int(rng.integers(1, 4)),
            int(rng.integers(-3000, 30_000)),
            float(rng.uniform(0, 1)),
        )
        for _ in range(400)
    ]
    rows = [
        {
            "gameTime": a.game_time,
            "label": a.label,
            "position": str(a.position_ms),
            "half": str(a.period),
            "confidence": str(a.confidence),
        }
        for a in actions
    ]
    halves = predictions2vector(
        {"predictions": rows},
        num_classes=17,
        version=2,
        EVENT_DICTIONARY=EVENT_DICTIONARY_V2,
        framerate=2,
    )
    survived = sum(int((half >= 0).sum()) for half in halves)
    found = findings(*actions)
    lost = sum(found[check][1] for check in ("dropped-class", "dropped-period", "overwritten"))
    assert survived == len(actions) - lost
    tail = sum(int((half[-10:] >= 0).sum()) for half in halves)
    assert 0 < tail <= found["wrapped-position"][1]


def test_check_predictions_aliases_share_a_frame() -> None:
    actions = (Action("y-card", 1, 0, 0.5), Action("r-card", 1, 100, 0.5))
    found = list(check_predictions(MatchActions("m", actions), SOCCERNET_V1, frame_rate=2))
    assert [finding.check for finding in found] == ["overwritten"]


def scored(confidences: np.ndarray) -> list[MatchActions]:
    return [
        MatchActions(
            "m",
            tuple(Action("Foul", 1, 1000 * n, float(value)) for n, value in enumerate(confidences)),
        )
    ]


def test_check_scale_confidences_between_few_thresholds_are_found() -> None:
    rng = np.random.default_rng(0)
    assert list(check_scale(scored(rng.uniform(0, 1, 4000)), "set")) == []
    (finding,) = check_scale(scored(rng.uniform(0, 0.01, 4000)), "set")
    assert finding.check == "confidence-scale"
    assert "rescale the confidences" in finding.fix
    assert list(check_scale(scored(rng.uniform(0, 0.01, 100)), "set")) == []  # too few to judge


def test_check_against_labels_matches_of_one_side_are_found() -> None:
    predicted = [MatchActions("a", ()), MatchActions("b", ())]
    found = [
        (finding.check, finding.where) for finding in check_against_labels(predicted, ["b", "c"])
    ]
    assert found == [("missing-prediction", "c"), ("unlabelled-match", "a")]


def test_to_json_findings_are_plain_values() -> None:
    (finding,) = check_predictions(MatchActions("m", ()), None, frame_rate=2)
    assert json.loads(json.dumps({"severity": finding.severity}))["severity"] == "warning"
