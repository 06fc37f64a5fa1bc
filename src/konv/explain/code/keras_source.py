"""Layers and models as the lines of Keras that make them: the arguments that are not the default ones, and the weights."""

import inspect
import json
import keyword
import re
import unicodedata
from collections import Counter
from typing import Any

from konv.errors import UnsupportedError
from konv.layers.augmentation import RandomCrop
from konv.layers.base import Layer
from konv.layers.functions import Dot
from konv.layers.images import Resizing
from konv.layers.input import InputLayer
from konv.models import Model

# how a layer begins to learn is of no account to what it computes
LEFT_OUT = ("name", "trainable", "dtype", "activity_regularizer", "quantization_config", "renorm_clipping", "renorm_momentum")
LEARNING = ("_initializer", "_regularizer", "_constraint")


def identifier(name: str) -> str:
    """A name as Python takes it.

    >>> identifier("conv 2d/a"), identifier("1st"), identifier("for"), identifier("합성곱 1")
    ('conv_2d_a', '_1st', 'for_', '합성곱_1')
    """
    made = "".join(letter if f"_{letter}".isidentifier() else "_" for letter in unicodedata.normalize("NFKC", name)) or "_"
    made = made if made.isidentifier() else f"_{made}"
    return f"{made}_" if keyword.iskeyword(made) or made in RESERVED else made


RESERVED = ("np", "torch", "F", "keras", "layers", "x", "weights", "windows", "mean", "variance", "groups", "rows", "columns",
            "model", "layer", "full", "inside", "kernels", "len", "abs", "zip", "sums", "i", "j")


def plain(text: str) -> str:
    """What may stand in a comment: a name out of a file must not end the line."""
    return re.sub(r"[^\w .,()<>+-]", "_", text)


def keras_layer(layer: Layer, function: str, heading: str) -> tuple[str, dict[str, Any]]:
    """The source, and the weights by the names of its arguments."""
    made = constructor(layer)
    names = [identifier(variable.name) for variable in layer.weights]
    inputs = ["x"] if len(layer.input_shapes) == 1 else [f"x{number}" for number in range(1, len(layer.input_shapes) + 1)]
    given = inputs[0] if len(inputs) == 1 else f"[{', '.join(inputs)}]"
    lines = ["import keras", "", "", f"def {function}({', '.join([*inputs, *names])}):", f"    # {heading}",
             f"    layer = keras.{made}"]
    if names:
        lines += [f"    layer.build({inputs[0]}.shape)", f"    layer.set_weights([{', '.join(names)}])"]
    lines.append(f"    return layer({given}{_inference(layer)})")
    return "\n".join(lines) + "\n", dict(zip(names, layer.get_weights(), strict=True))


def keras_model(model: Model, function: str, heading: str) -> tuple[str, dict[str, Any]]:
    """The same for a model: its layers are called one after the other, and take their weights together."""
    if model.is_composed:
        raise UnsupportedError(f'{model.title}: its call is Python of its own; there is code for "numpy" and "torch"')
    names: dict[int, str] = {}
    taken: set[str] = set()
    lines: list[str] = []
    made: dict[int, str] = {}

    def name_of(wanted: str) -> str:
        name, number = wanted, 1
        while name in taken:
            name, number = f"{wanted}_{number}", number + 1
        taken.add(name)
        return name

    calls = list(_calls(model))
    often = Counter(id(tensor.layer) for tensor, _ in calls)
    for tensor, sources in calls:
        layer = tensor.layer
        name = names[id(tensor)] = name_of(identifier(layer.name))
        if not sources:
            lines.append(f"{name} = keras.Input({tuple(tensor.shape[1:])})")
            continue
        given = names[sources[0]] if len(sources) == 1 else f"[{', '.join(names[source] for source in sources)}]"
        if often[id(layer)] > 1 and id(layer) not in made:
            made[id(layer)] = name_of(f"{identifier(layer.name)}_layer")
            lines.append(f"{made[id(layer)]} = keras.{constructor(layer)}")
        lines.append(f"{name} = {made.get(id(layer)) or f'keras.{constructor(layer)}'}({given})")
    inputs, outputs = ([names[id(tensor)] for tensor in tensors] for tensors in (model.inputs, model.outputs))
    listed = ["[" + ", ".join(one) + "]" if len(one) > 1 else one[0] for one in (inputs, outputs)]
    called = [f"x{number}" for number in range(1, len(inputs) + 1)] if len(inputs) > 1 else ["x"]
    given = f"[{', '.join(called)}]" if len(called) > 1 else "x"
    text = ["import keras", "", "", f"def {function}({', '.join([*called, 'weights'])}):", f"    # {heading}",
            *(f"    {line}" for line in lines), f"    model = keras.Model({listed[0]}, {listed[1]})",
            "    model.set_weights(list(weights.values()))", f"    return model({given}, training=False)"]
    weights = {variable.key: array for variable, array in zip(model.weights, model.get_weights(), strict=True)}
    return "\n".join(text) + "\n", weights


def _calls(model: Model) -> list[tuple[Any, tuple[int, ...]]]:
    """Every call of a layer with the ids of the tensors it reads."""
    made = []
    for tensor in model._order:
        if isinstance(tensor.layer, Model) or not isinstance(tensor.layer, Layer):
            what = tensor.layer.title if isinstance(tensor.layer, Layer) else type(tensor.layer).__name__
            raise UnsupportedError(f'{model.title}: {what} inside of it is not a layer of Keras by itself; there is code for '
                                   f'"numpy" and "torch"')
        made.append((tensor, tuple(id(source) for source in tensor.inputs)))
    return made


def constructor(layer: Layer) -> str:
    """layers.Conv2D(8, (3, 3), activation='relu')

    >>> import konv
    >>> constructor(konv.layers.Conv2D(8, 3, activation="relu"))
    'layers.Conv2D(8, (3, 3), activation="relu")'
    """
    traced = layer.is_composed and not isinstance(layer, Dot)  # which Keras has under the same arguments
    if traced or type(layer) is not layer.builtin or isinstance(layer, InputLayer):
        raise UnsupportedError(f'{layer.title}: is not a layer of Keras, so there is no such code for it; there is for '
                               f'"numpy" and "torch"')
    if isinstance(layer, RandomCrop):  # which in Keras leaves images as they are in inference
        layer = Resizing(layer.height, layer.width, crop_to_aspect_ratio=True, data_format=layer.data_format)
    config, arguments = layer.get_config(), []
    for name, parameter in inspect.signature(type(layer).__init__).parameters.items():
        if name not in config or name in LEFT_OUT or name.endswith(LEARNING):
            continue
        if parameter.default is inspect.Parameter.empty:
            arguments.append(source_of(config[name]))
        elif not _is_default(name, config[name], parameter.default):
            arguments.append(f"{name}={source_of(config[name])}")
    return f"layers.{type(layer).__name__}({', '.join(arguments)})"


def _is_default(name: str, value: Any, default: Any) -> bool:
    if name == "data_format" and default is None:
        return value == "channels_last"
    if name == "activation" and default is None:
        return value == "linear"
    pair = (default,) * len(value) if isinstance(value, tuple) and isinstance(default, int) else default
    return value in (default, pair)


def source_of(value: Any) -> str:
    """A value as source, strings in double quotes; what is made of other things has none."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=not value.isprintable())
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, (tuple, list)):
        inner = ", ".join(map(source_of, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
    raise UnsupportedError(f"{value!r} has no short form in source")


def _inference(layer: Layer) -> str:
    """Layers that do something else in training are told not to; a crop is another layer here, see `constructor`."""
    modal = any(node.op.modal for node in layer.graph(*layer.input_shapes).nodes)
    return ", training=False" if modal and not isinstance(layer, RandomCrop) else ""
