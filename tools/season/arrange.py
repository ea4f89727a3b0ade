"""Put rendered matches, ``NAME.mp4`` with ``NAME.json``, into a season with splits.

    python tools/season/arrange.py SEASON --from MATCHES --train match_1001 ... --valid match_2002
    --test match_2003

A season is a folder ``SEASON/<split>/<match>/`` with ``1_224p.mp4`` and ``Labels-v2.json``, as
`render_season.sh` makes it. Without matches to add, only ``SEASON/splits/<split>.txt`` is written
anew: the matches that are there and have labels.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from spotkick.actions import Action, MatchActions
from spotkick.files import write_text
from spotkick.formats.soccernet import write_labels

SPLITS = ("train", "valid", "test")
SIDES = {"left": "home", "right": "away"}
VIDEO = "1_224p.mp4"
LABELS = "Labels-v2.json"


def actions_of(document: dict[str, Any], match: str) -> MatchActions:
    """Events of a ``NAME.json`` (``t`` in seconds, ``label``, ``team``) as actions of one half."""
    return MatchActions(
        match,
        tuple(
            Action(e["label"], 1, round(1000 * e["t"]), team=SIDES.get(e.get("team")))
            for e in document["events"]
        ),
    )


def add_match(video: Path, season: Path, split: str) -> None:
    """Link the video and write the labels."""
    folder = season / split / video.stem
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / VIDEO
    if not link.exists():
        link.symlink_to(video.resolve())
    document = json.loads(video.with_suffix(".json").read_text(encoding="utf-8"))
    write_labels(folder / LABELS, actions_of(document, f"{split}/{video.stem}"))


def write_splits(season: Path) -> dict[str, list[str]]:
    """List the finished matches of each split."""
    splits = {}
    for split in SPLITS:
        found = sorted(
            path.parent.name
            for path in season.glob(f"{split}/*/{LABELS}")
            if (path.parent / VIDEO).exists()
        )
        splits[split] = [f"{split}/{name}" for name in found]
        write_text(
            season / "splits" / f"{split}.txt", "".join(f"{match}\n" for match in splits[split])
        )
    return splits


def main() -> None:
    """Add the matches that are named, and list all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("season", type=Path)
    parser.add_argument(
        "--from", dest="matches", type=Path, help="folder of NAME.mp4 and NAME.json"
    )
    for split in SPLITS:
        parser.add_argument(f"--{split}", nargs="+", default=[])
    arguments = parser.parse_args()
    for split in SPLITS:
        for name in getattr(arguments, split):
            add_match(arguments.matches / f"{name}.mp4", arguments.season, split)
    for split, matches in write_splits(arguments.season).items():
        print(f"{split}: {len(matches)} matches")


if __name__ == "__main__":
    main()
