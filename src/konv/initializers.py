"""What a weight holds before training: Keras's initial distributions, drawn by NumPy."""

from collections.abc import Callable, Mapping, Sequence
from math import prod, sqrt
from typing import Any

import numpy as np

from konv import seeds
from konv.errors import KonvError, UnsupportedError
from konv.hints import module_attributes
from konv.registry import Registry

MODES = ("fan_in", "fan_out", "fan_avg")
DISTRIBUTIONS = ("uniform", "truncated_normal", "untruncated_normal")

# The standard deviation of a standard normal distribution cut off at two: what a cut-off draw is divided by.
TRUNCATED_STDDEV = 0.87962566103423978


class Initializer:
    """Base of all initializers: called with a shape, gives an array.

    >>> class Sevens(Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return np.full(shape, 7, dtype)
    >>> Sevens()((2,), "float32")
    array([7., 7.], dtype=float32)
    """

    _written: tuple[str, ...] = ()  # the attributes that get_config notes

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """A new array."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        return {name: getattr(self, name) for name in self._written}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Initializer":
        """The initializer of a dict that `get_config` gave."""
        return cls(**config)

    def clone(self) -> "Initializer":
        """A new initializer with the same arguments."""
        return type(self).from_config(self.get_config())


class Zeros(Initializer):
    """All zeros.

    >>> Zeros()((2,))
    array([0., 0.], dtype=float32)
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """A new array."""
        return np.zeros(shape, dtype or np.float32)


class Ones(Initializer):
    """All ones.

    >>> Ones()((2,))
    array([1., 1.], dtype=float32)
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """A new array."""
        return np.ones(shape, dtype or np.float32)


class Constant(Initializer):
    """One value everywhere.

    Args:
        value: the value, or an array that broadcasts to the shape.

    >>> Constant(0.5)((2,))
    array([0.5, 0.5], dtype=float32)
    """

    def __init__(self, value: Any = 0.0) -> None:
        written = isinstance(value, dict) and value.get("class_name") == "__numpy__"
        self.value = np.array(value["config"]["value"], value["config"]["dtype"]) if written else value

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """A new array."""
        return np.array(np.broadcast_to(np.asarray(self.value, dtype or np.float32), shape))

    def get_config(self) -> dict[str, Any]:
        value = self.value
        if isinstance(value, np.ndarray):
            value = {"class_name": "__numpy__", "config": {"value": value.tolist(), "dtype": value.dtype.name}}
        return {"value": value}


class Identity(Initializer):
    """`gain` times the identity matrix; for shapes of two axes.

    Args:
        gain: what stands on the diagonal.
    Raises:
        KonvError: the shape does not have two axes.

    >>> Identity()((2, 2))
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """

    _written = ("gain",)

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """A new array."""
        if len(shape) != 2:
            raise KonvError(f"Identity: shape must have 2 axes, got {tuple(shape)}")
        return (self.gain * np.eye(shape[0], shape[1])).astype(dtype or np.float32)


class RandomInitializer(Initializer):
    """Base of the initializers that draw. One instance draws the same values at every call, as in Keras.

    Args:
        seed: a non-negative integer; another one for each initializer if None (konv.utils.set_random_seed).
    Raises:
        KonvError: seed is something else.
    """

    def __init__(self, seed: int | None = None) -> None:
        if isinstance(seed, dict) or type(seed).__name__ == "SeedGenerator":
            raise UnsupportedError(f"{type(self).__name__}: a SeedGenerator as seed is not supported yet; "
                                   f"give an integer")
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0):
            raise KonvError(f"{type(self).__name__}: seed must be a non-negative integer or None, got {seed!r}")
        self._given = seed
        self.seed = seeds.next_seed() if seed is None else int(seed)

    def _draw(self, shape: Sequence[int], dtype: Any, distribution: str, scale: float, center: float = 0.0) -> np.ndarray:
        """Values of the named distribution with limit or standard deviation `scale` around `center`."""
        values = _DRAWS[distribution](seeds.generator(self.seed), tuple(shape))
        return (values * np.float32(scale) + np.float32(center)).astype(dtype or np.float32, copy=False)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        return {"seed": self._given} | super().get_config()


class RandomNormal(RandomInitializer):
    """Normal distribution.

    Args:
        mean: the mean.
        stddev: the standard deviation.
        seed: a non-negative integer; another one for each initializer if None (konv.utils.set_random_seed).

    >>> RandomNormal(stddev=0.1, seed=0)((100, 100)).std().round(2)
    np.float32(0.1)
    """

    _written = ("mean", "stddev")

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """A new array."""
        return self._draw(shape, dtype, "untruncated_normal", self.stddev, self.mean)


class TruncatedNormal(RandomNormal):
    """Normal distribution without the values further than two standard deviations from the mean.

    Args:
        mean: the mean.
        stddev: the standard deviation before the cut.
        seed: a non-negative integer; another one for each initializer if None (konv.utils.set_random_seed).

    >>> bool(abs(TruncatedNormal(stddev=1.0, seed=0)((1000,))).max() <= 2)
    True
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """A new array."""
        return self._draw(shape, dtype, "truncated_normal", self.stddev, self.mean)


class RandomUniform(RandomInitializer):
    """Uniform distribution between `minval` and `maxval`.

    Args:
        minval: the lower bound.
        maxval: the upper bound.
        seed: a non-negative integer; another one for each initializer if None (konv.utils.set_random_seed).

    >>> bool(RandomUniform(0, 1, seed=0)((1000,)).min() >= 0)
    True
    """

    _written = ("minval", "maxval")

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """A new array."""
        half = (self.maxval - self.minval) / 2
        return self._draw(shape, dtype, "uniform", half, self.minval + half)


class VarianceScaling(RandomInitializer):
    """Zero mean and variance `scale / n`, where n is the number of inputs, outputs or their mean.

    Args:
        scale: see there.
        mode: "fan_in", "fan_out" or "fan_avg".
        distribution: "truncated_normal" (also "normal"), "untruncated_normal" or "uniform".
        seed: a non-negative integer; another one for each initializer if None (konv.utils.set_random_seed).
        input_axes: the axes whose sizes make fan_in; see `compute_fans` if None.
        output_axes: the axes whose sizes make fan_out.
    Raises:
        KonvError: scale is not positive, or mode or distribution is none of these.

    >>> VarianceScaling(2.0, seed=0)((100, 100)).var().round(2)
    np.float32(0.02)
    """

    _written = ("scale", "mode", "distribution", "input_axes", "output_axes")

    def __init__(self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal",
                 seed: int | None = None, input_axes: Sequence[int] | None = None,
                 output_axes: Sequence[int] | None = None) -> None:
        name, distribution = type(self).__name__, str(distribution).lower()
        if not scale > 0:
            raise KonvError(f"{name}: scale must be positive, got {scale!r}")
        if mode not in MODES:
            raise KonvError(f"{name}: mode must be one of {MODES}, got {mode!r}")
        if distribution == "normal":
            distribution = "truncated_normal"
        if distribution not in DISTRIBUTIONS:
            raise KonvError(f"{name}: distribution must be one of {DISTRIBUTIONS}, got {distribution!r}")
        super().__init__(seed)
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.input_axes, self.output_axes = input_axes, output_axes

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """A new array."""
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        stddev = sqrt(self.scale / max(1.0, fan))
        width = {"uniform": sqrt(3.0), "truncated_normal": 1 / TRUNCATED_STDDEV, "untruncated_normal": 1.0}
        return self._draw(shape, dtype, self.distribution, stddev * width[self.distribution])


class _Scaled(VarianceScaling):
    """VarianceScaling with the first three arguments fixed."""

    _written = ("input_axes", "output_axes")
    fixed: tuple[float, str, str]

    def __init__(self, seed: int | None = None, input_axes: Sequence[int] | None = None,
                 output_axes: Sequence[int] | None = None) -> None:
        super().__init__(*self.fixed, seed, input_axes, output_axes)


class GlorotUniform(_Scaled):
    """Uniform within sqrt(6 / (fan_in + fan_out)): the default of Keras.

    Args:
        seed: a non-negative integer; another one for each initializer if None (konv.utils.set_random_seed).
        input_axes: the axes whose sizes make fan_in; see `compute_fans` if None.
        output_axes: the axes whose sizes make fan_out.
    Reference:
        Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.

    >>> bool(abs(GlorotUniform(seed=0)((50, 50))).max() <= (6 / 100) ** 0.5)
    True
    """

    fixed = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    """Truncated normal with variance 2 / (fan_in + fan_out).

    Args:
        seed: a non-negative integer; another one for each initializer if None (konv.utils.set_random_seed).
        input_axes: the axes whose sizes make fan_in; see `compute_fans` if None.
        output_axes: the axes whose sizes make fan_out.
    Reference:
        Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.

    >>> GlorotNormal(seed=0)((50, 50)).var().round(2)
    np.float32(0.02)
    """

    fixed = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Scaled):
    """Uniform within sqrt(6 / fan_in), for relu.

    Args:
        seed: a non-negative integer; another one for each initializer if None (konv.utils.set_random_seed).
        input_axes: the axes whose sizes make fan_in; see `compute_fans` if None.
        output_axes: the axes whose sizes make fan_out.
    Reference:
        He et al., "Delving deep into rectifiers", 2015.

    >>> bool(abs(HeUniform(seed=0)((50, 50))).max() <= (6 / 50) ** 0.5)
    True
    """

    fixed = (2.0, "fan_in", "uniform")


class HeNormal(_Scaled):
    """Truncated normal with variance 2 / fan_in, for relu.

    Args:
        seed: a non-negative integer; another one for each initializer if None (konv.utils.set_random_seed).
        input_axes: the axes whose sizes make fan_in; see `compute_fans` if None.
        output_axes: the axes whose sizes make fan_out.
    Reference:
        He et al., "Delving deep into rectifiers", 2015.

    >>> HeNormal(seed=0)((50, 50)).var().round(2)
    np.float32(0.04)
    """

    fixed = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Scaled):
    """Uniform within sqrt(3 / fan_in).

    Args:
        seed: a non-negative integer; another one for each initializer if None (konv.utils.set_random_seed).
        input_axes: the axes whose sizes make fan_in; see `compute_fans` if None.
        output_axes: the axes whose sizes make fan_out.
    Reference:
        LeCun et al., "Efficient backprop", 1998.

    >>> bool(abs(LecunUniform(seed=0)((50, 50))).max() <= (3 / 50) ** 0.5)
    True
    """

    fixed = (1.0, "fan_in", "uniform")


class LecunNormal(_Scaled):
    """Truncated normal with variance 1 / fan_in, for selu.

    Args:
        seed: a non-negative integer; another one for each initializer if None (konv.utils.set_random_seed).
        input_axes: the axes whose sizes make fan_in; see `compute_fans` if None.
        output_axes: the axes whose sizes make fan_out.
    Reference:
        Klambauer et al., "Self-normalizing neural networks", 2017.

    >>> LecunNormal(seed=0)((50, 50)).var().round(2)
    np.float32(0.02)
    """

    fixed = (1.0, "fan_in", "truncated_normal")


class Orthogonal(RandomInitializer):
    """`gain` times a matrix with orthonormal rows or columns; all axes but the last are taken together.

    Args:
        gain: the length of each row or column.
        seed: a non-negative integer; another one for each initializer if None (konv.utils.set_random_seed).
    Raises:
        KonvError: the shape has fewer than two axes.
    Reference:
        Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", 2014.

    >>> w = Orthogonal(seed=0)((3, 3))
    >>> (w.T @ w).round(5).trace()
    np.float32(3.0)
    """

    _written = ("gain",)

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """A new array."""
        if len(shape) < 2:
            raise KonvError(f"Orthogonal: shape must have at least 2 axes, got {tuple(shape)}")
        rows, columns = prod(shape[:-1]), shape[-1]
        normal = seeds.generator(self.seed).standard_normal((max(rows, columns), min(rows, columns)))
        matrix, triangle = np.linalg.qr(normal)
        matrix *= np.sign(np.diag(triangle))  # without this the signs of LAPACK's algorithm bias the draw
        matrix = matrix.T if rows < columns else matrix
        return (self.gain * matrix.reshape(shape)).astype(dtype or np.float32)


def compute_fans(shape: Sequence[int], input_axes: Sequence[int] | None = None,
                 output_axes: Sequence[int] | None = None) -> tuple[int, int]:
    """(inputs, outputs) of one unit: receptive field x shape[-2], x shape[-1], whatever the kernel is for.

    >>> compute_fans((3, 3, 16, 32))
    (144, 288)
    """
    if input_axes is not None and output_axes is not None:
        return prod(shape[axis] for axis in input_axes), prod(shape[axis] for axis in output_axes)
    if len(shape) < 2:
        return prod(shape), prod(shape)
    field = prod(shape[:-2])
    return field * shape[-2], field * shape[-1]


def _truncated_normal(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    values = np.atleast_1d(generator.standard_normal(shape, np.float32))
    while (far := np.abs(values) > 2).any():
        values[far] = generator.standard_normal(int(far.sum()), np.float32)
    return values.reshape(shape)


_DRAWS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]] = {
    "uniform": lambda generator, shape: generator.random(shape, np.float32) * 2 - 1,
    "untruncated_normal": lambda generator, shape: np.asarray(generator.standard_normal(shape, np.float32)),
    "truncated_normal": _truncated_normal,
}

_REGISTRY = Registry(
    "initializer", "keras.initializers",
    (Zeros, Ones, Constant, Identity, RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling, GlorotUniform,
     GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal, Orthogonal),
    {"zero": Zeros, "one": Ones, "normal": RandomNormal, "uniform": RandomUniform, "IdentityInitializer": Identity,
     "OrthogonalInitializer": Orthogonal})


def get(identifier: Any) -> Any:
    """An initializer from a name, a class, a config, an array of the weight's shape, or a function of the shape.

    >>> get("he_normal").get_config()["seed"] is None
    True
    """
    if hasattr(identifier, "__array__") and not callable(identifier):
        return _Given(identifier)
    return _REGISTRY.get(identifier)


def serialize(initializer: Any) -> dict[str, Any] | None:
    """The dict that Keras writes for an initializer.

    >>> serialize(Zeros())["class_name"]
    'Zeros'
    """
    return _REGISTRY.serialize(initializer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The initializer of a dict that `serialize` or Keras wrote.

    >>> deserialize({"class_name": "Constant", "config": {"value": 3}}).value
    3
    """
    return _REGISTRY.deserialize(config, custom_objects)


class _Given(Initializer):
    """The very values to begin with."""

    def __init__(self, value: Any) -> None:
        self.value = np.asarray(value)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """A new array."""
        if tuple(shape) != self.value.shape:
            raise KonvError(f"the array given as initializer has shape {self.value.shape}, the weight {tuple(shape)}")
        return self.value.astype(dtype or np.float32)

    def get_config(self) -> dict[str, Any]:
        raise KonvError("a layer whose initializer is an array cannot be written to a config; use a named initializer")


constant, identity, ones, orthogonal, zeros = Constant, Identity, Ones, Orthogonal, Zeros
IdentityInitializer, OrthogonalInitializer = Identity, Orthogonal
glorot_normal, glorot_uniform, he_normal, he_uniform = GlorotNormal, GlorotUniform, HeNormal, HeUniform
lecun_normal, lecun_uniform, variance_scaling = LecunNormal, LecunUniform, VarianceScaling
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal


__all__ = [
    "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "IdentityInitializer",
    "Initializer", "LecunNormal", "LecunUniform", "Ones", "Orthogonal", "OrthogonalInitializer",
    "RandomInitializer", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling", "Zeros",
    "compute_fans", "constant", "deserialize", "get", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform",
    "identity", "lecun_normal", "lecun_uniform", "ones", "orthogonal", "random_normal", "random_uniform",
    "serialize", "truncated_normal", "variance_scaling", "zeros",
]

__getattr__, __dir__ = module_attributes(__name__, __all__)
