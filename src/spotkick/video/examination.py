"""Examine a video file: what is unusual about its time, its frames and its sound.

Packets are read, not decoded, but for one frame and a few seconds of sound.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream

from spotkick.video.clock_reading import measure_clock
from spotkick.video.clock_report import ClockReport
from spotkick.video.probe import VideoInfo, probe
from spotkick.video.reader import MediaReader, open_media

_SILENT_PEAK: Final = 10 ** (-60 / 20)
"""Sound that stays below -60 dB of full scale is called silent; noise of a microphone is louder."""

_WINDOWS: Final = 6
_WINDOW_S: Final = 1
_SHORT_SOUND_S: Final = 2
_TRUNCATED_S: Final = 1


@dataclass(frozen=True, slots=True)
class SoundReport:
    """What is known about a sound track.

    Attributes:
        number: of the track, counted from 1.
        start_s: when it starts, in seconds from the first frame of the video.
        end_s: when it ends.
        is_silent: whether the stretches that were listened to are silent; None where there is no
            decoder.
    """

    number: int
    start_s: float
    end_s: float
    is_silent: bool | None


@dataclass(frozen=True, slots=True)
class MediaReport:
    """What an examination found.

    Attributes:
        info: of the file.
        clock: joints, lost signal, missing frames and damaged packets.
        sounds: one report per sound track.
    """

    info: VideoInfo
    clock: ClockReport
    sounds: tuple[SoundReport, ...]

    @property
    def is_truncated(self) -> bool:
        """Whether less is readable than the file states."""
        return self.info.duration_s - float(self.clock.readable_s) > _TRUNCATED_S

    @property
    def silent_tracks(self) -> tuple[int, ...]:
        """Numbers of the sound tracks without sound."""
        return tuple(sound.number for sound in self.sounds if sound.is_silent)

    @property
    def short_tracks(self) -> tuple[int, ...]:
        """Numbers of the sound tracks that start late or end early."""
        return tuple(
            sound.number
            for sound in self.sounds
            if sound.start_s > _SHORT_SOUND_S
            or sound.end_s < float(self.clock.readable_s) - _SHORT_SOUND_S
        )


def examine_media(path: Path) -> MediaReport:
    """Read a whole file once and report what is unusual.

    Raises:
        InputError: see `spotkick.video.probe.probe`.
    """
    clock = measure_clock(path)
    info = probe(path)
    with open_media(path) as media:
        streams = list(media.container.streams.audio)
        spans = _measure_spans(media, streams)
        peaks = _measure_peaks(media, [s for s in streams if _has_decoder(s)])
    sounds = tuple(
        SoundReport(
            number=track.number,
            start_s=float(spans.get(track.index, (Fraction(0), Fraction(0)))[0]),
            end_s=float(spans.get(track.index, (Fraction(0), Fraction(0)))[1]),
            is_silent=peaks[track.index] < _SILENT_PEAK if track.index in peaks else None,
        )
        for track in info.audio_tracks
    )
    return MediaReport(info=replace(info, path=path), clock=clock.report, sounds=sounds)


def _has_decoder(stream: AudioStream) -> bool:
    context: object = stream.codec_context  # None for a codec that is not known
    return context is not None


def _measure_spans(
    media: MediaReader, streams: list[AudioStream]
) -> dict[int, tuple[Fraction, Fraction]]:
    """Stream index -> when its sound starts and ends, in seconds from the first frame."""
    spans: dict[int, tuple[Fraction, Fraction]] = {}
    if not streams:
        return spans
    media.seek(0)
    for packet in media.packets(*streams):
        start_s = media.clock.seconds(packet)
        if start_s is None:
            continue
        end_s = start_s + (packet.duration or 0) * packet.time_base
        first_s, last_s = spans.get(packet.stream.index, (start_s, end_s))
        spans[packet.stream.index] = (min(first_s, start_s), max(last_s, end_s))
    return spans


def _measure_peaks(media: MediaReader, streams: list[AudioStream]) -> dict[int, float]:
    """Stream index -> loudest sample, 1 for full scale, of a few stretches of the file."""
    peaks = {stream.index: 0.0 for stream in streams}
    if not streams:
        return peaks
    duration_s = media.clock.duration_s
    for window in range(_WINDOWS):
        start_s = duration_s * (2 * window + 1) / (2 * _WINDOWS)
        media.seek(start_s)
        for frame, index in _decode_sound(media, streams, start_s + _WINDOW_S):
            peaks[index] = max(peaks[index], _find_peak(frame))
    return peaks


def _decode_sound(
    media: MediaReader, streams: list[AudioStream], end_s: Fraction
) -> Iterator[tuple[av.AudioFrame, int]]:
    """Decoded sound with the index of its stream, up to a time; damaged packets are left out."""
    for stream in streams:
        stream.codec_context.flush_buffers()
    for packet in media.packets(*streams):
        time_s = media.clock.seconds(packet)
        if time_s is not None and time_s > end_s:
            return
        try:
            frames: list[Any] = packet.decode()
        except av.FFmpegError:
            continue
        for frame in frames:
            yield frame, packet.stream.index


def _find_peak(frame: av.AudioFrame) -> float:
    """Loudest sample of a frame, 1 for full scale."""
    samples: npt.NDArray[Any] = np.asarray(frame.to_ndarray())
    if not samples.size:
        return 0.0
    if samples.dtype == np.uint8:
        return float(np.abs(samples.astype(np.float64) - 128).max()) / 128
    full_scale = 2.0 ** (8 * samples.dtype.itemsize - 1) if samples.dtype.kind == "i" else 1.0
    return float(np.abs(samples.astype(np.float64)).max()) / full_scale
