"""Colour images, few of them, and layers that show the network each in many forms: flipped, turned, nearer and farther.

    python examples/augmentation.py

The images are drawn by the program (`shapes` in _which.py): 32 x 32 in colour as those of CIFAR-10.
"""

from _which import SEED, epochs, keras, report, shapes

layers = keras.layers


def augmented():
    """Layers that change images in training alone."""
    return keras.Sequential([
        layers.RandomFlip("horizontal", seed=1),
        layers.RandomRotation(0.05, fill_mode="nearest", seed=2),
        layers.RandomZoom(0.1, fill_mode="nearest", seed=3),
        layers.RandomContrast(0.2, value_range=(0, 1), seed=4),
    ], name="augmentation")


def network():
    inputs = keras.Input((32, 32, 3))
    x = augmented()(inputs)
    for filters in (16, 32, 64):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.Activation("relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    return keras.Model(inputs, layers.Dense(4)(x))


def main():
    keras.utils.set_random_seed(SEED)
    x_train, y_train = shapes(1200, seed=1)
    x_test, y_test = shapes(800, seed=2)

    model = network()
    model.compile(optimizer=keras.optimizers.AdamW(3e-3, weight_decay=1e-4), metrics=["accuracy"],
                  loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    # at the full rate the statistics of the normalisations lag behind the weights, and each epoch ends somewhere else
    slower = keras.callbacks.LearningRateScheduler(lambda epoch: 3e-3 * min(1, (15 - epoch) / 8))
    model.fit(x_train, y_train, batch_size=64, epochs=epochs(15), callbacks=[slower], verbose=2)
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    report(loss=loss, accuracy=accuracy)


if __name__ == "__main__":
    main()
