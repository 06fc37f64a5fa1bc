"""Normalisation over the batch, over groups of channels, and over axes of each sample."""

from collections.abc import Sequence
from typing import Any, ClassVar

from konv.errors import ArgumentError, ShapeError, UnsupportedError, naming
from konv.ir.ops import BatchNorm, GroupNorm, LayerNorm, Op, Shape
from konv.layers import parse
from konv.layers.base import Layer
from konv.layers.parse import Identifier


class _Normalization(Layer):
    """What they share: an axis or several, epsilon, and gamma and beta unless `scale` or `center` is False."""

    axis: Any
    epsilon: float
    center: bool
    scale: bool

    def _keep(self, arguments: dict[str, Any]) -> None:
        parse.keep(self, arguments)
        if not parse.is_integer(arguments["axis"]):
            raise ArgumentError(f"axis must be an integer, got {arguments['axis']!r}")
        self.axis = int(arguments["axis"])


class BatchNormalization(_Normalization, builtin=True):
    """Normalisation of each channel to mean 0 and variance 1, then times gamma plus beta.

        y = gamma * (x - mean) / sqrt(variance + epsilon) + beta

    In training mean and (biased) variance are those of the batch, and the moving ones follow:
    moving = momentum * moving + (1 - momentum) * batch. In inference, and in training where `trainable` is False, they are
    the moving ones.

    Args:
        axis: the axis of the channels, which counts the batch.
        momentum: share of the moving statistics that stays at each step.
        epsilon: added to the variance, so that nothing is divided by zero.
        center, scale: whether there is a beta, a gamma.
        renorm, renorm_clipping, renorm_momentum, synchronized: arguments of Keras; the first and the last must be False.
    Shape:
        input (N, ..., C) float32 -> output of the same shape; gamma, beta, moving_mean, moving_variance (C,).
    Raises:
        ShapeError: the axis does not exist, or is the batch.
    Reference:
        Ioffe & Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift", 2015.

    >>> import konv
    >>> layer = konv.layers.BatchNormalization()
    >>> layer.build((None, 28, 28, 75))
    >>> [weight.name for weight in layer.weights]
    ['gamma', 'beta', 'moving_mean', 'moving_variance']
    """

    rules: ClassVar = {"momentum": lambda value, argument, layer: float(parse.number(value, argument, 0, 1))}
    synchronized = renorm = False
    momentum: float

    def __init__(self, axis: int = -1, momentum: float = 0.99, epsilon: float = 0.001, center: bool = True, scale: bool = True,
                 beta_initializer: Identifier = "zeros", gamma_initializer: Identifier = "ones",
                 moving_mean_initializer: Identifier = "zeros", moving_variance_initializer: Identifier = "ones",
                 beta_regularizer: Identifier = None, gamma_regularizer: Identifier = None,
                 beta_constraint: Identifier = None, gamma_constraint: Identifier = None, renorm: bool = False,
                 renorm_clipping: Any = None, renorm_momentum: float = 0.99, synchronized: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            if renorm or synchronized:
                argument = "renorm" if renorm else "synchronized"
                raise UnsupportedError(f"{argument}=True is not supported yet; leave it out")
            self._keep(locals())
            # without renorm these two do nothing, in Keras as here; a config carries them all the same
            self.renorm_clipping, self.renorm_momentum = renorm_clipping, renorm_momentum

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        axis = parse.unbatched_axis(self.axis, len(shapes[0]))
        return (BatchNorm(axis, self.momentum, self.epsilon, self.center, self.scale),)


class GroupNormalization(_Normalization, builtin=True):
    """Normalisation of each group of channels of each sample to mean 0 and variance 1, then times gamma plus beta.

    Args:
        groups: into how many groups the channels are cut; -1 is as many as channels.
        axis: the axis of the channels, which counts the batch.
        epsilon: added to the variance.
        center, scale: whether there is a beta, a gamma.
    Shape:
        input (N, ..., C) float32 -> output of the same shape; gamma, beta (C,).
    Raises:
        ShapeError: groups does not divide the channels.
    Reference:
        Wu & He, "Group Normalization", 2018.

    >>> import konv
    >>> layer = konv.layers.GroupNormalization(groups=4)
    >>> layer.build((None, 8, 8, 12))
    >>> [weight.shape for weight in layer.weights]
    [(12,), (12,)]
    """

    rules: ClassVar = {"groups": lambda value, argument, layer: -1 if value == -1 else parse.positive_int(value, argument)}
    groups: int

    def __init__(self, groups: int = 32, axis: int = -1, epsilon: float = 0.001, center: bool = True, scale: bool = True,
                 beta_initializer: Identifier = "zeros", gamma_initializer: Identifier = "ones",
                 beta_regularizer: Identifier = None, gamma_regularizer: Identifier = None,
                 beta_constraint: Identifier = None, gamma_constraint: Identifier = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            self._keep(locals())

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        axis = parse.unbatched_axis(self.axis, len(shapes[0]))
        return (GroupNorm(self._count(shapes[0][axis]), axis, self.epsilon, self.center, self.scale),)

    def _count(self, channels: int | None) -> int:
        return channels or 1 if self.groups == -1 else self.groups

    def build_for(self, *shapes: Shape) -> None:
        super().build_for(*shapes)  # from then on the number of groups is fixed, as in Keras
        self.groups = self._count(shapes[0][parse.unbatched_axis(self.axis, len(shapes[0]))])


class LayerNormalization(_Normalization, builtin=True):
    """Normalisation over one or several axes of each sample to mean 0 and variance 1, then times gamma plus beta.

    Args:
        axis: the axes that are normalised, which count the batch.
        epsilon: added to the variance.
        center, scale: whether there is a beta, a gamma.
    Shape:
        input (N, ...) float32 -> output of the same shape; gamma, beta of the shape of the axes that are normalised.
    Raises:
        ShapeError: an axis does not exist, is the batch, or is named twice.
    Reference:
        Ba, Kiros & Hinton, "Layer Normalization", 2016.

    >>> import konv
    >>> layer = konv.layers.LayerNormalization(axis=(1, 2))
    >>> layer.build((None, 8, 9, 3))
    >>> [weight.shape for weight in layer.weights]
    [(8, 9), (8, 9)]
    """

    rms_scaling = False

    def __init__(self, axis: int | Sequence[int] = -1, epsilon: float = 0.001, center: bool = True, scale: bool = True,
                 beta_initializer: Identifier = "zeros", gamma_initializer: Identifier = "ones",
                 beta_regularizer: Identifier = None, gamma_regularizer: Identifier = None,
                 beta_constraint: Identifier = None, gamma_constraint: Identifier = None, **kwargs: Any) -> None:
        rms_scaling = kwargs.pop("rms_scaling", False)
        super().__init__(**kwargs)
        with naming(self.title):
            if rms_scaling:
                raise UnsupportedError("rms_scaling=True is not supported, and deprecated in Keras; leave it out, or write a "
                                       "layer whose call gives x * konv.ops.rsqrt(konv.ops.mean(x * x, -1, keepdims=True) + "
                                       "epsilon) times a weight")
            axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
            if not axes or not all(map(parse.is_integer, axes)):
                raise ArgumentError(f"axis must be an integer or several, got {axis!r}")
            parse.keep(self, locals())
            self.axis = axes if isinstance(axis, (list, tuple)) else int(axis)  # type: ignore[call-overload]

    @property
    def _axes(self) -> list[int]:
        return sorted(self.axis) if isinstance(self.axis, list) else [self.axis]

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        rank = len(shapes[0])
        axes = tuple(parse.unbatched_axis(axis, rank) for axis in self._axes)
        if len({axis % rank for axis in axes}) < len(axes):
            raise ShapeError(f"axis={self.axis} names an axis twice")
        return (LayerNorm(axes, self.epsilon, self.center, self.scale),)

    def build_for(self, *shapes: Shape) -> None:
        super().build_for(*shapes)
        self.axis = self._axes  # a list from then on, as in Keras

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"rms_scaling": False}
