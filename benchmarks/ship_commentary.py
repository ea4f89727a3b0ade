"""The shipped checkpoint ``commentary``, from nothing: features, networks, scores, card.

Networks that differ by their seed alone are trained on the train split with the configuration
configs/commentary.toml, and joined in one file of float16 weights. Suppression, smoothing and
display thresholds of each class are chosen on half A of the valid split; the card states the scores
of this very file on half B and on the whole split.

    python benchmarks/ship_commentary.py --data DATA --work WORK \
        --out src/spotkick/assets/checkpoints/commentary

DATA is a tree of matches with Labels-v2.json (train and valid), transcripts ``1_asr.json`` and
splits/. Finished parts in WORK are kept. It prints the processor time and wall time of each part.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

from spotkick.actions import SOCCERNET_V1, SOCCERNET_V2, ActionClasses, MatchActions
from spotkick.checkpoint import Checkpoint, DecodingConfig
from spotkick.datasets.match_folder import MatchFolder
from spotkick.datasets.splits import match_tracks
from spotkick.evaluation import assign_predictions, bootstrap, score_assignment, tolerances_of
from spotkick.files import write_json
from spotkick.formats.soccernet import read_label_set
from spotkick.formats.splits import read_split
from spotkick.model_cards import CARD_FILE, MeasuredScore, ModelCard
from spotkick.models.loading import load_runner
from spotkick.pipelines.config import read_experiment
from spotkick.pipelines.join import join_checkpoints
from spotkick.pipelines.validation import THRESHOLD_TOLERANCE_S, choose_display_thresholds
from spotkick.prediction import ChunkNetwork, ChunkOutput, OnnxNetwork, SpottingSetup
from spotkick.prediction.period_output import PeriodOutput, run_period
from spotkick.prediction.spotting import decode_period
from spotkick.stored_checkpoint import WEIGHTS_FILE

CONFIG = Path(__file__).parent.parent / "configs" / "commentary.toml"
HALVES_SEED = 7
CHUNK_S = 1800.0
"""Length of the chunks in which the shipped file spots: half a period, and what it sees beyond."""

PARITY = 1e-5
WINDOWS_S = (30.0, 20.0, 60.0)
SMOOTHING_S = (0.0, 2.0)
LEAST_GAIN = 0.002
"""Candidates for the decoding of each class, the usual one first; another must gain this much."""
COMMAND = (
    "python benchmarks/ship_commentary.py --data DATA --work WORK "
    "--out src/spotkick/assets/checkpoints/commentary"
)
SCORED = {
    "goal, card, substitution": SOCCERNET_V1,
    "17 classes of SoccerNet-v2": SOCCERNET_V2,
}


def split_halves(matches: Sequence[str]) -> dict[str, list[str]]:
    """Half A of the valid split, on which everything is chosen, and half B."""
    names = sorted(matches)
    order = np.random.default_rng(HALVES_SEED).permutation(len(names))
    middle = len(names) // 2
    return {
        "A": [names[index] for index in order[:middle]],
        "B": [names[index] for index in order[middle:]],
    }


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long a part took, in wall time and in processor time of its processes."""

    def used() -> float:
        parts = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        usages = [resource.getrusage(part) for part in parts]
        return sum(usage.ru_utime + usage.ru_stime for usage in usages)

    started, processor = time.perf_counter(), used()
    yield
    wall = time.perf_counter() - started
    print(f"{what}: {wall / 60:.1f} min, {(used() - processor) / 60:.1f} processor min", flush=True)


def run_spotkick(*arguments: str, log: Path) -> None:
    """A command of spotkick, one thread, its output in a log."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with log.open("a") as file:
        command = [sys.executable, "-m", "spotkick", *arguments]
        subprocess.run(command, check=True, stdout=file, stderr=file, env=environment)


def train_members(args: argparse.Namespace, features: Path) -> list[Path]:
    """One run per seed, several at a time."""

    def train(seed: int) -> Path:
        out: Path = args.work / f"seed{seed}"
        if (out / "results.json").is_file():
            return out
        sets = [
            f"data.features_root={features}",
            f"training.seed={seed}",
            "training.threads=1",
            *args.assignments,
        ]
        extra = [part for text in sets for part in ("--set", text)]
        places = ["--data", str(args.data), "--out", str(out), "--resume"]
        log = args.work / f"seed{seed}.log"
        run_spotkick("train", str(CONFIG), *places, *extra, log=log)
        return out

    with ThreadPoolExecutor(args.processes) as pool:
        return list(pool.map(train, args.seeds))


Outputs = dict[str, dict[int, PeriodOutput]]
"""Match -> period -> what the networks say."""


def run_networks(checkpoint: Checkpoint, features: Path, matches: Sequence[str]) -> Outputs:
    """Run the shipped file on tokens: in torch, which leaves out empty slots, after a check."""
    setup, onnx = SpottingSetup.from_checkpoint(checkpoint), OnnxNetwork.from_checkpoint(checkpoint)
    has_weights = (checkpoint.folder / WEIGHTS_FILE).is_file()
    network: ChunkNetwork = onnx
    if has_weights:
        network = load_runner(checkpoint, ChunkOutput, device="cpu")

    name, rate = checkpoint.feature_source.name, checkpoint.frame_rate
    outputs: Outputs = {}
    for match in matches:
        tracks = match_tracks(MatchFolder(features, match), name, frame_rate=rate)
        if not outputs:
            track = next(iter(tracks.values()))
            first, second = (run_period(own, track, setup).scores for own in (onnx, network))
            if float(np.abs(first - second).max()) > PARITY:
                raise SystemExit("model.onnx and model.safetensors disagree")
        outputs[match] = {
            period: run_period(network, track, setup) for period, track in tracks.items()
        }
    return outputs


def decode(outputs: Outputs, matches: Sequence[str], setup: SpottingSetup) -> list[MatchActions]:
    """Spots of matches."""
    return [
        MatchActions(
            match,
            tuple(
                action
                for period, output in outputs[match].items()
                for action in decode_period(output, setup, period).actions
            ),
        )
        for match in matches
    ]


def measure(
    found: Sequence[MatchActions],
    labels: Sequence[MatchActions],
    classes: ActionClasses,
    *,
    title: str,
    split: str,
) -> MeasuredScore:
    """Loose Average-mAP with its interval over matches."""
    assignment = assign_predictions(found, labels, classes, tolerances_s=tolerances_of("loose"))
    score, spread = score_assignment(assignment), bootstrap(assignment).average_map
    return MeasuredScore(
        classes=title,
        metric="loose Average-mAP",
        tolerance_s=(5, 60),
        data="SoccerNet-v2 labels; transcripts of SoccerNet-Echoes as given",
        split=split,
        average_map=round(score.average_map, 4),
        interval=(round(spread.low, 4), round(spread.high, 4)),
        per_class={name: round(value, 4) for name, value in score.overall.per_class.items()},
    )


def measure_halves(
    checkpoint: Checkpoint, outputs: Outputs, labels: dict[str, MatchActions]
) -> list[MeasuredScore]:
    """Scores on half B and on the whole valid split; half A's are printed alone."""
    parts = {**split_halves(list(outputs)), "all": list(outputs)}
    names = {"A": "valid, half A", "B": "valid, half B", "all": "valid"}
    scores = []
    for title, classes in SCORED.items():
        setup = SpottingSetup.from_checkpoint(checkpoint, classes=classes)
        for part, own in parts.items():
            score = measure(
                decode(outputs, own, setup),
                [labels[match] for match in own],
                classes,
                title=title,
                split=names[part],
            )
            print(score.describe(), flush=True)
            scores += [score] if part != "A" else []
    return scores


def choose_decoding(
    checkpoint: Checkpoint, outputs: Outputs, labels: dict[str, MatchActions]
) -> DecodingConfig:
    """Suppression window and smoothing of each class, chosen on half A."""
    decoding = read_experiment(CONFIG).decoding
    matches = split_halves(list(outputs))["A"]
    windows, smoothing = {}, {}
    for classes in SCORED.values():
        best = dict.fromkeys(classes, -1.0)
        for window_s, sigma_s in product(WINDOWS_S, SMOOTHING_S):
            names = dict.fromkeys(classes, sigma_s) if sigma_s else {}
            tried = decoding.replace(
                nms_window_s=window_s, nms_window_by_class_s={}, smooth_by_class_s=names
            )
            setup = SpottingSetup.from_checkpoint(checkpoint, tried, classes)
            assignment = assign_predictions(
                decode(outputs, matches, setup),
                [labels[match] for match in matches],
                classes,
                tolerances_s=tolerances_of("loose"),
            )
            found = score_assignment(assignment).overall.per_class
            for name in classes:
                if found[name] > best[name] + LEAST_GAIN:
                    best[name] = found[name]
                    windows[name], smoothing[name] = window_s, sigma_s
    return decoding.replace(
        nms_window_by_class_s=windows,
        smooth_by_class_s={name: sigma_s for name, sigma_s in smoothing.items() if sigma_s},
    )


def choose_thresholds(
    checkpoint: Checkpoint, outputs: Outputs, labels: dict[str, MatchActions]
) -> dict[str, float]:
    """Display threshold of each class, chosen on half A."""
    matches = split_halves(list(outputs))["A"]
    assignment = assign_predictions(
        decode(outputs, matches, SpottingSetup.from_checkpoint(checkpoint)),
        [labels[match] for match in matches],
        SOCCERNET_V2,
        tolerances_s=(THRESHOLD_TOLERANCE_S,),
    )
    return choose_display_thresholds(assignment)


def describe_training(members: Sequence[Path], args: argparse.Namespace) -> dict[str, Any]:
    """How the file was made, without the folders of this machine."""
    experiment = json.loads((members[0] / "experiment.json").read_text())
    experiment["data"] |= {"root": ".", "features_root": ""}
    return {"experiment": experiment, "seeds": list(args.seeds), "command": COMMAND}


def make_card(scores: Sequence[MeasuredScore], members: int) -> ModelCard:
    """What people have to know about the file."""
    return ModelCard(
        summary=(
            "Spots 17 classes of football actions from what the commentators say; "
            f"{members} small networks in one file."
        ),
        inputs=(
            "videos and sound files (it listens, extra 'listen')",
            "transcripts: JSON of the Whisper family, SRT, WebVTT, tables",
            "match folders with either",
        ),
        trained_on=(
            "train split of SoccerNet-v2, 300 matches: labels of 17 classes, and transcripts of "
            "SoccerNet-Echoes (speech recognition, translated into English where needed)"
        ),
        commands=(COMMAND,),
        scores=tuple(scores),
        licences=(
            "weights: Apache-2.0, as this project",
            "SoccerNet-v2 labels: for research (Deliege et al., 2021)",
            "SoccerNet-Echoes transcripts: CC BY 4.0 (Gautam et al., 2024)",
        ),
        unknowns=(
            "commentary in languages other than those of six European leagues",
            "matches without commentators, and commentary of other sports",
            "what the transcripts of its own speech recognition cost against those as given",
            (
                "how much of its score is choice: sizes, tokens and targets were compared on "
                "the whole valid split, windows and smoothing of classes on half A"
            ),
        ),
    )


def finish(args: argparse.Namespace, members: list[Path], features: Path) -> None:
    """Write the checkpoint, choose its thresholds, score it, and write its card."""
    training = describe_training(members, args)

    def write(decoding: DecodingConfig | None, thresholds: dict[str, float]) -> Checkpoint:
        return join_checkpoints(
            members,
            args.out,
            stored_as=args.stored_as,
            chunk_s=CHUNK_S,
            with_weights=args.with_weights,
            decoding=decoding,
            thresholds=thresholds,
            training=training,
        )

    matches = read_split(args.data / "splits" / "valid.txt")
    labels = {own.match: own for own in read_label_set(args.data, matches)}
    checkpoint = write(None, {})
    outputs = run_networks(checkpoint, features, matches)
    decoding = choose_decoding(checkpoint, outputs, labels)
    checkpoint = write(decoding, {})
    checkpoint = write(decoding, choose_thresholds(checkpoint, outputs, labels))
    card = make_card(measure_halves(checkpoint, outputs, labels), len(members))
    write_json(args.out / CARD_FILE, card.model_dump(mode="json", exclude_defaults=True))
    size = sum(path.stat().st_size for path in args.out.rglob("*") if path.is_file())
    print(f"{args.out}: {size / 1e6:.2f} MB")


def main() -> None:
    """Make features, train, and write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="matches and splits/")
    parser.add_argument("--work", type=Path, required=True, help="where parts are kept")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--features", type=Path, help="tokens that are there already")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--processes", type=int, default=2, help="trainings at a time")
    parser.add_argument("--stored-as", choices=("float16", "float32"), default="float16")
    parser.add_argument("--with-weights", action="store_true", help="keep torch's weights, too")
    parser.add_argument("--set", dest="assignments", action="append", default=[])
    args = parser.parse_args()

    args.work.mkdir(parents=True, exist_ok=True)
    features = args.features or args.work / "tokens"
    with timed("all"):
        if not args.features:
            splits = ["--split", "train", "--split", "valid"]
            arguments = ["features", str(args.data), "--kind", "tokens", *splits]
            arguments += ["--workers", str(args.processes), "--out", str(features)]
            with timed("features"):
                run_spotkick(*arguments, log=args.work / "features.log")
        with timed("training"):
            members = train_members(args, features)
        torch.set_num_threads(args.processes)
        with timed("checkpoint and scores"):
            finish(args, members, features)


if __name__ == "__main__":
    main()
