"""Prediction files: tolerated forms, one-line errors, unsafe archives, and writing."""

import contextlib
import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.actions import Action, MatchActions
from spotkick.errors import InputError, SpotkickError
from spotkick.formats.label_tree import write_label_tree
from spotkick.formats.results import parse_results, read_results, results_document, write_results

ROW = {
    "gameTime": "1 - 0:31",
    "label": "Goal",
    "position": "31500",
    "half": "1",
    "confidence": "0.0066",
}


def parsed(*rows: Any) -> tuple[Action, ...]:
    return parse_results({"UrlLocal": "a/b/c", "predictions": list(rows)}, "results").actions


def changed(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in {**ROW, **fields}.items() if value is not Ellipsis}


def test_parse_results_usual_row_is_read() -> None:
    assert parsed(ROW) == (Action("Goal", 1, 31500, 0.0066),)


@pytest.mark.parametrize(
    ("row", "action"),
    [
        (changed(half=1, position=31500, confidence=0.5), Action("Goal", 1, 31500, 0.5)),
        (changed(half=...), Action("Goal", 1, 31500, 0.0066)),
        (changed(position=...), Action("Goal", 1, 31000, 0.0066)),
        (changed(team="left"), Action("Goal", 1, 31500, 0.0066, team="left")),
        (changed(position="-40", half="7"), Action("Goal", 7, -40, 0.0066)),
        (changed(gameTime=...), Action("Goal", 1, 31500, 0.0066)),
        (changed(confidence="1e3"), Action("Goal", 1, 31500, 1000.0)),
    ],
)
def test_parse_results_tolerated_forms_are_read(row: dict[str, Any], action: Action) -> None:
    usual = Action("Goal", 1, 31500, 0.0066)
    assert parsed(row) == (action,)
    assert parsed(ROW, row, ROW) == (usual, action, usual)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            changed(confidence=...),
            "results, prediction 2: confidence must be a number such as '0.93', found null",
        ),
        (changed(confidence="high"), "confidence must be a number"),
        (changed(confidence=[]), "confidence must be a number"),
        (changed(label=""), "label must be"),
        (changed(label=3), "label must be"),
        (changed(half="first"), "half must be '1' or '2'"),
        (changed(half="0"), "half must be"),
        (changed(half=True), "half must be"),
        (changed(half="9" * 5000), "half must be"),
        (changed(half=[1]), "half must be"),
        (changed(position="x"), "position must be milliseconds"),
        (changed(position="9" * 15), "beyond any match"),
        (changed(position=..., gameTime="31"), "gameTime must look like"),
        (None, "results.predictions\\[1\\] must be an object"),
    ],
)
def test_parse_results_bad_row_is_named(row: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        parsed(ROW, row)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_parse_results_no_predictions_give_no_actions() -> None:
    assert parsed() == ()


finite = st.floats(0, 1)
actions = st.builds(
    Action,
    label=st.text(min_size=1).filter(lambda text: text.strip() != ""),
    period=st.integers(1, 5),
    position_ms=st.integers(-5000, 8_000_000),
    confidence=finite,
    team=st.sampled_from([None, "home"]),
)


@settings(deadline=None, max_examples=50)
@given(st.lists(actions, max_size=8))
def test_results_document_round_trip_is_exact(items: list[Action]) -> None:
    predictions = MatchActions("league/season/match", tuple(items))
    document = json.loads(json.dumps(results_document(predictions)))
    assert parse_results(document, "results") == predictions
    assert all(isinstance(value, str) for row in document["predictions"] for value in row.values())


scalars = st.none() | st.booleans() | st.floats() | st.integers() | st.text()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*ROW, "predictions"]), inner),
)


@settings(deadline=None, max_examples=50)
@given(values)
def test_parse_results_any_json_gives_actions_or_input_error(value: Any) -> None:
    row = {**ROW, **value} if isinstance(value, dict) else value
    for document in (value, {"predictions": [value]}, {"predictions": [ROW, row]}):
        with contextlib.suppress(SpotkickError):
            parse_results(document, "results")


SETS = [
    MatchActions("l/s/b", (Action("Goal", 1, 5, 0.25),)),
    MatchActions("l/s/a", (Action("Foul", 2, 7, 0.5), Action("Goal", 1, 0, 1.0))),
]


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_write_results_is_read_back(tmp_path: Path, name: str) -> None:
    written = write_results(tmp_path / name, SETS)
    assert all(path.is_file() for path in written)
    assert list(read_results(tmp_path / name)) == sorted(SETS, key=lambda match: match.match)
    assert list(read_results(tmp_path / name, ["l/s/b"])) == SETS[:1]
    assert not list(tmp_path.rglob("*.part"))


def test_write_results_archive_bytes_do_not_depend_on_order(tmp_path: Path) -> None:
    write_results(tmp_path / "1.zip", SETS)
    write_results(tmp_path / "2.zip", reversed(SETS))
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_read_results_single_file_is_read(tmp_path: Path) -> None:
    (path,) = write_results(tmp_path, SETS[:1])
    assert list(read_results(path)) == SETS[:1]
    assert next(read_results(path, ["other name"])).match == "other name"


def test_read_results_file_name_can_be_chosen(tmp_path: Path) -> None:
    write_results(tmp_path, SETS[:1])
    other = tmp_path / "l/s/b/Predictions-v2.json"
    other.write_text(json.dumps({"predictions": [ROW, ROW]}))
    assert len(next(read_results(tmp_path)).actions) == 1
    assert len(next(read_results(tmp_path, filename="Predictions-v2.json")).actions) == 2
    (tmp_path / "l/s/b/results_spotting.json").unlink()
    assert len(next(read_results(tmp_path)).actions) == 2


@pytest.mark.parametrize("match", ["../x", "/abs", "a/../../x", "C:/x", "", "a\nb"])
def test_write_results_name_outside_the_folder_is_refused(tmp_path: Path, match: str) -> None:
    with pytest.raises(InputError, match="relative path"):
        write_results(tmp_path / "out", [MatchActions(match, ())])
    assert not list(tmp_path.rglob("*.json"))


def test_write_results_repeated_match_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="given twice"):
        write_results(tmp_path / "out.zip", [SETS[0], SETS[0]])
    assert not list(tmp_path.iterdir())


def test_results_document_labels_are_refused() -> None:
    with pytest.raises(InputError, match="has no confidence"):
        results_document(MatchActions("m", (Action("Goal", 1, 0),)))


@pytest.mark.parametrize(
    "member",
    ["../evil/results_spotting.json", "/etc/results_spotting.json", "C:\\x\\results_spotting.json"],
)
def test_read_results_archive_member_outside_is_refused(tmp_path: Path, member: str) -> None:
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, "{}")
    with pytest.raises(InputError, match="points outside the archive"):
        list(read_results(path))


def test_read_results_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("l/s/m/results_spotting.json", b" " * 1000)
    data = path.read_bytes()
    path.write_bytes(
        data.replace((1000).to_bytes(4, "little"), (600 * 1024 * 1024).to_bytes(4, "little"))
    )
    with pytest.raises(InputError, match=r"unpacks to 629,145,600 bytes"):
        list(read_results(path))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b'{"predictions": 1}']
)
def test_read_results_damaged_file_gives_one_line(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "l/s/m"
    folder.mkdir(parents=True)
    (folder / "results_spotting.json").write_bytes(content)
    with pytest.raises(InputError, match=r"l/s/m/results_spotting\.json: ") as caught:
        list(read_results(tmp_path))
    assert "\n" not in str(caught.value)


def test_read_results_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    write_results(path, SETS)
    data = bytearray(path.read_bytes())
    data[60:80] = bytes(20)
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"cannot be unpacked|not valid JSON"):
        list(read_results(path))
    path.write_bytes(b"no zip")
    with pytest.raises(
        InputError, match="zip archive of match folders is needed, this is a file of unknown"
    ):
        list(read_results(path))


def test_read_results_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        list(read_results(tmp_path / "none"))
    with pytest.raises(InputError, match=r"no file named results_spotting\.json"):
        list(read_results(tmp_path))


@pytest.mark.parametrize("half", [2.0, "2.0", 2, " 2 "])
def test_parse_results_half_of_pandas_is_read(half: object) -> None:
    assert parsed(changed(half=half)) == (Action("Goal", 2, 31500, 0.0066),)


@pytest.mark.parametrize("half", [1.5, "1.5", 0.0, "1.0.0", float("nan")])
def test_parse_results_half_that_is_no_period_is_refused(half: object) -> None:
    with pytest.raises(InputError, match="half must be"):
        parsed(changed(half=half))


def test_read_results_archive_of_windows_is_read(tmp_path: Path) -> None:
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for match in ("l\\s\\a", "l\\s\\b"):
            document = json.dumps({"UrlLocal": "x", "predictions": [ROW]})
            archive.writestr(f"{match}\\results_spotting.json", document)
    assert [match.match for match in read_results(path)] == ["l/s/a", "l/s/b"]
    assert [match.match for match in read_results(path, ["l/s/b"])] == ["l/s/b"]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("x.csv", b"time,label\n1,a\n", "a file of format csv"),
        (
            "x.json.gz",
            gzip.compress(b'[{"video": "v", "events": []}]', mtime=0),
            "e2e-spot-results",
        ),
        ("x.json", b'{"version": "2.0", "data": []}', "a file of format osl-v2"),
        ("x.json", b'{"annotations": [{"gameTime": "1 - 00:01"}]}', "a file of format soccernet"),
        ("x.srt", b"1\n00:00:01,000 --> 00:00:02,000\nx\n", "an SRT subtitle file"),
        ("x.bin", b"\x00\x01\x02", "a file of unknown format"),
    ],
)
def test_read_results_file_of_another_kind_is_named(
    tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=f"is needed, this is .*{kind}") as caught:
        list(read_results(str(tmp_path / name)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("match", [".hidden", "league/.season/match"])
def test_write_results_hidden_folder_is_refused(tmp_path: Path, match: str) -> None:
    """No reader would find it again."""
    with pytest.raises(InputError, match="must not start with a point"):
        write_results(tmp_path / "out", [MatchActions(match, ())])
    with pytest.raises(InputError, match="must not start with a point"):
        write_label_tree(tmp_path / "out", [MatchActions(match, ())])
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize("name", ["result.JSON", "result.json.gz", "result.gz", "result", "a.dat"])
def test_read_results_one_file_is_read_whatever_it_is_called(name: str, tmp_path: Path) -> None:
    expected = MatchActions("a/b/c", (Action("Goal", 1, 2000, 0.5),))
    data = json.dumps(results_document(expected)).encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if name.endswith("gz") else b"\xef\xbb\xbf\n" + data)
    (found,) = read_results(path, ["a/b/c"])
    assert found == expected
