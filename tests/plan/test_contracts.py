"""Every kernel and its twin take what the contract says; what does not fit a contract is no step."""

from dataclasses import fields, replace

import pytest

from konv.kernels import reference
from konv.plan.contracts import CONTRACTS, Layout, ReducePartsArgs, Taps, WinogradGradientArgs


def parameters(function):
    code = function.__code__
    positional = code.co_argcount
    return code.co_varnames[:positional], code.co_varnames[positional:positional + code.co_kwonlyargcount]


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_twins(contract):
    taken, options = parameters(getattr(reference, contract.kernel))
    assert taken == contract.parameters
    assert set(options) <= set(contract.statics)
    assert {field.name for field in fields(contract)} == {*contract.parameters, *contract.statics}


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_kernels(contract):
    compiled = pytest.importorskip("konv.kernels.compiled")
    factories = [getattr(module, f"make_{contract.kernel}") for module in compiled.MODULES
                 if hasattr(module, f"make_{contract.kernel}")]
    kernels = [getattr(module, contract.kernel) for module in compiled.MODULES if hasattr(module, contract.kernel)]
    if contract.statics:  # `dispatcher` compares the parameters of what it makes
        assert [parameters(factory)[0] for factory in factories] == [contract.statics]
    else:
        assert {parameters(kernel.py_func)[0] for kernel in kernels} == {contract.parameters}


SUM = ReducePartsArgs(parts="parts3", gradient="gradient:dense/bias", first=1)


@pytest.mark.parametrize("wrong", [{"first": 1.0}, {"first": True}, {"parts": 3}, {"gradient": ("a", "b")}])
def test_what_does_not_fit(wrong):
    with pytest.raises(TypeError, match=next(iter(wrong))):
        replace(SUM, **wrong)


def test_a_field_that_is_missing():
    with pytest.raises(TypeError, match="rows"):
        WinogradGradientArgs(parts="parts3", gradient="g", channels=3, filters=4, transposed=0, first=1)  # type: ignore[call-arg]


def test_values_and_variant():
    assert SUM.values == ("parts3", "gradient:dense/bias", 1)
    assert SUM.variant == ()
    assert SUM.kernel == "reduce_parts"


def test_layouts():
    layout = Layout(start=10, row=100, column=5, image=2000, group=3)
    assert layout.at(row=2, column=1, group=1, distance=1).start == 10 + 200 + 5 + 3 + 1
    assert Taps(2, 3, 100, 5).distances == [0, 5, 10, 100, 105, 110]
