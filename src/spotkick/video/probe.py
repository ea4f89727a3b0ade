"""Find out what a video file holds.

Time zero of a video is its first frame: files that start at a late timestamp (MPEG transport
streams, recordings cut from a longer one) and files whose sound begins earlier are all counted from
there.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

import av
from av.container import InputContainer
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from spotkick.errors import InputError
from spotkick.video.clock_reading import read_clock
from spotkick.video.opening import open_container
from spotkick.video.streams import (
    AudioTrack,
    choose_audio_stream,
    choose_nominal_rate,
    choose_video_stream,
    find_tag,
    list_audio_tracks,
)
from spotkick.video.timecode_track import read_timecode_track

FieldOrder = Literal["progressive", "top", "bottom"]
"""Whether frames are progressive, or interlaced with the top or the bottom field first."""

_FIELD_ORDERS: Final[dict[int, FieldOrder]] = {2: "top", 3: "bottom", 4: "bottom", 5: "top"}
"""FFmpeg's codes: by the order of display, the second letter of TT, BB, TB and BT."""

_HDR_TRANSFERS: Final = {16: "PQ", 18: "HLG"}
"""FFmpeg's codes of transfer characteristics: SMPTE ST 2084 and ARIB STD-B67."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video file holds.

    Attributes:
        path: the file.
        container: name of the container format, such as ``mov,mp4,m4a,3gp,3g2,mj2``.
        codec: name of the video codec, such as ``h264``.
        stream_index: which stream of the file the video is.
        width_px: width as shown, so after rotation; of pixels as they are stored (see
            ``sample_aspect``).
        height_px: height as shown, so after rotation.
        rotation_deg: quarter turns by which decoded frames are turned counterclockwise before
            they are shown: 0, 90, 180, 270.
        frame_rate: frames per second; the average one when the rate varies.
        duration_s: length of the video in seconds, measured where the file does not state it.
        start_s: timestamp of the first frame inside the file, in seconds.
        audio_index: which stream the sound is, None for a file without sound that can be decoded.
        audio_rate_hz: samples per second, 0 for a silent file.
        size_bytes: size of the file.
        timecode: of the first frame as the recorder wrote it, empty when it did not.
        nominal_rate: frames per second as an editing program counts them, chosen from
            ``frame_rate`` when 0 is given.
        field_order: whether the frames are interlaced.
        sample_aspect: pixel aspect ratio, width of a pixel as shown divided by its height.
        audio_tracks: all sound tracks.
        timecode_rate: numbers per second of ``timecode`` where a track of its own says so.
        timecode_drop: whether that track leaves out numbers; None where there is no such track.
        hdr: ``PQ`` or ``HLG`` where brightness is coded for high dynamic range; else empty.
    """

    path: Path
    container: str
    codec: str
    stream_index: int
    width_px: int
    height_px: int
    rotation_deg: int
    frame_rate: Fraction
    duration_s: float
    start_s: float
    audio_index: int | None
    audio_rate_hz: int
    size_bytes: int
    timecode: str = ""
    nominal_rate: Fraction = Fraction(0)
    field_order: FieldOrder = "progressive"
    sample_aspect: Fraction = Fraction(1)
    audio_tracks: tuple[AudioTrack, ...] = ()
    timecode_rate: Fraction | None = None
    timecode_drop: bool | None = None
    hdr: str = ""

    def __post_init__(self) -> None:
        """Choose the nominal rate where none is given."""
        if not self.nominal_rate:
            object.__setattr__(self, "nominal_rate", choose_nominal_rate(self.frame_rate))

    @property
    def has_audio(self) -> bool:
        """Whether the file has sound."""
        return self.audio_index is not None

    @property
    def is_interlaced(self) -> bool:
        """Whether a frame holds two fields of different times."""
        return self.field_order != "progressive"

    @property
    def shown_size_px(self) -> tuple[int, int]:
        """(width, height) of a frame as shown, with square pixels: a still image has no others."""
        return max(1, round(self.width_px * self.sample_aspect)), self.height_px

    @property
    def display_aspect(self) -> Fraction:
        """Width divided by height as shown."""
        return Fraction(self.width_px, self.height_px) * self.sample_aspect


def probe(path: Path, *, audio_track: int | None = None) -> VideoInfo:
    """Find out what a video file holds.

    One frame is decoded, for what headers do not say. Packets are read only where the header does
    not state the length or cannot be trusted with it (see `spotkick.video.clock_reading`).

    Args:
        path: video file.
        audio_track: number of the sound track, counted from 1; None chooses.

    Raises:
        InputError: see `spotkick.video.opening.open_video`; also when no frame can be decoded, for
            an image, and for a sound track that is not there.
    """
    clock = read_clock(path)
    with open_container(path) as container:
        require_moving(container, path)
        stream = choose_video_stream(container, path)
        audio = choose_audio_stream(container, stream, path, track=audio_track)
        tracks = list_audio_tracks(container)
        chosen = next((track for track in tracks if audio and track.index == audio.index), None)
        frame = _decode_first(container, stream, path)

        # everything about geometry is told as it is shown
        turns = quarter_turns(frame.rotation)
        width, height, aspect = stream.width, stream.height, _sample_aspect(stream)
        if turns % 2:
            width, height, aspect = height, width, 1 / aspect
        counting = read_timecode_track(path) if container.format.name.startswith("mov") else None
        return VideoInfo(
            path=path,
            container=container.format.name,
            # not that of its decoder: AV1 is decoded by "libdav1d"
            codec=stream.codec_context.codec.canonical_name,
            stream_index=stream.index,
            width_px=width,
            height_px=height,
            rotation_deg=turns * 90,
            frame_rate=clock.average_rate,
            duration_s=float(clock.duration_s),
            start_s=float(clock.origin_s),
            audio_index=chosen.index if chosen else None,
            audio_rate_hz=chosen.rate_hz if chosen else 0,
            size_bytes=path.stat().st_size,
            timecode=_find_timecode(container, stream),
            nominal_rate=clock.nominal_rate,
            field_order=_field_order(stream, frame),
            sample_aspect=aspect,
            audio_tracks=tracks,
            timecode_rate=counting.rate if counting else None,
            timecode_drop=counting.drop if counting else None,
            hdr=_HDR_TRANSFERS.get(int(frame.color_trc or stream.codec_context.color_trc), ""),
        )


def require_moving(container: InputContainer, path: Path) -> None:
    """Refuse images, which FFmpeg opens as videos of one frame.

    Raises:
        InputError: if the file is an image.
    """
    name = container.format.name
    if name == "image2" or name.endswith("_pipe"):
        raise InputError(f"{path}: an image, not a video")


def _decode_first(container: InputContainer, stream: VideoStream, path: Path) -> VideoFrame:
    try:
        for frame in container.decode(stream):
            return frame
    except av.FFmpegError as error:
        raise InputError(
            f"{path}: no frame can be decoded ({error.strerror}); the file is damaged"
        ) from error
    raise InputError(
        f"{path}: the file holds no frame; it is damaged, or truncated after its header"
    )


def _sample_aspect(stream: VideoStream) -> Fraction:
    """Pixel aspect ratio; the container's value is preferred to the codec's, as in FFmpeg."""
    aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    return Fraction(aspect) if aspect else Fraction(1)


def _field_order(stream: VideoStream, frame: VideoFrame) -> FieldOrder:
    """Order of the fields; a frame may say that it has fields where the header does not."""
    known = _FIELD_ORDERS.get(stream.codec_context.field_order)
    if known is None and frame.interlaced_frame:
        return "bottom" if stream.codec_context.name == "dvvideo" else "top"
    return known or "progressive"


def _find_timecode(container: InputContainer, video: VideoStream) -> str:
    """Timecode of the video, of the file, or of a track for it, in this order."""
    data = [stream for stream in container.streams if stream.type == "data"]
    owners: list[Stream | InputContainer] = [video, container, *data]
    return next((text for owner in owners if (text := find_tag(owner, "timecode"))), "")


def quarter_turns(rotation_deg: float) -> int:
    """Number of counterclockwise quarter turns, 0 to 3, that show a frame upright.

    Example:
        >>> quarter_turns(-90)
        3
    """
    return round(rotation_deg / 90) % 4
