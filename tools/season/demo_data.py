"""Make the data set that the demo trains on: features and labels of rendered matches, cut into halves.

    python tools/season/demo_data.py MATCHES OUT --train match_1001 ... --valid match_1005 --test match_1002 ...

MATCHES holds ``NAME.mp4`` with ``NAME.json`` (``events``: ``t`` in seconds, ``label``, ``team``), as the generator writes them.
The scoreboard and the radar strip are painted over before the backbone sees a picture, because they give actions away.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from spotkick.actions import Action, MatchActions
from spotkick.features.backbone import open_backbone
from spotkick.features.extract import ExtractionConfig, Extractor, extract_video, write_extractor
from spotkick.features.pca import fit_projection
from spotkick.features.tracks import write_track
from spotkick.files import write_text
from spotkick.formats.soccernet import write_labels

SCOREBOARD = (0.0, 0.0, 1.0, 16 / 224)
RADAR = (166 / 398, 158 / 224, 232 / 398, 1.0)
NAME = "rendered"


def halves_of(events: list[dict[str, object]], num_frames: int) -> tuple[list[Action], int]:
    """Actions of a match that is cut in the middle, and the frame of the cut."""
    cut = num_frames // 2
    actions = []
    for event in events:
        position_ms = round(1000 * float(str(event["t"])))
        period = 1 if position_ms < 500 * cut else 2
        team = event.get("team")
        actions.append(
            Action(str(event["label"]), period, position_ms - 500 * cut * (period - 1), team=str(team) if team else None)
        )
    return actions, cut


def main() -> None:
    """Extract, fit the projection on the training matches, project, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("matches", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--threads", type=int, default=0)
    for split in ("train", "valid", "test"):
        parser.add_argument(f"--{split}", nargs="+", required=True)
    args = parser.parse_args()

    splits = {split: getattr(args, split) for split in ("train", "valid", "test")}
    config = ExtractionConfig(masks=(SCOREBOARD, RADAR))
    whole = Extractor(open_backbone(threads=args.threads), config)
    values = {}
    for name in [name for names in splits.values() for name in names]:
        values[name] = extract_video(args.matches / f"{name}.mp4", whole).values
        print(f"{name}: {len(values[name])} frames", file=sys.stderr)
    projection = fit_projection((values[name] for name in splits["train"]), args.dim)
    print(f"the projection keeps {projection.explained:.1%} of the variance", file=sys.stderr)
    write_extractor(Extractor(whole.backbone, config, projection, NAME), args.out)
    for split, names in splits.items():
        matches = [f"season/rendered/{name}" for name in names]
        write_text(args.out / "splits" / f"{split}.txt", "\n".join(matches) + "\n")
        for match, name in zip(matches, names, strict=True):
            events = json.loads((args.matches / f"{name}.json").read_text())["events"]
            projected = projection.apply(values[name]).astype(np.float16)
            actions, cut = halves_of(events, len(projected))
            write_track(projected[:cut], args.out / match / f"1_{NAME}.npy")
            write_track(projected[cut:], args.out / match / f"2_{NAME}.npy")
            write_labels(args.out / match / "Labels-v2.json", MatchActions(match, tuple(actions)))


if __name__ == "__main__":
    main()
