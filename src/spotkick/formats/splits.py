"""Split files: which matches belong to train, valid and test.

Either a text file with one match a line, or the official JSON: ``{championship: {season:
[matches]}}`` or a plain list.
"""

from pathlib import Path
from typing import Any

from spotkick.errors import InputError
from spotkick.files import parse_json, read_bytes
from spotkick.formats.match_tree import clean_match_name


def read_split(path: Path | str) -> tuple[str, ...]:
    """Read the match names of a split file.

    Args:
        path: ``.json`` in the official form; anything else is text, where empty lines and comments
            (``#``) do not count.

    Returns:
        Match names with forward slashes, in file order.

    Raises:
        InputError: if the file is missing or malformed, names no match, or names one twice.
    """
    path = Path(path)
    data = read_bytes(path)

    # Names of matches, in either form.
    if path.suffix.lower() == ".json":
        lines = _json_names(parse_json(data, str(path)), str(path))
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(
                f"{path}: not UTF-8 text (byte {error.start}); save the file as UTF-8"
            ) from error
        lines = [
            line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
        ]
    names = tuple(clean_match_name(line, str(path)) for line in lines)
    if not names:
        raise InputError(
            f"{path}: the split file names no match; one match folder a line is needed"
        )
    if len(set(names)) != len(names):
        repeated = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{path}: match {repeated!r} is named twice")
    return names


def _json_names(value: Any, where: str, prefix: str = "", depth: int = 0) -> list[str]:
    """Leaves of nested dictionaries, joined to paths."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return [prefix + item for item in value]
    if isinstance(value, dict) and depth < 4:
        return [
            name
            for key, inner in value.items()
            for name in _json_names(inner, where, f"{prefix}{key}/", depth + 1)
        ]
    raise InputError(
        f"{where}: a split must be a list of match names or {{championship: {{season: [matches]}}}}"
    )
