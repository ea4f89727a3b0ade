"""``spotkick clock`` on drawn broadcasts, still images, and what is neither."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from spotkick.cli.main import build_app
from support.scoreboards import Evening, State, draw_frame, write_evening

SPAN = (4490.0, 4520.0)


def invoke(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(build_app(("clock",)), ["clock", *map(str, arguments)])
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def kickoff_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clock") / "match.mp4"
    write_evening(path, Evening("stack"), rate=Fraction(2), size=(640, 360), span_s=SPAN)
    return path


def test_clock_video_writes_periods_and_chart_once(kickoff_video: Path) -> None:
    code, output = invoke(kickoff_video, "--json", kickoff_video.parent / "readings.json")
    assert code == 0, output
    document = json.loads((kickoff_video.parent / "periods.json").read_text())
    assert document["periods"][0]["start_s"] == pytest.approx(4500.7 - SPAN[0], abs=1)
    assert (kickoff_video.parent / "match.clock.svg").is_file()
    assert json.loads((kickoff_video.parent / "readings.json").read_text())


def test_clock_still_image_prints_its_scoreboard(tmp_path: Path) -> None:
    Image.fromarray(draw_frame(State("37:41", "ARB", "MUN", (2, 1)), "row")).save(
        tmp_path / "a.png"
    )
    assert invoke(tmp_path / "a.png") == (0, "a.png: ARB 2-1 MUN, 37:41\n")


def test_clock_bad_inputs_are_one_line_each_and_exit_one(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no image")
    code, output = invoke(tmp_path / "missing.mp4", tmp_path / "text.png")
    assert code == 1
    assert "missing.mp4" in output
    assert "text.png: not an image that can be read" in output
    assert "Traceback" not in output
