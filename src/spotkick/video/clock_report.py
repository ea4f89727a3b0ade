"""What is unusual about the time of a video file."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Joint:
    """Where another recording begins.

    Attributes:
        at_s: in seconds from the first frame.
        jump_s: by how much the clock of the file jumps there; negative for back.
    """

    at_s: Fraction
    jump_s: Fraction


@dataclass(frozen=True, slots=True)
class Gap:
    """Where the signal was lost.

    Attributes:
        start_s: when the last frame before it ends, in seconds from the first frame.
        duration_s: how long there is no frame.
    """

    start_s: Fraction
    duration_s: Fraction


@dataclass(frozen=True, slots=True)
class ClockReport:
    """What is unusual about the time of a file.

    Attributes:
        start_s: timestamp of the first frame in the file.
        joints: places where another recording begins.
        gaps: stretches of a second or more without frames.
        missing_frames: frames that are missing elsewhere in a steady sequence.
        corrupt_packets: packets that the container marks as damaged.
        has_display_times: whether the file says when frames are shown.
        states_duration: whether the file states its length.
        is_measured: whether every packet was read; otherwise joints, gaps and missing frames are
            not known.
        has_variable_rate: whether a tenth or more of the frames last longer or shorter than most.
        readable_s: end of the last frame that was read; 0 where packets were not read.
        stopped_by: why reading ended before the end of the file, empty if it did not.
    """

    start_s: Fraction
    joints: tuple[Joint, ...] = ()
    gaps: tuple[Gap, ...] = ()
    missing_frames: int = 0
    corrupt_packets: int = 0
    has_display_times: bool = True
    states_duration: bool = True
    is_measured: bool = False
    has_variable_rate: bool = False
    readable_s: Fraction = Fraction(0)
    stopped_by: str = ""
