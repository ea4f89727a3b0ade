"""Sentence encoders: networks that turn a sentence into a vector, run by ONNX Runtime.

An encoder is a folder with what the field exports: ``model.onnx`` (or ``onnx/model.onnx``) with the
inputs ``input_ids`` and ``attention_mask``, ``token_type_ids`` where the network asks for them, and
the last hidden state as its first output; and ``tokenizer.json``. No other file is read. The vector
of a sentence is the mean of the hidden states of its tokens, of unit length.

Source: Reimers and Gurevych, "Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks",
EMNLP 2019, section 3 (mean pooling).
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnxruntime

from spotkick.errors import CheckpointError, InputError, require_extra
from spotkick.files import read_bytes
from spotkick.onnx_runtime import open_session

TOKENIZER_FILE: Final = "tokenizer.json"
MODEL_FILES: Final = ("model.onnx", "onnx/model.onnx")
"""Where the network may lie in the folder; the first one that is there counts."""

MAX_TOKENS: Final = 128
"""Tokens of a sentence that are read, or fewer where the tokenizer says so."""

_BATCH: Final = 32
_MAX_MODEL_BYTES: Final = 1 << 31
_MAX_TOKENIZER_BYTES: Final = 1 << 28
_IDS: Final = "input_ids"
_MASK: Final = "attention_mask"
_TYPES: Final = "token_type_ids"
_INTEGERS: Final = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
_EXTERNAL_WEIGHTS: Final = b"\n\x08location\x12"
"""How a file of ONNX says that weights lie in another file: the key ``location``, serialised."""

_SAMPLE: Final = "a goal, 2-1: \u266a \u00e9"
"""A sentence with rare characters, for which a tokenizer must have a token."""

_QUIET: Final = 4
"""Errors of ONNX Runtime are reported by the exception alone."""

_EXPORT: Final = (
    "export the last hidden state of a BERT-like encoder, with free numbers of sentences and tokens"
)


@dataclass(frozen=True, slots=True)
class EncoderOptions:
    """Which encoder is used, and where it runs.

    Attributes:
        folder: of the files.
        device: a name of `spotkick.devices.parse_device`.
        threads: CPU threads; 0 for as many as there are cores.
    """

    folder: Path
    device: str = "cpu"
    threads: int = 0


@dataclass(frozen=True, eq=False)
class SentenceEncoder:
    """An opened encoder; see `open_encoder`.

    Attributes:
        name: of the folder.
        dim: length of the vectors.
        max_tokens: tokens of a sentence that are read.
        model_digest: SHA-256 of the network.
        tokenizer_digest: SHA-256 of the tokenizer.
        path: file of the network.
        tokenizer_path: file of the tokenizer.
    """

    name: str
    dim: int
    max_tokens: int
    model_digest: str
    tokenizer_digest: str
    path: Path = field(repr=False)
    tokenizer_path: Path = field(repr=False)
    _tokenizer: Any = field(repr=False)
    _session: onnxruntime.InferenceSession = field(repr=False)
    _known: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict, repr=False)

    def encode(self, sentences: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of unit length, (sentences, dim); zeros for a sentence without a token.

        Equal sentences are read once. Vectors of one call are kept for the next, so that of a
        transcript that grows only what is new is read.

        Raises:
            InputError: if the network cannot read the tokens of a sentence.
        """
        distinct = dict.fromkeys(sentences)
        fresh = [sentence for sentence in distinct if sentence not in self._known]
        vectors = self._known | dict(zip(fresh, self._encode_distinct(fresh), strict=True))
        self._known.clear()
        self._known.update((sentence, vectors[sentence]) for sentence in distinct)
        if not sentences:
            return np.zeros((0, self.dim), dtype=np.float32)
        return np.stack([vectors[sentence] for sentence in sentences])

    def _encode_distinct(self, sentences: Sequence[str]) -> npt.NDArray[np.float32]:
        # Text of JSON may hold half of a pair of surrogates, which no tokenizer reads.
        texts = [sentence.encode(errors="replace").decode() for sentence in sentences]
        with _reading_tokenizer(self.tokenizer_path):
            ids = [self._tokenizer.encode(text).ids for text in texts]
        vectors = np.zeros((len(ids), self.dim), dtype=np.float32)

        # Sentences of like length share a batch, which is padded to the longest of them.
        for batch in _cut_batches(np.argsort([len(own) for own in ids], kind="stable")):
            width = max(1, *(len(ids[number]) for number in batch))
            padded = np.zeros((len(batch), width), dtype=np.int64)
            mask = np.zeros_like(padded)
            for row, number in enumerate(batch):
                padded[row, : len(ids[number])] = ids[number]
                mask[row, : len(ids[number])] = 1
            vectors[batch] = _pool_tokens(self.hidden_states(padded, mask), mask)
        return vectors

    def hidden_states(
        self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        """Run the network.

        Args:
            ids: (sentences, tokens).
            mask: the same shape, 1 for tokens and 0 for padding.

        Returns:
            (sentences, tokens, dim).

        Raises:
            InputError: if the network does not know an id, or reads no sentence of this length.
        """
        given = {_IDS: ids, _MASK: mask, _TYPES: np.zeros_like(ids)}
        feed = {
            wanted.name: given[wanted.name].astype(_INTEGERS[wanted.type])
            for wanted in self._session.get_inputs()
        }
        quiet = onnxruntime.RunOptions()
        quiet.log_severity_level = _QUIET
        try:
            (hidden, *_) = self._session.run([self._session.get_outputs()[0].name], feed, quiet)
        except Exception as error:  # ONNX Runtime raises a dozen unrelated classes
            raise InputError(
                f"{self.path}: cannot read {ids.shape[1]} tokens with ids up to {ids.max()} of "
                f"{TOKENIZER_FILE} ({_first_line(error)}); take both files from one export"
            ) from error
        return np.asarray(hidden, dtype=np.float32)


def _cut_batches(order: npt.NDArray[np.intp]) -> Iterator[npt.NDArray[np.intp]]:
    for first in range(0, len(order), _BATCH):
        yield order[first : first + _BATCH]


def _pool_tokens(
    hidden: npt.NDArray[np.float32], mask: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """Mean over the tokens of each sentence, of unit length: (sentences, tokens, dim) to vectors.

    The length takes the number of tokens out again, so that their sum serves as their mean.
    """
    total = (hidden * mask[..., None]).sum(axis=1, dtype=np.float32)
    lengths = np.linalg.norm(total, axis=1, keepdims=True)
    vectors: npt.NDArray[np.float32] = total / np.maximum(lengths, np.float32(1e-12))
    return vectors


def open_encoder(options: EncoderOptions) -> SentenceEncoder:
    """Open the encoder of a folder.

    Raises:
        InputError: if a file is missing, or is no tokenizer or no encoder, or the two do not belong
            together.
        ConfigError: if the device is not there.
        MissingExtraError: if the package tokenizers is not installed.
    """
    folder = options.folder
    path = _find_model(folder)
    data = read_bytes(folder / TOKENIZER_FILE, limit=_MAX_TOKENIZER_BYTES)
    tokenizer, max_tokens = _open_tokenizer(data, folder / TOKENIZER_FILE)

    model = read_bytes(path, limit=_MAX_MODEL_BYTES)
    session = _open_network(model, path, options)
    opened = SentenceEncoder(
        folder.resolve().name,
        0,
        max_tokens,
        model_digest=hashlib.sha256(model).hexdigest(),
        tokenizer_digest=hashlib.sha256(data).hexdigest(),
        path=path,
        tokenizer_path=folder / TOKENIZER_FILE,
        _tokenizer=tokenizer,
        _session=session,
    )
    return replace(opened, dim=_find_dim(opened, max(tokenizer.get_vocab().values(), default=0)))


def _find_model(folder: Path) -> Path:
    present = [folder / name for name in MODEL_FILES if (folder / name).is_file()]
    if not present or not (folder / TOKENIZER_FILE).is_file():
        missing = TOKENIZER_FILE if present else MODEL_FILES[0]
        raise InputError(
            f"{folder}: a sentence model is a folder with {MODEL_FILES[0]} (or {MODEL_FILES[1]}) "
            f"and {TOKENIZER_FILE}; found no {missing}"
        )
    return present[0]


def _open_tokenizer(data: bytes, path: Path) -> tuple[Any, int]:
    """The tokenizer, and how many tokens of a sentence it gives at most."""
    tokenizers = require_extra("tokenizers", "sentences", "features of kind sentences")
    with _reading_tokenizer(path):
        tokenizer = tokenizers.Tokenizer.from_str(data.decode())

        # Batches are padded here, each to its own longest sentence.
        own = (tokenizer.truncation or {}).get("max_length", MAX_TOKENS)
        max_tokens = max(1, min(own, MAX_TOKENS))
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_tokens)
        tokenizer.encode(_SAMPLE)
    return tokenizer, max_tokens


@contextmanager
def _reading_tokenizer(path: Path) -> Iterator[None]:
    """Report what is wrong with a tokenizer; its parser raises plain exceptions, and panics."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise InputError(
            f"{path}: not a tokenizer that can be used ({_first_line(error)}); give the "
            f"{TOKENIZER_FILE} of the model, as the package tokenizers writes it"
        ) from error


def _open_network(
    model: bytes, path: Path, options: EncoderOptions
) -> onnxruntime.InferenceSession:
    if _EXTERNAL_WEIGHTS in model:
        raise InputError(f"{path}: its weights lie in another file; export the model as one file")
    try:
        session = open_session(model, threads=options.threads, device=options.device)
    except CheckpointError as error:
        reason = _first_line(error.__cause__ or error)
        raise InputError(f"{path}: not an ONNX file that can be run: {reason}") from error

    # (sentences, tokens) of whole numbers, both sizes free
    inputs = session.get_inputs()
    names = {item.name for item in inputs}
    fits = all(
        item.type in _INTEGERS
        and len(item.shape) == 2
        and not any(isinstance(size, int) for size in item.shape)
        for item in inputs
    )
    if not {_IDS, _MASK} <= names <= {_IDS, _MASK, _TYPES} or not fits:
        found = ", ".join(f"{item.name} {item.type} {item.shape}" for item in inputs)
        raise InputError(
            f"{path}: a sentence model needs the inputs {_IDS}, {_MASK} and at most {_TYPES}, "
            f"whole numbers of shape (sentences, tokens), found {found}; {_EXPORT}"
        )
    return session


def _find_dim(encoder: SentenceEncoder, highest_id: int) -> int:
    """Run the longest sentences of the highest id: declared shapes of outputs are often free."""
    ids = np.full((2, encoder.max_tokens), highest_id, dtype=np.int64)
    hidden = encoder.hidden_states(ids, np.ones_like(ids))
    if hidden.ndim != 3 or hidden.shape[:2] != ids.shape or not hidden.shape[2]:
        raise InputError(
            f"{encoder.path}: the first output of a sentence model must be of shape (sentences, "
            f"tokens, values), found {hidden.shape} for {ids.shape[0]} sentences of "
            f"{ids.shape[1]} tokens; {_EXPORT}"
        )
    if not np.isfinite(hidden).all():
        raise InputError(f"{encoder.path}: gives NaN or infinity; {_EXPORT}")
    return int(hidden.shape[2])


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
