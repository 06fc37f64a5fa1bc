"""By which method a convolution or a dense layer runs, forward and for its input's gradient."""

from konv.plan.contracts import Name
from konv.plan.conv_geometry import ConvGeometry
from konv.plan.depthwise_steps import emit_depthwise
from konv.plan.emitter import Emitter
from konv.plan.products import emit_products
from konv.plan.steps import Buffer
from konv.plan.winograd_steps import emit_winograd


def convolve(e: Emitter, node: int, sizes: ConvGeometry, transposed: bool, x: Buffer, y: Buffer, weight: Name,
             bias: Name | None, floor: float, accumulate: int) -> None:
    """The steps of the convolution from x to y, or `transposed` those of its input gradient, whichever layer wants them."""
    if sizes.is_depthwise:
        emit_depthwise(e, node, sizes, transposed, x, y, weight, bias, floor, accumulate)
    elif not emit_winograd(e, node, sizes, transposed, x, y, weight, bias, floor, accumulate):
        emit_products(e, node, sizes, transposed, x, y, weight, bias, floor, accumulate)
