"""`keras.src.testing` on konv: the checks that Keras's tests are written with.

`run_layer_test` builds the layer, calls it symbolically and on arrays, compares shapes, types, values and numbers of weights,
writes its config and reads it back, trains it for a step, saves the model and loads it. What konv has no notion of is not
compared: masks, seed generators, mixed precision, and whether a layer without weights counts as built before its first call.
"""

import json
import re
import shutil
import sys
import tempfile
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from absl.testing import parameterized

import konv
from konv.errors import KonvError
from konv.tracing.tensors import Tensor
from tests.keras_suite import helpers
from tests.keras_suite.helpers import convert_to_tensor, flatten, map_structure, standardize_dtype

test_case = test_utils = sys.modules[__name__]


class TestCase(parameterized.TestCase):
    maxDiff = None

    def setUp(self):
        konv.backend.clear_session()

    def get_temp_dir(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder

    # --- comparisons ------------------------------------------------------------------------------

    def convert_to_numpy(self, x):
        return np.asarray(x)

    def assertAllClose(self, actual, desired, atol=1e-6, rtol=1e-6, tpu_atol=None, tpu_rtol=None, msg=None):
        np.testing.assert_allclose(np.asarray(actual), np.asarray(desired), atol=atol, rtol=rtol, err_msg=msg or "")

    def assertNotAllClose(self, x1, x2, atol=1e-6, rtol=1e-6, msg=None):
        try:
            self.assertAllClose(x1, x2, atol=atol, rtol=rtol)
        except AssertionError:
            return
        raise AssertionError(f"the two values are close everywhere: {x1} {msg or ''}")

    def assertAlmostEqual(self, actual, desired, decimal=3, tpu_decimal=None, msg=None):
        np.testing.assert_almost_equal(np.asarray(actual), np.asarray(desired), decimal=decimal, err_msg=msg or "")

    def assertAllEqual(self, actual, desired, msg=None):
        np.testing.assert_array_equal(np.asarray(actual), np.asarray(desired), err_msg=msg or "")

    def assertLen(self, iterable, expected_len, msg=None):
        self.assertEqual(len(iterable), expected_len, msg=msg)

    def assertDType(self, x, dtype, msg=None):
        self.assertEqual(standardize_dtype(getattr(x, "dtype", type(x))), standardize_dtype(dtype), msg=msg)

    def assertSparse(self, x, sparse=True):
        self.assertFalse(sparse, "konv has no sparse tensors")

    def assertRagged(self, x, ragged=True):
        self.assertFalse(ragged, "konv has no ragged tensors")

    def assertFileExists(self, path):
        self.assertTrue(Path(path).is_file(), f"File {path} does not exist")

    def assertRaisesRegex(self, expected_exception, expected_regex, *args, **kwargs):
        raising = raises(expected_exception, expected_regex)
        if not args:
            return raising
        with raising:
            args[0](*args[1:], **kwargs)

    # --- configs ----------------------------------------------------------------------------------

    def run_class_serialization_test(self, instance, custom_objects=None):
        """The config makes an equal object, and so does the object as a file would hold it."""
        config = instance.get_config()
        names = _names(instance)
        revived = type(instance).from_config(config)
        self.assertEqual(_text(config), _text(revived.get_config()))
        self.assertEqual(names, _names(revived))
        written = _text(konv.saving.serialize_keras_object(instance))
        revived = konv.saving.deserialize_keras_object(_read(written), custom_objects=custom_objects)
        self.assertEqual(_text(config), _text(revived.get_config()))
        self.assertEqual(names, _names(revived))
        return revived

    # --- layers -----------------------------------------------------------------------------------

    def run_layer_test(
        self, layer_cls, init_kwargs, input_shape=None, input_dtype=None, input_sparse=False, input_ragged=False,
        input_data=None, call_kwargs=None, expected_output_shape=None, expected_output_dtype=None,
        expected_output_sparse=False, expected_output_ragged=False, expected_output=None,
        expected_num_trainable_weights=None, expected_num_non_trainable_weights=None,
        expected_num_non_trainable_variables=None, expected_num_seed_generators=None, expected_num_losses=None,
        supports_masking=None, expected_mask_shape=None, custom_objects=None, run_training_check=True,
        run_mixed_precision_check=True, assert_built_after_instantiation=False, tpu_atol=None, tpu_rtol=None,
    ):
        """All checks of a layer; see the top of this file."""
        if input_sparse or input_ragged or expected_output_sparse or expected_output_ragged or expected_mask_shape:
            self.fail("konv has no sparse or ragged tensors and no masks")
        init_kwargs, call_kwargs = init_kwargs or {}, call_kwargs or {}
        self.run_class_serialization_test(layer_cls(**init_kwargs), custom_objects)
        if input_data is None and input_shape is None:
            return
        if input_data is None:
            types = input_dtype or map_shapes(lambda _: "float32", input_shape)
            input_data = map_shapes(lambda sizes, dtype: (helpers.uniform(sizes) * 3).astype(dtype), input_shape, types)
        input_data = map_structure(convert_to_tensor, input_data) if isinstance(input_data, (list, tuple)) else \
            convert_to_tensor(input_data)
        shapes = map_structure(lambda x: x.shape, input_data)
        expected = {"trainable_weights": expected_num_trainable_weights,
                    "non_trainable_weights": expected_num_non_trainable_weights,
                    "non_trainable_variables": _unseeded(expected_num_non_trainable_variables, expected_num_seed_generators)}

        def check_weights(layer):
            self.assertTrue(layer.built)
            for kind, count in expected.items():
                if count is not None:
                    self.assertLen(getattr(layer, kind), count, msg=f"number of {kind}")

        def check_output(output):
            if expected_output_shape is not None:
                same = map_shapes(lambda wanted, x: len(wanted) == len(x.shape) and all(
                    w is None or w == size for w, size in zip(wanted, x.shape, strict=True)), expected_output_shape, output)
                self.assertTrue(all(flatten(same)), f"expected {expected_output_shape}, got {output!r}"[:300])
            if expected_output_dtype is not None:
                map_structure(self.assertDType, output, expected_output_dtype)

        layer = layer_cls(**init_kwargs)
        layer.build(shapes)
        check_weights(layer)

        layer = layer_cls(**init_kwargs)
        symbols = map_structure(lambda x: konv.Input(batch_shape=x.shape, dtype=x.dtype.name), input_data)
        result = layer(symbols, **call_kwargs)
        self.assertTrue(all(isinstance(leaf, Tensor) for leaf in flatten(result)))
        check_weights(layer)
        check_output(result)

        layer = layer_cls(**init_kwargs)
        output = layer(input_data, **call_kwargs)
        check_weights(layer)
        check_output(output)
        if expected_output is not None:
            for wanted, found in zip(flatten(expected_output), flatten(output), strict=True):
                self.assertAllClose(wanted, found, msg="Unexpected output value")
        if expected_num_losses is not None:
            self.assertLen(layer.losses, expected_num_losses)
        if run_training_check and all(helpers.is_float_dtype(leaf.dtype) for leaf in flatten(output)):
            self._train_and_save(layer_cls(**init_kwargs), input_data, output)

    def _train_and_save(self, layer, data, output):
        """One step of SGD in a model of this layer alone; the file of the model gives what the model gives."""
        flat = flatten(data)
        inputs = [konv.Input(x.shape[1:], dtype=x.dtype.name) for x in flat]
        model = konv.Model(inputs, layer(inputs if isinstance(data, (list, tuple)) else inputs[0]))
        model.compile(optimizer="sgd", loss="mse")
        given = flat if len(flat) > 1 else flat[0]
        before = [weight.numpy() for weight in model.weights]
        history = model.fit(given, output, epochs=1, verbose=0)
        self.assertTrue(np.isfinite(history.history["loss"]).all())
        self.assertLen(before, len(model.weights))
        path = Path(self.get_temp_dir()) / "model.keras"
        model.save(path)
        again = konv.models.load_model(path)
        self.assertAllClose(model.predict(given, verbose=0), again.predict(given, verbose=0))


def raises(expected: Any, match: str | None = None) -> Any:
    """An error of that class. konv words its errors itself: those that it raises on purpose need not have Keras's words."""

    @contextmanager
    def raising():
        caught = Caught()
        try:
            yield caught
        except expected as error:
            caught.exception = caught.value = error
            if match is not None and not isinstance(error, KonvError) and not re.search(match, str(error)):
                raise AssertionError(f"{error!r} is no error of konv's own and does not say {match!r}") from error
        else:
            raise AssertionError(f"{expected} was not raised")

    return raising()


class Caught:
    """What `assertRaisesRegex` and `pytest.raises` hand to the test."""

    exception: Any = None
    value: Any = None

    def match(self, pattern: str) -> bool:
        return isinstance(self.exception, KonvError) or bool(re.search(pattern, str(self.exception)))


def map_shapes(function: Any, structure: Any, *others: Any) -> Any:
    """`map_structure` in which a tuple of sizes is a leaf."""
    if isinstance(structure, (tuple, list)) and all(isinstance(size, (int, type(None))) for size in structure):
        return function(tuple(structure), *others)
    if isinstance(structure, dict):
        return {key: map_shapes(function, part, *(o[key] for o in others)) for key, part in structure.items()}
    return type(structure)(map_shapes(function, *parts) for parts in zip(structure, *others, strict=True))


def _unseeded(variables: int | None, seeds: int | None) -> int | None:
    """Keras counts the states of its seed generators among the variables; konv keeps none."""
    return variables if variables is None or not seeds else variables - seeds


def _names(instance: Any) -> set[str]:
    return set(dir(instance)) - {"__annotations__"}


def _text(value: Any) -> str:
    return json.dumps(_tuples(value), sort_keys=True, indent=4)


def _tuples(value: Any) -> Any:
    """JSON has no tuples; a config that turns one into a list has changed."""
    if isinstance(value, tuple):
        return {"__class__": "tuple", "__value__": list(value)}
    if isinstance(value, list):
        return [_tuples(part) for part in value]
    return {key: _tuples(part) for key, part in value.items()} if isinstance(value, dict) else value


def _read(text: str) -> Any:
    return json.loads(text, object_hook=lambda found: tuple(found["__value__"]) if "__value__" in found else found)


def named_product(*args: Any, **kwargs: Any) -> list[dict[str, Any]]:
    """All combinations, each with a name, for `parameterized.named_parameters`."""
    groups = [*args, *([{"testcase_name": getattr(value, "__name__", str(value)).lower(), key: value} for value in values]
                       for key, values in kwargs.items())]
    return [{key: value for part in parts for key, value in part.items()}
            | {"testcase_name": "_".join(part["testcase_name"] for part in parts)} for parts in product(*groups)]


def get_test_data(train_samples, test_samples, input_shape, num_classes, random_seed=None):
    """Two sets of samples around one random pattern for each class, in equal parts: (x, y), (x, y)."""
    generator = np.random.default_rng(random_seed)
    y = np.arange(train_samples + test_samples) % num_classes
    patterns = 2 * num_classes * generator.random((num_classes, *input_shape))
    x = (patterns[y] + generator.normal(0, 1, (len(y), *input_shape))).astype(np.float32)
    return (x[:train_samples], y[:train_samples]), (x[train_samples:], y[train_samples:])


def uses_gpu() -> bool:
    return False


uses_tpu = jax_uses_gpu = jax_uses_tpu = tensorflow_uses_gpu = tensorflow_uses_tpu = torch_uses_gpu = uses_gpu
