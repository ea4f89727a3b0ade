"""Commentary features that have learned from labels: centred logits of each class, out of fold.

A `TokenEnsemble` holds several token networks, each trained without one fold of the training
matches. Features of a training match are out-of-fold predictions, made by the one network that was
trained without it; any other match gets the mean of all networks. Predictions of a network for
matches that it was trained on would be too good to be true.

A fitted model is a pair of files without pickle: ``words.json`` (vocabulary, classes, folds) and
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

from spotkick.commentary.descriptions import read_texts, reading_description
from spotkick.commentary.inference import Array, TokenNetwork
from spotkick.commentary.tokenizer import Tokenizer, Vocabulary
from spotkick.commentary.transcripts import TranscriptSegment
from spotkick.errors import ConfigError, InputError
from spotkick.features.token_rows import BIN_MS
from spotkick.features.tracks import fingerprint
from spotkick.files import read_bytes, write_bytes, write_json

DESCRIPTION_FILE: Final = "words.json"
WEIGHTS_FILE: Final = "words.safetensors"
_FORMAT: Final = "spotkick-words-1"
_MAX_BYTES: Final = 1 << 30
LOGIT_SCALE: Final = 0.5
"""Centred logits reach from -5 to 10; networks train more easily on smaller values."""


@dataclass(frozen=True)
class TokenEnsemble:
    """Token networks of several folds that predict classes from the tokens of a period.

    Attributes:
        vocabulary: gives tokens their ids.
        classes: what the networks were trained to tell, in the order of their outputs.
        prior_logits: (classes,) float32, logits that any bin holds an action of the class.
        networks: one per fold, each trained without the matches of its fold.
        folds: training match -> its fold.
    """

    vocabulary: Vocabulary
    classes: tuple[str, ...]
    prior_logits: Array
    networks: tuple[TokenNetwork, ...]
    folds: Mapping[str, int]

    def __post_init__(self) -> None:
        """Check that the parts belong together."""
        expected = (len(self.vocabulary), len(self.classes))
        sizes = [(len(network.embedding), network.num_classes) for network in self.networks]
        if not sizes or any(size != expected for size in sizes):
            raise ConfigError(
                f"a model of commentary needs networks of {expected[0]} tokens and {expected[1]} "
                "classes"
            )

        priors = self.prior_logits
        if priors.shape != (len(self.classes),) or priors.dtype != np.float32:
            raise ConfigError(
                f"a model of commentary needs float32 prior logits of {len(self.classes)} classes, "
                f"got {priors.shape}"
            )
        if not all(0 <= fold < len(self.networks) for fold in self.folds.values()):
            raise ConfigError(f"folds of a model must be 0 to {len(self.networks) - 1}")

    @property
    def frame_dim(self) -> int:
        """Values per frame: one per class, and the speech flag."""
        return len(self.classes) + 1

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything that decides the values."""
        common = sorted(self.vocabulary.tokenizer.common_words)
        texts = "\n".join((*self.vocabulary.tokens, *common, *self.classes))
        folds = "\n".join(f"{match} {fold}" for match, fold in sorted(self.folds.items()))
        arrays = [array.tobytes() for array in _name_arrays(self).values()]
        return fingerprint(_FORMAT, texts, folds, *arrays)

    def frames(
        self,
        match: str,
        segments: Sequence[TranscriptSegment],
        num_frames: int,
        frame_rate: Fraction,
    ) -> Array:
        """Frames of a period.

        A frame sees the tokens of its bin of two seconds, and of
        `spotkick.commentary.inference.CONTEXT_S` seconds before and after it and three tokens
        beyond.

        Args:
            match: decides which networks may predict.
            segments: in order of their starts.
            num_frames: length of the result.
            frame_rate: frames per second.

        Returns:
            (num_frames, classes + 1): logits minus the prior logits of each class, times
            `LOGIT_SCALE`; then the speech flag, 1 where there is speech. A period without
            commentary gives zeros: no class is more or less probable than usual.
        """
        if not segments:
            return np.zeros((num_frames, self.frame_dim), dtype=np.float32)

        # (num_frames,): the bin in which the middle of each frame lies
        centres_ms = 1000 * (np.arange(num_frames) + 0.5) / float(frame_rate)
        bin_of_frame = (centres_ms // BIN_MS).astype(np.int64)
        num_bins = int(bin_of_frame[-1]) + 1 if num_frames else 1

        # (num_bins, classes): out-of-fold prediction, or the mean of all networks
        tokens = self.vocabulary.encode(segments)
        fold = self.folds.get(match)
        networks = self.networks if fold is None else self.networks[fold : fold + 1]
        logits = np.mean(
            [network.logits(tokens, num_bins) for network in networks], axis=0, dtype=np.float32
        )

        # (num_bins, 1) speech flags
        speech = np.zeros((num_bins, 1), dtype=np.float32)
        for segment in segments:
            speech[segment.start_ms // BIN_MS : segment.end_ms // BIN_MS + 1] = 1

        centred = LOGIT_SCALE * (logits - self.prior_logits)
        values: Array = np.concatenate([centred, speech], axis=1)[bin_of_frame]
        return values


def _name_arrays(model: TokenEnsemble) -> dict[str, Array]:
    named = {
        f"{fold}.{name}": array
        for fold, network in enumerate(model.networks)
        for name, array in network.arrays().items()
    }
    return {"prior": model.prior_logits, **named}


def write_ensemble(model: TokenEnsemble, folder: Path) -> None:
    """Write ``words.safetensors``, then ``words.json``, into ``folder``.

    Raises:
        StorageError: if they cannot be written.
    """
    write_bytes(folder / WEIGHTS_FILE, safetensors.numpy.save(_name_arrays(model)))
    described = {
        "format": _FORMAT,
        "fingerprint": model.fingerprint,
        "classes": list(model.classes),
        "networks": len(model.networks),
        "folds": dict(model.folds),
        "words": list(model.vocabulary.tokens),
        "common": sorted(model.vocabulary.tokenizer.common_words),
    }
    write_json(folder / DESCRIPTION_FILE, described, indent=None)


def read_ensemble(folder: Path) -> TokenEnsemble:
    """Read what `write_ensemble` wrote.

    Raises:
        InputError: if a file is missing or damaged, or the two do not belong together.
    """
    path = folder / DESCRIPTION_FILE
    with reading_description(path, _FORMAT, "a model of commentary") as described:
        classes, tokens, common = (
            read_texts(described, key) for key in ("classes", "words", "common")
        )
        folds = {str(match): int(fold) for match, fold in described["folds"].items()}
        count, expected = int(described["networks"]), described["fingerprint"]

    vocabulary = Vocabulary(Tokenizer(frozenset(common)), tokens)
    prior, networks = _read_networks(folder / WEIGHTS_FILE, count)
    try:
        model = TokenEnsemble(vocabulary, classes, prior, networks=networks, folds=folds)
    except ConfigError as error:
        raise InputError(f"{folder}: {error}") from error

    # The fingerprint finds a file that was exchanged or edited.
    if model.fingerprint != expected:
        raise InputError(
            f"{folder}: {DESCRIPTION_FILE} and {WEIGHTS_FILE} are not a pair or were changed; "
            "fit the features again"
        )
    return model


def _read_networks(path: Path, count: int) -> tuple[Array, tuple[TokenNetwork, ...]]:
    """Prior logits, and the networks of all folds."""
    try:
        arrays = safetensors.numpy.load(read_bytes(path, limit=_MAX_BYTES))
    except (safetensors.SafetensorError, KeyError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{path}: not the weights of a model of commentary ({reason}); fit again"
        ) from error

    networks = []
    for fold in range(count):
        key = f"{fold}."
        own = {
            name.removeprefix(key): array for name, array in arrays.items() if name.startswith(key)
        }
        networks.append(TokenNetwork.from_arrays(own, str(path)))
    return arrays.get("prior", np.zeros(0, dtype=np.float32)), tuple(networks)
