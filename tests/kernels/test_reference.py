"""Every kernel against its NumPy twin, with the arguments that it gets in real plans."""

import numpy as np
import pytest

from konv.kernels import compiled
from konv.kernels.reference_resample import view
from konv.plan import build_plan
from konv.plan.contracts import CONTRACTS, WeightGradientArgs, WinogradWeightGradientArgs
from konv.plan.steps import Step
from konv.runtime.cpu import Program
from konv.runtime.kernel_sets import KernelSet, reference_kernels
from konv.runtime.threads import Threads
from tests import networks

# where a kernel leaves what nobody reads
ROOM = {"winograd": ("room",), "winograd_weight_gradient": ("room",), "resample": ("room",),
        "affine": ("indices", "fractions"), "affine_backward": ("indices", "fractions")}


def _lanes(args):
    """Of a packed weight gradient: how many lanes stand for an element, which other ones may not, and how often they come."""
    if not args.transposed:
        return args.filters, 1
    return (args.channels, 16) if isinstance(args, WinogradWeightGradientArgs) else (args.inner, len(args.taps.distances))


def _used(array, across, runs):
    """Zeros in lanes that stand for no element."""
    lane = np.arange(array.shape[2] // runs * array.shape[4]).reshape(array.shape[2] // runs, 1, -1)
    return np.where(np.tile(lane, (runs, 1, 1)) < across, array, 0)


def both(step, args):
    """A kernel that runs with its twin on copies, and compares everything that either has written."""
    fast, slow = compiled.resolve(step, args), reference_kernels().resolve(step, args)

    def run(*args):
        copies = {arg.ctypes.data: arg.copy() for arg in args if isinstance(arg, np.ndarray)}  # one array may come twice
        twins = [copies[arg.ctypes.data] if isinstance(arg, np.ndarray) else arg for arg in args]
        with np.errstate(all="ignore"):  # memory that nothing has written yet
            slow(*twins)
        fast(*args)
        for name, ours, theirs in zip(step.args.parameters, args, twins, strict=True):
            if name in ROOM.get(step.kernel, ()):
                continue
            if name == "dw" and isinstance(step.args, (WeightGradientArgs, WinogradWeightGradientArgs)):
                across, runs = _lanes(step.args)
                ours, theirs = _used(ours, across, runs), _used(theirs, across, runs)
            if isinstance(ours, np.ndarray) and ours.dtype.kind == "f":
                size = np.abs(theirs[np.isfinite(theirs)]).max(initial=1e-3)
                if step.kernel == "norm_sums":  # errors times deviations, around one: behind another normalisation they cancel
                    size = max(size, np.abs(view(args[0], args[4])).max())
                np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=2e-6 * size, err_msg=f"{step.kernel} {name}")
            elif isinstance(ours, np.ndarray):
                channels = args[0].shape[-1] if step.kernel in ("max_pool", "global_pool") else ours.shape[-1]
                np.testing.assert_array_equal(ours[..., :channels], theirs[..., :channels], f"{step.kernel} {name}")

    return run


@pytest.mark.parametrize("make", [*networks.ALL, networks.augmented, networks.dropped, lambda k: networks.seed(k, dropout=0.3)])
@pytest.mark.parametrize("training", [False, True])
def test_each_step(make, training):
    import konv

    model = make(konv)
    random = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(random.normal(0, 0.3, variable.shape) ** (2 if variable.name == "moving_variance" else 1))
    plan = build_plan(model.graph(), 5, training, compiled.machine())
    program = Program(plan, model.weight_map(), KernelSet(compiled.machine(), both), Threads(1))
    for n in (5, 3):
        program.forward([random.normal(size=(n, *model.input_shape[1:]))], 7 if training else None)
        if training:
            program.backward([random.normal(size=(n, *model.output_shape[1:]))])


@pytest.mark.parametrize(("kernel", "arrays", "numbers"), [
    ("adam", 4, [1e-2, 0.1, 1e-3, 1e-7, 1.0]), ("adam", 4, [1e-2, 0.1, 1e-3, 1e-7, 0.9]),
    ("descend", 2, [1e-2, 0.9]), ("momentum", 3, [1e-2, 0.9, 0.8, 0.0]), ("momentum", 3, [1e-2, 0.9, 0.8, 1.0])])
def test_update(kernel, arrays, numbers):
    random = np.random.default_rng(0)
    args = (*(np.abs(random.normal(size=1003)).astype(np.float32) for _ in range(arrays)), *numbers)
    contract = CONTRACTS[kernel]
    step = Step(contract(**{name: name for name in contract.parameters}))
    both(step, args)(*args)


def test_every_kernel_is_met():
    """Some network above has a step for each kernel."""
    import konv

    trained = (*networks.ALL, networks.augmented, networks.dropped)
    plans = [build_plan(make(konv).graph(), 5, True, compiled.machine()) for make in trained]
    plans += [build_plan(make(konv).graph(), 5, False, compiled.machine()) for make in networks.ALL]
    met = {step.kernel for plan in plans for part in (plan.prologue, plan.forward, plan.backward)
           for segment in part for step in segment.steps}
    names = {name for module in compiled.MODULES for name, value in vars(module).items() if hasattr(value, "overloads")}
    names |= set(CONTRACTS)
    elsewhere = {"adam", "descend", "momentum"}  # in test_update
    elsewhere |= {"binary", "binary_backward", "matmul"}  # in tests/plan/test_general.py
    assert names == met | elsewhere
