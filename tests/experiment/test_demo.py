"""The demo on its bundled data, with little training."""

from pathlib import Path

import pytest

from spotkick.actions import Action, ActionClasses
from spotkick.errors import InputError
from spotkick.experiment.demo import CLASSES, DATA, run_demo
from spotkick.experiment.demo_page import DemoHalf, half_svg
from spotkick.formats.soccernet import read_label_set
from spotkick.formats.splits import read_split


@pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")
def test_the_chain_from_data_to_page(tmp_path: Path) -> None:
    result = run_demo(tmp_path / "demo", epochs=1)
    page = result.page.read_text()
    assert all(name in page for name in CLASSES)
    assert page.count("<svg") == 4
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert result.spotting.matches == 2
    assert 0 <= result.score.average_map <= 1
    with pytest.raises(InputError, match="already holds a run"):
        run_demo(tmp_path / "demo", epochs=1)


def test_the_splits_share_no_match_and_all_have_labels() -> None:
    splits = [set(read_split(DATA / "splits" / f"{name}.txt")) for name in ("train", "valid", "test")]
    assert sum(map(len, splits)) == len(set().union(*splits)) == 7
    assert all(labels.actions for labels in read_label_set(DATA, sorted(set().union(*splits))))


def test_names_cannot_break_out_of_the_drawing() -> None:
    import numpy as np

    name = '</svg><script>alert("x")</script>'
    spots = (Action(name, 1, 1000, confidence=0.9),)
    half = DemoHalf(name, 2.0, np.zeros((10, 1), dtype=np.float32), (Action(name, 1, 2000),), spots)
    drawing = half_svg(half, ActionClasses((name,)), {})
    assert "<script" not in drawing
    assert drawing.count("</svg>") == 1
