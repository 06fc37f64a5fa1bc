"""Keras beside konv: the same weights on both sides, and its gradients."""

import numpy as np


def random_weights(layer, start=0):
    """Weights for a Keras layer: small, with scales around one and variances above zero."""
    made = []
    for number, weight in enumerate(layer.weights):
        values = np.random.default_rng(start + number).normal(0, 0.15, weight.shape)
        name = weight.path.split("/")[-1]
        made.append(np.abs(values) + 1 if name == "moving_variance" else values + (name == "gamma"))
    return [values.astype(np.float32) for values in made]


def pair(make, keras, konv):
    """(our model, theirs) with equal weights."""
    ours, theirs = make(konv), make(keras)
    for number, (mine, other) in enumerate(zip(ours.layers, theirs.layers, strict=True)):
        weights = random_weights(other, 100 * number)
        mine.set_weights(weights)
        other.set_weights(weights)
    return ours, theirs


def gradients(model, x, dy):
    """Keras in training mode: (outputs, {path: gradient} in our names, moving statistics by path)."""
    import jax

    trained = [variable.value for variable in model.trainable_variables]
    others = [variable.value for variable in model.non_trainable_variables]

    def weighted(trained):
        output, updated = model.stateless_call(trained, others, x, training=True)
        return (output * dy).sum(), (output, updated)

    (_, (output, updated)), found = jax.value_and_grad(weighted, has_aux=True)(trained)
    paths = lambda variables: [variable.path for variable in variables]  # noqa: E731
    return (np.asarray(output), dict(zip(paths(model.trainable_variables), map(np.asarray, found), strict=True)),
            dict(zip(paths(model.non_trainable_variables), map(np.asarray, updated), strict=True)))


def check_fit(ours, theirs, x, y, batch_size):
    """konv's model and Keras's from konv's weights: losses and a metric of two epochs, an evaluation, and weights."""
    import keras

    import konv

    theirs.set_weights(ours.get_weights())
    histories = []
    for model, library in ((ours, konv), (theirs, keras)):
        model.compile(library.optimizers.SGD(0.01), "mse", metrics=["mae"])
        fitted = model.fit(x, y, batch_size=batch_size, epochs=2, shuffle=False, verbose=0).history
        histories.append([*fitted["loss"], *fitted["mae"], *model.evaluate(x[:5], y[:5], verbose=0)])
    np.testing.assert_allclose(*histories, rtol=1e-5)
    for mine, wanted in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-4, atol=1e-6)
