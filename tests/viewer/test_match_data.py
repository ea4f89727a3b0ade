from spotkick.actions import Action
from spotkick.viewer.match_data import order_classes


def test_order_classes_takes_the_smallest_list_that_holds_all() -> None:
    assert (
        order_classes(
            (), [action.label for action in (Action("Goal", 1, 0), Action("Corner", 1, 0))]
        )[0]
        == "Penalty"
    )
    assert order_classes(("B", "A"), ["C", "A"]) == ("B", "A", "C")
