"""Coverage-guided fuzzing of the readers: ``python tools/fuzz.py FORMAT [-max_total_time=60]``.

Needs the package ``atheris``. JSON formats are fuzzed by their structure: the bytes choose values
of a valid document and what replaces them; one input in eight, and all inputs of other formats, are
the bytes as they are. Further options go to libFuzzer. A crash is an exception other than
spotkick's own, or a message of several lines.
"""

import copy
import json
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["spotkick"]):
    from spotkick.actions import Action, MatchActions, Visibility
    from spotkick.errors import SpotkickError
    from spotkick.formats.detect import detect_format
    from spotkick.formats.format import ReadOptions
    from spotkick.formats.registry import FORMATS
    from spotkick.timeline import FEATURE_RATE

SUFFIXES = {"elan": ".eaf", "csv": ".csv", "parquet": ".parquet", "thumos-results": ".txt"}
MATCH = MatchActions(
    "league/season/match",
    (
        Action("Goal", 1, 1500, 0.5, "home", Visibility.VISIBLE),
        Action("Foul", 1, 2000, 0.25, None, Visibility.NOT_SHOWN),
    ),
)
OPTIONS = ReadOptions(frame_rate=FEATURE_RATE)
MOST_CHANGES = 4
RAW_SHARE = 8


def places(document: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document, from the outside in."""
    keys: list[Any] = list(document) if isinstance(document, dict) else []
    keys = list(range(len(document))) if isinstance(document, list) else keys
    return [(document, key) for key in keys] + [
        place for key in keys for place in places(document[key])
    ]


def draw(provider: atheris.FuzzedDataProvider, depth: int = 0) -> Any:
    """A JSON value."""
    kind = provider.ConsumeIntInRange(0, 9 if depth < 3 else 7)
    if kind == 0:
        return None
    if kind == 1:
        return provider.ConsumeBool()
    if kind in (2, 3):
        return provider.ConsumeInt(8 if kind == 2 else 60)
    if kind == 4:
        return provider.ConsumeFloat()
    if kind in (5, 6):
        return provider.ConsumeUnicode(12)
    if kind == 7:
        return str(provider.ConsumeInt(6))
    count = provider.ConsumeIntInRange(0, 3)
    if kind == 8:
        return [draw(provider, depth + 1) for _ in range(count)]
    return {provider.ConsumeUnicode(6): draw(provider, depth + 1) for _ in range(count)}


def changed(document: Any, data: bytes) -> bytes:
    """The document with a few values replaced or removed, as the bytes say."""
    provider = atheris.FuzzedDataProvider(data)
    document = copy.deepcopy(document)
    for _ in range(provider.ConsumeIntInRange(1, MOST_CHANGES)):
        found = places(document)
        if not found:
            break
        container, key = found[provider.ConsumeIntInRange(0, len(found) - 1)]
        if provider.ConsumeIntInRange(0, 3):
            container[key] = draw(provider)
        else:
            del container[key]
    return json.dumps(document).encode()


def main() -> None:
    """Fuzz one format until the time is over or something breaks."""
    name = sys.argv.pop(1) if len(sys.argv) > 1 else "soccernet-v2"
    warnings.simplefilter("ignore")
    folder = Path(tempfile.mkdtemp(prefix="spotkick-fuzz-"))
    path = folder / f"file{SUFFIXES.get(name, '.json')}"
    corpus = folder / "corpus"
    corpus.mkdir()
    FORMATS[name].write(path, [MATCH], FEATURE_RATE)
    valid = path.read_bytes()
    (corpus / "valid").write_bytes(valid)
    document = json.loads(valid) if FORMATS[name].fields else None

    def read(data: bytes) -> None:
        raw = document is None or (len(data) > 0 and data[0] % RAW_SHARE == 0)
        path.write_bytes(data if raw else changed(document, data))
        for step in (lambda: tuple(FORMATS[name].read(path, OPTIONS)), lambda: detect_format(path)):
            try:
                step()
            except SpotkickError as error:
                if "\n" in str(error):
                    raise AssertionError(f"a message of several lines: {error!r}") from error

    atheris.Setup([*sys.argv, str(corpus), f"-artifact_prefix={folder}/"], read)
    print(f"{name}: files in {folder}")
    atheris.Fuzz()


if __name__ == "__main__":
    main()
