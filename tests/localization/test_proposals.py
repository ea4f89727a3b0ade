import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.errors import ConfigError
from spotkick.formats.segments import Segment, VideoSegments
from spotkick.localization.features import LocalizationVideo
from spotkick.localization.proposals import (
    LocalizerOutput,
    ProposalConfig,
    Proposals,
    detect_segments,
    generate_proposals,
    proposal_segments,
    propose,
    soft_nms,
    temporal_iou,
)


def test_proposal_config_defaults_are_those_of_public_code() -> None:
    assert ProposalConfig().model_dump() == {
        "candidates": "all",
        "suppression": "soft",
        "alpha": 0.4,
        "low_overlap": 0.5,
        "high_overlap": 0.9,
        "max_proposals": 100,
    }
    with pytest.raises(ConfigError, match="alpha"):
        ProposalConfig.parse({"alpha": 0})


def literal_proposals(
    boundaries: npt.NDArray[np.float64], confidences: npt.NDArray[np.float64]
) -> dict[tuple[int, int], float]:
    steps = len(boundaries)
    return {
        (start, end): boundaries[start, 0]
        * boundaries[end, 1]
        * confidences[0, end - start - 1, start]
        * confidences[1, end - start - 1, start]
        for start in range(steps)
        for end in range(start + 1, steps)
        if end - start <= confidences.shape[1]
    }


@pytest.mark.parametrize(("steps", "durations"), [(6, 6), (7, 3), (1, 1), (2, 2)])
def test_generate_proposals_scores_are_product_of_four_values(steps: int, durations: int) -> None:
    random = np.random.default_rng(0)
    boundaries, confidences = random.random((steps, 2)), random.random((2, durations, steps))
    proposals = generate_proposals(boundaries, confidences)
    expected = literal_proposals(boundaries, confidences)
    found = {
        (round(start * steps), round(end * steps)): score
        for (start, end), score in zip(proposals.segments, proposals.scores, strict=True)
    }
    assert found == pytest.approx(expected)
    assert (np.diff(proposals.scores) <= 0).all()


def test_generate_proposals_peaks_are_local_maxima_and_ends() -> None:
    start = [0.1, 0.2, 0.1, 0.9, 0.5, 0.1]
    end = [0.1, 0.1, 0.3, 0.1, 0.1, 0.1]
    proposals = generate_proposals(np.array([start, end]).T, np.ones((2, 6, 6)), "peaks")
    starts = {round(value * 6) for value in proposals.segments[:, 0]}
    ends = {round(value * 6) for value in proposals.segments[:, 1]}
    assert starts == {
        0,
        1,
        3,
        4,
    }  # first step, local maximum, maximum, more than half of the maximum
    assert ends == {2, 5}  # maximum, last step


def test_temporal_iou_gives_intersection_over_union() -> None:
    others = np.array([[0.0, 1.0], [0.5, 1.5], [1.0, 2.0], [0.25, 0.75], [0.3, 0.3]])
    np.testing.assert_allclose(temporal_iou(np.array([0.0, 1.0]), others), [1, 1 / 3, 0, 0.5, 0])
    assert temporal_iou(np.array([0.3, 0.3]), others[-1:]).tolist() == [0]


def literal_soft_nms(
    segments: list[tuple[float, float]], scores: list[float], keep: int
) -> list[tuple[float, float, float]]:
    waiting = [[*segment, score] for segment, score in zip(segments, scores, strict=True)]
    result = []
    while waiting and len(result) < keep:
        best = max(waiting, key=lambda row: row[2])
        waiting.remove(best)
        result.append((best[0], best[1], best[2]))
        for row in waiting:
            inside = max(0.0, min(best[1], row[1]) - max(best[0], row[0]))
            union = best[1] - best[0] + row[1] - row[0] - inside
            overlap = inside / union if union else 0.0
            if overlap > 0.5 + 0.4 * (best[1] - best[0]):
                row[2] *= math.exp(-(overlap**2) / 0.4)
    return sorted(result, key=lambda row: -row[2])


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(1, 9), st.integers(1, 1000)),
        max_size=25,
        unique=True,
    ),
    st.integers(1, 30),
)
def test_soft_nms_equals_literal_transcription(rows: list[tuple[int, int, int]], keep: int) -> None:
    # Lengths and overlaps of multiples of 1/32 are exact in floating point: where an overlap equals
    # the threshold, both sides decide alike (in twentieths one of them was off by a rounding).
    segments = [(start / 32, (start + length) / 32) for start, length, _ in rows]
    # Different scores throughout, so that no tie decides.
    scores = [(score + index / 100) / 1001 for index, (_, _, score) in enumerate(rows)]
    found = soft_nms(Proposals(np.array(segments).reshape(-1, 2), np.array(scores)), keep=keep)
    expected = literal_soft_nms(segments, scores, keep)
    assert len(found) == len(expected)
    np.testing.assert_allclose(found.scores, [row[2] for row in expected], atol=1e-12)
    np.testing.assert_allclose(
        found.segments, np.array([row[:2] for row in expected]).reshape(-1, 2)
    )


def test_soft_nms_leaves_input_and_separate_segments_alone() -> None:
    before = Proposals(np.array([[0.0, 0.2], [0.5, 0.7]]), np.array([0.9, 0.8]))
    after = soft_nms(before)
    assert before.scores.tolist() == after.scores.tolist() == [0.9, 0.8]


def test_soft_nms_long_segments_tolerate_more_overlap() -> None:
    long = soft_nms(Proposals(np.array([[0.0, 1.0], [0.0, 0.8]]), np.array([0.9, 0.8])))
    short = soft_nms(Proposals(np.array([[0.0, 0.1], [0.0, 0.08]]), np.array([0.9, 0.8])))
    assert long.scores[1] == 0.8
    assert short.scores[1] == pytest.approx(0.8 * math.exp(-(0.8**2) / 0.4))


def planted(features: npt.NDArray[np.float32]) -> LocalizerOutput:
    """A network that reads the one instance of a video from its first two features."""
    videos, steps, _ = features.shape
    boundaries = np.full((videos, steps, 2), 0.1, dtype=np.float32)
    confidences = np.full((videos, 2, steps, steps), 0.1, dtype=np.float32)
    for video, (start, end) in enumerate(features[:, 0, :2].astype(int)):
        boundaries[video, start, 0] = boundaries[video, end, 1] = 1
        confidences[video, :, end - start - 1, start] = 1
    return LocalizerOutput(boundaries, confidences)


def planted_video(name: str, start: int, end: int) -> LocalizationVideo:
    features = np.zeros((10, 2), dtype=np.float32)
    features[0] = start, end
    return LocalizationVideo(name, 50.0, features)


def test_propose_videos_come_in_order_and_in_seconds() -> None:
    videos = [
        planted_video("first", 2, 5),
        planted_video("second", 0, 9),
        planted_video("third", 7, 8),
    ]
    found = proposal_segments(
        propose(planted, videos, ProposalConfig(max_proposals=4), batch_videos=2)
    )
    assert [video.video for video in found] == ["first", "second", "third"]
    assert [len(video.segments) for video in found] == [4, 4, 4]
    best = [video.segments[0] for video in found]
    assert [(segment.start_s, segment.end_s, segment.label) for segment in best] == [
        (10, 25, ""),
        (0, 45, ""),
        (35, 40, ""),
    ]
    assert [segment.score for segment in best] == pytest.approx([1, 1, 1])


def test_propose_without_suppression_keeps_scores() -> None:
    video = planted_video("first", 2, 5)
    _, plain = next(propose(planted, [video], ProposalConfig(suppression="none")))
    generated = generate_proposals(*(values[0] for values in planted(video.features[None])))
    np.testing.assert_array_equal(plain.scores, generated.scores[:100])


def test_detect_segments_take_best_classes_of_video() -> None:
    proposals = [
        VideoSegments("a", 10.0, (Segment(1, 2, "", 0.5), Segment(3, 4, "", 0.25)), "validation"),
        VideoSegments("b", 10.0, (Segment(1, 2, "", 0.5),)),
    ]
    scores = {"a": {"Run": 0.2, "Jump": 0.8, "Swim": 0.1}}
    first, second = detect_segments(proposals, scores, top_classes=2)
    assert [(s.label, s.score) for s in first.segments] == [
        ("Jump", 0.4),
        ("Jump", 0.2),
        ("Run", 0.1),
        ("Run", 0.05),
    ]
    assert (first.video, first.duration_s, first.subset) == ("a", 10.0, "validation")
    assert second.segments == ()
    assert len(detect_segments(proposals, scores, top_classes=2, max_detections=3)[0].segments) == 3
