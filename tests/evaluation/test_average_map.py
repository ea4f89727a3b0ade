"""Average-mAP: golden values, the official package on inputs with every quirk, and worked cases."""

import json
import random
import warnings
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotkick.actions import (
    SOCCERNET_V1,
    SOCCERNET_V2,
    Action,
    ActionClasses,
    MatchActions,
    Visibility,
)
from spotkick.errors import ConfigError, InputError, SpotkickWarning
from spotkick.evaluation import SpottingScore, evaluate, tolerances_of
from spotkick.evaluation.group_counts import average_over_tolerances
from spotkick.formats.results import parse_results, read_results
from spotkick.formats.soccernet import parse_labels, read_label_set
from spotkick.formats.time_source import TimeSource

GOLDEN = Path(__file__).parent / "golden"
THREE = ActionClasses(("Goal", "Card", "Corner"), name="three")


def scored(
    predictions: Iterable[MatchActions],
    labels: Iterable[MatchActions],
    classes: ActionClasses = THREE,
    **options: Any,
) -> SpottingScore:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        return evaluate(predictions, labels, classes, **options)


def labelled(*actions: tuple[str, int, int], match: str = "m") -> list[MatchActions]:
    return [MatchActions(match, tuple(Action(label, period, ms) for label, period, ms in actions))]


def predicted(*actions: tuple[str, int, int, float], match: str = "m") -> list[MatchActions]:
    return [
        MatchActions(
            match, tuple(Action(label, period, ms, score) for label, period, ms, score in actions)
        )
    ]


@pytest.mark.parametrize("setting", list(json.loads((GOLDEN / "golden.json").read_text())))
def test_evaluate_golden_sets_equals_official_values(setting: str) -> None:
    expected = json.loads((GOLDEN / "golden.json").read_text())[setting]
    metric, rate = setting.removesuffix("fps").split("@")
    result = scored(
        read_results(GOLDEN / "pred"),
        read_label_set(GOLDEN / "gt"),
        SOCCERNET_V2,
        metric=metric,
        frame_rate=Fraction(int(rate)),
    )
    assert result.visible is not None
    assert result.unshown is not None
    for part, suffix in (
        (result.overall, ""),
        (result.visible, "_visible"),
        (result.unshown, "_unshown"),
    ):
        assert part.average_map == pytest.approx(expected[f"a_mAP{suffix}"], abs=1e-12)
        assert list(part.per_class.values()) == pytest.approx(
            expected[f"a_mAP_per_class{suffix}"], abs=1e-12
        )


def quirky_documents(seed: int, rate: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Labels and predictions of a few matches with every quirk of the official code."""
    rng = random.Random(seed)
    names = ["Goal", "Card", "Corner", "Unheard of"][: rng.choice([3, 4])]
    absent = rng.choice([None, "Goal", "Corner"])
    late, early = 7_200_000, -7_199_000
    labels: dict[str, Any] = {}
    predictions: dict[str, Any] = {}
    for number in range(rng.choice([1, 2, 3])):
        truths = []
        found = []
        for _ in range(rng.choice([0, 3, 25])):
            ms = rng.choice(
                [rng.randrange(60_000), rng.randrange(2_700_000), rng.randrange(0, 4000, 500)]
            )
            ms = rng.choices([ms, late + ms, -ms, early + ms], [20, 1, 1, 1])[0]
            half = rng.choices([1, 2, 3], [8, 8, 1])[0]
            label = rng.choice([name for name in names if name != absent])
            row: dict[str, Any] = {
                "gameTime": f"{half} - {abs(ms) // 60000 % 100:02d}:{abs(ms) // 1000 % 60:02d}",
                "label": label,
            }
            if rng.random() < 0.9:
                row["position"] = str(ms)
            if rng.random() < 0.9:
                row["visibility"] = rng.choice(["visible", "not shown"])
            truths += [row] * rng.choice([1, 1, 1, 2])
            if rng.random() < 0.2:  # same frame, other visibility: the later one counts
                truths.append({**row, "visibility": "not shown"})
            for _ in range(rng.choice([0, 1, 1, 3])):
                at = ms + rng.choice(
                    [
                        0,
                        1,
                        rng.randrange(-40_000, 40_000),
                        500 * rng.randrange(-9, 9),
                        1000 // rate * 5,
                    ]
                )
                found.append(
                    (
                        rng.choice([label, label, rng.choice(names)]),
                        half,
                        min(max(at, early), late + 10**6),
                    )
                )
        noise = rng.choice([0, 5, 60])
        found += [
            (rng.choice(names), rng.choice([1, 2]), rng.randrange(0, 2_700_000))
            for _ in range(noise)
        ]
        rows = []
        for label, half, at in found:
            confidence = rng.choice(
                [
                    rng.random(),
                    round(rng.random(), 1),
                    rng.choice([0.0, 1.0, -0.25, 1.5, "nan"]),
                    0.5,
                    rng.randrange(200) / 199,
                ]
            )
            rows += [
                {
                    "gameTime": "1 - 00:00",
                    "label": label,
                    "position": str(at),
                    "half": str(half),
                    "confidence": str(confidence),
                }
            ]
            if rng.random() < 0.1:
                rows.append({**rows[-1], "confidence": str(rng.choice([rng.random(), -1.0]))})
        match = f"league/2020/game{number}"
        labels[match] = {"UrlLocal": match, "annotations": truths}
        predictions[match] = {"UrlLocal": match, "predictions": rows}
    return predictions, labels


@pytest.mark.parametrize("seed", range(20))
def test_evaluate_quirky_documents_equals_official_package(
    seed: int, official_scores: Callable[..., dict[str, Any]]
) -> None:
    rate = (2, 25, 1, 5)[seed % 4]
    metric = ("loose", "tight", "at1", "at2", "at3", "at4", "at5")[seed % 7]
    predictions, labels = quirky_documents(seed, rate)
    expected = official_scores(
        predictions,
        labels,
        {"Goal": 0, "Card": 1, "Corner": 2},
        metric=metric,
        framerate=rate,
        version=2,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        result = evaluate(
            [parse_results(document, "p", match=match) for match, document in predictions.items()],
            [parse_labels(document, "l", match=match) for match, document in labels.items()],
            THREE,
            metric=metric,
            frame_rate=Fraction(rate),
            periods=(1, 2),
        )
    if metric in ("loose", "tight") and expected["a_mAP_unshown"] is not None:
        expected["a_mAP_unshown"] *= 13 / 17  # meant for the 17 classes of SoccerNet-v2 only
    parts = [(result.overall, "")]
    if result.visible is not None and result.unshown is not None:
        parts += [(result.visible, "_visible"), (result.unshown, "_unshown")]
    for part, suffix in parts:
        assert part.average_map == pytest.approx(expected[f"a_mAP{suffix}"], abs=1e-12)
        assert list(part.per_class.values()) == pytest.approx(
            expected[f"a_mAP_per_class{suffix}"], abs=1e-12
        )


def test_evaluate_v1_labels_equals_official_package(
    official_scores: Callable[..., dict[str, Any]],
) -> None:
    rng = random.Random(5)
    known = {
        "soccer-ball": "soccer",
        "soccer-ball-own": "soccer",
        "y-card": "card",
        "yr-card": "card",
        "substitution-in": "subs",
    }
    known |= {
        "soccer-ball-penalty": "soccer",
        "2nd-card": "card",
        "substitution-out": "subs",
        "subs-card": "card",
    }
    rows, found = [], []
    for _ in range(60):
        label, second = rng.choice([*known, "corner"]), rng.randrange(2700)
        rows.append(
            {
                "gameTime": f"{rng.choice('12')} - {second // 60:02d}:{second % 60:02d}",
                "label": label,
                "team": "home",
            }
        )
        ms = 1000 * second + rng.randrange(-9000, 9000)
        found.append(
            {
                "gameTime": "1 - 00:00",
                "label": known.get(label, "card"),
                "position": str(max(ms, 0)),
                "half": rows[-1]["gameTime"][0],
            }
        )
        found[-1]["confidence"] = str(rng.random())
    labels, predictions = {"a/b/c": {"annotations": rows}}, {"a/b/c": {"predictions": found}}
    expected = official_scores(predictions, labels, {"card": 0, "subs": 1, "soccer": 2}, version=1)
    found_labels = [parse_labels(labels["a/b/c"], "l", match="m")]
    result = scored(
        [parse_results(predictions["a/b/c"], "p", match="m")], found_labels, SOCCERNET_V1
    )
    assert result.average_map == pytest.approx(expected["a_mAP"], abs=1e-12)
    per_class = [
        result.overall.per_class[name] for name in ("card", "substitution", "goal")
    ]  # the official order
    assert per_class == pytest.approx(expected["a_mAP_per_class"], abs=1e-12)
    assert result.average_map > 0.3
    assert result.visible is None  # v1 labels say nothing of it, and the official result has None
    assert expected["a_mAP_visible"] is None


def test_parse_labels_game_time_source_cuts_to_seconds() -> None:
    document = {"annotations": [{"gameTime": "1 - 00:29", "label": "Goal", "position": "29949"}]}
    exact = parse_labels(document, "l", match="m")
    seconds = parse_labels(document, "l", match="m", time_source=TimeSource.GAME_TIME)
    prediction = predicted(("Goal", 1, 29_000, 0.9))
    assert scored(prediction, [seconds], metric=[0.5]).overall.per_class["Goal"] == 1
    assert scored(prediction, [exact], metric=[0.5]).overall.per_class["Goal"] == 0


@pytest.mark.parametrize(
    ("rate", "offset_ms", "hit"),
    [
        (2, -500, True),
        (2, -501, False),
        (2, 999, True),
        (2, 1000, False),
        (25, 500, True),
        (25, 520, False),
        (25, -480, True),
    ],
)
def test_evaluate_offset_on_grid_hits_within_half_tolerance(
    rate: int, offset_ms: int, hit: bool
) -> None:
    result = scored(
        predicted(("Goal", 1, 60_000 + offset_ms, 0.9)),
        labelled(("Goal", 1, 60_000)),
        metric="at1",
        frame_rate=Fraction(rate),
    )
    assert result.overall.per_class["Goal"] == (1 if hit else 0)


def test_evaluate_class_without_labels_counts_as_zero_and_warns() -> None:
    with pytest.warns(
        SpotkickWarning,
        match="1 of 3 classes have no label here and count as 0 in every mean: Corner",
    ):
        result = evaluate(
            predicted(("Goal", 1, 1000, 0.9), ("Card", 2, 1000, 0.9)),
            labelled(("Goal", 1, 1000), ("Card", 2, 1000)),
            THREE,
        )
    assert result.average_map == pytest.approx(2 / 3)


def test_evaluate_every_dropped_entry_warns() -> None:
    predictions = predicted(
        ("Goal", 1, 1000, 0.9),
        ("Goal", 1, 1100, 0.2),  # same frame
        ("Golazo", 1, 1000, 0.9),
        ("Goal", 3, 1000, 0.9),
        ("Card", 1, 7_300_000, 0.9),
        ("Card", 2, -700, 0.9),
        ("Card", 2, -8_000_000, 0.9),
        ("Card", 2, 5000, -0.1),
        ("Card", 2, 6000, float("nan")),
        ("Card", 2, 9000, 1.2),
    )
    predictions += [MatchActions("other", ())]
    messages = " | ".join(
        scored(
            predictions,
            labelled(("Goal", 1, 1000), ("Card", 1, 1000), ("Corner", 1, 0)),
            periods=(1, 2),
        ).warnings
    )
    for expected in (
        "1 predictions with labels outside the class list were left out: 'Golazo' (1)",
        "1 predictions in periods other than 1 and 2",
        "1 predictions after 120 minutes were moved",
        "1 predictions before the start of their period were counted back",
        "1 predictions more than 120 minutes before the start",
        "1 predictions share class and frame with a later one",
        "2 predictions with a confidence below 0 or not a number",
        "1 predictions have a confidence above 1",
        "predictions for 1 matches without labels were left out, the first is 'other'",
    ):
        assert expected in messages


def test_evaluate_clean_input_has_no_warning() -> None:
    truth = labelled(("Goal", 1, 1000), ("Card", 2, 5000), ("Corner", 1, 7000))
    result = evaluate(predicted(("Goal", 1, 1000, 0.5)), truth, THREE)
    assert result.warnings == ()


def test_evaluate_missing_match_is_named() -> None:
    with pytest.raises(
        InputError, match=r"no predictions for 1 of 1 labelled matches, the first is 'm'.*'n'"
    ):
        evaluate(predicted(("Goal", 1, 0, 1.0), match="n"), labelled(("Goal", 1, 0)), THREE)


def test_evaluate_repeated_match_is_refused() -> None:
    with pytest.raises(InputError, match="labels for match 'm' come twice"):
        evaluate(predicted(), labelled(("Goal", 1, 0)) * 2, THREE)


def test_evaluate_labels_as_predictions_are_refused() -> None:
    with pytest.raises(InputError, match="Goal at 1 - 00:00 has no confidence"):
        evaluate(labelled(("Goal", 1, 0)), labelled(("Goal", 1, 0)), THREE)


def test_evaluate_no_labels_is_refused() -> None:
    with pytest.raises(InputError, match="no labels"):
        evaluate([], [], THREE)


@pytest.mark.parametrize("metric", ["lose", "at0", "at6", "at11", "", [], [0.0], [float("nan")]])
def test_tolerances_of_unknown_metric_is_refused(metric: Any) -> None:
    with pytest.raises(ConfigError, match=r"metric|tolerances"):
        tolerances_of(metric)


def test_evaluate_empty_predictions_score_zero() -> None:
    assert scored([MatchActions("m", ())], labelled(("Goal", 1, 0))).average_map == 0


def test_evaluate_labels_without_actions_score_zero() -> None:
    assert scored(predicted(("Goal", 1, 0, 0.5)), [MatchActions("m", ())]).average_map == 0


def test_to_json_spotting_score_has_documented_keys() -> None:
    shown = Action("Goal", 1, 1000, visibility=Visibility.VISIBLE)
    hidden = Action("Goal", 2, 1000, visibility=Visibility.NOT_SHOWN)
    document = scored(
        predicted(("Goal", 1, 1000, 0.9)), [MatchActions("m", (shown, hidden))]
    ).to_json()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert {
        "average_map",
        "per_class",
        "visible",
        "unshown",
        "map_at",
        "n_videos",
        "warnings",
    } <= set(document)
    assert list(document["map_at"])[:2] == ["5", "10"]
    assert document["visible"]["per_class"]["Goal"] == 1
    assert document["unshown"]["per_class"]["Goal"] == 0
    assert document["n_videos"] == 1


def test_average_over_tolerances_values_is_trapezoid() -> None:
    values = np.array([0.1, 0.5, 0.2, 0.9])
    assert average_over_tolerances(values) == pytest.approx(np.trapezoid(values) / 3)
    assert average_over_tolerances(values[:1]) == 0.1


def test_evaluate_fractional_frame_rate_is_exact() -> None:
    rate = Fraction(30000, 1001)
    result = scored(
        predicted(("Goal", 1, 60_000, 0.9)),
        labelled(("Goal", 1, 60_010)),
        metric="at1",
        frame_rate=rate,
    )
    assert result.overall.per_class["Goal"] == 1
