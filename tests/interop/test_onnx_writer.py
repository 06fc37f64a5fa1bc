"""ONNX files: onnx.checker accepts them, and ONNX Runtime computes what konv computes."""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

import konv
from konv.errors import KonvError, MissingExtraError, UnsupportedError
from konv.interop import onnx_ops
from konv.interop.onnx_writer import OnnxGraph
from konv.ir import array_ops as general
from konv.ir import augment_ops as augment
from konv.ir import ops
from konv.ir.graph import GraphBuilder
from konv.ir.scalar_functions import SCALAR_FUNCTIONS
from konv.plan.rewrite import channels_last
from konv.runtime.runner import Runner
from tests import networks
from tests.saving import models
from tests.tracing import test_traced_layer as custom
from tests.tracing.test_tracing import EXPRESSIONS


def run(path, inputs):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    return session.run(None, dict(zip(names, inputs, strict=True))), session


def agree(model, folder, tolerance=1e-5, samples=(1, 3)):
    """Export, check, run on several numbers of samples beside konv."""
    draw = np.random.default_rng(0)
    model.set_weights([draw.uniform(0.2, 1, weight.shape) * draw.choice([-1, 1], weight.shape) if variable.trainable
                       else draw.uniform(0.5, 1.5, weight.shape)
                       for weight, variable in zip(model.get_weights(), model.weights, strict=True)])
    for variable in model.trainable_weights:  # sums over many inputs stay of the size of one
        variable.assign(variable.array / np.sqrt(np.prod(variable.shape[:-1])) if len(variable.shape) > 1 else variable.array)
    path = Path(folder, "m.onnx")
    model.export(path)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    for count in samples:
        inputs = [draw.standard_normal((count, *tensor.shape[1:])).astype("f4") for tensor in model.inputs]
        found, session = run(path, inputs)
        wanted = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
        for one, other in zip(found, wanted if isinstance(wanted, list) else [wanted], strict=True):
            assert one.shape == other.shape
            np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * max(np.abs(other).max(), 1))
    return session


@pytest.mark.parametrize("build", networks.ALL, ids=lambda build: build.__name__)
def test_networks(build, tmp_path):
    agree(build(konv), tmp_path)


@pytest.mark.parametrize("build", models.ALL, ids=lambda build: build.__name__)
def test_models(build, tmp_path):
    agree(build(konv), tmp_path)


ACTIVATIONS = [(name, ()) for name in SCALAR_FUNCTIONS if name not in ("elu", "clip", "power")] + [
    ("elu", (0.7,)), ("clip", (-0.5, 0.5)), ("power", (3.0,)), ("gelu", (1.0,)), ("relu", (1.0, 0.0, 0.0)),
    ("relu", (np.inf, 0.2, 0.0)), ("relu", (1.5, 0.2, 0.5)), ("relu", (np.inf, 0.0, 0.3))]


def graph_agrees(build, folder, shapes, tolerance=1e-5, low=-3.0):
    """Operations without a layer, straight from the graph: `build` adds them and gives their places."""
    builder = GraphBuilder()
    places = [builder.add(ops.Input(shape), (), f"x{number}") for number, shape in enumerate(shapes)]
    outputs = build(builder, *places)
    graph = builder.graph(*outputs)
    weights = {f"layer/{weight.name}": konv.Variable(np.linspace(-1, 2, int(np.prod(weight.shape))).reshape(weight.shape))
               for index in range(len(graph.nodes)) for weight in graph.weights(index)}
    made = OnnxGraph(onnx, channels_last(graph, False), weights).model([f"y{n}" for n in range(len(outputs))])
    onnx.checker.check_model(made, full_check=True)
    path = Path(folder, "g.onnx")
    path.write_bytes(made.SerializeToString())
    draw = np.random.default_rng(1)
    inputs = [draw.uniform(low, 3, (2, *shape)).astype("f4") for shape in shapes]
    for one, other in zip(run(path, inputs)[0], Runner(graph, weights).infer(inputs), strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def test_every_activation(tmp_path):
    def build(low):
        return lambda b, x: [b.add(ops.Activation(name, constants), (x,), "layer") for name, constants in ACTIVATIONS
                             if (name in ("log", "log1p", "sqrt", "rsqrt")) == (low > 0)]

    for low in (-3.0, 0.1):
        graph_agrees(build(low), tmp_path, [(4, 5)], low=low)


def test_general_operations(tmp_path):
    """Values with and without samples, of fewer and of more axes."""
    def build(b, x, y, v):
        add = lambda op, *sources: b.add(op, sources, "layer")  # noqa: E731
        weight, table = add(general.Parameter("p", (3,))), add(general.Constant((1.0, 2.0, -1.0), (3, 1)))
        binary = [add(general.Binary(name), x, y) for name in (*general.BINARY[:-1], *general.COMPARISONS)]
        return [
            *binary, add(general.Binary("equal"), x, x), add(general.Binary("power"), add(ops.Activation("abs"), x), weight),
            add(general.Binary("multiply"), x, weight), add(general.Binary("add"), v, table), add(general.Binary("less"), x, v),
            add(general.Binary("add"), add(general.Binary("add"), weight, add(general.Constant((0.5,), (1, 1)))), x),
            *(add(general.Reduce(kind, axes, keep), x) for kind in general.REDUCTIONS
              for axes, keep in ((None, False), ((-1,), True), ((0, 2), False))),
            add(general.Concatenate(1), x, y), add(general.Concatenate(-1), x, y, x),
            add(general.Slice((3, 0, 1), (4, 2, 2), (-1, 2, 1)), x), add(general.Pad(((1, 0), (0, 2), (0, 0))), x),
            add(general.Repeat((2, 1, 3)), x), add(ops.Permute((2, 0, 1)), x), add(ops.Permute((1, 2, 0)), x),
            add(general.Matmul(), x, add(ops.Permute((0, 2, 1)), y)),
            add(general.Matmul(), v, add(general.Parameter("q", (3, 2)))),
            add(general.Matmul(), add(ops.Reshape((20, 3)), x), add(general.Parameter("q", (3, 2)))),
            add(general.Matmul(), v, add(general.Slice((0, 0), (3, 3), (1, 1)), add(ops.Reshape((20, 3)), x)))]

    graph_agrees(build, tmp_path, [(4, 5, 3), (4, 5, 3), (3,)])


def test_every_operation_has_a_rule():
    """But for those that are others, or nothing, in the graph that is run."""
    every = {op for module in (augment, general, ops) for op in vars(module).values()
             if isinstance(op, type) and issubclass(op, ops.Op) and op is not ops.Op}
    gone = {ops.Input, ops.DepthwiseConv, ops.Dropout, general.Detach, general.PRelu, augment.RandomCrop, augment.Affine,
            augment.BrightnessContrast, augment.Noise}
    assert every - gone == set(onnx_ops.RULES)


def test_one_output_twice_and_open_sizes(tmp_path):
    x = konv.Input((4,))
    y = konv.layers.Dense(2)(x)
    agree(konv.Model(x, [y, y]), tmp_path)
    with pytest.raises(UnsupportedError, match="make it again on an Input"):
        konv.Sequential([konv.Input((None, None, 3)), konv.layers.Conv2D(2, 3)]).export(tmp_path / "m.onnx")


def test_names_and_axes(tmp_path):
    layers = konv.layers
    x = layers.Input((5, 5, 2), name="image")
    y = layers.Flatten(name="features")(layers.Conv2D(2, 3, name="c")(x))
    session = agree(konv.Model(x, [y, layers.Dense(2, name="scores")(y)]), tmp_path)
    assert [(one.name, one.shape) for one in session.get_inputs()] == [("image", ["batch", 5, 5, 2])]
    assert [(one.name, one.shape) for one in session.get_outputs()] == [
        ("features", ["batch", 18]), ("scores", ["batch", 2])]
    assert onnx.load(tmp_path / "m.onnx").graph.initializer[0].name == "c/kernel"


def test_what_is_refused(tmp_path, monkeypatch):
    model = konv.Sequential([konv.Input((None, None, 1)), konv.layers.Conv2D(1, 3), konv.layers.GlobalMaxPooling2D()])
    with pytest.raises(UnsupportedError, match="sizes must be known"):
        model.export(tmp_path / "m.onnx")
    assert not list(tmp_path.iterdir())
    small = konv.Sequential([konv.Input((3,)), konv.layers.Dense(1)])
    with pytest.raises(KonvError, match=r"must end in \.onnx"):
        small.export(tmp_path / "m.bin")
    with pytest.raises(UnsupportedError, match="tf_saved_model"):
        small.export(tmp_path / "m", format="tf_saved_model")
    with pytest.raises(KonvError, match="no weights yet"):
        konv.Sequential([konv.layers.Dense(1)]).export(tmp_path / "m.onnx")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"konv\[onnx\]"):
        small.export(tmp_path / "m.onnx")


def test_operations_and_layers_of_ones_own(tmp_path):
    x = konv.Input((4, 5, 6))
    agree(konv.Model(x, [function(konv.ops, x) for function in EXPRESSIONS.values()]), tmp_path, samples=(2,))
    agree(custom.NETWORKS[0](konv), tmp_path, samples=(2,))
    agree(konv.Sequential([konv.Input((8, 8, 4)), custom.NETWORKS[1](konv)]), tmp_path, samples=(2,))


def the_rest(k):
    """The layers that are in no other network here, each with an output of its own."""
    layers = k.layers
    images, rows = [k.Input((9, 8, 6)) for _ in range(2)], k.Input((11, 6))
    on_images = [
        layers.PReLU(shared_axes=[1, 2]), layers.ELU(0.5), layers.LeakyReLU(0.2), layers.Cropping2D(((1, 2), (0, 3))),
        layers.ZeroPadding2D(((1, 2), (0, 3))), layers.Permute((3, 1, 2)), layers.Permute((2, 1, 3)), layers.Reshape((-1, 4)),
        layers.Identity(), layers.ActivityRegularization(0.1), layers.GaussianDropout(0.2), layers.RandomCrop(4, 5),
        layers.RandomCrop(12, 5), layers.RandomBrightness(0.2), layers.RandomContrast(0.2), layers.RandomRotation(0.2),
        layers.RandomTranslation(0.2, 0.2), layers.Lambda(lambda x: 2 * x + 1)]
    on_rows = [layers.Cropping1D((1, 2)), layers.ZeroPadding1D((2, 1)), layers.UpSampling1D(3)]
    merged = [layer(images) for layer in (layers.Subtract(), layers.Multiply(), layers.Average(), layers.Maximum(),
                                          layers.Minimum(), layers.Dot(3), layers.Concatenate(), layers.Concatenate(axis=1))]
    repeated = layers.RepeatVector(3)(layers.GlobalMaxPooling1D()(rows))
    return k.Model([*images, rows], [*(layer(images[0]) for layer in on_images), *(layer(rows) for layer in on_rows), *merged,
                                     repeated])


def kinds(layers):
    """The classes of layers, those inside models too."""
    return {cls for layer in layers for cls in (kinds(layer.layers) if isinstance(layer, konv.Model) else {type(layer)})}


def test_every_layer(tmp_path):
    model = the_rest(konv)
    agree(model, tmp_path)
    every = {cls for cls in (getattr(konv.layers, name) for name in dir(konv.layers)) if isinstance(cls, type)}
    built = kinds([model, *(build(konv) for build in (*networks.ALL, *models.ALL))])
    assert {cls for cls in every if issubclass(cls, konv.layers.Layer)} - {konv.layers.Layer} - built == set()
