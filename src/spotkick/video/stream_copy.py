"""Join clips without encoding them again: fast and lossless, but from key frame to key frame."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer
from av.stream import Stream

from spotkick.errors import InputError
from spotkick.files import atomic_path
from spotkick.video.cut import LATE_SOUND_S
from spotkick.video.cut_points import PlannedCut
from spotkick.video.reader import MediaReader, open_media
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


def copy_reel(
    path: Path, parts: Sequence[ReelPart], *, sound: SoundChoice = "auto"
) -> tuple[ReelPart, ...]:
    """Copy clips into one video with chapters; captions are left out.

    Every clip begins at the last key frame before its start, so that it is up to one group of
    frames longer than asked for.

    Args:
        path: of the reel; nothing is left there when anything fails.
        parts: in order; all from videos of the same format and size.
        sound: which tracks of the videos.

    Returns:
        the parts as they were cut.

    Raises:
        InputError: if there are no parts, their videos differ in format, or the container cannot
            hold the format.
        StorageError: if the reel cannot be written.
    """
    if not parts:
        raise InputError("a reel needs at least one clip")
    container_format = reel_format(path)
    _check_sources(parts, sound)
    widened = tuple(replace(part, cut=_widen_to_key_frame(part.cut)) for part in parts)

    with (
        atomic_path(path) as temporary,
        av.open(str(temporary), "w", format=container_format) as container,
        _explain_refusal(path, widened[0].cut.path),
    ):
        copier = _Copier(container, widened, sound)
        for part, start_s in zip(widened, reel_starts(widened), strict=False):
            copier.copy_part(part.cut, start_s)
    return widened


@contextmanager
def _explain_refusal(path: Path, source: Path) -> Iterator[None]:
    """Say in one line that a container cannot hold what is copied.

    Raises:
        InputError: in place of the errors of FFmpeg.
    """
    try:
        yield
    except (av.FFmpegError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in {28, 27, 122}:  # full disk, limits
            raise
        with open_media(source) as media:
            names = [media.video.codec_context.name]
            names += [] if media.audio is None else [media.audio.codec_context.name]
        others = [suffix for suffix in (".mov", ".mkv") if suffix != path.suffix.lower()]
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"{source}: {' and '.join(names)} cannot be copied into {path.suffix} ({reason}); "
            f"leave out the option to copy, or write {' or '.join(others)}"
        ) from error


def _widen_to_key_frame(cut: PlannedCut) -> PlannedCut:
    """The cut, begun at the last key frame at or before its start."""
    with open_media(cut.path) as media:
        media.seek(cut.start_s)
        keys, times = [], []
        end = cut.end_ticks
        for packet in media.packets(media.video):
            if packet.pts is None or packet.dts is None:
                continue
            if packet.dts >= end:
                break
            if packet.is_keyframe and packet.pts <= cut.start_ticks:
                keys.append(packet.pts)

            # It may be needed by a frame of the cut, and what is shown before it fills the gap.
            if packet.dts < cut.end_ticks:
                end = max(end, packet.pts + (packet.duration or media.clock.step_ticks))
            times.append(packet.pts)

    start = max(keys, default=cut.start_ticks)
    return replace(
        cut,
        start_ticks=start,
        end_ticks=end,
        num_frames=sum(start <= time < end for time in times),
        rate=None,
    )


def _check_sources(parts: Sequence[ReelPart], sound: SoundChoice) -> None:
    """Check that the videos can be copied, and joined with each other.

    Raises:
        InputError: if one has no times to copy, or they differ in format.
    """
    found: dict[tuple[object, ...], Path] = {}
    for path in dict.fromkeys(part.cut.path for part in parts):
        with open_media(path, audio_track=track_number(sound)) as media:
            if not media.clock.has_display_times:
                raise InputError(
                    f"{path}: does not say when its frames are shown, so that they cannot be "
                    f"copied; leave out the option to copy"
                )
            context = media.video.codec_context
            tracks = tuple(
                (stream.codec_context.name, stream.rate, stream.channels)
                for stream in choose_sound(media, sound)
            )
            shape = (context.name, media.video.width, media.video.height, context.extradata)
            found.setdefault((*shape, tracks), path)
    if len(found) > 1:
        names = " and ".join(str(path) for path in list(found.values())[:2])
        raise InputError(
            f"{names} have different formats and cannot be joined by copying; leave out the "
            f"option to copy"
        )


@dataclass
class _OutputStream:
    """A stream of the reel, with the last decoding time that was written to it."""

    stream: Stream
    latest: int = field(default=-(2**62))


class _Copier:
    """Copies packets of one cut after another into a reel."""

    def __init__(
        self, container: OutputContainer, parts: Sequence[ReelPart], sound: SoundChoice
    ) -> None:
        self._container, self._choice = container, sound
        with open_media(parts[0].cut.path, audio_track=track_number(sound)) as media:
            sound_streams = choose_sound(media, sound)
            if not sound_streams and media.container.streams.audio:
                warn_about_no_decoder(media.path)
            templates: list[Any] = [media.video, *sound_streams]
            self._outputs = [
                _OutputStream(container.add_stream_from_template(stream)) for stream in templates
            ]
            container.set_chapters(make_chapters(parts))
            container.start_encoding()

    def copy_part(self, cut: PlannedCut, reel_start_s: Fraction) -> None:
        """Copy a cut to its place in the reel."""
        with open_media(cut.path, audio_track=track_number(self._choice)) as media:
            media.seek(cut.start_s)
            streams: list[Any] = [media.video, *choose_sound(media, self._choice)]
            outputs = {
                stream.index: output for stream, output in zip(streams, self._outputs, strict=False)
            }
            shift_s = reel_start_s - cut.start_ticks * cut.time_base
            for packet in self._packets_of(media, cut, streams):
                self._write_packet(packet, outputs[packet.stream.index], shift_s)

    def _packets_of(
        self, media: MediaReader, cut: PlannedCut, streams: Sequence[Stream]
    ) -> "Iterator[av.Packet[Any]]":
        """Packets of a cut; sound is read on for a while, as it may be stored late."""
        start_s, end_s = cut.start_ticks * cut.time_base, cut.end_ticks * cut.time_base
        wanted = {stream.index for stream in streams}
        begun = False
        for packet in media.packets(*streams):
            if packet.pts is None or packet.dts is None or packet.stream.index not in wanted:
                continue
            is_video = packet.stream.index == media.video.index
            time_s, decoded_s = packet.pts * packet.time_base, packet.dts * packet.time_base
            # Each stream ends by its own decoding time: sound is stored apart from the frames.
            if decoded_s >= end_s:
                wanted.discard(packet.stream.index)
            if not wanted or decoded_s > end_s + LATE_SOUND_S:
                return

            # Frames before the key frame cannot be decoded.
            begun = begun or (is_video and packet.pts == cut.start_ticks)
            inside = start_s <= time_s < end_s and decoded_s < end_s
            if inside and (begun or not is_video):
                yield packet

    def _write_packet(
        self, packet: "av.Packet[Any]", output: _OutputStream, shift_s: Fraction
    ) -> None:
        shift = round(shift_s / packet.time_base)
        dts = (packet.dts or 0) + shift
        if dts <= output.latest:
            if output is not self._outputs[0]:  # sound of two clips overlaps by a packet at most
                return
            dts = output.latest + 1
        packet.pts, packet.dts = (packet.pts or 0) + shift, dts
        output.latest = dts
        packet.stream = output.stream
        self._container.mux(packet)
