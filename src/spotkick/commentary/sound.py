"""The sound of a video or sound file, as speech recognition wants it: mono, 16 kHz."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from spotkick.errors import InputError
from spotkick.video.clock_reading import read_clock
from spotkick.video.opening import open_container, read_until_broken
from spotkick.video.streams import choose_audio_stream, choose_video_stream, has_decoder

SAMPLE_RATE_HZ: Final = 16_000

_TOLERATED_S: Final = 0.1
"""Timestamps of sound are rounded in many files; only a larger difference is a gap."""

_LONGEST_GAP_S: Final = 600.0
"""Larger jumps are mistakes of a recorder, not missing sound."""

_SEEK_MARGIN_S: Final = 10.0
_FULL_SCALE: Final = 32768.0


def read_sound(
    path: Path, start_s: float = 0.0, end_s: float | None = None
) -> npt.NDArray[np.float32]:
    """Read the sound of a stretch of a file.

    Time zero is the first frame of a video, or the first sample of a sound file. Where the sound
    begins later, or has gaps, the result is silent.

    Args:
        path: video or sound file.
        start_s: of the stretch, in seconds.
        end_s: of the stretch; None for the end of the file.

    Returns:
        (samples,) between -1 and 1.

    Raises:
        InputError: if the file cannot be opened, has no sound that can be decoded, or ends before
            ``start_s``.
    """
    with open_container(path) as container:
        stream, has_video = _choose_sound(container, path)
        time_base = stream.time_base or Fraction(1, SAMPLE_RATE_HZ)
        starts = Fraction(stream.start_time or 0) * time_base
        origin_s = read_clock(path).origin_s if has_video else starts

        # Long recordings are entered near the start of the stretch.
        entry_s = origin_s + Fraction(start_s - _SEEK_MARGIN_S)
        if start_s > _SEEK_MARGIN_S:
            container.seek(max(0, int(entry_s / time_base)), stream=stream)
        frames = _decode_frames(container, stream)
        first, parts = _collect_parts(frames, origin_s=origin_s, end_s=end_s)

    if not parts:
        raise InputError(f"{path}: nothing of its sound can be decoded; the file is damaged")
    begin, last = round(start_s * SAMPLE_RATE_HZ), first + sum(len(part) for part in parts)
    stop = last if end_s is None else min(round(end_s * SAMPLE_RATE_HZ), last)
    if begin >= stop:
        raise InputError(
            f"{path}: its sound lasts {last / SAMPLE_RATE_HZ:.1f} s, so that a period cannot "
            f"start at {start_s:g} s"
        )
    return _place_parts(parts, first, begin, stop)


def require_sound(path: Path) -> None:
    """Check that a file has sound, without decoding it.

    Raises:
        InputError: if it cannot be opened, or has no sound that can be decoded.
    """
    with open_container(path) as container:
        _choose_sound(container, path)


def _choose_sound(container: InputContainer, path: Path) -> tuple[AudioStream, bool]:
    """The sound of a file, and whether it belongs to a video."""
    try:
        video = choose_video_stream(container, path)
    except InputError:  # a sound file, perhaps with a cover
        streams = [stream for stream in container.streams.audio if has_decoder(stream)]
        stream, has_video = next(iter(streams), None), False
    else:
        stream, has_video = choose_audio_stream(container, video, path), True
    if stream is None:
        raise InputError(f"{path}: the file has no sound, so that there is nothing to transcribe")
    return stream, has_video


def _decode_frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Frames of sound; packets that the decoder refuses are left out."""
    for packet in read_until_broken(container, stream):
        try:
            yield from (frame for frame in packet.decode() if isinstance(frame, AudioFrame))
        except av.FFmpegError:
            continue


def _collect_parts(
    frames: Iterator[AudioFrame], *, origin_s: Fraction, end_s: float | None
) -> tuple[int, list[npt.NDArray[np.int16]]]:
    """Place of the first sample at `SAMPLE_RATE_HZ`, and from there on all samples, in parts."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
    parts: list[npt.NDArray[np.int16]] = []
    first = place = 0

    for frame in frames:
        # Missing sound becomes silence; timestamps that jump back are not believed.
        if frame.pts is not None and frame.time_base is not None:
            stated = round((frame.pts * frame.time_base - origin_s) * SAMPLE_RATE_HZ)
            gap = stated - place
            if not parts:
                first = place = stated
            elif _TOLERATED_S < gap / SAMPLE_RATE_HZ < _LONGEST_GAP_S:
                parts.append(np.zeros(gap, dtype=np.int16))
                place = stated
        if end_s is not None and place > end_s * SAMPLE_RATE_HZ:
            break
        frame.pts = None
        for resampled in resampler.resample(frame):
            parts.append(resampled.to_ndarray()[0])
            place += len(parts[-1])
    return first, parts


def _place_parts(
    parts: list[npt.NDArray[np.int16]], first: int, begin: int, stop: int
) -> npt.NDArray[np.float32]:
    """(stop - begin,) samples, silent until the sound begins.

    A period is 200 MB of float32: no second copy of it is made.
    """
    samples = np.zeros(stop - begin, dtype=np.float32)
    place = first
    for part in parts:
        low, high = max(place, begin), min(place + len(part), stop)
        if low < high:
            samples[low - begin : high - begin] = part[low - place : high - place]
        place += len(part)
    samples /= _FULL_SCALE
    return samples
