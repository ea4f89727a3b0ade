"""Names of matches: spotting, scoring and conversion call the same match the same.

A match of a tree of matches is named by its folder relative to the root of the tree, with forward
slashes: ``league/season/match``. Who gives one folder of the tree alone does not name the root, so
that it is found from what lies around the folder.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from spotkick.errors import InputError, SpotkickError
from spotkick.files import read_json
from spotkick.formats.match_tree import clean_match_name
from spotkick.tasks import LABEL_FILES

MAX_DEPTH: Final = 4
"""So many folders above a match are looked at for the root of its tree."""

_SEASON: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_SEASON_PARTS: Final = 3  # league, season, match


def name_match_folder(folder: Path) -> str:
    """The name of the match that a folder holds.

    The first of these rules that applies decides:

    1. A folder above, at most four levels up, holds ``splits/`` or a feature description
       ``NAME.source``: it is the root, and the name is the path below it.
    2. A label file in the folder states ``UrlLocal``, and the path ends with it.
    3. The folder above is named by a season (it holds a year, as ``2016-2017`` does): the name is
       ``league/season/match``, the last three parts of the path.
    4. Else the name of the folder itself.

    Example:
        >>> name_match_folder(Path("/archive/england_epl/2016-2017/City - United"))
        'england_epl/2016-2017/City - United'
    """
    path = folder.absolute()

    for root in list(path.parents)[:MAX_DEPTH]:
        if _is_root(root):
            return path.relative_to(root).as_posix()

    stated = _find_stated_name(path)
    if stated:
        return stated

    if _SEASON.search(path.parent.name) and len(path.parts) > _SEASON_PARTS:
        return "/".join(path.parts[-_SEASON_PARTS:])
    return path.name


def _find_stated_name(path: Path) -> str | None:
    """``UrlLocal`` of a label file, where the path agrees with it."""
    for filename in LABEL_FILES:
        if not (path / filename).is_file():
            continue
        try:
            document = read_json(path / filename)
            value = document.get("UrlLocal") if isinstance(document, Mapping) else None
            name = clean_match_name(str(value or ""), filename)
        except SpotkickError:  # reading the labels themselves reports what is wrong with them
            continue
        if _ends_with(path.as_posix(), name):
            return name
    return None


def _is_root(folder: Path) -> bool:
    try:
        return (folder / "splits").is_dir() or any(folder.glob("*.source"))
    except OSError:  # a folder above that may not be listed is not the root of anything here
        return False


def pair_match_names(predicted: Iterable[str], labelled: Sequence[str]) -> dict[str, str]:
    """The labelled match that each prediction is about, where their names differ.

    A name stands for another one when it is the end of it in whole parts, as ``match`` is of
    ``league/season/match``, and no second match fits.

    Args:
        predicted: names of matches with predictions.
        labelled: names of matches with labels.

    Returns:
        predicted name -> labelled name; names that need no change are left out.

    Raises:
        InputError: if a name fits several labelled matches, or several predictions fit one.

    Example:
        >>> pair_match_names(["final"], ["cup/2024/final", "cup/2024/semi-final"])
        {'final': 'cup/2024/final'}
    """
    names = list(predicted)
    open_labels = set(labelled) - set(names)
    pairs: dict[str, str] = {}

    for name in names:
        if name in labelled:
            continue
        fitting = sorted(
            label for label in open_labels if _ends_with(label, name) or _ends_with(name, label)
        )
        if len(fitting) > 1:
            raise InputError(
                f"predictions of match '{name}' fit {len(fitting)} labelled matches, "
                f"'{fitting[0]}' and '{fitting[1]}' among them; name the match in full"
            )
        if not fitting:
            continue
        if fitting[0] in pairs.values():
            raise InputError(
                f"labels of match '{fitting[0]}' fit the predictions of several matches, "
                f"'{name}' among them; name the matches in full"
            )
        pairs[name] = fitting[0]
    return pairs


def _ends_with(path: str, name: str) -> bool:
    return bool(name) and (path == name or path.endswith(f"/{name}"))
