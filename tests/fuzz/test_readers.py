"""No file, however damaged, ends in anything but a result or one clear line."""

import copy
import gzip
import json
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.actions import Action, MatchActions, Visibility
from spotkick.errors import InputError, SpotkickError
from spotkick.formats.convert import convert
from spotkick.formats.detect import detect_format
from spotkick.formats.format import ReadOptions
from spotkick.formats.registry import FORMATS
from spotkick.timeline import FEATURE_RATE

MATCHES = (
    MatchActions(
        "league/season/match",
        (
            Action("Goal", 1, 1500, 0.5, "home", Visibility.VISIBLE),
            Action("Foul", 2, 2000, 0.25, None, Visibility.NOT_SHOWN),
        ),
    ),
)
JSON_FORMATS = [name for name, form in FORMATS.items() if form.fields]

odd_text = st.sampled_from(
    [
        "\ud800",
        "1 - 14:36",
        "9" * 400,
        "-1",
        "1e999",
        "x/1",
        "../..",
        "nan",
        "\x00",
        "x" * 500,
        "a\nb",
    ]
)
text = st.text(max_size=6) | odd_text
number = (
    st.integers()
    | st.floats()
    | st.sampled_from([10**400, -(10**30), 1e308, -0.0, 2**63, float("inf"), float("nan")])
)
value = st.recursive(
    st.none() | st.booleans() | number | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)


def valid_document(format_name: str) -> Any:
    """What the writer of a format makes of one match, as decoded JSON."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.json"
        FORMATS[format_name].write(path, MATCHES, FEATURE_RATE)
        return json.loads(path.read_text())


DOCUMENTS = {name: valid_document(name) for name in JSON_FORMATS}


def places(document: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document, from the outside in."""
    if isinstance(document, dict):
        keys: list[Any] = list(document)
    elif isinstance(document, list):
        keys = list(range(len(document)))
    else:
        return []
    return [(document, key) for key in keys] + [
        place for key in keys for place in places(document[key])
    ]


def refusals(path: Path, format_name: str) -> list[str]:
    """Messages with which a file is refused when it is read, recognised and converted."""
    steps: list[Callable[[], Any]] = [
        lambda: list(FORMATS[format_name].read(path, ReadOptions(frame_rate=FEATURE_RATE))),
        lambda: detect_format(path),
        lambda: convert(path, path.with_name("out.csv"), from_=format_name),
    ]
    found = []
    for step in steps:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                step()
            except SpotkickError as error:
                found.append(str(error))
    return found


@pytest.mark.parametrize("format_name", JSON_FORMATS)
@given(data=st.data())
@settings(deadline=None, max_examples=50)
def test_read_document_with_wrong_values_gives_actions_or_one_line(
    format_name: str, data: st.DataObject
) -> None:
    document = copy.deepcopy(DOCUMENTS[format_name])
    for _ in range(data.draw(st.integers(1, 3))):
        found = places(document)
        if not found:
            break
        container, key = data.draw(st.sampled_from(found))
        if data.draw(st.booleans()):
            container[key] = data.draw(value)
        else:
            del container[key]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.json"
        path.write_text(json.dumps(document))
        assert all(
            "\n" not in message and len(message) < 2000 for message in refusals(path, format_name)
        )


@pytest.mark.parametrize("format_name", JSON_FORMATS)
@given(document=value)
@settings(deadline=None, max_examples=15)
def test_read_any_json_gives_actions_or_one_line(format_name: str, document: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.json"
        path.write_text(json.dumps(document))
        assert all(
            "\n" not in message and len(message) < 2000 for message in refusals(path, format_name)
        )


NOT_JSON = {
    "empty": b"",
    "cut off": b'{"annotations": [{"gameTime": "1 - 00:0',
    "latin-1": '{"label": "Fußball"}'.encode("latin-1"),
    "utf-16": '{"label": "x"}'.encode("utf-16"),
    "binary": bytes(range(256)),
    "deep list": b"[" * 200_000,
    "deep object": b'{"a":' * 200_000,
    "huge number": b"[" + b"9" * 100_000 + b"]",
    "gzip of nothing": gzip.compress(b"", mtime=0),
    "not really gzip": b"\x1f\x8b" + b"\x00" * 50,
    "not really zip": b"PK\x03\x04" + b"\x00" * 50,
}


@pytest.mark.parametrize("data", NOT_JSON.values(), ids=NOT_JSON.keys())
@pytest.mark.parametrize("format_name", FORMATS)
def test_read_file_of_another_kind_gives_one_line(
    tmp_path: Path, format_name: str, data: bytes
) -> None:
    (tmp_path / "detclasslist.txt").write_text("1 x\n")
    path = tmp_path / ("file.parquet" if format_name == "parquet" else "file.json")
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if format_name.startswith("thumos") and not data:
            assert FORMATS[format_name].read(path) == ()
            return
        with pytest.raises(InputError) as caught:
            list(FORMATS[format_name].read(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("format_name", ["soccernet-v2", "soccernet-results"])
def test_read_archive_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, format_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spotkick.formats.match_tree.MAX_JSON_BYTES", 100_000)
    name = {"soccernet-v2": "Labels-v2.json", "soccernet-results": "results_spotting.json"}[
        format_name
    ]
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"league/season/match/{name}", b" " * 10_000_000)
    with pytest.raises(InputError, match="unpacks to 10,000,000 bytes"):
        list(FORMATS[format_name].read(path))
