"""AR@AN against a slow transcription of the official definition."""

import random

import numpy as np
import numpy.typing as npt
import pytest

from spotkick.errors import InputError, SpotkickWarning
from spotkick.evaluation.detection import ACTIVITYNET_OVERLAPS
from spotkick.evaluation.proposals import evaluate_proposals
from spotkick.formats.segments import Segment, VideoSegments


def slow_curve(
    proposals: list[VideoSegments], labels: list[VideoSegments], max_average: float | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]:
    """Recall by overlap and step, proposals per video, and the area, as the official loops do."""
    videos = [video for video in labels if video.segments]
    total = sum(len(video.segments) for video in proposals)
    average = max_average or float(total) / len(videos)
    ratio = average * float(len(videos)) / total
    overlaps_of, kept_total = [], 0
    for video in videos:
        own = [
            segment
            for found in proposals
            if found.video == video.video
            for segment in found.segments
        ]
        if not own:
            overlaps_of.append(np.zeros((len(video.segments), 1)))
            continue
        order = np.argsort([segment.score for segment in own], kind="stable")[::-1]
        kept = np.minimum(int(len(own) * ratio), len(own))
        kept_total += kept
        table = np.zeros((len(video.segments), kept))
        for i, truth in enumerate(video.segments):
            for j, index in enumerate(order[:kept]):
                shared = max(
                    0.0, min(truth.end_s, own[index].end_s) - max(truth.start_s, own[index].start_s)
                )
                union = (
                    (truth.end_s - truth.start_s) + (own[index].end_s - own[index].start_s) - shared
                )
                table[i, j] = shared / union if union > 0 else 0.0
        overlaps_of.append(table)
    share = np.arange(1, 101) / 100.0 * (average * float(len(videos)) / kept_total)
    recall = np.empty((len(ACTIVITYNET_OVERLAPS), 100))
    for row, overlap in enumerate(ACTIVITYNET_OVERLAPS):
        for step in range(100):
            found = 0
            for table in overlaps_of:
                used = min(int(table.shape[1] * share[step]), table.shape[1])
                found += int((table[:, :used] >= overlap).any(axis=1).sum())
            recall[row, step] = found / sum(table.shape[0] for table in overlaps_of)
    per_video = share * (float(kept_total) / len(videos))
    return recall, per_video, float(np.trapezoid(recall.mean(axis=0), per_video) / per_video[-1])


def random_sets(seed: int) -> tuple[list[VideoSegments], list[VideoSegments]]:
    rng = random.Random(seed)
    labels, proposals = [], []
    for number in range(rng.choice([2, 5])):
        truths = [
            Segment(start := rng.uniform(0, 80), start + rng.uniform(1, 30), "x")
            for _ in range(rng.choice([1, 4]))
        ]
        found = []
        for _ in range(rng.choice([0, 3, 100, 57])):
            truth = rng.choice(truths)
            start, end = truth.start_s + rng.gauss(0, 3), truth.end_s + rng.gauss(0, 3)
            found.append(
                Segment(
                    min(start, end),
                    max(start, end),
                    "",
                    rng.choice([rng.random(), round(rng.random(), 1)]),
                )
            )
        labels.append(VideoSegments(f"v{number}", None, tuple(truths)))
        proposals.append(VideoSegments(f"v{number}", None, tuple(found)))
    labels.append(VideoSegments("unlabelled", None, ()))
    labels.append(VideoSegments("last", None, (Segment(0, 10, "x"),)))
    proposals.append(VideoSegments("last", None, (Segment(0, 9, "", 0.9), Segment(1, 10, "", 0.9))))
    return proposals, labels


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("max_average", [100, 3, None])
def test_evaluate_proposals_random_sets_equals_slow_definition(
    seed: int, max_average: float | None
) -> None:
    proposals, labels = random_sets(seed)
    recall, per_video, area = slow_curve(proposals, labels, max_average)
    result = evaluate_proposals(proposals, labels, max_average=max_average)
    np.testing.assert_allclose(result.recall, recall, rtol=0, atol=1e-12)
    np.testing.assert_allclose(result.proposals_per_video, per_video, rtol=0, atol=1e-12)
    assert result.auc == pytest.approx(area, abs=1e-12)


def test_evaluate_proposals_steps_are_cut_to_whole_proposals() -> None:
    """The label is covered by the 29th of 100 proposals only: at 29 % just 28 are looked at."""
    before = [Segment(50, 60, "", 1 - number / 100) for number in range(28)]
    found = (*before, Segment(0, 10, "", 0.5), *[Segment(50, 60, "", 0.4)] * 71)
    result = evaluate_proposals(
        [VideoSegments("v", None, found)], [VideoSegments("v", None, (Segment(0, 10, "x"),))]
    )
    assert result.average_recall[28] == 0
    assert result.average_recall[29] == 1


def test_evaluate_proposals_perfect_proposals_score_one() -> None:
    labels = [
        VideoSegments(f"v{i}", None, tuple(Segment(10.0 * k, 10.0 * k + 5, "x") for k in range(3)))
        for i in range(4)
    ]
    found = [
        VideoSegments(
            v.video, None, tuple(Segment(s.start_s, s.end_s, "", 0.9) for s in v.segments)
        )
        for v in labels
    ]
    result = evaluate_proposals(found, labels)
    assert result.average_recall[-1] == 1
    assert result.to_json()["ar_at"]["100"] == 1
    whole = [VideoSegments("v", None, (Segment(0, 5, "x"),))]
    hundred = [VideoSegments("v", None, tuple(Segment(0, 5, "", 0.5) for _ in range(100)))]
    best = evaluate_proposals(hundred, whole)
    assert (best.average_recall == 1).all()
    assert best.auc == pytest.approx(0.99)  # the curve begins at one proposal, not at none


def test_evaluate_proposals_subset_and_blocked_videos_limit_labels() -> None:
    labels = [
        VideoSegments("one", None, (Segment(0, 5, "x"),), "validation"),
        VideoSegments("two", None, (Segment(0, 5, "x"),), "validation"),
        VideoSegments("three", None, (Segment(0, 5, "x"),), "training"),
    ]
    found = [VideoSegments("one", None, (Segment(0, 5, "", 0.5),))]
    assert evaluate_proposals(found, labels, subset="validation").average_recall[-1] == 0.5
    assert (
        evaluate_proposals(found, labels, subset="validation", blocked={"two"}).average_recall[-1]
        == 1
    )
    with pytest.warns(SpotkickWarning, match="'three', which is of the subset 'training'"):
        evaluate_proposals(
            [*found, VideoSegments("three", None, (Segment(0, 5, "", 0.5),))],
            labels,
            subset="validation",
        )


@pytest.mark.parametrize(
    ("found", "truth", "message"),
    [
        ((), (Segment(0, 5, "x"),), "no proposals"),
        ((Segment(0, 5, "", 0.5),), (), "no labels"),
        ((Segment(0, 5, ""),), (Segment(0, 5, "x"),), "no score"),
    ],
)
def test_evaluate_proposals_bad_input_is_refused(
    found: tuple[Segment, ...], truth: tuple[Segment, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        evaluate_proposals([VideoSegments("v", None, found)], [VideoSegments("v", None, truth)])


@pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")
def test_evaluate_proposals_foreign_names_are_refused() -> None:
    with pytest.raises(InputError, match="look at the names"):
        evaluate_proposals(
            [VideoSegments("v", None, (Segment(0, 5, "", 0.5),))],
            [VideoSegments("w", None, (Segment(0, 5, "x"),))],
        )
