"""All layers, under the names of keras.layers."""

from konv.layers.activation import ELU, Activation, LeakyReLU, ReLU, Softmax
from konv.layers.base import Input, InputLayer, Layer
from konv.layers.convolution import Conv2D, Convolution2D, DepthwiseConv2D
from konv.layers.core import Dense
from konv.layers.merging import Add, add
from konv.layers.normalization import BatchNormalization
from konv.layers.pooling import (
    AveragePooling2D,
    AvgPool2D,
    GlobalAveragePooling2D,
    GlobalAvgPool2D,
    GlobalMaxPool2D,
    GlobalMaxPooling2D,
    MaxPool2D,
    MaxPooling2D,
)
from konv.layers.preprocessing import Rescaling
from konv.layers.regularization import Dropout
from konv.layers.reshaping import Flatten
from konv.surface import surface

__all__ = [
    "ELU",
    "Activation",
    "Add",
    "AveragePooling2D",
    "AvgPool2D",
    "BatchNormalization",
    "Conv2D",
    "Convolution2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling2D",
    "GlobalAvgPool2D",
    "GlobalMaxPool2D",
    "GlobalMaxPooling2D",
    "Input",
    "InputLayer",
    "Layer",
    "LeakyReLU",
    "MaxPool2D",
    "MaxPooling2D",
    "ReLU",
    "Rescaling",
    "Softmax",
    "add",
]

__getattr__, __dir__ = surface(__name__, __all__)
