"""Names of metrics, and segments that are scored; the command line is tested in tests/cli."""

from pathlib import Path

import pytest

from spotkick.errors import ConfigError, InputError
from spotkick.evaluation.detection import ACTIVITYNET_OVERLAPS, THUMOS14_OVERLAPS
from spotkick.pipelines.evaluate import parse_metric
from spotkick.pipelines.evaluate_segments import find_overlaps, read_video_names


@pytest.mark.parametrize(
    ("name", "kind", "average", "frames"),
    [
        ("loose", "average-map", "loose", ()),
        ("at3", "average-map", "at3", ()),
        ("teams", "teams", "at1", ()),
        ("teams:tight", "teams", "tight", ()),
        ("frames", "frames", "", (0, 1, 2, 4)),
        ("frames:3", "frames", "", (3,)),
        ("frames:6,12", "frames", "", (6, 12)),
        ("original2018", "original2018", "", ()),
    ],
)
def test_parse_metric_every_name_has_its_kind(
    name: str, kind: str, average: str, frames: tuple[int, ...]
) -> None:
    metric = parse_metric(name)
    assert (metric.kind, metric.average, metric.frames) == (kind, average, frames)
    assert metric.name == name


@pytest.mark.parametrize("name", ["", "at9", "frames:", "frames:1.5", "teams:at9", "original"])
def test_parse_metric_unknown_name_lists_the_metrics(name: str) -> None:
    with pytest.raises(ConfigError, match=r"teams .*frames:1,2,4 or original2018"):
        parse_metric(name)


def test_find_overlaps_labels_decide_unless_given(tmp_path: Path) -> None:
    assert find_overlaps(None, tmp_path) == THUMOS14_OVERLAPS
    assert find_overlaps(None, tmp_path / "l.json") == ACTIVITYNET_OVERLAPS
    assert find_overlaps("activitynet", tmp_path) == ACTIVITYNET_OVERLAPS
    assert find_overlaps("0.3, 1", tmp_path) == (0.3, 1.0)
    for wrong in ("", "0", "0.5,2", "thumos", "nan"):
        with pytest.raises(ConfigError, match="--overlaps must be"):
            find_overlaps(wrong, tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("b.txt", "v1\n\n v2 \n"),
        ("b.json", '["v1", "v2"]'),
        ("c.json", '{"v1": "gone", "v2": "gone"}'),
    ],
)
def test_read_video_names_forms_give_the_same(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert read_video_names(tmp_path / name) == {"v1", "v2"}
    (tmp_path / "empty.json").write_text("3")
    with pytest.raises(InputError, match="no names of videos"):
        read_video_names(tmp_path / "empty.json")
