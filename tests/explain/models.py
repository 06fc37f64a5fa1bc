"""The models that the explanations are tested on, made with konv or with Keras alike."""


def seed_network(keras, outputs=25, names=()):
    """The network this project starts from; `names` are given to its layers in order."""
    layers, names = keras.layers, iter(names)

    def named(make, *arguments, **settings):
        name = next(names, None)
        return make(*arguments, **settings, **({"name": name} if name else {}))

    blocks = []
    for filters, dropout in ((75, None), (50, 0.2), (25, None)):
        blocks.append(named(layers.Conv2D, filters, 3, padding="same", activation="relu"))
        blocks += [named(layers.Dropout, dropout)] if dropout else []
        blocks.append(named(layers.BatchNormalization))
        blocks.append(named(layers.MaxPooling2D, 2, 2, padding="same"))
    head = [named(layers.Flatten), named(layers.Dense, 512, activation="relu"), named(layers.Dropout, 0.3),
            named(layers.Dense, outputs, activation="softmax")]
    return keras.Sequential([keras.Input((28, 28, 1)), *blocks, *head])


# the names in golden/seed-summary.txt
SEED_NAMES = (
    "conv2d_6", "batch_normalization", "max_pooling2d", "conv2d_7", "dropout", "batch_normalization_1",
    "max_pooling2d_1", "conv2d_8", "batch_normalization_2", "max_pooling2d_2", "flatten", "dense", "dropout_1",
    "dense_1",
)


def chain(keras):
    """A functional model that is a chain: its input is listed, connections are not."""
    layers = keras.layers
    x = inputs = keras.Input((30, 40, 3), name="picture")
    x = layers.Rescaling(1 / 255)(x)
    x = layers.Conv2D(8, (3, 5), strides=(2, 1))(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(1000, use_bias=False)(x))


def residual(keras):
    """Branches, and a name that does not fit its column."""
    layers = keras.layers
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(3, 3, padding="same", name="first")(inputs)
    y = layers.Add()([x, inputs])
    z = layers.Conv2D(3, 3, padding="same")(y)
    out = layers.Add(name="a_very_long_name_for_a_layer_that_will_not_fit_into_its_column")([x, y, z])
    return keras.Model(inputs, out, name="residual")


def two_outputs(keras):
    layers = keras.layers
    left, right = keras.Input((4, 4, 2), name="left"), keras.Input((4, 4, 2), name="right")
    both = layers.Add()([left, right])
    conv = layers.Conv2D(2, 1)(both)
    return keras.Model([left, right], [layers.Flatten()(conv), layers.Softmax()(both)], name="two_outputs")


def nested(keras):
    """Models inside a model, one of them frozen."""
    layers = keras.layers
    frozen = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.BatchNormalization()], name="frozen")
    frozen.trainable = False
    inner = keras.Sequential([keras.Input((6, 6, 4)), layers.ReLU(), layers.AveragePooling2D(2)], name="inner")
    return keras.Sequential([keras.Input((8, 8, 3)), frozen, inner, layers.Flatten(), layers.Dense(2)], name="nested")


def deferred(keras):
    """No input shape yet."""
    layers = keras.layers
    return keras.Sequential([layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2)], name="deferred")


def any_size(keras):
    """Fully convolutional: the size of the image is open."""
    layers = keras.layers
    return keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 3), layers.MaxPooling2D(),
                             layers.GlobalMaxPooling2D(), layers.Dense(2)], name="any_size")


def wide(keras):
    """Counts of millions, and weights of megabytes."""
    layers = keras.layers
    stack = [keras.Input((64, 64, 3)), layers.Flatten(), layers.Dense(1000), layers.Dense(10)]
    return keras.Sequential(stack, name="wide")


MODELS = (seed_network, chain, residual, two_outputs, nested, deferred, any_size, wide)
