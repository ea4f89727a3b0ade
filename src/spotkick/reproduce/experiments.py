"""The trainings behind the tables: variants of one configuration, trained, spotted and scored."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from spotkick.actions import MatchActions
from spotkick.checkpoint import Checkpoint, read_checkpoint
from spotkick.configuration import with_overrides
from spotkick.datasets.splits import read_split_matches
from spotkick.errors import ConfigError, InputError, SpotkickWarning
from spotkick.evaluation.average_map import Suppression, evaluate
from spotkick.evaluation.sources import read_found
from spotkick.files import read_json, write_json
from spotkick.formats.soccernet import read_label_set
from spotkick.pipelines.config import ExperimentConfig, read_tables, without_bounds
from spotkick.pipelines.spot import network_for, run_spotting
from spotkick.pipelines.spot_inputs import InputOptions, jobs_for
from spotkick.pipelines.train import check_run, run_training
from spotkick.reporter import Reporter
from spotkick.stored_checkpoint import BEST
from spotkick.training.run_folder import RunFolder
from spotkick.training.tune_config import take_tune_table
from spotkick.tuning.space import apply

PAPER: Final[dict[str, Any]] = {
    "data": {"classes": "soccernet-v1"},
    "slicing": {"preset": "v1"},
}
"""What the paper's configuration changes in the defaults, which are the paper's otherwise."""

QUICK: Final = ("training.epochs=2", "training.validate_every=2")
"""A schedule that shows that everything runs, and nothing else."""

ABLATIONS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "full": ("full method", ()),
    "no-segmentation": ("(i) no segmentation loss", ("loss.segmentation_weight=0",)),
    "no-slicing": ("(ii) no context slicing", ("slicing.preset=binary",)),
    "no-margins": ("(iii) no margins", ("loss.margin_low=0", "loss.margin_high=1")),
    "no-matching": ("(iv) no matching", ("loss.matching=none",)),
}
"""Table 2: name -> title and assignments."""

SCALES: Final = (0.1, 0.25, 0.5, 2.0, 4.0)
"""Factors of K1 to K4 in the sensitivity; 1 is the full method."""


@dataclass(frozen=True, slots=True)
class ReproduceRequest:
    """What is asked for.

    Attributes:
        data: folder of match folders with labels and splits.
        features: names of features; the first one is used for everything but Table 1.
        out: folder of runs, predictions and the page.
        config: TOML file; the paper's settings when None.
        features_root: folder of the features, where it is not ``data``.
        split: that is scored.
        seeds: one training each for every row.
        assignments: ``section.key=value`` for all trainings.
        quick: the schedule of `QUICK`.
        search_trials: trials of the search; 0 for none.
        localization: configurations of ``spotkick proposals --train``, and their seeds.
    """

    data: Path
    features: tuple[str, ...]
    out: Path
    config: Path | None = None
    features_root: Path | None = None
    split: str = "test"
    seeds: tuple[int, ...] = (0,)
    assignments: tuple[str, ...] = ()
    quick: bool = False
    search_trials: int = 0
    localization: Path | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """One row of a table.

    Attributes:
        name: of its runs.
        title: on the page.
        features: that it reads.
        assignments: what it changes.
        scale: factor of K1 to K4.
    """

    name: str
    title: str
    features: str
    assignments: tuple[str, ...] = ()
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class RowScores:
    """Scores of a row, one value per seed, fractions of 1.

    Attributes:
        variant: the row.
        scores: decoding (``spots``, ``scores``) and protocol -> values; see `PROTOCOLS`.
    """

    variant: Variant
    scores: dict[str, list[float]] = field(default_factory=dict)


PROTOCOLS: Final[dict[str, tuple[str, Suppression]]] = {
    "spotting module, window = tolerance": ("spots", "per-tolerance"),
    "spotting module, fixed window": ("spots", "none"),
    "peaks of the scores, fixed window": ("scores", "none"),
}
"""Column -> source of the spots, and what the evaluation suppresses. The first is the published
protocol: the authors' code suppresses at each tolerance in a window as wide as it."""


def list_variants(request: ReproduceRequest) -> tuple[list[Variant], list[Variant], list[Variant]]:
    """Rows of Table 1, of Table 2, and of the sensitivity; the full method is in each."""
    first = request.features[0]
    table_1 = [Variant(f"full-{name}", name, name) for name in request.features]
    table_2 = [
        Variant(f"{name}-{first}", title, first, assignments)
        for name, (title, assignments) in ABLATIONS.items()
    ]
    scales = [
        Variant(f"scale-{scale:g}-{first}", f"K x {scale:g}", first, scale=scale)
        for scale in SCALES
    ]
    return table_1, table_2, scales


def experiment_of(request: ReproduceRequest, variant: Variant, seed: int) -> ExperimentConfig:
    """The configuration of one training.

    Raises:
        InputError: if the configuration file cannot be read.
        ConfigError: if a key is unknown or a value is not valid.
    """
    # A preset does not replace bounds that a file states.
    values = base_tables(request)
    if "slicing.preset=binary" in variant.assignments:
        values = without_bounds(values)
    places = {"root": str(request.data), "features": variant.features}
    if request.features_root is not None:
        places["features_root"] = str(request.features_root)
    values = {**values, "data": {**values.get("data", {}), **places}}
    schedule = QUICK if request.quick else ()
    assigned = (*request.assignments, *schedule, *variant.assignments, f"training.seed={seed}")
    values = with_overrides(values, assigned)
    if variant.scale != 1:
        values = apply(values, {"slicing.scale": variant.scale})
    return ExperimentConfig.parse(values, str(request.config or "paper"))


def base_tables(request: ReproduceRequest) -> dict[str, Any]:
    """Tables of the configuration that all rows start from, without data."""
    values = PAPER if request.config is None else read_tables(request.config)
    return dict(take_tune_table(values, str(request.config or "paper"))[0])


def run_variant(
    request: ReproduceRequest, variant: Variant, reporter: Reporter
) -> tuple[RowScores, Path]:
    """Train, spot and score a row with every seed; finished parts are not repeated.

    Returns:
        The scores, and the predictions of the first seed.

    Raises:
        InputError: if data are missing or damaged, or finished parts had other settings.
        ConfigError: if the configuration does not fit the data.
    """
    row = RowScores(variant)
    for seed in request.seeds:
        run = request.out / "runs" / f"{variant.name}-{seed}"
        summary = run / "reproduced.json"
        config = experiment_of(request, variant, seed)

        # A row of other settings would stand under a false heading.
        check_run(RunFolder(run), config, resume=True)
        made_with = {"split": request.split, "epochs": config.training.epochs}
        if not summary.is_file():
            reporter.line(f"{variant.title}, seed {seed}")
            run_training(config, run, resume=run.is_dir(), reporter=reporter, quiet=True)
            scores = _score_run(request, config, run, reporter)
            write_json(summary, {**made_with, "scores": scores})
        found = read_json(summary)
        if {key: found.get(key) for key in made_with} != made_with:
            raise InputError(
                f"{run} was scored on split {found.get('split')} after {found.get('epochs')} "
                f"epochs, not on {request.split} after {config.training.epochs}; choose another "
                "--out"
            )
        for name, value in found["scores"].items():
            row.scores.setdefault(name, []).append(float(value))
    return row, predictions_of(request, variant, request.seeds[0])


def predictions_of(request: ReproduceRequest, variant: Variant, seed: int) -> Path:
    """Folder of a run's predictions with the decoding of its configuration."""
    return request.out / "runs" / f"{variant.name}-{seed}" / "predictions"


def read_labels_of(request: ReproduceRequest) -> list[MatchActions]:
    """Labels of the split that is scored.

    Raises:
        InputError: if they are missing.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        return list(read_label_set(request.data, read_split_matches(request.data, request.split)))


def _score_run(
    request: ReproduceRequest, config: ExperimentConfig, run: Path, reporter: Reporter
) -> dict[str, float]:
    """Average-mAP of a run's best network, by protocol; its own decoding is kept on disk."""
    checkpoint = read_checkpoint(run / BEST)
    network = network_for(checkpoint)
    labels = read_labels_of(request)

    # Unsuppressed spots where the evaluation suppresses at each tolerance.
    found: dict[str, float] = {}
    for name, (source, nms) in PROTOCOLS.items():
        if source == "spots" and checkpoint.config.kind != "calf":
            continue
        method = "per_tolerance" if nms == "per-tolerance" else _fixed_method(checkpoint)
        decoding = checkpoint.config.decoding.replace(source=source, nms=method)
        out = run / f"predictions-{source}-{nms}"
        jobs = jobs_for(
            [],
            checkpoint,
            InputOptions(
                data=request.features_root or request.data,
                split=_split_path(request),
            ),
        )
        run_spotting(jobs, network, checkpoint, out, decoding=decoding, keep_scores=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SpotkickWarning)
            predictions = list(read_found(out))
            score = evaluate(predictions, labels, config.data.task(), metric="loose", nms=nms)
        found[name] = score.average_map

    # The predictions that the figures are drawn from, with the scores of every frame.
    jobs = jobs_for(
        [],
        checkpoint,
        InputOptions(data=request.features_root or request.data, split=_split_path(request)),
    )
    run_spotting(jobs, network, checkpoint, run / "predictions", reporter=reporter)
    return found


def _fixed_method(checkpoint: Checkpoint) -> str:
    """The configuration's suppression; ``fixed`` where it suppresses at each tolerance."""
    method = checkpoint.config.decoding.nms
    return "fixed" if method == "per_tolerance" else method


def _split_path(request: ReproduceRequest) -> str:
    """The split as a path, since features may lie in another folder than the splits."""
    for folder in (request.data / "splits", request.data):
        if (folder / f"{request.split}.txt").is_file():
            return str(folder / f"{request.split}.txt")
    return request.split


def check_request(request: ReproduceRequest) -> None:
    """Refuse what cannot work before hours of training.

    Raises:
        ConfigError: if no features are named, or a row's configuration is not valid.
        InputError: if the split has no matches, or a match has no labels.
    """
    if not request.features:
        raise ConfigError("name the features: --features ResNET_PCA512")
    table_1, table_2, scales = list_variants(request)
    for variant in (*table_1, *table_2, *scales):
        experiment_of(request, variant, request.seeds[0])
    read_labels_of(request)


def unique_variants(parts: Sequence[Sequence[Variant]]) -> list[Variant]:
    """Every variant once."""
    return list({variant.name: variant for part in parts for variant in part}.values())
