import math
import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotkick.actions import SOCCERNET_V2, Action, ActionClasses, MatchActions, Visibility
from spotkick.errors import InputError
from spotkick.evaluation import assign_predictions, count_curve, count_spots, evaluate
from spotkick.evaluation.error_analysis import KINDS, find_errors
from spotkick.evaluation.error_costs import error_costs
from spotkick.evaluation.operating_points import tune_class_thresholds
from spotkick.evaluation.resampling import MIN_MATCHES
from spotkick.evaluation.uncertainty import bootstrap
from spotkick.formats.scores import MatchScores, write_scores
from spotkick.report.evaluation import ReportOptions, evaluation_page, read_score_files
from spotkick.report.names import ReportNames
from spotkick.report.operating import operating_points, points_table
from spotkick.report.segmentation import ScoreExample, segmentation_section
from spotkick.report.system import TuningSet, score_system
from spotkick.tasks import SOCCERNET_V2_TASK

SECTIONS = [
    "overview",
    "classes",
    "tolerances",
    "time",
    "distance",
    "operating",
    "calibration",
    "errors",
    "segmentation",
]
RATE = Fraction(2)
QUICK = ReportOptions(resamples=2)
SHOWN = Visibility.VISIBLE
ATTACK = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


def scores_of(
    labels: list[MatchActions], classes: ActionClasses = SOCCERNET_V2
) -> list[MatchScores]:
    values = np.random.default_rng(0).random((5600, len(classes)), dtype=np.float32)
    return [
        MatchScores(match.match, classes.names, RATE, {1: values, 2: values}) for match in labels
    ]


def cells(page: str, row: str) -> list[str]:
    """The first row with this header."""
    found = re.search(rf'<tr><th class="text" scope="row">{row}</th>(.*?)</tr>', page)
    assert found is not None
    return re.findall(r"<td[^>]*>([^<]*)<", found[1])


@pytest.fixture
def made(planted: Callable[..., Any]) -> tuple[str, Any, Any]:
    predictions, labels = planted(matches=MIN_MATCHES)
    return (
        evaluation_page(
            predictions, labels, scores=scores_of(labels), options=ReportOptions(resamples=50)
        ),
        predictions,
        labels,
    )


@pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")
def test_evaluation_page_planted_sets_holds_scores_of_evaluator(made: Any, check: Any) -> None:
    document, predictions, labels = made
    page = check(document)
    assert [given["id"] for name, given in page.elements if name == "section"] == SECTIONS
    loose, tight = (evaluate(predictions, labels, metric=metric) for metric in ("loose", "tight"))
    assert f"{100 * loose.average_map:.1f}" in page.text
    system = score_system(predictions, labels, SOCCERNET_V2_TASK, resamples=50, seed=0)
    within = bootstrap(system.loose, resamples=50).average_map
    assert f"95 % interval {100 * within.low:.1f} to {100 * within.high:.1f}" in page.text.replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert loose.visible is not None
    assert loose.unshown is not None
    for name in ("Corner", "Penalty"):
        values = [
            part.per_class[name]
            for part in (loose.overall, loose.visible, loose.unshown, tight.overall)
        ]
        row = cells(document, name)
        assert row[:2] == [str(loose.num_labels[name]), str(loose.num_predictions[name])]
        shown, hidden = loose.num_visible[name], loose.num_unshown[name]
        counted = ["", f" ({shown})", f" ({hidden})", ""]
        assert [row[2], *row[4:]] == [
            f"{100 * value:.1f}{count}" for value, count in zip(values, counted, strict=True)
        ]


def test_evaluation_page_errors_are_those_of_taxonomy(made: Any) -> None:
    document, predictions, labels = made
    system = score_system(predictions, labels, SOCCERNET_V2_TASK, resamples=2, seed=0)
    costs = error_costs(system.loose, 10.0)
    used = find_errors(
        system.loose, 10.0, thresholds=tune_class_thresholds(system.loose, 10.0)
    ).counts()
    for kind in KINDS:
        row = cells(document, str(kind).capitalize())
        assert row[2:] == [
            str(sum(counts[kind] for counts in used.values())),
            f"{100 * costs[kind]:+.1f}",
        ]


def test_evaluation_page_loads_nothing_and_each_chart_has_table(made: Any, check: Any) -> None:
    document, _, _ = made
    page = check(document)
    assert "http" not in document.replace("http-equiv", "")
    assert not re.findall(r"url\(|@import|\bfetch\(|XMLHttp", document)
    assert not {"src", "onclick"} & {key for _, given in page.elements for key in given}
    assert page.count("figure") == page.count("figcaption") >= 8
    figures = re.findall(r"<figure>.*?</figure>", document, re.DOTALL)
    assert all("<table>" in figure for figure in figures)
    links = [given["href"] for name, given in page.elements if name == "a"]
    assert links == [f"#{name}" for name in SECTIONS]


def test_evaluation_page_hostile_names_become_no_markup(
    planted: Callable[..., Any], check: Any
) -> None:
    classes = ActionClasses(
        tuple(name if name != "Corner" else ATTACK for name in SOCCERNET_V2.names), name=ATTACK
    )
    hostile = [
        [
            MatchActions(
                m.match,
                tuple(
                    replace(a, label=ATTACK) if a.label in ("Corner", "Foul") else a
                    for a in m.actions
                ),
            )
            for m in sets
        ]
        for sets in planted(name=ATTACK)
    ]
    extra = Action("<b id=unknown>", 1, 0, 0.5)
    predictions = [MatchActions(m.match, (*m.actions, extra)) for m in hostile[0]]
    options = ReportOptions(
        title=ATTACK,
        names=ReportNames(ATTACK, ATTACK, ATTACK, ATTACK),
        messages=[ATTACK],
        resamples=2,
    )
    document = evaluation_page(
        predictions, hostile[1], classes, scores=scores_of(hostile[1], classes), options=options
    )
    page = check(document)
    assert page.count("script") == 1
    assert page.count("img") == page.count("b") == 0
    assert page.text.count(ATTACK) > 10
    assert "<b id=unknown>" in page.text


def test_evaluation_page_dropped_predictions_are_reported(planted: Callable[..., Any]) -> None:
    predictions, labels = planted(matches=1)
    late = Action("Corner", 1, 3 * 3_600_000, 0.5)
    document = evaluation_page(
        [MatchActions(labels[0].match, (*predictions[0].actions, late))], labels, options=QUICK
    )
    assert "1 predictions after 120 minutes were moved to the last frame" in document
    assert 'id="segmentation"' not in document


def test_evaluation_page_no_predictions_is_complete(
    planted: Callable[..., Any], check: Any
) -> None:
    _, labels = planted(matches=1)
    page = check(evaluation_page([MatchActions(labels[0].match, ())], labels, options=QUICK))
    assert "nan" not in page.text.lower().split()


def test_segmentation_section_lanes_show_labels_and_confident_spots() -> None:
    classes = ActionClasses(("a", "b", "c"))
    labels = [MatchActions("m", (Action("a", 2, 60_000), Action("b", 2, 10_000)))]
    spots = [
        MatchActions(
            "m", (Action("a", 2, 61_000, 0.9), Action("a", 2, 90_000, 0.2), Action("c", 1, 0, 0.9))
        )
    ]
    values = np.zeros((400, 3), dtype=np.float32)
    values[121, 0] = 1  # one frame, shorter than a step of the curve
    section = segmentation_section(
        [MatchScores("m", classes.names, RATE, {2: values})], spots, labels, classes
    )
    assert section is not None
    names = re.search(r'<div class="names">(.*?)</div></div>', section.content)
    assert names is not None
    assert re.findall("<div>(.)", names[1]) == ["a", "b"]
    assert "Spot: a, 1:01, confidence 0.90" in section.content
    assert "1:30" not in section.content
    assert 'class="truth" d="M300.0 0v14"' in section.content  # 60 of 200 s
    assert "L305 4L" in section.content  # the peak reaches the top of its lane


def test_segmentation_section_lanes_show_unspotted_peaks() -> None:
    classes = ActionClasses(("Goal", "Corner", "Foul"))
    labels = [MatchActions("m", (Action("Goal", 2, 60_000),))]
    spots = [MatchActions("m", (Action("Goal", 2, 61_000, 0.4), Action("Goal", 2, 150_000, 0.3)))]
    values = np.zeros((400, 3), dtype=np.float32)
    values[[124, 300, 350], 0] = [
        0.9,
        0.57,
        0.45,
    ]  # near the spot, far from it (the spot there is too weak), too low
    values[100, 1] = 0.54
    section = segmentation_section(
        [MatchScores("m", classes.names, RATE, {2: values})], spots, labels, classes
    )
    assert section is not None
    tips = re.findall(
        r'class="possible" d="M([0-9.]+) [0-9.]+h0" data-tip="([^"]*)"', section.content
    )
    assert tips == [
        ("750.0", "Possible goal, 2:30, score 0.57, no spot near it"),
        ("250.0", "Possible corner, 0:50, score 0.54, no spot near it"),
    ]
    assert "Spot: Goal, 1:01" in section.content
    rows = re.findall(
        r'<th class="text" scope="row">(\w+)</th><td class="text">([\w ]+)</td>', section.content
    )
    assert rows == [
        ("Corner", "unspotted peak"),
        ("Goal", "label"),
        ("Goal", "spot"),
        ("Goal", "unspotted peak"),
    ]
    strict = segmentation_section(
        [MatchScores("m", classes.names, RATE, {2: values})],
        spots,
        labels,
        classes,
        thresholds=dict.fromkeys(classes.names, 0.5),
    )
    assert strict is not None
    assert strict.content.count('class="spot"') == 1  # that of the key
    assert strict.content.count('class="possible"') == 4  # key, corner, and both peaks of goal


def test_evaluation_page_tuning_set_is_used_and_named(planted: Callable[..., Any]) -> None:
    predictions, labels = planted()
    # on the other set, everything is found with confidences near 1, and errors lie lower
    other_labels = [MatchActions(f"v{n}", match.actions) for n, match in enumerate(labels)]
    other = [
        MatchActions(
            match.match,
            tuple(
                replace(a, confidence=0.9 if n % 2 else 0.2) for n, a in enumerate(match.actions)
            ),
        )
        for match in other_labels
    ]
    tuned = TuningSet("runs/valid", other, other_labels)
    document = evaluation_page(predictions, labels, tuned=tuned, options=QUICK)
    assert (
        "The threshold is chosen on runs/valid (4 matches, 160 labels) and applied to this set."
        in document
    )
    assert "chosen on runs/valid." in document
    assert "chosen on this very set" not in document
    assignment = assign_predictions(
        predictions, labels, SOCCERNET_V2, tolerances_s=(10.0,), frame_rate=RATE
    )
    chosen = tune_class_thresholds(tuned.assign(assignment.labels.grid, (10.0,)), 10.0)
    counts = count_spots(assignment, chosen, 10.0)
    points = operating_points(predictions, labels, SOCCERNET_V2_TASK, tuned)["operating_points"]
    assert points["per_class"]["Corner"]["tp"] == counts["Corner"].true_positives
    section = document[document.index("chosen on runs/valid.") :]
    row = cells(section, "Corner")
    assert row[1:4] == [str(getattr(counts["Corner"], f"{what}s")) for what in COUNTED]


COUNTED = ("true_positive", "false_positive", "false_negative")


def test_operating_points_class_without_hits_has_no_threshold(planted: Callable[..., Any]) -> None:
    predictions, labels = planted(matches=1)
    nothing = TuningSet("v", [MatchActions("v", ())], [MatchActions("v", ())])
    points = operating_points(predictions, labels, SOCCERNET_V2_TASK, nothing)
    assert {one["threshold"] for one in points["operating_points"]["per_class"].values()} == {None}
    assert "Corner" in points_table(points)


def test_evaluation_page_legacy_frames_change_axis(planted: Callable[..., Any]) -> None:
    predictions, labels = planted()
    document = evaluation_page(
        predictions, labels, options=ReportOptions(resamples=2, legacy_frames=True)
    )
    assert "Tolerance (frames)" in document
    assert "Tolerances are in frames (2 per second)" in document
    section = document[document.index('id="operating"') :]
    assignment = assign_predictions(
        predictions, labels, SOCCERNET_V2, tolerances_s=(10.0,), frame_rate=RATE
    )  # 20 frames
    ten_seconds = count_curve(assignment)[10.0].values()
    assert cells(section, "20")[1:4] == [
        f"{sum(getattr(one, f'{what}s') for one in ten_seconds):,}" for what in COUNTED
    ]


def test_evaluation_page_substitutions_at_break_are_also_left_out() -> None:
    labels = [
        MatchActions(
            "m",
            (Action("Substitution", 2, 0), Action("Substitution", 2, 90_000), Action("Goal", 1, 0)),
        )
    ]
    found = [MatchActions("m", (Action("Substitution", 2, 90_000, 0.9), Action("Goal", 1, 0, 0.9)))]
    document = evaluation_page(
        found, labels, ActionClasses(("Goal", "Substitution")), options=QUICK
    )
    with_all, without = (
        cells(document, "Average-mAP")[0],
        cells(document, "without 1 labels of Substitution at the break")[0],
    )
    assert float(with_all) < float(without) == 100
    assert "at the break" not in evaluation_page(
        found[:1], [MatchActions("m", labels[0].actions[1:])], options=QUICK
    )


def test_read_score_files_folder_of_predictions_gives_scores(tmp_path: Path) -> None:
    match = MatchScores("l/m", ("a",), RATE, {1: np.ones((4, 1), dtype=np.float32)})
    write_scores(tmp_path / "l/m/scores.npz", match)
    found = read_score_files(tmp_path, ["l/m", "l/other"])
    assert [item.match for item in found] == ["l/m"]
    assert read_score_files(tmp_path / "none.zip", ["l/m"]) == ()


def test_evaluation_page_few_matches_has_no_interval(planted: Callable[..., Any]) -> None:
    predictions, labels = planted(matches=1)
    document = evaluation_page(predictions, labels, options=QUICK)
    assert "1 match: no interval, which needs 10" in document
    assert "95 %" not in document
    assert "bootstrap" not in document


@pytest.mark.parametrize("factor", [100.0, 7.0, math.inf])
def test_evaluation_page_confidences_above_one_have_no_calibration(
    planted: Callable[..., Any], factor: float
) -> None:
    predictions, labels = planted(matches=1)
    scaled = [
        MatchActions(
            m.match,
            tuple(replace(a, confidence=factor * (a.confidence or 0)) for a in m.actions),
        )
        for m in predictions
    ]
    document = evaluation_page(scaled, labels, options=QUICK)
    section = document[document.index('id="calibration"') : document.index('id="errors"')]
    assert "they are no probabilities" in section
    assert "<svg" not in section
    assert "points" not in section
    assert "translate(inf" not in document
    assert "translate(nan" not in document


def test_evaluation_page_class_without_unshown_labels_has_no_value() -> None:
    labels = [
        MatchActions(
            "m",
            (
                Action("Goal", 1, 9000, visibility=Visibility.VISIBLE),
                Action("Foul", 1, 9000, visibility=Visibility.NOT_SHOWN),
            ),
        )
    ]
    found = [MatchActions("m", (Action("Goal", 1, 9000, 0.9), Action("Foul", 1, 9000, 0.9)))]
    document = evaluation_page(found, labels, ["Goal", "Foul"], options=QUICK)
    dash = "\N{EN DASH}"
    assert cells(document, "Goal")[3:5] == ["100.0 (1)", dash]
    assert cells(document, "Foul")[3:5] == [dash, "100.0 (1)"]
    assert "17/13" not in document


@pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")
def test_evaluation_page_unshown_curve_has_the_factor_of_the_table(
    planted: Callable[..., Any],
) -> None:
    predictions, labels = planted(matches=2)
    document = evaluation_page(predictions, labels, options=QUICK)
    score = evaluate(predictions, labels)
    assert score.unshown is not None
    section = document[document.index('id="tolerances"') : document.index('id="time"')]
    assert cells(section, "30")[2] == f"{100 * score.unshown.map_at[30.0] * 17 / 13:.1f}"
    assert "multiplied by 17/13" in section


def test_evaluation_page_near_certain_errors_do_not_read_one() -> None:
    labels = [MatchActions("m", (Action("Goal", 1, 0),))]
    found = [MatchActions("m", (Action("Goal", 2, 9000, 0.99981), Action("Goal", 1, 0, 0.5)))]
    document = evaluation_page(found, labels, ["Goal"], options=QUICK)
    section = document[document.index("The worst errors") :]
    assert "0.9998" in section
    assert "1.00<" not in section


def test_segmentation_section_example_chooses_match_and_period() -> None:
    classes = ActionClasses(("a",))
    labels = [MatchActions(name, (Action("a", 2, 60_000),)) for name in ("m", "n", "o")]
    spots = [MatchActions(name, ()) for name in ("m", "n", "o")]
    values = np.ones((400, 1), dtype=np.float32)
    scores = [MatchScores(name, ("a",), RATE, {1: values, 2: values}) for name in ("m", "n", "o")]

    def caption(**example: Any) -> str:
        section = segmentation_section(
            scores, spots, labels, classes, example=ScoreExample(**example)
        )
        assert section is not None
        return section.content

    assert "scores of o, second half" in caption(match="o")
    assert "scores of o, first half" in caption(match="o", period=1)
    assert "median" not in caption(match="o")
    assert "first half" in caption(period=1)
    with pytest.raises(InputError, match="no scores of match 'p'"):
        caption(match="p")
    with pytest.raises(InputError, match="no scores of period 3 of match 'm'"):
        caption(match="m", period=3)


def test_evaluation_page_no_unshown_labels_has_no_unshown_score() -> None:
    labels = [
        MatchActions("m", tuple(Action("Goal", p, 9000, visibility=SHOWN) for p in (1, 2))),
    ]
    found = [MatchActions("m", (Action("Goal", 1, 9000, 0.9),))]
    document = evaluation_page(found, labels, ["Goal"], options=QUICK)
    assert "of visible labels" in document
    assert "of unshown labels" not in document
    tolerances = document[document.index('id="tolerances"') : document.index('id="time"')]
    assert "Visible" in tolerances
    assert "Unshown" not in tolerances
    assert cells(document, "All")[4] == "\N{EN DASH}"
