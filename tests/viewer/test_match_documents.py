"""Periods of a match as the browser gets them: stretches of files, in the order of play."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import pytest
from fastapi.testclient import TestClient

from spotkick.actions import Action, MatchActions
from spotkick.datasets.period_options import parse_period_options
from spotkick.datasets.periods import PeriodSpan, write_periods
from spotkick.errors import InputError
from spotkick.pipelines.viewer_reels import HighlightReels
from spotkick.viewer.app import create_app
from spotkick.viewer.match_store import Library
from spotkick.viewer.reel_requests import ClipRequest, checked_clips
from spotkick.viewer.reels import Reel, ReelSource
from spotkick.viewer.security import AccessRules
from support.pattern_video import Pattern, read_number, write_pattern_video

ORIGIN = "http://127.0.0.1:8765"
STATED = parse_period_options(["1=2:8", "2=10.2:19"])[1]


def write_video(path: Path, *, seconds: int = 20, first_number: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pattern = Pattern(25 * seconds, group_frames=25, b_frames=0, first_number=first_number)
    write_pattern_video(path, pattern)
    return path


def browse(library: Library) -> tuple[TestClient, str]:
    app = create_app(library, AccessRules(8765))
    client = TestClient(app, base_url=ORIGIN, headers={"origin": ORIGIN})
    return client, f"/api/matches/{library.keys[0]}"


def read_stretches(document: dict[str, Any]) -> dict[int, list[tuple[Any, ...]]]:
    keys = ("file", "start_s", "end_s", "position_s")
    return {
        period["period"]: [
            tuple(stretch[key] for key in keys) for stretch in period["video"]["stretches"]
        ]
        for period in document["periods"]
    }


def read_thumbnail(client: TestClient, address: str) -> int | None:
    reply = client.get(address)
    assert reply.status_code == 200, reply.text
    with av.open(io.BytesIO(reply.content), format="mjpeg") as container:
        return read_number(next(container.decode(video=0)).to_ndarray(format="rgb24"))


@pytest.mark.parametrize("how", ["option", "periods.json", "periods.json beside a given video"])
def test_match_document_periods_of_one_file_are_stretches(tmp_path: Path, how: str) -> None:
    video = write_video(tmp_path / "game" / "match.mp4")
    if how != "option":
        write_periods(video.parent, STATED)
    given = video if how.endswith("given video") else video.parent
    library = Library([given], periods=STATED if how == "option" else ())
    client, match = browse(library)
    document = client.get(match).json()
    assert document["warnings"] == []
    assert read_stretches(document) == {
        1: [("match.mp4", 2.0, 8.0, 0.0)],
        2: [("match.mp4", 10.2, 19.0, 0.0)],
    }
    assert [period["duration_s"] for period in document["periods"]] == [6.0, 8.8]
    urls = [period["video"]["stretches"][0]["url"] for period in document["periods"]]
    assert [client.get(url).content for url in urls] == [video.read_bytes()] * 2

    # The thumbnail of the period is that of its second in the file.
    for period, t_ms, number in ((1, 0, 50), (1, 3000, 125), (2, 0, 255), (2, 4600, 367)):
        assert read_thumbnail(client, f"{match}/thumbnail/{period}?t_ms={t_ms}") == number


def test_match_document_end_after_the_file_is_its_end(tmp_path: Path) -> None:
    video = write_video(tmp_path / "match.mp4")
    stated = (PeriodSpan(1, 2.0, 8.0), PeriodSpan(2, 10.0, 25.0))
    client, match = browse(Library([video], periods=stated))
    document = client.get(match).json()
    assert read_stretches(document)[2] == [("match.mp4", 10.0, None, 0.0)]
    assert document["periods"][1]["duration_s"] == 10.0


@pytest.mark.parametrize("given", ["folder", "files"])
def test_match_document_parts_follow_each_other(tmp_path: Path, given: str) -> None:
    folder = tmp_path / "game"
    parts = [
        write_video(folder / f"1_part{part}.mp4", seconds=4, first_number=100 * (part - 1))
        for part in (1, 2, 3)
    ]
    client, match = browse(Library([folder] if given == "folder" else parts))
    document = client.get(match).json()
    assert document["warnings"] == []
    assert read_stretches(document) == {
        1: [(part.name, 0.0, None, 4.0 * index) for index, part in enumerate(parts)]
    }
    stretches = document["periods"][0]["video"]["stretches"]
    assert [client.get(stretch["url"]).content for stretch in stretches] == [
        part.read_bytes() for part in parts
    ]
    assert client.get(f"{match}/video/1?part=3").status_code == 404
    for t_ms, number in ((0, 0), (3500, 87), (4000, 100), (7500, 187), (9000, 225)):
        assert read_thumbnail(client, f"{match}/thumbnail/1?t_ms={t_ms}") == number


def test_match_document_missing_part_is_a_warning(tmp_path: Path) -> None:
    for part in (1, 3):
        write_video(tmp_path / f"1_part{part}.mp4", seconds=1)
    client, match = browse(Library([tmp_path]))
    assert client.get(match).json()["warnings"] == ["period 1; part 2 is missing"]


def test_match_document_file_after_the_kick_off_keeps_its_position(tmp_path: Path) -> None:
    video = write_video(tmp_path / "match.mp4")
    write_periods(tmp_path, [PeriodSpan(1, 1.0, 9.0, video, position_s=600.0)])
    library = Library([tmp_path])
    client, match = browse(library)
    document = client.get(match).json()
    assert read_stretches(document) == {1: [("match.mp4", 1.0, 9.0, 600.0)]}
    assert document["periods"][0]["duration_s"] == 608.0
    assert client.get(f"{match}/thumbnail/1?t_ms=599000").status_code == 404
    assert read_thumbnail(client, f"{match}/thumbnail/1?t_ms=602000") == 75

    # A clip can be cut from what was recorded alone.
    files = library.files(library.keys[0])
    assert files is not None
    videos = library.match(files).videos
    source = ReelSource("x", videos)
    (clip,) = checked_clips([ClipRequest(period=1, start_s=590, end_s=604)], source)
    assert (clip.start_s, clip.end_s) == (600.0, 604.0)
    with pytest.raises(InputError, match="inside the video"):
        checked_clips([ClipRequest(period=1, start_s=10, end_s=20)], source)
    spots = MatchActions("x", (Action("Goal", 1, 300_000, 0.9), Action("Goal", 1, 604_000, 0.8)))
    proposed = HighlightReels().propose(spots, (), None, videos, 60)
    assert [clip.moments[0].position_s for clip in proposed] == [604.0]


def test_edit_lists_cut_from_the_second_of_the_file(tmp_path: Path) -> None:
    video = write_video(tmp_path / "match.mp4")
    library = Library([video], periods=STATED)
    files = library.files(library.keys[0])
    assert files is not None
    source = ReelSource("x", library.match(files).videos)
    request = ClipRequest(period=2, start_s=2.0, end_s=4.0, label="Goal")
    reel = Reel("x", checked_clips([request], source), {"": source})
    made = HighlightReels().edit_lists(reel, tmp_path, float)
    (edl,) = [path.read_text() for path in made.files if path.name == "x-reel.edl"]
    assert "00:00:12:05 00:00:14:05" in edl  # 10.2 s of the file is the kick-off


@pytest.mark.parametrize("changed", [STATED[:1], (PeriodSpan(1, 2.0, 7.0),), ()])
def test_shots_of_other_periods_are_not_used(tmp_path: Path, changed: Sequence[PeriodSpan]) -> None:
    video = write_video(tmp_path / "match.mp4")

    def open_match(spans: Sequence[PeriodSpan]) -> tuple[Library, Any]:
        library = Library([video], periods=spans)
        return library, library.files(library.keys[0])

    library, files = open_match(STATED)
    library.keep_shots(files, {1: [3.0], 2: [4.0, 5.0]})
    assert library.shots(files) == {1: (3.0,), 2: (4.0, 5.0)}
    library, files = open_match(changed)
    assert library.shots(files) == ({1: (3.0,)} if changed == STATED[:1] else {})


def test_shots_of_a_whole_file_are_read_in_their_first_form(tmp_path: Path) -> None:
    video = write_video(tmp_path / "1_128p.mp4", seconds=1)
    row = {"size_bytes": video.stat().st_size, "seconds": [0.4]}
    (tmp_path / "shots.json").write_text(json.dumps({"shots": {"1": row}}))
    library = Library([tmp_path])
    files = library.files(library.keys[0])
    assert files is not None
    assert library.shots(files) == {1: (0.4,)}


def test_match_document_period_after_the_end_is_a_warning(tmp_path: Path) -> None:
    video = write_video(tmp_path / "match.mp4")
    client, match = browse(Library([video], periods=parse_period_options(["1=2:8", "2=30:"])[1]))
    document = client.get(match).json()
    assert [period["period"] for period in document["periods"]] == [1]
    assert "period 2 begins at 30 s, after the end of the video" in document["warnings"][0]
