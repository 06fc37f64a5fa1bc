"""Training: compile, fit, evaluate and predict, for every model."""


class Trainer:
    """What `Model` can do with data; a mixin without constructor arguments."""
