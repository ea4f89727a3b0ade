import pytest

from spotkick.actions import SOCCERNET_BALL, SOCCERNET_V1, SOCCERNET_V2, Action, MatchActions
from spotkick.doctor.options import DoctorOptions, guess_classes


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["Goal", "Foul", "Corner"], SOCCERNET_V2),
        (["soccer-ball", "y-card"], SOCCERNET_V1),
        (["PASS", "DRIVE", "mistyped"], SOCCERNET_BALL),
        (["smash", "drop"], None),
        ([], None),
    ],
)
def test_guess_classes_takes_the_list_of_most_labels(labels: list[str], expected: object) -> None:
    assert (
        guess_classes([MatchActions("m", tuple(Action(label, 1, 0) for label in labels))])
        is expected
    )


def test_task_for_own_ball_classes_has_the_grid_of_ball_actions() -> None:
    match = MatchActions("m", (Action("PASS", 1, 0), Action("DRIVE", 1, 1)))
    options = DoctorOptions()
    assert options.grid_rate(options.task_for([match])) == 25
    assert options.grid_rate(None) == 2
