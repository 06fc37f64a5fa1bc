"""Normalisation."""

from typing import Any

from konv.errors import KonvError, UnsupportedError, naming
from konv.layers import parse
from konv.layers.base import Layer
from konv.spec.ops import BatchNorm, Op, Shape


class BatchNormalization(Layer):
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
                raise KonvError(f"axis must be an integer, got {axis!r}")
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
