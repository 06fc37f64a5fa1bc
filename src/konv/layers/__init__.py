"""All layers, under the names of keras.layers."""

from konv.layers.activation import ELU, Activation, LeakyReLU, ReLU, Softmax
from konv.layers.augmentation import (
    RandomBrightness,
    RandomContrast,
    RandomCrop,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)
from konv.layers.base import Input, InputLayer, Layer
from konv.layers.convolution import Conv2D, Convolution2D, DepthwiseConv2D
from konv.layers.core import Dense
from konv.layers.images import CenterCrop, Resizing, UpSampling2D
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
from konv.layers.regularization import Dropout, GaussianDropout, GaussianNoise
from konv.layers.reshaping import Flatten
from konv.surface import surface

__all__ = [
    "ELU",
    "Activation",
    "Add",
    "AveragePooling2D",
    "AvgPool2D",
    "BatchNormalization",
    "CenterCrop",
    "Conv2D",
    "Convolution2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
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
    "RandomBrightness",
    "RandomContrast",
    "RandomCrop",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "ReLU",
    "Rescaling",
    "Resizing",
    "Softmax",
    "UpSampling2D",
    "add",
]

__getattr__, __dir__ = surface(__name__, __all__)
