"""What a random model is trained with: loss, metrics, weights of samples and an optimizer, as arguments of compile()."""

from tests.random_models.kinds import choice, either, rarely


def named(class_name, **config):
    return {"class_name": class_name, "config": config}


WHOLE = ["dice", named("Tversky", alpha=0.3)]  # losses that are one number for a sample of any shape
# By what an output is: losses, and the kind of target that each wants.
LOSSES = {
    "any": [("mse", "numbers"), ("mae", "numbers"), ("log_cosh", "numbers"), ("huber", "numbers"),
            ("mape", "far"), ("cosine_similarity", "numbers"), ("hinge", "signs"), ("squared_hinge", "signs"),
            ("categorical_hinge", "one_hot"), (named("BinaryCrossentropy", from_logits=True, label_smoothing=0.1), "bits"),
            (named("CategoricalCrossentropy", from_logits=True), "one_hot"),
            (named("SparseCategoricalCrossentropy", from_logits=True), "classes"),
            (named("BinaryFocalCrossentropy", from_logits=True, apply_class_balancing=True), "bits"),
            (named("CategoricalFocalCrossentropy", from_logits=True), "one_hot"),
            (named("MeanSquaredError", reduction="sum"), "numbers")],
    "sigmoid": [("binary_crossentropy", "bits"), ("msle", "numbers"), ("poisson", "numbers"), ("mse", "numbers"),
                ("binary_focal_crossentropy", "bits"), *((loss, "bits") for loss in WHOLE)],
    "softmax": [("categorical_crossentropy", "one_hot"), ("sparse_categorical_crossentropy", "classes"),
                ("kl_divergence", "shares"), (named("CategoricalCrossentropy", label_smoothing=0.2), "one_hot"),
                ("categorical_focal_crossentropy", "one_hot"), ("mse", "numbers")],
}
METRICS = {
    "numbers": ["mae", "mse", named("RootMeanSquaredError"), "cosine_similarity", named("LogCoshError")],
    "far": ["mape", "msle"], "shares": ["kl_divergence"],
    "signs": ["hinge"], "bits": ["binary_accuracy", named("Precision", thresholds=0.4), named("Recall"), named("AUC")],
    "one_hot": ["categorical_accuracy", "accuracy", named("TopKCategoricalAccuracy", k=2), named("F1Score")],
    "classes": ["sparse_categorical_accuracy", "accuracy", named("SparseTopKCategoricalAccuracy", k=2)],
}
RATES = [0.001, 0.01, named("ExponentialDecay", initial_learning_rate=0.02, decay_steps=2, decay_rate=0.5, staircase=True)]
OPTIMIZERS = [
    named("SGD"), named("SGD", momentum=0.9), named("SGD", momentum=0.8, nesterov=True), named("RMSprop"),
    named("RMSprop", momentum=0.5, centered=True), named("Adam", amsgrad=True), named("AdamW"), named("Nadam"), named("Adamax"),
    named("Adagrad"), named("Adadelta"), named("Lion"), named("Ftrl", l1_regularization_strength=0.001), named("Lamb"),
    named("Adafactor"),
]


def optimizer(draw):
    """Half of all are Adam, by which konv is judged."""
    if either(draw):
        return named("Adam", learning_rate=choice(draw, 0.001, 0.01), epsilon=choice(draw, 1e-7, 1e-3))
    drawn = choice(draw, *OPTIMIZERS)
    config = drawn["config"] | {"learning_rate": choice(draw, *RATES)}
    if rarely(draw, 3):
        config[choice(draw, "clipnorm", "clipvalue", "global_clipnorm")] = choice(draw, 0.02, 0.5)
    if rarely(draw, 4):
        config["weight_decay"] = 0.01
    if rarely(draw, 4):
        config |= {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": choice(draw, None, 2)}
    if rarely(draw, 8):
        config["gradient_accumulation_steps"] = 2
    return drawn | {"config": config}


def task(draw, outputs):
    """`outputs`: the activation of what made each, if known, and its shape.

    targets         for each output a kind of target
    compile         arguments of compile(); losses, metrics and the optimizer as configs
    sample_weight   whether samples have weights
    class_weight    for each class, or None
    batch           how many samples
    """
    losses, targets, metrics = [], [], []
    for activation, shape in outputs:
        table = LOSSES["any"] if activation not in LOSSES or rarely(draw, 4) else LOSSES[activation]
        fits = [(loss, kind) for loss, kind in table if shape[-1] > 1 or kind not in ("one_hot", "classes", "shares")]
        loss, kind = choice(draw, *fits)
        losses.append(loss)
        targets.append(kind)
        metrics.append(draw.sample(METRICS[kind], 1) if rarely(draw, 3) and len(shape) == 1 else [])
    classes = outputs[0][1][-1] if len(outputs) == 1 and len(outputs[0][1]) == 1 and targets[0] in ("one_hot", "classes") else 0
    several = len(outputs) > 1
    whole = any(len(shape) > 1 for _, shape in outputs) and any(loss in WHOLE for loss in losses)
    arguments = {"loss": losses if several else losses[0], "optimizer": optimizer(draw)}
    if several and either(draw):
        arguments["loss_weights"] = [choice(draw, 0.3, 1.0, 2.5) for _ in outputs]
    if any(metrics):
        arguments["weighted_metrics" if rarely(draw, 4) else "metrics"] = metrics if several else metrics[0]
    class_weight = {number: choice(draw, 0.5, 1.0, 3.0) for number in range(classes)} if classes and rarely(draw, 3) else None
    return {"targets": targets, "compile": arguments, "sample_weight": class_weight is None and rarely(draw, 5) and not whole,
            "class_weight": class_weight, "batch": choice(draw, 5, 5, 5, 1, 2, 8)}
