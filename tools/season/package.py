r"""Put a season into the package: features, labels, splits, a clip, and a checkpoint.

    spotkick features SEASON --kind video --out FEATURES --dim 64 \
        --fit-split SEASON/splits/train.txt --mask ... --mask ...
    python tools/season/package.py data SEASON FEATURES src/spotkick/assets/demo
    python tools/season/package.py clip SEASON/test/match_2003 src/spotkick/assets/demo \
        --start 300 --length 220
    spotkick train src/spotkick/assets/demo/season.toml --data src/spotkick/assets/demo --out RUN
    python tools/season/package.py checkpoint RUN/best src/spotkick/assets/demo

README.md beside this file has the whole course of a season. A clip must come from a test match.
"""

import argparse
import shutil
from fractions import Fraction
from pathlib import Path

import av

from spotkick.actions import Action, MatchActions
from spotkick.checkpoint import read_checkpoint, write_checkpoint
from spotkick.features.tracks import SOURCE_SUFFIX, read_track, write_track
from spotkick.files import atomic_path, read_bytes, write_bytes
from spotkick.formats.soccernet import read_labels, write_labels
from spotkick.formats.splits import read_split
from spotkick.model_cards import CARD_FILE

SPLITS = ("train", "valid", "test")
VIDEO = "1_224p.mp4"
LABELS = "Labels-v2.json"
X264_OPTIONS = {"crf": "25", "preset": "slow", "g": "50", "movflags": "+faststart"}


def package_data(season: Path, features: Path, assets: Path, name: str) -> None:
    """Copy tracks, labels, splits and the source of the features."""
    for split in SPLITS:
        shutil.rmtree(assets / split, ignore_errors=True)
        (assets / "splits").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(season / "splits" / f"{split}.txt", assets / "splits" / f"{split}.txt")
        for match in read_split(season / "splits" / f"{split}.txt"):
            track = read_track(features / match / f"1_{name}.npy")
            write_track(track.values, assets / match / f"1_{name}.npy")
            write_labels(assets / match / LABELS, read_labels(season / match / LABELS, match=match))
    shutil.rmtree(assets / f"{name}{SOURCE_SUFFIX}", ignore_errors=True)
    shutil.copytree(features / f"{name}{SOURCE_SUFFIX}", assets / f"{name}{SOURCE_SUFFIX}")


def package_clip(match: Path, assets: Path, start_s: float, length_s: float) -> None:
    """Encode a stretch of a match smaller, with the labels in it."""
    target = assets / "clip" / "clip.mp4"
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        av.open(str(match / VIDEO)) as source,
        atomic_path(target) as temporary,
        av.open(str(temporary), "w", format="mp4", options={"movflags": "+faststart"}) as container,
    ):
        pictures = source.streams.video[0]
        rate = Fraction(pictures.average_rate or 10)
        stream = container.add_stream("libx264", rate=rate, options=X264_OPTIONS)
        stream.width, stream.height, stream.pix_fmt = pictures.width, pictures.height, "yuv420p"
        count = 0
        for number, frame in enumerate(source.decode(pictures)):
            if start_s * rate <= number < (start_s + length_s) * rate:
                frame.pts, frame.time_base, frame.pict_type = count, 1 / rate, 0
                container.mux(stream.encode(frame))
                count += 1
        container.mux(stream.encode(None))
    labels = read_labels(match / LABELS)
    inside = [
        action for action in labels.actions if start_s <= action.position_s < start_s + length_s
    ]
    shifted = tuple(
        Action(a.label, 1, a.position_ms - round(1000 * start_s), team=a.team) for a in inside
    )
    write_labels(target.parent / LABELS, MatchActions(labels.match, shifted))
    print(f"{count} pictures, {target.stat().st_size / 1e6:.2f} MB, {len(inside)} labels")


def package_checkpoint(folder: Path, assets: Path) -> None:
    """Copy a checkpoint, without the folder that its data lay in; its card stays."""
    checkpoint = read_checkpoint(folder)
    training = {**checkpoint.config.training}
    training["experiment"] = {
        **training["experiment"],
        "data": {**training["experiment"]["data"], "root": "."},
    }
    files = {
        name: (folder / name).read_bytes() for name in checkpoint.config.files if "/" not in name
    }
    target = assets.parent / "checkpoints" / "demo"
    card = read_bytes(target / CARD_FILE)
    shutil.rmtree(target, ignore_errors=True)
    write_checkpoint(
        target,
        checkpoint.config.replace(training=training),
        files,
        checkpoint.features_folder,
    )
    write_bytes(target / CARD_FILE, card)


def main() -> None:
    """Do one of the three."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = parser.add_subparsers(dest="part", required=True)
    data = parts.add_parser("data")
    data.add_argument("season", type=Path)
    data.add_argument("features", type=Path)
    data.add_argument("assets", type=Path)
    data.add_argument("--name", default="efficientnet_lite0_PCA64", help="of the features")
    clip = parts.add_parser("clip")
    clip.add_argument("match", type=Path)
    clip.add_argument("assets", type=Path)
    clip.add_argument("--start", type=float, required=True, help="seconds")
    clip.add_argument("--length", type=float, required=True, help="seconds")
    checkpoint = parts.add_parser("checkpoint")
    checkpoint.add_argument("folder", type=Path)
    checkpoint.add_argument("assets", type=Path)
    arguments = parser.parse_args()
    if arguments.part == "data":
        package_data(arguments.season, arguments.features, arguments.assets, arguments.name)
    elif arguments.part == "clip":
        package_clip(arguments.match, arguments.assets, arguments.start, arguments.length)
    else:
        package_checkpoint(arguments.folder, arguments.assets)


if __name__ == "__main__":
    main()
