"""Layers, models, losses, metrics and optimizers to the dicts that Keras writes into config.json."""

import inspect
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from konv import constraints, initializers, layers, losses, metrics, optimizers, regularizers
from konv.custom_objects import get_registered_name
from konv.errors import KonvError
from konv.layers.base import Layer
from konv.models import Model, Sequential
from konv.saving.keras3_weights import class_name
from konv.tracing import tree
from konv.tracing.tensors import Call, Operation, Tensor

# Every class of konv.layers by its name in Keras, but neither the base class nor an alias.
LAYERS: dict[str, type] = {
    name: item for name in layers.__all__
    if inspect.isclass(item := getattr(layers, name)) and item.__name__ == name and item is not Layer}
MODELS: dict[str, type] = {"Sequential": Sequential, "Functional": Model, "Model": Model}
KERAS_MODULES: dict[type, str] = {
    **dict.fromkeys(LAYERS.values(), "keras.layers"), Sequential: "keras", Model: "keras.src.models.functional"}

# The modules of everything else, under the names that Keras gives them; each has a table of classes of its own.
REGISTRIES: dict[str, Any] = {
    "keras.losses": losses, "keras.metrics": metrics, "keras.optimizers.schedules": optimizers.schedules,
    "keras.optimizers": optimizers, "keras.initializers": initializers, "keras.regularizers": regularizers,
    "keras.constraints": constraints}

_DRAWN = ("RandomBrightness", "RandomContrast", "RandomCrop", "RandomFlip", "RandomRotation", "RandomTranslation",
          "RandomZoom", "CenterCrop", "Resizing")
# Layers for which Keras notes the input shape, because they override its method `build`.
NOTE_SHAPE = frozenset((
    "Add", "Average", "BatchNormalization", "Concatenate", "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose",
    "Cropping1D", "Cropping2D", "Dense", "DepthwiseConv1D", "DepthwiseConv2D", "Dot", "Flatten", "GroupNormalization",
    "LayerNormalization", "Maximum", "Minimum", "Multiply", "PReLU", "Permute", "RepeatVector", "Rescaling", "SeparableConv1D",
    "SeparableConv2D", "Subtract", "UpSampling1D", "UpSampling2D", "ZeroPadding1D", "ZeroPadding2D", *_DRAWN))
# With which arguments Keras notes that a layer was called, beside its inputs: masks, of which there are none, and whether it
# was called in training, which nothing heeds, since a model tells its layers anew.
NOT_HEEDED = ("training",)
_NOTES: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("mask", None, ("BatchNormalization", "Functional", "GlobalAveragePooling1D", "Lambda", "Sequential", "Softmax")),
    ("training", False, ("Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D", "SpatialDropout2D")),
    ("training", True, _DRAWN))
CALLED_WITH: dict[str, dict[str, Any]] = {kind: {argument: value} for argument, value, kinds in _NOTES for kind in kinds}


def serialize_keras_object(obj: Any) -> Any:
    """The dict that Keras writes for a layer, a model, a loss, a metric or an optimizer; lists and dicts of them too.

    Raises:
        KonvError: an object has no name and no method get_config.

    >>> import konv
    >>> serialize_keras_object(konv.layers.Flatten())["class_name"]
    'Flatten'
    """
    return Writer().serialize(obj)


class Writer:
    """One pass over an object; a layer that is met twice gets a number, so that it is one layer again when read."""

    def __init__(self) -> None:
        self._configs: dict[int, dict[str, Any]] = {}
        self._shared = 0

    def serialize(self, item: Any) -> Any:  # noqa: C901 (one branch for each type)
        """The item as JSON can hold it."""
        if item is None or isinstance(item, (str, bool, int, float)):
            return item
        if isinstance(item, (list, tuple)):
            made = [self.serialize(value) for value in item]
            return tuple(made) if isinstance(item, tuple) else made
        if isinstance(item, Mapping):
            return {key: self.serialize(value) for key, value in item.items()}
        if isinstance(item, np.generic) or (isinstance(item, np.ndarray) and not item.ndim):
            return item.item()
        if isinstance(item, np.ndarray):
            return {"class_name": "__numpy__", "config": {"value": item.tolist(), "dtype": item.dtype.name}}
        if isinstance(item, slice):
            return {"class_name": "__slice__", "config": {
                key: self.serialize(getattr(item, key)) for key in ("start", "stop", "step")}}
        if item is Ellipsis:
            return {"class_name": "__ellipsis__", "config": {}}
        if isinstance(item, bytes):
            return {"class_name": "__bytes__", "config": {"value": item.decode("utf-8")}}
        if isinstance(item, Layer):
            return self._layer(item)
        if inspect.isclass(item):  # of a loss, a metric or an optimizer, of which compile makes one
            item = item()
        for module in REGISTRIES.values():
            if f"{type(item).__module__}.".startswith(f"{module.__name__}."):
                return self.serialize(module.serialize(item))
        return self._custom(item)

    def _layer(self, layer: Layer) -> dict[str, Any]:
        kind, module = class_name(layer), KERAS_MODULES.get(type(layer))
        made = {"module": module or type(layer).__module__, "class_name": kind, "config": self.config(layer),
                "registered_name": None if module and kind != "Functional" else get_registered_name(type(layer))
                if not module else kind}
        if isinstance(layer, Model):
            if layer.built:
                functional = not isinstance(layer, Sequential) and not layer.is_composed
                made["build_config"] = {"input_shape": None if functional else tree.transform(
                    lambda tensor: tensor.shape, layer.input)}
            made["compile_config"] = self.compile_config(layer)
        elif layer.built and kind in NOTE_SHAPE:
            shapes = [(None, *shape) for shape in layer.input_shapes]
            made["build_config"] = {"input_shape": shapes if layer.many_inputs else shapes[0]}
        first = self._configs.setdefault(id(layer), made)
        if first is not made:
            if "shared_object_id" not in first:
                self._shared += 1
                first["shared_object_id"] = self._shared
            made["shared_object_id"] = first["shared_object_id"]
        return made

    def config(self, layer: Layer) -> dict[str, Any]:
        """What `get_config` of this layer or model returns, all objects in it turned into dicts."""
        if layer.is_composed or not isinstance(layer, Model) or type(layer).get_config is not Model.get_config:
            return self.serialize(layer.get_config())
        return self.architecture(layer)

    def architecture(self, model: Model) -> dict[str, Any]:
        """The layers of a model and how they are wired."""
        return self._sequential(model) if isinstance(model, Sequential) else self._functional(model)

    def compile_config(self, model: Model) -> dict[str, Any]:
        """The arguments of `compile`; empty if the model has not been compiled."""
        return self.serialize(getattr(model, "compile_arguments", None) or {})

    def _custom(self, item: Any) -> dict[str, Any]:
        if inspect.isfunction(item) and item.__name__ != "<lambda>":  # a function is its name, whoever wrote it
            return {"module": "builtins", "class_name": "function", "config": get_registered_name(item),
                    "registered_name": "function"}
        get_config = getattr(item, "get_config", None)
        if get_config is None:
            raise KonvError(f"{item!r} cannot be written to a file; it needs a name and a method get_config")
        return {"module": type(item).__module__, "class_name": type(item).__name__,
                "config": self.serialize(get_config()), "registered_name": type(item).__name__}

    # --- models -----------------------------------------------------------------------------------

    def _sequential(self, model: Sequential) -> dict[str, Any]:
        chain = [model.inputs[0].layer, *model.layers] if model.built else model.layers
        config = Layer.get_config(model) | {"layers": [self._layer(layer) for layer in chain]}
        return config | {"build_input_shape": model.input_shape} if model.built else config

    def _functional(self, model: Model) -> dict[str, Any]:
        histories = _histories(model)
        calls: dict[int, list[Call]] = {}
        for call in _calls(model):
            calls.setdefault(id(call.layer), []).append(call)
        made = []
        for layer in model.operations:
            nodes = [self._node(call, histories) for call in calls[id(layer)] if call.inputs]
            config = self._layer(layer) if isinstance(layer, Layer) else self._operation(layer)
            config.update(name=layer.name, inbound_nodes=nodes)
            made.append(config)
        return {"name": model.name, "trainable": model.trainable, "layers": made,
                "input_layers": _structure(model.input, histories), "output_layers": _structure(model.output, histories)}

    def _operation(self, operation: Operation) -> dict[str, Any]:
        """A function of konv.ops that tensors went through."""
        return {"module": operation.module, "class_name": operation.class_name,
                "config": self.serialize({"name": operation.name} | operation.config),
                "registered_name": operation.class_name}

    def _node(self, call: Call, histories: dict[int, list[Any]]) -> dict[str, Any]:
        """One call of a layer."""
        def argument(value: Any) -> Any:
            if isinstance(value, Tensor):
                return {"class_name": "__keras_tensor__", "config": {
                    "shape": value.shape, "dtype": value.dtype, "keras_history": histories[id(value)]}}
            return self.serialize(value)

        kwargs: dict[str, Any] = dict(CALLED_WITH.get(class_name(call.layer), {}))
        if "mask" in kwargs:  # of several inputs there are several
            kwargs["mask"] = tree.transform(lambda _: None, call.args[0])
        return {"args": [tree.transform(argument, value) for value in call.args],
                "kwargs": kwargs | tree.transform(argument, call.kwargs)}


def first_call(layer: Any) -> int:
    """The number of the first call of a layer where inputs and outputs of a model are noted, unlike in what a layer reads.

    Keras counts there that a functional layer was called once when it was made.
    """
    return 1 if isinstance(layer, Model) and not isinstance(layer, Sequential) and not layer.is_composed else 0


def _calls(model: Model) -> list[Call]:
    """The calls in a functional model, those of each layer as they were made."""
    return sorted(dict.fromkeys(tensor.call for tensor in model._order), key=lambda call: call.number)


def _histories(model: Model) -> dict[int, list[Any]]:
    """For each tensor of a functional model: the name of its layer, which call of it within the model, which output."""
    counts: Counter[Any] = Counter()
    histories = {}
    for call in _calls(model):
        histories |= {id(tensor): [call.layer.name, counts[call.layer], output] for output, tensor in enumerate(call.outputs)}
        counts[call.layer] += 1
    return histories


def _structure(tensors: Any, histories: dict[int, list[Any]]) -> Any:
    def counted(tensor: Tensor) -> list[Any]:
        name, number, output = histories[id(tensor)]
        return [name, number + first_call(tensor.layer), output]

    return tree.transform(counted, tensors)
