"""Fitting word models: from commentary files and labels to trained networks."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy

from spotkick.actions import Action
from spotkick.commentary.batches import LabelledWords, cell_targets
from spotkick.commentary.ensemble import WordModel
from spotkick.commentary.inference import WordNetwork
from spotkick.commentary.terms import fit_term_reader
from spotkick.commentary.tokens import Vocabulary, count_cells, fit_vocabulary
from spotkick.commentary.training import WordTrainingConfig, train_word_model
from spotkick.commentary.transcripts import TranscriptSegment, count_frames, read_segments
from spotkick.datasets.period_files import PeriodFile
from spotkick.errors import InputError
from spotkick.features.tracks import fingerprint
from spotkick.files import write_bytes

_ENOUGH_HALVES = 8
_KEY = "data"


def fit_words(
    halves: Sequence[PeriodFile],
    labels: Mapping[str, Sequence[Action]],
    config: WordTrainingConfig | None = None,
    *,
    workers: int = 1,
    keep: Path | None = None,
    note: Callable[[str], None] | None = None,
) -> WordModel:
    """Train word networks. Only halves of the training split belong here.

    Args:
        halves: commentary of the training split.
        labels: match -> actions; their labels are the classes.
        config: how; None for the defaults.
        workers: processes.
        keep: folder for networks that are done; a later call with the same data goes on with them.
        note: receives a line about each network.

    Raises:
        InputError: if a match has no labels, or there are no actions at all.
        ConfigError: if there are too few matches or words.
        StorageError: if a network cannot be kept.
    """
    config = config or WordTrainingConfig()
    for half in halves:
        if half.match not in labels:
            raise InputError(
                f"match {half.match!r} of the training split has no labels; add them or do without --labels"
            )
    classes = sorted({action.label for half in halves for action in labels[half.match]})
    if not classes:
        raise InputError("the matches to fit on have no actions; add labels or do without --labels")
    spoken = [read_segments(half.path) for half in halves]
    reader = fit_term_reader(segment.text for segments in spoken for segment in segments)
    # Words of few halves would tell matches apart, not actions.
    vocabulary = fit_vocabulary(
        spoken, reader, min_halves=max(2, min(_ENOUGH_HALVES, len(halves) // 10))
    )
    examples = [
        LabelledWords(
            half.match, vocabulary.read(segments), _targets(half, segments, labels, classes, config)
        )
        for half, segments in zip(halves, spoken, strict=True)
    ]
    key = _key(examples, vocabulary, classes, config)
    finished = {} if keep is None else _finished(keep, key)

    def on_network(fold: int, network: WordNetwork, loss: float) -> None:
        if note is not None:
            note(f"network {fold + 1} is trained, loss {loss:.4f}")
        if keep is not None:
            write_bytes(
                keep / f"{fold}.safetensors",
                safetensors.numpy.save(network.arrays(), metadata={_KEY: key}),
            )

    count = min(config.folds, len({half.match for half in halves}))
    if note is not None:
        note(
            f"{len(vocabulary.words):,} words, {len(classes)} classes; {len(finished)} of {count} networks are done"
        )
    return train_word_model(
        examples,
        vocabulary,
        classes,
        config,
        workers=workers,
        finished=finished,
        on_network=on_network,
    )


def _key(
    examples: Sequence[LabelledWords],
    vocabulary: Vocabulary,
    classes: Sequence[str],
    config: WordTrainingConfig,
) -> str:
    """Names everything that decides the networks."""
    arrays = (array.tobytes() for half in examples for array in (*half.words, half.targets))
    matches = "\n".join(half.match for half in examples)
    return fingerprint(
        config.model_dump_json(), "\n".join(vocabulary.words), "\n".join(classes), matches, *arrays
    )


def _finished(keep: Path, key: str) -> dict[int, WordNetwork]:
    """Networks of an earlier call with the same key; others, and damaged ones, will be trained again."""
    found = {}
    for path in keep.glob("*.safetensors"):
        try:
            with safetensors.safe_open(path, framework="np") as file:
                if path.stem.isdecimal() and (file.metadata() or {}).get(_KEY) == key:
                    arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                    found[int(path.stem)] = WordNetwork.from_arrays(arrays, str(path))
        except (safetensors.SafetensorError, InputError, OSError):
            continue
    return found


def _targets(
    half: PeriodFile,
    segments: Sequence[TranscriptSegment],
    labels: Mapping[str, Sequence[Action]],
    classes: Sequence[str],
    config: WordTrainingConfig,
) -> npt.NDArray[np.float32]:
    positions: dict[str, list[int]] = {name: [] for name in classes}
    for action in labels[half.match]:
        if action.period == half.period:
            positions[action.label].append(action.position_ms)
    arrays = [np.array(own, dtype=np.int64) for own in positions.values()]
    return cell_targets(
        arrays, count_cells(count_frames(segments)), spread_s=config.target_spread_s
    )
