"""Data in whatever form it comes, as batches that the engine takes: float32 inputs, targets, weights."""

import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from math import ceil, floor
from typing import Any, NamedTuple

import numpy as np

from konv.arrays import to_array
from konv.data.pydataset import in_order
from konv.data.unpack import unpack_x_y_sample_weight
from konv.errors import KonvError, ShapeError, warn
from konv.ir.ops import Shape, describe
from konv.training.trainable import Trainable

Array = np.ndarray
FLOAT32 = np.dtype(np.float32)


class Batch(NamedTuple):
    """Samples along the first axis: one array per input, per output, and weights per output."""

    inputs: list[Array]
    targets: list[Array] | None = None
    weights: list[Array] | None = None


def parse_batch(model: Trainable, x: Any, y: Any = None, sample_weight: Any = None,
                class_weight: Mapping[int, float] | None = None) -> Batch:
    """Arrays of equal length, checked against what the model takes."""
    given = arrays_of(x, model.input_names, "x")
    inputs = model.fitted(given)
    for array, name, shape, came in zip(inputs, model.input_names, model.input_shapes, given, strict=True):
        check_input(array, name, shape, came.shape)
    targets = None if y is None else arrays_of(y, model.output_names, "y")
    weights = _sample_weights(targets, sample_weight, class_weight, model.output_names)
    arrays = {"x": inputs, "y": targets or [], "sample_weight": weights or []}
    if len({len(array) for several in arrays.values() for array in several}) > 1:
        raise ShapeError("all arrays must have the same number of samples, got "
                         + ", ".join(f"{argument}: {len(several[0])}" for argument, several in arrays.items() if several))
    if len(inputs[0]) == 0:
        raise KonvError("x holds no samples")
    return Batch(inputs, targets, weights)


def _sample_weights(targets: list[Array] | None, sample_weight: Any, class_weight: Any,
                    names: Sequence[str]) -> list[Array] | None:
    """One array of weights for each output, or None."""
    if class_weight is not None:
        if sample_weight is not None:
            raise KonvError("class_weight and sample_weight cannot be given at the same time")
        if targets is None or len(targets) != 1:
            raise KonvError("class_weight needs y and a model of one output")
        return [class_weights(targets[0], class_weight)]
    if sample_weight is None:
        return None
    one_for_all = not isinstance(sample_weight, (list, tuple, dict)) or len(names) == 1
    if not one_for_all and isinstance(sample_weight, (list, tuple)) and targets and len(sample_weight) == len(targets):
        sample_weight = [np.ones(len(target)) if weight is None else weight
                         for weight, target in zip(sample_weight, targets, strict=True)]
    weights = arrays_of(sample_weight, names[:1] if one_for_all else names, "sample_weight")
    weights = [weight.astype(np.float32, copy=False) for weight in weights]
    return weights * len(names) if one_for_all else weights


def matches(given: Sequence[int], shape: Shape) -> bool:
    """Whether sizes are those of a shape, of which some may be open."""
    return len(given) == len(shape) and all(size in (None, one) for size, one in zip(shape, given, strict=True))


def check_input(array: Array, name: str, shape: Shape, given: tuple[int, ...]) -> None:
    """ShapeError with a remedy where the samples do not have the shape that the input declares; `given` is what came."""
    if matches(array.shape[1:], shape):
        return
    require_batch(array, name, shape)
    hint = ""
    if matches(given[1:], shape[:-1]):
        hint = f"; its channel axis, of size {shape[-1]}, is missing"
    elif matches(given[1:], shape[1:]) and shape[0] == 1:
        hint = ": the channel axis is missing; use x[:, None]"
    raise ShapeError(f'x: the input "{name}" takes arrays of shape {describe(shape)}, got {given}{hint}')


def require_batch(array: Array, name: str, shape: Shape) -> None:
    """ShapeError for one sample without a batch axis."""
    hint = ""
    if matches(array.shape, shape):
        hint = "a batch axis is missing; use x[None]"
    elif shape and shape[-1] == 1 and len(shape) > 1 and matches(array.shape, shape[:-1]):
        hint = "the batch and the channel axis are missing; use x[None, ..., None]"
    if hint:
        raise ShapeError(f'x: the input "{name}" takes arrays of shape {describe(shape)}, got {array.shape}: {hint}')


def arrays_of(value: Any, names: Sequence[str], argument: str) -> list[Array]:
    """One array per name, from an array, a list or a dict by name."""
    if isinstance(value, Mapping):
        missing = [name for name in names if name not in value]
        unknown = [str(name) for name in value if name not in names]
        if missing or unknown:
            raise KonvError(f"{argument} is a dict with {', '.join(map(str, value)) or 'nothing'}, "
                            f"but the model has: {', '.join(names)}")
        value = [value[name] for name in names]
    elif len(names) == 1 and not _one_array(value):
        if argument == "x" and _pair(value):
            raise KonvError("x is a tuple of arrays of different shapes; pass x and y separately: fit(x, y)")
        value = [value]
    elif not isinstance(value, (list, tuple)) or len(value) != len(names):
        came = f"{len(value)} arrays" if isinstance(value, (list, tuple)) else f"one {type(value).__name__}"
        raise KonvError(f"{argument} must be a list of {len(names)} arrays ({', '.join(names)}), got {came}")
    return [_samples(part, argument) for part in value]


def _samples(value: Any, argument: str) -> Array:
    array = to_array(value, "data", argument)
    if array.ndim == 0:
        raise ShapeError(f"{argument} must be an array of samples, got the single number {array}")
    return array


def _one_array(value: Any) -> bool:
    """Whether value is [x], a list of the one array that a model takes, and not nested lists of numbers."""
    return isinstance(value, (list, tuple)) and len(value) == 1 and _is_array(value[0]) and getattr(value[0], "ndim", 1) > 0


def _pair(value: Any) -> bool:
    """Whether value looks like (x, y) or (x, y, sample_weight)."""
    return isinstance(value, tuple) and 2 <= len(value) <= 3 and len({getattr(part, "shape", None) for part in value}) > 1


def class_weights(targets: Array, class_weight: Mapping[int, float]) -> Array:
    """A weight per sample from its class; classes that are not named weigh 1."""
    if not isinstance(class_weight, Mapping):
        raise KonvError(f"class_weight must be a dict from class number to weight, got {class_weight!r}")
    for number, weight in class_weight.items():
        is_number = isinstance(weight, (int, float)) or (_is_array(weight) and weight.ndim == 0)
        if not isinstance(number, (int, np.integer)) or not is_number:
            raise KonvError(f"class_weight must be a dict from class number to weight, such as {{0: 1.0, 1: 2.5}}, "
                            f"got {{{number!r}: {weight!r}}}")
    if targets.ndim > 1:
        targets = targets[..., 0] if targets.shape[-1] == 1 else targets.argmax(axis=-1)
    classes, indices = np.unique(np.round(targets).astype(np.int64), return_inverse=True)
    weights = np.array([float(class_weight.get(int(number), 1.0)) for number in classes], np.float32)
    return weights[indices].reshape(targets.shape)


def split(x: Any, y: Any, sample_weight: Any, fraction: float) -> tuple[tuple, tuple]:
    """The first samples for training and the last `fraction` for validation, as Keras divides them."""
    if not _is_arrays(x):
        raise KonvError("validation_split needs arrays; for an iterable of batches give validation_data")
    parts = [_mapped(part, lambda array, name=name: _samples(array, name))
             for part, name in ((x, "x"), (y, "y"), (sample_weight, "sample_weight"))]
    count = min((len(array) for part in parts if part is not None for array in _leaves(part)), default=0)
    at = floor(count * (1.0 - fraction))
    if at in (0, count):
        raise KonvError(f"validation_split={fraction} of {count} samples leaves nothing on one side")
    return (tuple(_mapped(part, lambda array: array[:at]) for part in parts),
            tuple(_mapped(part, lambda array: array[at:]) for part in parts))


class Batches:
    """One epoch after another of batches. With `steps` an epoch has that many, going on where the last one ended."""

    def __init__(self, steps: int | None) -> None:
        self.steps = steps
        self._current: Iterator[Batch] | None = None
        self._used = 0

    @property
    def per_pass(self) -> int | None:
        """How many batches the data makes, None if that is not known."""
        raise NotImplementedError

    def _pass(self) -> Iterator[Batch]:
        """All batches once."""
        raise NotImplementedError

    @property
    def total(self) -> int | None:
        """Batches per epoch, None if that is not known."""
        return self.steps or self.per_pass

    def epoch(self) -> Generator[Batch]:
        """The batches of the next epoch."""
        if self.steps is None:
            yield from self._pass()
            return
        for taken in range(self.steps):
            if self._current is None:
                self._current, self._used = self._pass(), 0
            batch = next(self._current, None)
            if batch is None:
                self._current = None
                warn(f"the data ran out after {taken} of the {self.steps} steps of an epoch; give fewer steps or more data")
                return
            self._used += 1
            yield batch
        if self._used == self.per_pass:
            self._current = None

    def rewind(self) -> None:
        """Let the next epoch begin at the beginning."""
        if isinstance(self._current, Generator):
            self._current.close()
        self._current = None


class ArrayBatches(Batches):
    """Slices of arrays, shuffled anew in every pass if `order` is a generator."""

    def __init__(self, data: Batch, batch_size: int | None, steps: int | None = None,
                 order: np.random.Generator | None = None, within: bool = False) -> None:
        super().__init__(steps)
        self.data, self.order, self.within = data, order, within
        self.count = len(data.inputs[0])
        self.size = batch_size or (ceil(self.count / steps) if steps else 32)

    @property
    def per_pass(self) -> int:
        return ceil(self.count / self.size)

    def _pass(self) -> Iterator[Batch]:
        permutation = self.order.permutation(self.count) if self.order is not None and not self.within else None
        inputs, targets, weights = self.data
        for start in range(0, self.count, self.size):
            stop = min(start + self.size, self.count)
            chosen: Any = slice(start, stop)
            if permutation is not None:
                chosen = permutation[start:stop]
            elif self.order is not None:
                chosen = start + self.order.permutation(stop - start)
            yield Batch([as_input(array[chosen]) for array in inputs],
                        None if targets is None else [array[chosen] for array in targets],
                        None if weights is None else [array[chosen] for array in weights])


class StreamBatches(Batches):
    """The batches of an iterable of x, (x, y) or (x, y, weights); `parse` makes a Batch of those three."""

    def __init__(self, source: Any, parse: Callable[..., Batch], steps: int | None = None,
                 order: np.random.Generator | None = None) -> None:
        super().__init__(steps)
        self.source, self.parse, self.order = source, parse, order

    @property
    def per_pass(self) -> int | None:
        if hasattr(self.source, "num_batches"):  # a PyDataset; None if it has no end
            return self.source.num_batches
        try:
            return len(self.source)
        except TypeError:
            return None

    def epoch(self) -> Generator[Batch]:
        getattr(self.source, "on_epoch_begin", lambda: None)()
        yield from super().epoch()
        # a sequence of batches may want to shuffle its files
        getattr(self.source, "on_epoch_end", lambda: None)()

    def _pass(self) -> Iterator[Batch]:
        for batch in self._items():
            yield self.parse(*unpack_x_y_sample_weight(batch))

    def _items(self) -> Iterator[Any]:
        source = self.source
        if hasattr(source, "__iter__") and not hasattr(source, "num_batches"):
            return iter(source)
        count = self.per_pass
        indices: Iterable[int] = itertools.count()
        if count is not None:
            indices = range(count) if self.order is None else self.order.permutation(count).tolist()
        workers = getattr(source, "workers", 1)
        if getattr(source, "use_multiprocessing", False):
            warn(f"{type(source).__name__}: use_multiprocessing=True: konv makes batches in threads, not in processes")
        if workers > 1:
            return in_order(source.__getitem__, indices, workers, getattr(source, "max_queue_size", 10))
        return (source[index] for index in indices)


def as_input(array: Array) -> Array:
    """The array as the engine reads it."""
    return array if array.dtype is FLOAT32 and array.flags.c_contiguous else np.ascontiguousarray(array, np.float32)


def is_stream(x: Any, y: Any) -> bool:
    """Whether x is an iterable of batches, not data itself."""
    if _is_arrays(x):
        # a list of (x, y) pairs is one too
        return y is None and isinstance(x, (list, tuple)) and len(x) > 0 and all(
            isinstance(batch, tuple) and 2 <= len(batch) <= 3 for batch in x)
    return isinstance(x, Iterable) or (hasattr(x, "__getitem__") and hasattr(x, "__len__"))


def _is_arrays(x: Any) -> bool:
    # a string is no data, but its error should say so, not take it for batches of letters
    return isinstance(x, (np.ndarray, list, tuple, Mapping, str, bytes)) or _is_array(x)


def _is_array(x: Any) -> bool:
    return hasattr(x, "__array__") or hasattr(x, "__dlpack__")


def _leaves(part: Any) -> list[Any]:
    if isinstance(part, Mapping):
        return list(part.values())
    several = isinstance(part, (list, tuple)) and part and _is_array(part[0]) and getattr(part[0], "ndim", 1)
    return list(part) if several else [part]


def _mapped(part: Any, function: Callable[[Any], Any]) -> Any:
    if part is None:
        return None
    if isinstance(part, Mapping):
        return {name: function(array) for name, array in part.items()}
    leaves = _leaves(part)
    return function(part) if leaves[0] is part else [function(array) for array in leaves]
