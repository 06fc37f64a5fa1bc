"""What a module lists, and what it says when asked for a name of Keras that konv does not have.

A program from a tutorial meets this first, at its imports: it must read what is missing and what there is instead.
"""

import sys
from collections.abc import Callable, Iterable
from typing import Any

from konv.errors import KonvError, UnsupportedError, nearest

# What Keras 3.15 has under each module, as far as konv lacked it when this was written. A name that has come since may stay:
# only names that are not found are looked up.
KERAS = {module: frozenset(names.split()) for module, names in {
    "konv": """
        DTypePolicy FloatDTypePolicy Function InputSpec KerasTensor Operation Quantizer
        RematScope StatelessScope SymbolicScope applications device distillation distribution dtype_policies
        export legacy mixed_precision name_scope ops preprocessing quantizers remat tree visualization wrappers""",
    "konv.layers": """
        ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
        AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D AdditiveAttention AlphaDropout Attention AugMix
        AutoContrast Average AveragePooling1D AveragePooling3D AvgPool1D AvgPool3D Bidirectional CategoryEncoding
        CenterCrop Concatenate ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2DTranspose
        Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Convolution1D Convolution1DTranspose
        Convolution2DTranspose Convolution3D Convolution3DTranspose Cropping1D Cropping2D Cropping3D CutMix
        DepthwiseConv1D DepthwiseConv2D Discretization Dot EinsumDense Embedding Equalization FlaxLayer GRU GRUCell
        GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool3D
        GlobalMaxPool1D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling3D GroupNormalization GroupQueryAttention
        HashedCrossing Hashing Identity InputSpec IntegerLookup JaxLayer LSTM LSTMCell Lambda LayerNormalization Masking
        MaxNumBoundingBoxes MaxPool1D MaxPool3D MaxPooling1D MaxPooling3D Maximum MelSpectrogram Minimum MixUp
        MultiHeadAttention Multiply Normalization PReLU Permute Pipeline RMSNormalization RNN RandAugment
        RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform
        RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective
        RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom
        RepeatVector Reshape Resizing ReversibleEmbedding STFTSpectrogram SeparableConv1D SeparableConv2D
        SeparableConvolution1D SeparableConvolution2D SimpleRNN SimpleRNNCell Solarization SpatialDropout1D
        SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells StringLookup Subtract TFSMLayer
        TextVectorization TimeDistributed TorchModuleWrapper UnitNormalization UpSampling1D UpSampling2D UpSampling3D
        Wrapper ZeroPadding1D ZeroPadding2D ZeroPadding3D average concatenate deserialize dot maximum minimum multiply
        serialize subtract""",
    "konv.optimizers": "LossScaleOptimizer MultiOptimizer Muon OptimizerMap ScheduleFreeAdamW legacy",
    "konv.optimizers.schedules": "",
    "konv.losses": "CTC ctc",
    "konv.metrics": "",
    "konv.callbacks": "OrbaxCheckpoint RemoteMonitor",
    "konv.utils": """
        Config CustomObjectScope FeatureSpace audio_dataset_from_directory bounding_boxes
        custom_object_scope deserialize_keras_object disable_interactive_logging enable_interactive_logging
        get_custom_objects get_file get_registered_name get_registered_object get_source_inputs
        is_interactive_logging_enabled is_keras_tensor legacy model_to_dot pack_x_y_sample_weight pad_sequences plot_model
        register_keras_serializable serialize_keras_object split_dataset standardize_dtype text_dataset_from_directory
        timeseries_dataset_from_array unpack_x_y_sample_weight""",
    "konv.datasets": "boston_housing california_housing cifar10 cifar100 imdb mnist reuters",
    "konv.models": "clone_model",
    "konv.saving": """
        CustomObjectScope KerasFileEditor custom_object_scope get_custom_objects get_registered_name
        get_registered_object register_keras_serializable""",
    "konv.activations": """
        celu glu hard_shrink hard_tanh log_sigmoid soft_shrink sparse_plus sparse_sigmoid sparsemax squareplus tanh_shrink
        threshold""",
    "konv.initializers": "STFT STFTInitializer stft",
    "konv.config": """
        disable_flash_attention disable_interactive_logging disable_traceback_filtering enable_flash_attention
        enable_interactive_logging enable_traceback_filtering enable_unsafe_deserialization is_flash_attention_enabled
        is_interactive_logging_enabled is_nnx_enabled is_traceback_filtering_enabled max_epochs max_steps_per_epoch
        set_backend set_max_epochs set_max_steps_per_epoch""",
    "konv.random": """
        SeedGenerator beta binomial categorical dropout gamma normal randint shuffle truncated_normal uniform""",
}.items()}

# what to do instead, where there is more to say than what there is
INSTEAD = {
    "konv.datasets": "konv downloads nothing; use konv.datasets.mnist_5k(), which comes with the extra `demo`, "
                     "konv.datasets.fashion_mnist(path), or arrays of your own",
}


class AbsentNameError(KonvError, AttributeError):
    """A name that a module does not have."""


class AbsentImportError(KonvError, ImportError):
    """The same in `from module import name`, where Python would drop the text of an AttributeError."""


class UnsupportedNameError(UnsupportedError, AttributeError):
    """A name of Keras that konv does not support yet."""


class UnsupportedImportError(UnsupportedError, ImportError):
    """The same in `from module import name`."""


def surface(module: str, names: Iterable[str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a module that offers `names`.

    >>> absent, listed = surface("konv.layers", ["Conv2D", "Dense"])
    >>> listed()
    ['Conv2D', 'Dense']
    >>> absent("Conv2d")
    Traceback (most recent call last):
    konv.surface.AbsentNameError: konv.layers has no 'Conv2d'; did you mean 'Conv2D'?
    """
    listed = sorted(names)

    def absent(name: str) -> Any:
        raise absence(module, name, listed, importing(sys._getframe(1)))

    return absent, lambda: list(listed)


def absence(module: str, name: str, names: list[str], imported: bool = False) -> Exception:
    """The error for a name that a module does not have."""
    if name.startswith("__"):  # Python itself asks, and does not read the answer
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    there = f"there are: {', '.join(names)}"
    if name in KERAS.get(module, ()):
        text = f"{module}.{name} is not supported yet; {INSTEAD.get(module, there)}"
        return UnsupportedImportError(text) if imported else UnsupportedNameError(text)
    near = nearest(name, names)
    text = f"{module} has no {name!r}; {f'did you mean {near!r}?' if near else there}"
    return AbsentImportError(text) if imported else AbsentNameError(text)


def importing(frame: Any) -> bool:
    """Whether the frame is at `from module import name` just now."""
    from dis import opname

    return opname[frame.f_code.co_code[frame.f_lasti]] == "IMPORT_FROM"
