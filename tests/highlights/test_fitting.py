import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.errors import InputError
from spotkick.highlights.candidates import Candidate
from spotkick.highlights.clips import Clip, clips_overlap, make_clips
from spotkick.highlights.config import HighlightsConfig
from spotkick.highlights.fitting import find_left_out, fit_clips, is_top, shrink_clip

CONFIG = HighlightsConfig()


def propose(*spots: tuple[str, float, float]) -> tuple[Clip, ...]:
    """Clips of (class, minute of a period of 45 minutes, confidence)."""
    candidates = [Candidate(label, 1, 60 * minute, score) for label, minute, score in spots]
    return make_clips(candidates, {1: 2700.0}, CONFIG)


def labels_of(clips: tuple[Clip, ...]) -> list[str]:
    return [clip.main.label for clip in clips]


@pytest.mark.parametrize(
    ("num_goals", "budget_s"), [(6, 180.0), (6, 60.0), (6, 30.0), (5, 30.0), (2, 30.0), (2, 11.0)]
)
def test_fit_clips_goals_shrink_before_one_is_left_out(num_goals: int, budget_s: float) -> None:
    others = [("Direct free-kick", 41.0, 0.99), ("Yellow card", 43.0, 0.99), ("Corner", 39.0, 1.0)]
    clips = propose(*(("Goal", 5.0 * n + 2, 0.5) for n in range(num_goals)), *others)
    chosen = fit_clips(clips, budget_s, CONFIG)
    assert labels_of(chosen).count("Goal") == num_goals
    assert sum(clip.duration_s for clip in chosen) <= budget_s + 1e-9
    for clip in chosen:
        assert clip.start_s <= clip.main.position_s - 2
        assert clip.end_s >= clip.main.position_s + 3


@pytest.mark.parametrize(
    ("minutes", "budget_s", "num_shown"),
    [
        ((10, 10.5), 25.0, 2),
        ((10, 10.2, 10.4), 12.0, 2),
        ((10, 10.06), 6.0, 1),
        ((10, 10.4), 5.0, 1),
    ],
)
def test_fit_clips_goals_of_one_clip_that_is_too_long_are_shown_apart(
    minutes: tuple[float, ...], budget_s: float, num_shown: int
) -> None:
    clips = propose(*(("Goal", minute, 0.9 - 0.1 * n) for n, minute in enumerate(minutes)))
    assert len(clips) == 1
    chosen = fit_clips(clips, budget_s, CONFIG)
    assert len(chosen) == num_shown
    assert sum(clip.duration_s for clip in chosen) <= budget_s + 1e-9
    assert not clips_overlap(chosen)
    assert len(find_left_out(clips, chosen, budget_s, CONFIG)) == (num_shown < len(minutes))


def test_fit_clips_penalty_and_red_card_are_top_as_well() -> None:
    clips = propose(("Penalty", 10, 0.4), ("Red card", 20, 0.4), ("Corner", 30, 1.0))
    assert labels_of(fit_clips(clips, 12, CONFIG)) == ["Penalty", "Red card"]


def test_fit_clips_enough_room_keeps_full_lengths() -> None:
    clips = propose(("Goal", 5, 0.9), ("Yellow card", 20, 0.9))
    assert fit_clips(clips, 600, CONFIG) == clips


def test_fit_clips_room_that_goals_leave_goes_to_others() -> None:
    clips = propose(*(("Goal", 2.0 * n + 2, 0.9) for n in range(4)), ("Yellow card", 20, 0.9))
    chosen = fit_clips(clips, 206, CONFIG)
    assert labels_of(chosen) == ["Goal"] * 4 + ["Yellow card"]
    assert [clip.duration_s for clip in chosen] == [45] * 4 + [25]


def test_fit_clips_more_goals_than_shortest_lengths_takes_the_best() -> None:
    clips = propose(*(("Goal", 3.0 * n + 2, 0.3 + 0.05 * n) for n in range(10)))
    chosen = fit_clips(clips, 20, CONFIG)
    assert [clip.main.score for clip in chosen] == pytest.approx([0.6, 0.65, 0.7, 0.75])
    left_out = find_left_out(clips, chosen, 20, CONFIG)
    assert len(left_out) == 6
    assert {item.why for item in left_out} == {"no room in 20 s"}


def test_fit_clips_too_short_for_any_clip_raises() -> None:
    with pytest.raises(InputError, match=r"no room for the shortest clip \(5.0 s\)"):
        fit_clips(propose(("Goal", 5, 0.9)), 4, CONFIG)


def test_fit_clips_without_top_classes_shrinks_rather_than_fails() -> None:
    (chosen,) = fit_clips(propose(("Corner", 5, 0.9), ("Foul", 20, 0.9)), 9, CONFIG)
    assert chosen.duration_s == pytest.approx(9)


def test_shrink_clip_goal_and_red_card_in_one_clip_stay_both() -> None:
    (clip,) = propose(("Goal", 10, 0.9), ("Red card", 10.4, 0.5), ("Corner", 10.2, 0.9))
    shortest = shrink_clip(clip, 0.0, CONFIG)
    assert (shortest.start_s, shortest.end_s) == (598, 627)
    assert len(shortest.candidates) == 3
    assert shrink_clip(clip, 1.0, CONFIG) == clip


def test_find_left_out_candidate_cut_off_a_shortened_clip_is_listed() -> None:
    (clip,) = propose(("Goal", 10, 0.9), ("Corner", 10.4, 0.8))
    shown = fit_clips([clip], 8, CONFIG)
    (left,) = find_left_out([clip], shown, 8, CONFIG)
    assert left.clip.title == "Corner"
    assert find_left_out([clip], [clip], 60, CONFIG) == ()


spot_lists = st.lists(
    st.tuples(
        st.sampled_from(["Goal", "Red card", "Yellow card", "Corner"]),
        st.floats(0, 44.9),
        st.floats(0.1, 1),
    ),
    min_size=1,
    max_size=20,
)


@settings(deadline=None, max_examples=50)
@given(spot_lists, st.floats(5, 400))
def test_fit_clips_any_spots_keep_budget_order_and_top_clips(
    spots: list[tuple[str, float, float]], budget_s: float
) -> None:
    clips = propose(*spots)
    try:
        chosen = fit_clips(clips, budget_s, CONFIG)
    except InputError:
        return
    assert sum(clip.duration_s for clip in chosen) <= budget_s + 1e-6
    assert not clips_overlap(chosen)
    top = [clip for clip in clips if is_top(clip, CONFIG)]
    least_s = sum(shrink_clip(clip, 0.0, CONFIG).duration_s for clip in top)
    if least_s <= budget_s - 0.1 * len(top):
        mains = {clip.main for clip in chosen}
        assert all(clip.main in mains for clip in top)
    lost = {
        item for left in find_left_out(clips, chosen, 1, CONFIG) for item in left.clip.candidates
    }
    shown = {item for clip in chosen for item in clip.candidates}
    assert shown | lost == {item for clip in clips for item in clip.candidates}
    assert not shown & lost
