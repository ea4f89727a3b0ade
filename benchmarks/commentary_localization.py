"""A small real benchmark of temporal localization: intervals of matches, located in commentary.

SoccerNet-v2 labels points in time. Many of them come in pairs, and a pair is an interval with an
annotated start and end: the ball is out from "Ball out of play" to "Throw-in", a free kick is
awaited from "Foul" to "Direct free-kick", play rests from "Goal" to "Kick-off".
The script cuts halves into windows, keeps those with an interval, trains BMN with each boundary
loss and several seeds on windows of the train split, and scores proposals and detections on windows
of the valid split.

    spotkick features MATCHES --source commentary ... --out FEATURES      (see docs/localization.md)
    python benchmarks/commentary_localization.py prepare --labels LABELS --features FEATURES --out
    WORK python benchmarks/commentary_localization.py train --out WORK
    python benchmarks/commentary_localization.py table --out WORK

    python benchmarks/commentary_localization.py prepare --tune ... --out HELD_OUT
    python benchmarks/commentary_localization.py search --out HELD_OUT --draws 12
    python benchmarks/commentary_localization.py train --out WORK --searched HELD_OUT/best.json
    python benchmarks/commentary_localization.py intervals --out WORK

``search`` gives each of three boundary losses the same number of draws of epochs, weight and K, on
windows that are not scored; ``intervals`` prints paired intervals over windows and seeds, and what
would be needed to see the gain that the paper reports. ``export`` makes the same windows a data
set for ``spotkick tune``.

``prepare`` cuts the windows, with ``--tune`` those to choose on from the train split alone;
``export`` writes them as ``spotkick tune`` and ``spotkick proposals`` read them. ``train`` writes
ActivityNet files and skips what WORK holds already, so it may be interrupted, and several may run
at once with different ``--seeds``. ``table`` prints mean and spread.
"""

import argparse
import json
import shutil
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action
from spotkick.datasets.match_folder import MatchFolder
from spotkick.errors import SpotkickWarning
from spotkick.evaluation.detection import ACTIVITYNET_OVERLAPS, evaluate_detection
from spotkick.evaluation.proposals import evaluate_proposals
from spotkick.features.tracks import read_track, write_track
from spotkick.files import read_json, write_json, write_text
from spotkick.formats.activitynet import (
    read_activitynet_segments,
    write_activitynet_results,
    write_activitynet_segments,
)
from spotkick.formats.segments import Segment, VideoSegments
from spotkick.formats.soccernet import read_label_set
from spotkick.formats.splits import read_split
from spotkick.localization.features import LocalizationVideo, rescale_features
from spotkick.localization.proposals import (
    ProposalConfig,
    detect_segments,
    proposal_segments,
    propose,
)

INTERVALS = {
    ("Ball out of play", "Throw-in"): "throw-in awaited",
    ("Ball out of play", "Corner"): "corner awaited",
    ("Ball out of play", "Clearance"): "goal kick awaited",
    ("Foul", "Direct free-kick"): "free kick awaited",
    ("Foul", "Indirect free-kick"): "free kick awaited",
    ("Offside", "Indirect free-kick"): "offside",
    ("Goal", "Kick-off"): "goal",
}
"""Pairs of labels that begin and end an interval, and its class."""

LONGEST_S = 120.0
WINDOW_S = 120.0
NUM_STEPS = 60
MIN_INSIDE = 0.5
"""An interval counts in a window when at least half of it lies inside; it is cut to the window."""


def intervals(actions: Sequence[Action]) -> list[Segment]:
    """Intervals of one period: from a start to its first fitting end, with no start between."""
    ordered = sorted(actions, key=lambda action: action.position_ms)
    found = []
    for index, first in enumerate(ordered):
        for last in ordered[index + 1 :]:
            length_s = last.position_s - first.position_s
            label = INTERVALS.get((first.label, last.label))
            if last.label == first.label or length_s > LONGEST_S:
                break
            if label is not None and length_s > 0:
                found.append(Segment(first.position_s, last.position_s, label))
                break
    return found


def windows(
    labels: Path, features: Path, split: str, feature: str, count: int, seed: int
) -> Iterator[LocalizationVideo]:
    """Windows with at least one interval: ``count`` of the split, or all where there are fewer."""
    places: list[tuple[str, Path, int, list[Segment]]] = []
    matches = read_split(labels / "splits" / f"{split}.txt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        for match in read_label_set(labels, matches):
            for period, path in MatchFolder(features, match.match).features(feature).items():
                found = intervals([action for action in match.actions if action.period == period])
                for start in range(int(read_track(path).duration_s // WINDOW_S)):
                    inside = list(_inside(found, start * WINDOW_S))
                    if inside:
                        places.append((f"{split}_{len(places):05d}", path, start, inside))
    chosen = np.sort(np.random.default_rng(seed).permutation(len(places))[:count])
    for name, path, start, inside in (places[index] for index in chosen):
        track = read_track(path)
        first = int(start * WINDOW_S * track.source.frame_rate)
        values = np.asarray(
            track.values[first : first + int(WINDOW_S * track.source.frame_rate)], dtype=np.float32
        )
        segments = np.array([(segment.start_s, segment.end_s) for segment in inside]) / WINDOW_S
        yield LocalizationVideo(
            name,
            WINDOW_S,
            rescale_features(values, NUM_STEPS),
            segments,
            tuple(segment.label for segment in inside),
        )


def _inside(found: Sequence[Segment], start_s: float) -> Iterator[Segment]:
    """Intervals relative to a window."""
    for segment in found:
        first, last = max(segment.start_s - start_s, 0.0), min(segment.end_s - start_s, WINDOW_S)
        if last - first >= MIN_INSIDE * segment.length_s:
            yield Segment(first, last, segment.label)


def labels_of(videos: Sequence[LocalizationVideo]) -> list[VideoSegments]:
    """Truth in seconds, as files hold it."""
    return [
        VideoSegments(
            video.name,
            video.duration_s,
            tuple(
                Segment(float(start), float(end), label)
                for (start, end), label in zip(
                    video.segments * video.duration_s, video.labels, strict=True
                )
            ),
            "validation",
        )
        for video in videos
    ]


def class_scores(
    train: Sequence[LocalizationVideo], valid: Sequence[LocalizationVideo]
) -> dict[str, dict[str, float]]:
    """Probability of each class in each window, by logistic regression on mean and maximum."""
    from sklearn.linear_model import LogisticRegression

    def pooled(videos: Sequence[LocalizationVideo]) -> npt.NDArray[np.float32]:
        return np.stack(
            [
                np.concatenate([video.features.mean(axis=0), video.features.max(axis=0)])
                for video in videos
            ]
        )

    inputs, outputs = pooled(train), pooled(valid)
    scale = inputs.std(axis=0) + 1e-6
    scores: dict[str, dict[str, float]] = {video.name: {} for video in valid}
    for label in sorted(set(INTERVALS.values())):
        model = LogisticRegression(C=0.01, max_iter=300).fit(
            inputs / scale, [label in video.labels for video in train]
        )
        for video, score in zip(valid, model.predict_proba(outputs / scale)[:, 1], strict=True):
            scores[video.name][label] = float(score)
    return scores


def prepare(args: argparse.Namespace) -> None:
    """Cut windows, write labels, and score the classes of each window."""
    splits = ("train", "train") if args.tune else ("train", "valid")
    videos = list(
        windows(args.labels, args.features, splits[0], args.feature, args.train_windows, 0)
    )
    valid = list(
        windows(args.labels, args.features, splits[1], args.feature, args.valid_windows, 1)
    )
    if args.tune:  # choose on windows of the train split that are not trained on
        names = {video.name for video in videos}
        valid = [video for video in valid if video.name not in names]
    # The scale of commentary features depends on their projection; one factor for all values keeps
    # the directions.
    scale = float(np.sqrt(np.mean([np.square(video.features).mean() for video in videos])))
    videos, valid = (
        [replace(video, features=video.features / scale) for video in group]
        for group in (videos, valid)
    )
    print(
        f"{len(videos)} windows to train on, {len(valid)} to score, "
        f"{sum(len(v.labels) for v in valid)} intervals",
        flush=True,
    )
    write_activitynet_segments(args.out / "labels.json", labels_of(valid))
    write_activitynet_segments(args.out / "train.json", labels_of(videos))
    for name, group in (("train", videos), ("labels", valid)):
        np.save(args.out / f"{name}.npy", np.stack([video.features for video in group]))
    write_json(args.out / "classes.json", class_scores(videos, valid))


def prepared(out: Path, name: str) -> list[LocalizationVideo]:
    """Windows that `prepare` wrote."""
    features = np.load(out / f"{name}.npy", allow_pickle=False)
    return [
        LocalizationVideo(
            video.video,
            WINDOW_S,
            values,
            np.array([(segment.start_s, segment.end_s) for segment in video.segments]) / WINDOW_S,
            tuple(segment.label for segment in video.segments),
        )
        for video, values in zip(
            read_activitynet_segments(out / f"{name}.json"), features, strict=True
        )
    ]


def train(args: argparse.Namespace) -> None:
    """Train and predict with each loss and seed."""
    import torch

    torch.set_num_threads(1)
    for seed, (name, changes) in product(args.seeds, variants(args).items()):
        _train_variant(args, name, changes, seed=seed)


def _train_variant(
    args: argparse.Namespace,
    name: str,
    changes: Mapping[str, object],
    *,
    seed: int,
    state: Path | None = None,
) -> None:
    """Train one network and write what it predicts, unless that is there.

    All epochs but the last one have the same learning rate, so that a longer training goes on from
    the ``state`` that a shorter one left before its last epoch.
    """
    from spotkick.localization.network import BmnArchitecture
    from spotkick.localization.proposals import LocalizerOutput
    from spotkick.localization.training import BmnTrainingConfig, train_localizer
    from spotkick.models.loading import new_network, torch_runner

    stem = f"{name}_{seed}"
    if (args.out / f"{stem}_detections.json").is_file():
        return
    videos, valid = prepared(args.out, "train"), prepared(args.out, "labels")
    architecture = BmnArchitecture(
        feature_dim=videos[0].features.shape[1],
        num_steps=NUM_STEPS,
        max_duration_steps=40,
        base_channels=args.channels,
        segment_channels=args.channels,
        map_channels=16,
        points=16,
    )
    base = BmnTrainingConfig(epochs=args.epochs, step_epochs=max(1, args.epochs - 1))

    begun = time.process_time()
    network = new_network(architecture, seed)
    config = base.replace(**changes, seed=seed)
    last = None
    if state is not None:
        before_last = config.replace(epochs=config.epochs - 1, step_epochs=config.epochs)
        train_localizer(network, videos, before_last, state_path=state, resume=state.is_file())
        last = state.with_suffix(".last")
        shutil.copyfile(state, last)
    progress = train_localizer(network, videos, config, state_path=last, resume=last is not None)
    found = proposal_segments(
        propose(torch_runner(network, LocalizerOutput), valid, ProposalConfig())
    )
    write_activitynet_results(args.out / f"{stem}_proposals.json", found)
    write_activitynet_results(
        args.out / f"{stem}_detections.json",
        detect_segments(
            found, read_json(args.out / "classes.json"), top_classes=3, max_detections=200
        ),
    )
    used = time.process_time() - begun
    write_json(
        args.out / f"{stem}.json",
        {"config": config.model_dump(), "history": progress.history, "cpu_s": used},
    )
    print(f"{stem}: loss {progress.history[-1]['loss']:.4f}, {used:.0f} s of CPU", flush=True)


SMALL_GAIN = 0.15
"""Points of AR@100 that the paper reports on ActivityNet."""

SEARCHED_LOSSES = ("bmn", "context_aware", "symmetric")
SEARCHED_EPOCHS = (2, 4, 8, 16, 24)
"""The context-aware losses learn later: each draw of each loss is tried with all of them."""


def draw_changes(loss: str, number: int) -> dict[str, object]:
    """One draw of the search: the weight for every loss, K for the context-aware ones.

    Args:
        loss: of the boundaries.
        number: of the draw; the same numbers for every loss.
    """
    rng = np.random.default_rng((number, 5))
    weight = float(np.exp(rng.uniform(np.log(0.5), np.log(50))))
    inner_before, inner_after = rng.uniform(0.5, 6, size=2)
    outer_before, outer_after = rng.uniform(1.2, 3, size=2)
    slicing: tuple[float, ...] = (
        -inner_before * outer_before,
        -inner_before,
        inner_after,
        inner_after * outer_after,
    )
    if number == 0:  # the usual values
        weight, slicing = 1.0, (-4.0, -2.0, 2.0, 4.0)
    shared: dict[str, object] = {"tem_loss": loss, "boundary_weight": weight}
    return shared if loss == "bmn" else {**shared, "slicing_steps": slicing}


def search(args: argparse.Namespace) -> None:
    """Train every loss with the same draws and epochs, on windows of `prepare --tune`."""
    truth = read_activitynet_segments(args.out / "labels.json")
    best: dict[str, tuple[float, dict[str, object]]] = {}
    for number in range(args.draws):
        for loss in SEARCHED_LOSSES:
            state = args.out / f"search-{loss}-{number}.state"
            drawn = draw_changes(loss, number)
            for epochs in SEARCHED_EPOCHS:
                changes = {**drawn, "epochs": epochs, "step_epochs": epochs - 1}
                name = f"search-{loss}-{number}-{epochs}"
                _train_variant(args, name, changes, seed=0, state=state)
                found = read_activitynet_segments(args.out / f"{name}_0_proposals.json")
                auc = evaluate_proposals(found, truth).auc
                best[loss] = max(
                    best.get(loss, (-1.0, changes)), (auc, changes), key=lambda one: one[0]
                )
                print(f"{name}: AUC {100 * auc:.2f}", flush=True)
    write_json(args.out / "best.json", {loss: changes for loss, (_, changes) in best.items()})


CONFIG = """\
# K and weight of the context-aware loss on windows of the train split; see docs/localization.md.
[data]
labels = {labels}
features = {features}

[model]
feature_dim = {dim}
num_steps = 60
max_duration_steps = 40
base_channels = 64
segment_channels = 64
map_channels = 16
points = 16

[training]
tem_loss = "context_aware"
epochs = {epochs}
step_epochs = {step_epochs}

[tune]
prune = false
"""


def export(args: argparse.Namespace) -> None:
    """Write the windows as an ActivityNet label file, feature files and a configuration."""
    folder = args.out / "export"
    groups = {"training": prepared(args.out, "train"), "validation": prepared(args.out, "labels")}
    segments = []
    for subset, videos in groups.items():
        segments += [replace(video, subset=subset) for video in labels_of(videos)]
        for video in videos:
            write_track(video.features, folder / "features" / f"{video.name}.npy")
    write_activitynet_segments(folder / "labels.json", segments)
    config = CONFIG.format(
        labels=json.dumps(str(folder / "labels.json")),
        features=json.dumps(str(folder / "features")),
        dim=groups["training"][0].features.shape[1],
        epochs=args.epochs,
        step_epochs=max(1, args.epochs - 1),
    )
    write_text(folder / "bmn.toml", config)


def variants(args: argparse.Namespace) -> dict[str, dict[str, object]]:
    """What is compared: name -> changes of the training configuration."""
    if args.searched is not None:
        found: dict[str, dict[str, object]] = read_json(args.searched)
        return found
    bounds, weight = tuple(args.slicing), args.weight
    if args.tune:
        grid = {"k2": (-4, -2, 2, 4), "k3": (-6, -3, 3, 6), "k1": (-2, -1, 1, 2)}
        searched = {
            f"context_aware_{name}_w{weight:g}": {
                "tem_loss": "context_aware",
                "slicing_steps": k,
                "boundary_weight": weight,
            }
            for name, k in grid.items()
            for weight in (1.0, 4.0)
        }
        return {"bmn": {"tem_loss": "bmn"}, **searched}
    changed: dict[str, object] = {"slicing_steps": bounds, "boundary_weight": weight}
    return {f"{kind}{args.suffix}": {"tem_loss": kind, **changed} for kind in args.losses}


def table(args: argparse.Namespace) -> None:
    """Print mean and deviation over seeds of each loss, and the difference to BMN's own by seed."""
    labels = read_activitynet_segments(args.out / "labels.json")
    scores: dict[str, dict[int, list[float]]] = {}
    for path in sorted(args.out.glob("*_detections.json")):
        name, _, seed = path.stem.removesuffix("_detections").rpartition("_")
        proposals = evaluate_proposals(
            read_activitynet_segments(path.with_name(f"{name}_{seed}_proposals.json")), labels
        ).to_json()
        detections = evaluate_detection(read_activitynet_segments(path), labels)
        recall = [proposals["ar_at"][str(number)] for number in (1, 10, 100)]
        precision = [
            detections.map_at[overlap]
            for overlap in (ACTIVITYNET_OVERLAPS[0], ACTIVITYNET_OVERLAPS[5])
        ]
        values = [*recall, proposals["auc"], *precision, detections.average_map]
        scores.setdefault(name, {})[int(seed)] = [100 * value for value in values]
    print("| boundary loss | seeds | AR@1 | AR@10 | AR@100 | AUC | mAP@0.5 | mAP@0.75 | mean mAP |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, by_seed in scores.items():
        _print_row(name, np.array(list(by_seed.values())))
        shared = sorted(set(by_seed) & set(scores.get("bmn", {})))
        if name != "bmn" and shared:
            _print_row(
                f"{name} - bmn",
                np.array([by_seed[seed] for seed in shared])
                - [scores["bmn"][seed] for seed in shared],
            )


def intervals_of_gains(args: argparse.Namespace) -> None:
    """Print differences to BMN's own loss with intervals over windows and seeds, and the power.

    Each resample draws the windows and the seeds anew, the same for both losses.
    """
    labels = read_activitynet_segments(args.out / "labels.json")
    counts = np.array([len(video.segments) for video in labels])
    rng = np.random.default_rng(0)

    # (windows,) intervals found, by loss and seed
    paths = {
        (loss, seed): args.out / f"{loss}_{seed}_proposals.json"
        for loss in SEARCHED_LOSSES
        for seed in args.seeds
    }
    hits = {key: _found_intervals(path, labels) for key, path in paths.items() if path.is_file()}
    for loss in SEARCHED_LOSSES[1:]:
        both = [seed for seed in args.seeds if {(loss, seed), ("bmn", seed)} <= set(hits)]
        if len(both) < 2:
            print(f"{loss}: fewer than two seeds that both losses have")
            continue

        # (seeds, windows)
        gains = 100 * np.stack([hits[loss, seed] - hits["bmn", seed] for seed in both])

        resampled = []
        for _ in range(args.resamples):
            windows = rng.integers(len(counts), size=len(counts))
            seeds = rng.integers(len(gains), size=len(gains))
            resampled.append(gains[seeds].mean(axis=0)[windows].sum() / counts[windows].sum())
        low, high = np.quantile(resampled, (0.025, 0.975))
        whole = gains.sum(axis=1) / counts.sum()

        # The spread over windows stays however many seeds there are.
        total, seeds_only = np.std(resampled), np.std(whole, ddof=1) / np.sqrt(len(whole))
        windows_only = np.sqrt(max(total**2 - seeds_only**2, 0.0))
        factor = (2.8 * windows_only / SMALL_GAIN) ** 2
        print(
            f"{loss} - bmn, AR@100: {np.mean(whole):+.2f} [{low:+.2f}, {high:+.2f}], "
            f"{len(whole)} seeds; to see {SMALL_GAIN} with 80 % power: "
            f"{(2.8 * np.std(whole, ddof=1) / SMALL_GAIN) ** 2:.0f} seeds, "
            f"and {factor:.1f} times as many windows"
        )


def _found_intervals(path: Path, labels: Sequence[VideoSegments]) -> npt.NDArray[np.float64]:
    """(windows,) how many intervals 100 proposals find, the mean over overlaps.

    Their sum over the number of intervals is AR@100: no window has more than 100 proposals.
    """
    found = {video.video: video for video in read_activitynet_segments(path)}
    recalls = [
        evaluate_proposals([found[video.video]], [video]).to_json()["ar_at"]["100"]
        for video in labels
    ]
    hits = np.array(recalls) * [len(video.segments) for video in labels]
    whole = evaluate_proposals(list(found.values()), labels).to_json()["ar_at"]["100"]
    if abs(hits.sum() / sum(len(video.segments) for video in labels) - whole) > 1e-9:
        raise SystemExit(f"{path}: AR@100 of all windows is not that of its windows")
    return hits


def _print_row(name: str, values: npt.NDArray[np.float64]) -> None:
    spread = values.std(axis=0, ddof=1) if len(values) > 1 else np.full(values.shape[1], np.nan)
    cells = [
        f"{mean:.2f} ± {deviation:.2f}"
        for mean, deviation in zip(values.mean(axis=0), spread, strict=True)
    ]
    print(f"| {name} | {len(values)} | {' | '.join(cells)} |")


def main() -> None:
    """Parse arguments and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "command", choices=("prepare", "search", "train", "table", "intervals", "export")
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for labels, proposals and detections"
    )
    parser.add_argument(
        "--labels", type=Path, help="folder of SoccerNet matches with Labels-v2.json, and splits/"
    )
    parser.add_argument("--features", type=Path, help="folder of matches with commentary features")
    parser.add_argument("--feature", default="commentary", help="name of the features")
    parser.add_argument("--train-windows", type=int, default=1500)
    parser.add_argument("--valid-windows", type=int, default=500)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--channels", type=int, default=64, help="of the base and of segments")
    parser.add_argument(
        "--losses",
        nargs="+",
        default=["bmn", "context_aware"],
        help="bmn, context_aware, symmetric",
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument(
        "--slicing", type=float, nargs=4, default=(-4, -2, 2, 4), help="K1 K2 K3 K4 in steps of 2 s"
    )
    parser.add_argument("--weight", type=float, default=1.0, help="of the boundary loss")
    parser.add_argument(
        "--suffix", default="", help="train: ends the names of the rows, such as _tuned"
    )
    parser.add_argument(
        "--tune",
        action="store_true",
        help="compare slicing and weight on held-out windows of the train split",
    )
    parser.add_argument("--draws", type=int, default=12, help="search: draws of each loss")
    parser.add_argument(
        "--searched", type=Path, help="train: best.json of a search, one setting for each loss"
    )
    parser.add_argument("--resamples", type=int, default=2000, help="intervals: how many")
    args = parser.parse_args()
    commands = {
        "prepare": prepare,
        "search": search,
        "train": train,
        "table": table,
        "intervals": intervals_of_gains,
        "export": export,
    }
    commands[args.command](args)


if __name__ == "__main__":
    main()
