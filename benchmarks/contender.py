"""Time one library on some tasks, in a process of its own, and print {task: seconds} as JSON.

    python benchmarks/contender.py konv seed/train/128 resnet/predict/64 conv/128-28-1-75-3-1/forward

Each gets its best ordinary setting: all threads, channels last in memory, inference mode, a model compiled for the batch
where it compiles. A task that a library cannot do is left out.
"""

import os
import sys
import tempfile
from functools import partial

import numpy as np
from networks import CONVOLUTIONS, NETWORKS, keras_network, torch_network
from timer import THREADS, median_time

LIBRARIES = ("konv", "torch", "openvino", "onnxruntime")
TASKS = [*(f"seed/train/{batch}" for batch in (32, 128)), *(f"seed/predict/{batch}" for batch in (1, 32, 128)),
         *(f"{name}/{mode}/64" for name in ("vgg", "resnet", "mobile") for mode in ("train", "predict")),
         *(f"conv/{'-'.join(map(str, sizes))}/{way}" for sizes in CONVOLUTIONS for way in ("forward", "backward"))]


def images(name, batch):
    shape, steps = NETWORKS[name]
    random = np.random.default_rng(0)
    return random.random((batch, *shape), np.float32), random.integers(0, steps[-1][1], batch)


def convolution(sizes):
    """x, kernel, gradient of the output, stride."""
    batch, size, channels, filters, kernel, stride = map(int, sizes.split("-"))
    random, out = np.random.default_rng(0), -(-size // stride)
    normal = partial(random.standard_normal, dtype=np.float32)
    return (normal((batch, size, size, channels)), normal((kernel, kernel, channels, filters)) / kernel / channels**0.5,
            normal((batch, out, out, filters)), stride)


def konv(name, mode, detail):
    import konv as keras

    if name == "conv":
        x, kernel, dy, stride = convolution(mode)
        if detail == "forward":
            return lambda: keras.ops.conv(x, kernel, strides=stride, padding="same")
        return lambda: keras.ops.conv_backward(dy, x, kernel, strides=stride, padding="same")
    model, (x, y) = keras_network(keras, name), images(name, int(detail))
    model.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return (lambda: model.train_on_batch(x, y)) if mode == "train" else (lambda: model.predict_on_batch(x))


def torch(name, mode, detail):
    import torch

    torch.set_num_threads(THREADS)

    def tensor(array):
        return torch.from_numpy(array).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)

    if name == "conv":
        x, kernel, dy, stride = convolution(mode)
        x, dy, pad = tensor(x), tensor(dy), kernel.shape[0] // 2
        kernel = torch.from_numpy(kernel).permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
        bias, size = torch.zeros(len(kernel)), [len(kernel)]
        if detail == "forward":
            return lambda: torch.conv2d(x, kernel, bias, stride, pad)
        rest = (size, [stride] * 2, [pad] * 2, [1, 1], False, [0, 0], 1, [True, True, True])
        return lambda: torch.ops.aten.convolution_backward(dy, x, kernel, *rest)
    torch.manual_seed(0)
    model, (x, y) = torch_network(name), images(name, int(detail))
    x, y = tensor(x), torch.from_numpy(y)
    if mode == "predict":
        model.eval()

        def predict():
            with torch.inference_mode():
                return model(x)
        return predict
    optimizer, loss = torch.optim.Adam(model.parameters(), 1e-3), torch.nn.CrossEntropyLoss()

    def train():
        error = loss(model(x), y)
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        return error.item()
    return train


def exported(name, folder):
    """A network as an ONNX file."""
    import torch

    path, (height, width, channels) = os.path.join(folder, f"{name}.onnx"), NETWORKS[name][0]
    torch.onnx.export(torch_network(name).eval(), (torch.rand(1, channels, height, width),), path, dynamo=False,
                      input_names=["x"], dynamic_axes={"x": {0: "n"}}, opset_version=17)
    return path


def openvino(name, mode, detail):
    if mode != "predict":
        return None
    import openvino

    with tempfile.TemporaryDirectory() as folder:
        core = openvino.Core()
        model = core.read_model(exported(name, folder))
        x = np.ascontiguousarray(images(name, int(detail))[0].transpose(0, 3, 1, 2))
        model.reshape(x.shape)
        settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": THREADS, "PERFORMANCE_HINT": "LATENCY"}
        request = core.compile_model(model, "CPU", settings).create_infer_request()
    return lambda: request.infer({0: x})


def onnxruntime(name, mode, detail):
    if mode != "predict":
        return None
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    with tempfile.TemporaryDirectory() as folder:
        session = onnxruntime.InferenceSession(exported(name, folder), options, providers=["CPUExecutionProvider"])
    x = np.ascontiguousarray(images(name, int(detail))[0].transpose(0, 3, 1, 2))
    return lambda: session.run(None, {"x": x})


def main():
    import json

    library, *tasks = sys.argv[1:]
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, str(THREADS))
    calls = ((task, globals()[library](*task.split("/"))) for task in tasks)
    print(json.dumps({task: median_time(call) for task, call in calls if call is not None}))


if __name__ == "__main__":
    main()
