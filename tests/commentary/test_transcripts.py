import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.commentary.transcripts import (
    TranscriptSegment,
    count_frames,
    frame_vectors,
    read_segments,
)
from spotkick.errors import InputError, SpotkickWarning

RATES = (Fraction(1), Fraction(2), Fraction(25, 4), Fraction(30000, 1001))


def _write(path: Path, segments: object) -> Path:
    path.write_text(json.dumps({"segments": segments}), encoding="utf-8")
    return path


def test_segments_are_read_in_order_of_time(tmp_path: Path) -> None:
    path = _write(tmp_path / "1_asr.json", {"0": [5, 7.5, " a goal "], "1": [0.0, 2.0, "kick-off"]})
    assert read_segments(path) == (
        TranscriptSegment(0, 2000, "kick-off"),
        TranscriptSegment(5000, 7500, "a goal"),
    )


def test_empty_half_and_empty_text_are_no_fault(tmp_path: Path) -> None:
    assert read_segments(_write(tmp_path / "1_asr.json", {})) == ()
    assert read_segments(_write(tmp_path / "2_asr.json", {"0": [0, 1, "  "]})) == ()


def test_malformed_segments_are_counted_in_one_warning(tmp_path: Path) -> None:
    bad = [
        [1, 2],
        [1, "2", "x"],
        [math.inf, 3, "x"],
        [True, 3, "x"],
        "text",
        None,
        [1, 2, 3],
        [-9, -5, "x"],
        [0, 1e9, "x"],
    ]
    fine = [[0, 1, "a"], [8, 6, "reversed"], [-1, 2, "negative"]]
    path = tmp_path / "1_asr.json"
    path.write_text(
        json.dumps({"segments": {str(number): item for number, item in enumerate(bad + fine)}}),
        encoding="utf-8",
    )
    with pytest.warns(SpotkickWarning) as caught:
        segments = read_segments(path)
    assert segments == (
        TranscriptSegment(0, 1000, "a"),
        TranscriptSegment(0, 2000, "negative"),
        TranscriptSegment(6000, 8000, "reversed"),
    )
    assert len(caught) == 1
    assert "of 12 segments, 9 are malformed and left out, 2 have negative or reversed times" in str(
        caught[0].message
    )


@pytest.mark.parametrize(
    "content", ["[]", "{}", '{"segments": "none"}', '{"segments": null}', "", "{"]
)
def test_other_files_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "1_asr.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"1_asr\.json"):
        read_segments(path)


# --- frames ---


def test_number_of_frames() -> None:
    assert count_frames([]) == 5400
    assert count_frames([TranscriptSegment(0, 2699900, "")]) == 5400
    assert count_frames([TranscriptSegment(0, 2700100, "")]) == 5401
    assert (
        count_frames([TranscriptSegment(0, 2800000, ""), TranscriptSegment(2700000, 2701000, "")])
        == 5600
    )
    assert count_frames([], Fraction(25)) == 67_500
    assert (
        count_frames([TranscriptSegment(0, 2_700_010, "")], Fraction(30000, 1001)) == 80_920
    )  # ceil(80919.4)


def test_frame_carries_the_segments_that_overlap_it() -> None:
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
    np.testing.assert_array_equal(frame_vectors(segments, vectors, 10), expected)


def test_segments_behind_the_end_are_left_out() -> None:
    frames = frame_vectors(
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
def test_frames_equal_a_slow_reference(
    segments: list[TranscriptSegment], rate: Fraction, seed: int
) -> None:
    vectors = (
        np.random.default_rng(seed).normal(size=(len(segments), 3)).astype(np.float32)
    )  # no two are alike
    frames = frame_vectors(segments, vectors, int(5 * rate), rate)
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
def test_no_frame_looks_ahead(
    segments: list[TranscriptSegment], rate: Fraction, frame: int, later: list[TranscriptSegment]
) -> None:
    """What starts after a frame can be changed, added or removed; the frame stays as it is, and so do all before it."""
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
        return frame_vectors(listed, vectors, int(5 * rate), rate)[: frame + 1]

    np.testing.assert_array_equal(seen(past + future, 50), seen(past, 0))
    np.testing.assert_array_equal(seen(past + moved, -70), seen(past, 0))
