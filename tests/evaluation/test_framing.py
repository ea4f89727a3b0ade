"""The frame grid: where each position falls, as in the official vectors."""

from fractions import Fraction

import pytest

from spotkick.actions import Action, ActionClasses, MatchActions, Visibility
from spotkick.evaluation.frames import FrameGrid
from spotkick.evaluation.framing import frame_labels, frame_predictions

CLASSES = ActionClasses(("a", "b"), aliases={"A": "a"})


def grid(rate: int | Fraction = 2, matches: tuple[str, ...] = ("m",)) -> FrameGrid:
    return FrameGrid(matches, CLASSES, Fraction(rate))


@pytest.mark.parametrize(
    ("rate", "position_ms", "frame"),
    [
        (2, 0, 0),
        (2, 499, 0),
        (2, 500, 1),
        (2, -400, 0),  # cut towards zero
        (2, -500, 14_399),  # a negative index counts from the end
        (2, -1700, 14_397),
        (2, 7_199_999, 14_399),
        (2, 7_200_000, 14_399),
        (2, 9_000_000, 14_399),
        (25, 1160, 28),  # 25 * 1.16 is a little less than 29 in floating point, there as here
        (25, 1200, 30),
        (Fraction(30000, 1001), 1001, 30),
    ],
)
def test_frame_labels_positions_fall_on_official_frames(
    rate: int | Fraction, position_ms: int, frame: int
) -> None:
    labels, _ = frame_labels([MatchActions("m", (Action("a", 1, position_ms),))], grid(rate))
    assert labels.frame.tolist() == [frame]
    if rate == 2 or rate == 25:
        vector = [0] * (7200 * int(rate))
        vector[min(int(int(rate) * (position_ms / 1000)), len(vector) - 1)] = 1
        assert vector.index(1) == frame


def test_frame_labels_unordered_actions_are_sorted_by_series() -> None:
    sets = [
        MatchActions(
            "m",
            (
                Action("b", 2, 1000),
                Action("A", 1, 9000, visibility=Visibility.NOT_SHOWN),
                Action("a", 1, 500),
            ),
        ),
        MatchActions("n", (Action("b", 1, 0, visibility=Visibility.VISIBLE),)),
    ]
    labels, messages = frame_labels(sets, grid(matches=("m", "n")))
    assert messages == []
    assert labels.match_index.tolist() == [0, 0, 0, 1]
    assert labels.period.tolist() == [1, 1, 2, 1]
    assert labels.class_index.tolist() == [0, 0, 1, 1]
    assert labels.frame.tolist() == [1, 18, 2, 0]
    assert labels.value.tolist() == [1, -1, 1, 1]
    assert labels.source.tolist() == [2, 1, 0, 3]
    assert (labels.key[1:] > labels.key[:-1]).all()


def test_frame_labels_shared_frame_keeps_later_entry() -> None:
    spots = (Action("a", 1, 500, 0.9), Action("a", 1, 999, 0.1), Action("b", 1, 500, 0.8))
    predictions, messages = frame_predictions([MatchActions("m", spots)], grid())
    assert predictions.value.tolist() == [0.1, 0.8]
    assert messages == ["1 predictions share class and frame with a later one, which replaced them"]


def test_frame_predictions_negative_confidence_takes_its_frame() -> None:
    spots = (Action("a", 1, 500, 0.9), Action("a", 1, 500, -1.0))
    predictions, messages = frame_predictions([MatchActions("m", spots)], grid())
    assert len(predictions) == 0
    assert len(messages) == 2


def test_frame_labels_other_periods_are_counted() -> None:
    wide = FrameGrid(("m",), CLASSES, Fraction(2), periods=(1, 2, 3, 4))
    labels, messages = frame_labels(
        [MatchActions("m", (Action("a", 4, 0), Action("a", 5, 0)))], wide
    )
    assert labels.period.tolist() == [4]
    assert messages == ["1 labels in periods other than 1 and 2 and 3 and 4 were left out"]
