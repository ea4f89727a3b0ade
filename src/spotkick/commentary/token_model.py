"""Commentary as token ids, for networks that learn from the tokens themselves.

A fitted model is its vocabulary: ``tokens.json``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.commentary.descriptions import read_texts, reading_description
from spotkick.commentary.tokenizer import Tokenizer, Vocabulary, fit_tokenizer, fit_vocabulary
from spotkick.commentary.transcripts import TranscriptSegment
from spotkick.errors import ConfigError, InputError
from spotkick.features.token_rows import BIN_RATE, MAX_IDS, pack_rows, row_width
from spotkick.features.tracks import fingerprint
from spotkick.files import write_json

DESCRIPTION_FILE: Final = "tokens.json"
_FORMAT: Final = "spotkick-tokens-1"
_MIN_PERIODS: Final = 8
"""Tokens of fewer periods would tell matches apart, not actions."""

SLOTS: Final = 18
"""Tokens of a bin that are kept: of the commentary of 500 matches all but 0.08 %. Bins with more
come from segments whose times are wrong, such as loops of speech recognition."""


@dataclass(frozen=True)
class TokenModel:
    """Turns what is said in a period into rows of token ids; see `spotkick.features.token_rows`.

    Attributes:
        vocabulary: gives tokens their ids.
        slots: the most tokens of a bin that are kept.
    """

    vocabulary: Vocabulary
    slots: int = SLOTS

    def __post_init__(self) -> None:
        """Check that every id can be stored."""
        if not 1 <= self.slots < MAX_IDS or len(self.vocabulary) > MAX_IDS:
            raise ConfigError(
                f"rows of tokens hold at most {MAX_IDS} different ids, and at least one token a "
                f"bin; got {len(self.vocabulary)} ids and {self.slots} tokens"
            )

    @property
    def frame_dim(self) -> int:
        """Values per row."""
        return row_width(self.slots)

    @property
    def num_ids(self) -> int:
        """Size of the vocabulary, padding and unknown tokens included."""
        return len(self.vocabulary)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything that decides the values."""
        common = sorted(self.vocabulary.tokenizer.common_words)
        texts = "\n".join((*self.vocabulary.tokens, *common))
        novelty = ("novelty",) if self.vocabulary.tokenizer.marks_novelty else ()
        return fingerprint(_FORMAT, texts, str(self.slots), *novelty)

    def frames(
        self,
        match: str,
        segments: Sequence[TranscriptSegment],
        num_frames: int,
        frame_rate: Fraction,
    ) -> npt.NDArray[np.int16]:
        """Rows of a period.

        Args:
            match: does not matter.
            segments: in order of their starts.
            num_frames: length of the result.
            frame_rate: `BIN_RATE`.

        Returns:
            (num_frames, frame_dim), zeros where nothing is said.

        Raises:
            ConfigError: on another frame rate.
        """
        del match
        if frame_rate != BIN_RATE:
            raise ConfigError(
                f"tokens come in {BIN_RATE} rows per second, got a rate of {frame_rate}; leave out "
                "--rate"
            )
        tokens = self.vocabulary.encode(segments)
        return pack_rows(tokens.ids, tokens.bins, num_frames, slots=self.slots)


def fit_tokens(
    periods: Iterable[Sequence[TranscriptSegment]], *, marks_novelty: bool = True
) -> TokenModel:
    """Collect a vocabulary. Only periods of the training split belong here.

    Args:
        periods: segments of each period.
        marks_novelty: see `spotkick.commentary.tokenizer.Tokenizer`.
    """
    segments = list(periods)
    fitted = fit_tokenizer(segment.text for own in segments for segment in own)
    tokenizer = replace(fitted, marks_novelty=marks_novelty)
    min_periods = max(2, min(_MIN_PERIODS, len(segments) // 10))
    return TokenModel(fit_vocabulary(segments, tokenizer, min_periods=min_periods))


def write_tokens(model: TokenModel, folder: Path) -> None:
    """Write ``tokens.json`` into ``folder``.

    Raises:
        StorageError: if it cannot be written.
    """
    described = {
        "format": _FORMAT,
        "fingerprint": model.fingerprint,
        "slots": model.slots,
        "novelty": model.vocabulary.tokenizer.marks_novelty,
        "tokens": list(model.vocabulary.tokens),
        "common": sorted(model.vocabulary.tokenizer.common_words),
    }
    write_json(folder / DESCRIPTION_FILE, described, indent=None)


def read_tokens(folder: Path) -> TokenModel:
    """Read what `write_tokens` wrote.

    Raises:
        InputError: if the file is missing, damaged, or was edited.
    """
    path = folder / DESCRIPTION_FILE
    with reading_description(path, _FORMAT, "a vocabulary of commentary") as described:
        tokens, common = (read_texts(described, key) for key in ("tokens", "common"))
        slots, expected = int(described["slots"]), described["fingerprint"]
        tokenizer = Tokenizer(frozenset(common), marks_novelty=bool(described.get("novelty")))

    try:
        model = TokenModel(Vocabulary(tokenizer, tokens), slots)
    except ConfigError as error:
        raise InputError(f"{path}: {error}") from error
    if model.fingerprint != expected:
        raise InputError(
            f"{path}: was changed since it was written (its fingerprint differs); get it again"
        )
    return model
