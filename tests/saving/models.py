"""The same models in konv and in Keras: each takes the library and returns an unbuilt or built model."""


def seed_like(lib):
    layers = lib.layers
    return lib.Sequential([
        lib.Input((12, 12, 1)), layers.Conv2D(4, 3, padding="same", activation="relu"), layers.BatchNormalization(),
        layers.MaxPooling2D(2, 2), layers.Conv2D(3, 3, padding="same", activation="relu"), layers.Dropout(0.2),
        layers.BatchNormalization(), layers.MaxPooling2D(2, 2), layers.Flatten(), layers.Dense(7, activation="relu"),
        layers.Dropout(0.3), layers.Dense(5, activation="softmax")])


def every_layer(lib):
    layers = lib.layers
    return lib.Sequential([
        lib.Input((16, 16, 3)), layers.Rescaling(1 / 255, offset=-0.5),
        layers.Conv2D(6, (3, 2), strides=(2, 1), groups=3, use_bias=False, kernel_initializer="he_normal",
                      kernel_regularizer="l2", kernel_constraint="max_norm"),
        layers.AveragePooling2D(2, strides=1, padding="same"), layers.Activation("tanh"),
        layers.Conv2D(4, 3, dilation_rate=2, padding="same", bias_initializer="ones"),
        layers.BatchNormalization(center=False, momentum=0.9, epsilon=1e-4), layers.ReLU(max_value=6.0),
        layers.MaxPooling2D((2, 1)), layers.GlobalAveragePooling2D(keepdims=True), layers.Flatten(),
        layers.Dense(4, use_bias=False), layers.Softmax()], name="every")


def channels_first(lib):
    layers = lib.layers
    return lib.Sequential([
        lib.Input((2, 9, 9)), layers.BatchNormalization(axis=1),
        layers.AveragePooling2D(3, data_format="channels_first"),
        layers.GlobalMaxPooling2D(data_format="channels_first"), layers.Dense(3)])


def chain(lib):
    layers = lib.layers
    x = lib.Input((8, 8, 2), name="image")
    y = layers.Conv2D(3, 3, name="first")(x)
    y = layers.GlobalMaxPooling2D()(y)
    return lib.Model(x, layers.Dense(2, name="last")(y), name="chain")


def residual(lib):
    """Branches in which the order of layers differs from the order of calls."""
    layers = lib.layers
    x = lib.Input((8, 8, 4))
    short = layers.Conv2D(4, 1, name="short")(x)
    y = layers.Conv2D(4, 3, padding="same", name="long_1")(x)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.Conv2D(4, 3, padding="same", name="long_2")(y)
    y = layers.Add()([short, y])
    y = layers.Add()([y, layers.Activation("relu")(y), x])
    return lib.Model(x, layers.Softmax()(layers.Dense(3)(layers.GlobalAveragePooling2D()(y))))


def shared(lib):
    layers = lib.layers
    a, b = lib.Input((6, 6, 2), name="a"), lib.Input((6, 6, 2), name="b")
    conv = layers.Conv2D(2, 3, padding="same", name="twice")
    y = layers.Add()([conv(conv(a)), conv(b)])
    return lib.Model([a, b], [layers.Flatten()(y), layers.GlobalMaxPooling2D()(y)])


def nested(lib):
    layers = lib.layers
    norm = layers.BatchNormalization(trainable=False)
    trunk = lib.Sequential([lib.Input((8, 8, 1)), layers.Conv2D(3, 3), norm], name="trunk")
    z = lib.Input((6, 6, 3))
    head = lib.Model(z, layers.Dense(4)(layers.Flatten()(z)), name="head")
    x = lib.Input((8, 8, 1))
    return lib.Model(x, head(layers.ReLU()(trunk(x))))


def frozen(lib):
    model = seed_like(lib)
    model.layers[0].trainable = False
    return model


def more_convolutions(lib):
    layers = lib.layers
    return lib.Sequential([
        lib.Input((11, 11, 3)), layers.DepthwiseConv2D(3, depth_multiplier=2),
        layers.SeparableConv2D(4, 3, strides=2, pointwise_regularizer="l2"), layers.GroupNormalization(-1),
        layers.LayerNormalization(axis=(1, 3)), layers.SpatialDropout2D(0.2, seed=1),
        layers.Conv2DTranspose(5, 3, strides=2, padding="same", output_padding=1, activation="relu"), layers.Flatten()])


def sequences(lib):
    layers = lib.layers
    x = lib.Input((24, 3))
    y = layers.GaussianNoise(0.1)(layers.Conv1D(4, 3, padding="causal", dilation_rate=2)(layers.Dropout(0.1)(x)))
    y = layers.MaxPooling1D()(layers.SpatialDropout1D(0.3)(y))
    y = layers.SeparableConv1D(4, 3)(layers.DepthwiseConv1D(2, strides=2)(layers.Conv1DTranspose(3, 2)(y)))
    y = layers.AveragePooling1D(2)(y)
    return lib.Model(x, [layers.GlobalAveragePooling1D()(y), layers.GlobalMaxPooling1D(keepdims=True)(y)])


def augmented(lib):
    layers = lib.layers
    x = lib.Input((12, 12, 3))
    y = layers.RandomZoom(0.2, seed=1)(layers.RandomFlip(seed=2)(layers.Resizing(9, 9)(x)))
    return lib.Model(x, layers.UpSampling2D(2)(layers.CenterCrop(5, 6)(y)))


ALL = (seed_like, every_layer, channels_first, chain, residual, shared, nested, frozen, more_convolutions, sequences,
       augmented)
