"""What a target cannot hold of segments and their videos; `capabilities` counts for actions."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from spotkick.formats.capabilities import Capabilities, Loss
from spotkick.formats.segments import (
    MILLISECONDS,
    Segment,
    VideoSegments,
    end_of_frames,
    frames_of_segment,
)


def video_losses(
    videos: Sequence[VideoSegments], capabilities: Capabilities, rate: Fraction
) -> Iterator[Loss]:
    """Losses of ends, durations and subsets.

    Args:
        videos: what is to be written.
        capabilities: of the target.
        rate: of its frames, where it counts them.
    """
    yield from _end_losses(
        [segment for video in videos for segment in video.segments], capabilities, rate
    )
    timed = sum(video.duration_s is not None for video in videos)
    if timed and not capabilities.durations:
        yield Loss("duration of the video", timed, "left out")
    grouped = sum(video.subset is not None for video in videos)
    if grouped and not capabilities.subsets:
        yield Loss("subset of the video", grouped, "left out")


def _end_losses(
    segments: Sequence[Segment], capabilities: Capabilities, rate: Fraction
) -> Iterator[Loss]:
    ended = sum(segment.length_s > 0 for segment in segments)
    if not capabilities.intervals:
        if ended:
            yield Loss("end of the segment", ended, "left out, its start is kept")
        return
    if capabilities.needs_length and ended < len(segments):
        detail = "moved, an annotation needs a length"
        yield Loss("end of a segment of no length", len(segments) - ended, detail)

    # Ends of whole frames; what is shorter than a frame has no length then.
    held = [end_of_frames(*frames_of_segment(segment, rate), rate) for segment in segments]
    moved = sum(
        segment.length_s > 0 and round(MILLISECONDS * segment.end_s) != round(MILLISECONDS * end_s)
        for segment, end_s in zip(segments, held, strict=True)
    )
    if moved and capabilities.frames:
        yield Loss("end within the frame", moved, "moved to the end of the frame")
