"""Periods that a match takes over from the user, and from the record of its predictions."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from spotkick.datasets.periods import PeriodSpan, write_periods
from spotkick.errors import InputError
from spotkick.files import write_json
from spotkick.pipelines.spot_outputs import read_spotted_periods
from spotkick.viewer.match_files import MatchFiles
from spotkick.viewer.match_store import Library

SPOTTED = (
    PeriodSpan(1, 754.0, 3612.0, Path("match.mp4")),
    PeriodSpan(2, 4500.0, None, Path("match.mp4"), position_s=12.0),
)
STATED = (PeriodSpan(1, 1.0, 5.0), PeriodSpan(2, 6.0))


def open_match(
    tmp_path: Path, spotted: Sequence[PeriodSpan], stated: Sequence[PeriodSpan] = ()
) -> MatchFiles:
    """The match ``game`` of a video and of predictions in another folder."""
    folder, out = tmp_path / "game", tmp_path / "out" / "game"
    write_json(out / "results_spotting.json", {"UrlLocal": "game", "predictions": []})
    folder.mkdir(exist_ok=True)
    (folder / "match.mp4").touch()

    def read(asked: Path) -> Sequence[PeriodSpan]:
        assert asked == out
        return spotted

    library = Library([folder, tmp_path / "out"], periods=stated, read_spotted=read)
    (key,) = library.keys
    files = library.files(key)
    assert files is not None
    return files


def test_place_spotted_periods_of_the_same_file_are_taken(tmp_path: Path) -> None:
    files = open_match(tmp_path, SPOTTED)
    video = tmp_path / "game" / "match.mp4"
    assert files.videos == {
        1: (PeriodSpan(1, 754.0, 3612.0, video),),
        2: (PeriodSpan(2, 4500.0, None, video, position_s=12.0),),
    }
    assert files.notes == []


def test_place_spotted_periods_of_another_file_are_a_note(tmp_path: Path) -> None:
    files = open_match(tmp_path, [PeriodSpan(1, 754.0, 3612.0, Path("other.mp4"))])
    assert files.videos == {1: (PeriodSpan(1, file=tmp_path / "game" / "match.mp4"),)}
    (note,) = files.notes
    assert "made from other.mp4 with period 1 from 12:34 to 1:00:12; --period" in note


def test_place_spotted_periods_give_way_to_what_is_stated(tmp_path: Path) -> None:
    files = open_match(tmp_path, SPOTTED, STATED)
    assert [spans[0].start_s for spans in files.videos.values()] == [1.0, 6.0]
    write_periods(tmp_path / "game", [PeriodSpan(1, 3.0, 9.0, Path("match.mp4"))])
    files = open_match(tmp_path, SPOTTED)
    assert [spans[0].start_s for spans in files.videos.values()] == [3.0]


def test_place_spotted_periods_damaged_record_is_a_note(tmp_path: Path) -> None:
    out = tmp_path / "out" / "game"
    write_json(out / "results_spotting.json", {"UrlLocal": "game", "predictions": []})
    (out / "match.mp4").touch()
    (out / "spotting_inputs.json").write_text("{}")
    library = Library([out], read_spotted=read_spotted_periods)
    files = library.files(library.keys[0])
    assert files is not None
    assert list(files.videos) == [1]
    assert "spotting_inputs.json" in files.notes[0]


def test_state_periods_need_exactly_one_video(tmp_path: Path) -> None:
    for period in (1, 2):
        (tmp_path / f"{period}_128p.mp4").touch()
    with pytest.raises(InputError, match="--period is about one video, got 2"):
        Library([tmp_path], periods=STATED)
    write_json(tmp_path / "mine.json", {"annotations": []})
    with pytest.raises(InputError, match="--period is about one video, got 0"):
        Library([tmp_path / "mine.json"], periods=STATED)
