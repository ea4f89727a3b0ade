"""Video files that tell time in an unusual way, each with the frame that is on at any time.

They are built with PyAV and by joining or editing bytes, as recorders, cameras and careless copies
make them. `HARD_VIDEOS` lists them for tests that run every reader over every file.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

from support.pattern_video import Pattern, write_pattern_video

SIZE_PX: Final = (96, 64)
TRANSPORT: Final = Pattern(50, size_px=SIZE_PX, group_frames=25, beeps_s=())
WRAP_S: Final = Fraction(2**33, 90_000)
"""The clock of MPEG streams starts again after this time."""


@dataclass(frozen=True)
class HardVideo:
    """A file and what is to be seen in it.

    Attributes:
        path: the file.
        duration_s: from the first frame to the end of the last one.
        frame_on: number of the frame that is on at a time in seconds.
        rate: frames per second.
    """

    path: Path
    duration_s: float
    frame_on: Callable[[float], int]
    rate: Fraction = Fraction(25)


def count_frames(seconds: float, rate: Fraction = Fraction(25)) -> int:
    """Frames that have begun by a time; a tenth of a millisecond is forgiven."""
    return int((Fraction(seconds).limit_denominator(1_000_000) + Fraction(1, 10_000)) * rate)


def write_parts(folder: Path, name: str, starts_s: list[float], pattern: Pattern) -> Path:
    """Recordings of the same length joined byte by byte, numbered through.

    Args:
        folder: for the files.
        name: of the joined file.
        starts_s: where the clock of each recording starts.
        pattern: of each recording.
    """
    joined = folder / name
    data = b""
    for number, start_s in enumerate(starts_s):
        part = folder / f"part{number}{joined.suffix}"
        write_pattern_video(
            part,
            replace(
                pattern,
                first_number=pattern.num_frames * number,
                start_ticks=round(start_s * pattern.rate),
            ),
        )
        data += part.read_bytes()
        part.unlink()
    joined.write_bytes(data)
    return joined


def _joined(folder: Path, name: str, starts_s: list[float], pattern: Pattern) -> HardVideo:
    path = write_parts(folder, name, starts_s, pattern)
    return HardVideo(path, 2 * len(starts_s), count_frames)


def join_backward(folder: Path) -> HardVideo:
    """Two recordings whose clocks both start near zero."""
    return _joined(folder, "back.ts", [0, 0], TRANSPORT)


def join_forward(folder: Path) -> HardVideo:
    """The second recording starts eight minutes later."""
    return _joined(folder, "forward.ts", [0, 500], TRANSPORT)


def join_three(folder: Path) -> HardVideo:
    """A clock that jumps forward and back."""
    return _joined(folder, "three.ts", [900, 4000, 7], TRANSPORT)


def join_program_stream(folder: Path) -> HardVideo:
    """Two program streams, as DVD recorders write them."""
    pattern = replace(TRANSPORT, codec="mpeg2video", b_frames=0, beeps_s=None)
    return _joined(folder, "back.mpg", [0, 0], pattern)


def lose_signal(folder: Path) -> HardVideo:
    """Two seconds, then twelve seconds without signal, then two seconds."""
    path = write_parts(folder, "gap.ts", [100, 114], TRANSPORT)
    return HardVideo(
        path,
        16,
        lambda s: count_frames(s) if s < 2 else 49 if s < 13.999 else count_frames(s) - 12 * 25,
    )


def wrap_clock(folder: Path) -> HardVideo:
    """The clock of 33 bits starts again in the middle."""
    start_s = float(WRAP_S) - 2
    path = write_parts(folder, "wrap.ts", [start_s], replace(TRANSPORT, num_frames=100))
    return HardVideo(path, 4, count_frames)


def _single(folder: Path, name: str, pattern: Pattern) -> HardVideo:
    write_pattern_video(folder / name, pattern)
    return HardVideo(
        folder / name,
        float(pattern.num_frames / pattern.rate),
        lambda s: count_frames(s, pattern.rate),
        pattern.rate,
    )


def reorder_in_avi_h264(folder: Path) -> HardVideo:
    """AVI says when packets are decoded only, and frames are shown in another order."""
    return _single(folder, "h264.avi", replace(TRANSPORT, num_frames=100, b_frames=3, beeps_s=None))


def reorder_in_avi_mpeg4(folder: Path) -> HardVideo:
    """The same with MPEG-4, as XviD writes it."""
    pattern = replace(TRANSPORT, num_frames=100, codec="mpeg4", b_frames=2, beeps_s=None)
    return _single(folder, "mpeg4.avi", pattern)


def leave_out_duration_matroska(folder: Path) -> HardVideo:
    """A recorder that was stopped hard: neither length nor index."""
    pattern = replace(TRANSPORT, num_frames=100, muxer_options=(("live", "1"),))
    return _single(folder, "killed.mkv", pattern)


def leave_out_duration_webm(folder: Path) -> HardVideo:
    """What browsers record."""
    pattern = replace(
        TRANSPORT,
        codec="libvpx-vp9",
        b_frames=0,
        options=(("cpu-used", "8"),),
        muxer_options=(("live", "1"),),
    )
    return _single(folder, "browser.webm", pattern)


def leave_out_container(folder: Path) -> HardVideo:
    """A raw stream at 50 frames per second: no times at all."""
    pattern = replace(TRANSPORT, num_frames=100, rate=Fraction(50), beeps_s=None)
    return _single(folder, "raw.h264", pattern)


def count_from_zero_after_seeking(folder: Path) -> HardVideo:
    """A raw MPEG-2 stream: FFmpeg counts its decoding times from wherever it is entered."""
    options = (("qmin", "2"), ("qmax", "3"))
    pattern = replace(TRANSPORT, num_frames=100, codec="mpeg2video", beeps_s=None, options=options)
    return _single(folder, "raw.m2v", pattern)


def count_frames_alone(folder: Path) -> HardVideo:
    """A raw stream of key frames: FFmpeg counts even the times at which they are shown."""
    options = (("qmin", "2"), ("qmax", "3"), ("strict", "unofficial"))
    pattern = replace(
        TRANSPORT, num_frames=100, codec="mjpeg", b_frames=0, beeps_s=None, options=options
    )
    return _single(folder, "raw.mjpeg", pattern)


def split_into_playlist(folder: Path) -> HardVideo:
    """A playlist of a recorder that died: no end mark."""
    pattern = replace(
        TRANSPORT, num_frames=100, muxer_options=(("hls_time", "1"), ("hls_list_size", "0"))
    )
    video = _single(folder, "live.m3u8", pattern)
    text = video.path.read_text()
    video.path.write_text(text.replace("#EXT-X-ENDLIST\n", ""))
    return video


def start_late(folder: Path) -> HardVideo:
    """A transport stream cut from a longer one."""
    return _single(folder, "late.ts", replace(TRANSPORT, num_frames=100, start_ticks=90_000))


def round_times(folder: Path) -> HardVideo:
    """29.97 frames per second in a container of milliseconds."""
    pattern = replace(TRANSPORT, num_frames=90, rate=Fraction(30_000, 1001), beeps_s=None)
    return _single(folder, "rounded.flv", pattern)


HARD_VIDEOS: Final[dict[str, Callable[[Path], HardVideo]]] = {
    make.__name__: make
    for make in (
        join_backward,
        join_forward,
        join_three,
        join_program_stream,
        lose_signal,
        wrap_clock,
        reorder_in_avi_h264,
        reorder_in_avi_mpeg4,
        leave_out_duration_matroska,
        leave_out_duration_webm,
        leave_out_container,
        count_from_zero_after_seeking,
        count_frames_alone,
        split_into_playlist,
        start_late,
        round_times,
    )
}
