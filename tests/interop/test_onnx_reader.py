"""ONNX files are read as models that compute what ONNX Runtime computes, or refused by the name of a node; hostile ones too."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import konv
from konv.errors import FileError, KonvError, UnsupportedError
from konv.explain import read
from tests import networks
from tests.interop.test_onnx_writer import run

draw = np.random.default_rng(0)


def node(kind, *weights, inputs=("x",), outputs=("y",), name="", **attributes):
    """A node behind "x", and the arrays that it takes."""
    names = [f"w{place}_{name or kind}" for place in range(len(weights))]
    return (helper.make_node(kind, [*inputs, *names], list(outputs), name or f"here/{kind}", **attributes),
            [numpy_helper.from_array(np.asarray(array), name) for array, name in zip(weights, names, strict=True)])


def write(folder, *nodes, shape=(4, 7, 8), opset=21, outputs=("y",), arrays=(), inputs=None):
    parts = [one if isinstance(one, tuple) else (one, []) for one in nodes]
    inputs = inputs or [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])]
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    arrays = [*arrays, *(array for _, own in parts for array in own)]
    graph = helper.make_graph([one for one, _ in parts], "graph", inputs, given, arrays)
    path = Path(folder, "m.onnx")
    model = helper.make_model(graph, opset_imports=[helper.make_operatorsetid("", opset)], ir_version=10)
    path.write_bytes(model.SerializeToString())
    return path


def agree(path, shape=(4, 7, 8)):
    """Both on the same images; the model for further questions."""
    model = read(path)
    x = draw.standard_normal((2, *shape)).astype("f4")
    wanted = run(path, [x])[0][0]
    images = model.inputs[0].shape[1:] != shape
    found = model.predict(np.moveaxis(x, 1, -1) if images else x, verbose=0)
    moved = np.moveaxis(found, -1, 1)  # images come out as they go in, unless the file itself turned them round
    found = moved if images and moved.shape == wanted.shape and np.allclose(moved, wanted, 1e-3, 1e-3) else found
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5 * max(1, np.abs(wanted).max()))
    return model


def weights(*shape):
    return draw.normal(0, 0.3, shape).astype("f4")


F = np.float32
CONV, BIAS = weights(6, 4, 3, 3), weights(6)
NODES = {  # name: (node, its arrays), and options of `write`
    "valid": node("Conv", CONV, BIAS), "same": node("Conv", CONV, pads=[1, 1, 1, 1]),
    "uneven": node("Conv", CONV, BIAS, pads=[2, 0, 1, 3], strides=[2, 1]), "dilated": node("Conv", CONV, dilations=[2, 1]),
    "grouped": node("Conv", weights(6, 2, 3, 2), BIAS, group=2), "depthwise": node("Conv", weights(8, 1, 3, 3), group=4),
    "lower": node("Conv", weights(6, 4, 2, 2), auto_pad="SAME_LOWER"), "upper": node("Conv", CONV, auto_pad="SAME_UPPER",
                                                                                      strides=[2, 2]),
    "spread": node("ConvTranspose", weights(4, 6, 3, 3), BIAS, strides=[2, 2]),
    "spread cut": node("ConvTranspose", weights(4, 6, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]),
    "spread uneven": node("ConvTranspose", weights(4, 6, 4, 3), BIAS, strides=[2, 1], pads=[1, 0, 2, 1]),
    "max": node("MaxPool", kernel_shape=[2, 2], strides=[2, 2]),
    "max padded": node("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    "max ceil": node("MaxPool", kernel_shape=[3, 2], strides=[2, 3], ceil_mode=1),
    "mean padded": node("AveragePool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    "mean of zeros too": node("AveragePool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 0, 1, 2], count_include_pad=1),
    "mean ceil": node("AveragePool", kernel_shape=[3, 3], strides=[3, 3], ceil_mode=1),
    "global": node("GlobalAveragePool"), "global max": node("GlobalMaxPool"),
    "batch norm": node("BatchNormalization", weights(4), weights(4), weights(4), np.abs(weights(4)) + F(1), epsilon=1e-3),
    "instance norm": node("InstanceNormalization", weights(4), weights(4)),
    "group norm": node("GroupNormalization", weights(4), weights(4), num_groups=2),
    "layer norm": node("LayerNormalization", weights(7, 8), weights(7, 8), axis=-2),
    **{kind: node(kind) for kind in ("Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Elu", "Selu", "LeakyRelu", "HardSwish",
                                     "HardSigmoid", "Mish", "Gelu", "Exp", "Abs", "Neg", "Sin", "Identity", "Softmax",
                                     "LogSoftmax")},
    "gelu by tanh": node("Gelu", approximate="tanh"), "channel softmax": node("Softmax", axis=1),
    "clip": node("Clip", F(-0.3), F(0.5)), "relu6": node("Clip", F(0), F(6)), "prelu": node("PRelu", weights(4, 1, 1)),
    "scale": node("Mul", weights(4, 1, 1)), "shift": node("Add", weights(1, 4, 1, 1)), "map": node("Add", weights(7, 8)),
    "minus": node("Sub", F(2)), "over": node("Div", weights(4, 1, 1) + F(2)), "power": node("Pow", F(2)),
    "greater": (helper.make_node("Where", ["c", "x", "z"], ["y"], "choice"), []),
    "flatten": node("Flatten"), "reshape": node("Reshape", np.array([0, -1, 8])),
    "transpose": node("Transpose", perm=[0, 2, 1, 3]), "squeeze": node("Unsqueeze", np.array([2])),
    "slice": node("Slice", *map(np.array, ([1, -1], [3, -9], [1, 3], [1, -2]))),
    "pad": node("Pad", np.array([0, 1, 2, 0, 0, 0, 1, 3])), "mean": node("ReduceMean", np.array([2, 3]), keepdims=0),
    "sum": node("ReduceSum", np.array([1])), "gather": node("Gather", np.array(2), axis=1),
    "repeat": node("Gather", np.repeat(np.arange(7), 2), axis=2),
    "upsample": node("Resize", np.array([], "f4"), np.array([1, 1, 2, 3], "f4"), coordinate_transformation_mode="asymmetric",
                     nearest_mode="floor"),
    "bilinear": node("Resize", np.array([], "f4"), np.array([], "f4"), np.array([2, 4, 11, 9]), mode="linear"),
    "matmul": node("MatMul", weights(8, 3)), "rows": (helper.make_node("MatMul", ["m", "x"], ["y"], "rows"), []),
}
ARRAYS = {"rows": [numpy_helper.from_array(weights(3, 7), "m")],
          "greater": [numpy_helper.from_array(F(0.2), "t"), numpy_helper.from_array(F(-1), "z")]}
BEFORE = {"greater": [helper.make_node("Greater", ["x", "t"], ["c"], "is_it")]}


@pytest.mark.parametrize("name", NODES)
def test_one_node(tmp_path, name):
    path = write(tmp_path, *BEFORE.get(name, []), NODES[name], arrays=ARRAYS.get(name, ()))
    agree(path)


@pytest.mark.parametrize("made", [
    node("Conv", weights(6, 4, 3), BIAS, pads=[1, 1]), node("Conv", weights(6, 4, 3), pads=[2, 0]),
    node("Conv", weights(6, 4, 3), pads=[0, 3], strides=[2]), node("MaxPool", kernel_shape=[3], strides=[2], pads=[1, 1]),
    node("ConvTranspose", weights(4, 6, 3), pads=[1, 1], strides=[2]), node("GlobalAveragePool")])
def test_sequences(tmp_path, made):
    agree(write(tmp_path, made, shape=(4, 11)), (4, 11))


@pytest.mark.parametrize(("made", "opset"), [
    (node("Squeeze", axes=[2]), 11), (node("Clip", min=-0.5, max=0.5), 9), (node("ReduceMean", axes=[1]), 13),
    (node("Slice", starts=[0], ends=[2], axes=[1]), 9), (node("Upsample", np.array([1, 1, 2, 2], "f4"), mode="nearest"), 9),
    (node("Resize", np.array([1, 1, 2, 3], "f4"), mode="nearest"), 10),
    (node("Softmax", axis=3), 11), (node("Pad", pads=[0, 0, 1, 1, 0, 0, 1, 1]), 9)])
def test_older_files(tmp_path, made, opset):
    shape = (4, 1, 8) if made[0].op_type == "Squeeze" else (4, 7, 8)
    agree(write(tmp_path, made, opset=opset, shape=shape), shape)


def test_a_classifier_as_pytorch_writes_it(tmp_path):
    """Padding at a stride of 2, which reads other pixels than SAME; the sizes of a reshape computed in the file."""
    path = write(
        tmp_path, node("Conv", weights(6, 4, 3, 3), BIAS, pads=[1] * 4, strides=[2, 2], outputs=["a"], name="/features/0/Conv"),
        node("Relu", inputs=["a"], outputs=["b"], name="/features/1/Relu"),
        node("MaxPool", inputs=["b"], outputs=["c"], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4),
        node("Shape", inputs=["c"], outputs=["s"]), node("Gather", np.array(0), inputs=["s"], outputs=["n"]),
        node("Unsqueeze", np.array([0]), inputs=["n"], outputs=["m"]),
        node("Concat", np.array([-1]), inputs=["m"], outputs=["shape"], axis=0),
        helper.make_node("Reshape", ["c", "shape"], ["flat"], "flat"),
        node("Gemm", weights(3, 96), weights(3), inputs=["flat"], transB=1, name="/classifier/Gemm"), shape=(4, 16, 15))
    model = agree(path, (4, 16, 15))
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["InputLayer", "ZeroPadding2D", "Conv2D", "ReLU", "ZeroPadding2D", "MaxPooling2D", "Permute", "Flatten",
                     "Dense"]
    assert model.layers[2].name == "features_0"
    assert "rows to add" not in model.explain()
    assert "0을 덧붙임" in model.explain("ko")


def test_numbers_in_a_file_are_whole_where_onnx_has_them_whole(tmp_path):
    nodes = (node("Div", np.array([-7, 5]), np.array([2, 2]), inputs=[], outputs=["a"]),
             node("Cast", F(2.9), inputs=[], outputs=["b"], to=TensorProto.INT64),
             node("Mul", inputs=["a", "b"], outputs=["c"]),
             node("Cast", inputs=["c"], outputs=["d"], name="back", to=TensorProto.FLOAT), node("Add", inputs=["x", "d"]))
    agree(write(tmp_path, *nodes, shape=(2,)), (2,))


def test_a_dense_layer_of_two_nodes(tmp_path):
    nodes = node("MatMul", weights(5, 3), outputs=["a"]), node("Add", weights(3), inputs=["a"])
    model = agree(write(tmp_path, *nodes, shape=(5,)), (5,))
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "Dense"]


def test_a_file_for_so_many_samples_is_read_for_any_number(tmp_path):
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [5, 4, 7, 8])]
    assert read(write(tmp_path, node("Reshape", np.array([5, 28, 8])), inputs=inputs)).output_shape == (None, 28, 8)


def test_open_sizes_are_fixed_by_input_shape(tmp_path):
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4, "h", "w"])]
    path = write(tmp_path, node("Conv", CONV, pads=[1] * 4), inputs=inputs)
    assert read(path).input_shape == (None, None, None, 4)
    assert read(path, input_shape=(4, 9, 8)).output_shape == (None, 9, 8, 6)
    with pytest.raises(FileError, match="has 2 sizes, the file has 3 behind the batch"):
        read(path, input_shape=(4, 9))


@pytest.mark.parametrize("make", [*networks.ALL, networks.dropped, networks.augmented])
def test_what_konv_wrote_comes_back(tmp_path, make):
    model = make(konv)
    for variable in model.weights:
        variable.assign(draw.normal(0, 0.15, variable.shape) if variable.trainable else draw.uniform(0.5, 1.5, variable.shape))
    model.export(tmp_path / "m.onnx")
    found = read(tmp_path / "m.onnx")
    x = draw.standard_normal((2, *model.input_shape[1:])).astype("f4")
    turned = x if found.input_shape == model.input_shape else np.moveaxis(x, 1, -1)
    np.testing.assert_allclose(found.predict(turned, verbose=0), model.predict(x, verbose=0), rtol=1e-5, atol=1e-5)
    assert found.explain()


def test_it_is_a_model_like_any_other(tmp_path):
    networks.normalised(konv).export(tmp_path / "m.onnx")
    model = read(tmp_path / "m.onnx")
    x = draw.standard_normal((2, *model.input_shape[1:])).astype("f4")
    model.compile("sgd", "mse")
    model.fit(x, np.zeros((2, 3)), verbose=0)
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(read(tmp_path / "m.keras").predict(x, verbose=0), model.predict(x, verbose=0))


# --- what is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("nodes", "message"), [
    ([node("Conv", CONV, inputs=["x"], domain="com.other")], r'node "here/Conv" \(Conv\): is of com.other, not of ONNX itself'),
    ([node("NonZero", name="odd")], r'node "odd" \(NonZero\): konv has no layer for NonZero'),
    ([node("Conv", weights(6, 3, 3, 3))], r'node "here/Conv" \(Conv\): the kernel is for 3 channels, the input has 4'),
    ([node("MaxPool", kernel_shape=[3, 3], dilations=[2, 2])], "a pool with dilations"),
    ([node("Reshape", np.array([-1, 8]))], "the batch must stay the first axis"),
    ([node("Pad", np.array([0] * 8), mode="reflect")], "padding with something else than zeros"),
    ([node("Transpose", perm=[1, 0, 2, 3])], "the batch must stay the first"),
    ([node("MaxPool", outputs=["y", "z"], kernel_shape=[2, 2]), node("Identity", inputs=["z"], outputs=["w"])],
     "its output 'z' is used, which konv does not compute"),
    ([helper.make_node("Conv", ["x", "x"], ["y"], "both")], "its kernel is computed from the input"),
    ([node("Resize", np.array([], "f4"), np.array([1, 1, 1.5, 1.5], "f4"), mode="linear")], "do not give whole sizes"),
    ([node("Resize", np.array([], "f4"), np.array([2, 2], "f4"), axes=[2, 3])], "axes and keep_aspect_ratio_policy"),
    ([node("ReduceMean", np.array([], "i8"))], "reduces the batch too"),
    ([node("Upsample", np.array([1, 1, 2, 2], "f4"), mode="linear")], 'linear" with coordinate_transformation_mode "asymm'),
    ([node("Odd", name="a\x1b]0;b\n" + "c" * 100)], r'node "a\?\]0;b\?c{73}" \(Odd\)'),
    ([node("GlobalAveragePool", outputs=["a"]), helper.make_node("Flatten", ["a"], ["y"], "own", domain="com.other")],
     "is of com.other"),
    ([node("Concat", inputs=["x", "x"], axis=0)], "samples one after the other"),
    ([node("ReduceSum", keepdims=0)], "reduces the batch too"),
])
def test_what_cannot_be_read_names_the_node(tmp_path, nodes, message):
    with pytest.raises(UnsupportedError if "kernel is for" not in message else KonvError, match=message):
        read(write(tmp_path, *nodes))


def tensor(shape, **fields):
    """An array in a file that need not be what it says."""
    made = TensorProto(name="w", data_type=fields.pop("data_type", 1), dims=shape)
    for name, value in fields.items():
        setattr(made, name, value) if isinstance(value, (bytes, int)) else getattr(made, name).extend(value)
    return made


def outside(path):
    made = tensor([1], data_location=TensorProto.EXTERNAL)
    made.external_data.add(key="location", value=str(path))
    return made


CHAIN = helper.make_node("Conv", ["x", "w"], ["y"], "conv")


@pytest.mark.parametrize(("array", "message"), [
    (tensor([1 << 40, 1 << 20], raw_data=b"1234"), r"claims the shape \(1099511627776, 1048576\), and holds 4 bytes"),
    (tensor([-1, 3], raw_data=b""), r"claims the shape \(-1, 3\)"), (tensor([2] * 30, raw_data=b""), "claims the shape"),
    (tensor([1 << 62] * 4, float_data=[1.0]), "and holds 1 numbers"), (tensor([1], raw_data=b"1"), "instead of 4"),
    (tensor([1], data_type=8, string_data=[b"a"]), "is of type 8; konv reads float32"),
    (outside("/etc/passwd"), "lies in another file, which konv does not open")])
def test_hostile_arrays(tmp_path, array, message):
    with pytest.raises(FileError, match=message):
        read(write(tmp_path, CHAIN, arrays=[array]))


@pytest.mark.parametrize(("nodes", "message"), [
    ([node("Relu", inputs=["b"], outputs=["a"]), node("Relu", inputs=["a"], outputs=["b"])], "the nodes go round in a circle"),
    ([node("Relu", inputs=["y"])], r'node "here/Relu" \(Relu\): reads .y., which no node before it gives: the nodes go round'),
    ([node("Relu", inputs=["x", "x"])], r'node "here/Relu" \(Relu\): its inputs and attributes do not fit together'),
    ([node("Relu"), node("Sigmoid")], "the value 'y' is given twice"), ([node("Relu", outputs=["z"])], "the output 'y'"),
    ([node("ConstantOfShape", np.array([1 << 30, 1 << 30]), inputs=[], outputs=["y"])], "there may be 65,536 numbers"),
    ([node("Pad", np.array([0, 0, 1 << 40, 0, 0, 0, 0, 0]))], "there may be 65,536 at an edge"),
    ([node("Conv", CONV, pads=[1 << 50, 0, 0, 0])], "there may be 65,536 at an edge"),
    ([node("MaxPool", kernel_shape=[3, 3], pads=[60000] * 4)], "a padded maximum of images"),
    ([node("MaxPool", kernel_shape=[0, 3])], "do not fit"), ([node("Conv", CONV, strides=[0, 1])], "do not fit"),
    ([node("Split", np.array([3, 1 << 60]), outputs=["y", "z"], axis=1)], "splits 4 into 2 parts"),
    ([helper.make_node("Constant", [], ["c0"], value_floats=[1.0] * 9), *(
        helper.make_node("Concat", [f"c{i}"] * 9, [f"c{i + 1}"], axis=0) for i in range(30))], "would make an array of"),
])
def test_hostile_graphs(tmp_path, nodes, message):
    with pytest.raises(KonvError, match=message):
        read(write(tmp_path, *nodes))


@pytest.mark.parametrize("shape", [(1 << 40, 3, 3), (0, 3, 3), (60000, 60000, 60000)])
def test_hostile_inputs(tmp_path, shape):
    with pytest.raises(KonvError, match="an input of shape"):
        read(write(tmp_path, node("Relu"), shape=shape))


@pytest.mark.parametrize(("data", "message"), [
    (b"", "is empty"), (b"\x00" * 100, "is not an ONNX file"), (b"PK\x03\x04" * 9, "is not an ONNX file"),
    (None, "no such file")])
def test_what_is_no_onnx_file(tmp_path, data, message):
    path = tmp_path / "m.onnx"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(FileError, match=message):
        read(path)


@pytest.mark.parametrize("place", range(0, 1000, 37))
def test_a_changed_file_is_read_or_refused(tmp_path, place):
    path = write(tmp_path, node("Conv", CONV, BIAS, outputs=["a"]), node("Relu", inputs=["a"]))
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 0xFF
    path.write_bytes(bytes(data))
    with suppress(KonvError):
        read(path)


def test_what_read_takes(tmp_path):
    with pytest.raises(KonvError, match=r"takes the path of a \.keras, \.h5 or \.onnx file or a torch\.nn\.Module, got 3"):
        read(3)
    model = konv.Sequential([konv.Input((3,)), konv.layers.Dense(2)])
    assert read(model) is model
    model.save(tmp_path / "m.keras")
    with pytest.raises(KonvError, match="leave out input_shape"):
        read(tmp_path / "m.keras", input_shape=(3,))


def test_names_in_korean(tmp_path):
    model = konv.Sequential([konv.Input((4, 4, 1)), konv.layers.Conv2D(2, 3, name="합성곱")])
    model.export(tmp_path / "모델.onnx")
    assert [layer.name for layer in konv.explain.read(tmp_path / "모델.onnx").layers][-1] == "합성곱"
