import importlib.util
import json
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import pytest

from spotkick.formats.soccernet import read_labels
from support.pattern_video import Pattern, write_pattern_video

FOLDER = Path(__file__).parents[2] / "tools" / "season"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"season_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def season(tmp_path: Path) -> Path:
    """A given match of 10 s with two events, arranged as a test match."""
    write_pattern_video(tmp_path / "match_7.mp4", Pattern(100, rate=Fraction(10), size_px=(96, 64)))
    events = [
        {"t": 2.0, "label": "Kick-off", "team": "left"},
        {"t": 6.4, "label": "Goal", "team": "right"},
    ]
    (tmp_path / "match_7.json").write_text(json.dumps({"events": events}))
    arrange = load("arrange")
    arrange.add_match(tmp_path / "match_7.mp4", tmp_path / "season", "test")
    (tmp_path / "season" / "train" / "unfinished").mkdir(parents=True)
    assert arrange.write_splits(tmp_path / "season") == {
        "train": [],
        "valid": [],
        "test": ["test/match_7"],
    }
    return tmp_path / "season"


def test_arrange_given_matches_become_a_season(season: Path) -> None:
    labels = read_labels(season / "test" / "match_7" / "Labels-v2.json")
    assert labels.match == "test/match_7"
    assert [(a.label, a.position_ms, a.team) for a in labels.actions] == [
        ("Kick-off", 2000, "home"),
        ("Goal", 6400, "away"),
    ]
    assert (season / "splits" / "test.txt").read_text() == "test/match_7\n"


def test_arrange_clip_keeps_positions_of_labels(season: Path, tmp_path: Path) -> None:
    from spotkick.video.stills import frame_at
    from support.pattern_video import read_number

    load("package").package_clip(season / "test" / "match_7", tmp_path / "assets", 4.0, 5.0)
    clip = tmp_path / "assets" / "clip" / "clip.mp4"
    assert read_number(frame_at(clip, 0)) == 40
    assert read_number(frame_at(clip, 99)) == 89
    labels = read_labels(clip.with_name("Labels-v2.json"))
    assert [(a.label, a.position_ms) for a in labels.actions] == [("Goal", 2400)]
