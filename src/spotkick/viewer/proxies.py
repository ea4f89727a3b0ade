"""Copies of videos that a browser cannot play: H.264, frame for frame at the same times.

They are made on request, one after the other, and kept in a cache folder until they are among the
oldest of more than 20 GB.
"""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Final, cast

import av
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from spotkick.files import atomic_path
from spotkick.video.images import to_image
from spotkick.video.probe import VideoInfo, probe
from spotkick.video.reader import MediaReader, open_media
from spotkick.viewer.cached_files import CachedFileMaker, cache_folder

TIME_BASE: Final = Fraction(1, 90_000)
"""Clock of the copies."""

LARGEST_HEIGHT_PX: Final = 720
"""Larger frames are made smaller."""

LARGEST_CACHE_BYTES: Final = 20_000_000_000
"""All copies together; the oldest ones are removed."""

_ENCODER_OPTIONS: Final = {"preset": "veryfast", "crf": "23", "x264-params": "scenecut=0"}
_GROUP_FRAMES: Final = 25
"""Distance of key frames: a seek decodes at most so many frames."""

_VERSION: Final = 1
_AUDIO_RATE_HZ: Final = 48_000
_LONGEST_SLACK_S: Final = 0.2
"""Sound that lags behind its timestamps by more has a gap."""


class ProxyMaker(CachedFileMaker):
    """Makes copies in the background, one at a time, and finds those made before.

    Args:
        folder: for the copies; None takes ``proxies`` in the cache folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Start with what an earlier run has left."""
        super().__init__(
            folder or cache_folder("proxies"),
            _write_copy,
            suffix=".mp4",
            version=_VERSION,
            most_bytes=LARGEST_CACHE_BYTES,
        )


def _write_copy(video: Path, target: Path, progress: Callable[[float], object]) -> None:
    write_proxy(video, target, progress=progress)


def write_proxy(video: Path, target: Path, *, progress: Callable[[float], object] = float) -> None:
    """Write a copy that every browser plays, with each frame at its time after the first one.

    Args:
        video: any file that can be decoded.
        target: MP4 file.
        progress: gets the share that is done, and may raise to stop.

    Raises:
        InputError: if the video cannot be read.
        StorageError: if the copy cannot be written.
    """
    info = probe(video)
    length_s = max(info.duration_s, 1e-3)
    with (
        atomic_path(target) as temporary,
        open_media(video) as media,
        av.open(str(temporary), "w", format="mp4", options={"movflags": "+faststart"}) as copy,
    ):
        picture = _add_picture(copy, info)
        sound = _SoundCopier(copy, media) if media.audio is not None else None
        streams = (media.video,) if media.audio is None else (media.video, media.audio)

        # Frames and sound in the order of the file; each keeps its time.
        for packet in media.packets(*streams):
            if packet.stream.index == media.video.index:
                try:
                    decoded = list(media.decoder.decode(packet))
                except av.FFmpegError:
                    continue
                for frame, ticks in decoded:
                    seconds = media.clock.seconds_at(ticks)
                    copy.mux(picture.encode(_convert_frame(frame, picture, info, seconds)))
                    progress(float(seconds) / length_s)
            elif sound is not None:
                sound.add(cast("av.Packet[AudioStream]", packet))

        # What the decoders and encoders still hold.
        for frame, ticks in media.decoder.decode(None):
            seconds = media.clock.seconds_at(ticks)
            copy.mux(picture.encode(_convert_frame(frame, picture, info, seconds)))
        copy.mux(picture.encode(None))
        if sound is not None:
            sound.finish()


def _add_picture(copy: OutputContainer, info: VideoInfo) -> VideoStream:
    picture = copy.add_stream("libx264", rate=info.nominal_rate, options=dict(_ENCODER_OPTIONS))
    width, height = info.shown_size_px
    scale = min(1.0, LARGEST_HEIGHT_PX / height)
    picture.width = max(2, round(width * scale / 2) * 2)
    picture.height = max(2, round(height * scale / 2) * 2)
    picture.pix_fmt = "yuv420p"
    picture.time_base = picture.codec_context.time_base = TIME_BASE
    picture.gop_size = _GROUP_FRAMES
    picture.max_b_frames = 0
    return picture


def _convert_frame(
    frame: VideoFrame, picture: VideoStream, info: VideoInfo, seconds: Fraction
) -> VideoFrame:
    """A frame upright and in the size of the copy, at its time."""
    if info.rotation_deg:
        image = to_image(frame, (picture.width, picture.height))
        frame = VideoFrame.from_ndarray(image, format="rgb24")
    fitted = frame.reformat(width=picture.width, height=picture.height, format="yuv420p")
    fitted.pts, fitted.time_base = round(seconds / TIME_BASE), TIME_BASE
    return fitted


class _SoundCopier:
    """Sound as AAC, at its times on the clock of the video; what cannot be decoded is left out."""

    def __init__(self, copy: OutputContainer, media: MediaReader) -> None:
        self._copy = copy
        self._clock = media.clock
        stream: AudioStream = copy.add_stream("aac", rate=_AUDIO_RATE_HZ)
        stream.layout = "stereo"
        self._stream = stream
        self._resampler = AudioResampler("fltp", "stereo", _AUDIO_RATE_HZ)
        self._next: int | None = None

    def add(self, packet: "av.Packet[AudioStream]") -> None:
        """Copy the sound of one packet."""
        start_s = self._clock.seconds(packet)
        # damaged sound leaves a gap, and goes on at its own time
        try:
            frames = packet.decode()
        except av.FFmpegError:
            return
        if self._next is None and (start_s is None or start_s < 0):
            return

        # Sound begins, and goes on after a gap, at its own time.
        place = None if start_s is None else round(start_s * _AUDIO_RATE_HZ)
        if place is not None and (
            self._next is None or place > self._next + _LONGEST_SLACK_S * _AUDIO_RATE_HZ
        ):
            self._next = place
        for frame in frames:
            frame.pts = None
            self._encode(self._resampler.resample(frame))

    def finish(self) -> None:
        """Write what is left."""
        if self._next is not None:
            self._encode(self._resampler.resample(None))
        self._copy.mux(self._stream.encode(None))

    def _encode(self, frames: "list[av.AudioFrame]") -> None:
        for frame in frames:
            frame.pts, frame.time_base = self._next, Fraction(1, _AUDIO_RATE_HZ)
            self._next = (self._next or 0) + frame.samples
            self._copy.mux(self._stream.encode(frame))
