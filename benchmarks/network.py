"""The network that everything is measured with: 28x28 images, 25 outputs, 264,562 parameters."""


def seed_network(keras, activation=None):
    """Built with the layers of `keras`, which may be konv; `activation` is that of the last layer."""
    layers = keras.layers
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(75, 3, padding="same", activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(2, 2, padding="same"),
        layers.Conv2D(50, 3, padding="same", activation="relu"),
        layers.Dropout(0.2),
        layers.BatchNormalization(),
        layers.MaxPooling2D(2, 2, padding="same"),
        layers.Conv2D(25, 3, padding="same", activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(2, 2, padding="same"),
        layers.Flatten(),
        layers.Dense(512, activation="relu"),
        layers.Dropout(0.3),
        layers.Dense(25, activation=activation),
    ])
