"""How far rounding in float32 may move the numbers of a computation of Keras, found by moving every number it reads.

Monte Carlo arithmetic (Parker 1997): the same operations in float64, in which every operand of every operation that rounds is
off by a random part of a few units of float32 in the last place, and every sum of many terms by one rounding of the sum of
their sizes, which a sum of some of them may be as large as. What is left of terms that cancel moves by their size and number, a
choice between equal numbers turns over, and what is well determined hardly moves.
"""

from contextlib import contextmanager

import jax
import keras
import numpy as np
import pytest
from jax.extend.core import Literal
from keras.src.backend.common import dtypes

ROUNDING = 2.0 ** -24  # the most that one rounding takes of a number
UNITS = 4 * ROUNDING  # exp and tanh alone are off by two to four
DRAWS = 1 << 16
# operations that choose numbers or hand them on as they are
_CHOOSE = """and argmax argmin broadcast_in_dim clamp concatenate convert_element_type copy copy_p dynamic_slice
    dynamic_update_slice eq expand_dims floor gather ge gt iota is_finite le lt max min ne neg not or pad reduce_max reduce_min
    reduce_window_max reshape rev round select_and_gather_add select_n sign slice sort split squeeze stop_gradient
    transpose"""
EXACT = frozenset(_CHOOSE.split())
SUMS = ("conv_general_dilated", "cumsum", "dot_general", "reduce_sum", "reduce_window_sum")
INNER = ("jaxpr", "call_jaxpr", "fun_jaxpr")
CALLS = ("jit", "pjit", "closed_call", "custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr", "remat", "checkpoint")


def perturbed(function, *arguments):
    """(function of noise and of the arguments laid out flat, how to put together what it gives)."""
    program, shape = jax.make_jaxpr(function, return_shape=True)(*arguments)
    counter = iter(range(10**9))

    def shaped(noise, value):
        start, size = next(counter) * 7919 % (DRAWS // 2), np.size(value)
        return jax.numpy.resize(noise[start:start + size], np.shape(value))

    def off(value, noise):
        floating = np.issubdtype(getattr(value, "dtype", np.int32), np.floating)
        return value * (1 + UNITS * shaped(noise, value)) if floating and np.size(value) else value

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
                if name in SUMS and np.issubdtype(made.dtype, np.floating):
                    made = made + ROUNDING * shaped(noise, made) * step.primitive.bind(*map(abs, given), **step.params)
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
