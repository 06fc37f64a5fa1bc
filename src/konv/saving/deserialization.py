"""The dicts of config.json back to layers, models, losses, metrics and optimizers.

Only classes of the tables of konv and of the caller's own `custom_objects` are ever made. No name in a file is
imported, no code in a file is run, and no weight is made that the file could not fill.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from konv import losses, metrics, ops
from konv.custom_objects import known_objects
from konv.errors import FileError, KonvError, UnsupportedError
from konv.hints import hint
from konv.layers.base import Layer
from konv.layers.input import InputLayer
from konv.models import Model, Sequential
from konv.registry import snake_case
from konv.saving.serialization import LAYERS, MODELS, NOT_HEEDED, REGISTRIES, first_call
from konv.tracing import tree
from konv.tracing.tensors import Tensor

# Classes of Keras whose configs hold programs.
CODE = frozenset(("__lambda__", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer"))
MAX_WEIGHTS = 1 << 33  # for a config without a file: 34 GB
MAX_LAYERS = 10_000  # ResNet-1001 has 5,000
MAX_INSIDE = 4  # layers as activations of each other: each is traced anew for the one around it
MAX_STATES = 1 << 26  # elements that the metrics of a model count with together
SLACK = 1 << 20  # weights beyond those of the file: a model that does not fit its file gets as far as a better message

Key = tuple[str, int]  # name of a layer, number of its call
Arguments = tuple[tuple, dict[str, Any]]


@dataclass(frozen=True)
class Reference:
    """A tensor in a file: the name of its layer, the number of the call, which output of it."""

    history: Any


def deserialize_keras_object(config: Any, custom_objects: Mapping[str, Any] | None = None,
                             safe_mode: bool = True) -> Any:
    """The object of a dict that `serialize_keras_object` made.

    Args:
        custom_objects: classes and functions by the names that the dict has for them, where konv does not know them.
    Raises:
        FileError: the dict says what no class takes.
        UnsupportedError: it names a class that konv does not know.

    >>> import konv
    >>> config = konv.saving.serialize_keras_object(konv.layers.Dense(3))
    >>> deserialize_keras_object(config).units
    3
    """
    return Loader(custom_objects).deserialize(config)


class Loader:
    """One pass over a config. `weights` bounds how many weights its layers may have together."""

    def __init__(self, custom_objects: Mapping[str, Any] | None = None, weights: int = MAX_WEIGHTS) -> None:
        self.custom = known_objects(custom_objects)
        self.limit, self.left, self.states = weights, weights + SLACK, MAX_STATES
        self._made = self._inside = 0
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
        if name == "__slice__":
            return slice(*(self.deserialize(config["config"][key]) for key in ("start", "stop", "step")))
        if name in PLAIN:
            return PLAIN[name](config["config"])
        if module in REGISTRIES and name not in self.custom:
            self._charge_states(config["config"])
            return REGISTRIES[module].deserialize(config, self.custom)
        return self.layer(config)

    def _charge_states(self, config: Any) -> None:
        """Refuse metrics that would count with more numbers than any real one, before they make them."""
        self._count()
        if isinstance(config, Mapping):
            many, classes, labels = (size if isinstance(size := config.get(key), int) else 1
                                     for key in ("num_thresholds", "num_classes", "num_labels"))
            self.states -= max(many, 1) * max(labels, 1) + classes * classes
            if self.states < 0:
                raise FileError(f"its metrics would count with more than {MAX_STATES:,} numbers")

    def _count(self) -> None:
        self._made += 1
        if self._made > MAX_LAYERS:
            raise FileError(f"the model has more than {MAX_LAYERS:,} layers, losses and metrics")

    def compile(self, model: Model, config: Any) -> None:
        """Compile a model with what `get_compile_config` gave, and make the optimizer's state if the model is built."""
        with within("compile_config", ""):
            if not isinstance(config, Mapping):
                raise FileError(f"compile_config must be an object of arguments of compile, got {config!r:.80}")
            model.compile(**self.deserialize(config))
            if model.built and model.optimizer is not None:
                model.optimizer.build(model.trainable_variables)

    def _function(self, config: Mapping[str, Any]) -> Any:
        """The function of that name, the caller's own or one of konv; else the name, of which `compile` complains."""
        name, registered = config["config"], config.get("registered_name")
        if not isinstance(name, str):
            raise ConfigError(f"a function must be a name, got {name!r:.80}")
        if registered not in (None, "", "function", name) and registered not in self.custom:
            raise FileError(f"the function {name!r:.80} is registered as {registered!r:.80}, which it is not")
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
        self._count()
        arguments = config.get("config")
        if not isinstance(arguments, Mapping):
            raise ConfigError(f"the config of {config['class_name']} must be an object, got {arguments!r:.80}")
        found = self._class(config)
        with within(config["class_name"], arguments.get("name")):
            made = (self.model(found, arguments) if found in MODELS.values()
                    else found.from_config(self._arguments(arguments)))
            shape = (config.get("build_config") or {}).get("input_shape")
            if isinstance(made, Model) and made.is_composed and not made.built and shape:
                made.build(shape)
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
        if registered not in (None, "", name):
            raise FileError(f"the class {name!r} of Keras is registered as {registered!r:.80}, which it is not")
        if name not in table:
            instead = hint("konv.layers", name) or f"it knows {', '.join(sorted(table))}"
            raise UnsupportedError(f"holds a layer of the class {name!r}, which konv does not know; {instead}")
        return table[name]

    def _arguments(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a layer; the registries turn its dicts into objects, here only the caller's own come in."""
        return {key: self._argument(value) if key.endswith(_TAKES_CUSTOM) else value for key, value in config.items()}

    def _argument(self, value: Any) -> Any:
        """The caller's own object if the value names one, else the value."""
        name = value
        if isinstance(value, Mapping):
            if value.get("module") == "keras.layers":  # a layer as an activation
                if self._inside == MAX_INSIDE:
                    raise FileError(f"more than {MAX_INSIDE} layers are the activations of each other")
                self._inside += 1
                made = self.layer(value)
                self._inside -= 1
                return made
            name = value.get("config" if value.get("class_name") == "function" else "class_name")
        if not isinstance(name, str) or name not in self.custom:
            return value
        return self.layer(value) if isinstance(value, Mapping) and name != value.get("config") else self.custom[name]

    # --- models -----------------------------------------------------------------------------------

    def model(self, kind: type, config: Mapping[str, Any]) -> Any:
        """A Sequential or functional model from what its `get_config` returned."""
        if not isinstance(config, Mapping) or not isinstance(config.get("layers"), list):
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
            if not isinstance(config.get(key), (list, tuple, dict)):
                raise FileError(f"{key} is missing or not a list")
        tensors = self._wire(config["layers"])
        inputs, outputs = (_structure(config[key], tensors) for key in ("input_layers", "output_layers"))
        rest = {key: value for key, value in config.items() if key not in _FUNCTIONAL_KEYS}
        return kind(inputs=inputs, outputs=outputs, **rest)

    def _wire(self, configs: list[Any]) -> dict[Key, list[Tensor]]:
        """Make all layers and call them as the config says: each call after the calls that it reads from."""
        layers: dict[str, Any] = {}
        calls: dict[Key, Arguments] = {}
        made: dict[Key, list[Tensor]] = {}
        for config in configs:
            layer = self._layer_or_function(config)
            name, nodes = config.get("name", getattr(layer, "name", "")), config.get("inbound_nodes") or []
            if name in layers:
                raise FileError(f"two layers are named {name!r}")
            layers[name] = layer
            if isinstance(layer, InputLayer):
                made[name, 0] = [layer.output]
            calls.update({(name, number): _arguments(name, node, not isinstance(layer, Layer) or layer.is_composed)
                          for number, node in enumerate(nodes)})
        for key in _sorted_calls(calls, made.keys()):
            args, kwargs = tree.transform(lambda leaf: _made(leaf, made) if isinstance(leaf, Reference) else leaf, calls[key])
            made[key] = tree.flatten(self._call(key[0], layers[key[0]], args, kwargs))
        return {(name, number + first_call(layers[name])): outputs for (name, number), outputs in made.items()}

    def _layer_or_function(self, config: Any) -> Any:
        """A layer; or the function of konv.ops, with its options, that Keras wrote as an operation."""
        module = config.get("module") if isinstance(config, Mapping) else None
        if not isinstance(module, str) or not module.startswith("keras.src.ops.") or config.get("class_name") in self.custom:
            return self.layer(config)
        name, options = config.get("class_name"), config.get("config")
        if not isinstance(name, str) or not isinstance(options, Mapping):
            raise FileError(f"expected an operation of keras.ops, got {config!r:.80}")
        function = RENAMED.get(name, snake_case(name))
        if function not in ops.__all__:
            raise UnsupportedError(f"holds the operation {name!r} of keras.ops, which konv does not know")
        return partial(getattr(ops, function), **{key: _argument(value, name) for key, value in options.items()
                                    if key != "name" and value is not None})

    def _call(self, name: str, layer: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        tensors = [leaf for leaf in tree.flatten((args, kwargs)) if isinstance(leaf, Tensor)]
        if isinstance(layer, Layer):
            self._charge(layer, *(tensor.sample for tensor in tensors))
            return layer(*args, **kwargs)
        with within("operation", name):
            output = layer(*args, **kwargs)
        output.layer.name = name
        return output

    def _charge(self, layer: Layer, *shapes: Any) -> None:
        """Refuse a layer that would make more weights than the file has numbers for, before it makes them."""
        if layer.built or isinstance(layer, Model) or layer.is_composed:
            return
        graph = layer.graph(*shapes)
        wanted = sum(node.op.parameters(*graph.input_shapes(index)) for index, node in enumerate(graph.nodes))
        self.left -= wanted
        if self.left < 0:
            raise FileError(f"{layer.title} would have {wanted:,} weights, but the file holds {self.limit:,} numbers")


class ConfigError(FileError, TypeError):
    """A config of another type than its class takes; a TypeError, as in Keras."""


_TAKES_CUSTOM = ("activation", "function", "_initializer", "_regularizer", "_constraint")
RENAMED = {"GetItem": "get_item", "TrueDivide": "true_divide"}  # other operations have the name of their class in small letters
_FUNCTIONAL_KEYS = frozenset(("layers", "input_layers", "output_layers"))


@contextmanager
def within(kind: str, name: Any) -> Iterator[None]:
    """Say which layer of the file a complaint is about, and turn a wrong type in it into a FileError."""
    title = f'{kind} "{name}"' if name else kind
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


def _slice(config: Mapping[str, Any]) -> slice:
    ends = [config.get(key) for key in ("start", "stop", "step")]
    if not all(end is None or isinstance(end, int) for end in ends):
        raise FileError(f"a slice must have integers, got {config!r:.80}")
    return slice(*ends)


# What is no object of a class: how its config is read.
PLAIN: dict[str, Callable[[Any], Any]] = {
    "__numpy__": _array, "__tensor__": _array, "__ellipsis__": lambda config: Ellipsis, "__slice__": _slice,
    "__bytes__": lambda config: str(config["value"]).encode()}


def _arguments(name: str, node: Any, any_of_them: bool) -> Arguments:
    """What one call was given; a layer of konv takes its inputs and `training`."""
    if not isinstance(node, Mapping) or not isinstance(node.get("args"), list):
        raise FileError(f"the calls of {name!r} must have args and kwargs, as Keras 3 writes them, got {node!r:.80}")
    args = tuple(_argument(value, name) for value in node["args"])
    given = {key: _argument(value, name) for key, value in (node.get("kwargs") or {}).items()}
    if all(leaf is None for leaf in tree.flatten(given.get("mask"))):  # of several inputs there are several
        given |= {"mask": None} if "mask" in given else {}
    kwargs = {key: value for key, value in given.items() if value is not None or (any_of_them and key not in NOT_HEEDED)}
    if not any_of_them:
        extra = [f"{key}={value!r:.40}" for key, value in kwargs.items()
                 if key not in NOT_HEEDED or not isinstance(value, bool)]
        extra += [f"{value!r:.40}" for value in args[1:] if value is not None]
        args = args[:1]
        if extra or not args or not all(isinstance(leaf, Reference) for leaf in tree.flatten(args)):
            raise UnsupportedError(f"{name!r} is called with {', '.join(extra) or repr(args)[:80] if args else 'nothing'}; "
                                   f"konv calls layers with their inputs alone")
    return args, kwargs


def _argument(value: Any, name: str, depth: int = 0) -> Any:
    """An argument of a call; tensors as references."""
    if depth > 20:
        raise FileError(f"the arguments of {name!r} are nested too deeply")
    if isinstance(value, (list, tuple)):
        return [_argument(item, name, depth + 1) for item in value]
    if not isinstance(value, Mapping):
        return value
    kind, config = value.get("class_name"), value.get("config")
    if kind is None:
        return {key: _argument(item, name, depth + 1) for key, item in value.items()}
    if not isinstance(config, Mapping):
        raise FileError(f"an argument of {name!r} is not one of Keras: {value!r:.80}")
    if kind == "__keras_tensor__":
        return _reference(config.get("keras_history"), f"an input of {name!r}")
    if kind in PLAIN:
        return PLAIN[kind](config)
    raise UnsupportedError(f"{name!r} is called with an object of the class {kind!r:.40}")


def _reference(value: Any, what: str) -> Reference:
    """A tensor by the name of its layer, the number of the call and that of the output."""
    kinds = (str, int, int)
    if not isinstance(value, list) or len(value) != 3 or not all(map(isinstance, value, kinds)):
        raise FileError(f"{what} must be [layer, call, output], got {value!r:.80}")
    return Reference(tuple(value))


def _made(reference: Reference, made: Mapping[Key, list[Tensor]]) -> Tensor:
    name, call, output = reference.history
    if not 0 <= output < len(made[name, call]):
        raise FileError(f"output {output} of {name!r} is read, which has {len(made[name, call])}")
    return made[name, call][output]


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
            sources = [leaf.history[:2] for leaf in tree.flatten(calls[key]) if isinstance(leaf, Reference)]
            if key[1] > 0:  # the calls of a layer are made in the order of their numbers
                sources.append((key[0], key[1] - 1))
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


def _structure(noted: Any, made: Mapping[Key, list[Tensor]]) -> Any:
    """A tensor, or a list, tuple or dict of tensors."""
    if isinstance(noted, Mapping):
        return {key: _structure(item, made) for key, item in noted.items()}
    if isinstance(noted, (list, tuple)) and noted and not isinstance(noted[0], str):
        return type(noted)([_structure(item, made) for item in noted])
    reference = _reference(noted, "an input or output of the model")
    if reference.history[:2] not in made:
        raise FileError(f"{noted!r} is not the output of a layer of the model")
    return _made(reference, made)
