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
        export legacy mixed_precision name_scope ops quantizers remat tree visualization wrappers""",
    "konv.layers": """
        AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
        AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D AdditiveAttention AlphaDropout Attention AugMix
        AutoContrast Average AveragePooling1D AveragePooling3D AvgPool1D AvgPool3D Bidirectional CategoryEncoding
        CenterCrop Concatenate ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2DTranspose
        Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Convolution1D Convolution1DTranspose
        Convolution2DTranspose Convolution3D Convolution3DTranspose Cropping2D Cropping3D CutMix
        DepthwiseConv1D DepthwiseConv2D Discretization EinsumDense Embedding Equalization FlaxLayer GRU GRUCell
        GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool3D
        GlobalMaxPool1D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling3D GroupNormalization GroupQueryAttention
        HashedCrossing Hashing Identity InputSpec IntegerLookup JaxLayer LSTM LSTMCell LayerNormalization Masking
        MaxNumBoundingBoxes MaxPool1D MaxPool3D MaxPooling1D MaxPooling3D Maximum MelSpectrogram Minimum MixUp
        MultiHeadAttention Multiply Normalization PReLU Permute Pipeline RMSNormalization RNN RandAugment
        RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform
        RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective
        RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom
        Reshape Resizing ReversibleEmbedding STFTSpectrogram SeparableConv1D SeparableConv2D
        SeparableConvolution1D SeparableConvolution2D SimpleRNN SimpleRNNCell Solarization SpatialDropout1D
        SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells StringLookup Subtract TFSMLayer
        TextVectorization TimeDistributed TorchModuleWrapper UnitNormalization UpSampling2D UpSampling3D
        Wrapper ZeroPadding2D ZeroPadding3D average concatenate deserialize maximum minimum multiply
        serialize subtract""",
    "konv.optimizers": "LossScaleOptimizer MultiOptimizer OptimizerMap ScheduleFreeAdamW legacy",
    "konv.optimizers.schedules": "",
    "konv.losses": "",
    "konv.metrics": "",
    "konv.callbacks": "OrbaxCheckpoint RemoteMonitor",
    "konv.utils": """
        Config CustomObjectScope FeatureSpace audio_dataset_from_directory bounding_boxes
        custom_object_scope deserialize_keras_object disable_interactive_logging enable_interactive_logging
        get_custom_objects get_file get_registered_name get_registered_object get_source_inputs
        is_interactive_logging_enabled is_keras_tensor legacy model_to_dot plot_model
        register_keras_serializable serialize_keras_object split_dataset standardize_dtype text_dataset_from_directory
        timeseries_dataset_from_array""",
    "konv.preprocessing": "text_dataset_from_directory timeseries_dataset_from_array",
    "konv.preprocessing.image": "ImageDataGenerator",
    "konv.preprocessing.sequence": "",
    "konv.backend": "get_uid is_float_dtype is_int_dtype result_type standardize_dtype",
    "konv.datasets": "imdb reuters",
    "konv.models": "clone_model",
    "konv.saving": """
        CustomObjectScope KerasFileEditor custom_object_scope get_custom_objects get_registered_name
        get_registered_object register_keras_serializable""",
    "konv.activations": "",
    "konv.initializers": "STFT STFTInitializer stft",
    "konv.config": """
        disable_flash_attention disable_interactive_logging disable_traceback_filtering enable_flash_attention
        enable_interactive_logging enable_traceback_filtering enable_unsafe_deserialization is_flash_attention_enabled
        is_interactive_logging_enabled is_nnx_enabled is_traceback_filtering_enabled max_epochs max_steps_per_epoch
        set_backend set_max_epochs set_max_steps_per_epoch""",
    "konv.ops": """
        image
        adaptive_average_pool adaptive_max_pool all allclose angle any append arccos arccosh arcsin arcsinh arctan
        arctan2 arctanh argmin argpartition argsort array array_split associative_scan average bartlett
        batch_normalization binary_crossentropy bincount bitwise_and bitwise_invert bitwise_left_shift bitwise_not
        bitwise_or bitwise_right_shift bitwise_xor blackman broadcast_to categorical_crossentropy cbrt cdist ceil celu
        cholesky cholesky_inverse cond conj conjugate conv_transpose copy corrcoef correlate cosh cross ctc_decode
        cumprod cumsum custom_gradient deg2rad depth_to_space det diag diagflat diagonal diff digitize
        divide_no_nan dot_product_attention dsplit dstack dtype eig eigh einsum empty empty_like erf erfc erfinv exp2
        extract_sequences eye fabs fft fft2 flip fliplr flipud floor floor_divide fmax fmin fmod fold fori_loop
        full_like gcd geomspace glu hamming hanning hard_shrink hard_tanh heaviside histogram hsplit hstack hypot i0
        identity ifft2 imag image in_top_k inner inv irfft is_tensor isclose isfinite isin isinf isnan isneginf
        isposinf isreal istft jvp kaiser kron layer_normalization lcm ldexp left_shift linalg linspace log10 log2
        log_sigmoid logaddexp logaddexp2 logdet logical_xor logspace lstsq lu_factor map matrix_rank median meshgrid
        mod moments moveaxis multi_hot nan_to_num nanargmax nanargmin nancumprod nancumsum nanmax nanmean nanmedian
        nanmin nanpercentile nanprod nanquantile nanstd nansum nanvar ndim nextafter nn nonzero numpy outer percentile
        pinv polar prod psnr ptp qr quantile rad2deg ravel real rearrange rfft right_shift rms_normalization roll
        rot90 round saturate_cast scan scatter scatter_update searchsorted segment_max segment_min segment_prod
        segment_sum select separable_conv signbit sinc sinh slice slice_update slogdet soft_shrink solve
        solve_triangular sort space_to_depth sparse_categorical_crossentropy sparse_plus sparse_sigmoid sparsemax
        split squareplus stft svd switch take take_along_axis tan tanh_shrink tensordot threshold tile top_k trace
        trapezoid tri tril triu trunc unfold unique unravel_index unstack vander vdot vectorize vectorized_map view
        view_as_complex view_as_real vsplit vstack while_loop""",
    "konv.ops.image": """
        affine_transform crop_images elastic_transform extract_patches extract_patches_3d gaussian_blur hsv_to_rgb
        map_coordinates pad_images perspective_transform rgb_to_hsv scale_and_translate sobel_edges ssim""",
    "konv.random": """
        SeedGenerator beta binomial categorical dropout gamma normal randint shuffle truncated_normal uniform""",
}.items()}

# What to do instead, where there is more to say than what there is: for some names of a module, and for a whole module ("").
_KERAS = "for models with it use keras itself: konv's .keras files open there, and Keras's files here"
_RECURRENT = f'for sequences there is konv.layers.Conv1D with padding="causal" and dilation_rate; {_KERAS}'
_VOLUME = f"konv takes images and sequences, no volumes; use the 2D layer of the same name on each slice; {_KERAS}"
_ATTENTION = f"konv has convolutions and dense layers alone; {_KERAS}"
_TEXT = "konv prepares images alone; turn text and tables into arrays first, with NumPy, pandas or scikit-learn"
_POOL = ("use konv.layers.AveragePooling2D or MaxPooling2D with a pool_size that divides the input, or for one value a channel "
         "GlobalAveragePooling2D or GlobalMaxPooling2D")
_AUGMENT = ("konv.layers has RandomFlip, RandomRotation, RandomZoom, RandomTranslation, RandomContrast, RandomBrightness and "
            "RandomCrop; change arrays in any other manner before fit(), or batch by batch in a konv.utils.PyDataset")
_OWN = "write it as a class of your own that inherits from konv.layers.Layer, with konv.ops in its call()"
_ONE_MACHINE = "konv runs on the cores of one CPU, and uses all of them unasked; leave it out"
_FLOAT32 = "konv computes in float32 alone; leave it out"
_ARRAYS = "prepare it as NumPy arrays and hand those to fit()"
HINTS: dict[str, list[tuple[str, str]]] = {
    "konv": [
        ("applications", "konv downloads no weights; load a .keras file of such a model with konv.load_model(path), or build "
                         "the network from konv.layers, as examples/small_resnet.py does"),
        ("distribution device", _ONE_MACHINE),
        ("mixed_precision dtype_policies DTypePolicy FloatDTypePolicy quantizers Quantizer", _FLOAT32),
        ("remat RematScope", "konv plans the memory of a training step itself; leave it out"),
        ("export", 'model.export("m.onnx") writes ONNX'),
        ("wrappers", "konv.KonvClassifier and konv.KonvRegressor, of the extra `sklearn`, are models for scikit-learn"),
        ("tree", "use plain lists and dicts, or the package optree"),
        ("visualization", "model.explain() and konv.explain draw what a model does; curves come from konv.explain.curves"),
    ],
    "konv.layers": [
        ("LSTM GRU SimpleRNN RNN LSTMCell GRUCell SimpleRNNCell StackedRNNCells Bidirectional TimeDistributed ConvLSTM1D "
         "ConvLSTM2D ConvLSTM3D Masking", _RECURRENT),
        ("Conv3D Conv3DTranspose Convolution3D Convolution3DTranspose MaxPooling3D MaxPool3D AveragePooling3D AvgPool3D "
         "GlobalMaxPooling3D GlobalMaxPool3D GlobalAveragePooling3D GlobalAvgPool3D UpSampling3D ZeroPadding3D Cropping3D "
         "SpatialDropout3D AdaptiveAveragePooling3D AdaptiveMaxPooling3D", _VOLUME),
        ("MultiHeadAttention GroupQueryAttention Attention AdditiveAttention EinsumDense Embedding ReversibleEmbedding",
         _ATTENTION),
        ("TextVectorization StringLookup IntegerLookup Hashing HashedCrossing CategoryEncoding Discretization", _TEXT),
        ("Normalization", "use konv.layers.Rescaling with a scale and an offset of your data, or BatchNormalization as the "
                          "first layer"),
        ("Wrapper FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper", _OWN),
        ("RMSNormalization UnitNormalization SpectralNormalization",
         f"konv.layers.LayerNormalization and GroupNormalization come nearest, or {_OWN}"),
        ("AlphaDropout", "use konv.layers.Dropout or konv.layers.GaussianDropout"),
        ("AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveMaxPooling1D AdaptiveMaxPooling2D", _POOL),
        ("AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization MaxNumBoundingBoxes MixUp "
         "RandAugment RandomColorDegeneration RandomColorJitter RandomElasticTransform RandomErasing RandomGaussianBlur "
         "RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomSaturation RandomSharpness "
         "RandomShear Solarization", _AUGMENT),
        ("MelSpectrogram STFTSpectrogram", "compute spectrograms with SciPy or librosa, and hand them to fit() as arrays"),
        ("Pipeline", "use konv.Sequential"),
    ],
    "konv.backend": [("", "konv computes in float32 alone, and its tensors are NumPy arrays: use np.dtype and np.result_type")],
    "konv.config": [
        ("disable_interactive_logging enable_interactive_logging is_interactive_logging_enabled",
         "verbose=0 of fit, evaluate and predict is silent"),
        ("set_backend is_nnx_enabled", "konv has one engine, its own; leave it out"),
        ("max_epochs max_steps_per_epoch set_max_epochs set_max_steps_per_epoch",
         "give epochs and steps_per_epoch to fit()"),
        ("enable_unsafe_deserialization", "konv never runs programs out of files; leave it out"),
        ("", "konv has no such switch; leave it out")],
    "konv.initializers": [("", "compute spectrograms with SciPy or librosa, and hand them to fit() as arrays")],
    "konv.saving": [("KerasFileEditor", "load the weights with konv.load_model and read model.get_weights(); h5py opens the "
                                        "file itself")],
    "konv.optimizers": [("LossScaleOptimizer", _FLOAT32),
                        ("legacy", "use the optimizer of the same name in konv.optimizers"),
                        ("MultiOptimizer OptimizerMap", "one optimizer trains the whole model; layer.trainable = False leaves "
                                                        "layers as they are"),
                        ("ScheduleFreeAdamW", "konv.optimizers.AdamW comes nearest")],
    "konv.callbacks": [
        ("RemoteMonitor", "konv.callbacks.CSVLogger writes the same numbers to a file, konv.callbacks.LambdaCallback hands "
                          "them to a function of yours"),
        ("OrbaxCheckpoint", "konv.callbacks.ModelCheckpoint and konv.callbacks.BackupAndRestore write .keras files"),
    ],
    "konv.utils": [
        ("model_to_dot", "konv.explain.drawing(model).save('model.svg') draws it, without graphviz; "
                                    "model.explain() says more"),
        ("split_dataset", "cut arrays by slices, or give validation_split to fit() or to image_dataset_from_directory()"),
        ("disable_interactive_logging enable_interactive_logging is_interactive_logging_enabled",
         "verbose=0 of fit, evaluate and predict is silent"),
        ("standardize_dtype", "konv computes in float32 alone: use np.dtype"),
        ("get_source_inputs", "use model.inputs"),
        ("bounding_boxes", "konv has no bounding boxes: its layers take images alone"),
        ("Config", "use a dict, or a dataclass"),
        ("legacy", "use konv.saving.serialize_keras_object and konv.saving.deserialize_keras_object"),
        ("get_file", "konv downloads nothing; give a path to a file that is there"),
        ("text_dataset_from_directory audio_dataset_from_directory timeseries_dataset_from_array FeatureSpace", _ARRAYS),
    ],
    "konv.preprocessing": [
        ("timeseries_dataset_from_array text_dataset_from_directory", _ARRAYS),
    ],
    "konv.preprocessing.image": [
        ("ImageDataGenerator", "for folders of images there is konv.utils.image_dataset_from_directory, for augmentation "
                               "konv.layers.RandomFlip and its like"),
    ],
    "konv.datasets": [("", f"konv has data sets of images and numbers alone; {_TEXT}")],
    "konv.ops.image": [
        ("crop_images pad_images", "use konv.layers.Cropping2D and konv.layers.ZeroPadding2D"),
        ("affine_transform scale_and_translate perspective_transform elastic_transform map_coordinates",
         "in a model use konv.layers.RandomRotation, RandomTranslation or RandomZoom; on arrays use scipy.ndimage"),
        ("", "on arrays use scipy.ndimage or scikit-image; a filter with given numbers is a Conv2D with these weights")],
    "konv.ops": [("", "in a model combine what dir(konv.ops) lists; on arrays use NumPy or SciPy")],
    "konv.random": [("", "use the generators of NumPy; konv.random.set_random_seed sets the seed of weights and dropout")],
}


def hint(module: str, name: str) -> str | None:
    """What to do instead of a name of Keras, if there is something to say about it."""
    return next((way for names, way in HINTS.get(module, []) if not names or name in names.split()), None)


class AbsentNameError(KonvError, AttributeError):
    """A name that a module does not have."""


class AbsentImportError(KonvError, ImportError):
    """The same in `from module import name`, where Python would drop the text of an AttributeError."""


class UnsupportedNameError(UnsupportedError, AttributeError):
    """A name of Keras that konv does not support yet."""


class UnsupportedImportError(UnsupportedError, ImportError):
    """The same in `from module import name`."""


def module_attributes(module: str, names: Iterable[str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a module that offers `names`.

    >>> absent, listed = module_attributes("konv.layers", ["Conv2D", "Dense"])
    >>> listed()
    ['Conv2D', 'Dense']
    >>> absent("Conv2d")
    Traceback (most recent call last):
    konv.hints.AbsentNameError: konv.layers has no 'Conv2d'; did you mean 'Conv2D'?
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
        text = f"{module}.{name} is not supported yet; {hint(module, name) or there}"
        return UnsupportedImportError(text) if imported else UnsupportedNameError(text)
    near = nearest(name, names)
    text = f"{module} has no {name!r}; {f'did you mean {near!r}?' if near else there}"
    return AbsentImportError(text) if imported else AbsentNameError(text)


def importing(frame: Any) -> bool:
    """Whether the frame is at `from module import name` just now."""
    from dis import opname

    return opname[frame.f_code.co_code[frame.f_lasti]] == "IMPORT_FROM"
