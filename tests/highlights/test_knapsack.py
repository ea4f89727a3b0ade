from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.errors import InputError
from spotkick.highlights.candidates import Candidate
from spotkick.highlights.clips import Clip
from spotkick.highlights.knapsack import choose_clips


def clip(label: str, value: float, duration_s: float, start_s: float = 0.0) -> Clip:
    candidate = Candidate(label, 1, start_s, value)
    return Clip(1, start_s, start_s + duration_s, (candidate,), value, candidate)


def worth(chosen: Sequence[Clip], share: float) -> float:
    total = 0.0
    for label in Counter(item.main.label for item in chosen):
        values = sorted((item.value for item in chosen if item.main.label == label), reverse=True)
        total += sum(value * max(0.01, share**rank) for rank, value in enumerate(values))
    return total


def best_by_trying(clips: Sequence[Clip], budget_s: float, share: float) -> float:
    return max(
        worth(chosen, share)
        for size in range(len(clips) + 1)
        for chosen in combinations(clips, size)
        if sum(item.duration_s for item in chosen) <= budget_s + 1e-9
    )


clip_lists = st.lists(
    st.builds(
        clip,
        st.sampled_from(["goal", "card", "corner"]),
        st.integers(1, 50).map(float),
        st.integers(1, 60).map(lambda t: t / 10),
    ),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=50)
@given(clip_lists, st.integers(1, 200).map(lambda t: t / 10), st.sampled_from([1.0, 0.85, 0.5]))
def test_choose_clips_small_sets_equal_exhaustive_search(
    clips: list[Clip], budget_s: float, share: float
) -> None:
    if min(item.duration_s for item in clips) > budget_s:
        with pytest.raises(InputError, match="shortest clip"):
            choose_clips(clips, budget_s, repeat_share=share)
        return
    chosen = choose_clips(clips, budget_s, repeat_share=share)
    assert sum(item.duration_s for item in chosen) <= budget_s + 1e-9
    assert worth(chosen, share) == pytest.approx(best_by_trying(clips, budget_s, share))
    positions = [next(i for i, item in enumerate(clips) if item is one) for one in chosen]
    assert positions == sorted(positions)
    assert choose_clips(clips, budget_s, repeat_share=share) == chosen


@settings(deadline=None, max_examples=20)
@given(st.lists(st.floats(3, 75), min_size=30, max_size=60), st.floats(300, 1500))
def test_choose_clips_long_reels_stay_within_budget(
    durations: list[float], budget_s: float
) -> None:
    clips = [clip("goal", 1 + 0.01 * number, duration) for number, duration in enumerate(durations)]
    chosen = choose_clips(clips, budget_s)
    total = sum(item.duration_s for item in chosen)
    assert total <= budget_s
    assert total >= min(sum(durations), budget_s) - 75 - len(clips)


def test_choose_clips_repeat_share_prefers_variety() -> None:
    clips = [clip("corner", 0.5, 10, 20 * number) for number in range(4)] + [
        clip("card", 0.4, 10, 100)
    ]
    labels = [item.main.label for item in choose_clips(clips, 30, repeat_share=0.7)]
    assert Counter(labels) == {"corner": 2, "card": 1}
    greedy = [item.main.label for item in choose_clips(clips, 30, repeat_share=1.0)]
    assert Counter(greedy) == {"corner": 3}


def test_choose_clips_enough_room_keeps_all() -> None:
    clips = [clip("goal", 1, 10), clip("card", 0, 10)]
    assert choose_clips(clips, 20) == tuple(clips)
    assert choose_clips([], 20) == ()


@pytest.mark.parametrize(
    ("count", "length_s", "budget_s"), [(1030, 2.0, 1500.0), (600, 3.0, 900.0), (400, 1.0, 333.3)]
)
def test_choose_clips_hundreds_of_one_class_fill_the_budget(
    count: int, length_s: float, budget_s: float
) -> None:
    clips = [clip("goal", 0.9, length_s, 3.0 * number) for number in range(count)]
    chosen = choose_clips(clips, budget_s)
    assert len(chosen) == int(budget_s / length_s)
