"""ONNX files as models of konv.

Every file is hostile until it has passed here: nothing outside of it is read, sizes are checked against the bytes that are
there before an array is made, and a value can be read only behind the node that gives it.
"""

import re
from collections.abc import Callable, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from konv.errors import FileError, KonvError, UnsupportedError, import_extra, naming
from konv.interop.importer import Importer, Value
from konv.interop.onnx_ops import READERS, TYPES
from konv.models import Model
from konv.saving.reader import guarded, require_file

OLDEST = 9  # opset: of ONNX 1.4
DOMAINS = ("", "ai.onnx")  # ONNX's own nodes
MOST_BYTES = 1 << 31  # of protobuf
MOST_NODES, MOST_AXES = 20_000, 8
MOST_COMPUTED = 1 << 24  # elements of an array that nodes make of others
OF_IMAGES = ("AveragePool", "BatchNormalization", "Conv", "ConvTranspose", "GlobalAveragePool", "GlobalMaxPool",
             "GroupNormalization", "InstanceNormalization", "MaxPool", "PRelu", "Resize", "Upsample")
ELEMENTWISE = ("Add", "Cast", "Clip", "Div", "Dropout", "Identity", "LeakyRelu", "Mul", "Pad", "Relu", "Sub")


def read_onnx(path: Path, input_shape: Sequence[int | None] | None = None) -> Model:
    """The model in an ONNX file, its weights included; images have their channels last in it.

    `input_shape`, without the batch and as the file has it, takes the place of the one in the file. FileError for what is
    damaged or dangerous, UnsupportedError names the node that konv has no layer for, MissingExtraError the package onnx.
    """
    onnx = import_extra("onnx", "onnx")
    with guarded(path):
        if require_file(path, b"") > MOST_BYTES:
            raise FileError(f"has more than {MOST_BYTES:,} bytes, which no ONNX file has")
        proto = onnx.ModelProto()
        try:
            proto.ParseFromString(path.read_bytes())
        except Exception as error:
            raise FileError(f"is not an ONNX file, or damaged: {error}") from error
        return OnnxReader(onnx, proto, input_shape).model(path.stem)


class OnnxReader(Importer):
    """Walks over the nodes; `values` are what they gave: values of the model, or arrays."""

    def __init__(self, onnx: Any, proto: Any, input_shape: Sequence[int | None] | None) -> None:
        super().__init__()
        self.onnx, self.proto, self.input_shape = onnx, proto, input_shape
        self.values: dict[str, Any] = {}
        self.taken: set[int] = set()  # nodes that one before them has done already
        self.batches: set[int] = set()  # a file may be for so many samples; konv reads it for any number
        self.opset = self._opset()

    def model(self, name: str) -> Model:  # noqa: C901 (one check of the file after the other)
        graph = self.proto.graph
        if not graph.node and not graph.input:
            raise FileError("is not an ONNX file, or holds no model")
        if len(graph.node) > MOST_NODES:
            raise UnsupportedError(f"has {len(graph.node):,} nodes, more than {MOST_NODES:,}")
        if graph.sparse_initializer or self.proto.functions:
            raise UnsupportedError("holds sparse weights or functions of its own, which konv does not read")
        for tensor in graph.initializer:
            self._give(tensor.name, self.array(tensor))
        self.readers: dict[str, list[Any]] = {}
        for node in graph.node:
            for source in node.input:
                self.readers.setdefault(source, []).append(node)
        self.outputs = {output.name for output in graph.output}
        entries = [value for value in graph.input if value.name not in self.values]
        if self.input_shape is not None and len(entries) != 1:
            raise UnsupportedError(f"has {len(entries)} inputs; input_shape is for a model of one")
        for value in entries:
            self._give(value.name, self._input(value))
        for node in graph.node:
            if id(node) not in self.taken:
                self._node(node)
        if not self.inputs or not graph.output:
            raise UnsupportedError("has no input or no output")
        outputs = []
        for output in graph.output:
            value = self.values.get(output.name)
            if not isinstance(value, Value):
                raise UnsupportedError(f"the output {output.name!r} does not depend on an input, or no node gives it")
            outputs.append(value)
        return self.finish(outputs, graph.name if graph.name not in ("", "main_graph", "konv") else name)

    # --- one node ---------------------------------------------------------------------------------

    def _node(self, node: Any) -> None:
        title = f'node "{plain(node.name or ", ".join(node.output))}" ({plain(node.op_type)})'
        with naming(title):
            if node.domain not in DOMAINS:
                raise UnsupportedError(f"is of {plain(node.domain)}, not of ONNX itself; export the model without it")
            rule = READERS.get(node.op_type)
            if rule is None:
                raise UnsupportedError(f"konv has no layer for {plain(node.op_type)}; it reads "
                                       f"{', '.join(sorted(READERS))}")
            self.node = node
            self.attributes = {one.name: one for one in node.attribute}
            self.hint = hint_of(node)
            inputs = [self._input_of_node(name, title) for name in node.input]
            try:
                found = rule(self, *inputs)
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                if isinstance(error, KonvError):
                    raise
                raise FileError(f"{title}: its inputs and attributes do not fit together: {error}") from error
            made = found if isinstance(found, list) else [found]
            wanted = [name for name in node.output if name]
            for name in wanted[len(made):]:
                if name in self.readers or name in self.outputs:
                    raise UnsupportedError(f"its output {name!r} is used, which konv does not compute")
            for name, value in zip(wanted, made, strict=False):
                self._give(name, value)

    def _input_of_node(self, name: str, title: str) -> Any:
        if name and name not in self.values:
            raise FileError(f"{title}: reads {name!r}, which no node before it gives: the nodes go round in a circle, are not "
                            f"in their order, or one is missing")
        return self.values[name] if name else None

    def _give(self, name: str, value: Any) -> None:
        if not name or name in self.values:
            raise FileError(f"the value {name!r} is given twice")
        self.values[name] = value

    # --- what the rules use --------------------------------------------------------------------

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute of the node, as Python has it."""
        if name not in self.attributes:
            return default
        one = self.attributes[name]
        kinds = self.onnx.AttributeProto
        ways: dict[int, Callable[[], Any]] = {
            kinds.INT: lambda: one.i, kinds.FLOAT: lambda: one.f, kinds.INTS: lambda: list(one.ints),
            kinds.FLOATS: lambda: list(one.floats), kinds.STRING: lambda: one.s.decode("utf-8", "replace"),
            kinds.TENSOR: lambda: self.array(one.t)}
        if one.type not in ways:
            raise UnsupportedError(f"its attribute {name} is of a kind that konv does not read")
        return ways[one.type]()

    def option(self, name: str, given: Any, default: Any = None) -> Any:
        """What older files have as an attribute, and newer ones as an input."""
        if given is None:
            return self.attribute(name, default)
        return self.fixed(given, name).tolist()

    def fixed(self, value: Any, what: str) -> np.ndarray:
        """An array, where it must not depend on the input."""
        if not isinstance(value, np.ndarray):
            raise UnsupportedError(f"its {what} is computed from the input; konv reads models whose {what} is fixed")
        return value

    def value(self, given: Any, what: str = "input") -> Value:
        if not isinstance(given, Value):
            raise UnsupportedError(f"its {what} does not depend on the input of the model; simplify the file first")
        return given

    def bounded(self, *shape: int) -> None:
        """A few nodes could make arrays of any size out of small ones."""
        if prod(shape) > MOST_COMPUTED:
            raise UnsupportedError(f"would make an array of {prod(shape):,} numbers; there may be {MOST_COMPUTED:,}")

    def only_reader(self) -> Any:
        """The one node that reads the first output of this node, or None."""
        name = self.node.output[0]
        readers = self.readers.get(name, [])
        return readers[0] if len(readers) == 1 and name not in self.outputs and readers[0].domain in DOMAINS else None

    def skip(self, node: Any, value: Any) -> None:
        """A node has been done together with this one."""
        self.taken.add(id(node))
        self._give(node.output[0], value)

    def array(self, tensor: Any) -> np.ndarray:
        """A tensor of the file, once its size is that of the bytes that are there."""
        what = f"the array {tensor.name!r}"
        if tensor.data_location == self.onnx.TensorProto.EXTERNAL or tensor.external_data:
            raise UnsupportedError(f"{what} lies in another file, which konv does not open; save the model in one file: "
                                   f"onnx.save(onnx.load(path), path, save_as_external_data=False)")
        if tensor.data_type not in TYPES:
            kind = tensor.data_type
            raise UnsupportedError(f"{what} is of type {kind}; konv reads {', '.join(name for name, _ in TYPES.values())}")
        kind, stored = TYPES[tensor.data_type]
        shape = tuple(tensor.dims)
        if len(shape) > MOST_AXES or any(size < 0 for size in shape):
            raise FileError(f"{what} claims the shape {shape}")
        count = prod(shape)
        dtype = np.dtype(kind)
        if tensor.HasField("raw_data"):
            if len(tensor.raw_data) != count * dtype.itemsize:
                raise FileError(f"{what} claims the shape {shape}, and holds {len(tensor.raw_data):,} bytes instead of "
                                f"{count * dtype.itemsize:,}")
            return np.frombuffer(tensor.raw_data, dtype.newbyteorder("<")).astype(dtype).reshape(shape)
        elements = getattr(tensor, stored)
        if len(elements) != count:
            raise FileError(f"{what} claims the shape {shape}, and holds {len(elements):,} numbers")
        made = np.array(elements, "uint16").view("float16") if kind == "float16" else np.array(elements, dtype)
        return made.reshape(shape)

    # --- inputs -----------------------------------------------------------------------------------

    def _opset(self) -> int:
        versions = [one.version for one in self.proto.opset_import if one.domain in DOMAINS]
        if versions and versions[0] < OLDEST:
            raise UnsupportedError(f"is of opset {versions[0]}; konv reads opset {OLDEST} and later: convert it with "
                                   f"onnx.version_converter.convert_version")
        return versions[0] if versions else OLDEST

    def _input(self, value: Any) -> Value:
        with naming(f'input "{plain(value.name)}"'):
            if not value.type.HasField("tensor_type"):
                raise UnsupportedError("is not an array")
            if value.type.tensor_type.elem_type not in (1, 10, 11):
                raise UnsupportedError("is not of floating-point numbers; konv feeds float32")
            if not value.type.tensor_type.HasField("shape") and self.input_shape is None:
                raise UnsupportedError("has no shape in the file; give input_shape=")
            sizes = [one.dim_value if one.HasField("dim_value") else None for one in value.type.tensor_type.shape.dim]
            if self.input_shape is not None:
                if sizes and len(self.input_shape) != len(sizes) - 1:
                    raise FileError(f"input_shape={tuple(self.input_shape)} has {len(self.input_shape)} sizes, the file has "
                                    f"{len(sizes) - 1} behind the batch: {tuple(sizes)}")
                sizes = [None, *self.input_shape]
            if not sizes or len(sizes) > MOST_AXES:
                raise UnsupportedError(f"has {len(sizes)} axes; the first one is the batch")
            self.batches |= {size for size in sizes[:1] if size}
            images = len(sizes) in (3, 4) and self._reads_images(value.name)
            return self.input(value.name, sizes[1:], images)

    def _reads_images(self, name: str) -> bool:
        """Whether what is done to a value first, element by element aside, is something that wants the channels second."""
        seen, waiting = set(), [name]
        while waiting and len(seen) < MOST_NODES:
            for node in self.readers.get(waiting.pop(), []):
                if node.op_type in OF_IMAGES:
                    return True
                if node.op_type in ELEMENTWISE and id(node) not in seen:
                    seen.add(id(node))
                    waiting.extend(node.output)
        return False


def plain(name: str) -> str:
    """A name out of the file as a message may have it: whatever it holds, it must not steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in name[:80])


def hint_of(node: Any) -> str:
    """What a layer is to be called: "/features/conv1/Conv" is features_conv1, "node_conv2d_1" is conv2d_1."""
    parts = [part for part in re.split(r"[/:]+", node.name) if part]
    if len(parts) > 1 and re.fullmatch(rf"{node.op_type}(_\d+)?", parts[-1]):
        parts.pop()
    name = "_".join(parts).removeprefix("node_")
    return name or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", node.op_type).lower()
