"""Cut clips out of videos and join them to a reel, exact to the picture, with sound in step.

Pictures are decoded and encoded again, which is the only way to begin at any picture. Every clip
lasts exactly as long as its pictures do in their source; its sound has the number of samples that
belongs to that, rounded over the whole reel, not per clip.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from spotkick.errors import InputError
from spotkick.files import atomic_path
from spotkick.video.cut_points import PlannedCut
from spotkick.video.opening import open_video
from spotkick.video.overlay import Overlay, painted
from spotkick.video.probe import quarter_turns
from spotkick.video.reader import MediaReader, open_media
from spotkick.video.sound import SoundTrack
from spotkick.video.streams import frame_rate_of

if TYPE_CHECKING:
    from av.container.core import Chapter

FORMATS: Final = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""Suffixes of reels that can be written."""

_ENCODERS: Final = (
    ("libx264", {"preset": "veryfast", "crf": "20"}),
    ("libopenh264", {"b": "4000000"}),
    ("mpeg4", {"qscale": "3"}),
)
_FINE_TICKS_PER_S: Final = 90_000
_LATE_SOUND_S: Final = 5
"""Reading goes on for this long after the last picture of a clip, to find the sound that belongs to
it."""


@dataclass(frozen=True)
class ReelPart:
    """A clip of a reel.

    Attributes:
        cut: where it comes from.
        title: name of its chapter.
        overlay: caption; None for none.
    """

    cut: PlannedCut
    title: str = ""
    overlay: Overlay | None = None


def reel_starts(parts: Sequence[ReelPart]) -> list[Fraction]:
    """Where each part starts in the reel, and at last where the reel ends, in seconds."""
    starts = [Fraction(0)]
    for part in parts:
        starts.append(starts[-1] + part.cut.duration_s)
    return starts


def reel_size(path: Path) -> tuple[int, int]:
    """(width, height) of the pictures of a reel whose first clip comes from a video: upright, with even sides."""
    with open_video(path) as (container, stream):
        turned = any(quarter_turns(frame.rotation) % 2 for frame in _first(container, stream))
        width, height = (stream.height, stream.width) if turned else (stream.width, stream.height)
        return max(2, width // 2 * 2), max(2, height // 2 * 2)


def _first(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    for frame in container.decode(stream):
        yield frame
        return


def reel_format(path: Path) -> str:
    """Container format of a reel by its suffix.

    Raises:
        InputError: if the suffix is another one.
    """
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"{path}: a reel is written as {', '.join(FORMATS)}, not '{path.suffix}'")
    return FORMATS[path.suffix.lower()]


def write_reel(
    path: Path, parts: Sequence[ReelPart], *, progress: Callable[[float], None] | None = None
) -> None:
    """Encode clips into one video with chapters.

    Args:
        path: of the reel; nothing is left there when anything fails.
        parts: in order.
        progress: called with the share that is done, between 0 and 1.

    Raises:
        InputError: if there are no parts, or a source cannot be read any more.
        StorageError: if the reel cannot be written.
    """
    if not parts:
        raise InputError("a reel needs at least one clip")
    container_format = reel_format(path)
    options = {"movflags": "+faststart"} if container_format in {"mp4", "mov"} else {}
    with (
        atomic_path(path) as temporary,
        av.open(str(temporary), "w", format=container_format, options=options) as container,
    ):
        writer = _ReelWriter(container, parts)
        for number in range(len(parts)):
            for done in writer.write_part(number):
                if progress is not None:
                    progress(done)
        writer.finish()


class _ReelWriter:
    """Encoder state of a reel."""

    def __init__(self, container: OutputContainer, parts: Sequence[ReelPart]) -> None:
        self._container, self._parts = container, parts
        self._starts = reel_starts(parts)
        self._size = reel_size(parts[0].cut.path)
        self._pictures = 0
        self._total = sum(part.cut.num_frames for part in parts)
        with open_video(parts[0].cut.path) as (_, stream):
            self._rate = frame_rate_of(stream)
            self._video = self._add_pictures(stream)
        self._sound = self._add_sound()
        container.set_chapters(chapters(parts))

    def _add_pictures(self, source: VideoStream) -> VideoStream:
        codec, options = next(
            (name, opts) for name, opts in _ENCODERS if name in av.codecs_available
        )
        video = self._container.add_stream(codec, rate=self._rate, options=dict(options))
        if not isinstance(video, VideoStream):
            raise TypeError(f"{codec} encodes no pictures")
        video.width, video.height = self._size
        video.pix_fmt = "yuv420p"
        self._base = 1 / (
            self._rate.numerator * Fraction(-(-_FINE_TICKS_PER_S // self._rate.numerator))
        )
        video.codec_context.time_base = self._base
        video.time_base = self._base
        for name in ("color_range", "colorspace", "color_primaries", "color_trc"):
            setattr(video.codec_context, name, getattr(source.codec_context, name))
        return video

    def _add_sound(self) -> SoundTrack | None:
        for path in dict.fromkeys(part.cut.path for part in self._parts):
            with open_media(path) as media:
                sound = media.audio
                if sound is not None:
                    return SoundTrack(
                        self._container, sound.rate, "mono" if sound.channels == 1 else "stereo"
                    )
        return None

    def write_part(self, number: int) -> Iterator[float]:
        part, start_s = self._parts[number], self._starts[number]
        cut = part.cut
        with open_media(cut.path) as media:
            sound = media.audio if self._sound else None
            if self._sound:
                self._sound.begin_clip(
                    start_s, self._starts[number + 1], cut.start_ticks * cut.time_base
                )
            media.seek(cut.start_s)
            reading = _PartReader(media, cut, self._sound if sound else None)
            first = True
            for frame, ticks in reading.pictures():
                since_s = (ticks - cut.start_ticks) * cut.time_base
                if cut.rate is not None:
                    since_s = round(since_s * cut.rate) / cut.rate
                self._encode(frame, start_s + since_s, part.overlay, key=first)
                first = False
                yield self._pictures / max(1, self._total)
            if self._sound:
                self._sound.end_clip()

    def _encode(
        self, frame: VideoFrame, time_s: Fraction, overlay: Overlay | None, *, key: bool
    ) -> None:
        picture = _fitted(frame, self._size)
        if overlay is not None:
            picture = painted(picture, overlay)
        picture.pts = round(time_s / self._base)
        picture.time_base = self._base
        picture.pict_type = (
            PictureType.I if key else PictureType.NONE
        )  # a chapter starts with a key frame
        self._container.mux(self._video.encode(picture))
        self._pictures += 1

    def finish(self) -> None:
        self._container.mux(self._video.encode(None))
        if self._sound:
            self._sound.finish()


class _PartReader:
    """Reads pictures and sound of one cut side by side, in the order of the file, so that the reel is interleaved as well."""

    def __init__(
        self,
        media: MediaReader,
        cut: PlannedCut,
        sound: SoundTrack | None,
    ) -> None:
        self._media, self._cut, self._sound = media, cut, sound
        self._audio = media.audio if sound else None
        self._wants_sound = self._audio is not None
        self._wants_pictures = True

    def pictures(self) -> Iterator[tuple[VideoFrame, int]]:
        """Pictures of the cut with their timestamps; sound goes to the sound track."""
        video = self._media.video
        streams = [video] if self._audio is None else [video, self._audio]
        latest = self._cut.end_ticks * self._cut.time_base + _LATE_SOUND_S
        for packet in self._media.packets(*streams):
            if packet.stream.type == "video":
                yield from self._decode(packet)
            elif self._wants_sound:
                self._hear(packet)
            late = packet.dts is not None and packet.dts * packet.time_base > latest
            if not self._wants_pictures and (not self._wants_sound or late):
                return
        if self._wants_pictures:
            yield from self._decode(None)

    def _decode(self, packet: "av.Packet[Any] | None") -> Iterator[tuple[VideoFrame, int]]:
        if not self._wants_pictures:
            return
        try:
            for frame, ticks in self._media.decoder.decode(packet):
                if ticks >= self._cut.end_ticks:
                    self._wants_pictures = False
                    return
                if ticks >= self._cut.start_ticks:
                    yield frame, ticks
        except av.FFmpegError:
            return

    def _hear(self, packet: "av.Packet[Any]") -> None:
        if self._sound is None or self._audio is None:
            return
        try:
            frames = self._audio.codec_context.decode(packet)
        except av.FFmpegError:
            return
        for frame in frames:
            if not self._sound.add(frame):
                self._wants_sound = False


def chapters(parts: Sequence[ReelPart]) -> "list[Chapter]":
    """One chapter per part, as PyAV takes them."""
    starts = reel_starts(parts)
    return [
        {
            "id": number,
            "start": round(starts[number] * 1000),
            "end": round(starts[number + 1] * 1000),
            "time_base": Fraction(1, 1000),
            "metadata": {"title": part.title or f"Clip {number + 1}"},
        }
        for number, part in enumerate(parts)
    ]


def _fitted(frame: VideoFrame, size_px: tuple[int, int]) -> VideoFrame:
    """The picture upright, in the size and number format of the reel."""
    turns = quarter_turns(frame.rotation)
    if turns:
        upright = np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), k=turns))
        frame = VideoFrame.from_ndarray(upright.astype(np.uint8), format="rgb24")
    return frame.reformat(size_px[0], size_px[1], format="yuv420p", interpolation="BICUBIC")
