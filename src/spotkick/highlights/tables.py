"""Clips as CSV and JSON, with the reason for each."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from spotkick.highlights.clips import Clip
from spotkick.highlights.edit_list import EditList


def clip_rows(clips: Sequence[Clip], edits: EditList) -> list[dict[str, Any]]:
    """One row per clip of a reel: where it is in the period, in its video and in the reel, what it shows, and why."""
    rows = []
    for number, (clip, edit) in enumerate(zip(clips, edits.edits, strict=True), start=1):
        rate = edit.source.info.frame_rate
        rows.append(
            {
                "clip": number,
                "title": edit.title,
                "label": clip.main.label,
                "spotted": clip.main.spotted,
                "score": round(clip.main.score, 4),
                "value": round(clip.value, 4),
                "period": clip.period,
                "start_s": round(clip.start_s, 3),
                "end_s": round(clip.end_s, 3),
                "video": edit.source.path.name,
                "source_start_s": round(float(edit.source_in / rate), 3),
                "source_end_s": round(float(edit.source_out / rate), 3),
                "reel_start_s": round(float(edit.record_in / edits.rate), 3),
                "reel_end_s": round(float(edit.record_out / edits.rate), 3),
                "reason": clip.reason,
            }
        )
    return rows


def write_csv(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as CSV with a header. A text that a spreadsheet would run as a formula is quoted."""
    text = io.StringIO()
    writer = csv.DictWriter(
        text, fieldnames=list(rows[0]) if rows else ["clip"], lineterminator="\n"
    )
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {
                key: f"'{value}" if isinstance(value, str) and value[:1] in "=+-@" else value
                for key, value in row.items()
            }
        )
    return text.getvalue()


def document(
    title: str, rows: Sequence[dict[str, Any]], edits: EditList, left_out: Sequence[Clip]
) -> dict[str, Any]:
    """The rows as JSON, with what was proposed and did not fit."""
    return {
        "title": title,
        "frame_rate": str(edits.rate),
        "duration_s": round(float(edits.num_frames / edits.rate), 3),
        "clips": list(rows),
        "left_out": [
            {
                "title": clip.title,
                "period": clip.period,
                "start_s": round(clip.start_s, 3),
                "end_s": round(clip.end_s, 3),
                "value": round(clip.value, 4),
                "reason": clip.reason,
            }
            for clip in left_out
        ],
    }
