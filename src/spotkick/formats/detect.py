"""Which format a file or folder has, judged by its content; the name only helps where formats look alike."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from spotkick.errors import InputError
from spotkick.files import read_bytes
from spotkick.formats.e2e_spot import load_json
from spotkick.formats.fields import shown
from spotkick.formats.match_tree import open_match_tree
from spotkick.formats.thumos import CLASS_FILE, LABEL_FILE

_RESULT_FILES: Final = frozenset(
    {"results_spotting.json", "Predictions-v2.json", "Predictions-v1.json"}
)
_LABEL_FILES: Final = {
    "Labels-v2.json": "soccernet-v2",
    "Labels-ball.json": "soccernet-ball",
    "Labels.json": "soccernet-v1",
}
_SUFFIXES: Final = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".eaf": "elan"}
_MOST_ITEMS: Final = 50
_HELP: Final = "name the format with --from"


def detect_format(path: Path) -> str:
    """Name of the format, as in `spotkick.formats.convert.FORMATS`.

    Raises:
        InputError: if the path does not exist, is damaged, or is of no known format.
    """
    if path.is_dir():
        return _detect_folder(path)
    if path.suffix.lower() in _SUFFIXES:
        return _SUFFIXES[path.suffix.lower()]
    if path.suffix.lower() == ".txt" and (path.parent / CLASS_FILE).is_file():
        return "thumos-results"
    start = read_bytes(path)[:4096]
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"PK"):
        return _detect_tree(path)
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return "elan"
    return detect_document(load_json(path), str(path), path.name)


def _detect_folder(path: Path) -> str:
    if (path / "labels.json").is_file():
        return detect_document(load_json(path / "labels.json"), str(path / "labels.json"))
    if next(path.rglob("*.eaf"), None) is not None:
        return "elan"
    if any(LABEL_FILE.match(file.name) for file in path.glob("*.txt")):
        return "thumos"
    return _detect_tree(path)


def _detect_tree(path: Path) -> str:
    """A folder or archive of match folders."""
    with open_match_tree(path) as tree:
        names = tree.file_names()
    if names & _RESULT_FILES:
        return "soccernet-results"
    found = next((format_name for name, format_name in _LABEL_FILES.items() if name in names), None)
    if found is None:
        raise InputError(
            f"{path}: no label or prediction files of a known format found in it; {_HELP}"
        )
    return found


def detect_document(document: Any, where: str, name: str = "") -> str:
    """Name of the format of a decoded JSON document.

    Args:
        document: JSON value.
        where: origin, for messages.
        name: file name, which tells the kinds of SoccerNet label files apart.

    Raises:
        InputError: if it is of no known format.
    """
    found = _detect_list(document) if isinstance(document, list) else None
    if isinstance(document, dict):
        found = _detect_object(document, name)
    if found is None:
        raise InputError(f"{where}: the format was not recognised ({shown(document)}); {_HELP}")
    return found


def _detect_list(items: list[Any]) -> str | None:
    objects = [item for item in items[:_MOST_ITEMS] if isinstance(item, dict)]
    if any("video" in item and "events" in item for item in objects):
        events = [
            event
            for item in objects
            if isinstance(item.get("events"), list)
            for event in item["events"][:_MOST_ITEMS]
        ]
        scored = any(isinstance(event, dict) and "score" in event for event in events)
        return (
            "e2e-spot-results"
            if scored or not any("num_frames" in item for item in objects)
            else "e2e-spot"
        )
    if any("data" in item and ("annotations" in item or "predictions" in item) for item in objects):
        return "label-studio"
    return None


def _detect_object(document: Mapping[str, Any], name: str) -> str | None:
    keys = document.keys()
    rules = (
        ({"project", "metadata", "view"}, "via3"),
        ({"database"}, "activitynet"),
        ({"results"}, "activitynet-results"),
        ({"videos"}, "osl-v1"),
        ({"version", "data"}, "osl-v2"),
        ({"task", "data"}, "osl-v2"),
        ({"data", "annotations"}, "label-studio"),
        ({"labels", "classes"}, "fiftyone"),
    )
    found = next((format_name for needed, format_name in rules if needed <= keys), None)
    if found is not None:
        return found
    if "predictions" in keys:
        return _detect_predictions(document)
    if "annotations" in keys:
        return _detect_labels(document["annotations"], name)
    if document and all(
        isinstance(value, dict) and "annotations" in value for value in document.values()
    ):
        return "activitynet"
    return "fiftyone" if isinstance(document.get("labels"), dict) else None


def _detect_predictions(document: Mapping[str, Any]) -> str:
    rows = [row for row in _rows(document["predictions"]) if isinstance(row, dict)]
    return (
        "osl-v1"
        if "fps" in document or "Url" in document or any("frame" in row for row in rows)
        else "soccernet-results"
    )


def _detect_labels(annotations: Any, name: str) -> str:
    if name in _LABEL_FILES:
        return _LABEL_FILES[name]
    rows = [row for row in _rows(annotations) if isinstance(row, dict)]
    return "soccernet-v2" if not rows or any("position" in row for row in rows) else "soccernet-v1"


def _rows(value: Any) -> list[Any]:
    return value[:_MOST_ITEMS] if isinstance(value, list) else []
