import json
import pickle
from pathlib import Path

import pytest

from spotkick.datasets.periods import (
    PERIODS_FILE,
    PeriodSpan,
    find_contradiction,
    find_periods,
    read_periods,
    write_periods,
)
from spotkick.errors import InputError


def test_find_contradiction_two_files_of_one_period_is_none() -> None:
    parts = [PeriodSpan(1, file=Path("1_part1.mp4")), PeriodSpan(1, file=Path("1_part2.mp4"))]
    assert find_contradiction(parts) is None


def test_write_periods_round_trip_keeps_unknown_keys_and_other_files(tmp_path: Path) -> None:
    document = {
        "format": "spotkick-periods-1",
        "competition": "cup",
        "periods": [
            {"period": 1, "start_s": 3, "file": "other.mp4", "checked_by": "hand"},
            {"period": 1, "start_s": 9, "file": "match.mp4"},
        ],
    }
    (tmp_path / PERIODS_FILE).write_text(json.dumps(document))
    video = tmp_path / "match.mp4"
    spans = (
        PeriodSpan(1, 754.0, 3612.0, video, {"clock_confidence": 0.9}),
        PeriodSpan(2, 4500.0, None, video),
    )
    path = write_periods(tmp_path, spans, extra={"tool": "clock"})

    written = json.loads(path.read_text())
    assert written["competition"] == "cup"
    assert written["tool"] == "clock"
    assert written["periods"][0] == document["periods"][0]  # type: ignore[index]
    assert written["periods"][1]["clock_confidence"] == 0.9
    assert find_periods(video) == spans
    assert find_periods(video)[0].extra == {"clock_confidence": 0.9}
    assert find_periods(tmp_path / "third.mp4") == ()


def test_find_periods_entry_without_file_belongs_to_the_video(tmp_path: Path) -> None:
    write_periods(tmp_path, [PeriodSpan(1, 5.0), PeriodSpan(2, 50.0)])
    video = tmp_path / "final.mkv"
    assert find_periods(video) == (
        PeriodSpan(1, 5.0, 50.0, video),
        PeriodSpan(2, 50.0, None, video),
    )


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "'format'"),
        ({"format": "spotkick-periods-9", "periods": []}, "'format'"),
        ({"format": "spotkick-periods-1", "periods": {}}, "'periods'"),
        ({"format": "spotkick-periods-1", "periods": [{"period": "1"}]}, "'period'"),
        ({"format": "spotkick-periods-1", "periods": [{"period": 1, "start_s": -1}]}, "'start_s'"),
        ({"format": "spotkick-periods-1", "periods": [{"period": 1, "end_s": "x"}]}, "'end_s'"),
        (
            {"format": "spotkick-periods-1", "periods": [{"period": 1, "file": "../a.mp4"}]},
            "'file'",
        ),
        (
            {"format": "spotkick-periods-1", "periods": [{"period": 1, "start_s": 9, "end_s": 3}]},
            "before its start",
        ),
    ],
)
def test_read_periods_damaged_document_is_one_line(
    tmp_path: Path, document: object, message: str
) -> None:
    path = tmp_path / PERIODS_FILE
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=message):
        read_periods(path)


def test_describe_fractions_of_a_second_are_shown() -> None:
    assert PeriodSpan(1, 12.3, 75.25).describe() == "period 1 from 0:12.3 to 1:15.25"


def test_period_span_survives_pickling_for_worker_processes() -> None:
    span = PeriodSpan(1, 2.0, 3.0, Path("a.mp4"), {"clock_confidence": 1})
    copy = pickle.loads(pickle.dumps(span))  # noqa: S301 - its own bytes
    assert copy == span
    assert copy.extra == span.extra
