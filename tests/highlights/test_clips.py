from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.errors import ConfigError
from spotkick.highlights.candidates import Candidate
from spotkick.highlights.clips import Clip, clips_overlap, make_clips, merge_touching, snap_clips
from spotkick.highlights.config import HighlightsConfig

LONG = {1: 3000.0, 2: 3000.0}


def test_lead_of_class_follows_from_slicing_or_setting() -> None:
    config = HighlightsConfig(lead_s={"Corner": (3, 4)}, slicing_s={"Free-kick": (-6, -3, 9, 12)})
    assert config.lead_of("Goal") == (15, 30)
    assert config.lead_of("goal") == (15, 30)
    assert config.lead_of("Yellow card") == (15, 10)
    assert config.lead_of("Corner") == (3, 4)
    assert config.lead_of("Free-kick") == (4.5, 9)
    assert config.lead_of("Unknown class") == (15, 10)
    with pytest.raises(ConfigError):
        HighlightsConfig.parse({"spot_threshold": 2})


def test_make_clips_near_candidates_share_a_clip_inside_the_video() -> None:
    candidates = [
        Candidate("Goal", 1, 5, 0.9),
        Candidate("Yellow card", 1, 37, 0.5),
        Candidate("Goal", 2, 2990, 0.8),
        Candidate("Goal", 2, 4000, 1),
    ]
    first, second = make_clips(candidates, LONG)
    assert (first.start_s, first.end_s, first.title) == (0, 35, "Goal, Yellow card")
    assert first.main.label == "Goal"
    assert first.value == pytest.approx(0.9)
    assert (second.start_s, second.end_s) == (2975, 3000)
    assert "confidence 0.90; Yellow card spotted at 1 - 00:37" in first.reason


def test_make_clips_goal_just_behind_the_clip_of_another_is_shown() -> None:
    candidates = [Candidate("Goal", 1, 252, 1), Candidate("Goal", 1, 283.5, 1)]
    first, second = make_clips([*candidates, Candidate("Kick-off", 1, 262, 1)], LONG)
    assert (first.start_s, first.end_s) == (237, 268.5)
    assert (second.start_s, second.end_s) == (268.5, 313.5)
    assert [item.label for item in first.candidates] == ["Goal", "Kick-off"]
    assert [item.position_s for item in second.candidates] == [283.5]


def test_make_clips_neighbours_touch_and_merge_into_one() -> None:
    candidates = [
        Candidate("Penalty", 1, 80, 0.9),
        Candidate("Goal", 1, 110, 0.9),
        Candidate("Corner", 1, 150, 0.9),
    ]
    clips = make_clips(candidates, LONG)
    assert [(clip.start_s, clip.end_s, clip.main.label) for clip in clips] == [
        (65, 95, "Penalty"),
        (95, 140, "Goal"),
        (140, 180, "Corner"),
    ]
    (joined,) = merge_touching(clips)
    assert (joined.start_s, joined.end_s, joined.main.label, len(joined.candidates)) == (
        65,
        180,
        "Goal",
        3,
    )
    assert len(merge_touching([clips[0], clips[2]])) == 2
    assert len(merge_touching([clips[0], clips[2]], gap_s=45)) == 1


def test_make_clips_classes_of_little_interest_only_without_others() -> None:
    throw_ins = [Candidate("Throw-in", 1, 100 * number, 0.9) for number in range(1, 4)]
    assert len(make_clips(throw_ins, LONG)) == 3
    assert [
        clip.title for clip in make_clips([*throw_ins, Candidate("Goal", 1, 900, 0.5)], LONG)
    ] == ["Goal"]


def test_make_clips_peaks_and_excluded_classes_are_worth_less() -> None:
    config = HighlightsConfig(interest={"Throw-in": 0})
    spot, peak = Candidate("Goal", 1, 100, 0.6), Candidate("Goal", 1, 500, 0.6, spotted=False)
    values = [
        clip.value
        for clip in make_clips([spot, peak, Candidate("Throw-in", 1, 900, 1)], LONG, config)
    ]
    assert values == pytest.approx([0.6, 0.36])


candidate_lists = st.lists(
    st.builds(
        Candidate,
        st.sampled_from(["Goal", "Corner", "Foul"]),
        st.integers(1, 2),
        st.floats(0, 400),
        st.floats(0.1, 1),
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=50)
@given(candidate_lists)
def test_make_clips_any_candidates_never_overlap_and_lose_none(candidates: list[Candidate]) -> None:
    clips = make_clips(candidates, {1: 390.0, 2: 500.0}, HighlightsConfig(least_value=0))
    assert not clips_overlap(clips)
    assert all(
        (one.period, one.start_s) < (other.period, other.start_s) for one, other in pairwise(clips)
    )
    assert all(0 < clip.duration_s <= 45 + 1e-9 for clip in clips)
    shown = [candidate for clip in clips for candidate in clip.candidates]
    inside = [item for item in candidates if item.position_s < {1: 390, 2: 500}[item.period]]
    assert sorted(map(repr, shown)) == sorted(map(repr, inside))
    assert all(
        clip.start_s - 3 <= item.position_s <= clip.end_s + 3
        for clip in clips
        for item in clip.candidates
    )


def clip(start_s: float, end_s: float, at_s: float, value: float = 1.0) -> Clip:
    candidate = Candidate("Goal", 1, at_s, value)
    return Clip(1, start_s, end_s, (candidate,), value, candidate)


def snapped(
    clips: list[Clip], changes: list[float], budget_s: float = 1e9
) -> list[tuple[float, float]]:
    def find_changes(_: int, first_s: float, last_s: float) -> list[float]:
        return [change for change in changes if first_s <= change <= last_s]

    return [
        (item.start_s, item.end_s)
        for item in snap_clips(clips, find_changes, snap_s=2, budget_s=budget_s)
    ]


def test_snap_clips_ends_move_to_nearest_change() -> None:
    assert snapped([clip(10, 30, 20)], [8.5, 10.9, 12.5, 33, 28.2]) == [(10.9, 28.2)]


def test_snap_clips_ends_pass_neither_candidates_nor_other_clips() -> None:
    assert snapped([clip(10, 12, 11)], [11.5, 10.5]) == [(10, 12)]
    assert snapped([clip(10, 30, 20), clip(31, 50, 40)], [31.5]) == [(10, 30), (31.5, 50)]


def test_snap_clips_budget_is_kept_and_best_clip_moves_first() -> None:
    clips = [clip(10, 30, 20, value=1), clip(40, 60, 50, value=2)]
    assert snapped(clips, [9, 39], budget_s=41) == [(10, 30), (39, 60)]
    assert snapped(clips, [9, 39, 28], budget_s=41) == [(9, 28), (39, 60)]
