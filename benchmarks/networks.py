"""What is measured: four networks and twelve single convolutions, described once and built for each library.

A step is a tuple of its kind and its numbers:
    ("conv", filters, kernel, stride, relu)   with bias, the output as large as input / stride
    ("depthwise", kernel, stride)  ("norm",)  ("relu",)  ("pool", size)  ("dropout", rate)  ("mean",)  ("flatten",)
    ("dense", units, relu)  ("residual", steps, steps of the shortcut)   a sum, then relu
"""


def _block(filters, stride):
    shortcut = [] if stride == 1 else [("conv", filters, 1, stride, False), ("norm",)]
    return ("residual", [("conv", filters, 3, stride, False), ("norm",), ("relu",), ("conv", filters, 3, 1, False), ("norm",)],
            shortcut)


def _separable(filters, stride):
    return [("depthwise", 3, stride), ("norm",), ("relu",), ("conv", filters, 1, 1, False), ("norm",), ("relu",)]


def _pair(filters):
    return [("conv", filters, 3, 1, True), ("conv", filters, 3, 1, True), ("pool", 2)]


NETWORKS = {  # shape of an image, steps
    # the network whose summary konv starts from: 264,562 parameters
    "seed": ((28, 28, 1), [("conv", 75, 3, 1, True), ("norm",), ("pool", 2),
                           ("conv", 50, 3, 1, True), ("dropout", 0.2), ("norm",), ("pool", 2),
                           ("conv", 25, 3, 1, True), ("norm",), ("pool", 2),
                           ("flatten",), ("dense", 512, True), ("dropout", 0.3), ("dense", 25, False)]),
    "vgg": ((32, 32, 3), [*_pair(64), *_pair(128), *_pair(256),
                          ("flatten",), ("dense", 512, True), ("dropout", 0.5), ("dense", 10, False)]),
    "resnet": ((32, 32, 3), [("conv", 16, 3, 1, False), ("norm",), ("relu",), _block(16, 1), _block(16, 1), _block(16, 1),
                             _block(32, 2), _block(32, 1), _block(32, 1), _block(64, 2), _block(64, 1), _block(64, 1),
                             ("mean",), ("dense", 10, False)]),
    "mobile": ((32, 32, 3), [("conv", 32, 3, 1, False), ("norm",), ("relu",), *_separable(64, 1), *_separable(128, 2),
                             *_separable(128, 1), *_separable(256, 2), *_separable(256, 1), ("mean",), ("dense", 10, False)]),
}

# images, their size, channels, filters, kernel, stride
CONVOLUTIONS = [
    (128, 28, 1, 75, 3, 1), (128, 14, 75, 50, 3, 1), (128, 7, 50, 25, 3, 1), (32, 32, 3, 64, 3, 1), (32, 32, 64, 64, 3, 1),
    (32, 16, 128, 128, 3, 1), (32, 8, 256, 256, 3, 1), (32, 4, 512, 512, 3, 1), (4, 56, 64, 64, 3, 1), (4, 56, 256, 64, 1, 1),
    (4, 28, 128, 128, 3, 2), (1, 224, 3, 64, 7, 2),
]


def keras_network(keras, name, activation=None):
    """A network of NETWORKS with the layers of `keras`, which may be konv; `activation` is that of the last layer."""
    layers, (shape, steps) = keras.layers, NETWORKS[name]
    make = {
        "conv": lambda filters, kernel, stride, relu: layers.Conv2D(filters, kernel, strides=stride, padding="same",
                                                                    activation="relu" if relu else None),
        "depthwise": lambda kernel, stride: layers.DepthwiseConv2D(kernel, strides=stride, padding="same"),
        "norm": layers.BatchNormalization,
        "relu": lambda: layers.Activation("relu"),
        "pool": lambda size: layers.MaxPooling2D(size, size, padding="same"),
        "dropout": layers.Dropout,
        "mean": layers.GlobalAveragePooling2D,
        "flatten": layers.Flatten,
        "dense": lambda units, relu: layers.Dense(units, activation="relu" if relu else None),
    }

    def apply(x, steps):
        for kind, *numbers in steps:
            if kind == "residual":
                body, shortcut = numbers
                x = layers.Activation("relu")(layers.Add()([apply(x, body), apply(x, shortcut)]))
            else:
                x = make[kind](*numbers)(x)
        return x

    source = keras.Input(shape)
    *steps, (_, units, _) = steps
    return keras.Model(source, layers.Dense(units, activation=activation)(apply(source, steps)))


def torch_network(name):
    """The same in PyTorch, channels last in memory."""
    import torch
    from torch import nn

    class Residual(nn.Module):
        def __init__(self, body, shortcut):
            super().__init__()
            self.body, self.shortcut = body, shortcut

        def forward(self, x):
            return torch.relu(self.body(x) + self.shortcut(x))

    def build(steps, channels, size):
        found = []
        for kind, *numbers in steps:
            if kind in ("conv", "depthwise"):
                filters, kernel, stride = numbers[:3] if kind == "conv" else (channels, *numbers)
                groups = 1 if kind == "conv" else channels
                found.append(nn.Conv2d(channels, filters, kernel, stride, kernel // 2, groups=groups))
                channels, size = filters, -(-size // stride)
            elif kind == "norm":
                found.append(nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01))
            elif kind == "pool":
                found.append(nn.MaxPool2d(numbers[0], ceil_mode=True))
                size = -(-size // numbers[0])
            elif kind == "dropout":
                found.append(nn.Dropout(numbers[0]))
            elif kind == "mean":
                found += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
            elif kind == "flatten":
                found.append(nn.Flatten())
                channels *= size * size
            elif kind == "dense":
                found.append(nn.Linear(channels, numbers[0]))
                channels = numbers[0]
            elif kind == "residual":
                body, shortcut = (build(part, channels, size) for part in numbers)
                found.append(Residual(body[0], shortcut[0]))
                channels, size = body[1:]
            if kind == "relu" or (kind in ("conv", "dense") and numbers[-1]):
                found.append(nn.ReLU())
        return nn.Sequential(*found), channels, size

    (size, _, channels), steps = NETWORKS[name]
    return build(steps, channels, size)[0].to(memory_format=torch.channels_last)
