"""clone_model: a model of the same layers with new weights."""

from collections.abc import Callable
from typing import Any

from konv.errors import KonvError
from konv.layers.base import Layer
from konv.layers.input import Input, InputLayer
from konv.models.model import Model
from konv.models.sequential import Sequential
from konv.tracing import tree
from konv.tracing.tensors import Tensor


def clone_model(model: Any, input_tensors: Any = None, clone_function: Callable[[Layer], Layer] | None = None,
                call_function: Callable[..., Any] | None = None, recursive: bool = False) -> Any:
    """A model of the same layers, each made anew, with new weights; the arguments are those of keras.models.clone_model.

    >>> import konv
    >>> model = konv.Sequential([konv.Input((3,)), konv.layers.Dense(2)])
    >>> clone_model(model).layers[0] is model.layers[0]
    False
    """
    if not isinstance(model, Model):
        raise KonvError(f"clone_model: expected a model, got {model!r}")
    if model.is_composed:
        if clone_function or input_tensors or call_function:
            raise KonvError(f"clone_model: {model.title} has a call of its own, so its layers cannot be exchanged; leave out "
                            f"clone_function, call_function and input_tensors")
        return type(model).from_config(model.get_config())
    clones: dict[int, Layer] = {}

    def clone(layer: Layer) -> Layer:
        if id(layer) not in clones:
            if recursive and isinstance(layer, Model) and not layer.is_composed:
                called = None if isinstance(layer, Sequential) else call_function
                made = clone_model(layer, None, clone_function, called, True)
            else:
                made = clone_function(layer) if clone_function else type(layer).from_config(layer.get_config())
            clones[id(layer)] = made
        return clones[id(layer)]

    if isinstance(model, Sequential):
        if call_function is not None:
            raise KonvError("clone_model: call_function is for functional models; the layers of a Sequential are not called")
        made = _sequential(model, clone, input_tensors)
    else:
        made = _functional(model, clone, input_tensors, call_function)
    if model.compiled:
        made.compile_from_config(model.get_compile_config())
    return made


def _sequential(model: Sequential, clone: Callable[[Layer], Layer], input_tensors: Any) -> Model:
    layers = [clone(layer) for layer in model.layers]
    given = tree.flatten(input_tensors) if input_tensors is not None else []
    if len(given) > 1 or not all(isinstance(tensor, Tensor) for tensor in given):
        raise KonvError(f"clone_model: input_tensors must be one symbolic tensor, got {input_tensors!r}")
    if model.built:
        source = model.inputs[0]
        first = given[0] if given and isinstance(given[0].layer, InputLayer) else Input(
            batch_shape=source.shape, dtype=source.dtype, name=source.name)
        layers = [first, *layers]  # type: ignore[list-item]
    made = Sequential(layers, name=model.name, trainable=model.trainable)
    return made


def _functional(model: Model, clone: Callable[[Layer], Layer], input_tensors: Any, call_function: Any) -> Model:
    """The calls of the model, done again on new inputs."""
    if input_tensors is None:
        input_tensors = tree.transform(
            lambda tensor: Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name), model.input)
    given = tree.flatten(input_tensors)
    if len(given) != len(model.inputs) or not all(isinstance(tensor, Tensor) for tensor in given):
        raise KonvError(f"clone_model: input_tensors must be {len(model.inputs)} symbolic tensors, got {input_tensors!r}")
    made = dict(zip(map(id, model.inputs), given, strict=True))

    def current(leaf: Any) -> Any:
        return made[id(leaf)] if isinstance(leaf, Tensor) else leaf

    for tensor in model._order:
        if id(tensor) in made:
            continue
        call = tensor.call
        args, kwargs = tree.transform(current, (call.args, call.kwargs))
        layer = clone(call.layer) if isinstance(call.layer, Layer) else call.layer
        result = call_function(layer, *args, **kwargs) if call_function else layer(*args, **kwargs)
        made |= dict(zip(map(id, call.outputs), tree.flatten(result), strict=True))
    outputs = tree.transform(lambda tensor: made[id(tensor)], model.output)
    return Model(input_tensors, outputs, name=model.name)
