"""Operations that do something else in training, where a layer is called with training= of its own."""

from konv.errors import UnsupportedError
from konv.ir.augment_ops import RandomCrop
from konv.ir.graph import GraphBuilder
from konv.ir.ops import BatchNorm, Op


def lower_in_mode(builder: GraphBuilder, op: Op, inputs: tuple[int, ...], layer: str, trainable: bool) -> int:
    """Append an operation as its caller wants it: the same as in the rest of the graph, or as in inference."""
    if builder.mode == builder.training or not op.modal:
        return builder.add(op, inputs, layer, trainable)
    if builder.mode:
        raise UnsupportedError("is called with training=True, which is not supported where the model itself runs in inference; "
                               "call the whole model with training=True, or pass `training` on")
    if isinstance(op, BatchNorm):
        if trainable:
            raise UnsupportedError("is called with training=False in training, which is supported for layers with "
                                   "trainable=False alone")
        return builder.add(op, inputs, layer, False)
    if isinstance(op, RandomCrop):
        return builder.add(op.resize(), inputs, layer, trainable)
    return inputs[0]
