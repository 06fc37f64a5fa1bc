"""Handwritten digits with a small convolutional network: two convolutions, two poolings, dropout and a softmax.

    python examples/mnist_convnet.py
"""

from _which import SEED, digits, epochs, keras, report

layers = keras.layers


def network():
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ])


def main():
    keras.utils.set_random_seed(SEED)
    (x_train, y_train), (x_test, y_test) = digits()
    y_train, y_test = keras.utils.to_categorical(y_train, 10), keras.utils.to_categorical(y_test, 10)

    model = network()
    model.summary()
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    model.fit(x_train, y_train, batch_size=64, epochs=epochs(8), validation_split=0.1, verbose=2)
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    report(loss=loss, accuracy=accuracy)


if __name__ == "__main__":
    main()
