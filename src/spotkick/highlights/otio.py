"""OpenTimelineIO, the interchange format of editing programs; written with its own library."""

from typing import Any

from spotkick.errors import require_extra
from spotkick.highlights.edit_list import EditEvent, EditList
from spotkick.highlights.edit_list_format import EditListFormat


def check_otio(edits: EditList) -> None:
    """Check that OTIO can be written here.

    Raises:
        MissingExtraError: if the package opentimelineio is not installed.
    """
    del edits
    _require_library()


def _require_library() -> Any:
    return require_extra("opentimelineio", "highlights", "writing OTIO")


def write_otio(edits: EditList) -> str:
    """The text of an OTIO timeline: a video track, and a sound track when a source has sound.

    Raises:
        MissingExtraError: if the package opentimelineio is not installed.
    """
    otio = _require_library()
    timeline = otio.schema.Timeline(edits.title)
    timeline.global_start_time = otio.opentime.RationalTime(edits.start_frame(), float(edits.rate))

    kinds = [otio.schema.TrackKind.Video]
    if any(source.info.has_audio for source in edits.sources):
        kinds.append(otio.schema.TrackKind.Audio)

    for kind in kinds:
        track = otio.schema.Track(kind, kind=kind)
        for event in edits.events:
            silent = kind == otio.schema.TrackKind.Audio and not event.source.info.has_audio
            track.append(_make_gap(otio, event) if silent else _make_clip(otio, event))
        timeline.tracks.append(track)
    text: str = timeline.to_json_string(indent=2)
    return text + "\n"


def _make_clip(otio: Any, event: EditEvent) -> Any:
    source, rate = event.source, float(event.source.rate)
    media = otio.schema.ExternalReference(
        source.path.absolute().as_uri(),
        _make_range(otio, source.start_frame, source.num_frames, rate),
    )
    visible = _make_range(otio, source.start_frame + event.source_in, event.source_frames, rate)
    metadata: dict[str, Any] = {"reason": event.reason, "value": event.value}
    if source.properties:
        metadata["source"] = source.properties
    return otio.schema.Clip(event.title, media, visible, metadata={"spotkick": metadata})


def _make_gap(otio: Any, event: EditEvent) -> Any:
    rate = float(event.source.rate)
    return otio.schema.Gap(source_range=_make_range(otio, 0, event.source_frames, rate))


def _make_range(otio: Any, start: int, length: int, rate: float) -> Any:
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(length, rate)
    )


FORMAT = EditListFormat(
    "otio", "OpenTimelineIO", lambda listing: write_otio(listing.edits), check_otio
)
