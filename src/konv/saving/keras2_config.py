"""The configs of Keras 2 in the dialect of Keras 3, which the loader reads: nothing is made here, only rewritten."""

from collections.abc import Mapping
from typing import Any

from konv.errors import FileError, UnsupportedError
from konv.saving.reader import MAX_JSON_DEPTH

MODELS = ("Sequential", "Functional", "Model")
# Arguments of Keras 2 that Keras 3 has no more, and the values of those that change nothing. None: any value.
_UNREAD: dict[str, Any] = {"fused": None, "virtual_batch_size": (None,), "adjustment": (None,), "renorm": (False,),
                           "renorm_clipping": (None,), "renorm_momentum": None, "sparse": (False,), "ragged": (False,)}
_OF_BASE = ("filters", "groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint")  # of a class above
_UNREAD_BY_KIND = {"DepthwiseConv2D": _OF_BASE, "DepthwiseConv1D": _OF_BASE, "SeparableConv2D": _OF_BASE[1:],
                   "SeparableConv1D": _OF_BASE[1:], "Conv2DTranspose": ("groups",), "Conv1DTranspose": ("groups",)}
_RENAMED = {"LeakyReLU": {"alpha": "negative_slope"}}


def modern_model(config: Mapping[str, Any]) -> dict[str, Any]:
    """What model_config says, as config.json of Keras 3 would."""
    if config.get("class_name") not in MODELS:
        raise UnsupportedError(f"holds a model of the class {config.get('class_name')!r:.80}; "
                               f"konv reads {', '.join(MODELS)}")
    return _layer(config, 0)


def _layer(config: Any, depth: int) -> dict[str, Any]:
    if not isinstance(config, Mapping) or not isinstance(config.get("class_name"), str) or depth > MAX_JSON_DEPTH:
        raise FileError(f"expected the config of a layer, got {config!r:.80}")
    kind, arguments = config["class_name"], config.get("config")
    if isinstance(arguments, list) and kind == "Sequential":  # before Keras 2.2.3
        arguments = {"layers": arguments}
    if not isinstance(arguments, Mapping):
        raise FileError(f"the config of {kind} must be an object, got {arguments!r:.80}")
    made = {"module": "keras.layers", "registered_name": None} | dict(config)
    if kind in MODELS:
        made["config"] = _sequential(arguments, depth) if kind == "Sequential" else _functional(arguments, depth)
    else:
        made["config"] = _arguments(kind, arguments)
    return made


def _arguments(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    renamed, unread = _RENAMED.get(kind, {}), _UNREAD_BY_KIND.get(kind, ())
    made: dict[str, Any] = {}
    for key, value in config.items():
        if key == "batch_input_shape":
            if kind == "InputLayer":
                made["batch_shape"] = value
        elif key in _UNREAD:
            if _UNREAD[key] is not None and value not in _UNREAD[key]:
                raise UnsupportedError(f"{kind} {config.get('name')!r:.80}: {key}={value!r:.40} is not supported")
        elif key not in unread:
            made[renamed.get(key, key)] = _value(key, value)
    if kind == "InputLayer":
        made.pop("trainable", None)
    if kind == "BatchNormalization" and isinstance(axis := made.get("axis"), list) and len(axis) == 1:
        made["axis"] = axis[0]
    return made


def _value(key: str, value: Any) -> Any:
    """Initializers without what Keras 3 does not take; a policy of types by its name."""
    if not isinstance(value, Mapping) or not isinstance(inner := value.get("config"), Mapping):
        return value
    if key == "dtype":
        return inner.get("name", value)
    if key.endswith("_initializer"):
        inner = {name: item for name, item in inner.items() if name != "dtype"}
        if inner.get("distribution") == "normal":
            inner["distribution"] = "truncated_normal"
        return dict(value) | {"config": inner}
    return value


def _sequential(config: Mapping[str, Any], depth: int) -> dict[str, Any]:
    layers = config.get("layers")
    if not isinstance(layers, list):
        raise FileError("the list of layers is missing")
    made = dict(config) | {"layers": [_layer(layer, depth + 1) for layer in layers]}
    first = layers[0] if layers and isinstance(layers[0], Mapping) else {}
    shape = first.get("config", {}).get("batch_input_shape") if isinstance(first.get("config"), Mapping) else None
    if shape is not None:
        made["build_input_shape"] = shape
    return made


def _functional(config: Mapping[str, Any], depth: int) -> dict[str, Any]:
    layers = config.get("layers")
    if not isinstance(layers, list):
        raise FileError("the list of layers is missing")
    made = [_layer(layer, depth + 1) for layer in layers]
    ends = [reference for key in ("input_layers", "output_layers") for reference in _references(config.get(key))]
    # what one call reads; calls in the manner of Keras 3 stay as they are
    read = [reference for layer in made for node in _list(layer.get("inbound_nodes", [])) if not isinstance(node, Mapping)
            for reference in _references(node)]
    # where inputs and outputs of a model are noted, Keras 3 counts that first call, and elsewhere it does not
    calls = {str(layer.get("name")): -_first(layer, read + ends) for layer in made}
    noted = {str(layer.get("name")): layer["class_name"] in ("Functional", "Model") for layer in made}
    noted = {name: calls[name] + counted for name, counted in noted.items()}
    for layer in made:
        layer["inbound_nodes"] = [_node(node, calls) for node in _list(layer.get("inbound_nodes", []))]
    return dict(config) | {"layers": made} | {key: _noted(config[key], noted) for key in ("input_layers", "output_layers")}


def _first(layer: Mapping[str, Any], references: list[Any]) -> int:
    """The number of a layer's first call: 1 of a functional model, which was called once when it was made, in Keras 2 also of
    a Sequential one whose input was known."""
    if layer["class_name"] not in MODELS:
        return 0
    return 0 if any(reference[:2] == [layer.get("name"), 0] for reference in references) else 1


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise FileError(f"expected a list of calls, got {value!r:.80}")
    return value


def _references(value: Any) -> list[list[Any]]:
    """Tensors as [layer, call, output, ...]: one of them, a list or, of Keras 3, a dict."""
    if isinstance(value, Mapping):
        value = list(value.values())
    listed = [value] if isinstance(value, list) and value and isinstance(value[0], str) else _list(value)
    for one in listed:
        if not isinstance(one, list) or len(one) < 3 or not all(map(isinstance, one[:3], (str, int, int))):
            raise FileError(f"a tensor must be [layer, call, output], got {one!r:.80}")
    return listed


def _shifted(reference: list[Any], shifts: Mapping[str, int]) -> list[Any]:
    return [reference[0], reference[1] + shifts.get(reference[0], 0), reference[2]]


def _noted(value: Any, shifts: Mapping[str, int]) -> Any:
    """Inputs or outputs with the numbers of calls as Keras 3 counts them."""
    shifted = [_shifted(reference, shifts) for reference in _references(value)]
    if isinstance(value, Mapping):
        return dict(zip(value, shifted, strict=True))
    return shifted[0] if len(shifted) == 1 else shifted


def _node(node: Any, shifts: Mapping[str, int]) -> Any:
    """[[layer, call, output, arguments], ...] as the arguments of a call of Keras 3."""
    if isinstance(node, Mapping):
        return node
    references = _references(node)
    tensors = [{"class_name": "__keras_tensor__", "config": {"keras_history": _shifted(one, shifts)}} for one in references]
    given = [one[3] for one in references if len(one) > 3 and isinstance(one[3], Mapping) and one[3]]
    return {"args": [tensors] if len(tensors) > 1 else tensors, "kwargs": dict(given[0]) if given else {}}


# --- what compile() was given -------------------------------------------------------------------------


def modern_compile(config: Mapping[str, Any]) -> dict[str, Any]:
    """What training_config says, as the compile_config of Keras 3."""
    made = {key: _object(config.get(key), module) for key, module in (
        ("loss", "keras.losses"), ("metrics", "keras.metrics"), ("weighted_metrics", "keras.metrics"))}
    optimizer = config.get("optimizer_config")
    if not isinstance(optimizer, Mapping) or not isinstance(optimizer.get("config"), Mapping):
        raise FileError(f"training_config names no optimizer, got {optimizer!r:.80}")
    arguments = dict(optimizer["config"])
    rate = arguments.pop("lr", arguments.get("learning_rate", 0.001))
    if decay := arguments.pop("decay", 0.0):
        rate = {"module": "keras.optimizers.schedules", "registered_name": None, "class_name": "InverseTimeDecay",
                "config": {"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay}}
    for key in ("is_legacy_optimizer", "jit_compile"):
        arguments.pop(key, None)
    made["optimizer"] = {"module": "keras.optimizers", "registered_name": None, "class_name": optimizer.get("class_name"),
                         "config": arguments | {"learning_rate": rate}}
    return made | {"loss_weights": config.get("loss_weights")}


def _object(value: Any, module: str) -> Any:
    if isinstance(value, list):
        return [_object(item, module) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "class_name" not in value:
        return {key: _object(item, module) for key, item in value.items()}
    inner = dict(value["config"]) if isinstance(value.get("config"), Mapping) else value.get("config")
    if value["class_name"] == "MeanMetricWrapper" and isinstance(inner, dict):
        return inner.get("name")
    if isinstance(inner, dict):
        inner.pop("fn", None)
        if inner.get("reduction") == "auto":
            inner["reduction"] = "sum_over_batch_size"
    return {"module": module, "registered_name": None} | dict(value) | {"config": inner}
