"""Commentary as vectors of whole sentences, from a pre-trained encoder of the user.

Nothing is fitted here, and nothing of the encoder is stored: ``sentences.json`` says by SHA-256
which files make these features, and the user gives their folder where more are to be made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.commentary.descriptions import reading_description
from spotkick.commentary.sentence_encoder import (
    TOKENIZER_FILE,
    EncoderOptions,
    SentenceEncoder,
    open_encoder,
)
from spotkick.commentary.transcripts import TranscriptSegment, spread_over_frames
from spotkick.errors import InputError
from spotkick.features.tracks import fingerprint
from spotkick.files import write_json

DESCRIPTION_FILE: Final = "sentences.json"
_FORMAT: Final = "spotkick-sentences-1"


@dataclass(frozen=True)
class SentenceModel:
    """Turns what is said in a period into vectors of its sentences.

    Attributes:
        encoder: reads sentences.
    """

    encoder: SentenceEncoder

    @property
    def frame_dim(self) -> int:
        """Values per frame: a vector, and the speech flag."""
        return self.encoder.dim + 1

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything that decides the vectors."""
        encoder = self.encoder
        return fingerprint(
            _FORMAT, encoder.model_digest, encoder.tokenizer_digest, str(encoder.max_tokens)
        )

    def frames(
        self,
        match: str,
        segments: Sequence[TranscriptSegment],
        num_frames: int,
        frame_rate: Fraction,
    ) -> npt.NDArray[np.float32]:
        """Frames of a period, (num_frames, frame_dim), see `spread_over_frames`.

        A frame holds the mean of the segments that are spoken in it, as TF-IDF has it: what is said
        at length counts as long as it is said. Vectors of unit length are scaled by the root of
        their number of values, so that these are of unit size, as networks need them.

        The match does not matter here.
        """
        del match
        vectors = self.encoder.encode([segment.text for segment in segments])
        scale = np.float32(self.encoder.dim**0.5)
        return spread_over_frames(segments, scale * vectors, num_frames, frame_rate)


def write_sentences(model: SentenceModel, folder: Path) -> None:
    """Write ``sentences.json`` into ``folder``; the encoder, tens of megabytes, is not copied.

    Raises:
        StorageError: if it cannot be written.
    """
    encoder = model.encoder
    described = {
        "format": _FORMAT,
        "name": encoder.name,
        "model_sha256": encoder.model_digest,
        "tokenizer_sha256": encoder.tokenizer_digest,
        "max_tokens": encoder.max_tokens,
    }
    write_json(folder / DESCRIPTION_FILE, described)


def read_sentences(folder: Path, options: EncoderOptions | None) -> SentenceModel:
    """Open the encoder that a description names.

    Args:
        folder: that `write_sentences` wrote into.
        options: where the encoder is.

    Raises:
        InputError: if the description is damaged, or no encoder or another one is given.
        MissingExtraError: if the package tokenizers is not installed.
    """
    path = folder / DESCRIPTION_FILE
    with reading_description(path, _FORMAT, "a description of sentence vectors") as described:
        name = str(described["name"])
        expected = [str(described[key]) for key in ("model_sha256", "tokenizer_sha256")]
        max_tokens = int(described["max_tokens"])
    if options is None:
        raise InputError(
            f"{folder}: these features are made with the sentence model '{name}', which is not "
            "stored with them; give its folder with --sentence-model"
        )

    # Another encoder would give vectors that mean something else.
    encoder = open_encoder(options)
    differs = [
        file
        for file, one, other in (
            ("the network", encoder.model_digest, expected[0]),
            (TOKENIZER_FILE, encoder.tokenizer_digest, expected[1]),
            ("the longest sentence", encoder.max_tokens, max_tokens),
        )
        if one != other
    ]
    if differs:
        raise InputError(
            f"{options.folder}: not the sentence model '{name}' that the features of {folder} are "
            f"made with ({' and '.join(differs)} differ); give that one, or make a new set in "
            "another folder"
        )
    return SentenceModel(encoder)
