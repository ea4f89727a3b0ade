"""Real training on commentary: the probe, a per-frame model, CALF, the paper's ablations, and CALF for 17 classes.

Trains each variant with several seeds on the train split of SoccerNet-v2 with commentary features, keeps the epoch that is best
on the valid split, and prints one table of loose Average-mAP on valid. Finished runs are kept and not repeated.

    spotkick features DATA --kind commentary --fit-split train --out FEATURES
    python benchmarks/commentary.py --data DATA --features FEATURES --runs runs/commentary

The features are text, not vision: the numbers compare methods on equal features and nothing else.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CONFIGS = Path(__file__).parent.parent / "configs"

VARIANTS = {
    "bce": (
        "per-frame BCE, same trunk",
        "commentary-v1.toml",
        ["model.kind=dense", "loss.segmentation=bce", "decoding.source=scores"],
    ),
    "calf": ("CALF", "commentary-v1.toml", []),
    "no-segmentation": ("(i) no segmentation loss", "commentary-v1.toml", ["loss.segmentation_weight=0"]),
    "binary-slicing": ("(ii) no context slicing", "commentary-v1.toml", ["slicing.preset=binary"]),
    "no-margins": ("(iii) no margins", "commentary-v1.toml", ["loss.margin_low=0", "loss.margin_high=1"]),
    "no-matching": ("(iv) no matching", "commentary-v1.toml", ["loss.matching=none"]),
    "calf-17": ("CALF, 17 classes", "commentary-v2.toml", []),
}


def train(variant: str, seed: int, args: argparse.Namespace) -> dict[str, float]:
    """Train one variant with one seed unless that was done before; returns its results."""
    _, config, assignments = VARIANTS[variant]
    out = args.runs / f"{variant}-{seed}"
    done = out / "results.json"
    if not done.is_file():
        sets = [*assignments, *args.assignments, f"training.seed={seed}", "training.threads=1"]
        sets += [f"data.features_root={args.features}"]
        command = [sys.executable, "-m", "spotkick", "train", str(CONFIGS / config), "--data", str(args.data), "--out", str(out)]
        for assignment in sets:
            command += ["--set", assignment]
        started = time.perf_counter()
        out.parent.mkdir(parents=True, exist_ok=True)
        with (args.runs / f"{variant}-{seed}.log").open("a") as log:
            environment = {**os.environ, "OMP_NUM_THREADS": "1"}
            subprocess.run([*command, "--resume"], check=True, stdout=log, stderr=log, env=environment)
        (out / "seconds.json").write_text(json.dumps(time.perf_counter() - started))
    results = json.loads(done.read_text())
    seconds = json.loads((out / "seconds.json").read_text()) if (out / "seconds.json").is_file() else float("nan")
    return {"score": results["best_score"], "epoch": results["best_epoch"], "seconds": seconds}


def main() -> None:
    """Train everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of match folders with Labels-v2.json and splits/")
    parser.add_argument("--features", type=Path, required=True, help="folder of the commentary features")
    parser.add_argument("--runs", type=Path, required=True, help="where runs are kept")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--parallel", type=int, default=2, help="trainings at a time, one thread each")
    parser.add_argument("--set", dest="assignments", action="append", default=[], help="configuration override for all runs")
    parser.add_argument("--probe", action="store_true", help="also run the linear probe")
    args = parser.parse_args()

    jobs = [(variant, seed) for seed in args.seeds for variant in args.variants]
    with ThreadPoolExecutor(args.parallel) as pool:
        results = dict(zip(jobs, pool.map(lambda job: train(*job, args), jobs), strict=True))
    print("| model | Average-mAP (loose, valid) | spread | seeds | best epochs | minutes a run |")
    print("|---|---|---|---|---|---|")
    if args.probe:
        print(probe_row(args.data))
    for variant in args.variants:
        own = [results[variant, seed] for seed in args.seeds]
        scores = [result["score"] for result in own]
        spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
        epochs = "/".join(str(result["epoch"]) for result in own)
        minutes = statistics.mean(result["seconds"] for result in own) / 60
        name = VARIANTS[variant][0]
        print(f"| {name} | {statistics.mean(scores):.4f} | ± {spread:.4f} | {len(scores)} | {epochs} | {minutes:.1f} |")


def probe_row(data: Path) -> str:
    """The linear probe's row of the table."""
    from probe import run_probe
    from spotkick.actions import SOCCERNET_V1

    score = run_probe(data, SOCCERNET_V1, 0)
    return f"| linear probe | {score['average_map']:.4f} | | 1 | | {score['seconds'] / 60:.1f} |"


if __name__ == "__main__":
    main()
