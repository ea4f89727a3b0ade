"""Writing ONNX graphs node by node, in evaluation mode.

The same network always gives the same bytes, in milliseconds, and a reader of the graph finds the
layers of the paper.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from spotkick.models.long_convolution import same_padding
from spotkick.onnx_runtime import INPUT

OPSET: Final = 17
IR_VERSION: Final = 9

Shape = Sequence[str | int | None]
"""Sizes of an input or output; a name stands for a free size."""


class GraphBuilder:
    """Collects nodes and weights; each method adds one layer and returns the name of its output."""

    def __init__(self, *, half_matrices: bool = False) -> None:
        """An empty graph with the input ``features``.

        Args:
            half_matrices: store matrices and kernels as float16; the graph still computes in
                float32.
        """
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._half_matrices = half_matrices

    def weight(self, name: str, values: Tensor | npt.NDArray[Any]) -> str:
        """Store an array under a name."""
        array = values.detach().cpu().numpy() if isinstance(values, Tensor) else values
        is_matrix = sum(size > 1 for size in array.shape) > 1 and array.dtype == np.float32
        is_halved = self._half_matrices and is_matrix
        if not is_halved:
            self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
            return name
        halved = np.ascontiguousarray(array.astype(np.float16))
        self.weights.append(numpy_helper.from_array(halved, f"{name}.half"))
        return self.node("Cast", [f"{name}.half"], name, to=TensorProto.FLOAT)

    def constant(self, name: str, value: float) -> str:
        """Store one float32."""
        return self.weight(name, np.array(value, dtype=np.float32))

    def integers(self, name: str, values: Sequence[int] | npt.NDArray[np.intp]) -> str:
        """Store int64 values, such as a shape."""
        return self.weight(name, np.asarray(values, dtype=np.int64))

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add any operator of ONNX; the node has the name of its output."""
        made = helper.make_node(operator, list(inputs), [output], name=output, **attributes)
        self.nodes.append(made)
        return output

    def relu(self, values: str) -> str:
        """Rectify."""
        return self.node("Relu", [values], f"{values}.relu")

    def linear(self, values: str, layer: nn.Linear, name: str) -> str:
        """A fully connected layer on the last axis."""
        product = self.node(
            "MatMul", [values, self.weight(f"{name}.weight", layer.weight.T)], f"{name}.product"
        )
        return self.node("Add", [product, self.weight(f"{name}.bias", layer.bias)], name)

    def convolution(self, values: str, layer: nn.Conv1d | nn.Conv2d, name: str) -> str:
        """A convolution that keeps the length; see `same_padding`."""
        inputs = [
            values,
            self.weight(f"{name}.weight", layer.weight),
            self.weight(f"{name}.bias", cast("Tensor", layer.bias)),
        ]
        spans = zip(layer.kernel_size, layer.dilation, strict=True)
        sides = [same_padding(dilation * (size - 1) + 1) for size, dilation in spans]
        attributes: dict[str, Any] = {
            "kernel_shape": list(layer.kernel_size),
            "pads": [left for left, _ in sides] + [right for _, right in sides],
        }
        if max(layer.dilation) > 1:
            attributes["dilations"] = list(layer.dilation)
        if layer.groups > 1:
            attributes["group"] = layer.groups
        return self.node("Conv", inputs, name, **attributes)

    def pool(self, values: str, *, kernel_frames: int, stride: int) -> str:
        """Max pooling along the last axis."""
        return self.node(
            "MaxPool", [values], f"{values}.pool", kernel_shape=[kernel_frames], strides=[stride]
        )

    def reshape(self, values: str, shape: Sequence[int], name: str) -> str:
        """Change the shape; 0 keeps a size, -1 takes what is left."""
        return self.node("Reshape", [values, self.integers(f"{name}.shape", shape)], name)

    def transpose(self, values: str, name: str, *order: int) -> str:
        """Change the order of the axes."""
        return self.node("Transpose", [values], name, perm=list(order))

    def to_bytes(self, name: str, input_shape: Shape, outputs: Mapping[str, Shape]) -> bytes:
        """Check the graph and serialise it.

        Args:
            name: of the graph.
            input_shape: of ``features``.
            outputs: shape of each output by the name of its node.
        """
        inputs = [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, list(input_shape))]
        results = [
            helper.make_tensor_value_info(output, TensorProto.FLOAT, list(shape))
            for output, shape in outputs.items()
        ]
        model = helper.make_model(
            helper.make_graph(self.nodes, name, inputs, results, self.weights),
            producer_name="spotkick",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        onnx.checker.check_model(model, full_check=True)
        serialised: bytes = model.SerializeToString(deterministic=True)
        return serialised
