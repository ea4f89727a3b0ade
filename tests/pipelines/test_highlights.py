import json
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from spotkick.actions import Action, MatchActions
from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import ConfigError, InputError, StorageError
from spotkick.files import write_json
from spotkick.formats.results import results_document
from spotkick.pipelines import highlights_outputs
from spotkick.pipelines.highlights import make_highlights
from spotkick.pipelines.highlights_request import HighlightsRequest
from spotkick.pipelines.period_videos import PeriodChoice
from spotkick.reporter import ProgressTask, SilentReporter
from support.pattern_video import Pattern, read_number, write_pattern_video

LEADS = {"lead_s": {"Goal": (1, 1)}}


class Lines(SilentReporter):
    """Keeps lines, and the order of them and of tasks."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    @contextmanager
    def task(self, title: str, total: float | None, unit: str) -> Iterator[ProgressTask]:
        self.lines.append(f"task {title}")
        with super().task(title, total, unit) as task:
            yield task


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    for name in ("1_part1.mp4", "1_part2.mp4", "match.mp4"):
        write_pattern_video(folder / name, Pattern(250, size_px=(96, 64), beeps_s=(1.0,)))
    fast = Pattern(600, size_px=(96, 64), rate=Fraction(120))
    write_pattern_video(folder / "120.mp4", fast)
    return folder


def write_spots(folder: Path, *spots: tuple[int, float]) -> Path:
    actions = tuple(Action("Goal", period, round(1000 * s), 0.9) for period, s in spots)
    path = folder / "results_spotting.json"
    write_json(path, results_document(MatchActions("m", actions)))
    return path


def request_of(spots: Path, *videos: Path, **options: Any) -> HighlightsRequest:
    return HighlightsRequest(
        **{"spots": spots, "videos": videos, "settings": LEADS, "snap": False, **options}
    )


def numbers_of(path: Path) -> list[int | None]:
    with av.open(str(path)) as container:
        return [
            read_number(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)
        ]


def test_make_highlights_clip_over_two_files_shows_every_frame(
    videos: Path, tmp_path: Path
) -> None:
    spots, reel = write_spots(tmp_path, (1, 10.2), (1, 15)), tmp_path / "reel.mp4"
    lists = {"json": tmp_path / "reel.json", "edl": tmp_path / "reel.edl"}
    parts = [videos / "1_part2.mp4", videos / "1_part1.mp4"]
    make_highlights(request_of(spots, *parts, out=reel, lists=lists))
    assert numbers_of(reel) == [*range(230, 250), *range(30), *range(100, 150)]

    rows = json.loads(lists["json"].read_text())["clips"]
    assert [(row["clip"], row["video"], row["source_start_s"]) for row in rows] == [
        (1, "1_part1.mp4", 9.2),
        (1, "1_part2.mp4", 0.0),
        (2, "1_part2.mp4", 4.0),
    ]
    events = [line.split()[1] for line in lists["edl"].read_text().splitlines() if line[:2] == "00"]
    assert events == ["1PART1", "1PART2", "1PART2"]
    with av.open(str(reel)) as container:
        assert len(container.chapters()) == 2


def test_make_highlights_spots_outside_the_periods_are_reported(
    videos: Path, tmp_path: Path
) -> None:
    spots = write_spots(tmp_path, (1, -1), (1, 2), (1, 8), (2, 1), (3, 1))
    spans = (PeriodSpan(1, 0.5, 4.5), PeriodSpan(2, 5.0))
    path = tmp_path / "reel.json"
    result = make_highlights(
        request_of(
            spots, videos / "match.mp4", lists={"json": path}, periods=PeriodChoice(spans=spans)
        )
    )
    document = json.loads(path.read_text())
    assert [row["source_start_s"] for row in document["clips"]] == [1.52, 5.0]
    found = sorted((row["period"], row["start_s"]) for row in document["left_out"])
    assert found == [(1, -1), (1, 8), (3, 1)]
    lines = "\n".join(result.lines())
    assert "left out, after the end of period 1, which lasts 0:04: Goal at 1 - 00:08" in lines
    assert "left out, period 3 has no video" in lines
    assert "left out, before the start of period 1" in lines


def test_make_highlights_list_that_cannot_hold_the_reel_is_named_before_encoding(
    videos: Path, tmp_path: Path
) -> None:
    lists = {kind: tmp_path / f"reel.{kind}" for kind in ("edl", "otio", "json")}
    reporter = Lines()
    request = request_of(
        write_spots(tmp_path, (1, 2)), videos / "120.mp4", out=tmp_path / "reel.mp4", lists=lists
    )
    result = make_highlights(request, reporter)
    assert reporter.lines[0].startswith("warning: --edl is not written: an EDL holds up to")
    assert reporter.lines[1] == "task reel"
    assert len(result.failures) == 1
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"results_spotting.json", "reel.mp4", "reel.otio", "reel.json"}


def test_make_highlights_list_that_cannot_be_stored_does_not_stop_the_others(
    videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(kind: str, path: Path, _: object) -> None:
        if kind == "vtt":
            raise StorageError("cannot write: disk full")
        path.write_text(kind)

    monkeypatch.setattr(highlights_outputs, "write_list", write)
    lists = {kind: tmp_path / kind for kind in ("vtt", "csv")}
    result = make_highlights(
        request_of(write_spots(tmp_path, (1, 2)), videos / "match.mp4", lists=lists)
    )
    assert result.failures == ("cannot write: disk full",)
    assert (tmp_path / "csv").is_file()


def test_make_highlights_without_video_lists_need_a_rate(tmp_path: Path) -> None:
    spots = write_spots(tmp_path, (1, 100), (2, 50))
    path = tmp_path / "reel.edl"
    make_highlights(request_of(spots, lists={"edl": path}, rate=Fraction(25)))
    assert "PERIOD1  AA/V  C        00:01:39:00 00:01:41:00" in path.read_text()
    with pytest.raises(ConfigError, match="--edl without a video needs its frames per second"):
        make_highlights(request_of(spots, lists={"edl": path}))
    make_highlights(request_of(spots, lists={"json": tmp_path / "a.json"}))
    assert len(json.loads((tmp_path / "a.json").read_text())["clips"]) == 2
    with pytest.raises(ConfigError, match="need the video"):
        make_highlights(request_of(spots, out=tmp_path / "reel.mp4"))


def test_make_highlights_output_over_a_file_of_the_checkpoint_raises(
    videos: Path, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    (checkpoint / "config.json").write_text("{}")
    request = request_of(
        write_spots(tmp_path, (1, 2)),
        videos / "match.mp4",
        checkpoint=checkpoint,
        lists={"json": checkpoint / "config.json"},
    )
    with pytest.raises(InputError, match="would overwrite"):
        make_highlights(request)
