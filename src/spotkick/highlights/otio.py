"""OpenTimelineIO, the interchange format of editing programs; written with the library of that name."""

from spotkick.errors import require_extra
from spotkick.highlights.edit_list import EditList


def write_otio(edits: EditList) -> str:
    """The text of an OTIO timeline: one picture track, and a sound track when a source has sound.

    Raises:
        MissingExtraError: if the package opentimelineio is not installed.
    """
    require_extra("opentimelineio", "highlights", "writing OTIO")
    import opentimelineio as otio

    def span(start: int, length: int, rate: float) -> "otio.opentime.TimeRange":
        return otio.opentime.TimeRange(
            otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(length, rate)
        )

    timeline = otio.schema.Timeline(edits.title)
    timeline.global_start_time = otio.opentime.RationalTime(0, float(edits.rate))
    kinds = [otio.schema.TrackKind.Video]
    if any(source.info.has_audio for source in edits.sources):
        kinds.append(otio.schema.TrackKind.Audio)
    for kind in kinds:
        track = otio.schema.Track(kind, kind=kind)
        for edit in edits.edits:
            source, rate = edit.source, float(edit.source.info.frame_rate)
            media = otio.schema.ExternalReference(
                source.path.absolute().as_uri(), span(source.start_frame, source.num_frames, rate)
            )
            silent = kind == otio.schema.TrackKind.Audio and not source.info.has_audio
            metadata = {"spotkick": {"reason": edit.reason, "value": edit.value}}
            visible = span(source.start_frame + edit.source_in, edit.num_frames, rate)
            if silent:
                track.append(otio.schema.Gap(source_range=span(0, edit.num_frames, rate)))
            else:
                track.append(otio.schema.Clip(edit.title, media, visible, metadata=metadata))
        timeline.tracks.append(track)
    text: str = timeline.to_json_string(indent=2)
    return text + "\n"
