import json
import math
from fractions import Fraction
from pathlib import Path

import pytest

from spotkick.errors import ConfigError, InputError
from spotkick.formats.activitynet import read_activitynet_segments
from spotkick.formats.convert import convert
from spotkick.formats.registry import FORMATS, writable_formats
from spotkick.formats.results import parse_results
from spotkick.formats.soccernet import read_labels
from spotkick.formats.unread_fields import unread_fields


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """A set of one match, with everything that Labels-v2.json can say."""
    rows = [
        {
            "gameTime": "1 - 00:29",
            "label": "Foul",
            "position": "29049",
            "team": "home",
            "visibility": "visible",
        },
        {
            "gameTime": "2 - 00:30",
            "label": "Throw-in",
            "position": "30000",
            "team": "not applicable",
            "visibility": "not shown",
        },
        {"gameTime": "2 - 00:31", "label": "Corner", "position": "31001", "team": "away"},
    ]
    folder = tmp_path / "set/league/season/match"
    folder.mkdir(parents=True)
    document = {
        "UrlLocal": "league/season/match/",
        "UrlYoutube": "",
        "gameScore": "1 - 0",
        "annotations": rows,
    }
    (folder / "Labels-v2.json").write_text(json.dumps(document))
    return tmp_path / "set"


def losses(source: Path, target: Path, to: str, **options: Fraction) -> dict[str, int]:
    return {loss.field: loss.count for loss in convert(source, target, to=to, **options).losses}


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("osl-v2", {}),
        ("e2e-spot", {"position within the frame": 2}),
        ("soccernet-v1", {"visibility": 2, "position within the second": 2}),
        ("soccernet-results", {"missing confidence": 3, "visibility": 2}),
        ("activitynet", {"team": 2, "visibility": 2}),
        ("elan", {"team": 2, "visibility": 2}),
        ("via3", {}),
    ],
)
def test_convert_every_loss_is_counted(
    labels: Path, tmp_path: Path, to: str, expected: dict[str, int]
) -> None:
    assert losses(labels, tmp_path / "out", to) == {
        **expected,
        "field 'gameScore' of the source": 1,
    }


def test_convert_there_and_back_loses_nothing(labels: Path, tmp_path: Path) -> None:
    convert(labels, tmp_path / "osl.json", to="osl-v2")
    report = convert(tmp_path / "osl.json", tmp_path / "back", to="soccernet-v2")
    assert report.lines() == [
        "osl-v2 -> soccernet-v2: 3 actions of 1 matches",
        "  nothing was lost",
    ]
    path = "league/season/match/Labels-v2.json"
    assert read_labels(tmp_path / "back" / path) == read_labels(labels / path)


def test_convert_frame_rate_of_the_source_is_kept(labels: Path, tmp_path: Path) -> None:
    convert(labels, tmp_path / "a.json", to="e2e-spot", frame_rate=Fraction(30000, 1001))
    report = convert(tmp_path / "a.json", tmp_path / "b.json", to="e2e-spot-results")
    assert "positions are counted at 30000/1001 frames per second" in report.notes
    assert "position within the frame" not in {loss.field for loss in report.losses}


def test_convert_intervals_pass_between_formats_that_know_them(tmp_path: Path) -> None:
    video = {
        "subset": "training",
        "duration": 9.5,
        "annotations": [{"segment": [1.25, 3.5], "label": "x"}],
        "url": "https://example.org",
    }
    (tmp_path / "gt.json").write_text(
        json.dumps({"version": "VERSION 1.3", "database": {"v": video}})
    )
    assert losses(tmp_path / "gt.json", tmp_path / "labels.json", "fiftyone") == {
        "duration of the video": 1,
        "subset of the video": 1,
        "field 'database.*.url' of the source": 1,
    }
    convert(tmp_path / "labels.json", tmp_path / "back.json", to="activitynet")
    (back,) = read_activitynet_segments(tmp_path / "back.json")
    assert [(segment.start_s, segment.end_s) for segment in back.segments] == [(1.25, 3.5)]
    lost = losses(tmp_path / "gt.json", tmp_path / "x.csv", "csv")
    assert lost["end of the segment"] == 1


def test_convert_proposals_to_labels_are_refused(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(
        json.dumps({"results": {"v": [{"segment": [1, 2], "score": 0.5}]}})
    )
    with pytest.raises(InputError, match="v: a segment has no label; proposals can only"):
        convert(tmp_path / "p.json", tmp_path / "x.csv")


def test_convert_lone_surrogate_is_refused(tmp_path: Path) -> None:
    row = '{"half": "1", "position": "1", "confidence": "1", "label": "\\ud800"}'
    (tmp_path / "results_spotting.json").write_text(f'{{"UrlLocal": "m", "predictions": [{row}]}}')
    with pytest.raises(InputError, match="lone surrogate"):
        convert(tmp_path / "results_spotting.json", tmp_path / "x.csv")


def test_convert_unknown_format_names_are_refused(labels: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown format 'osl', valid: soccernet-v2, "):
        convert(labels, tmp_path / "x", to="osl")
    with pytest.raises(ConfigError, match="cannot be told from its name, give --to"):
        convert(labels, tmp_path / "x.json")
    assert convert(labels, tmp_path / "x.csv").target_format == "csv"


def test_unread_fields_nested_unknown_field_is_counted_once() -> None:
    document = {
        "data": {
            "id1": {"label": "x", "extra": {"deep": [1, 2]}},
            "id2": {"label": "y", "extra": 0, "empty": []},
        },
        "meta": {"a": 1},
    }
    assert unread_fields(document, {"data.*.label"}) == {"data.*.extra": 2, "meta": 1}
    assert unread_fields(document, {"data.*.label", "data.*.extra", "meta"}) == {}


@pytest.mark.parametrize("confidence", ["nan", "inf", "-Infinity"])
@pytest.mark.parametrize("to", list(writable_formats()))
def test_convert_confidence_that_is_no_number_is_refused(
    tmp_path: Path, to: str, confidence: str
) -> None:
    row = {"label": "Goal", "half": "1", "position": "1", "confidence": confidence}
    source = tmp_path / "results_spotting.json"
    source.write_text(json.dumps({"UrlLocal": "m", "predictions": [row]}))
    if not FORMATS[to].capabilities.confidence:
        assert convert(source, tmp_path / "out", to=to).actions == 1
        return
    with pytest.raises(InputError, match="confidence of 'Goal' must be a finite number") as caught:
        convert(source, tmp_path / "out.json", to=to)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out.json").exists()


def test_parse_results_confidence_that_is_no_number_is_kept() -> None:
    """`evaluate` warns of such values; only conversions refuse them."""
    row = {"label": "Goal", "half": "1", "position": "1", "confidence": "nan"}
    document = {"UrlLocal": "m", "predictions": [row]}
    assert math.isnan(parse_results(document, "x").actions[0].confidence or 0)


@pytest.mark.parametrize("beside", ["detclasslist.txt", "class.txt"])
def test_convert_file_beside_the_source_is_not_overwritten(tmp_path: Path, beside: str) -> None:
    (tmp_path / "detclasslist.txt").write_text("7 Goal\n")
    (tmp_path / "run.txt").write_text("video 1.0 2.0 7 0.5\n")
    to = {"detclasslist.txt": "thumos-results", "class.txt": "e2e-spot"}[beside]
    if beside == "class.txt":
        assert convert(tmp_path / "run.txt", tmp_path / "out.json", to=to).actions == 1
        return
    with pytest.raises(InputError, match="would overwrite"):
        convert(tmp_path / "run.txt", tmp_path / "other.txt", to=to)
    assert (tmp_path / "detclasslist.txt").read_text() == "7 Goal\n"


def test_convert_lost_column_is_counted_by_row(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("time,label,remark,empty\n1,a,nice,\n2,b,,\n3,c,good,\n")
    assert losses(tmp_path / "x.csv", tmp_path / "y.json", "osl-v2") == {
        "field 'remark' of the source": 2
    }


@pytest.mark.parametrize(
    ("suffix", "name"), [(".csv", "csv"), (".parquet", "parquet"), (".eaf", "elan")]
)
def test_convert_target_name_decides_the_format(
    labels: Path, tmp_path: Path, suffix: str, name: str
) -> None:
    target = tmp_path / f"out{suffix}"
    if name == "elan":
        with pytest.raises(InputError, match="an ELAN file holds one video, 2 were given"):
            convert(labels, target)
        return
    assert convert(labels, target).target_format == name


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b'{"unknown": 1}'])
def test_convert_unknown_format_offers_its_own_option(content: bytes, tmp_path: Path) -> None:
    source = tmp_path / "file.dat"
    source.write_bytes(content)
    with pytest.raises(InputError, match="name it with --from"):
        convert(source, tmp_path / "out.csv")
