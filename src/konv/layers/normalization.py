"""Normalisation."""

from typing import Any

from konv.errors import ArgumentError, ShapeError, UnsupportedError, naming
from konv.ir.ops import BatchNorm, GroupNorm, LayerNorm, Op, Shape
from konv.layers import parse
from konv.layers.base import Layer


class BatchNormalization(Layer, builtin=True):
    """Mean 0 and variance 1 for each channel, then times gamma plus beta; any shape in, the same shape out, float32.

    In training the mean and the (biased) variance are those of the batch, and the moving ones follow at 1 - momentum.
    In inference, and in training when `trainable` is False, they are the moving ones.

    >>> import konv
    >>> layer = konv.layers.BatchNormalization()
    >>> layer.build((None, 28, 28, 75))
    >>> [weight.name for weight in layer.weights]
    ['gamma', 'beta', 'moving_mean', 'moving_variance']
    """

    def __init__(self, axis=-1, momentum=0.99, epsilon=0.001, center=True, scale=True, beta_initializer="zeros",
                 gamma_initializer="ones", moving_mean_initializer="zeros", moving_variance_initializer="ones",
                 beta_regularizer=None, gamma_regularizer=None, beta_constraint=None, gamma_constraint=None,
                 renorm=False, renorm_clipping=None, renorm_momentum=0.99, synchronized=False, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            if renorm or synchronized:
                argument = "renorm" if renorm else "synchronized"
                raise UnsupportedError(f"{argument}=True is not supported yet; leave it out")
            if not parse.is_integer(axis):
                raise ArgumentError(f"axis must be an integer, got {axis!r}")
            self.axis = int(axis)
            self.momentum = float(parse.number(momentum, "momentum", 0, 1))
            self.epsilon = float(parse.number(epsilon, "epsilon", 0))
            self.center, self.scale = parse.flag(center, "center"), parse.flag(scale, "scale")
            # without renorm these two do nothing, in Keras as here; a config carries them all the same
            self.renorm_clipping, self.renorm_momentum = renorm_clipping, renorm_momentum
            parse.weight_arguments(
                self, beta_initializer=beta_initializer, gamma_initializer=gamma_initializer,
                moving_mean_initializer=moving_mean_initializer,
                moving_variance_initializer=moving_variance_initializer,
                beta_regularizer=beta_regularizer, gamma_regularizer=gamma_regularizer,
                beta_constraint=beta_constraint, gamma_constraint=gamma_constraint)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        axis = parse.unbatched_axis(self.axis, len(shapes[0]))
        return (BatchNorm(axis, self.momentum, self.epsilon, self.center, self.scale),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "axis": self.axis, "momentum": self.momentum, "epsilon": self.epsilon, "center": self.center,
            "scale": self.scale, "synchronized": False, "renorm": False, "renorm_clipping": self.renorm_clipping,
            "renorm_momentum": self.renorm_momentum, **parse.weight_config(self)}


class GroupNormalization(Layer, builtin=True):
    """Mean 0 and variance 1 for each group of channels of each sample, then times gamma plus beta; any shape in, the same out.

    gamma and beta have one number per channel, float32. `groups=-1` is as many groups as channels.

    >>> import konv
    >>> layer = konv.layers.GroupNormalization(groups=4)
    >>> layer.build((None, 8, 8, 12))
    >>> [weight.shape for weight in layer.weights]
    [(12,), (12,)]
    """

    def __init__(self, groups=32, axis=-1, epsilon=0.001, center=True, scale=True, beta_initializer="zeros",
                 gamma_initializer="ones", beta_regularizer=None, gamma_regularizer=None, beta_constraint=None,
                 gamma_constraint=None, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.groups = -1 if groups == -1 else parse.positive_int(groups, "groups")
            if not parse.is_integer(axis):
                raise ArgumentError(f"axis must be an integer, got {axis!r}")
            self.axis = int(axis)
            self.epsilon = float(parse.number(epsilon, "epsilon", 0))
            self.center, self.scale = parse.flag(center, "center"), parse.flag(scale, "scale")
            parse.weight_arguments(
                self, beta_initializer=beta_initializer, gamma_initializer=gamma_initializer,
                beta_regularizer=beta_regularizer, gamma_regularizer=gamma_regularizer,
                beta_constraint=beta_constraint, gamma_constraint=gamma_constraint)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        axis = parse.unbatched_axis(self.axis, len(shapes[0]))
        return (GroupNorm(self._count(shapes[0][axis]), axis, self.epsilon, self.center, self.scale),)

    def _count(self, channels: int | None) -> int:
        return channels or 1 if self.groups == -1 else self.groups

    def build_for(self, *shapes: Shape) -> None:
        super().build_for(*shapes)  # from then on the number of groups is fixed, as in Keras
        self.groups = self._count(shapes[0][parse.unbatched_axis(self.axis, len(shapes[0]))])

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"groups": self.groups, "axis": self.axis, "epsilon": self.epsilon, "center": self.center,
                                       "scale": self.scale, **parse.weight_config(self)}


class LayerNormalization(Layer, builtin=True):
    """Mean 0 and variance 1 over one or several axes of each sample, then times gamma plus beta; any shape in, the same out.

    gamma and beta have the shape of the axes that are normalised, float32.

    >>> import konv
    >>> layer = konv.layers.LayerNormalization(axis=(1, 2))
    >>> layer.build((None, 8, 9, 3))
    >>> [weight.shape for weight in layer.weights]
    [(8, 9), (8, 9)]
    """

    def __init__(self, axis=-1, epsilon=0.001, center=True, scale=True, beta_initializer="zeros", gamma_initializer="ones",
                 beta_regularizer=None, gamma_regularizer=None, beta_constraint=None, gamma_constraint=None, **kwargs):
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
            self.axis = axes if isinstance(axis, (list, tuple)) else int(axis)
            self.epsilon = float(parse.number(epsilon, "epsilon", 0))
            self.center, self.scale = parse.flag(center, "center"), parse.flag(scale, "scale")
            parse.weight_arguments(
                self, beta_initializer=beta_initializer, gamma_initializer=gamma_initializer,
                beta_regularizer=beta_regularizer, gamma_regularizer=gamma_regularizer,
                beta_constraint=beta_constraint, gamma_constraint=gamma_constraint)

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
        return super().get_config() | {"axis": self.axis, "epsilon": self.epsilon, "center": self.center, "scale": self.scale,
                                       "rms_scaling": False, **parse.weight_config(self)}
