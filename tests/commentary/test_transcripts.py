import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.commentary.transcripts import (
    RawSegment,
    TimedWord,
    Transcript,
    TranscriptSegment,
    check_segments,
    count_frames,
    spread_over_frames,
)
from spotkick.errors import InputError, SpotkickWarning

RATES = (Fraction(1), Fraction(2), Fraction(25, 4), Fraction(30000, 1001))


def test_check_segments_sorts_by_start_and_strips_text() -> None:
    items = [RawSegment(5, 7.5, " a goal "), RawSegment(0.0, 2.0, "kick-off")]
    assert check_segments(items, "x") == (
        TranscriptSegment(0, 2000, "kick-off"),
        TranscriptSegment(5000, 7500, "a goal"),
    )


def test_check_segments_nothing_or_empty_text_is_no_fault() -> None:
    assert check_segments([], "x") == ()
    assert check_segments([RawSegment(0, 1, "  ")], "x") == ()


def test_check_segments_malformed_ones_are_counted_in_one_warning() -> None:
    bad = [
        RawSegment(1, "2", "x"),
        RawSegment(math.inf, 3, "x"),
        RawSegment(True, 3, "x"),
        None,
        RawSegment(1, 2, 3),
        RawSegment(-9, -5, "x"),
        RawSegment(0, 1e9, "x"),
    ]
    fine = [RawSegment(0, 1, "a"), RawSegment(8, 6, "reversed"), RawSegment(-1, 2, "negative")]
    with pytest.warns(SpotkickWarning) as caught:
        segments = check_segments(bad + fine, "1.json")
    assert segments == (
        TranscriptSegment(0, 1000, "a"),
        TranscriptSegment(0, 2000, "negative"),
        TranscriptSegment(6000, 8000, "reversed"),
    )
    assert [str(warning.message) for warning in caught] == [
        "1.json: of 10 segments, 7 are malformed and left out, 2 have negative or reversed times"
    ]


@pytest.mark.parametrize("item", [None, RawSegment("0:00", 1, "x"), RawSegment(0, math.nan, "x")])
def test_check_segments_all_malformed_is_input_error(item: RawSegment | None) -> None:
    with pytest.raises(InputError, match=r"1\.json: all 3 segments are malformed"):
        check_segments([item] * 3, "1.json")


def test_check_segments_missing_end_is_next_start_or_half_a_minute_later() -> None:
    items = [RawSegment(50, None, "c"), RawSegment(0, None, "a"), RawSegment(9.5, None, "b")]
    assert [segment.end_ms for segment in check_segments(items, "x")] == [9500, 39_500, 80_000]


def test_check_segments_keeps_words_that_have_times() -> None:
    words = ((0, 0.4, " Two"), (math.nan, 1, "-"), (0.5, 1, "one"), (1, 2, " "))
    (segment,) = check_segments([RawSegment(0, 2, "Two-one", words)], "x")
    assert segment.words == (TimedWord(0, 400, "Two"), TimedWord(500, 1000, "one"))


# --- frames ---


def test_count_frames_unknown_length_covers_regular_time() -> None:
    def count(*ends_ms: int, rate: Fraction = Fraction(2)) -> int:
        segments = tuple(TranscriptSegment(0, end_ms, "") for end_ms in ends_ms)
        return count_frames(Transcript(segments), rate)

    assert (count(), count(2_699_900), count(2_700_100)) == (5400, 5400, 5401)
    assert count(2_800_000, 2_701_000) == 5600
    assert count(rate=Fraction(25)) == 67_500
    assert count(2_700_010, rate=Fraction(30000, 1001)) == 80_920  # ceil(80919.4)


def test_count_frames_known_length_is_that_of_recording() -> None:
    segments = (TranscriptSegment(0, 9000, ""),)
    assert count_frames(Transcript(segments, duration_ms=60_100)) == 121
    assert count_frames(Transcript(segments, duration_ms=1)) == 1


def test_spread_over_frames_frame_carries_overlapping_segments() -> None:
    segments = [
        TranscriptSegment(500, 1500, ""),
        TranscriptSegment(1200, 1500, ""),
        TranscriptSegment(3000, 3000, ""),
        TranscriptSegment(4600, 4700, ""),
    ]
    vectors = np.array([[1, 0], [3, 2], [5, 5], [7, 7]], dtype=np.float32)
    expected = np.zeros((10, 3))
    expected[1] = 1, 0, 1  # 0.5 to 1 s
    expected[2] = 2, 1, 1  # the mean of two
    expected[6] = 5, 5, 1  # a segment without duration belongs to the frame that it starts in
    expected[9] = 7, 7, 1
    np.testing.assert_array_equal(spread_over_frames(segments, vectors, 10), expected)


def test_spread_over_frames_segments_behind_end_are_left_out() -> None:
    frames = spread_over_frames(
        [TranscriptSegment(1000, 90000, ""), TranscriptSegment(50000, 60000, "")],
        np.ones((2, 1), dtype=np.float32),
        4,
    )
    np.testing.assert_array_equal(frames[:, 0], [0, 0, 1, 1])


_times = st.integers(0, 400).map(lambda value: 10 * value)
_segments = st.lists(
    st.tuples(_times, _times).map(lambda times: TranscriptSegment(min(times), max(times), "")),
    max_size=8,
)


@settings(deadline=None, max_examples=50)
@given(segments=_segments, rate=st.sampled_from(RATES), seed=st.integers(0, 9))
def test_spread_over_frames_equals_slow_reference(
    segments: list[TranscriptSegment], rate: Fraction, seed: int
) -> None:
    vectors = (
        np.random.default_rng(seed).normal(size=(len(segments), 3)).astype(np.float32)
    )  # no two are alike
    frames = spread_over_frames(segments, vectors, int(5 * rate), rate)
    for frame, values in enumerate(frames):
        start, end = 1000 * frame / rate, 1000 * (frame + 1) / rate
        seen = [
            vector
            for segment, vector in zip(segments, vectors, strict=True)
            if (segment.start_ms < end and segment.end_ms > start)
            or start <= segment.start_ms == segment.end_ms < end
        ]
        expected = np.append(np.mean(seen, axis=0), 1) if seen else np.zeros(4)
        np.testing.assert_allclose(values, expected, atol=1e-5)


@settings(deadline=None, max_examples=50)
@given(segments=_segments, rate=st.sampled_from(RATES), frame=st.integers(0, 20), later=_segments)
def test_spread_over_frames_never_looks_ahead(
    segments: list[TranscriptSegment], rate: Fraction, frame: int, later: list[TranscriptSegment]
) -> None:
    """Segments that start after a frame can be changed; it stays as it is, as do all before it."""
    end_ms = 1000 * (frame + 1) / rate
    past = [segment for segment in segments if segment.start_ms < end_ms]
    future = [segment for segment in segments if segment.start_ms >= end_ms]
    moved = [
        TranscriptSegment(
            math.ceil(end_ms) + segment.start_ms, math.ceil(end_ms) + segment.end_ms, ""
        )
        for segment in later
    ]

    def seen(listed: list[TranscriptSegment], value: float) -> np.ndarray:
        rest = len(listed) - len(past)
        vectors = np.concatenate(
            [np.arange(1.0, len(past) + 1)[:, None], np.full((rest, 1), value)]
        ).astype(np.float32)
        return spread_over_frames(listed, vectors, int(5 * rate), rate)[: frame + 1]

    np.testing.assert_array_equal(seen(past + future, 50), seen(past, 0))
    np.testing.assert_array_equal(seen(past + moved, -70), seen(past, 0))
