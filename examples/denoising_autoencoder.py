"""An autoencoder that takes noise away: images are made smaller by convolutions and larger again by transposed ones.

    python examples/denoising_autoencoder.py
"""

import numpy as np
from _which import SEED, digits, epochs, keras, report

layers = keras.layers


def network():
    inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(32, 3, activation="relu", padding="same")(inputs)
    x = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.Conv2D(32, 3, activation="relu", padding="same")(x)
    x = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.Conv2DTranspose(32, 3, strides=2, activation="relu", padding="same")(x)
    x = layers.UpSampling2D(2)(x)
    x = layers.Conv2D(32, 3, activation="relu", padding="same")(x)
    return keras.Model(inputs, layers.Conv2D(1, 3, activation="sigmoid", padding="same")(x))


def noisy(images, seed):
    draw = np.random.default_rng(seed)
    return np.clip(images + 0.4 * draw.normal(size=images.shape), 0, 1).astype("float32")


def main():
    keras.utils.set_random_seed(SEED)
    (x_train, _), (x_test, _) = digits()
    seen, unseen = noisy(x_train, 1), noisy(x_test, 2)

    model = network()
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["mse"])
    model.fit(seen, x_train, batch_size=128, epochs=epochs(8), validation_data=(unseen, x_test), verbose=2)
    cleaned = model.predict(unseen, verbose=0)
    report(before=np.mean((unseen - x_test) ** 2), after=np.mean((cleaned - x_test) ** 2))


if __name__ == "__main__":
    main()
