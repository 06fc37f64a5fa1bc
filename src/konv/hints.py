"""What a module lists, and what it says when asked for a name of Keras that konv does not have.

A program from a tutorial meets this first, at its imports: it must read what is missing and what there is instead.
"""

from collections.abc import Callable, Iterable
from typing import Any

from konv.errors import KonvError, UnsupportedError, nearest

# What to do instead of what is missing, where there is more to say than what there is.
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

# What Keras 3.15 has under each module and konv has not: names, and what to do instead.
MISSING: dict[str, list[tuple[str, str | None]]] = {
    "konv": [
        ("applications",
         "konv downloads no weights; load a .keras file of such a model with konv.load_model(path), or build the network "
         "from konv.layers, as examples/small_resnet.py does"),
        ("distribution device", _ONE_MACHINE),
        ("mixed_precision dtype_policies DTypePolicy FloatDTypePolicy quantizers Quantizer", _FLOAT32),
        ("remat RematScope", "konv plans the memory of a training step itself; leave it out"),
        ("export", 'model.export("m.onnx") writes ONNX'),
        ("wrappers", "konv.KonvClassifier and konv.KonvRegressor, of the extra `sklearn`, are models for scikit-learn"),
        ("tree", "use plain lists and dicts, or the package optree"),
        ("visualization", "model.explain() and konv.explain draw what a model does; curves come from konv.explain.curves"),
        ("Function KerasTensor Operation StatelessScope SymbolicScope distillation legacy name_scope", None),
    ],
    "konv.layers": [
        ("LSTM GRU SimpleRNN RNN LSTMCell GRUCell SimpleRNNCell StackedRNNCells Bidirectional TimeDistributed ConvLSTM1D "
         "ConvLSTM2D ConvLSTM3D Masking",
         _RECURRENT),
        ("Conv3D Conv3DTranspose Convolution3D Convolution3DTranspose MaxPooling3D MaxPool3D AveragePooling3D AvgPool3D "
         "GlobalMaxPooling3D GlobalMaxPool3D GlobalAveragePooling3D GlobalAvgPool3D UpSampling3D ZeroPadding3D Cropping3D "
         "SpatialDropout3D AdaptiveAveragePooling3D AdaptiveMaxPooling3D",
         _VOLUME),
        ("MultiHeadAttention GroupQueryAttention Attention AdditiveAttention EinsumDense Embedding ReversibleEmbedding",
         _ATTENTION),
        ("TextVectorization StringLookup IntegerLookup Hashing HashedCrossing CategoryEncoding Discretization", _TEXT),
        ("Normalization",
         "use konv.layers.Rescaling with a scale and an offset of your data, or BatchNormalization as the first layer"),
        ("Wrapper FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper", _OWN),
        ("RMSNormalization UnitNormalization SpectralNormalization",
         f"konv.layers.LayerNormalization and GroupNormalization come nearest, or {_OWN}"),
        ("AlphaDropout", "use konv.layers.Dropout or konv.layers.GaussianDropout"),
        ("AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveMaxPooling1D AdaptiveMaxPooling2D", _POOL),
        ("AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization MaxNumBoundingBoxes MixUp "
         "RandAugment RandomColorDegeneration RandomColorJitter RandomElasticTransform RandomErasing RandomGaussianBlur "
         "RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomSaturation RandomSharpness "
         "RandomShear Solarization",
         _AUGMENT),
        ("MelSpectrogram STFTSpectrogram", "compute spectrograms with SciPy or librosa, and hand them to fit() as arrays"),
        ("Pipeline", "use konv.Sequential"),
    ],
    "konv.optimizers": [
        ("LossScaleOptimizer", _FLOAT32),
        ("legacy", "use the optimizer of the same name in konv.optimizers"),
        ("MultiOptimizer OptimizerMap",
         "one optimizer trains the whole model; layer.trainable = False leaves layers as they are"),
        ("ScheduleFreeAdamW", "konv.optimizers.AdamW comes nearest"),
    ],
    "konv.callbacks": [
        ("RemoteMonitor",
         "konv.callbacks.CSVLogger writes the same numbers to a file, konv.callbacks.LambdaCallback hands them to a "
         "function of yours"),
        ("OrbaxCheckpoint", "konv.callbacks.ModelCheckpoint and konv.callbacks.BackupAndRestore write .keras files"),
    ],
    "konv.utils": [
        ("model_to_dot", "konv.explain.drawing(model).save('model.svg') draws it, without graphviz; model.explain() says more"),
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
        ("ImageDataGenerator",
         "for folders of images there is konv.utils.image_dataset_from_directory, for augmentation konv.layers.RandomFlip "
         "and its like"),
    ],
    "konv.backend": [
        ("get_uid is_float_dtype is_int_dtype result_type standardize_dtype",
         "konv computes in float32 alone, and its tensors are NumPy arrays: use np.dtype and np.result_type"),
    ],
    "konv.datasets": [
        ("imdb reuters", f"konv has data sets of images and numbers alone; {_TEXT}"),
    ],
    "konv.saving": [
        ("KerasFileEditor", "load the weights with konv.load_model and read model.get_weights(); h5py opens the file itself"),
    ],
    "konv.initializers": [
        ("STFT STFTInitializer stft", "compute spectrograms with SciPy or librosa, and hand them to fit() as arrays"),
    ],
    "konv.config": [
        ("disable_interactive_logging enable_interactive_logging is_interactive_logging_enabled",
         "verbose=0 of fit, evaluate and predict is silent"),
        ("set_backend is_nnx_enabled", "konv has one engine, its own; leave it out"),
        ("max_epochs max_steps_per_epoch set_max_epochs set_max_steps_per_epoch", "give epochs and steps_per_epoch to fit()"),
        ("enable_unsafe_deserialization", "konv never runs programs out of files; leave it out"),
        ("disable_flash_attention disable_traceback_filtering enable_flash_attention enable_traceback_filtering "
         "is_flash_attention_enabled is_traceback_filtering_enabled",
         "konv has no such switch; leave it out"),
    ],
    "konv.ops": [
        ("adaptive_average_pool adaptive_max_pool angle append arccos arccosh arcsin arcsinh arctan arctan2 arctanh "
         "argpartition array_split associative_scan average bartlett batch_normalization binary_crossentropy bincount "
         "bitwise_and bitwise_invert bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor blackman "
         "categorical_crossentropy cbrt cdist cholesky cholesky_inverse cond conj conjugate conv_transpose copy corrcoef "
         "correlate cross ctc_decode cumprod custom_gradient deg2rad depth_to_space det diag diagflat diagonal diff "
         "digitize divide_no_nan dot_product_attention dsplit dstack dtype eig eigh empty empty_like erfc erfinv exp2 "
         "extract_sequences fabs fft fft2 fliplr flipud fmax fmin fmod fold fori_loop gcd geomspace hamming hanning "
         "heaviside histogram hsplit hstack hypot i0 identity ifft2 imag in_top_k inner inv irfft is_tensor isclose isin "
         "isneginf isposinf isreal istft jvp kaiser kron layer_normalization lcm ldexp left_shift linalg log10 log2 "
         "logaddexp logaddexp2 logdet logical_xor logspace lstsq lu_factor map matrix_rank meshgrid multi_hot nan_to_num "
         "nanargmax nanargmin nancumprod nancumsum nanmax nanmean nanmedian nanmin nanpercentile nanprod nanquantile "
         "nanstd nansum nanvar ndim nextafter nonzero percentile pinv polar prod psnr ptp qr quantile rad2deg ravel real "
         "rearrange rfft right_shift rms_normalization rot90 saturate_cast scan scatter scatter_update searchsorted "
         "segment_max segment_min segment_prod segment_sum select separable_conv signbit sinc slice slice_update slogdet "
         "solve solve_triangular space_to_depth sparse_categorical_crossentropy stft svd switch tensordot trace trapezoid "
         "tri tril triu trunc unfold unique unravel_index vander vdot vectorize vectorized_map view view_as_complex "
         "view_as_real vsplit vstack while_loop",
         "in a model combine what dir(konv.ops) lists; on arrays use NumPy or SciPy"),
    ],
    "konv.ops.image": [
        ("crop_images pad_images", "use konv.layers.Cropping2D and konv.layers.ZeroPadding2D"),
        ("affine_transform scale_and_translate perspective_transform elastic_transform map_coordinates",
         "in a model use konv.layers.RandomRotation, RandomTranslation or RandomZoom; on arrays use scipy.ndimage"),
        ("extract_patches extract_patches_3d gaussian_blur hsv_to_rgb rgb_to_hsv sobel_edges ssim",
         "on arrays use scipy.ndimage or scikit-image; a filter with given numbers is a Conv2D with these weights"),
    ],
    "konv.random": [
        ("beta binomial categorical gamma",
         "use the generators of NumPy; konv.random.set_random_seed sets the seed of weights and dropout"),
    ],
}
KERAS = {module: frozenset(" ".join(names for names, _ in rows).split()) for module, rows in MISSING.items()}


def hint(module: str, name: str) -> str | None:
    """What to do instead of a name of Keras, if there is something to say about it."""
    return next((instead for names, instead in MISSING.get(module, []) if name in names.split()), None)


class AbsentNameError(KonvError, AttributeError):
    """A name that a module does not have."""


class UnsupportedNameError(UnsupportedError, AttributeError):
    """A name of Keras that konv does not support yet."""


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
        raise absence(module, name, listed)

    return absent, lambda: list(listed)


def absence(module: str, name: str, names: Iterable[str]) -> AttributeError:
    """The error for a name that a module does not have.

    `from module import name` drops the text of an AttributeError and raises Python's own ImportError.
    """
    if name.startswith("__"):  # Python itself asks, and does not read the answer
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    there = f"there are: {', '.join(names)}"
    if name in KERAS.get(module, ()):
        return UnsupportedNameError(f"{module}.{name} is not supported yet; {hint(module, name) or there}")
    near = nearest(name, names)
    return AbsentNameError(f"{module} has no {name!r}; {f'did you mean {near!r}?' if near else there}")
