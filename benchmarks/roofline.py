"""GFLOP/s of each layer against what the machine can do: its peak, and its bandwidth times the work done per byte.

    python benchmarks/roofline.py [--network seed] [--batch 128] [--training] [--json FILE] [--plot FILE]

On one thread. Work counts a multiply-add as two and is that of the definition; convolutions of 3 x 3 take fewer (Winograd's
method) and may lie above the peak. Bytes are those of the arrays that a layer's steps read and write, once for each step;
what stays in cache between steps is counted too, so that a layer may lie above the bandwidth of memory.
"""

import numpy as np
from networks import NETWORKS, keras_network
from timer import machine, median_time, parser, save

import konv
from konv.runtime.profile import peak_gflops, profile


def bandwidth():
    """GB/s that one thread reads and writes when it copies 256 MB."""
    source = np.zeros(64 << 20, np.float32)
    target = np.empty_like(source)
    return 2 * source.nbytes / median_time(lambda: np.copyto(target, source), 1.0) / 1e9


def measure(network, batch, training):
    model = keras_network(konv, network)
    times = profile(model.graph(), model.weight_map(), batch, training)
    return {"peak": peak_gflops(), "bandwidth": bandwidth(), "layers": [
        {"layer": time.layer, "ms": time.seconds * 1e3, "gflops": time.gflops, "intensity": time.flop / max(time.bytes, 1),
         "gbytes": time.bytes / time.seconds / 1e9} for time in times if time.layer and time.seconds]}


def lines(found):
    peak, memory = found["peak"], found["bandwidth"]
    yield f"peak {peak:.0f} GFLOP/s, bandwidth {memory:.1f} GB/s on one thread"
    yield f"{'layer':26}{'ms':>8}{'GFLOP/s':>9}{'FLOP/byte':>11}{'GB/s':>8}{'limit':>8}{'of limit':>10}"
    for row in found["layers"]:
        limit = min(peak, memory * row["intensity"])
        share = f"{row['gflops'] / limit:10.0%}" if row["gflops"] else f"{row['gbytes'] / memory:10.0%}"
        yield (f"{row['layer']:26}{row['ms']:8.3f}{row['gflops']:9.1f}{row['intensity']:11.1f}{row['gbytes']:8.1f}{limit:8.1f}"
               + share)


def plot(found, title, path):
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    peak, memory = found["peak"], found["bandwidth"]
    rows = [row for row in found["layers"] if row["gflops"] > 1]
    edge = [min([0.5, *(row["intensity"] for row in rows)]) / 2, max([peak / memory, *(row["intensity"] for row in rows)]) * 2]
    intensity = np.geomspace(*edge, 200)
    axes.loglog(intensity, np.minimum(peak, memory * intensity), color="black", label="limit of one thread")
    for row in rows:
        axes.loglog(row["intensity"], row["gflops"], "o", label=f"{row['layer']}: {row['gflops']:.0f} GFLOP/s")
    axes.set(xlabel="work done per byte (FLOP)", ylabel="GFLOP/s", title=title)
    axes.grid(which="both", alpha=0.2)
    axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    figure.savefig(path, dpi=150)


def main():
    options = parser(__doc__, plot=True)
    options.add_argument("--network", choices=list(NETWORKS), default="seed")
    options.add_argument("--batch", type=int, default=128)
    options.add_argument("--training", action="store_true")
    arguments = options.parse_args()
    found = measure(arguments.network, arguments.batch, arguments.training)
    print(machine(), *lines(found), sep="\n")
    save(found, arguments.json)
    if arguments.plot:
        mode = "training step" if arguments.training else "prediction"
        plot(found, f"{arguments.network} network, {mode} of {arguments.batch} images", arguments.plot)


if __name__ == "__main__":
    main()
