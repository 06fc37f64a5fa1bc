"""How the cost of a convolution grows: with the batch, the size of the image, its channels, and the depth of a network.

    python benchmarks/scaling.py [--seconds 0.5] [--json FILE] [--plot FILE]

One quantity grows and the others stay; the time of a multiply-add should stay the same. It is higher where there is too
little work to hide what a call costs (a few images), and where the lanes of a vector are idle (channels that do not fill
16); it falls where Winograd's method begins to pay (3 x 3 windows over many channels).
"""

import numpy as np
from timer import machine, median_time, parser, save

import konv

BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
SIZES = [7, 14, 28, 56, 112, 224]
CHANNELS = [4, 8, 16, 32, 64, 128, 256]
DEPTHS = [1, 2, 4, 8, 16]


def network(size, channels, depth, kernel):
    layers = [konv.layers.Conv2D(channels, kernel, padding="same", activation="relu") for _ in range(depth)]
    return konv.Sequential([konv.Input((size, size, channels)), *layers])


def cases():
    """Axis, value, batch, size, channels, depth."""
    yield from (("batch", batch, batch, 14, 64, 2) for batch in BATCHES)
    yield from (("size", size, max(1, 64 * 14 * 14 // size**2), size, 64, 2) for size in SIZES)
    yield from (("channels", channels, 64, 14, channels, 2) for channels in CHANNELS)
    yield from (("depth", depth, 64, 14, 64, depth) for depth in DEPTHS)


def measure(seconds, kernels=(3, 5), wanted=None):
    found = []
    for kernel in kernels:
        for axis, value, batch, size, channels, depth in wanted or cases():
            model = network(size, channels, depth, kernel)
            x = np.random.default_rng(0).random((batch, size, size, channels), np.float32)
            time = median_time(lambda: model.predict_on_batch(x), seconds)  # noqa: B023 (called at once)
            macs = batch * size**2 * kernel**2 * channels**2 * depth
            found.append({"kernel": kernel, "axis": axis, "value": value, "ms": time * 1e3, "macs": macs,
                          "picoseconds": time / macs * 1e12})
    return found


def lines(found):
    yield f"{'windows':10}{'grows':10}{'to':>6}{'ms':>11}{'million MACs':>14}{'ps per MAC':>12}{'of the least':>14}"
    for row in found:
        same = [other["picoseconds"] for other in found if (other["kernel"], other["axis"]) == (row["kernel"], row["axis"])]
        yield (f"{row['kernel']} x {row['kernel']:<6}{row['axis']:10}{row['value']:6}{row['ms']:11.3f}{row['macs'] / 1e6:14.1f}"
               f"{row['picoseconds']:12.2f}{row['picoseconds'] / min(same):14.2f}")


def plot(found, path):
    from matplotlib import pyplot as plt

    axes_names = list(dict.fromkeys(row["axis"] for row in found))
    figure, axes = plt.subplots(1, len(axes_names), figsize=(3.2 * len(axes_names), 3.2), layout="constrained", sharey=True)
    for ax, name in zip(np.atleast_1d(axes), axes_names, strict=True):
        for kernel in dict.fromkeys(row["kernel"] for row in found):
            rows = [row for row in found if (row["axis"], row["kernel"]) == (name, kernel)]
            ax.plot([row["value"] for row in rows], [row["picoseconds"] for row in rows], "o-", label=f"{kernel} x {kernel}")
        ax.set_xlabel(name)
        ax.set_xscale("log", base=2)
        ax.set_yscale("log", base=2)
        ax.xaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_major_formatter("{x:g}")
        ax.grid(alpha=0.2)
    np.atleast_1d(axes)[0].set_ylabel("picoseconds per multiply-add")
    np.atleast_1d(axes)[0].legend(frameon=False)
    figure.savefig(path, dpi=150)


def main():
    options = parser(__doc__, plot=True)
    options.add_argument("--seconds", type=float, default=0.5, help="for each figure")
    arguments = options.parse_args()
    found = measure(arguments.seconds)
    print(machine(), *lines(found), sep="\n")
    save(found, arguments.json)
    if arguments.plot:
        plot(found, arguments.plot)


if __name__ == "__main__":
    main()
