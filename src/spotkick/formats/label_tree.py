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
from spotkick.formats.format import Family, Format, ReadOptions
from spotkick.formats.match_tree import clean_match_name, require_visible
from spotkick.formats.sample import Certainty, Sample, objects_in
from spotkick.formats.soccernet import label_document, read_label_set
from spotkick.tasks import LABEL_FILES

LABEL_FIELDS: Final = frozenset(
    {
        "UrlLocal",
        *(
            f"annotations[].{field}"
            for field in ("gameTime", "label", "position", "team", "visibility")
        ),
    }
)
"""Fields that are read or can be derived."""

V1_FILE: Final = "Labels.json"
V2_FILE: Final = "Labels-v2.json"
BALL_FILE: Final = "Labels-ball.json"


def write_label_tree(
    root: Path | str, matches: Sequence[MatchActions], filename: str = V2_FILE
) -> None:
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
    root = Path(root)
    if root.suffix == ".json":
        if len(matches) != 1:
            raise InputError(
                f"{root}: a SoccerNet label file holds one match, {len(matches)} were given; "
                "name a folder instead"
            )
        write_json(root, _label_document(matches[0], filename), indent=4)
        return

    # All documents are made before the first is written.
    documents = {
        require_visible(clean_match_name(match.match, str(root)), str(root)): _label_document(
            match, filename
        )
        for match in matches
    }
    if len(documents) != len(matches):
        raise InputError(f"{root}: two matches have the same name")
    for name, document in documents.items():
        write_json(root / name / filename, document, indent=4)


def _label_document(match: MatchActions, filename: str) -> dict[str, Any]:
    if filename != V1_FILE:
        return label_document(match)
    return {
        "UrlLocal": match.match,
        "UrlYoutube": "",
        "annotations": [_v1_row(action) for action in match.actions],
    }


def _v1_row(action: Action) -> dict[str, str]:
    return {"gameTime": action.game_time, "label": action.label, "team": action.team or ""}


def _label_format(name: str, filename: str, capabilities: Capabilities) -> Format:
    """The format of one kind of label file."""

    def read(path: Path, options: ReadOptions) -> tuple[MatchActions, ...]:
        task_decides = options.task is not None or path.suffix == ".json"
        return tuple(
            read_label_set(
                path,
                options.matches,
                task=options.task,
                filename=options.file_name or (None if task_decides else filename),
                time_source=options.time_source,
            )
        )

    return Format(
        name=name,
        title=f"SoccerNet {filename}",
        description=f"`{filename}` in match folders, in a zip archive of them, or alone",
        family=Family.SOCCERNET,
        capabilities=capabilities,
        detect=lambda sample: _detect_labels(sample, filename),
        reader=read,
        writer=lambda path, matches, _: write_label_tree(path, matches, filename),
        suffix="",
        file_name=filename,
        fields=LABEL_FIELDS,
    )


def _detect_labels(sample: Sample, filename: str) -> Certainty:
    if sample.file_names:
        return Certainty.SHAPE if filename in sample.file_names else Certainty.NO
    if not isinstance(sample.json_object.get("annotations"), list):
        return Certainty.NO

    # Annotations of images and videos have the same key, but other fields.
    rows = objects_in(sample.json_object["annotations"])
    known = not rows or any("gameTime" in row or "label" in row for row in rows)
    if not known or sample.has_keys("categories"):
        return Certainty.NO

    # The name of the file decides; without a usual name, v2 has positions and v1 has none.
    if sample.name in LABEL_FILES:
        return Certainty.NAME if sample.name == filename else Certainty.NO
    shaped = V1_FILE if rows and not any("position" in row for row in rows) else V2_FILE
    return Certainty.SHAPE if shaped == filename else Certainty.NO


V2_FORMAT: Final = _label_format("soccernet-v2", V2_FILE, Capabilities(confidence=False))
BALL_FORMAT: Final = _label_format("soccernet-ball", BALL_FILE, Capabilities(confidence=False))
V1_FORMAT: Final = _label_format(
    "soccernet-v1",
    V1_FILE,
    Capabilities(confidence=False, visibility=False, whole_seconds=True, negative=False),
)
