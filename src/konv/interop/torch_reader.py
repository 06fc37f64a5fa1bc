"""Modules of PyTorch as models of konv: torch.fx writes down what the module does, each step becomes a layer."""

import re
from collections.abc import Sequence
from importlib import import_module
from inspect import signature
from typing import Any

from konv.errors import KonvError, UnsupportedError, naming
from konv.interop.importer import Importer, Value
from konv.interop.torch_ops import FUNCTIONS, MODULES, array
from konv.models import Model

OF_SEQUENCES = ("Conv1d", "ConvTranspose1d", "MaxPool1d", "AvgPool1d", "AdaptiveAvgPool1d", "AdaptiveMaxPool1d", "BatchNorm1d")


def read_module(module: Any, input_shape: Sequence[int | None] | None) -> Model:
    """The module as a model in inference, with copies of its weights; images have their channels last in it.

    `input_shape` is that of one sample as PyTorch has it, (3, 224, 224). UnsupportedError names the module or function that
    konv has no layer for, or why torch.fx cannot follow the module.
    """
    fx = import_module("torch.fx")
    title = type(module).__name__
    if input_shape is None:
        raise KonvError(f"{title}: a module does not say what it takes; give input_shape=, such as (3, 224, 224), without the "
                        f"batch")
    if title in MODULES:  # by itself: fx would look into it
        module = import_module("torch.nn").Sequential(module)
    modes = [(one, one.training) for one in module.modules()]
    try:
        traced = fx.symbolic_trace(module.eval())
    except Exception as error:  # fx runs the module's own Python on stand-ins; whatever that raises
        raise UnsupportedError(f"{title}: torch.fx cannot follow its forward: {error}; torch.onnx.export writes a file that "
                               f"konv.explain.read takes") from error
    finally:
        for one, training in modes:
            one.training = training
    return TorchReader(traced, tuple(input_shape)).model(title)


class TorchReader(Importer):
    """Walks over what torch.fx wrote down; `values` are what each step gave."""

    def __init__(self, traced: Any, input_shape: tuple[int | None, ...]) -> None:
        super().__init__()
        self.traced, self.input_shape = traced, input_shape
        self.modules = dict(traced.named_modules())
        self.values: dict[Any, Any] = {}

    def model(self, title: str) -> Model:
        outputs: list[Value] = []
        for node in self.traced.graph.nodes:
            if node in self.values:
                continue
            if node.op == "output":
                found = node.args[0]
                given = list(found.values()) if isinstance(found, dict) else found
                listed = given if isinstance(given, (list, tuple)) else [given]
                outputs = [self._value(one) for one in listed]
            else:
                self.values[node] = self._step(node)
        if not outputs or not all(isinstance(one, Value) for one in outputs):
            raise UnsupportedError(f"{title}: gives something else than values that depend on its input")
        return self.finish(outputs, re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", title).lower())

    def _step(self, node: Any) -> Any:
        if node.op == "placeholder":
            if self.inputs:
                raise UnsupportedError(f'input "{node.target}": modules of one input are supported')
            names = {type(module).__name__ for module in self.modules.values()}
            images = len(self.input_shape) == 3 or (len(self.input_shape) == 2 and not names.isdisjoint(OF_SEQUENCES))
            return self.input(str(node.target), self.input_shape, images)
        if node.op == "get_attr":
            return array(self._attribute(node.target))
        self.node = node
        self.args = [self._value(one) for one in node.args]
        self.options = {name: self._value(one) for name, one in node.kwargs.items()}
        if node.op == "call_module":
            module = self.modules[node.target]
            kind = type(module).__name__
            self.hint = _hint(node.target, kind)
            with naming(f'module "{node.target}" ({kind})'):
                if kind not in MODULES or not type(module).__module__.startswith("torch.nn."):
                    raise UnsupportedError(f"konv has no layer for it; it reads {', '.join(sorted(MODULES))}")
                return self._kept(MODULES[kind](self, module, *self.args), getattr(module, "inplace", False))
        name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
        self.hint = str(node.name)
        with naming(f'step "{node.name}" ({name})'):
            if name not in FUNCTIONS:
                raise UnsupportedError(f"konv has no operation for {name}; it reads {', '.join(sorted(FUNCTIONS))}")
            try:
                signature(FUNCTIONS[name]).bind(self, *self.args, **self.options)
            except TypeError as error:
                raise UnsupportedError(str(error)) from None
            in_place = name.endswith("_") or name in ("iadd", "isub", "imul") or self.options.get("inplace", False)
            return self._kept(FUNCTIONS[name](self, *self.args, **self.options), in_place)

    def _kept(self, made: Any, in_place: bool) -> Any:
        """What a step gave; one that works in place changed its input, whatever else that is called."""
        if in_place:
            self.values |= {node: made for node, value in self.values.items() if value is self.args[0]}
        return made

    def _value(self, given: Any) -> Any:
        """Arguments, with what earlier steps gave in them."""
        if isinstance(given, (list, tuple)):
            return type(given)(self._value(one) for one in given)
        return self.values[given] if type(given).__name__ == "Node" else given

    def _attribute(self, path: str) -> Any:
        found = self.traced
        for part in path.split("."):
            found = getattr(found, part)
        return found

    def next_flattens(self) -> Any:
        """The one step behind this one if it does no more than flatten, or None."""
        users = list(self.node.users)
        if len(users) != 1:
            return None
        kind = type(self.modules.get(users[0].target)).__name__ if users[0].op == "call_module" else users[0].target
        name = kind if isinstance(kind, str) else getattr(kind, "__name__", "")
        plain = name == "Flatten" or (name == "flatten" and list(users[0].args[1:]) == [1] and not users[0].kwargs)
        return users[0] if plain else None


def _hint(target: str, kind: str) -> str:
    """What the layer of a module is called: "features.0" is features_conv2d_0."""
    *path, last = target.split(".")
    return "_".join([*path, *([kind.lower(), last] if last.isdigit() else [last])])
