"""Models as estimators of scikit-learn (extra `sklearn`): in pipelines, cross-validation and grid searches."""

import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from konv.arrays import to_array
from konv.errors import KonvError, import_extra
from konv.layers import Dense, Input
from konv.models import Model, Sequential
from konv.optimizers import Adam
from konv.seeds import seeded

import_extra("sklearn", "sklearn")
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin  # noqa: E402 (after the error that names the extra)
from sklearn.utils import check_random_state  # noqa: E402
from sklearn.utils.multiclass import check_classification_targets  # noqa: E402
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: E402

DEFAULT_EPOCHS = 100  # of the network that is made when none is given
FIT = frozenset(inspect.signature(Model.fit).parameters) - {"self", "x", "y", "sample_weight"}

# Checks of scikit-learn that cannot hold, for sklearn.utils.estimator_checks.check_estimator(expected_failed_checks=...)
_BATCHES = "training goes in shuffled batches: a sample of weight 2 is not two samples, which may be in two batches"
EXPECTED_FAILED_CHECKS = {
    "check_sample_weight_equivalence_on_dense_data": _BATCHES,
    "check_sample_weights_invariance": _BATCHES,
}


class _Estimator(BaseEstimator):
    """What both have in common."""

    _more: tuple[str, ...] = ()  # the names of further arguments

    def __init__(self, model: Model | Callable[..., Model] | None = None, epochs: int | None = None,
                 batch_size: int | None = None, verbose: int = 0, random_state: Any = None, **arguments: Any) -> None:
        self.model, self.epochs, self.batch_size, self.verbose = model, epochs, batch_size, verbose
        self.random_state = random_state
        self._set(arguments)

    def _set(self, arguments: dict[str, Any]) -> None:
        for name, value in arguments.items():
            if name not in self._more:
                self._more = (*self._more, name)
            setattr(self, name, value)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All arguments by name, those for `fit` and for the function that makes the model too."""
        return super().get_params(deep) | {name: getattr(self, name) for name in self._more}

    def set_params(self, **params: Any) -> Any:
        """Change arguments."""
        known = set(self._get_param_names()) | set(self._more)
        self._set({name: params.pop(name) for name in list(params) if name in FIT and name not in known})
        for name in self._more:
            if name in params:
                setattr(self, name, params.pop(name))
        return super().set_params(**params)

    def _train(self, x: Any, y: np.ndarray, units: int, sample_weight: Any) -> None:
        """Make the model and fit it; the one that was given stays as it is."""
        if sample_weight is not None:
            sample_weight = to_array(sample_weight, type(self).__name__, "sample_weight")
            if not sample_weight.any():
                raise KonvError(f"{type(self).__name__}: sample_weight is zero for every sample: nothing to learn from")
        given = {name: getattr(self, name) for name in self._more}
        fitting = {name: value for name, value in given.items() if name in FIT}
        if fitting.get("class_weight") is not None:
            fitting["class_weight"] = self._class_weight(fitting["class_weight"], y)
        making = {name: value for name, value in given.items() if name not in FIT}
        seed = None if self.random_state is None else int(check_random_state(self.random_state).randint(1 << 31))
        with seeded(seed):
            model = self._make(x, y, units, making)
            epochs = self.epochs or (DEFAULT_EPOCHS if self.model is None else 1)
            history = model.fit(x, self._targets(model, y), batch_size=self.batch_size, epochs=epochs, verbose=self.verbose,
                                sample_weight=sample_weight, **fitting)
        self.model_, self.history_ = model, history.history

    def _make(self, x: np.ndarray, y: np.ndarray, units: int, arguments: dict[str, Any]) -> Model:
        if self.model is None or isinstance(self.model, Model):
            if arguments:
                raise KonvError(f"{type(self).__name__}: {', '.join(arguments)} {'are' if len(arguments) > 1 else 'is'} "
                                f"not an argument of fit; only a function that makes the model takes others")
            model = self._default(x.shape[1:], units) if self.model is None else copy.deepcopy(self.model)
        else:
            model = self.model(x, y, **arguments)
        if not isinstance(model, Model):
            raise KonvError(f"{type(self).__name__}: model must be a model or a function (X, y, ...) that makes one, "
                            f"got {model!r} of type {type(model).__name__}")
        if not model.compiled:
            model.compile(Adam(0.01), self._loss(model, x))
        return model

    def _default(self, shape: tuple[int, ...], units: int) -> Sequential:
        raise NotImplementedError

    def _loss(self, model: Model, x: np.ndarray) -> str:
        raise NotImplementedError

    def _targets(self, model: Model, y: np.ndarray) -> np.ndarray:
        return y

    def _class_weight(self, weights: Any, y: np.ndarray) -> Any:
        return weights

    def _outputs(self, x: Any) -> np.ndarray:
        check_is_fitted(self, "model_")
        x = validate_data(self, x, reset=False, allow_nd=True, dtype="float32")
        return np.asarray(self.model_.predict(x, batch_size=self.batch_size, verbose=0))


class KonvClassifier(ClassifierMixin, _Estimator):
    """A model as a classifier: labels may be numbers or text, `classes_` are those that were met.

    Args:
        model: a model, or a function (X, y, ...) that makes one, y being indices of classes; None is a small network of
            dense layers. One that is not compiled gets Adam and crossentropy.
        epochs: None are 1, or 100 of the small network.
        batch_size: samples in one step; 32 unless given.
        verbose: as in `Model.fit`.
        random_state: a seed or a RandomState, for weights, dropout and the order of the samples.
        arguments: further ones go to `Model.fit`, and those that it does not know to the function. `class_weight` is a
            dict from label to weight, or "balanced".
    Raises:
        KonvError: in `fit`, a single class, weights that are all zero, or an argument that nothing takes.

    >>> rows = [[0.0, 1.0], [1.0, 0.0]] * 20
    >>> KonvClassifier(random_state=0).fit(rows, ["a", "b"] * 20).predict([[0.1, 1.0]])[0] == "a"
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "KonvClassifier":
        """Train on samples (N, ...) and labels (N,)."""
        x, y = validate_data(self, X, y, allow_nd=True, dtype="float32")
        check_classification_targets(y)
        self.classes_, indices = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise KonvError(f"{type(self).__name__}: y has only one class, {self.classes_[0]!r}; two are the fewest")
        self._train(x, indices, len(self.classes_), sample_weight)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class of `classes_`, (N, classes)."""
        found = self._outputs(X)
        if getattr(self.model_.loss, "get_config", dict)().get("from_logits"):
            found = np.exp(found - found.max(-1, keepdims=True)) if found.shape[-1] > 1 else 1 / (1 + np.exp(-found))
            found = found / found.sum(-1, keepdims=True) if found.shape[-1] > 1 else found
        return found if found.shape[-1] > 1 else np.concatenate([1 - found, found], -1)

    def predict(self, X: Any) -> np.ndarray:
        """The label of each sample, (N,)."""
        return self.classes_[self.predict_proba(X).argmax(-1)] if hasattr(self, "classes_") else self._outputs(X)

    def _default(self, shape: tuple[int, ...], units: int) -> Sequential:
        return _network(shape, units, "softmax")

    def _loss(self, model: Model, x: np.ndarray) -> str:
        units = model.output_shape[-1] if model.built else model.compute_output_shape(x.shape)[-1]
        return "binary_crossentropy" if units == 1 else "sparse_categorical_crossentropy"

    def _class_weight(self, weights: Any, y: np.ndarray) -> dict[int, float]:
        """Weights of labels, or "balanced", as scikit-learn has them, by the indices of the classes."""
        labels = self.classes_.tolist()
        if isinstance(weights, str) and weights == "balanced":
            return dict(enumerate((len(y) / (len(labels) * np.bincount(y))).tolist()))
        if not isinstance(weights, Mapping) or not set(weights) <= set(labels):
            raise KonvError(f'{type(self).__name__}: class_weight must be "balanced" or a dict from label to weight; labels '
                            f"are {labels!r:.200}, got {weights!r:.200}")
        return {labels.index(label): weight for label, weight in weights.items()}

    def _targets(self, model: Model, y: np.ndarray) -> np.ndarray:
        """The indices of the classes, or one-hot vectors where the loss takes those."""
        loss = model.loss if isinstance(model.loss, str) else getattr(model.loss, "name", getattr(model.loss, "__name__", ""))
        return np.eye(len(self.classes_), dtype="float32")[y] if str(loss).startswith("categorical") else y


class KonvRegressor(RegressorMixin, _Estimator):
    """A model as a regressor of one or several values per sample.

    Args:
        model, epochs, batch_size, verbose, random_state, arguments: as in KonvClassifier; the loss is the squared error.

    >>> rows = [[0.0], [1.0]] * 20
    >>> KonvRegressor(random_state=0).fit(rows, [0.0, 3.0] * 20).score(rows, [0.0, 3.0] * 20) > 0.9
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "KonvRegressor":
        """Train on samples (N, ...) and values (N,) or (N, outputs)."""
        x, y = validate_data(self, X, y, allow_nd=True, dtype="float32", y_numeric=True, multi_output=True)
        self._flat = y.ndim == 1
        self._train(x, y.astype("float32"), 1 if y.ndim == 1 else y.shape[1], sample_weight)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Values of the shape of y."""
        found = self._outputs(X).astype("float64")  # as other regressors give them
        return found.reshape(len(found)) if self._flat and found.shape[1:] == (1,) else found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _default(self, shape: tuple[int, ...], units: int) -> Sequential:
        return _network(shape, units, None)

    def _loss(self, model: Model, x: np.ndarray) -> str:
        return "mse"


def _network(shape: tuple[int, ...], units: int, activation: str | None) -> Sequential:
    from konv.layers import Flatten

    return Sequential([Input(shape), Flatten(), Dense(100, activation="relu"), Dense(units, activation=activation)])
