"""The dicts of config.json back to layers, models, losses, metrics and optimizers.

Only classes of the tables of konv and of the caller's own `custom_objects` are ever made. No name in a file is
imported, no code in a file is run, and no weight is made that the file could not fill.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from konv import losses, metrics
from konv.errors import FileError, KonvError, UnsupportedError
from konv.layers.base import InputLayer, Layer, Tensor
from konv.models import Model, Sequential
from konv.saving.serialization import LAYERS, MODELS, NOT_HEEDED, REGISTRIES, first_call

# Classes of Keras whose configs hold programs.
CODE = frozenset(("Lambda", "__lambda__", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer"))
MAX_WEIGHTS = 1 << 33  # for a config without a file: 34 GB
MAX_LAYERS = 10_000  # ResNet-1001 has 5,000
SLACK = 1 << 20  # weights beyond those of the file: a model that does not fit its file gets as far as a better message

Key = tuple[str, int]  # name of a layer, number of its call


def deserialize_keras_object(config: Any, custom_objects: Mapping[str, Any] | None = None,
                             safe_mode: bool = True) -> Any:
    """The object of a dict that `serialize_keras_object` made; `custom_objects` maps further names to classes.

    >>> import konv
    >>> config = konv.saving.serialize_keras_object(konv.layers.Dense(3))
    >>> deserialize_keras_object(config).units
    3
    """
    return Loader(custom_objects).deserialize(config)


class Loader:
    """One pass over a config. `weights` bounds how many weights its layers may have together."""

    def __init__(self, custom_objects: Mapping[str, Any] | None = None, weights: int = MAX_WEIGHTS):
        self.custom = dict(custom_objects or {})
        self.limit, self.left = weights, weights + SLACK
        self._made = 0
        self._shared: dict[int, Layer] = {}

    def deserialize(self, config: Any) -> Any:
        """The object of a dict with class_name and config; lists and other dicts go through item by item."""
        if isinstance(config, (list, tuple)):
            return [self.deserialize(item) for item in config]
        if isinstance(config, str):
            return self.custom.get(config, config)
        if not isinstance(config, Mapping):
            return config
        if "class_name" not in config or "config" not in config:
            return {key: self.deserialize(value) for key, value in config.items()}
        name, module = config["class_name"], config.get("module")
        if not isinstance(name, str) or not isinstance(module, (str, type(None))):
            raise FileError(f"class_name and module must be text, got {name!r:.80} and {module!r:.80}")
        if name == "function":
            return self._function(config)
        if name == "__numpy__":
            return _array(config["config"])
        if module in REGISTRIES and name not in self.custom:
            return REGISTRIES[module].deserialize(config, self.custom)
        return self.layer(config)

    def _function(self, config: Mapping[str, Any]) -> Any:
        """The function of that name, the caller's own or one of konv; else the name, of which `compile` complains."""
        name = config["config"]
        if not isinstance(name, str):
            raise FileError(f"a function must be a name, got {name!r:.80}")
        if name in self.custom:
            return self.custom[name]
        for module in (losses, metrics):
            with suppress(KonvError):
                return module.deserialize(config)
        return name

    # --- layers -----------------------------------------------------------------------------------

    def layer(self, config: Any) -> Any:
        """A layer or a model, its weights made but not read; or an object of a custom class."""
        if not isinstance(config, Mapping) or not isinstance(config.get("class_name"), str):
            raise FileError(f"expected the config of a layer, got {config!r:.80}")
        number = config.get("shared_object_id")
        if isinstance(number, int) and number in self._shared:
            return self._shared[number]
        self._made += 1
        if self._made > MAX_LAYERS:
            raise FileError(f"the model has more than {MAX_LAYERS:,} layers")
        found, arguments = self._class(config), config.get("config")
        if not isinstance(arguments, Mapping):
            raise FileError(f"the config of {config['class_name']} must be an object, got {arguments!r:.80}")
        with _within(config["class_name"], arguments.get("name")):
            made = (self.model(found, arguments) if found in MODELS.values()
                    else found.from_config(self._arguments(arguments)))
        if isinstance(number, int) and isinstance(made, Layer):
            self._shared[number] = made
        return made

    def _class(self, config: Mapping[str, Any]) -> Any:
        """The class that a config names, from the tables alone."""
        name, registered, module = config["class_name"], config.get("registered_name"), str(config.get("module"))
        for key in (registered, name):
            if isinstance(key, str) and key in self.custom:
                return self.custom[key]
        if name in CODE:
            raise UnsupportedError(f"holds a program (class {name!r}); konv never runs one, with safe_mode or without")
        table = LAYERS | MODELS
        if module.split(".")[0] != "keras":
            raise UnsupportedError(f"holds an object of the class {name!r} from {module!r}; "
                                   f"pass custom_objects={{{registered or name!r}: ...}}")
        if name not in table:
            raise UnsupportedError(f"holds a layer of the class {name!r}, which konv does not know; "
                                   f"it knows {', '.join(sorted(table))}")
        return table[name]

    def _arguments(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a layer; the registries turn its dicts into objects, here only the caller's own come in."""
        if not self.custom:
            return dict(config)
        return {key: self._argument(value) if key.endswith(_TAKES_CUSTOM) else value for key, value in config.items()}

    def _argument(self, value: Any) -> Any:
        """The caller's own object if the value names one, else the value."""
        name = value
        if isinstance(value, Mapping):
            name = value.get("config" if value.get("class_name") == "function" else "class_name")
        if not isinstance(name, str) or name not in self.custom:
            return value
        return self.layer(value) if isinstance(value, Mapping) and name != value.get("config") else self.custom[name]

    # --- models -----------------------------------------------------------------------------------

    def model(self, kind: type, config: Mapping[str, Any]) -> Any:
        """A Sequential or functional model from what its `get_config` returned."""
        if not isinstance(config.get("layers"), list):
            raise FileError("the list of layers is missing")
        return self._sequential(kind, config) if issubclass(kind, Sequential) else self._functional(kind, config)

    def _sequential(self, kind: type[Sequential], config: Mapping[str, Any]) -> Sequential:
        chain = [self.layer(item) for item in config["layers"]]
        declared = config.get("build_input_shape")
        if declared is not None and chain and not isinstance(chain[0], InputLayer):
            chain.insert(0, InputLayer(batch_shape=declared))
        if chain and isinstance(chain[0], InputLayer):
            shape = chain[0].output.shape
            for layer in chain[1:]:
                self._charge(layer, shape[1:])
                shape = layer.compute_output_shape(shape)
        return kind(chain, name=config.get("name"))

    def _functional(self, kind: type[Model], config: Mapping[str, Any]) -> Model:
        for key in ("input_layers", "output_layers"):
            if not isinstance(config.get(key), list):
                raise FileError(f"{key} is missing or not a list")
        tensors = self._wire(config["layers"])
        inputs, outputs = (_structure(config[key], tensors) for key in ("input_layers", "output_layers"))
        rest = {key: value for key, value in config.items() if key not in _FUNCTIONAL_KEYS}
        return kind(inputs=inputs, outputs=outputs, **rest)

    def _wire(self, configs: list[Any]) -> dict[Key, Tensor]:
        """Make all layers and call them as the config says: each call after the calls that it reads from."""
        layers: dict[str, Layer] = {}
        calls: dict[Key, Any] = {}
        tensors: dict[Key, Tensor] = {}
        for config in configs:
            layer = self.layer(config)
            name, nodes = config.get("name", layer.name), config.get("inbound_nodes") or []
            if name in layers:
                raise FileError(f"two layers are named {name!r}")
            layers[name] = layer
            if isinstance(layer, InputLayer):
                tensors[name, 0] = layer.output
            calls.update({(name, number): _sources(name, node) for number, node in enumerate(nodes, first_call(layer))})
        for key in _sorted_calls(calls, tensors.keys()):
            sources = calls[key]
            given = [tensors[source] for source in sources] if isinstance(sources, list) else tensors[sources]
            tensors[key] = self._call(layers[key[0]], given)
        return tensors

    def _call(self, layer: Layer, given: Any) -> Tensor:
        self._charge(layer, *(tensor.shape[1:] for tensor in (given if isinstance(given, list) else [given])))
        output = layer(given)
        assert isinstance(output, Tensor)
        return output

    def _charge(self, layer: Layer, *shapes: Any) -> None:
        """Refuse a layer that would make more weights than the file has numbers for, before it makes them."""
        if layer.built or isinstance(layer, Model):
            return
        graph = layer.graph(*shapes)
        wanted = sum(node.op.parameters(*graph.input_shapes(index)) for index, node in enumerate(graph.nodes))
        self.left -= wanted
        if self.left < 0:
            raise FileError(f"{layer.title} would have {wanted:,} weights, but the file holds {self.limit:,} numbers")


_TAKES_CUSTOM = ("activation", "_initializer", "_regularizer", "_constraint")
_FUNCTIONAL_KEYS = frozenset(("layers", "input_layers", "output_layers"))


@contextmanager
def _within(kind: str, name: Any) -> Iterator[None]:
    """Say which layer of the file a complaint is about, and turn a wrong type in it into a FileError."""
    title = f'{kind} "{name}"'
    try:
        yield
    except KonvError:
        raise
    except Exception as error:  # a value of a wrong type fails anywhere, and a class of the caller as it likes
        raise FileError(f"{title}: {type(error).__name__}: {error}") from error


def _array(config: Any) -> np.ndarray:
    """An array that was written as lists; no larger than its text."""
    dtype = np.dtype(config["dtype"])
    if dtype.kind not in "fiub":
        raise FileError(f"an array of dtype {dtype} is not an array of numbers")
    return np.array(config["value"], dtype=dtype)


def _sources(name: str, node: Any) -> Key | list[Key]:
    """The calls that one call of a layer reads from: one, or a list."""
    if not isinstance(node, Mapping) or not isinstance(node.get("args"), list):
        raise FileError(f"the calls of {name!r} must have args and kwargs, as Keras 3 writes them, got {node!r:.80}")
    extra = [f"{key}={value!r:.40}" for key, value in (node.get("kwargs") or {}).items()
             if value is not None and not (key in NOT_HEEDED and isinstance(value, bool))]
    extra += [f"{value!r:.40}" for value in node["args"][1:] if value is not None]
    if extra or not node["args"]:
        raise UnsupportedError(f"{name!r} is called with {', '.join(extra) or 'nothing'}; "
                               f"konv calls layers with their inputs alone")
    first = node["args"][0]
    return [_source(name, item) for item in first] if isinstance(first, list) else _source(name, first)


def _source(name: str, item: Any) -> Key:
    good = isinstance(item, Mapping) and item.get("class_name") == "__keras_tensor__"
    return _key(item["config"].get("keras_history") if good else item, f"an input of {name!r}")


def _key(place: Any, what: str) -> Key:
    """A tensor by the name of its layer and the number of the call; konv's layers have one output."""
    kinds = (str, int, int)
    if not isinstance(place, list) or len(place) != 3 or not all(map(isinstance, place, kinds)):
        raise FileError(f"{what} must be [layer, call, output], got {place!r:.80}")
    if place[2]:
        raise UnsupportedError(f"{what} is output {place[2]} of {place[0]!r}; "
                               f"layers with several outputs are not supported yet")
    return place[0], place[1]


def _sorted_calls(calls: Mapping[Key, Any], ready: Any) -> list[Key]:
    """The calls in an order in which each finds what it reads. No recursion: a hostile file may be deep."""
    order: list[Key] = []
    done, entered = set(ready), set()
    for start in calls:
        stack = [start]
        while stack:
            key = stack[-1]
            if key in done:
                stack.pop()
                continue
            if key not in calls:
                raise FileError(f"call {key[1]} of layer {key[0]!r} is read from, but it does not exist")
            sources = calls[key] if isinstance(calls[key], list) else [calls[key]]
            if waiting := [source for source in sources if source not in done]:
                if key in entered:
                    raise FileError(f"layer {key[0]!r} reads from its own output")
                entered.add(key)
                stack.extend(waiting)
            else:
                done.add(key)
                order.append(key)
                stack.pop()
    return order


def _structure(places: list[Any], tensors: Mapping[Key, Tensor]) -> Any:
    """A tensor, or a list of tensors."""
    if places and isinstance(places[0], str):
        if (key := _key(places, "an input or output of the model")) not in tensors:
            raise FileError(f"{places!r} is not the output of a layer of the model")
        return tensors[key]
    return [_structure(place, tensors) for place in places if isinstance(place, list)]
