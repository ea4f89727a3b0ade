"""The demo on its bundled season, with little training and a short clip."""

import io
import re
import subprocess
import sys
from html import escape, unescape
from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.checkpoint import read_checkpoint
from spotkick.demo import run as demo
from spotkick.demo.data import CLIP, CLIP_LABELS, SEASON, SHIPPED
from spotkick.demo.page import demo_page
from spotkick.demo.results import DemoMatch, DemoReel, ReelClip, ScoredCheckpoint
from spotkick.demo.run import run_demo
from spotkick.demo.score_table import score_rows
from spotkick.errors import InputError
from spotkick.evaluation import evaluate
from spotkick.features.extract import read_extractor
from spotkick.features.tracks import read_track
from spotkick.formats.scores import MatchScores
from spotkick.formats.soccernet import read_label_set, read_labels
from spotkick.formats.splits import read_split
from spotkick.pipelines.spot_summary import SpottingSummary
from spotkick.reporter import LineReporter
from spotkick.timeline import FEATURE_RATE

SPLITS = {
    name: read_split(SEASON / "splits" / f"{name}.txt") for name in ("train", "valid", "test")
}


@pytest.fixture(scope="module")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first minute of the clip."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with av.open(str(CLIP)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None and packet.pts * packet.time_base < 60:
                packet.stream = stream
                target.mux(packet)
    return path


@pytest.fixture(autouse=True)
def use_the_short_clip(monkeypatch: pytest.MonkeyPatch, short_clip: Path) -> None:
    monkeypatch.setattr(demo, "CLIP", short_clip)


def test_run_demo_writes_reel_and_page_without_references(tmp_path: Path) -> None:
    stream = io.StringIO()
    result = run_demo(tmp_path / "demo", epochs=1, reporter=LineReporter(stream))
    trained, shipped = result.systems
    assert (trained.name, shipped.name) == ("trained", "shipped")
    assert shipped.loose.num_matches == len(SPLITS["test"])
    assert shipped.loose.average_map > trained.loose.average_map
    assert result.clip.footage_s == pytest.approx(60, abs=1)
    assert result.reel is not None
    with av.open(str(result.reel.path)) as reel:
        assert float(reel.duration / av.time_base) == pytest.approx(
            result.reel.duration_s, abs=0.02
        )
    assert result.reel.duration_s <= 75
    page = result.page.read_text()
    assert all(escape(name) in page for name in read_checkpoint(SHIPPED).classes.names)
    assert set(re.findall(r"""(?:src|href|poster)=["']([^"'#]{1,12})""", page)) <= {
        "reel.mp4",
        "data:video/m",
        "data:image/j",
    }
    assert "default-src 'none'" in unescape(page)
    assert len(stream.getvalue().splitlines()) >= 6
    with pytest.raises(InputError, match="already holds a demo"):
        run_demo(tmp_path / "demo", epochs=1)


def test_demo_command_without_torch_uses_shipped_checkpoint(
    tmp_path: Path, short_clip: Path
) -> None:
    program = (
        "import importlib.util, sys\n"
        "from pathlib import Path\n"
        "absent = ('torch', 'onnx', 'scipy', 'sklearn', 'h5py', 'PIL', 'scenedetect')\n"
        "sys.modules.update(dict.fromkeys(absent))\n"
        "find_spec = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: "
        "None if name in absent else find_spec(name, *rest)\n"
        "from spotkick.demo import run as demo\n"
        f"demo.CLIP = Path({str(short_clip)!r})\n"
        f"sys.argv = ['spotkick', 'demo', '--out', {str(tmp_path / 'out')!r}]\n"
        "from spotkick.cli.main import run\n"
        "run()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "torch is not installed" in done.stderr
    assert "shipped loose" in done.stdout
    assert "trained loose" not in done.stdout
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {
        "index.html",
        "reel.mp4",
        "reel.edl",
        "reel.vtt",
    }
    assert not (tmp_path / "out" / "run").exists()


def test_run_demo_without_highlights_writes_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object) -> None:
        raise InputError("no spot reaches its threshold")

    monkeypatch.setattr("spotkick.demo.reel.propose_clips", nothing)
    stream = io.StringIO()
    result = run_demo(tmp_path, epochs=0, reporter=LineReporter(stream))
    assert result.reel is None
    assert "\nno reel: " in stream.getvalue()
    assert "<video" not in result.page.read_text()


def test_run_demo_missing_data_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "SHIPPED", tmp_path / "nowhere")
    with pytest.raises(InputError, match="install spotkick again"):
        run_demo(tmp_path / "out", epochs=0)


def test_bundled_splits_are_disjoint_and_complete() -> None:
    matches = [match for names in SPLITS.values() for match in names]
    assert len(set(matches)) == len(matches) >= 20
    assert all(labels.actions for labels in read_label_set(SEASON, sorted(matches)))
    source = read_checkpoint(SHIPPED).feature_source
    for match in matches:
        track = read_track(SEASON / match / f"1_{source.name}.npy")
        assert track.source == source
        assert track.values.dtype == np.float16
        assert len(track) >= 1200


def test_bundled_clip_is_of_a_test_match() -> None:
    labels = read_labels(CLIP_LABELS)
    assert labels.match in SPLITS["test"]
    whole = {
        (a.label, a.team): a for a in next(iter(read_label_set(SEASON, [labels.match]))).actions
    }
    assert all((action.label, action.team) in whole for action in labels.actions)


def test_bundled_data_are_small() -> None:
    assert CLIP.stat().st_size < 6e6
    assert sum(path.stat().st_size for path in SEASON.rglob("*") if path.is_file()) < 20e6


def test_shipped_checkpoint_knows_its_features() -> None:
    checkpoint = read_checkpoint(SHIPPED)
    assert checkpoint.features_folder is not None
    extractor = read_extractor(checkpoint.features_folder, threads=1)
    assert extractor.source == checkpoint.feature_source
    assert len(extractor.config.masks) == 2


def test_demo_page_names_are_escaped() -> None:
    name = '</svg><script>alert("x")</script>'
    found = MatchActions(name, (Action(name, 1, 1000, confidence=0.9),))
    match = DemoMatch(
        MatchScores(name, (name,), FEATURE_RATE, {1: np.zeros((100, 1), np.float32)}), found, found
    )
    score = evaluate([found], [found], ActionClasses((name,)))
    system = ScoredCheckpoint(name, Path(), score, score, Path())
    reel = DemoReel(CLIP, 1.0, (ReelClip(name, 1.0, name, name, b""),))
    page = demo_page(
        name,
        [system],
        match,
        speed=SpottingSummary(1, 1, 1.0, 1.0, {}),
        reel=reel,
        commentary=None,
        tests=[match],
        thresholds={},
    )
    assert page.count("<script") == 1
    assert page.count("</svg>") == page.count("<svg")


@pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")
def test_score_rows_means_are_over_common_and_occurring_classes() -> None:
    labels = [
        MatchActions(
            "m", (*(Action("a", 1, 60_000 * n) for n in range(25)), Action("b", 1, 30_000))
        )
    ]
    found = [
        MatchActions("m", tuple(Action("a", 1, 60_000 * n, confidence=0.9) for n in range(25)))
    ]
    classes = ActionClasses(("a", "b", "c"))
    score = evaluate(found, labels, classes)
    _, rows = score_rows([ScoredCheckpoint("x", Path(), score, score, Path())])
    assert rows[-2] == ["mean of classes with 20 or more", "25", "100.0", "100.0"]
    assert rows[-1] == ["mean of all that occur", "26", "50.0", "50.0"]
