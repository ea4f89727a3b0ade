"""Clips of a reel as CSV and JSON, with the reason for each."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any, Final

from spotkick.highlights.edit_list_format import EditListFormat, ReelListing

_FORMULA_SIGNS: Final = "=+-@"
"""A spreadsheet runs text that begins with one of these as a formula."""


def clip_rows(listing: ReelListing) -> list[dict[str, Any]]:
    """One row per event: its place in the period, its video and the reel, title and reason."""
    rows = []
    reel_rate = listing.edits.rate
    has_properties = any(source.properties for source in listing.edits.sources)
    for event in listing.edits.events:
        clip, source = listing.clips[event.clip_number - 1], event.source
        rows.append(
            {
                "clip": event.clip_number,
                "title": event.title,
                "label": clip.main.label,
                "spotted": clip.main.spotted,
                "score": round(clip.main.score, 4),
                "value": round(clip.value, 4),
                # in the period
                "period": clip.period,
                "start_s": round(clip.start_s, 3),
                "end_s": round(clip.end_s, 3),
                # in the file
                "video": source.path.name,
                "source_start_s": round(float(event.source_in / source.rate), 3),
                "source_end_s": round(float(event.source_out / source.rate), 3),
                # in the reel
                "reel_start_s": round(float(event.record_in / reel_rate), 3),
                "reel_end_s": round(float(event.record_out / reel_rate), 3),
                "match_clock": event.clock,
                "reason": clip.reason,
                **({"source": source.properties} if has_properties else {}),
            }
        )
    return rows


def write_csv(listing: ReelListing) -> str:
    """The rows as CSV with a header; text that a spreadsheet would run as a formula is quoted."""
    rows = clip_rows(listing)
    text = io.StringIO()
    names = list(rows[0]) if rows else ["clip"]
    writer = csv.DictWriter(text, fieldnames=names, lineterminator="\n")

    writer.writeheader()
    for row in rows:
        writer.writerow({key: _without_formula(value) for key, value in row.items()})
    return text.getvalue()


def _without_formula(value: Any) -> Any:
    risky = isinstance(value, str) and value[:1] and value[0] in _FORMULA_SIGNS
    return f"'{value}" if risky else value


def reel_document(listing: ReelListing) -> dict[str, Any]:
    """The rows for JSON, with what was proposed and is not shown."""
    edits = listing.edits
    return {
        "title": edits.title,
        "frame_rate": str(edits.rate),
        "duration_s": round(float(edits.num_frames / edits.rate), 3),
        "clips": clip_rows(listing),
        "left_out": [
            {
                "title": item.clip.title,
                "period": item.clip.period,
                "start_s": round(item.clip.start_s, 3),
                "end_s": round(item.clip.end_s, 3),
                "value": round(item.clip.value, 4),
                "reason": item.clip.reason,
                "left_out_because": item.why,
            }
            for item in listing.left_out
        ],
    }


def write_json_text(listing: ReelListing) -> str:
    """The text of the JSON file."""
    document: Sequence[Any] | dict[str, Any] = reel_document(listing)
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


CSV_FORMAT = EditListFormat("csv", "a table of the clips", write_csv)
JSON_FORMAT = EditListFormat(
    "json", "the clips with reasons, and what was left out", write_json_text
)
