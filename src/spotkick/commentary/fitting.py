"""Fitting commentary features to labels: from transcripts and labels to trained networks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy

from spotkick.actions import Action
from spotkick.commentary.ensemble import TokenEnsemble
from spotkick.commentary.inference import TokenNetwork
from spotkick.commentary.tokenizer import Vocabulary, count_bins, fit_tokenizer, fit_vocabulary
from spotkick.commentary.training import TokenTrainingConfig, train_ensemble
from spotkick.commentary.training_data import LabelledPeriod, gaussian_targets
from spotkick.commentary.transcript_files import read_period
from spotkick.commentary.transcripts import Transcript, count_frames
from spotkick.datasets.period_files import PeriodFile
from spotkick.errors import InputError
from spotkick.features.tracks import fingerprint
from spotkick.files import write_bytes
from spotkick.reporter import Reporter, SilentReporter

_MIN_PERIODS: Final = 8
_KEY: Final = "data"


def fit_ensemble(
    files: Sequence[PeriodFile],
    labels: Mapping[str, Sequence[Action]],
    config: TokenTrainingConfig | None = None,
    *,
    workers: int = 1,
    keep: Path | None = None,
    reporter: Reporter | None = None,
) -> TokenEnsemble:
    """Train token networks. Only periods of the training split belong here.

    Args:
        files: transcripts of the training split.
        labels: match -> actions; their labels are the classes.
        config: how; None for the defaults.
        workers: processes.
        keep: folder for networks that are done; a later call with the same data goes on with them.
        reporter: receives a line about each network.

    Raises:
        InputError: if a match has no labels, or there are no actions at all.
        ConfigError: if there are too few matches or tokens.
        StorageError: if a network cannot be kept.
    """
    config, reporter = config or TokenTrainingConfig(), reporter or SilentReporter()
    classes = _find_classes(files, labels)

    # Tokens of few periods would tell matches apart, not actions.
    transcripts = [read_period(file) for file in files]
    periods = [transcript.segments for transcript in transcripts]
    tokenizer = fit_tokenizer(segment.text for segments in periods for segment in segments)
    min_periods = max(2, min(_MIN_PERIODS, len(files) // 10))
    vocabulary = fit_vocabulary(periods, tokenizer, min_periods=min_periods)

    examples = [
        LabelledPeriod(
            file.match,
            vocabulary.encode(transcript.segments),
            _make_targets(file, transcript, labels, classes, sigma_s=config.target_sigma_s),
        )
        for file, transcript in zip(files, transcripts, strict=True)
    ]

    # Networks of an interrupted call
    key = _fingerprint_data(examples, vocabulary, classes, config)
    finished = {} if keep is None else _read_finished(keep, key)
    count = min(config.folds, len({file.match for file in files}))
    reporter.line(
        f"{len(vocabulary.tokens):,} words, {len(classes)} classes; "
        f"{len(finished)} of {count} networks are done"
    )

    def keep_network(fold: int, network: TokenNetwork, loss: float) -> None:
        reporter.line(f"network {fold + 1} is trained, loss {loss:.4f}")
        if keep is not None:
            weights = safetensors.numpy.save(network.arrays(), metadata={_KEY: key})
            write_bytes(keep / f"{fold}.safetensors", weights)

    return train_ensemble(
        examples,
        vocabulary,
        classes,
        config=config,
        workers=workers,
        finished=finished,
        on_network=keep_network,
    )


def _find_classes(files: Sequence[PeriodFile], labels: Mapping[str, Sequence[Action]]) -> list[str]:
    for file in files:
        if file.match not in labels:
            raise InputError(
                f"match {file.match!r} of the training split has no labels; "
                "add them or do without --labels"
            )
    classes = sorted({action.label for file in files for action in labels[file.match]})
    if not classes:
        raise InputError("the matches to fit on have no actions; add labels or do without --labels")
    return classes


def _make_targets(
    file: PeriodFile,
    transcript: Transcript,
    labels: Mapping[str, Sequence[Action]],
    classes: Sequence[str],
    *,
    sigma_s: float,
) -> npt.NDArray[np.float32]:
    """(bins, classes)."""
    positions: dict[str, list[int]] = {name: [] for name in classes}
    for action in labels[file.match]:
        if action.period == file.period:
            positions[action.label].append(action.position_ms)
    arrays = [np.array(own, dtype=np.int64) for own in positions.values()]
    return gaussian_targets(arrays, count_bins(count_frames(transcript)), sigma_s=sigma_s)


def _fingerprint_data(
    examples: Sequence[LabelledPeriod],
    vocabulary: Vocabulary,
    classes: Sequence[str],
    config: TokenTrainingConfig,
) -> str:
    """Names everything that decides the networks."""
    arrays = (array.tobytes() for period in examples for array in (*period.tokens, period.targets))
    matches = "\n".join(period.match for period in examples)
    return fingerprint(
        config.model_dump_json(),
        "\n".join(vocabulary.tokens),
        "\n".join(classes),
        matches,
        *arrays,
    )


def _read_finished(keep: Path, key: str) -> dict[int, TokenNetwork]:
    """Networks of an earlier call with the same key; others and damaged ones are trained again."""
    found = {}
    for path in keep.glob("*.safetensors"):
        try:
            with safetensors.safe_open(path, framework="np") as file:
                if path.stem.isdecimal() and (file.metadata() or {}).get(_KEY) == key:
                    arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                    found[int(path.stem)] = TokenNetwork.from_arrays(arrays, str(path))
        except (safetensors.SafetensorError, InputError, OSError):
            continue
    return found
