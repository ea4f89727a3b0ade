"""Tiny sentence models, whose vectors a test can work out: hidden states are rows of a table."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

PADDING_VALUE = 99.0
"""What the hidden states of padding are, so that a mean that takes them in is found out."""


def make_table(words: Sequence[str], dim: int, seed: int = 0) -> np.ndarray:
    """(words + 1, dim): the row of each word, behind that of unknown words."""
    values = np.random.default_rng(seed).normal(size=(len(words) + 1, dim))
    return values.astype(np.float32)


def write_tokenizer(path: Path, words: Sequence[str], *, max_length: int | None = None) -> None:
    """Words between spaces, in small letters; all others are one token."""
    vocabulary = {word: number for number, word in enumerate(["?", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="?"))  # noqa: S106  # no password
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if max_length is not None:
        tokenizer.enable_truncation(max_length)
        tokenizer.enable_padding(length=max_length)
    tokenizer.save(str(path))


def write_network(
    path: Path,
    table: np.ndarray,
    *,
    inputs: Sequence[str] = ("input_ids", "attention_mask"),
    sizes: Sequence[int | str] = ("sentences", "tokens"),
    kind: int = TensorProto.INT64,
    pooled: bool = False,
) -> None:
    """Hidden states of tokens: their rows of the table, and `PADDING_VALUE` behind a sentence."""
    named = {
        "table": table,
        "axis": np.array([2]),
        "first": np.array([1]),
        "padding": np.float32(PADDING_VALUE),
    }
    nodes = [
        helper.make_node("Gather", ["table", inputs[0]], ["rows"]),
        helper.make_node("Cast", [inputs[1]], ["flags"], to=TensorProto.BOOL),
        helper.make_node("Unsqueeze", ["flags", "axis"], ["shown"]),
        helper.make_node("Where", ["shown", "rows", "padding"], ["hidden"]),
    ]
    last = "hidden"
    if "token_type_ids" in inputs:
        nodes += [
            helper.make_node("Cast", ["token_type_ids"], ["types"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["types", "axis"], ["wide"]),
            helper.make_node("Add", ["hidden", "wide"], ["typed"]),
        ]
        last = "typed"
    if pooled:
        nodes.append(helper.make_node("ReduceSum", [last, "first"], ["pooled"], keepdims=0))
        last = "pooled"

    # Sizes of the output stay open, as in many exports.
    output = helper.make_tensor_value_info(last, TensorProto.FLOAT, None)
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, kind, list(sizes)) for name in inputs],
        [output],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in named.items()],
    )
    opset = helper.make_opsetid("", 17)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=9), path)


def write_sentence_model(
    folder: Path, words: Sequence[str], *, dim: int = 6, seed: int = 0
) -> Path:
    """A folder with ``model.onnx`` and ``tokenizer.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    write_network(folder / "model.onnx", make_table(words, dim, seed))
    write_tokenizer(folder / "tokenizer.json", words)
    return folder


def expected_vector(text: str, words: Sequence[str], table: np.ndarray) -> np.ndarray:
    """Mean of the rows of the words of a text, of unit length."""
    rows = [[*words].index(word) + 1 if word in words else 0 for word in text.lower().split()]
    mean = table[rows].astype(np.float64).mean(axis=0)
    unit: np.ndarray = mean / np.linalg.norm(mean)
    return unit
