"""What a network learned on many images serves another task with few: its layers are frozen, a new end is trained, and
then all of it with small steps.

    python examples/fine_tuning.py

The first task is to tell the digits 0 to 4 apart, the second 5 to 9, of which the network sees 20 each.
"""

import os
import tempfile

from _which import SEED, digits, epochs, keras, report

layers = keras.layers


def base():
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.BatchNormalization(momentum=0.9),
        layers.MaxPooling2D(),
        layers.Conv2D(48, 3, padding="same", activation="relu"),
        layers.BatchNormalization(momentum=0.9),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.GlobalMaxPooling2D(),
    ], name="base")


def classifier(trunk):
    """The trunk in inference mode, whatever is done with the rest: its normalisations keep what they know."""
    inputs = keras.Input((28, 28, 1))
    x = trunk(inputs, training=False)
    x = layers.Dropout(0.2)(x)
    return keras.Model(inputs, layers.Dense(5, activation="softmax", name="end")(x))


def pretrained(x, y, path):
    """A base that was trained on a task of its own, by way of a file."""
    trunk = base()
    model = keras.Sequential([trunk, layers.Dense(5, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=64, epochs=epochs(4), verbose=2)
    trunk.save(path)
    return keras.models.load_model(path)


def main():
    keras.utils.set_random_seed(SEED)
    (x_train, y_train), (x_test, y_test) = digits()
    first, later, tested = y_train < 5, y_train >= 5, y_test >= 5
    with tempfile.TemporaryDirectory() as folder:
        trunk = pretrained(x_train[first], y_train[first], os.path.join(folder, "base.keras"))
    few, labels = x_train[later][:100], y_train[later][:100] - 5
    test = x_test[tested], y_test[tested] - 5

    trunk.trainable = False
    model = classifier(trunk)
    model.summary(show_trainable=True)
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(few, labels, epochs=epochs(30), verbose=0)
    _, frozen = model.evaluate(*test, verbose=0)

    trunk.trainable = True
    model.compile(optimizer=keras.optimizers.Adam(2e-4), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(few, labels, epochs=epochs(20), verbose=0)
    _, tuned = model.evaluate(*test, verbose=0)
    report(frozen=frozen, accuracy=tuned)


if __name__ == "__main__":
    main()
