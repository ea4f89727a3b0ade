"""Join clips without encoding them again: fast and without loss, but a clip can only begin at a key frame."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer
from av.stream import Stream

from spotkick.errors import InputError
from spotkick.files import atomic_path
from spotkick.video.cut import ReelPart, chapters, reel_format, reel_starts
from spotkick.video.cut_points import PlannedCut
from spotkick.video.reader import MediaReader, open_media


def copy_reel(path: Path, parts: Sequence[ReelPart]) -> tuple[ReelPart, ...]:
    """Copy clips into one video with chapters; captions are left out.

    Every clip begins at the last key frame before its start, so that it is up to one group of
    pictures longer than asked for.

    Args:
        path: of the reel; nothing is left there when anything fails.
        parts: in order; all from videos of the same format and size.

    Returns:
        the parts as they were cut.

    Raises:
        InputError: if there are no parts, or their videos differ in format.
        StorageError: if the reel cannot be written.
    """
    if not parts:
        raise InputError("a reel needs at least one clip")
    container_format = reel_format(path)
    widened = tuple(replace(part, cut=_from_key_frame(part.cut)) for part in parts)
    _require_same_format(widened)
    with (
        atomic_path(path) as temporary,
        av.open(str(temporary), "w", format=container_format) as container,
    ):
        with open_media(widened[0].cut.path) as media:
            sound = media.audio
            streams: list[Stream] = [container.add_stream_from_template(media.video)]
            if sound is not None:
                streams.append(container.add_stream_from_template(sound))
            container.set_chapters(chapters(widened))
            container.start_encoding()
        latest = [-(2**62)] * len(streams)
        for part, start_s in zip(widened, reel_starts(widened), strict=False):
            with open_media(part.cut.path) as media:
                _copy_part(media, container, streams, part.cut, start_s, latest)
    return widened


def _from_key_frame(cut: PlannedCut) -> PlannedCut:
    """The cut, begun at the last key frame at or before its start."""
    with open_media(cut.path) as media:
        media.seek(cut.start_s)
        keys, others = [], []
        step = media.clock.step_ticks
        end = cut.end_ticks
        for packet in media.packets(media.video):
            if packet.pts is None or packet.dts is None:
                continue
            if packet.dts >= end:
                break
            if packet.is_keyframe and packet.pts <= cut.start_ticks:
                keys.append(packet.pts)
            if (
                packet.dts < cut.end_ticks
                # it may be needed by a picture of the cut, and what is shown before it fills the gap
            ):
                end = max(end, packet.pts + (packet.duration or step))
            others.append(packet.pts)
    start = max(keys, default=cut.start_ticks)
    return replace(
        cut,
        start_ticks=start,
        end_ticks=end,
        num_frames=sum(start <= time < end for time in others),
        rate=None,
    )


def _require_same_format(parts: Sequence[ReelPart]) -> None:
    found: dict[tuple[object, ...], Path] = {}
    for path in dict.fromkeys(part.cut.path for part in parts):
        with open_media(path) as media:
            stream, sound = media.video, media.audio
            context = stream.codec_context
            heard = (
                None if sound is None else (sound.codec_context.name, sound.rate, sound.channels)
            )
            found.setdefault(
                (context.name, stream.width, stream.height, context.extradata, heard), path
            )
    if len(found) > 1:
        names = " and ".join(str(path) for path in list(found.values())[:2])
        raise InputError(
            f"{names} have different formats and cannot be joined by copying; leave out the option to copy"
        )


def _copy_part(
    media: MediaReader,
    target: OutputContainer,
    streams: list[Stream],
    cut: PlannedCut,
    reel_start_s: Fraction,
    latest: list[int],
) -> None:
    """Copy the packets of one cut, moved to their place in the reel; ``latest`` holds the last decoding time per stream."""
    start_s, end_s = cut.start_ticks * cut.time_base, cut.end_ticks * cut.time_base
    sound = media.audio if len(streams) > 1 else None
    stream = media.video
    media.seek(cut.start_s)
    begun = False
    for packet in media.packets(*([stream] if sound is None else [stream, sound])):
        if packet.pts is None or packet.dts is None:
            continue
        is_picture = packet.stream.index == stream.index
        time_s = packet.pts * packet.time_base
        if packet.dts * packet.time_base >= end_s:
            if is_picture:
                break
            continue
        begun = begun or (is_picture and packet.pts == cut.start_ticks)
        if not start_s <= time_s < end_s or (is_picture and not begun):
            continue
        _mux_at(packet, target, streams, 0 if is_picture else 1, reel_start_s - start_s, latest)


def _mux_at(
    packet: "av.Packet[Any]",
    target: OutputContainer,
    streams: list[Stream],
    index: int,
    shift_s: Fraction,
    latest: list[int],
) -> None:
    shift = round(shift_s / packet.time_base)
    dts = (packet.dts or 0) + shift
    if dts <= latest[index]:
        if index:  # sound of two clips overlaps by less than one packet
            return
        dts = latest[index] + 1
    packet.pts, packet.dts = (packet.pts or 0) + shift, dts
    latest[index] = dts
    packet.stream = streams[index]
    target.mux(packet)
