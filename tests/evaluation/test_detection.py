"""Detection metrics against a slow transcription of the official definitions."""

import random
import warnings
from collections.abc import Sequence

import numpy as np
import pytest

from spotkick.errors import InputError, SpotkickWarning
from spotkick.evaluation.detection import (
    ACTIVITYNET_OVERLAPS,
    THUMOS14_OVERLAPS,
    drop_duplicates,
    evaluate_detection,
)
from spotkick.evaluation.segment_table import interpolated_average_precision, temporal_overlap
from spotkick.formats.segments import Segment, VideoSegments

Row = tuple[str, float, float, float]  # video, start, end, score


def slow_overlap(start: float, end: float, other_start: float, other_end: float) -> float:
    shared = max(0.0, min(end, other_end) - max(start, other_start))
    union = (other_end - other_start) + (end - start) - shared
    return shared / union if union > 0 else 0.0


def slow_average_precision(
    predictions: Sequence[Row], labels: Sequence[Row], threshold: float
) -> float:
    """One class at one overlap, prediction by prediction."""
    order = np.argsort([row[3] for row in predictions], kind="stable")[::-1]
    taken: set[int] = set()
    hits = []
    for index in order:
        video, start, end, _ = predictions[index]
        own = [number for number, row in enumerate(labels) if row[0] == video]
        overlaps = np.array(
            [slow_overlap(start, end, labels[number][1], labels[number][2]) for number in own]
        )
        hit = False
        for choice in np.argsort(overlaps, kind="stable")[::-1]:
            if overlaps[choice] < threshold:
                break
            if own[choice] not in taken:
                taken.add(own[choice])
                hit = True
                break
        hits.append(hit)
    precision, recall, found = [0.0], [0.0], 0
    for number, hit in enumerate(hits, start=1):
        found += hit
        precision.append(found / number)
        recall.append(found / len(labels))
    precision.append(0.0)
    recall.append(1.0)
    area = 0.0
    for i in range(1, len(recall)):
        if recall[i] != recall[i - 1]:
            area += (recall[i] - recall[i - 1]) * max(precision[i:])
    return area


def random_sets(seed: int) -> tuple[list[VideoSegments], list[VideoSegments]]:
    """Equal scores, repeated labels, foreign videos, and overlaps exactly at a threshold."""
    rng = random.Random(seed)
    labels, predictions = [], []
    for number in range(rng.choice([1, 4])):
        truths = []
        for _ in range(rng.choice([0, 1, 6])):
            start = rng.choice([rng.uniform(0, 90), float(rng.randrange(20))])
            truths += [
                Segment(start, start + rng.choice([rng.uniform(0, 30), 10.0]), rng.choice("ab"))
            ] * rng.choice([1, 1, 2])
        found = []
        for truth in truths:
            for _ in range(rng.choice([0, 1, 3])):
                shift = rng.choice([0.0, rng.uniform(-5, 5), 5.0])
                score = rng.choice([rng.random(), 0.5, round(rng.random(), 1)])
                found.append(
                    Segment(
                        truth.start_s + shift,
                        truth.end_s + rng.choice([0.0, shift]) + abs(shift),
                        rng.choice("aab"),
                        score,
                    )
                )
        found += [
            Segment(start, start + 8.0, rng.choice("ab"), rng.random())
            for start in map(float, range(rng.choice([0, 7])))
        ]
        rng.shuffle(found)
        labels.append(VideoSegments(f"v{number}", None, tuple(truths)))
        predictions.append(VideoSegments(f"v{number}", None, tuple(found)))
    labels.append(VideoSegments("always", None, (Segment(0, 10, "a"), Segment(20, 30, "b"))))
    predictions.append(VideoSegments("foreign", None, (Segment(0, 10, "a", 0.9),)))
    return predictions, labels


@pytest.mark.filterwarnings("ignore:.*not among the:spotkick.errors.SpotkickWarning")
@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("overlaps", [ACTIVITYNET_OVERLAPS, THUMOS14_OVERLAPS])
def test_evaluate_detection_random_sets_equals_slow_definition(
    seed: int, overlaps: tuple[float, ...]
) -> None:
    predictions, labels = random_sets(seed)
    result = evaluate_detection(predictions, labels, overlaps=overlaps)

    def rows(videos: list[VideoSegments], label: str) -> list[Row]:
        return [
            (v.video, s.start_s, s.end_s, s.score or 0.0)
            for v in videos
            for s in v.segments
            if s.label == label
        ]

    expected = np.array(
        [
            [slow_average_precision(rows(predictions, c), rows(labels, c), t) for c in "ab"]
            for t in overlaps
        ]
    )
    assert list(result.per_class.values()) == pytest.approx(expected.mean(axis=0), abs=1e-12)
    assert list(result.map_at.values()) == pytest.approx(expected.mean(axis=1), abs=1e-12)
    assert result.average_map == pytest.approx(expected.mean(), abs=1e-12)


def test_evaluate_detection_perfect_detections_score_one() -> None:
    labels = [
        VideoSegments("v", None, (Segment(0, 5, "a"), Segment(3, 9, "a"), Segment(1, 2, "b")))
    ]
    found = [
        VideoSegments(
            "v", None, tuple(Segment(s.start_s, s.end_s, s.label, 0.5) for s in labels[0].segments)
        )
    ]
    assert evaluate_detection(found, labels).average_map == 1


def test_evaluate_detection_overlap_at_threshold_is_hit() -> None:
    labels = [VideoSegments("v", None, (Segment(0, 10, "a"),))]
    found = [VideoSegments("v", None, (Segment(5, 10, "a", 1.0),))]
    assert evaluate_detection(found, labels, overlaps=[0.5]).average_map == 1
    assert evaluate_detection(found, labels, overlaps=[0.51]).average_map == 0


def test_evaluate_detection_subset_and_blocked_videos_limit_labels() -> None:
    labels = [
        VideoSegments("one", None, (Segment(0, 10, "a"),), "validation"),
        VideoSegments("two", None, (Segment(0, 10, "a"),), "validation"),
        VideoSegments("three", None, (Segment(0, 10, "a"),), "training"),
    ]
    found = [VideoSegments("one", None, (Segment(0, 10, "a", 1.0),))]
    assert evaluate_detection(found, labels).average_map == pytest.approx(1 / 3)
    assert evaluate_detection(found, labels, subset="validation").average_map == 0.5
    assert evaluate_detection(found, labels, subset="validation", blocked={"two"}).average_map == 1
    with pytest.raises(
        InputError,
        match=r"in the subset 'testing'; subsets of the labels: 'validation' \(2 videos\)",
    ):
        evaluate_detection(found, labels, subset="testing")


def test_evaluate_detection_repeated_labels_are_merged() -> None:
    twice = VideoSegments(
        "v", 9.0, (Segment(0, 10, "a"), Segment(0.0005, 10, "a"), Segment(0, 10, "b")), "test"
    )
    assert drop_duplicates(twice) == VideoSegments(
        "v", 9.0, (Segment(0, 10, "a"), Segment(0, 10, "b")), "test"
    )
    found = [VideoSegments("v", None, (Segment(0, 10, "a", 1.0), Segment(0, 10, "b", 1.0)))]
    assert evaluate_detection(found, [twice]).average_map == 0.75
    assert evaluate_detection(found, [twice], merge_duplicates=True).average_map == 1


def test_evaluate_detection_unknown_class_warns() -> None:
    labels = [VideoSegments("v", None, (Segment(0, 10, "a"),))]
    found = [VideoSegments("v", None, (Segment(0, 10, "a", 1.0), Segment(0, 10, "z", 1.0)))]
    with pytest.warns(SpotkickWarning, match="1 detections of classes without any label"):
        assert evaluate_detection(found, labels).average_map == 1


def test_evaluate_detection_missing_score_is_refused() -> None:
    labels = [VideoSegments("v", None, (Segment(0, 10, "a"),))]
    with pytest.raises(InputError, match="has no score"):
        evaluate_detection(labels, labels)


def test_evaluate_detection_no_detections_scores_zero() -> None:
    labels = [VideoSegments("v", None, (Segment(0, 10, "a"),))]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert evaluate_detection([], labels).average_map == 0


def test_temporal_overlap_segments_without_length_is_zero() -> None:
    zero, one = np.zeros(1), np.ones(1)
    assert temporal_overlap(one, one, one, one) == 0
    assert temporal_overlap(zero, one, zero, one) == 1
    assert interpolated_average_precision(np.zeros(0, dtype=bool), 3) == 0


def test_evaluate_detection_equal_overlaps_take_later_label() -> None:
    labels = [VideoSegments("v", None, (Segment(0, 10, "a"), Segment(10, 20, "a")))]
    found = [VideoSegments("v", None, (Segment(5, 15, "a", 0.9), Segment(0, 10, "a", 0.5)))]
    assert (
        evaluate_detection(found, labels, overlaps=[0.3]).average_map == 1
    )  # else the second would find its label taken


def test_drop_duplicates_labels_shorter_than_a_millisecond_are_no_labels() -> None:
    """As OpenTAD and ActionFormer do; a spot has no length at all."""
    segments = (
        Segment(0, 10, "a"),
        Segment(20, 20.0004, "a"),
        Segment(30, 30, "b"),
        Segment(40, 40.002, "b"),
    )
    kept = drop_duplicates(VideoSegments("v", 90.0, segments)).segments
    assert kept == (segments[0], segments[3])


def ambiguous_sets() -> tuple[list[VideoSegments], list[VideoSegments]]:
    labels = [
        VideoSegments("v", 90.0, (Segment(0, 10, "a"), Segment(50, 60, "Ambiguous"))),
        VideoSegments("w", 90.0, (Segment(0, 10, "a"),)),
    ]
    found = [
        VideoSegments("v", 90.0, (Segment(55, 70, "a", 0.9), Segment(0, 10, "a", 0.8))),
        VideoSegments("w", 90.0, (Segment(0, 10, "a", 0.7), Segment(55, 60, "a", 0.95))),
    ]
    return found, labels


def test_evaluate_detection_ambiguous_is_no_class() -> None:
    found, labels = ambiguous_sets()
    score = evaluate_detection(found, labels, overlaps=[0.5])
    assert list(score.per_class) == ["a"]
    assert score.average_map == pytest.approx(2 / 4)  # two false spots lie above both hits


def test_evaluate_detection_ambiguous_ignored_excuses_its_own_video_only() -> None:
    found, labels = ambiguous_sets()
    score = evaluate_detection(found, labels, overlaps=[0.5], ambiguous="ignore")
    assert score.average_map == pytest.approx(2 / 3)  # the false one of the other video counts


def test_evaluate_detection_ambiguous_ignored_keeps_hits() -> None:
    """A detection that finds a label counts although it touches an ambiguous segment."""
    labels = [VideoSegments("v", 90.0, (Segment(0, 10, "a"), Segment(9, 12, "Ambiguous")))]
    found = [VideoSegments("v", 90.0, (Segment(0, 10, "a", 0.9),))]
    assert evaluate_detection(found, labels, ambiguous="ignore").average_map == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("v_abcdef", "the nearest labelled video is 'abcdef'"),
        ("ABCDEF", "the nearest labelled video is 'abcdef'"),
        ("zzz", "labelled videos have names such as 'abcdef'"),
        ("train", "which is of the subset 'training'"),
    ],
)
def test_evaluate_detection_foreign_video_warns_with_reason(name: str, reason: str) -> None:
    labels = [
        VideoSegments("abcdef", None, (Segment(0, 10, "a"),), "validation"),
        VideoSegments("train", None, (Segment(0, 10, "a"),), "training"),
    ]
    found = [VideoSegments(name, None, (Segment(0, 10, "a", 0.9),))]
    with pytest.warns(SpotkickWarning, match=reason):
        assert evaluate_detection(found, labels, subset="validation").average_map == 0


@pytest.mark.parametrize(
    ("label", "near"), [("jump ", "Jump"), ("Jumps", "Jump"), ("DIVING", "Diving")]
)
def test_evaluate_detection_unknown_class_is_named_with_the_nearest(label: str, near: str) -> None:
    labels = [VideoSegments("v", 9.0, (Segment(0, 1, "Jump"), Segment(2, 3, "Diving")), None)]
    found = [VideoSegments("v", None, (Segment(0, 1, label, 0.5),), None)]
    with pytest.warns(SpotkickWarning, match=f"1 detections .*{label!r}.*class is {near!r}"):
        evaluate_detection(found, labels)
