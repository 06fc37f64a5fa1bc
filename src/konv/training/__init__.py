"""Training: compile, fit, evaluate and predict, for every model."""

from konv.training.trainer import Trainer

__all__ = ["Trainer"]
