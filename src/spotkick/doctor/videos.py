"""What can be wrong with one video: its header, the times of its packets, and its sound."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, cast

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream

from spotkick.doctor.findings import Finding, Severity
from spotkick.errors import InputError
from spotkick.video.clock_reading import measure_clock
from spotkick.video.damage import describe_clock
from spotkick.video.opening import open_video
from spotkick.video.probe import VideoInfo

LATE_START_S: Final = 0.5
"""A first frame later than this in the file: tools that count from the file's clock place actions
this much later."""

_UNEVEN: Final = 0.002
"""An average rate further than this from the nominal one, as a share, is a rate that varies."""

_SOUND_PLACES: Final = 8
_SOUND_FRAMES: Final = 12
_SILENCE: Final = 10 ** (-70 / 20)
"""Loudest sample of a silent track, as a share of full scale: 70 dB below it."""

_SHORT_SOUND_S: Final = 5.0


def check_header(match: str, info: VideoInfo) -> Iterator[Finding]:
    """Check what the header of a video says."""
    name = info.path.name
    if info.start_s > LATE_START_S:
        yield Finding(
            Severity.WARNING,
            "video-starts-late",
            match,
            f"{name}: its first frame has time {info.start_s:.2f} s, from which spotkick counts; "
            "some tools do not",
            f"if actions come {info.start_s:.2f} s late, shift the labels, or write the file anew "
            "so that it starts at 0",
        )
    if info.duration_s == 0:
        yield Finding(
            Severity.WARNING,
            "video-length-unknown",
            match,
            f"{name}: the file does not state its length",
            "remux it: 'ffmpeg -i IN -c copy OUT.mkv'",
        )

    # What is stored in another way than others do.
    if info.field_order != "progressive":
        yield Finding(
            Severity.INFO,
            "interlaced",
            match,
            f"{name}: its frames are interlaced ({info.field_order})",
            "nothing to do for spotting; reels say how they treat it",
        )
    yield from _check_rate(match, info)
    yield from _check_timecode(match, info)


def _check_rate(match: str, info: VideoInfo) -> Iterator[Finding]:
    apart = abs(info.frame_rate / info.nominal_rate - 1) if info.nominal_rate else Fraction(0)
    if apart > _UNEVEN:
        yield Finding(
            Severity.WARNING,
            "uneven-rate",
            match,
            f"{info.path.name}: {float(info.frame_rate):.3f} frames per second on average, where "
            f"{float(info.nominal_rate):.3f} fit: the rate varies, or frames were dropped",
            "count in time and not in frames with this file; spotkick does",
        )


def _check_timecode(match: str, info: VideoInfo) -> Iterator[Finding]:
    rate = info.timecode_rate
    if info.timecode and rate and round(rate) != round(info.nominal_rate):
        yield Finding(
            Severity.INFO,
            "timecode-rate",
            match,
            f"{info.path.name}: its timecode counts {float(rate):g} per second, its frames come at "
            f"{float(info.nominal_rate):g}",
            "check the rate of the project in the editing program",
        )


def check_packets(match: str, path: Path) -> Iterator[Finding]:
    """Read all packets of a video, and check that time goes on through all of them."""
    try:
        clock = measure_clock(path)
    except InputError as error:
        yield Finding(
            Severity.ERROR, "unreadable-video", match, str(error), "record or download it again"
        )
        return

    # Joints and gaps, then damage.
    report = clock.describe()
    for phrase in describe_clock(clock):
        yield Finding(
            Severity.WARNING,
            "video-joints",
            match,
            f"{path.name}: {phrase}",
            "check that labels were made on this very file; other tools may count another time",
            len(report.joints) + len(report.gaps),
        )
    lost = report.missing_frames + report.corrupt_packets
    if lost or report.stopped_by:
        found = []
        if report.missing_frames:
            found.append(f"{report.missing_frames} frames are missing")
        if report.corrupt_packets:
            found.append(f"{report.corrupt_packets} packets are marked as damaged")
        if report.stopped_by:
            found.append(f"reading stopped ({report.stopped_by})")
        yield Finding(
            Severity.WARNING,
            "video-damage",
            match,
            f"{path.name}: {'; '.join(found)}",
            "record or download it again; actions there may be missed",
            max(lost, 1),
        )


def check_sound(match: str, info: VideoInfo) -> Iterator[Finding]:
    """Check that there is sound, that it can be heard, and that it lasts as long as the frames."""
    name = info.path.name
    if info.audio_index is None:
        has = (
            f"{len(info.audio_tracks)} sound tracks without a decoder" if info.audio_tracks else ""
        )
        yield Finding(
            Severity.INFO,
            "no-sound",
            match,
            f"{name}: {has or 'has no sound'}",
            "nothing to do for spotting; a reel will be silent",
        )
        return

    # What can be heard, and for how long.
    loudest, length_s = _measure_sound(info)
    if loudest is not None and loudest < _SILENCE:
        others = len(info.audio_tracks) - 1
        yield Finding(
            Severity.WARNING,
            "silent-sound",
            match,
            f"{name}: sound track {_track_number(info)} is silent at {_SOUND_PLACES} places"
            + (f"; there are {others} more tracks" if others else ""),
            "choose another track for reels" if others else "check the recording",
        )
    # Streams that may be joined state the length of one recording only.
    joinable = info.container in ("mpegts", "mpeg")
    if length_s and not joinable and info.duration_s - length_s > _SHORT_SOUND_S:
        yield Finding(
            Severity.WARNING,
            "short-sound",
            match,
            f"{name}: its sound lasts {length_s:.0f} s, its frames {info.duration_s:.0f} s",
            "check the recording; the end of a reel may be silent",
        )


def _track_number(info: VideoInfo) -> int:
    numbers = [track.number for track in info.audio_tracks if track.index == info.audio_index]
    return numbers[0] if numbers else 1


def _measure_sound(info: VideoInfo) -> tuple[float | None, float]:
    """The loudest sample at a few places, and the stated length in seconds, 0 where unknown."""
    loudest: float | None = None
    try:
        with open_video(info.path) as (container, _):
            stream = cast("AudioStream", container.streams[info.audio_index or 0])
            base = stream.time_base or Fraction(1)
            length_s = float((stream.duration or 0) * base)
            for place in range(_SOUND_PLACES):
                at_s = info.start_s + info.duration_s * place / _SOUND_PLACES
                container.seek(round(at_s / base), stream=stream)
                for number, frame in enumerate(container.decode(stream)):
                    loudest = max(loudest or 0.0, _loudest_sample(frame.to_ndarray()))
                    if number >= _SOUND_FRAMES:
                        break
    except (av.FFmpegError, InputError, OSError, ValueError):
        return loudest, 0.0
    return loudest, length_s


def _loudest_sample(samples: npt.NDArray[Any]) -> float:
    """Largest sample as a share of full scale, for floats and whole numbers of any width."""
    if samples.size == 0:
        return 0.0
    if samples.dtype.kind == "f":
        return float(np.abs(samples).max())
    middle = 128 if samples.dtype == np.uint8 else 0
    full = 128 if samples.dtype == np.uint8 else np.iinfo(samples.dtype).max
    return float(np.abs(samples.astype(np.int64) - middle).max() / full)
