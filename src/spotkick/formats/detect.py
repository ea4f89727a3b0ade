"""Which format a path has, judged by its content, and what it is where no format knows it."""

from pathlib import Path
from typing import Any

from spotkick.errors import InputError, SpotkickError
from spotkick.formats.fields import shown
from spotkick.formats.foreign import foreign_kind
from spotkick.formats.registry import FORMATS
from spotkick.formats.sample import Certainty, Sample


class UnknownFormatError(InputError):
    """A file is of no format that is read, or does not look like its format."""


def detect_format(path: Path | str) -> str:
    """Name of the format, as in `spotkick.formats.registry.FORMATS`.

    Args:
        path: file, folder or archive.

    Raises:
        InputError: if the path does not exist, is damaged, or is of no known format.
    """
    return _detect_sample(Sample(Path(path)), str(path))


def detect_document(document: Any, where: str, name: str = "") -> str:
    """Name of the format of a decoded JSON document.

    Args:
        document: JSON value.
        where: origin, for messages.
        name: file name, which tells the kinds of SoccerNet label files apart.

    Raises:
        InputError: if it is of no known format.
    """
    return _detect_sample(Sample(Path(where), document, name=name), where)


def _detect_sample(sample: Sample, where: str) -> str:
    claims = [(form.detect(sample), form.name) for form in FORMATS.values()]
    certainty, name = max(claims, key=lambda claim: claim[0], default=(Certainty.NO, ""))
    if certainty is not Certainty.NO:
        return name

    # Nothing fits: say what the file is, if it is known.
    kind = foreign_kind(sample)
    if kind is not None:
        raise InputError(f"{where}: {kind.message(FORMATS)}")
    if sample.is_folder or sample.file_names:
        raise InputError(
            f"{where}: no label or prediction files of a known format found in it; "
            f"formats that are read: {', '.join(FORMATS)}"
        )
    document = "" if sample.document is None else f" ({shown(sample.document)})"
    raise UnknownFormatError(
        f"{where}: the format was not recognised{document}; formats that are read: "
        f"{', '.join(FORMATS)}"
    )


def describe_file(path: Path) -> str:
    """What a file is, for messages about a file that is given in place of another."""
    sample = Sample(path)
    try:
        name = _detect_sample(sample, str(path))
        return f"a file of format {name}, which 'spotkick convert' changes into others"
    except SpotkickError:
        kind = foreign_kind(sample)
        return kind.title if kind is not None else "a file of unknown format"
