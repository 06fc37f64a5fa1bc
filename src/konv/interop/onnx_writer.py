"""ONNX files: the graph of a model as ONNX Runtime and others run it, for any number of samples."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from konv.errors import UnsupportedError, import_extra, naming
from konv.interop.onnx_ops import EITHER, FIRST, RULES
from konv.ir.graph import Graph
from konv.ir.ops import Permute, Shape
from konv.models import Model
from konv.plan.rewrite import channels_last
from konv.saving.files import file_path, require_built
from konv.saving.writer import write_atomically
from konv.variables import Variable

OPSET, IR = 23, 11  # of ONNX 1.18
BATCH = "batch"  # the name of the axis whose size is open
MOST_BYTES = (1 << 31) - (1 << 20)  # of protobuf, with room for what is not weights


def export_model(model: Model, filepath: Any, format: str | None = None, verbose: bool | None = None,
                 input_signature: Any = None, **kwargs: Any) -> None:
    """Write a model for inference by other programs: an `.onnx` file, which needs the extra `onnx`.

    Raises:
        UnsupportedError: the size of an input other than the batch is open, or a layer has no form in ONNX.
        MissingExtraError: the package onnx is not installed.
    """
    if format not in (None, "onnx"):
        raise UnsupportedError(f'export: format must be "onnx", got {format!r}; save() writes .keras files')
    if input_signature is not None or kwargs:
        given = ", ".join(["input_signature"] * (input_signature is not None) + list(kwargs))
        raise UnsupportedError(f"export: {given} is not supported; the file takes float32 inputs of the model's shapes "
                               f"and any number of samples")
    path = file_path(filepath, (".onnx",))
    require_built(model, "export")
    for tensor in model.inputs:
        if None in tensor.sample:
            raise UnsupportedError(f"export: sizes must be known, and the input {tensor.name!r} has {tensor.shape}; make it "
                                   f"again on an Input such as (224, 224, 3), then set_weights(model.get_weights())")
    write_onnx(model, path)
    if verbose:
        print(f"Saved artifact at '{path}'.")


def write_onnx(model: Any, path: Path) -> None:
    """Write the model in inference mode to an ONNX file, checked by onnx.checker, atomically.

    MissingExtraError without the package onnx; UnsupportedError where sizes other than the batch are open.
    """
    onnx = import_extra("onnx", "onnx")
    with naming(model.title):
        made = OnnxGraph(onnx, channels_last(model.graph(), training=False), model.weight_map())
        proto = made.model([tensor.layer.name for tensor in model.outputs])
    onnx.checker.check_model(proto, full_check=True)

    def write(stream: BinaryIO) -> None:
        stream.write(proto.SerializeToString())

    write_atomically(path, write)


class OnnxGraph:
    """The nodes so far. Values have a name for each layout in which they were needed.

    Rules ask for the node that they write: its `index` and `inputs`, its `shape` and the `shapes` of its inputs, and how many
    axes `lead` those of a sample: one, or none for values that are the same for all samples.
    """

    index: int
    lead: int
    inputs: tuple[int, ...]
    shape: Shape
    shapes: tuple[Shape, ...]

    def __init__(self, onnx: Any, graph: Graph, weights: Mapping[str, Variable]) -> None:
        size = sum(variable.array.nbytes for variable in weights.values())
        if size > MOST_BYTES:
            raise UnsupportedError(f"the weights have {size:,} bytes, an ONNX file holds {MOST_BYTES:,}; "
                                   f'save("model.keras") has no such limit')
        self.onnx, self.graph, self._weights = onnx, graph, weights
        self.fixed: set[int] = set()  # values that are the same for all samples and have no batch axis
        self._nodes: list[Any] = []
        self._arrays: list[Any] = []
        self._names: set[str] = set()
        self._last: dict[int, str] = {}
        self._first: dict[int, str] = {}
        self._layer = ""

    def model(self, outputs: list[str]) -> Any:
        """The whole file; its outputs are called as the layers that give them."""
        inputs = []
        for index, node in enumerate(self.graph.nodes):
            self._layer = node.layer
            if index in self.graph.inputs:
                self._last[index] = self._name(node.layer)
                inputs.append(self._described(self._last[index], node.shape))
            else:
                self._write(index)
        made = []
        for index, layer in zip(self.graph.outputs, outputs, strict=True):
            if index in self.fixed:
                raise UnsupportedError(f"the output of {layer!r} does not depend on the input; leave it out")
            name = self._name(layer)
            self._nodes.append(self.onnx.helper.make_node("Identity", [self.last(index)], [name], f"{name}/output"))
            made.append(self._described(name, self.graph.nodes[index].shape))
        helper = self.onnx.helper
        whole = helper.make_graph(self._nodes, "konv", inputs, made, self._arrays)
        return helper.make_model(whole, producer_name="konv", ir_version=IR,
                                 opset_imports=[helper.make_operatorsetid("", OPSET)])

    def _write(self, index: int) -> None:
        node = self.graph.nodes[index]
        rule = RULES.get(type(node.op))
        if rule is None:
            raise UnsupportedError(f'layer "{node.layer}": {type(node.op).__name__} cannot be written to ONNX yet')
        if all(source in self.fixed for source in node.inputs):
            self.fixed.add(index)
        if isinstance(node.op, Permute) and self._by_name(index, node.op.order):
            return
        first = rule.layout == FIRST or (rule.layout == EITHER and self._all_first(node.inputs))
        given = [self.first(source) if first else self.last(source) for source in node.inputs]
        self.index, self.inputs, self.shape, self.shapes = index, node.inputs, node.shape, self.graph.input_shapes(index)
        self.lead = 0 if index in self.fixed else 1
        (self._first if first else self._last)[index] = rule.write(self, node.op, *given)

    def _by_name(self, index: int, order: tuple[int, ...]) -> bool:
        """A reordering between the two layouts is only another name."""
        (source,), rank = self.graph.nodes[index].inputs, len(order)
        if source in self.fixed or rank < 2:
            return False
        if order == (*range(1, rank), 0):
            self._first[index] = self.last(source)
        elif order == (rank - 1, *range(rank - 1)):
            self._last[index] = self.first(source)
        else:
            return False
        return True

    def _all_first(self, sources: tuple[int, ...]) -> bool:
        return all(source in self._first for source in sources) and (
            len({self.graph.nodes[source].shape for source in sources}) == 1)

    # --- what the rules use -----------------------------------------------------------------------

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """A node; the name of its output."""
        output = self._name(f"{self._layer}/{kind}")
        self._nodes.append(self.onnx.helper.make_node(kind, inputs, [output], output, **attributes))
        return output

    def constant(self, array: Any, name: str) -> str:
        """Numbers in the file: integers as int64, which shapes and axes are, all else as float32."""
        array = np.asarray(array)
        array = np.ascontiguousarray(array, np.int64 if array.dtype.kind == "i" else np.float32)
        name = self._name(f"{self._layer}/{name}")
        self._arrays.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def number(self, value: float) -> str:
        return self.constant(np.float32(value), "number")

    def weight(self, which: int | str, default: Any = None) -> np.ndarray:
        """A weight of the node by its name or its index."""
        names = [weight.name for weight in self.graph.weights(self.index)]
        name = names[which] if isinstance(which, int) else which
        return self._weights[f"{self._layer}/{name}"].array if name in names else default

    def aligned(self, names: Sequence[str]) -> list[str]:
        """Inputs of fewer axes with axes of size 1 behind that of the batch."""
        rank = max(map(len, self.shapes))
        made = []
        for source, shape, name in zip(self.inputs, self.shapes, names, strict=True):
            missing = rank - len(shape)
            if missing and source not in self.fixed:
                name = self.add("Unsqueeze", name, self.constant(np.arange(1, missing + 1), "axes"))
            made.append(name)
        return made

    # --- layouts and names ------------------------------------------------------------------------

    def last(self, index: int) -> str:
        """The name of a value as the graph has it."""
        if index not in self._last:
            rank = len(self.graph.nodes[index].shape)
            self._last[index] = self._first[index] if rank < 2 else self.add(
                "Transpose", self._first[index], perm=[0, *range(2, rank + 1), 1])
        return self._last[index]

    def first(self, index: int) -> str:
        """The name of a value whose last axis comes first."""
        if index not in self._first:
            rank = len(self.graph.nodes[index].shape)
            self._first[index] = self._last[index] if rank < 2 else self.add(
                "Transpose", self._last[index], perm=[0, rank, *range(1, rank)])
        return self._first[index]

    def _name(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self._names:
            name, number = f"{wanted}_{number}", number + 1
        self._names.add(name)
        return name

    def _described(self, name: str, shape: tuple) -> Any:
        return self.onnx.helper.make_tensor_value_info(name, self.onnx.TensorProto.FLOAT, [BATCH, *shape])
