"""Work on one sample, cut into bands, gives the bits of the whole."""

import numpy as np
import pytest

import konv
from konv.plan import bands
from konv.runtime import Runner
from konv.runtime.threads import Threads

CASES = [  # layers that are heavy on one image: with lines, without, strided, depthwise
    [lambda k: k.Conv2D(20, 5, padding="same", activation="relu")],
    [lambda k: k.Conv2D(33, 1)],
    [lambda k: k.Conv2D(16, 7, strides=2, padding="same"), lambda k: k.BatchNormalization(), lambda k: k.MaxPooling2D(2)],
    [lambda k: k.Conv2D(32, 1), lambda k: k.Conv2D(40, 3, activation="relu")],
    [lambda k: k.Conv2D(90, 1), lambda k: k.Conv2D(130, 1)],
    [lambda k: k.DepthwiseConv2D(3, padding="same"), lambda k: k.Conv2D(9, 3), lambda k: k.GlobalAveragePooling2D()],
]


@pytest.mark.parametrize("make", CASES)
@pytest.mark.parametrize("threads", [2, 3])
def test_same_bits(make, threads, monkeypatch):
    monkeypatch.setattr(bands, "WORTH", 1000)
    model = konv.Sequential([konv.Input((37, 29, 6)), *(layer(konv.layers) for layer in make)])
    x = np.random.default_rng(0).normal(size=(1, 37, 29, 6)).astype(np.float32)
    dy = np.random.default_rng(1).normal(size=(1, *model.output_shape[1:])).astype(np.float32)
    results, weights = [], model.get_weights()
    for count in (1, threads):
        model.set_weights(weights)  # training moves the statistics
        runner = Runner(model.graph(), model.weight_map(), threads=Threads(count))
        outputs = [runner.infer([x])[0], runner.forward([x])[0].copy()]
        results.append(outputs + [gradient.copy() for _, gradient in sorted(runner.backward([dy]).items())])
    assert all(np.array_equal(a, b) for a, b in zip(*results, strict=True))
