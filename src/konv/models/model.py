"""Models: layers wired together, as one graph that the engine runs."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from konv.arrays import to_array
from konv.callbacks import History
from konv.errors import KonvError, ReservedNameError, ShapeError, UnsupportedError, naming, plural
from konv.ir.graph import Graph, GraphBuilder
from konv.ir.ops import Input as InputOp
from konv.ir.ops import Op, Shape, describe
from konv.late import late
from konv.layers import parse
from konv.layers.base import Entered, Layer, as_inputs, check_call, only_training
from konv.layers.input import InputLayer
from konv.models.cutting import cut
from konv.registry import auto_name, snake_case
from konv.tracing import lowering, tree
from konv.tracing import traced_layer as traced
from konv.tracing.state import Arguments, move
from konv.tracing.tensors import Call, Tensor
from konv.training import Trainer
from konv.training.batches import arrays_of, matches, require_batch
from konv.training.fit_arguments import named

OWN_LOOPS = ("train_step", "test_step", "predict_step", "compute_loss", "compute_metrics", "compute_output_spec")
GRAPHS = 64  # of as many image sizes; those of earlier ones are made again when they come back


class TrainerAttribute:
    """An attribute of a model that its trainer keeps."""

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, model: Any, owner: type | None = None) -> Any:
        return self if model is None else getattr(model._trainer, self.name)

    def __set__(self, model: Any, value: Any) -> None:
        setattr(model._trainer, self.name, value)


class Model(Layer, builtin=True):
    """Everything between symbolic inputs and outputs.

    >>> import konv
    >>> x = konv.Input((8, 8, 1))
    >>> m = konv.Model(x, konv.layers.Conv2D(4, 3)(x))
    >>> m.output_shape
    (None, 6, 6, 4)
    """

    unwritten = ("inputs", "outputs")
    _order: Sequence[Tensor] = ()  # all tensors of the graph, each after those that it is made of
    _operations: Sequence[Any] = ()

    def __init__(self, inputs: Any = None, outputs: Any = None, name: str | None = None, **kwargs: Any) -> None:
        if self.is_composed and outputs is None:
            super().__init__(name=name if name is not None or inputs is None else inputs, **kwargs)
            self._graphs: dict[tuple, Graph] = {}
            return
        if inputs is None or outputs is None:
            raise KonvError("Model: give inputs= and outputs=, use Sequential, or write a subclass with call(self, inputs)")
        super().__init__(name=name or auto_name("functional" if type(self) is Model else snake_case(type(self).__name__)),
                         **kwargs)
        wire(self, inputs, outputs)

    def __init_subclass__(cls, builtin: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(builtin, **kwargs)
        own = [name for name in OWN_LOOPS if name in vars(cls)]
        if own:
            raise UnsupportedError(f"{cls.__name__}: a {own[0]} of one's own is not supported; give the model a `call`, and "
                                   f"compile() a loss, metrics and an optimizer")

    @property
    def operations(self) -> list[Any]:
        """The layers, and the functions of konv.ops that tensors went through, in their order."""
        return self.layers if self.is_composed else list(self._operations)

    @property
    def layers(self) -> list[Layer]:
        """The layers in the order of the graph, or in which a model with a `call` set them as attributes."""
        return list(self.sublayers)

    @layers.setter
    def layers(self, value: Any) -> None:
        raise ReservedNameError(f"{self.title}: the attribute layers is the list of layers that konv keeps; use another name")

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of that name or place.

        >>> import konv
        >>> konv.Sequential([konv.layers.Dense(3, name="head")]).get_layer("head").units
        3
        """
        if index is not None and name is None:
            if not -len(self.layers) <= index < len(self.layers):
                raise KonvError(f"{self.title}: has {plural(len(self.layers), 'layer')}, none at index {index}")
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KonvError(f'{self.title}: no layer named {name!r}; there are: {", ".join(x.name for x in self.layers)}')

    # --- the graph --------------------------------------------------------------------------------

    def lower_call(self, builder: GraphBuilder, inputs: tuple[int, ...], call: Call | None = None) -> list[int]:
        """Append all layers to a graph; a model inside a model is its layers."""
        if self.is_composed:
            return traced.lower_trace(self, builder, inputs, call and (call.args, call.kwargs))
        require_built(self)
        return lowering.lower(self._order, self.inputs, self.outputs, builder, inputs)

    def graph(self, *shapes: Shape, training: bool = False) -> Graph:
        """The whole network for inputs of these unbatched shapes (default: the declared ones)."""
        require_built(self)
        shapes = shapes or self.input_shapes
        training = training and self.is_modal
        key = (*shapes, training, *((layer.path, layer.trainable) for layer in _flattened(self.sublayers)))
        if key not in self._graphs:
            builder = GraphBuilder(training=training)
            places = tuple(builder.add(InputOp(shape), (), tensor.name)
                           for tensor, shape in zip(self.inputs, shapes, strict=True))
            try:
                outputs = self.lower_call(builder, places)
            except ShapeError as error:
                if shapes == self.input_shapes:
                    raise
                raise ShapeError(f"{self.title}: was made for an input of {_described(self.input_shapes)}, "
                                 f"got {_described(shapes)}: {error}") from None
            while len(self._graphs) >= GRAPHS:  # another thread may do the same at this moment
                self._graphs.pop(list(self._graphs)[0], None)  # noqa: RUF015 (an iterator would notice the other thread)
            self._graphs[key] = builder.graph(*outputs)
        return self._graphs[key]

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        raise KonvError(f"{self.title}: a model is a graph of layers, not a chain of operations; see graph()")

    def make_weights(self, *shapes: Shape) -> None:
        """A model has those of its layers."""

    def build(self, input_shape: Any = None, *others: Any) -> None:
        """Make the weights of a model with a `call` of its own, for inputs of these shapes, batch axis first."""
        if not self.is_composed or self.built:
            return
        if input_shape is None:
            raise KonvError(f"{self.title}: build needs the shape of the input, batch axis first")
        nested = [_unbatched(shape) for shape in (input_shape, *others)]
        leaves = [leaf for shape in nested for leaf in tree.flatten(shape)]
        self._tracing.called = tree.transform(lambda _: traced.Placeholder(), tuple(nested)), {}
        self.build_for(*(leaf.shape for leaf in leaves))

    def build_for(self, *shapes: Shape) -> None:
        """A functional model is built when it is made; this checks the number of inputs."""
        if self.is_composed:
            super().build_for(*shapes)
        elif len(shapes) != len(self.inputs):
            raise KonvError(f"{self.title}: takes {plural(len(self.inputs), 'input')}, got {len(shapes)}")

    def after_build(self) -> None:
        """The inputs and outputs of a model with a `call`, for shapes and names."""
        if not self.is_composed:
            return
        if not self._tracing.ready:
            raise KonvError(f"{type(self).__name__}: call super().__init__() first")
        called = self._tracing.called = self._tracing.called or ((traced.Placeholder(),), {})
        trace = traced.trace(self, self.input_shapes, False)
        self.inputs, self.outputs, self._order = trace.inputs, trace.outputs, trace.order
        arguments = tree.pack(called, self.inputs)[0]
        self.input, self.output = arguments[0] if len(arguments) == 1 else arguments, trace.result
        _require_names(self)

    def build_from_data(self, x: Any) -> None:
        """Make the weights for the shapes of the data, where that has not been done."""
        if not self.built:
            self.build_for(*(array.shape[1:] for array in arrays_of(x, _names_of_inputs(self, x), "x")))

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs, or the keys of the dict that they are."""
        if not self.built:
            return ["input"]
        if self.is_composed or isinstance(self.input, Mapping):
            return _names(self.input, "input", len(self.inputs))
        return [tensor.name for tensor in self.inputs]

    @property
    def output_names(self) -> list[str]:
        """The names of the layers that give the outputs, or the keys of the dict that they are."""
        if not self.built:
            return [self.layers[-1].name if self.layers and not self.is_composed else "output"]
        if self.is_composed or isinstance(self.output, Mapping):
            return _names(self.output, "output", len(self.outputs))
        return [tensor.name for tensor in self.outputs]

    def packed(self, outputs: Sequence[np.ndarray]) -> Any:
        """Outputs in the form in which the model was given them: one, a list, or a dict."""
        return outputs[0] if isinstance(self.output, Tensor) else tree.pack(self.output, outputs)

    def fitted(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The arrays with as many axes as the inputs; as in Keras a last axis of size 1 may be missing or too many."""
        if len(arrays) != len(self.inputs):
            raise KonvError(f"{self.title}: takes {plural(len(self.inputs), 'input')}, got {len(arrays)}")
        return [_fitted(array, tensor.shape) for array, tensor in zip(arrays, self.inputs, strict=True)]

    def _enter(self, inputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any], training: Any) -> Entered:
        if self.is_composed or not self.built:
            return super()._enter(inputs, args, kwargs, training)
        training = only_training(self, args, kwargs, training)
        values = _arranged(self, inputs)
        check_call(self, values, training)
        if not any(isinstance(value, Tensor) for value in values):
            values = self.fitted([to_array(value, self.title) for value in values])
            with naming(self.title):
                for array, tensor in zip(values, self.inputs, strict=True):
                    require_batch(array, tensor.name, tensor.sample)
        return Entered(values, ((inputs,), {}), training)

    def _graph_of_call(self, shapes: tuple[Shape, ...], arguments: Arguments, training: bool | None,
                       symbolic: bool) -> tuple[Graph, Any]:
        if self.is_composed:
            return super()._graph_of_call(shapes, arguments, training, symbolic)
        self.build_for(*shapes)
        return self.graph(*shapes, training=bool(training) and not symbolic), self.output

    # --- shapes and weights -----------------------------------------------------------------------

    @property
    def input_shape(self) -> Any:
        """The shape of the input, batch axis first; a list of several."""
        require_built(self)
        return _one([tensor.shape for tensor in self.inputs])

    @property
    def output_shape(self) -> Any:
        """The shape of the output, batch axis first; a list of several."""
        require_built(self)
        return _one([tensor.shape for tensor in self.outputs])

    def compute_output_shape(self, *shapes: Any) -> Any:
        graph = self.graph(*(tuple(shape)[1:] for shape in shapes))
        return _one([(shapes[0][0], *graph.nodes[index].shape) for index in graph.outputs])

    def count_params(self) -> int:
        require_built(self)
        return sum(variable.size for variable in self.weights)

    # --- training ---------------------------------------------------------------------------------

    compiled = TrainerAttribute("Whether `compile` has been called.")
    optimizer = TrainerAttribute("The optimizer, None before `compile`.")
    loss = TrainerAttribute("What `compile` was given as loss.")
    compile_arguments = TrainerAttribute("All that `compile` was given, None before it.")
    steps_per_execution = TrainerAttribute("How many batches make one call of the callbacks.")
    history = TrainerAttribute("The History of the last `fit`.")
    stop_training = TrainerAttribute("Set it in a callback to end `fit` after this batch and epoch.")
    stop_evaluating = TrainerAttribute("Set it in a callback to end `evaluate` after this batch.")
    stop_predicting = TrainerAttribute("Set it in a callback to end `predict` after this batch.")

    @cached_property
    def _trainer(self) -> Trainer:
        return Trainer(self)

    @named
    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, loss_weights: Any = None, metrics: Any = None,
                weighted_metrics: Any = None, run_eagerly: bool = False, steps_per_execution: int = 1,
                jit_compile: bool | str = "auto", auto_scale_loss: bool = True) -> None:
        """Choose optimizer, loss and metrics. Layers that are frozen are so from here on.

        Args:
            optimizer: an optimizer or its name; None for a model that is only evaluated.
            loss: a loss, its name or a function of (y_true, y_pred); for several outputs a list, or a dict by output name.
            loss_weights: a factor for the loss of each output, as a list or a dict by output name.
            metrics: a list of metrics, names or functions; for several outputs a list or dict of lists.
            weighted_metrics: the same, for metrics that take sample_weight and class_weight into account.
            run_eagerly: decides nothing: konv runs its compiled kernels in any case.
            steps_per_execution: how many batches make one call of the callbacks.
            jit_compile: decides nothing.
            auto_scale_loss: decides nothing: konv computes in float32.
        Raises:
            KonvError: an argument that is not what it should be; the model stays as it was.

        >>> import konv
        >>> model = konv.Sequential([konv.layers.Dense(3, activation="softmax", input_shape=(4,))])
        >>> model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        >>> model.metrics_names
        ['loss', 'compile_metrics']
        """
        self._trainer.compile(optimizer, loss, loss_weights, metrics, weighted_metrics, run_eagerly, steps_per_execution,
                              jit_compile, auto_scale_loss)

    @named
    def fit(self, x: Any = None, y: Any = None, batch_size: int | None = None, epochs: int = 1, verbose: str | int = "auto",
            callbacks: Any = None, validation_split: float = 0.0, validation_data: Any = None, shuffle: bool | str = True,
            class_weight: Mapping[int, float] | None = None, sample_weight: Any = None, initial_epoch: int = 0,
            steps_per_epoch: int | None = None, validation_steps: int | None = None,
            validation_batch_size: int | None = None, validation_freq: int | Sequence[int] = 1) -> History:
        """Train for a number of epochs; the History has the loss and metrics of every epoch.

        Args:
            x: an array (N, ...), a list or dict of them for several inputs, or an iterable of batches (x, y) or
                (x, y, sample_weight).
            y: targets (N, ...), a list or dict of them for several outputs.
            batch_size: samples in one step; 32 unless given.
            epochs: the number of the last epoch, counted from 1.
            verbose: 0 for silence, 1 or "auto" for a progress bar, 2 for a line per epoch.
            callbacks: callbacks, in the order in which they are called.
            validation_split: the part of the samples, from the end, that is kept for validation.
            validation_data: (x, y) or (x, y, sample_weight), or an iterable of batches.
            shuffle: whether each epoch has the samples in another order; "batch" only within each batch.
            class_weight: a dict from class number to weight, for a model of one output.
            sample_weight: a weight for each sample; for several outputs a list or dict of arrays.
            initial_epoch: the epoch to begin with, counted from 0.
            steps_per_epoch: batches in an epoch; the next epoch goes on where it ended.
            validation_steps: batches in a validation.
            validation_batch_size: samples in a batch of the validation; batch_size unless given.
            validation_freq: every how many epochs to validate, or a list of epochs, counted from 1.
        Raises:
            KonvError: the model is not compiled, or an argument is not what it should be.
            ShapeError: an array that does not fit the inputs, the outputs or the other arrays.

        >>> import konv
        >>> konv.utils.set_random_seed(0)
        >>> model = konv.Sequential([konv.layers.Dense(1, input_shape=(2,))])
        >>> model.compile("sgd", "mse")
        >>> x = np.eye(2, dtype="float32")
        >>> sorted(model.fit(x, x[:, :1], epochs=2, verbose=0).history)
        ['loss']
        """
        return self._trainer.fit(x, y, batch_size, epochs, verbose, callbacks, validation_split, validation_data, shuffle,
                                 class_weight, sample_weight, initial_epoch, steps_per_epoch, validation_steps,
                                 validation_batch_size, validation_freq)

    @named
    def evaluate(self, x: Any = None, y: Any = None, batch_size: int | None = None, verbose: str | int = "auto",
                 sample_weight: Any = None, steps: int | None = None, callbacks: Any = None,
                 return_dict: bool = False) -> Any:
        """Loss and metrics on data, in inference mode: one value, a list, or a dict with return_dict=True.

        Args:
            x, y, batch_size, verbose, sample_weight, callbacks: as in `fit`.
            steps: how many batches to take.
            return_dict: whether to give the values by name.
        Raises:
            KonvError: the model is not compiled, or an argument is not what it should be.
        """
        return self._trainer.evaluate(x, y, batch_size, verbose, sample_weight, steps, callbacks, return_dict)

    @named
    def predict(self, x: Any, batch_size: int | None = None, verbose: str | int = "auto", steps: int | None = None,
                callbacks: Any = None) -> Any:
        """The outputs for all samples, in inference mode: an array, or a list or dict of arrays for several outputs.

        Args:
            x, batch_size, verbose, callbacks: as in `fit`; of batches (x, y) only x is taken.
            steps: how many batches to take.
        Raises:
            ShapeError: an array that does not fit the inputs.

        >>> import konv
        >>> model = konv.Sequential([konv.layers.Flatten(input_shape=(2, 2))])
        >>> model.predict(np.zeros((3, 2, 2)), verbose=0).shape
        (3, 4)
        """
        return self._trainer.predict(x, batch_size, verbose, steps, callbacks)

    @named
    def train_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None,
                       class_weight: Mapping[int, float] | None = None, return_dict: bool = False) -> Any:
        """One step on one batch; loss and metrics of this batch alone: one value, a list, or a dict."""
        return self._trainer.train_on_batch(x, y, sample_weight, class_weight, return_dict)

    @named
    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Loss and metrics of one batch, in inference mode: one value, a list, or a dict."""
        return self._trainer.test_on_batch(x, y, sample_weight, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch of samples, in inference mode; the quickest for a few samples."""
        return self._trainer.predict_on_batch(x)

    @property
    def metrics(self) -> list[Any]:
        """The running loss, the compiled metrics, and the losses of single outputs; none before `compile`."""
        return self._trainer.metrics

    @property
    def metrics_names(self) -> list[str]:
        """The names of the metrics."""
        return [metric.name for metric in self.metrics]

    def reset_metrics(self) -> None:
        """Let all metrics begin anew."""
        self._trainer.reset_metrics()

    def get_metrics_result(self) -> dict[str, Any]:
        """The current loss and metrics by name."""
        return self._trainer.get_metrics_result()

    # --- doors to the stages on the right ---------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The architecture as Keras writes it: all layers with their arguments, and how they are wired."""
        return super().get_config() if self.is_composed else late("Writer")().architecture(self)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> "Model":
        """A new, untrained model of the architecture that `get_config` gave."""
        if cls.is_composed:
            return cls(**config)
        return late("Loader")(custom_objects).model(cls, config)

    def to_json(self, **kwargs: Any) -> str:
        """The architecture and the arguments of `compile` as text; `konv.models.model_from_json` reads it."""
        import json

        return json.dumps(late("serialize_keras_object")(self), **kwargs)

    def get_compile_config(self) -> dict[str, Any]:
        """The arguments of `compile` as Keras writes them; empty if the model has not been compiled."""
        return late("Writer")().compile_config(self)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile with what `get_compile_config` gave."""
        late("compile_from_config")(self, config)

    def save(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Write architecture, weights and optimizer state to a `.keras` file, atomically."""
        late("save_model")(self, filepath, overwrite=overwrite, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return late("reduced")(self)

    def export(self, filepath: Any, format: str | None = None, **kwargs: Any) -> None:
        """Write the model for inference elsewhere: an `.onnx` file for any number of samples (extra `onnx`)."""
        late("export_model")(self, filepath, format, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None) -> None:
        """Write the weights to a `.weights.h5` file, atomically; with `max_shard_size` (GB) to several and `.weights.json`."""
        late("save_weights")(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Read the weights from a `.weights.h5` or `.keras` file; nothing changes when they do not fit."""
        late("load_weights")(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def summary(self, line_length: int | None = None, positions: Sequence[float] | None = None, print_fn: Any = None,
                expand_nested: bool = False, show_trainable: bool = False, layer_range: Sequence[str] | None = None,
                style: str = "keras3") -> None:
        """Print the table of layers, output shapes and parameters; style="classic" is that of Keras 2."""
        late("print_summary")(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range, style)

    def explain(self, lang: str | None = None, style: str = "full", format: str = "text") -> str:
        """The arithmetic of every layer with the numbers filled in, in English ("en") or Korean ("ko"): all of it or one line a
        layer (style="terse"), as text, "markdown" or "latex"."""
        return late("explain")(self, lang, style, format)


def wire(model: Model, inputs: Any, outputs: Any) -> None:
    """Let a model take over the part of the symbolic graph between inputs and outputs."""
    inputs, outputs = _bare(inputs), _bare(outputs)
    sources, sinks = lowering.tensors(inputs, model.title), lowering.tensors(outputs, model.title)
    if not all(isinstance(tensor.layer, InputLayer) for tensor in sources):
        sources, sinks = cut(sources, sinks, model.title)
        inputs, outputs = tree.pack(inputs, sources), tree.pack(outputs, sinks)
    order = lowering.topological(sources, sinks, model.title)
    model._operations = list(dict.fromkeys(lowering.by_depth(order, sources, sinks)))
    if not model.is_composed:
        model._tracing.sublayers = {layer: None for layer in model._operations if isinstance(layer, Layer)}
    _require_names(model)
    model.inputs, model.outputs, model._order = sources, sinks, order
    model.input, model.output = inputs, outputs
    model._graphs = {}
    model.built, model.input_shapes = True, tuple(tensor.sample for tensor in sources)
    model.is_modal = model.is_composed or any(getattr(tensor.layer, "is_modal", False) for tensor in order)


def require_built(model: Model) -> None:
    """KonvError for a model whose input shape is not known yet."""
    if not model.built:
        raise KonvError(f"{model.title}: the input shape is not known yet; give the first layer input_shape=, "
                        f"call build(), or fit the model on data")


def _names_of_inputs(model: Model, x: Any) -> list[str]:
    """Names for the inputs of a model that is not built yet, from the first data."""
    if not model.is_composed or not tree.is_nest(x):
        return ["input"]
    sources = as_inputs(x) if not isinstance(x, Mapping) else tuple(x[key] for key in sorted(x))
    if len(sources) == 1 and not isinstance(x, Mapping):
        return ["input"]
    packed = tree.pack(x, [traced.Placeholder() for _ in sources])
    model._tracing.called = (packed,), {}
    return _names(packed, "input", len(sources))


def _require_names(model: Model) -> None:
    """KonvError where two layers have one name; layers of one path get another."""
    by_name: dict[str, Layer] = {}
    for layer in model.sublayers if not model.is_composed else ():
        if by_name.setdefault(layer.name, layer) is not layer:
            raise KonvError(f'{model.title}: two layers are named "{layer.name}"; give one of them another name=')
    by_path: dict[str, Layer] = {}
    for layer in _flattened(model.sublayers):  # models side by side may have layers of the same names
        number, path = 0, layer.path
        while by_path.setdefault(path, layer) is not layer:
            number += 1
            path = f"{layer.path}_{number}"
        move(layer, path)


def _arranged(model: Model, inputs: Any) -> Sequence[Any]:
    """What a functional model is called on, in the order of its inputs."""
    if not isinstance(inputs, Mapping):
        return as_inputs(inputs)
    if tree.is_nest(model.input) and tree.same_structure(inputs, model.input):
        return tree.flatten(inputs)
    names = model.input_names if all(name in inputs for name in model.input_names) else [t.name for t in model.inputs]
    if missing := [name for name in names if name not in inputs]:
        raise KonvError(f"{model.title}: the inputs are {', '.join(names)}; there is no {missing[0]}")
    return [inputs[name] for name in names]


def _flattened(layers: Iterable[Layer]) -> list[Layer]:
    """The layers and those inside them, each once."""
    found: dict[Layer, None] = {}
    for layer in layers:
        found[layer] = None
        found |= dict.fromkeys(_flattened(layer.sublayers))
    return list(found)


def _described(shapes: Sequence[Shape]) -> str:
    return " and ".join(map(describe, shapes))


def _fitted(array: np.ndarray, shape: tuple[int | None, ...]) -> np.ndarray:
    if not array.ndim:
        return array
    if shape[-1] == 1 and matches(array.shape[1:], shape[1:-1]):
        return array[..., None]
    if array.shape[-1] == 1 and matches(array.shape[1:-1], shape[1:]):
        return array[..., 0]
    return array


def _bare(value: Any) -> Any:
    """A list of one tensor is that tensor, as in Keras."""
    return value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value


class _Whole:
    """A shape as one thing, not a list of sizes."""

    def __init__(self, shape: Sequence[int | None]) -> None:
        self.shape = parse.sizes(tuple(shape)[1:], "input_shape")


def _unbatched(shape: Any) -> Any:
    """The shapes in a nest of them, without the batch."""
    if isinstance(shape, Mapping):
        return {key: _unbatched(value) for key, value in shape.items()}
    if shape and isinstance(shape[0], (list, tuple, dict)):
        return [_unbatched(value) for value in shape]
    return _Whole(shape)


def _names(nest: Any, prefix: str, count: int) -> list[str]:
    """The keys of a dict of tensors; else numbered names."""
    if isinstance(nest, Mapping) and len(nest) == count:
        return [str(key) for key in sorted(nest)]
    return [prefix] if count == 1 else [f"{prefix}_{number}" for number in range(count)]


def _one(values: list) -> Any:
    return values[0] if len(values) == 1 else values
