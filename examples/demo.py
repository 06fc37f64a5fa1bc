"""Train a small convolutional network on 4,000 handwritten digits, and look inside it.

    python examples/demo.py [--out demo] [--seed 0]

Leaves the model, its explanation and pictures in a folder. Where the digits come from and the pictures at the end are
konv's own; the network and its training are a plain Keras program.
"""

import argparse
import sys
import time
from pathlib import Path

import konv as keras
from konv.explain import report, save_feature_maps
from konv.explain.curves import save_confusion, save_curves

layers = keras.layers

EPOCHS, BATCH_SIZE, LEARNING_RATE = 12, 32, 1e-3
REQUIRED = 0.975  # of the 1,000 digits that the network has not seen


def load_digits():
    """4,000 digits to train on and 1,000 to test with: float32 images (n, 28, 28, 1) from 0 to 1, labels 0 to 9."""
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist_5k()
    return (x_train[..., None] / 255.0, y_train), (x_test[..., None] / 255.0, y_test)


def build_network():
    """Three convolutions, each followed by normalisation and pooling, and two dense layers: 256,867 parameters."""
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
        layers.Dense(10, activation="softmax"),
    ])


def train(model, training, held_out):
    """Adam with a learning rate that falls along a cosine to nothing: the last epochs only polish.

    In the first epochs the accuracy on held-out digits looks like guessing, while that on the training data is fine.
    That is BatchNormalization: outside of training it uses moving averages, which need some hundred steps to settle.
    """
    steps = EPOCHS * -(-len(training[0]) // BATCH_SIZE)
    schedule = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    model.compile(optimizer=keras.optimizers.Adam(schedule), loss="sparse_categorical_crossentropy",
                  metrics=["accuracy"])
    return model.fit(*training, batch_size=BATCH_SIZE, epochs=EPOCHS, validation_data=held_out)


def write_results(model, history, held_out, out):
    """The model, what there is to say about it, and pictures."""
    images, labels = held_out
    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    with open(out / "explained-summary.txt", "w", encoding="utf-8") as file:
        model.summary(print_fn=lambda text: print(text, file=file))
        print("\n" + model.explain(), file=file)
    (out / "explained-summary.ko.txt").write_text(model.explain(lang="ko") + "\n", encoding="utf-8")

    digits = [str(digit) for digit in range(10)]
    predicted = model.predict(images, verbose=0).argmax(axis=-1)
    save_curves(history.history, out / "learning-curves.png")
    save_confusion(labels, predicted, digits, out / "confusion-matrix.png")
    save_feature_maps(model, images[3], out / "feature-maps")
    report(model, images[:6], history, names=[f"a {label}" for label in labels[:6]], classes=digits).save(out / "report.html")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder for the results (default: demo)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same network (default: 0)")
    arguments = parser.parse_args()
    start = time.perf_counter()

    keras.utils.set_random_seed(arguments.seed)
    training, held_out = load_digits()
    model = build_network()
    model.summary()
    print("The first val_accuracy is low: the moving averages of BatchNormalization need some hundred steps to settle.")
    history = train(model, training, held_out)
    _, accuracy = model.evaluate(*held_out, verbose=0)
    write_results(model, history, held_out, arguments.out)

    print(f"\nWritten after {time.perf_counter() - start:.0f} seconds:")
    for path in sorted(arguments.out.rglob("*")):
        if path.is_file():
            print(f"  {path}")
    print(f"Accuracy on {len(held_out[0]):,} digits that the network has not seen: {accuracy:.1%}")
    if accuracy < REQUIRED:
        print(f"That is less than the {REQUIRED:.1%} which this network should reach.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
