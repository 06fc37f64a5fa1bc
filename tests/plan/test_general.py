"""Operations on arrays of any shape, forward and backward, beside JAX; parameters; the same kernels in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from konv.ir.array_ops import Binary, Concatenate, Constant, Matmul, Pad, Parameter, Reduce, Repeat, Slice
from konv.ir.graph import GraphBuilder
from konv.ir.ops import Activation, Conv, Input, Permute
from konv.ir.window import Window
from konv.plan import build_plan
from konv.runtime.cpu import Program
from konv.runtime.kernel_sets import default_kernels, reference_kernels
from konv.runtime.runner import Runner
from konv.runtime.threads import Threads
from konv.variables import Variable

BATCH = 5


def gradients(op, shapes, given, error, kernels):
    """The result of an operation and the gradients of its inputs."""
    builder = GraphBuilder()
    inputs = tuple(builder.add(Input(shape), layer=f"x{place}") for place, shape in enumerate(shapes))
    graph = builder.graph(builder.add(op, inputs, "op"))
    program = Program(build_plan(graph, BATCH, True, kernels.machine, input_gradients=True), {}, kernels, Threads(2))
    slopes = program.inputs_backward(given, [error])
    infer = Program(build_plan(graph, BATCH, False, kernels.machine), {}, kernels, Threads(2))
    infer.forward(given, None)
    return infer.outputs(BATCH)[0].reshape(BATCH, *graph.nodes[-1].shape), [
        slope.reshape(x.shape) for slope, x in zip(slopes, given, strict=True)]


def jnp_pad(widths):
    return lambda x: jnp.pad(x, ((0, 0), *widths))


# operation, shapes of the inputs, the same with JAX on a batch
CASES = {
    **{name: (Binary(name), [(4, 5, 3), (4, 5, 3)], getattr(jnp, name))
       for name in ("add", "subtract", "multiply", "divide", "maximum", "minimum", "power", "less", "equal")},
    "channels": (Binary("multiply"), [(6, 5, 19), (1, 1, 19)], jnp.multiply),
    "rows": (Binary("subtract"), [(6, 1, 3), (1, 5, 3)], jnp.subtract),
    "quotient of sums": (Binary("divide"), [(7,), (1,)], jnp.divide),
    "power of columns": (Binary("power"), [(3, 4), (3, 1)], jnp.power),
    "largest of both": (Binary("maximum"), [(1, 4, 2), (3, 1, 2)], jnp.maximum),
    "four axes": (Binary("multiply"), [(2, 3, 1, 4), (2, 1, 5, 4)], jnp.multiply),
    "sum": (Reduce("sum", (0,)), [(4, 5, 20)], lambda x: x.sum(1)),
    "sum of all": (Reduce("sum"), [(4, 5, 3)], lambda x: x.sum((1, 2, 3))),
    "sum of many": (Reduce("sum"), [(90, 80, 3)], lambda x: x.sum((1, 2, 3))),
    "mean kept": (Reduce("mean", (0, 1), True), [(4, 5, 33)], lambda x: x.mean((1, 2), keepdims=True)),
    "mean last": (Reduce("mean", (-1,)), [(4, 5, 33)], lambda x: x.mean(-1)),
    "max": (Reduce("max", (1,)), [(4, 5, 3)], lambda x: x.max(2)),
    "min of all": (Reduce("min", None, True), [(4, 5)], lambda x: x.min((1, 2), keepdims=True)),
    "matmul": (Matmul(), [(4, 5), (5, 18)], jnp.matmul),
    "matmul of stacks": (Matmul(), [(2, 1, 4, 5), (3, 5, 6)], None),
    "concatenate": (Concatenate(), [(3, 4, 5), (3, 4, 2), (3, 4, 17)], lambda *x: jnp.concatenate(x, -1)),
    "concatenate rows": (Concatenate(0), [(3, 4, 5), (1, 4, 5)], lambda *x: jnp.concatenate(x, 1)),
    "concatenate twice": (Concatenate(0), [(3, 2), (3, 2)], lambda *x: jnp.concatenate(x, 1)),
    "slice": (Slice((1, 4, 0), (2, 2, 3), (1, -2, 1)), [(4, 5, 3)], lambda x: x[:, 1:3, 4:1:-2]),
    "pad": (Pad(((1, 0), (0, 2), (0, 0))), [(4, 5, 3)], jnp_pad(((1, 0), (0, 2), (0, 0)))),
    "pad rows": (Pad(((2, 3),)), [(4,)], jnp_pad(((2, 3),))),
    "repeat": (Repeat((2, 3, 1)), [(4, 5, 3)], lambda x: x.repeat(2, 1).repeat(3, 2)),
    "permute": (Permute((2, 0, 1)), [(4, 5, 3)], lambda x: x.transpose(0, 3, 1, 2)),
    "permute four": (Permute((3, 1, 0, 2)), [(2, 3, 4, 5)], lambda x: x.transpose(0, 4, 2, 1, 3)),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kernels", [default_kernels, reference_kernels], ids=["compiled", "reference"])
def test_beside_jax(case, kernels):
    op, shapes, same = CASES[case]
    if case == "matmul of stacks":
        same = lambda x, w: jnp.matmul(x, w[:, None])  # noqa: E731
    random = np.random.default_rng(0)
    given = [random.uniform(0.5, 2, (BATCH, *shape)).astype(np.float32) for shape in shapes]
    if case in ("equal", "max", "maximum"):
        given = [np.round(x * 2) for x in given]  # some are alike
    expected, back = jax.vjp(lambda *x: same(*x).astype(np.float32), *given)
    error = random.standard_normal(expected.shape, dtype=np.float32)
    result, slopes = gradients(op, shapes, given, error, kernels())
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)
    for slope, wanted in zip(slopes, back(error), strict=True):
        np.testing.assert_allclose(slope, wanted, rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize(("name", "constants", "same"), [
    ("log", (), jnp.log), ("log1p", (), jnp.log1p), ("expm1", (), jnp.expm1), ("sqrt", (), jnp.sqrt),
    ("rsqrt", (), jax.lax.rsqrt), ("square", (), jnp.square), ("abs", (), jnp.abs), ("sign", (), jnp.sign),
    ("reciprocal", (), lambda x: 1 / x), ("clip", (0.8, 1.5), lambda x: jnp.clip(x, 0.8, 1.5)),
    ("power", (2.5,), lambda x: x**2.5), ("sin", (), jnp.sin), ("cos", (), jnp.cos)])
@pytest.mark.parametrize("kernels", [default_kernels, reference_kernels], ids=["compiled", "reference"])
def test_functions(name, constants, same, kernels):
    x = np.random.default_rng(0).uniform(0.5, 2, (BATCH, 7)).astype(np.float32)
    expected, back = jax.vjp(same, x)
    result, (slope,) = gradients(Activation(name, constants), [(7,)], [x], np.ones_like(x), kernels())
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(slope, back(np.ones_like(x))[0], rtol=1e-5, atol=1e-6)


def scaled(builder):
    """Parameters in all places: a scale per channel, matrices, one that an activation reads, a constant, one used twice."""
    x = builder.add(Input((4, 3, 6)), layer="x")
    gain, half = builder.add(Parameter("gain", (6,)), (), "own"), builder.add(Constant((0.5,)), (), "own")
    x = builder.add(Binary("multiply"), (x, builder.add(Activation("tanh"), (gain,), "own")), "own")
    x = builder.add(Binary("add"), (x, builder.add(Binary("multiply"), (gain, half), "own")), "own")
    matrix, turned = (builder.add(Parameter(name, shape), (), "own") for name, shape in (("m", (6, 5)), ("t", (3, 3))))
    x = builder.add(Matmul(), (x, matrix), "own")
    x = builder.add(Matmul(), (turned, x), "own")
    x = builder.add(Reduce("mean", (0, 1)), (x,), "own")
    return builder.graph(builder.add(Matmul(), (x, builder.add(Parameter("last", (5, 2)), (), "own")), "own"))


def scaled_jax(x, w):
    x = x * jnp.tanh(w["gain"]) + w["gain"] * 0.5
    return (w["t"] @ (x @ w["m"])).mean((1, 2)) @ w["last"]


@pytest.mark.parametrize("threads", [1, 2])
def test_parameters(threads):
    graph, random = scaled(GraphBuilder()), np.random.default_rng(0)
    shapes = {"gain": (6,), "m": (6, 5), "t": (3, 3), "last": (5, 2)}
    w = {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    x = random.standard_normal((7, 4, 3, 6)).astype(np.float32)
    runner = Runner(graph, {f"own/{name}": Variable(value, name) for name, value in w.items()}, threads=Threads(threads))
    expected, back = jax.vjp(lambda w: scaled_jax(x, w), w)
    error = random.standard_normal(expected.shape, dtype=np.float32)
    np.testing.assert_allclose(runner.infer([x])[0], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(runner.forward([x])[0], expected, rtol=1e-4, atol=1e-5)
    found = runner.backward([error])
    for name, wanted in back(error)[0].items():
        np.testing.assert_allclose(found[f"own/{name}"], wanted, rtol=1e-4, atol=1e-4)


def test_what_a_convolution_reads_has_a_halo():
    """Movements and reductions write into the middle of an image with zeros around."""
    builder = GraphBuilder()
    x = builder.add(Input((5, 4, 2)), layer="x")
    wide = builder.add(Concatenate(), (x, builder.add(Reduce("max", (-1,), True), (x,), "r")), "c")
    same = Window((3, 3), padding="same")
    first = builder.add(Conv(3, same, use_bias=False), (builder.add(Pad(((1, 0), (0, 1), (0, 0))), (wide,), "p"),), "k")
    least = builder.add(Reduce("min", (0,), True), (first,), "m")
    graph = builder.graph(builder.add(Conv(2, same, use_bias=False), (least,), "l"))
    random = np.random.default_rng(0)
    kernels = {"k/kernel": random.standard_normal((3, 3, 3, 3)), "l/kernel": random.standard_normal((3, 3, 3, 2))}
    x = random.standard_normal((3, 5, 4, 2)).astype(np.float32)

    def conv(x, kernel):
        return jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))

    def same_jax(w):
        y = jnp.concatenate([x, x.max(-1, keepdims=True)], -1)
        y = conv(jnp.pad(y, ((0, 0), (1, 0), (0, 1), (0, 0))), w["k/kernel"])
        return conv(y.min(1, keepdims=True), w["l/kernel"])

    w = {name: value.astype(np.float32) for name, value in kernels.items()}
    runner = Runner(graph, {name: Variable(value, "kernel") for name, value in w.items()})
    expected, back = jax.vjp(same_jax, w)
    np.testing.assert_allclose(runner.forward([x])[0], expected, rtol=1e-4, atol=1e-4)
    found = runner.backward([np.ones_like(expected)])
    for name, wanted in back(jnp.ones_like(expected))[0].items():
        np.testing.assert_allclose(found[name], wanted, rtol=1e-3, atol=1e-3)


def test_long_sums_are_as_exact_as_short_ones():
    x = np.random.default_rng(0).uniform(0, 1, (2, 300, 300, 7)).astype(np.float32)
    builder = GraphBuilder()
    graph = builder.graph(builder.add(Reduce("mean"), (builder.add(Input(x.shape[1:]), layer="x"),), "m"))
    np.testing.assert_allclose(Runner(graph, {}).infer([x])[0], x.mean((1, 2, 3), dtype=np.float64), rtol=1e-6)
