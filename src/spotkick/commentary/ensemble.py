"""Commentary features that have learned from labels: what the words around each moment say about each class.

A `WordModel` holds several word networks. Each was trained without one fold of the training
matches. A training match is read by the one network that has not seen its labels, any other match
by all of them together: what a network says of matches whose labels it has learned is too good to
be true.

A fitted model is a pair of files without pickle: ``words.json`` (words, classes, folds) and
``words.safetensors`` (weights).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import safetensors
import safetensors.numpy

from spotkick.commentary.descriptions import reading_description, texts_of
from spotkick.commentary.inference import Array, WordNetwork
from spotkick.commentary.terms import TermReader
from spotkick.commentary.tokens import CELL_MS, Vocabulary
from spotkick.commentary.transcripts import TranscriptSegment
from spotkick.errors import ConfigError, InputError
from spotkick.features.tracks import fingerprint
from spotkick.files import read_bytes, write_bytes, write_json

WORDS_FILE: Final = "words.json"
WEIGHTS_FILE: Final = "words.safetensors"
_FORMAT: Final = "spotkick-words-1"
_MAX_BYTES: Final = 1 << 30
EVIDENCE_SCALE: Final = 0.5
"""Log-odds reach from -5 to 10 around the usual; networks train more easily on smaller values."""


@dataclass(frozen=True)
class WordModel:
    """Reads the evidence for each class out of the words of a half.

    Attributes:
        vocabulary: numbers the words.
        classes: what the networks were trained to tell, in the order of their outputs.
        prior: (classes,) float32, log-odds that a cell holds an action of the class.
        networks: one per fold, each trained without the matches of its fold.
        folds: training match -> its fold.
    """

    vocabulary: Vocabulary
    classes: tuple[str, ...]
    prior: Array
    networks: tuple[WordNetwork, ...]
    folds: Mapping[str, int]

    def __post_init__(self) -> None:
        """Check that the parts belong together."""
        if not self.networks or any(
            (len(network.embedding), network.num_classes)
            != (len(self.vocabulary), len(self.classes))
            for network in self.networks
        ):
            raise ConfigError(
                f"a word model needs networks of {len(self.vocabulary)} words and {len(self.classes)} classes"
            )
        if self.prior.shape != (len(self.classes),) or self.prior.dtype != np.float32:
            raise ConfigError(
                f"a word model needs float32 log-odds of {len(self.classes)} classes, got {self.prior.shape}"
            )
        if not all(0 <= fold < len(self.networks) for fold in self.folds.values()):
            raise ConfigError(f"folds of a word model must be 0 to {len(self.networks) - 1}")

    @property
    def frame_dim(self) -> int:
        """Values per frame: one per class, and the sign of speech."""
        return len(self.classes) + 1

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything that decides the values."""
        words = "\n".join(
            (*self.vocabulary.words, *sorted(self.vocabulary.reader.common), *self.classes)
        )
        folds = "\n".join(f"{match} {fold}" for match, fold in sorted(self.folds.items()))
        arrays = [array.tobytes() for array in _arrays(self).values()]
        return fingerprint(_FORMAT, words, folds, *arrays)

    def frames(
        self,
        match: str,
        segments: Sequence[TranscriptSegment],
        num_frames: int,
        frame_rate: Fraction,
    ) -> Array:
        """Frames of a half.

        A frame sees the words of its cell of two seconds, and of
        `spotkick.commentary.inference.CONTEXT_S` seconds before and after it and three words
        beyond.

        Args:
            match: decides which networks may answer.
            segments: in order of their starts.
            num_frames: length of the result.
            frame_rate: frames per second.

        Returns:
            (num_frames, classes + 1): how far the log-odds of each class are above the usual,
            halved; then 1 where anybody speaks and 0 where nobody does. A half without commentary
            gives zeros: no evidence.
        """
        if not segments:
            return np.zeros((num_frames, self.frame_dim), dtype=np.float32)
        centres_ms = 1000 * (np.arange(num_frames) + 0.5) / float(frame_rate)
        cell_of_frame = (centres_ms // CELL_MS).astype(np.int64)
        num_cells = int(cell_of_frame[-1]) + 1 if num_frames else 1
        words = self.vocabulary.read(segments)
        fold = self.folds.get(match)
        networks = self.networks if fold is None else self.networks[fold : fold + 1]
        log_odds = np.mean(
            [network.log_odds(words, num_cells) for network in networks], axis=0, dtype=np.float32
        )
        spoken = np.zeros((num_cells, 1), dtype=np.float32)
        for segment in segments:
            spoken[segment.start_ms // CELL_MS : segment.end_ms // CELL_MS + 1] = 1
        values: Array = np.concatenate([EVIDENCE_SCALE * (log_odds - self.prior), spoken], axis=1)[
            cell_of_frame
        ]
        return values


def _arrays(model: WordModel) -> dict[str, Array]:
    named = {
        f"{fold}.{name}": array
        for fold, network in enumerate(model.networks)
        for name, array in network.arrays().items()
    }
    return {"prior": model.prior, **named}


def write_word_model(model: WordModel, folder: Path) -> None:
    """Write ``words.safetensors``, then ``words.json``, into ``folder``.

    Raises:
        StorageError: if they cannot be written.
    """
    write_bytes(folder / WEIGHTS_FILE, safetensors.numpy.save(_arrays(model)))
    described = {
        "format": _FORMAT,
        "fingerprint": model.fingerprint,
        "classes": list(model.classes),
        "networks": len(model.networks),
        "folds": dict(model.folds),
        "words": list(model.vocabulary.words),
        "common": sorted(model.vocabulary.reader.common),
    }
    write_json(folder / WORDS_FILE, described, indent=None)


def read_word_model(folder: Path) -> WordModel:
    """Read what `write_word_model` wrote.

    Raises:
        InputError: if a file is missing or damaged, or the two do not belong together.
    """
    path = folder / WORDS_FILE
    with reading_description(path, _FORMAT, "a word model") as described:
        classes, words, common = (
            texts_of(described, key) for key in ("classes", "words", "common")
        )
        folds = {str(match): int(fold) for match, fold in described["folds"].items()}
        count, expected = int(described["networks"]), described["fingerprint"]
    weights = folder / WEIGHTS_FILE
    try:
        arrays = safetensors.numpy.load(read_bytes(weights, limit=_MAX_BYTES))
    except (safetensors.SafetensorError, KeyError, ValueError) as error:
        raise InputError(
            f"{weights}: not the weights of a word model ({str(error).splitlines()[0]}); fit again"
        ) from error
    prefixes = [f"{fold}." for fold in range(count)]
    parts = [
        {name.removeprefix(key): array for name, array in arrays.items() if name.startswith(key)}
        for key in prefixes
    ]
    try:
        networks = tuple(WordNetwork.from_arrays(part, str(weights)) for part in parts)
        prior = arrays.get("prior", np.zeros(0, dtype=np.float32))
        model = WordModel(
            Vocabulary(TermReader(frozenset(common)), words), classes, prior, networks, folds
        )
    except ConfigError as error:
        raise InputError(f"{folder}: {error}") from error
    if model.fingerprint != expected:
        raise InputError(
            f"{folder}: {WORDS_FILE} and {WEIGHTS_FILE} are not a pair or were changed; fit the features again"
        )
    return model
