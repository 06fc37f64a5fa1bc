"""A small residual network: blocks of two convolutions beside a way around them.

    python examples/small_resnet.py
"""

from _which import SEED, epochs, keras, report, shapes

layers = keras.layers


def normalised(x, filters, strides=1, kernel_size=3):
    x = layers.Conv2D(filters, kernel_size, strides=strides, padding="same", use_bias=False,
                      kernel_initializer="he_normal", kernel_regularizer=keras.regularizers.L2(1e-4))(x)
    return layers.BatchNormalization(momentum=0.9)(x)


def block(x, filters, strides=1):
    around = x if strides == 1 and x.shape[-1] == filters else normalised(x, filters, strides, kernel_size=1)
    x = layers.ReLU()(normalised(x, filters, strides))
    x = normalised(x, filters)
    return layers.ReLU()(layers.add([x, around]))


def network(shape=(32, 32, 3), classes=4):
    inputs = keras.Input(shape)
    x = layers.ReLU()(normalised(inputs, 16))
    for filters, strides in ((16, 1), (32, 2), (64, 2)):
        x = block(x, filters, strides)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x), name="small_resnet")


def main():
    keras.utils.set_random_seed(SEED)
    x_train, y_train = shapes(1600, seed=1)
    x_test, y_test = shapes(800, seed=2)

    model = network()
    model.summary()
    rate = keras.optimizers.schedules.CosineDecay(0.05, epochs(8) * 25)
    model.compile(optimizer=keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
                  loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, batch_size=64, epochs=epochs(8), verbose=2)
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    report(loss=loss, accuracy=accuracy)


if __name__ == "__main__":
    main()
