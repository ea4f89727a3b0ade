"""From the output of a localizer to proposals, and from proposals to detections."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from spotkick.configuration import FrozenConfig
from spotkick.formats.segments import Segment, VideoSegments
from spotkick.localization.features import LocalizationVideo

Part = Annotated[float, Field(ge=0, le=1)]


class ProposalConfig(FrozenConfig):
    """How proposals are generated; the defaults are those for ActivityNet-1.3.

    Attributes:
        candidates: ``all``: every pair of a start and a later end (the PyTorch code of BMN).
            ``peaks``: starts and ends that are local maxima or above half of the maximum, and the
                ends of the video (the BMN paper, section 3.5; mmaction2).
        suppression: ``soft``: Soft-NMS with a Gaussian. ``none``.
        alpha: width of the Gaussian; scores are multiplied by exp(-IoU^2 / alpha).
        low_overlap: temporal IoU above which neighbours of a proposal without length are
            suppressed.
        high_overlap: same for a proposal as long as the video; in between the threshold rises with
            the length.
        max_proposals: kept per video.
    """

    candidates: Literal["all", "peaks"] = "all"
    suppression: Literal["soft", "none"] = "soft"
    alpha: Annotated[float, Field(gt=0)] = 0.4
    low_overlap: Part = 0.5
    high_overlap: Part = 0.9
    max_proposals: Annotated[int, Field(ge=1)] = 100


class LocalizerOutput(NamedTuple):
    """The output of a localizer for a batch of videos.

    Attributes:
        boundaries: (videos, steps, 2), start and end probabilities.
        confidences: (videos, 2, durations, starts), regressed and classified temporal IoU of
            each candidate.
    """

    boundaries: npt.NDArray[np.float32]
    confidences: npt.NDArray[np.float32]


Localizer = Callable[[npt.NDArray[np.float32]], LocalizerOutput]
"""Anything that turns features (videos, steps, dim) into a `LocalizerOutput`: an ONNX session, or a
torch network in training."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """Proposals of one video, best first.

    Attributes:
        segments: (proposals, 2) in normalised time, 0 to 1.
        scores: (proposals,).
    """

    segments: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]

    def __len__(self) -> int:
        """Number of proposals."""
        return len(self.scores)

    def top_k(self, count: int) -> "Proposals":
        """The best ``count`` proposals."""
        return Proposals(self.segments[:count], self.scores[:count])


def generate_proposals(
    boundaries: npt.NDArray[np.floating],
    confidences: npt.NDArray[np.floating],
    candidates: Literal["all", "peaks"] = "all",
) -> Proposals:
    """Score the candidates of one video: start probability x end probability x both confidences.

    Args:
        boundaries: (steps, 2).
        confidences: (2, durations, starts).
        candidates: see `ProposalConfig`.

    Returns:
        All candidates that end at a step of the axis, best first; equal scores in order of
        duration, then start. A candidate that ends with the video has no end probability and is
        left out, as in the public code.

    Source: BMN paper, section 3.5.
    """
    # Steps that may be starts and ends
    steps = len(boundaries)
    is_start, is_end = (np.ones(steps, dtype=np.bool_),) * 2
    if candidates == "peaks":
        is_start, is_end = _find_peaks(boundaries[:, 0]), _find_peaks(boundaries[:, 1])
        is_start[0] = is_end[-1] = True

    # Row and start of each candidate in the map
    row, start = np.indices((confidences.shape[1], confidences.shape[2]), dtype=np.intp)
    end = start + row + 1
    inside = end < steps
    row, start, end = row[inside], start[inside], end[inside]
    kept = is_start[start] & is_end[end]
    row, start, end = row[kept], start[kept], end[kept]

    # Product of four values, best first
    scores = (
        boundaries[start, 0].astype(np.float64)
        * boundaries[end, 1]
        * confidences[0, row, start]
        * confidences[1, row, start]
    )
    order = np.argsort(-scores, kind="stable")
    segments = np.stack([start[order], end[order]], axis=1) / steps
    return Proposals(segments, scores[order])


def _find_peaks(probability: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Steps above half of the maximum, and inner local maxima."""
    peaks = probability > 0.5 * probability.max()
    peaks[1:-1] |= (probability[1:-1] > probability[:-2]) & (probability[1:-1] > probability[2:])
    return np.asarray(peaks, dtype=np.bool_)


def temporal_iou(
    segment: npt.NDArray[np.floating], others: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Temporal intersection over union of a segment (2,) with others (n, 2).

    It is 0 for two segments without length.
    """
    inside = np.clip(
        np.minimum(segment[1], others[:, 1]) - np.maximum(segment[0], others[:, 0]), 0, None
    )
    union = (segment[1] - segment[0]) + (others[:, 1] - others[:, 0]) - inside
    iou: npt.NDArray[np.float64] = np.divide(
        inside, union, out=np.zeros(len(others)), where=union > 0
    )
    return iou


def soft_nms(
    proposals: Proposals,
    *,
    alpha: float = 0.4,
    low: float = 0.5,
    high: float = 0.9,
    keep: int = 100,
) -> Proposals:
    """Lower the scores of proposals that overlap with a better one.

    The best proposal is taken; the others whose temporal IoU with it is above ``low + (high - low)
    * length`` have their scores multiplied by exp(-IoU^2 / alpha); and so on with the best of the
    rest.

    Args:
        proposals: of one video, segments in normalised time, 0 to 1.
        alpha: width of the Gaussian.
        low: IoU threshold for a proposal without length.
        high: IoU threshold for a proposal as long as the video.
        keep: proposals that are taken.

    Returns:
        At most ``keep`` proposals with their new scores, best first. The public code loses one when
        there are ``keep`` or less.

    Source: Bodla et al., ICCV 2017; thresholds of the PyTorch code of BMN.
    """
    segments, scores = proposals.segments, proposals.scores.copy()
    remaining = np.arange(len(scores))
    taken: list[int] = []

    while len(remaining) and len(taken) < keep:
        top = int(np.argmax(scores[remaining]))
        best = int(remaining[top])
        taken.append(best)
        remaining = np.delete(remaining, top)

        # Long proposals may overlap more before they suppress each other.
        iou = temporal_iou(segments[best], segments[remaining])
        threshold = low + (high - low) * (segments[best, 1] - segments[best, 0])
        scores[remaining] *= np.where(iou > threshold, np.exp(-(iou**2) / alpha), 1.0)

    chosen = np.array(taken, dtype=np.intp)
    order = chosen[np.argsort(-scores[chosen], kind="stable")]
    return Proposals(segments[order], scores[order])


def propose(
    localizer: Localizer,
    videos: Sequence[LocalizationVideo],
    config: ProposalConfig | None = None,
    *,
    batch_videos: int = 16,
) -> Iterator[tuple[LocalizationVideo, Proposals]]:
    """Generate proposals for videos, in their order.

    Args:
        localizer: the network.
        videos: with features on the localizer's number of steps.
        config: how; the defaults when None.
        batch_videos: videos that the network sees at once.
    """
    config = config or ProposalConfig()

    # Videos of a batch go through the network at once.
    for first in range(0, len(videos), batch_videos):
        batch = videos[first : first + batch_videos]
        output = localizer(np.stack([video.features for video in batch]))
        for video, boundaries, confidences in zip(
            batch, output.boundaries, output.confidences, strict=True
        ):
            proposals = generate_proposals(boundaries, confidences, config.candidates)
            if config.suppression == "soft":
                proposals = soft_nms(
                    proposals,
                    alpha=config.alpha,
                    low=config.low_overlap,
                    high=config.high_overlap,
                    keep=config.max_proposals,
                )
            yield video, proposals.top_k(config.max_proposals)


def proposal_segments(
    results: Iterable[tuple[LocalizationVideo, Proposals]],
) -> tuple[VideoSegments, ...]:
    """Proposals in seconds, without labels, as files hold them."""
    return tuple(
        VideoSegments(
            video.name,
            video.duration_s,
            tuple(
                Segment(
                    float(start) * video.duration_s, float(end) * video.duration_s, "", float(score)
                )
                for (start, end), score in zip(proposals.segments, proposals.scores, strict=True)
            ),
        )
        for video, proposals in results
    )


def detect_segments(
    proposals: Iterable[VideoSegments],
    class_scores: Mapping[str, Mapping[str, float]],
    *,
    top_classes: int = 1,
    max_detections: int = 100,
) -> tuple[VideoSegments, ...]:
    """Give each proposal the best classes of its video; scores are multiplied.

    Args:
        proposals: per video, with scores.
        class_scores: video -> class -> score of the class in the whole video.
        top_classes: classes per video that are used.
        max_detections: kept per video, best first.

    Returns:
        Detections of the videos that have class scores; the other videos come back without any.

    Source: BMN paper, section 4.3, with video-level classes of another network; mmaction2 uses the
    best class as well.
    """
    return tuple(
        _detect_video(video, class_scores.get(video.video, {}), top_classes, max_detections)
        for video in proposals
    )


def _detect_video(
    video: VideoSegments, scores: Mapping[str, float], top_classes: int, max_detections: int
) -> VideoSegments:
    classes = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:top_classes]
    found = [
        Segment(
            segment.start_s,
            segment.end_s,
            label,
            (1.0 if segment.score is None else segment.score) * score,
        )
        for label, score in classes
        for segment in video.segments
    ]
    found.sort(key=lambda segment: -(segment.score or 0.0))
    return VideoSegments(video.video, video.duration_s, tuple(found[:max_detections]), video.subset)
