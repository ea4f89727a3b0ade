"""Cut clips out of videos and join them to a reel, exact to the frame, with sound in step.

Frames are decoded and encoded again, which is the only way to begin at any frame. Every clip lasts
exactly as long as its frames do in their source; its sound has the number of samples that belongs
to that, rounded over the whole reel, not per clip.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from spotkick.errors import InputError, SpotkickWarning
from spotkick.files import atomic_path
from spotkick.video.action_crop import ActionTracker, box_around, cut_box
from spotkick.video.cut_points import PlannedCut
from spotkick.video.frame_fitting import FrameFitter, ReelColours, colours_of
from spotkick.video.overlay import Overlay, paint_overlay
from spotkick.video.probe import VideoInfo, probe
from spotkick.video.reader import MediaReader, open_media
from spotkick.video.reel_look import FrameCropper, ReelLook
from spotkick.video.reel_parts import (
    ReelPart,
    SoundChoice,
    choose_sound,
    make_chapters,
    reel_format,
    reel_starts,
    track_number,
    warn_about_no_decoder,
)
from spotkick.video.reel_shape import ReelShape, make_shape
from spotkick.video.scheduling import keep_scheduling
from spotkick.video.sound import SILENT_PEAK, SoundTrack

_FINE_TICKS_PER_S: Final = 90_000

TITLE_S: Final = 3
"""A title is shown for so long."""

LATE_SOUND_S: Final = 5
"""Reading goes on for this long after the last frame of a clip, to find the sound that belongs to
it."""


def shape_of(info: VideoInfo) -> ReelShape:
    """Shape of a reel whose first clip comes from a video."""
    return make_shape(info.width_px, info.height_px, info.sample_aspect)


def write_reel(
    path: Path,
    parts: Sequence[ReelPart],
    *,
    sound: SoundChoice = "auto",
    look: ReelLook | None = None,
    title: Overlay | None = None,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Encode clips into one video with chapters.

    Interlaced videos are deinterlaced. Videos of another shape than the first one get black bars.

    Args:
        path: of the reel; nothing is left there when anything fails.
        parts: in order.
        sound: which tracks of the videos.
        look: shape, codec and quality; those of the first video, in H.264, when None.
        title: painted over the first seconds of the reel; None for none.
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
        writer = _ReelWriter(container, parts, sound, look or ReelLook(), title=title)
        for number in range(len(parts)):
            for done in writer.write_part(number):
                if progress is not None:
                    progress(done)
        writer.finish()
    writer.warn_about_silence()


class _ReelWriter:
    """Encoder state of a reel."""

    def __init__(
        self,
        container: OutputContainer,
        parts: Sequence[ReelPart],
        sound: SoundChoice,
        look: ReelLook,
        *,
        title: Overlay | None = None,
    ) -> None:
        self._title, self._tracker = title, ActionTracker()
        self._container, self._parts, self._choice = container, parts, sound
        self._starts = reel_starts(parts)
        self._infos = {part.cut.path: probe(part.cut.path) for part in parts}
        self._num_frames = 0
        self._total = sum(part.cut.num_frames for part in parts)

        # The first video decides about shape, rate and colours.
        first = self._infos[parts[0].cut.path]
        self._shape, self._rate = shape_of(first), first.nominal_rate
        self._look, self._box = look, look.crop_of(self._shape)
        self._cropper = FrameCropper(self._box, self._shape.size_px)
        with open_media(first.path) as media:
            self._colours = colours_of(media.video)
        self._base = 1 / (
            self._rate.numerator * Fraction(-(-_FINE_TICKS_PER_S // self._rate.numerator))
        )
        self._video = self._add_video(self._colours)
        self._tracks = self._add_sound()
        container.set_chapters(make_chapters(parts))

    def _add_video(self, colours: ReelColours) -> VideoStream:
        codec, options = self._look.find_encoder()
        video = self._container.add_stream(codec, rate=self._rate, options=options)
        if not isinstance(video, VideoStream):
            raise TypeError(f"{codec} encodes no video")

        video.width, video.height = self._box.size_px
        if self._look.codec == "h265":
            video.codec_context.codec_tag = "hvc1"  # what QuickTime and browsers ask for
        video.pix_fmt = "yuv420p"
        video.codec_context.sample_aspect_ratio = self._shape.sample_aspect
        video.codec_context.time_base = self._base
        video.time_base = self._base
        video.codec_context.color_range = colours.value_range
        video.codec_context.colorspace = colours.matrix
        video.codec_context.color_primaries = colours.primaries
        video.codec_context.color_trc = colours.transfer
        return video

    def _add_sound(self) -> list[SoundTrack]:
        """As many tracks as the video with the most of them has, like the tracks of the first."""
        found: list[AudioStream] = []
        tracks: list[SoundTrack] = []
        for path in self._infos:
            with open_media(path, audio_track=track_number(self._choice)) as media:
                found = choose_sound(media, self._choice)
                tracks += [
                    SoundTrack(
                        self._container,
                        stream.rate or 0,
                        "mono" if stream.channels == 1 else "stereo",
                    )
                    for stream in found[len(tracks) :]
                ]
        return tracks

    def write_part(self, number: int) -> Iterator[float]:
        """Encode a part; gives the share of the reel that is done after each frame."""
        part, start_s = self._parts[number], self._starts[number]
        cut, info = part.cut, self._infos[part.cut.path]
        self._tracker = ActionTracker()
        with open_media(cut.path, audio_track=track_number(self._choice)) as media:
            for track in self._tracks:
                track.begin_clip(self._starts[number + 1], cut.start_ticks * cut.time_base)
            media.seek(cut.start_s)

            # Streams beyond the tracks of the reel are left out; missing ones become silence.
            sound = dict(zip(choose_sound(media, self._choice), self._tracks, strict=False))
            reader = _PartReader(media, cut, sound, with_lead=info.is_interlaced)
            fitter = FrameFitter(
                self._shape,
                self._colours,
                field_order=info.field_order,
                sample_aspect=info.sample_aspect,
                time_base=cut.time_base,
            )

            # Evenly spaced frames lose the rounding of their timestamps.
            first = True
            for frame, ticks in _fit_frames(reader, fitter):
                if ticks < cut.start_ticks:
                    continue
                since_s = (ticks - cut.start_ticks) * cut.time_base
                if cut.rate is not None:
                    since_s = round(since_s * cut.rate) / cut.rate
                self._encode_frame(frame, start_s + since_s, part.overlay, key=first)
                first = False
                yield self._num_frames / max(1, self._total)
            for track in self._tracks:
                track.end_clip()

    def _encode_frame(
        self, frame: VideoFrame, time_s: Fraction, overlay: Overlay | None, *, key: bool
    ) -> None:
        frame = self._crop_frame(frame, time_s)
        if self._title is not None and time_s < TITLE_S:
            frame = paint_overlay(frame, self._title)
        elif overlay is not None:
            frame = paint_overlay(frame, overlay)
        frame.pts = round(time_s / self._base)
        frame.time_base = self._base
        # a chapter starts with a key frame
        frame.pict_type = PictureType.I if key else PictureType.NONE
        with keep_scheduling():
            packets = self._video.encode(frame)
        self._container.mux(packets)
        self._num_frames += 1

    def _crop_frame(self, frame: VideoFrame, time_s: Fraction) -> VideoFrame:
        """The middle of a frame, or the part of it where the action is."""
        width = self._shape.width_px
        if not self._look.follow or self._box.width_px == width:
            return self._cropper.crop(frame)
        centre = self._tracker.follow(frame, float(time_s))
        return cut_box(frame, box_around(self._box, centre, width))

    def finish(self) -> None:
        """Write what the encoders still hold."""
        self._container.mux(self._video.encode(None))
        for track in self._tracks:
            track.finish()

    def warn_about_silence(self) -> None:
        """Warn when the chosen track is silent, with the others, or when there is no decoder."""
        first = next(iter(self._infos.values()))
        others = [track for track in first.audio_tracks if track.is_decodable]
        if not self._tracks and first.audio_tracks:
            warn_about_no_decoder(first.path)
        if len(self._tracks) != 1 or self._tracks[0].peak > SILENT_PEAK or len(others) < 2:
            return
        numbers = ", ".join(str(track.number) for track in others)
        warnings.warn(
            f"the sound of the reel is silent; {first.path} has the tracks {numbers}, choose one "
            f"with --sound N, or --sound all",
            SpotkickWarning,
            stacklevel=3,
        )


def _fit_frames(reader: "_PartReader", fitter: FrameFitter) -> Iterator[tuple[VideoFrame, int]]:
    for frame, ticks in reader.frames():
        yield from fitter.push(frame, ticks)
    yield from fitter.flush()


class _PartReader:
    """Reads frames and sound of one cut in the order of the file: the reel is interleaved."""

    def __init__(
        self,
        media: MediaReader,
        cut: PlannedCut,
        sound: dict[AudioStream, SoundTrack],
        *,
        with_lead: bool = False,
    ) -> None:
        """Prepare to read from where the media stands.

        Args:
            media: the opened file.
            cut: what is wanted of it.
            sound: where the sound of each stream goes.
            with_lead: give the frame before the cut as well, which deinterlacing looks at.
        """
        self._media, self._cut = media, cut
        self._tracks = {stream.index: track for stream, track in sound.items()}
        self._sound = {stream.index: stream for stream in sound}
        self._wanted = set(self._tracks)
        self._wants_frames = True
        self._with_lead = with_lead
        self._lead: tuple[VideoFrame, int] | None = None

    def frames(self) -> Iterator[tuple[VideoFrame, int]]:
        """Frames of the cut with their times in ticks; sound goes to the sound tracks."""
        latest = self._cut.end_ticks * self._cut.time_base + LATE_SOUND_S
        for packet in self._media.packets(self._media.video, *self._sound.values()):
            if packet.stream.type == "video":
                yield from self._decode_video(packet)
            elif packet.stream.index in self._wanted:
                self._decode_audio(packet)

            late = packet.dts is not None and packet.dts * packet.time_base > latest
            if not self._wants_frames and (not self._wanted or late):
                return
        if self._wants_frames:
            yield from self._decode_video(None)

    def _decode_video(self, packet: "av.Packet[Any] | None") -> Iterator[tuple[VideoFrame, int]]:
        if not self._wants_frames:
            return
        try:
            for frame, ticks in self._media.decoder.decode(packet):
                if ticks >= self._cut.end_ticks:
                    self._wants_frames = False
                    return
                if ticks < self._cut.start_ticks:
                    self._lead = (frame, ticks) if self._with_lead else None
                    continue
                if self._lead is not None:
                    yield self._lead
                    self._lead = None
                yield frame, ticks
        except av.FFmpegError:
            return

    def _decode_audio(self, packet: "av.Packet[Any]") -> None:
        index = packet.stream.index
        try:
            frames = self._sound[index].codec_context.decode(packet)
        except av.FFmpegError:
            return
        for frame in frames:
            if not self._tracks[index].add(frame):
                self._wanted.discard(index)
