"""Sets of SoccerNet label files: one file a match, in a tree of match folders.

`spotkick.formats.soccernet` reads all three kinds; this module writes them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from spotkick.actions import Action, MatchActions
from spotkick.errors import InputError
from spotkick.files import write_json
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.match_tree import clean_match_name
from spotkick.formats.soccernet import label_document

V1_CAPACITY: Final = Capabilities(
    confidence=False, visibility=False, whole_seconds=True, negative=False
)
V2_CAPACITY: Final = Capabilities(confidence=False)
RESULT_CAPACITY: Final = Capabilities(needs_confidence=True, visibility=False)

LABEL_FIELDS: Final = frozenset(
    {
        "UrlLocal",
        *(
            f"annotations[].{field}"
            for field in ("gameTime", "label", "position", "team", "visibility")
        ),
    }
)
RESULT_FIELDS: Final = frozenset(
    {
        "UrlLocal",
        *(
            f"predictions[].{field}"
            for field in ("gameTime", "label", "position", "half", "confidence", "team")
        ),
    }
)

V1_FILE: Final = "Labels.json"
V2_FILE: Final = "Labels-v2.json"
BALL_FILE: Final = "Labels-ball.json"


def write_label_tree(root: Path, matches: Sequence[MatchActions], filename: str = V2_FILE) -> None:
    """Write the label files of matches.

    Args:
        root: folder that gets ``<match>/<filename>``; a path that ends in ``.json`` is written
            itself, for one match.
        matches: labels.
        filename: ``Labels-v2.json``, ``Labels-ball.json`` (same form) or ``Labels.json`` (no
            positions: whole seconds).

    Raises:
        InputError: if a match name is not a relative path, a name comes twice, or several matches
            are to go into one file.
        StorageError: if a file cannot be written.
    """
    if root.suffix == ".json":
        if len(matches) != 1:
            raise InputError(
                f"{root}: a SoccerNet label file holds one match, {len(matches)} were given; name a folder instead"
            )
        write_json(root, _document(matches[0], filename), indent=4)
        return
    documents = {
        clean_match_name(match.match, str(root)): _document(match, filename) for match in matches
    }
    if len(documents) != len(matches):
        raise InputError(f"{root}: two matches have the same name")
    for name, document in documents.items():
        write_json(root / name / filename, document, indent=4)


def _document(match: MatchActions, filename: str) -> dict[str, Any]:
    if filename != V1_FILE:
        return label_document(match)
    return {
        "UrlLocal": match.match,
        "UrlYoutube": "",
        "annotations": [_v1_row(action) for action in match.actions],
    }


def _v1_row(action: Action) -> dict[str, str]:
    return {"gameTime": action.game_time, "label": action.label, "team": action.team or ""}
