"""Dense layers."""

from typing import Any

from konv import activations
from konv.errors import naming
from konv.ir import ops as ir
from konv.ir.ops import Op, Shape
from konv.layers import parse
from konv.layers.base import Layer


class Dense(Layer, builtin=True):
    """activation(x @ kernel + bias) over the last axis: (batch, ..., inputs) -> (batch, ..., units), float32.

    kernel (inputs, units), bias (units,).

    >>> import konv
    >>> konv.layers.Dense(512, activation="relu").compute_output_shape((None, 400))
    (None, 512)
    """

    def __init__(self, units, activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, lora_rank=None, lora_alpha=None,
                 quantization_config=None, **kwargs):
        super().__init__(activity_regularizer=activity_regularizer, lora_rank=lora_rank, lora_alpha=lora_alpha,
                         quantization_config=quantization_config, **kwargs)
        with naming(self.title):
            self.units = parse.positive_int(units, "units")
            self.activation = activations.get(activation)
            self.use_bias = parse.flag(use_bias, "use_bias")
            parse.weight_arguments(
                self, kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
                kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
                kernel_constraint=kernel_constraint, bias_constraint=bias_constraint)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.Dense(self.units, self.use_bias), *activations.activation_ops(self.activation))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "units": self.units, "activation": activations.serialize(self.activation), "use_bias": self.use_bias,
            "quantization_config": None, **parse.weight_config(self)}


class Identity(Layer, builtin=True):
    """What comes in goes out as it is.

    >>> import konv
    >>> konv.layers.Identity().compute_output_shape((None, 3))
    (None, 3)
    """

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return ()
