"""Dense layers."""

from typing import Any

from konv import activations
from konv.errors import naming
from konv.ir import ops as ir
from konv.ir.ops import Op, Shape
from konv.layers import parse
from konv.layers.base import Layer
from konv.layers.parse import Identifier


class Dense(Layer, builtin=True):
    """Fully connected layer: activation(x @ kernel + bias) over the last axis.

    Args:
        units: size of the output's last axis.
        activation: function of each output value, such as "relu"; None leaves it as it is.
        use_bias: whether each unit adds a bias of its own.
        kernel_initializer, bias_initializer: what the weights are before training.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties that are added to the loss.
        kernel_constraint, bias_constraint: functions that the weights go through after each step.
        lora_rank, lora_alpha, quantization_config: arguments of Keras that must be None.
    Shape:
        input (N, ..., I) float32 -> output (N, ..., units); kernel (I, units), bias (units,): units * (I + 1) parameters.
    Raises:
        ShapeError: the size of the last axis is not known.

    >>> import konv
    >>> konv.layers.Dense(512, activation="relu").compute_output_shape((None, 400))
    (None, 512)
    """

    unwritten = ("lora_rank", "lora_alpha", "activity_regularizer")
    quantization_config = None
    units: int
    activation: Any
    use_bias: bool

    def __init__(self, units: int, activation: Identifier = None, use_bias: bool = True,
                 kernel_initializer: Identifier = "glorot_uniform", bias_initializer: Identifier = "zeros",
                 kernel_regularizer: Identifier = None, bias_regularizer: Identifier = None,
                 activity_regularizer: Identifier = None, kernel_constraint: Identifier = None,
                 bias_constraint: Identifier = None, lora_rank: None = None, lora_alpha: None = None,
                 quantization_config: None = None, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=activity_regularizer, lora_rank=lora_rank, lora_alpha=lora_alpha,
                         quantization_config=quantization_config, **kwargs)
        with naming(self.title):
            parse.keep(self, locals())

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.Dense(self.units, self.use_bias), *activations.activation_ops(self.activation))


class Identity(Layer, builtin=True):
    """The input as it is.

    Shape:
        input (N, ...) float32 -> output of the same shape.

    >>> import konv
    >>> konv.layers.Identity().compute_output_shape((None, 3))
    (None, 3)
    """

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return ()
