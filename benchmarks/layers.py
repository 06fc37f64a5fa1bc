"""Milliseconds of transposed convolutions and of normalisation within samples, konv beside PyTorch.

    python benchmarks/layers.py --peers PYTHON

Each library in a process of its own. "back" is the gradients of input and weights; of the normalisations that includes a pass
forward, in both. PyTorch's images are channels_last where that is faster, two threads in both.
"""

import json
import sys

from timer import THREADS, in_process, machine, median_time, parser, save

# name: samples, (height, width, channels), what: transposed convolution to so many channels, of so large a kernel, with
# stride and padding; or the number of groups, 0 for a layer normalisation
CASES = {
    "Conv2DTranspose 14x14x64 -> 28x28x32, 3x3, stride 2": (64, (14, 14, 64), (32, 3, 2, "same")),
    "Conv2DTranspose 28x28x64 -> 56x56x32, 2x2, stride 2": (32, (28, 28, 64), (32, 2, 2, "valid")),
    "Conv2DTranspose 14x14x64 -> 14x14x64, 3x3": (64, (14, 14, 64), (64, 3, 1, "same")),
    "LayerNormalization 28x28x64": (64, (28, 28, 64), 0),
    "LayerNormalization 14x14x384": (64, (14, 14, 384), 0),
    "GroupNormalization(8) 28x28x64": (64, (28, 28, 64), 8),
}


def konv(batch, shape, what):
    """Calls forward and back."""
    import numpy as np

    from konv.ir.ops import ConvTranspose, GroupNorm, LayerNorm
    from konv.ir.window import SpreadWindow
    from konv.runtime.single import run_op, run_op_backward

    random = np.random.default_rng(0)
    if isinstance(what, tuple):
        filters, kernel, stride, padding = what
        op = ConvTranspose(filters, SpreadWindow((kernel, kernel), (stride, stride), padding))
    else:
        op = GroupNorm(what) if what else LayerNorm()
    x = random.normal(size=(batch, *shape)).astype(np.float32)
    weights = {weight.name: random.normal(size=weight.shape).astype(np.float32) for weight in op.weights(shape)}
    dy = np.ones_like(run_op(op, x, weights))
    return lambda: run_op(op, x, weights), lambda: run_op_backward(op, dy, x, weights)


def torch(batch, shape, what):
    import torch

    torch.set_num_threads(THREADS)
    height, width, channels = shape
    x = torch.randn(batch, channels, height, width).contiguous(memory_format=torch.channels_last)
    if isinstance(what, tuple):
        filters, kernel, stride, padding = what
        cut = {"padding": (kernel - 1) // 2, "output_padding": stride - 1} if padding == "same" else {}
        layer = torch.nn.ConvTranspose2d(channels, filters, kernel, stride, **cut).to(memory_format=torch.channels_last)
    elif what:
        layer, x = torch.nn.GroupNorm(what, channels), x.contiguous()
    else:
        layer, x = torch.nn.LayerNorm(channels), x.permute(0, 2, 3, 1).contiguous()
    result = layer(x.requires_grad_())
    dy = torch.ones_like(result)

    def forward():
        with torch.no_grad():
            layer(x)

    def back():  # of a convolution without the pass forward
        inputs = [x, *layer.parameters()]
        torch.autograd.grad(result if isinstance(what, tuple) else layer(x), inputs, dy, retain_graph=isinstance(what, tuple))

    return forward, back


def measure(library):
    """{case: (milliseconds forward, back)}."""
    return {name: [1e3 * median_time(call, 0.7) for call in globals()[library](*case)] for name, case in CASES.items()}


def lines(found):
    yield f"{'':54}{'konv':>16}{'PyTorch':>16}{'ratio':>14}"
    for name, ours in found["konv"].items():
        theirs = found["torch"].get(name)
        told = [f"{forward:8.2f}{back:8.2f}" for forward, back in ([ours, theirs] if theirs else [ours])]
        told += [f"{theirs[0] / ours[0]:7.1f}{theirs[1] / ours[1]:7.1f}"] if theirs else []
        yield f"{name:54}{''.join(told)}"


def main():
    options = parser(__doc__)
    options.add_argument("--one", choices=("konv", "torch"), help="this library alone, in this process, as JSON")
    options.add_argument("--peers", metavar="PYTHON", default=sys.executable, help="the interpreter that has PyTorch")
    given = options.parse_args()
    if given.one:
        print(json.dumps(measure(given.one)))
        return
    found = {library: in_process(python, __file__, "--one", library) or {}
             for library, python in (("konv", sys.executable), ("torch", given.peers))}
    print(machine())
    print("\n".join(lines(found)))
    save(found, given.json)


if __name__ == "__main__":
    main()
