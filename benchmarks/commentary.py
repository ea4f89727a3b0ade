"""Real training on commentary: the probe, a per-frame model, CALF and its ablations, 17 classes.

Trains each variant with several seeds on the train split of SoccerNet-v2 with commentary features,
keeps the epoch that is best on the valid split, and prints one table of loose Average-mAP on valid,
once from peaks of the segmentation scores and once from the spotting module, as the paper does.
Finished runs are kept and not repeated.

    spotkick features DATA --kind commentary --labels --split train --split valid --out FEATURES
    python benchmarks/commentary.py --data DATA --features FEATURES --runs RUNS --probe

The best checkpoint then spots the test split, whose labels take no part in anything here:

    spotkick features DATA --kind commentary --split test --source FEATURES --out FEATURES-TEST
    spotkick spot RUNS/calf-0/best --split DATA/splits/test.txt --data FEATURES-TEST --out OUT

The features are text, not vision: the numbers compare methods on equal features and nothing else.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from probe import TUNED, evaluate_quietly, run_probe
from spotkick.actions import SOCCERNET_V1, Action, MatchActions
from spotkick.checkpoint import read_checkpoint
from spotkick.commentary.ensemble import LOGIT_SCALE, TokenEnsemble
from spotkick.commentary.features import read_commentary_source
from spotkick.datasets.match_folder import MatchFolder
from spotkick.datasets.splits import match_tracks
from spotkick.formats import read_label_set, read_split
from spotkick.prediction import OnnxNetwork, SpottingSetup, spot_match
from spotkick.stored_checkpoint import ONNX_FILE
from spotkick.suppression import suppress

CONFIGS = Path(__file__).parent.parent / "configs"
V1, V2 = "commentary-v1.toml", "commentary-v2.toml"
PAPER_LOSS = [
    "loss.segmentation=paper",
    "loss.segmentation_weight=1.5",
    "loss.margin_low=0.1",
    "loss.margin_high=0.9",
]

VARIANTS = {
    "bce": (
        "per-frame BCE, same trunk",
        V1,
        ["model.kind=dense", "loss.segmentation=bce", "loss.target_radius_s=3"],
    ),
    "calf": ("CALF", V1, []),
    "paper": (
        "CALF with the paper's loss, weight, margins and K",
        V1,
        [*PAPER_LOSS, "slicing.preset=v1"],
    ),
    # without segmentation loss the scores mean nothing: the best epoch is chosen by the spotting
    # module
    "no-segmentation": (
        "(i) no segmentation loss",
        V1,
        ["loss.segmentation_weight=0", "decoding.source=spots"],
    ),
    "binary-slicing": ("(ii) no context slicing", V1, ["slicing.preset=binary"]),
    "no-margins": ("(iii) no margins", V1, ["loss.margin_low=0", "loss.margin_high=1"]),
    "no-matching": ("(iv) no matching", V1, ["loss.matching=none"]),
    "calf-17": ("CALF, 17 classes", V2, []),
}


def train(variant: str, seed: int, args: argparse.Namespace) -> dict[str, Any]:
    """Train and score one variant with one seed, unless that is done already; returns results."""
    _, config, assignments = VARIANTS[variant]
    out, summary = args.runs / f"{variant}-{seed}", args.runs / f"{variant}-{seed}.json"
    if summary.is_file():
        return json.loads(summary.read_text())
    sets = [
        *assignments,
        *args.assignments,
        f"training.seed={seed}",
        "training.threads=1",
        f"data.features_root={args.features}",
    ]
    command = [
        sys.executable,
        "-m",
        "spotkick",
        "train",
        str(CONFIGS / config),
        "--data",
        str(args.data),
        "--out",
        str(out),
    ]
    for assignment in sets:
        command += ["--set", assignment]
    started = time.perf_counter()
    args.runs.mkdir(parents=True, exist_ok=True)
    with (args.runs / f"{variant}-{seed}.log").open("a") as log:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run([*command, "--resume"], check=True, stdout=log, stderr=log, env=environment)
    minutes = (time.perf_counter() - started) / 60
    result = {
        "epoch": json.loads((out / "results.json").read_text())["best_epoch"],
        "minutes": minutes,
    }
    result |= {source: score(out / "best", source, args) for source in ("scores", "spots")}
    summary.write_text(json.dumps(result))
    return result


def score(checkpoint_folder: Path, source: str, args: argparse.Namespace) -> dict[str, float]:
    """Average-mAP (``all``) and per class on valid, from peaks or from the spotting module."""
    checkpoint = read_checkpoint(checkpoint_folder)
    decoding = checkpoint.config.decoding.replace(source=source)
    setup, network = (
        SpottingSetup.from_checkpoint(checkpoint, decoding),
        OnnxNetwork(checkpoint_folder / ONNX_FILE, threads=1),
    )
    matches = read_split(args.data / "splits" / "valid.txt")
    folders = [MatchFolder(args.features, match) for match in matches]
    tracks = (match_tracks(folder, "commentary", frame_rate=setup.frame_rate) for folder in folders)
    found = [
        spot_match(network, own, setup, match)[0]
        for match, own in zip(matches, tracks, strict=True)
    ]
    result = evaluate_quietly(found, read_label_set(args.data, matches), checkpoint.classes)
    return {"all": result.average_map, **result.overall.per_class}


def row(name: str, results: Sequence[dict[str, Any]]) -> str:
    """One variant's row: mean and spread of both decodings, and the classes of the better."""
    cells = []
    means = {}
    for source in ("scores", "spots"):
        values = [result[source]["all"] for result in results]
        means[source] = statistics.mean(values)
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        cells.append(f"{means[source]:.3f} ± {spread:.3f}")
    better = max(means, key=lambda source: means[source])
    names = [label for label in results[0][better] if label in SOCCERNET_V1.names]
    cells += [
        " / ".join(
            f"{statistics.mean(result[better][label] for result in results):.3f}" for label in names
        )
        or "-"
    ]
    cells += [str(len(results)), "/".join(str(result["epoch"]) for result in results)]
    cells += [f"{statistics.mean(result['minutes'] for result in results):.1f}"]
    return f"| {name} | " + " | ".join(cells) + " |"


def features_row(args: argparse.Namespace) -> str:
    """The row of the features themselves: local maxima of their logits, with no training on them.

    Their classes are those of the labels; a class of v1 takes the maximum logit of the classes
    that it groups.
    """
    model, source = read_commentary_source(args.features)
    if not isinstance(model, TokenEnsemble):
        raise SystemExit("--features must be made with --labels")
    columns = {
        name: [
            n for n, label in enumerate(model.classes) if SOCCERNET_V1.aliases.get(label) == name
        ]
        for name in SOCCERNET_V1
    }
    method, window_s = TUNED
    matches = read_split(args.data / "splits" / "valid.txt")
    found = []
    for match in matches:
        actions = []
        for period, track in match_tracks(
            MatchFolder(args.features, match), "commentary", frame_rate=source.frame_rate
        ).items():
            logits = (
                np.asarray(track.values[:, :-1], dtype=np.float64) / LOGIT_SCALE
                + model.prior_logits
            )
            frames = np.arange(2, len(logits), 4)  # the middles of bins
            for name, own in columns.items():
                # The square root spreads small probabilities over the 200 thresholds of the metric.
                scores = np.sqrt(1 / (1 + np.exp(-logits[frames][:, own].max(axis=1))))
                kept = suppress(frames, scores, window_s * float(source.frame_rate), method)
                actions += [
                    Action(
                        name, period, int(1000 * frames[n] / source.frame_rate), confidence=kept[n]
                    )
                    for n in np.flatnonzero(kept)
                ]
        found.append(MatchActions(match, tuple(actions)))
    result = evaluate_quietly(found, read_label_set(args.data, matches), SOCCERNET_V1)
    classes = " / ".join(f"{result.overall.per_class[name]:.3f}" for name in SOCCERNET_V1)
    return f"| features alone | {result.average_map:.3f} | | {classes} | 1 | | |"


def main() -> None:
    """Train everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder of match folders with Labels-v2.json and splits/",
    )
    parser.add_argument(
        "--features", type=Path, required=True, help="folder of the commentary features"
    )
    parser.add_argument("--runs", type=Path, required=True, help="where runs are kept")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument(
        "--parallel", type=int, default=2, help="trainings at a time, one thread each"
    )
    parser.add_argument(
        "--set",
        dest="assignments",
        action="append",
        default=[],
        help="configuration override for all runs",
    )
    parser.add_argument("--probe", action="store_true", help="also run the linear probe")
    args = parser.parse_args()

    jobs = [(variant, seed) for seed in args.seeds for variant in args.variants]
    with ThreadPoolExecutor(args.parallel) as pool:
        results = dict(zip(jobs, pool.map(lambda job: train(*job, args), jobs), strict=True))
    print(
        "| model | peaks of the scores | spotting module | goal / card / substitution | seeds "
        "| best epochs | minutes a run |"
    )
    print("|---|---|---|---|---|---|---|")
    if args.probe:
        print(probe_rows(args.data))
    print(features_row(args))
    for variant in args.variants:
        print(row(VARIANTS[variant][0], [results[variant, seed] for seed in args.seeds]))


def probe_rows(data: Path) -> str:
    """The linear probe's rows: with the suppression of CALF, and with a plain one of 10 s."""
    found = run_probe(data, SOCCERNET_V1, 0)
    rows = []
    for name, key, classes in (
        ("linear probe", "average_map", "per_class"),
        ("linear probe, suppression not tuned", "untuned", "untuned_per_class"),
    ):
        own = " / ".join(f"{found[classes][label]:.3f}" for label in SOCCERNET_V1)
        rows.append(f"| {name} | {found[key]:.3f} | | {own} | 1 | | {found['seconds'] / 60:.1f} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
