"""What one number inside a network sees of the image: its receptive field.

With r pixels and neighbours s pixels apart (the effective stride), a window of extent e and stride t gives
r + (e - 1) * s pixels and s * t. Derived in Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural
Networks", Distill 2019.
"""

from dataclasses import dataclass
from fractions import Fraction

from konv.ir.array_ops import Binary, Concatenate, Pad, PRelu, Slice
from konv.ir.graph import Graph, Node
from konv.ir.window import SpreadWindow, Window


@dataclass(frozen=True)
class Reach:
    """Rows and columns of the receptive field, and how far apart those of neighbours are; a fraction behind a transposed
    convolution."""

    size: tuple[Fraction, Fraction] = (Fraction(1), Fraction(1))
    stride: tuple[Fraction, Fraction] = (Fraction(1), Fraction(1))

    def through(self, window: Window) -> "Reach":
        """Behind one more window.

        >>> str(Reach().through(Window((3, 3), (2, 2))).through(Window((3, 3))).size[0])
        '7'
        """
        sizes: list[Fraction] = []
        strides: list[Fraction] = []
        planar = window.planar
        for size, apart, kernel, stride, dilation in zip(self.size, self.stride, planar.kernel, planar.strides, planar.dilation,
                                                         strict=True):
            extent = dilation * (kernel - 1) + 1
            if isinstance(window, SpreadWindow):  # a number comes from every stride-th tap
                extent, stride = -(-extent // stride), Fraction(1, stride)
            sizes.append(size + (extent - 1) * apart)
            strides.append(apart * stride)
        return Reach((sizes[0], sizes[1]), (strides[0], strides[1]))


def reaches(graph: Graph) -> list[Reach | None]:
    """For each node; None is the whole image, or that there is none."""
    found: list[Reach | None] = []
    for index, node in enumerate(graph.nodes):
        before = [found[source] for source in node.inputs]
        if index in graph.inputs:
            found.append(Reach() if len(node.shape) in (2, 3) else None)
        elif None in before:
            found.append(None)
        elif node.op.windowed:
            found.append(before[0].through(node.op.window))  # type: ignore[union-attr, attr-defined]
        else:
            found.append(_largest(before) if _is_pointwise(node) else None)  # type: ignore[arg-type]
    return found


def _is_pointwise(node: Node) -> bool:
    """Whether each number sees no more than one at its place before; zeros around an image move the places alone."""
    op = node.op
    if isinstance(op, Slice):
        return set(op.steps) == {1}
    if isinstance(op, Concatenate):  # along the channels
        return op.axis in (-1, len(node.shape) - 1)
    return op.pointwise or isinstance(op, (Binary, Pad, PRelu))


def _largest(before: list[Reach]) -> Reach:
    """Where branches meet."""
    rows, columns = (max(reach.size[axis] for reach in before) for axis in (0, 1))
    return Reach((rows, columns), before[0].stride)
