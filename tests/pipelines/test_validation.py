"""Thresholds that a checkpoint keeps."""

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.evaluation import AssignmentResult, assign_predictions
from spotkick.pipelines.validation import choose_display_thresholds


def assign(found: list[Action], truth: list[Action]) -> AssignmentResult:
    return assign_predictions(
        [MatchActions("m", tuple(found))],
        [MatchActions("m", tuple(truth))],
        ActionClasses(("common", "rare", "none")),
        tolerances_s=(20.0,),
        frame_rate=2,
        periods=(1,),
    )


def test_choose_display_thresholds_rare_class_lies_below_its_only_hit() -> None:
    truth = [Action("common", 1, 60_000 * number) for number in range(1, 31)]
    spots = [Action("common", 1, 60_000 * number, 0.8) for number in range(1, 31)]
    penalty = Action("rare", 1, 90_000)
    hit, weaker = Action("rare", 1, 90_000, 0.3), Action("rare", 1, 900_000, 0.2)
    chosen = choose_display_thresholds(assign([*spots, hit, weaker], [*truth, penalty]))
    assert 0.2 < chosen["rare"] < 0.3


def test_choose_display_thresholds_class_without_spots_has_none() -> None:
    chosen = choose_display_thresholds(
        assign(
            [Action("common", 1, 60_000, 0.8)], [Action("common", 1, 60_000), Action("rare", 1, 5)]
        )
    )
    assert "common" in chosen
    assert "rare" not in chosen


def test_choose_display_thresholds_no_hit_at_all_has_none() -> None:
    far = assign([Action("common", 1, 600_000, 0.8)] * 20, [Action("rare", 1, 5)] * 12)
    assert "rare" not in choose_display_thresholds(far)
