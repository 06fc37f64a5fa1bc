"""How far rounding in float32 may move the numbers of a computation of Keras, found by moving every number it reads.

Monte Carlo arithmetic (Parker 1997): the same operations in float64, in which every operand of every operation that rounds is
off by a random part of a few units of float32 in the last place. What is left of sums whose terms cancel moves by the size of
the terms and the root of their number, a choice between equal numbers turns over, and what is well determined hardly moves.
"""

from contextlib import contextmanager

import jax
import keras
import numpy as np
import pytest
from jax.extend.core import Literal
from keras.src.backend.common import dtypes

UNITS = 4 * 2.0 ** -24  # a unit in the last place is 2^-24 to 2^-23 of a number; exp and tanh alone are off by one or two
DRAWS = 1 << 16
# operations that choose numbers or hand them on as they are
_CHOOSE = """and argmax argmin broadcast_in_dim clamp concatenate convert_element_type copy copy_p dynamic_slice
    dynamic_update_slice eq expand_dims floor gather ge gt iota is_finite le lt max min ne neg not or pad reduce_max reduce_min
    reduce_window_max reshape rev round select_and_gather_add select_n sign slice sort split squeeze stop_gradient
    transpose"""
EXACT = frozenset(_CHOOSE.split())
INNER = ("jaxpr", "call_jaxpr", "fun_jaxpr")
CALLS = ("jit", "pjit", "closed_call", "custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr", "remat", "checkpoint")


def perturbed(function, *arguments):
    """(function of noise and of the arguments laid out flat, how to put together what it gives)."""
    program, shape = jax.make_jaxpr(function, return_shape=True)(*arguments)
    counter = iter(range(10**9))

    def off(value, noise):
        if not np.issubdtype(getattr(value, "dtype", np.int32), np.floating) or not np.size(value):
            return value
        start, size = next(counter) * 7919 % (DRAWS // 2), np.size(value)
        return value * (1 + UNITS * noise[start:start + size].reshape(np.shape(value)))

    def run(inner, constants, noise, values):
        known = dict(zip(inner.constvars, constants, strict=True)) | dict(zip(inner.invars, values, strict=True))
        read = lambda atom: atom.val if isinstance(atom, Literal) else known[atom]  # noqa: E731
        for step in inner.eqns:
            given, name = [read(atom) for atom in step.invars], step.primitive.name
            within = next((step.params[key] for key in INNER if key in step.params), None)
            if name in CALLS and within is not None:
                closed = hasattr(within, "consts")
                made = run(within.jaxpr if closed else within, within.consts if closed else (), noise, given)
            else:
                made = step.primitive.bind(*(given if name in EXACT else [off(value, noise) for value in given]), **step.params)
            made = made if step.primitive.multiple_results else [made]
            known.update(zip(step.outvars, made, strict=True))
        return [read(atom) for atom in inner.outvars]

    def flat(noise, *values):
        return run(program.jaxpr, program.consts, noise, values)

    return flat, lambda values: jax.tree.unflatten(jax.tree.structure(shape), values)


def noises(count):
    """None at all, and then `count` draws."""
    yield np.zeros(DRAWS)
    for seed in range(count):
        yield np.random.default_rng(seed).uniform(-1, 1, DRAWS)


@contextmanager
def in_float64():
    """On JAX, Keras takes means and normalises in float32 even then, if one lets it."""
    narrow, policy = dtypes.result_type, keras.config.dtype_policy()
    wide = lambda *types: "float64" if "float64" in map(str, types) else narrow(*types)  # noqa: E731
    with jax.enable_x64(True), pytest.MonkeyPatch.context() as patch:
        for module in (keras.src.backend, dtypes):
            patch.setattr(module, "result_type", wide)
        keras.config.set_floatx("float64")
        keras.config.set_dtype_policy("float64")
        try:
            yield
        finally:
            keras.config.set_floatx("float32")
            keras.config.set_dtype_policy(policy)
