"""Networks for the tests of the engine, each a function of a module with Keras's interface: konv itself or Keras."""


def seed(k, dropout=0.0):
    """The network the project starts from, smaller."""
    layers = k.layers
    return k.Sequential([
        k.Input((28, 28, 1)),
        layers.Conv2D(75, 3, activation="relu", padding="same"), layers.BatchNormalization(),
        layers.MaxPooling2D(2, 2, padding="same"),
        layers.Conv2D(50, 3, activation="relu", padding="same"), layers.Dropout(dropout), layers.BatchNormalization(),
        layers.MaxPooling2D(2, 2, padding="same"),
        layers.Conv2D(25, 3, activation="relu", padding="same"), layers.BatchNormalization(),
        layers.MaxPooling2D(2, 2, padding="same"),
        layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dropout(dropout), layers.Dense(25, activation="softmax")])


def odd_windows(k):
    layers = k.layers
    return k.Sequential([
        k.Input((23, 17, 4)), layers.Rescaling(0.5, 0.1),
        layers.Conv2D(6, (5, 3), strides=(2, 3), activation="tanh", padding="same"),
        layers.AveragePooling2D((3, 2), strides=(2, 1), padding="same"),
        layers.Conv2D(8, 3, dilation_rate=(2, 1), padding="same", groups=2, activation="elu"),
        layers.BatchNormalization(scale=False), layers.ReLU(max_value=1.0, negative_slope=0.1),
        layers.MaxPooling2D(3, strides=2), layers.Conv2D(20, 2, strides=2, use_bias=False), layers.BatchNormalization(),
        layers.Activation("gelu"), layers.GlobalAveragePooling2D(), layers.Dense(9), layers.Softmax()])


def many_channels(k):
    layers = k.layers
    return k.Sequential([
        k.Input((12, 11, 3)), layers.BatchNormalization(), layers.Conv2D(33, 1, activation="relu"),
        layers.MaxPooling2D((2, 3), padding="same"), layers.Conv2D(17, 4, padding="same"), layers.BatchNormalization(),
        layers.Activation("relu"), layers.MaxPooling2D(3, strides=1, padding="same"), layers.Conv2D(130, 1, strides=2),
        layers.Activation("relu"), layers.GlobalMaxPooling2D(), layers.Dense(70, activation="sigmoid"), layers.Dense(9)])


def strided(k):
    """Strides larger than the kernel, pixels that no window reads, an even kernel."""
    layers = k.layers
    return k.Sequential([
        k.Input((21, 20, 5)), layers.Conv2D(7, 2, strides=3, activation="relu"),
        layers.Conv2D(19, 4, strides=2, padding="same", activation="silu"), layers.MaxPooling2D(2),
        layers.AveragePooling2D(2, strides=1, padding="same"), layers.ReLU(), layers.Conv2D(8, 1, strides=2, padding="same"),
        layers.Flatten(), layers.Dense(3, activation="softplus")])


def channels_first(k):
    layers, first = k.layers, {"data_format": "channels_first"}
    return k.Sequential([
        k.Input((3, 12, 10)), layers.Conv2D(6, 3, padding="same", activation="relu", **first),
        layers.BatchNormalization(axis=1), layers.MaxPooling2D(2, **first), layers.Conv2D(5, 2, strides=2, **first),
        layers.Activation("tanh"), layers.Flatten(), layers.Dense(4)])


def pooled_last(k):
    """A dense layer on an image, pools without a convolution before them, an output that is an image."""
    layers = k.layers
    return k.Sequential([
        k.Input((9, 8, 3)), layers.Dense(12, activation="relu"), layers.MaxPooling2D(2, strides=1),
        layers.Conv2D(18, 3, padding="same", groups=3, dilation_rate=2), layers.AveragePooling2D(2),
        layers.BatchNormalization(center=False)])


def residual(k):
    """Branches that meet: one value read by three layers."""
    layers = k.layers
    x = source = k.Input((10, 10, 4))
    x = start = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(8, 3, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(layers.Add()([x, start]))
    y = layers.Conv2D(8, 1, padding="same")(start)
    x = layers.Add()([x, y, start])
    return k.Model(source, layers.Dense(5)(layers.GlobalAveragePooling2D()(layers.MaxPooling2D(2)(x))))


def frozen(k):
    """Layers that are not trained, between layers that are; a frozen normalisation uses its moving statistics."""
    layers = k.layers
    return k.Sequential([
        k.Input((8, 8, 2)), layers.Conv2D(4, 3, activation="relu", name="first"),
        layers.Conv2D(6, 3, padding="same", trainable=False), layers.BatchNormalization(trainable=False),
        layers.Activation("relu"), layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(3)])


def dropped(k):
    """Dropout after relu and by itself, shared along axes, with a seed of its own, and of everything."""
    layers = k.layers
    return k.Sequential([
        k.Input((6, 9, 3)), layers.Dropout(0.5, noise_shape=(None, 1, 1, 3)),
        layers.Conv2D(5, 3, activation="relu", padding="same"),
        layers.Dropout(0.2, noise_shape=(None, 6, 1, 5), seed=3), layers.MaxPooling2D(2, padding="same"),
        layers.Conv2D(20, 3, activation="tanh"),
        layers.Dropout(0.3, seed=4), layers.Dropout(0.4, noise_shape=(1, None, None, None)), layers.Flatten(),
        layers.Dropout(0.25), layers.Dense(4, activation="relu"), layers.Dropout(1.0)])


def depthwise(k):
    """Each channel by itself: strides, dilation, wide kernels, several filters a channel, groups that amount to the same."""
    layers = k.layers
    return k.Sequential([
        k.Input((15, 14, 3)), layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, activation="relu"),
        layers.Conv2D(37, 1), layers.DepthwiseConv2D(3, strides=2, padding="same"), layers.BatchNormalization(),
        layers.ReLU(), layers.DepthwiseConv2D((7, 5), padding="same", dilation_rate=(1, 2)),
        layers.Conv2D(37, 2, strides=3, groups=37, padding="same", activation="tanh"), layers.Flatten(), layers.Dense(3)])


def three_by_three(k):
    """Windows of 3 x 3 over many channels: odd sizes, two readers of one value, a kernel gradient split over its channels."""
    layers = k.layers
    source = k.Input((23, 26, 31))
    x = layers.MaxPooling2D(2)(layers.Conv2D(36, 3, padding="same", activation="relu")(source))
    x = layers.Add()([layers.Conv2D(130, 3)(x), layers.Conv2D(130, 3, use_bias=False)(x)])
    x = layers.BatchNormalization()(layers.Conv2D(70, 3, activation="relu", padding="same")(x))
    return k.Model(source, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))


def resampled(k):
    """Images at other sizes: smaller and larger, by every kind of sum, of a part and with a border."""
    layers = k.layers
    return k.Sequential([
        k.Input((11, 14, 3)), layers.Resizing(9, 20, antialias=True), layers.Conv2D(5, 3, padding="same", activation="relu"),
        layers.UpSampling2D((2, 3)), layers.Conv2D(18, 3, strides=2), layers.UpSampling2D(2, interpolation="bilinear"),
        layers.CenterCrop(12, 13), layers.Conv2D(4, 3, padding="same"),
        layers.Resizing(9, 17, "bicubic", pad_to_aspect_ratio=True, fill_value=0.5), layers.Conv2D(3, 3),
        layers.Resizing(6, 6, "lanczos3", crop_to_aspect_ratio=True), layers.Resizing(5, 8, "nearest"), layers.Flatten(),
        layers.Dense(3)])


def augmented(k):
    """What is drawn anew in every step, before and behind layers that are trained."""
    layers = k.layers
    return k.Sequential([
        k.Input((12, 11, 3)), layers.RandomFlip(), layers.RandomCrop(10, 9), layers.RandomCrop(12, 9),
        layers.Conv2D(4, 3, padding="same"), layers.RandomRotation(0.3), layers.Conv2D(18, 3, padding="same"),
        layers.RandomZoom((-0.5, 0.8), fill_mode="wrap", seed=3), layers.RandomContrast(0.6, (-1, 1)),
        layers.GaussianNoise(0.2), layers.Conv2D(5, 3, activation="relu"), layers.GaussianDropout(0.3, seed=4),
        layers.RandomTranslation(0.4, (-0.6, 0.2), "constant", "nearest", fill_value=0.5),
        layers.RandomBrightness(0.3, (-1, 1)), layers.RandomCrop(5, 6, seed=5), layers.Flatten(), layers.Dense(3)])


def separable(k):
    """Two convolutions in a layer, strides beside dilation."""
    layers = k.layers
    return k.Sequential([
        k.Input((11, 12, 3)), layers.SeparableConv2D(19, 3, padding="same", depth_multiplier=2, activation="relu"),
        layers.SpatialDropout2D(0.0), layers.SeparableConv2D(5, (3, 2), strides=2, use_bias=False),
        layers.DepthwiseConv2D(2, strides=2, dilation_rate=2, padding="same"), layers.Flatten(), layers.Dense(3)])


def sequences(k):
    layers = k.layers
    return k.Sequential([
        k.Input((37, 3)), layers.Conv1D(17, 3, padding="causal", dilation_rate=2, activation="relu"),
        layers.BatchNormalization(), layers.MaxPooling1D(3, strides=2, padding="same"),
        layers.Conv1D(8, 4, strides=2, groups=1, activation="tanh"), layers.AveragePooling1D(2, strides=1),
        layers.Conv1DTranspose(9, 3, strides=2), layers.SeparableConv1D(6, 3, padding="same"),
        layers.DepthwiseConv1D(2, strides=2), layers.Conv1D(4, 2, padding="causal", groups=2, strides=3),
        layers.GlobalMaxPooling1D(keepdims=True), layers.Conv1DTranspose(2, 3), layers.GlobalAveragePooling1D(),
        layers.Dense(3)])


def transposed(k):
    """Convolutions backwards: kernels smaller than the stride, padding at the end, dilation, sums and dropout behind them."""
    layers = k.layers
    source = k.Input((3, 4, 20))
    x = layers.Conv2DTranspose(33, 3, strides=2, padding="same", activation="relu")(source)
    x = layers.BatchNormalization()(x)
    y = layers.Conv2DTranspose(16, 3, padding="same", activation="relu")(x)
    x = layers.Conv2DTranspose(16, (2, 1), dilation_rate=(3, 2), padding="same", use_bias=False)(x)
    x = layers.Add()([layers.Conv2DTranspose(16, 2, strides=3, padding="same", output_padding=(2, 1))(x),
                      layers.Conv2DTranspose(16, 2, strides=3, padding="same", output_padding=(2, 1), activation="relu")(y)])
    x = layers.Conv2DTranspose(3, 1, strides=(1, 2), activation="relu")(x)
    return k.Model(source, layers.Dense(3)(layers.AveragePooling2D(9)(x)))


def transposed_wide(k):
    """Of 3 x 3 windows over many channels, one pixel apart."""
    layers = k.layers
    return k.Sequential([
        k.Input((12, 13, 64)), layers.Conv2DTranspose(70, 3, padding="same", activation="relu"),
        layers.Conv2DTranspose(65, 3), layers.GlobalAveragePooling2D(), layers.Dense(2)])


def normalised(k):
    """Each sample by itself: groups of channels, single channels, the channels of a pixel, whole images."""
    layers = k.layers
    return k.Sequential([
        k.Input((9, 7, 4)), layers.LayerNormalization(axis=(1, 2, 3)), layers.Conv2D(18, 3, padding="same"),
        layers.GroupNormalization(3), layers.ReLU(), layers.Conv2D(20, 2), layers.LayerNormalization(epsilon=1e-2),
        layers.Activation("relu"), layers.Conv2D(5, 3, padding="same"), layers.GroupNormalization(-1, scale=False),
        layers.LayerNormalization(axis=1, center=False), layers.Conv2D(33, 1, activation="tanh"),
        layers.LayerNormalization(trainable=False), layers.GroupNormalization(11, axis=-1, trainable=False),
        layers.GlobalAveragePooling2D(), layers.LayerNormalization(), layers.Dense(3)])


ALL = (seed, odd_windows, many_channels, strided, channels_first, pooled_last, residual, frozen, depthwise, three_by_three,
       resampled, separable, sequences, transposed, transposed_wide, normalised)
