"""Highlights: from spots and scores to clips, a reel and edit lists.

Formats of edit lists, one module each, listed in `edit_list_files.LIST_FORMATS`: CMX3600 EDL
(`edl`), FCPXML 1.8 (`fcpxml`), OpenTimelineIO (`otio`), WebVTT captions (`webvtt`), and the clips
as CSV or JSON (`clip_tables`). Label and prediction formats are in `spotkick.formats`.
"""

from typing import TYPE_CHECKING, Final

from spotkick.lazy_names import load_lazily

if TYPE_CHECKING:
    from spotkick.highlights.candidates import Candidate, find_candidates
    from spotkick.highlights.clips import Clip, make_clips
    from spotkick.highlights.config import HighlightsConfig
    from spotkick.highlights.edit_list import EditEvent, EditList, make_edit_list

__all__ = [
    "Candidate",
    "Clip",
    "EditEvent",
    "EditList",
    "HighlightsConfig",
    "find_candidates",
    "make_clips",
    "make_edit_list",
]

_HOMES: Final = {
    "Candidate": "spotkick.highlights.candidates",
    "Clip": "spotkick.highlights.clips",
    "EditEvent": "spotkick.highlights.edit_list",
    "EditList": "spotkick.highlights.edit_list",
    "HighlightsConfig": "spotkick.highlights.config",
    "find_candidates": "spotkick.highlights.candidates",
    "make_clips": "spotkick.highlights.clips",
    "make_edit_list": "spotkick.highlights.edit_list",
}

__getattr__ = load_lazily(__name__, _HOMES)
