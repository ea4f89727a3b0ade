"""Which streams of a file are its video and its sound, and what their headers state about time.

The video is the largest stream that moves: covers and stills are left aside, marked as such or
not. The sound is chosen as players do it: of the programme of the video, then the track that is
marked as default, then the first; tracks without a decoder and those for the visually impaired
come last.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from spotkick.errors import InputError
from spotkick.video.programmes import read_programmes

_FALLBACK_RATE: Final = Fraction(25)
_NO_VIDEO: Final = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
_SECONDARY_SOUND: Final = (
    Disposition.visual_impaired
    | Disposition.hearing_impaired
    | Disposition.comment
    | Disposition.karaoke
    | Disposition.dependent
)
_COUNTED_PACKETS: Final = 400
"""Packets that are read to tell a video from a cover stored as an ordinary stream."""

_STANDARD_RATES: Final = (
    *(Fraction(rate) for rate in (24, 25, 30, 48, 50, 60, 100, 120)),
    *(Fraction(1000 * rate, 1001) for rate in (24, 30, 48, 60, 120)),
)
"""Rates that editing programs know."""

_COMMON_RATES: Final = tuple(
    sorted(
        [
            *(Fraction(rate) for rate in (24, 25, 30, 50, 60, 100, 120)),
            *(Fraction(1000 * rate, 1001) for rate in (24, 30, 60, 120)),
        ]
    )
)
"""Those that all of them know, slowest first, for a video that has none of its own: frames that
were dropped from a 59.94 recording leave an average below 59.94, which is then the next."""

_SAME_RATE: Final = Fraction(1, 2000)
"""Rates that differ by less are one rate with rounded timestamps; 29.97 and 30 differ by twice
as much."""


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """A sound track of a file.

    Attributes:
        index: of the stream in the file.
        number: of the track among the sound tracks, counted from 1, as options take it.
        codec: name of the codec, empty when there is no decoder for it.
        rate_hz: samples per second, 0 when there is no decoder.
        channels: number of channels, 0 when there is no decoder.
        language: code such as ``eng``, empty when the file does not say.
        title: name of the track, empty when the file does not say.
        is_default: whether it is marked as the one to play.
    """

    index: int
    number: int
    codec: str
    rate_hz: int
    channels: int
    language: str
    title: str
    is_default: bool

    @property
    def is_decodable(self) -> bool:
        """Whether the sound can be decoded."""
        return bool(self.codec)


def choose_video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The video of a file: the largest stream that moves, the first one when several are equal.

    Raises:
        InputError: if the file has no video stream, or none with a decoder.
    """
    streams = [stream for stream in container.streams.video if not stream.disposition & _NO_VIDEO]
    if not streams:
        if container.streams.audio:
            raise InputError(f"{path}: the file holds only sound; a video is needed")
        raise InputError(
            f"{path}: the file holds no frames that can be read; it is no video, damaged, or "
            "truncated inside its index"
        )

    # a cover may be larger than the video
    if len(streams) > 1:
        streams = _leave_out_stills(container, streams)
    chosen = max(streams, key=_count_pixels)
    if not _count_pixels(chosen):
        raise InputError(
            f"{path}: the format of the frames cannot be found; the file is damaged, truncated "
            "inside its index, or of a codec that is not supported"
        )
    return chosen


def _leave_out_stills(
    container: InputContainer, streams: Sequence[VideoStream]
) -> list[VideoStream]:
    """The streams of which more than one frame is found, or all when none is."""
    found: Counter[int] = Counter()
    try:
        for number, packet in enumerate(container.demux(*streams)):
            found[packet.stream.index] += packet.size > 0
            if number >= _COUNTED_PACKETS or min(found[s.index] for s in streams) > 1:
                break
        container.seek(0)
    except (av.FFmpegError, OSError):
        return list(streams)
    return [stream for stream in streams if found[stream.index] > 1] or list(streams)


def _count_pixels(stream: VideoStream) -> int:
    """Pixels of a frame; 0 when the header does not lead to a decoder."""
    context: VideoCodecContext | None = stream.codec_context  # None for a codec that is not known
    return 0 if context is None else context.width * context.height


def list_audio_tracks(container: InputContainer) -> tuple[AudioTrack, ...]:
    """The sound tracks of a file, in its order."""
    return tuple(
        _describe_track(stream, number)
        for number, stream in enumerate(container.streams.audio, start=1)
    )


def _describe_track(stream: AudioStream, number: int) -> AudioTrack:
    context: Any = stream.codec_context  # None for a codec that is not known
    known = context is not None
    return AudioTrack(
        index=stream.index,
        number=number,
        codec=context.name if known else "",
        rate_hz=(context.sample_rate or 0) if known else 0,
        channels=(context.channels or 0) if known else 0,
        language=find_tag(stream, "language"),
        title=find_tag(stream, "title") or find_tag(stream, "handler_name"),
        is_default=bool(stream.disposition & Disposition.default),
    )


def choose_audio_stream(
    container: InputContainer, video: VideoStream, path: Path, *, track: int | None = None
) -> AudioStream | None:
    """The sound that belongs to a video.

    Args:
        container: the opened file.
        video: its video stream, of `choose_video_stream`.
        path: of the file.
        track: number of the sound track, counted from 1; None chooses: the programme of the video
            first, then the track marked as default, then the first.

    Returns:
        the stream, None for a file without sound that can be decoded.

    Raises:
        InputError: if there is no track of that number, or no decoder for it.
    """
    streams = list(container.streams.audio)
    decodable = [stream for stream in streams if has_decoder(stream)]
    if track is not None:
        if not 1 <= track <= len(streams):
            raise InputError(f"{path}: has {len(streams)} sound tracks, no number {track}")
        if streams[track - 1] not in decodable:
            raise InputError(f"{path}: there is no decoder for sound track {track}")
        return streams[track - 1]
    if len(decodable) < 2:
        return decodable[0] if decodable else None

    # of several programmes in one file only the sound of the same one fits
    programme = _find_programme(container, video, path)
    return min(
        decodable,
        key=lambda stream: (
            bool(programme) and stream.id not in programme,
            bool(stream.disposition & _SECONDARY_SOUND),
            not stream.disposition & Disposition.default,
            stream.index,
        ),
    )


def has_decoder(stream: Stream) -> bool:
    """Whether the codec of a stream is one that can be decoded here."""
    context: object = stream.codec_context  # None for a codec that is not known
    return context is not None


def _find_programme(container: InputContainer, video: VideoStream, path: Path) -> frozenset[int]:
    """Ids of the streams of the video's programme; empty where there are no programmes."""
    if container.format.name != "mpegts":
        return frozenset()
    return next((ids for ids in read_programmes(path) if video.id in ids), frozenset())


def find_tag(owner: Stream | InputContainer, name: str) -> str:
    """Value of a metadata tag, whose name FFmpeg compares without regard to case; empty if none."""
    for key, value in owner.metadata.items():
        if key.lower() == name.lower():
            return str(value)
    return ""


def frame_rate_of(stream: VideoStream) -> Fraction:
    """Average frames per second of a stream; 25 when the file gives no clue."""
    rate = stream.average_rate or stream.guessed_rate or stream.base_rate
    return Fraction(rate) if rate else _FALLBACK_RATE


def nominal_rate_of(stream: VideoStream) -> Fraction:
    """Frames per second as an editing program counts them; see `choose_nominal_rate`."""
    guessed = stream.guessed_rate
    return choose_nominal_rate(frame_rate_of(stream), Fraction(guessed) if guessed else None)


def choose_nominal_rate(average: Fraction, guessed: Fraction | None = None) -> Fraction:
    """The rate at which a video was meant to be shown.

    The average rate is off where timestamps are rounded or frames were dropped.

    Args:
        average: frames per second, over the file.
        guessed: the slowest rate at which all its timestamps fall on frames, as FFmpeg finds it.

    Returns:
        the average where it is a standard rate; the guessed rate where that is one and not slower;
        the average where the two agree; else the next common rate.

    Example:
        >>> str(choose_nominal_rate(Fraction(269700, 8999), Fraction(30000, 1001)))
        '30000/1001'
    """
    standard = _nearest_standard(average)
    if abs(standard - average) <= average * _SAME_RATE:
        return standard
    if guessed is not None and guessed >= average:
        standard = _nearest_standard(guessed)
        if abs(standard - guessed) <= guessed * _SAME_RATE:
            return standard
        if guessed - average <= average * _SAME_RATE:
            return average
    if guessed is None and average == round(average):
        return average
    return min((rate for rate in _COMMON_RATES if rate >= average), default=Fraction(average))


def _nearest_standard(rate: Fraction) -> Fraction:
    return min(_STANDARD_RATES, key=lambda standard: abs(standard - rate))


def time_base_of(stream: VideoStream) -> Fraction:
    """Length of one unit of a stream's timestamps, in seconds."""
    return Fraction(stream.time_base) if stream.time_base else 1 / frame_rate_of(stream)
