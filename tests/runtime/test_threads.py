"""The calls of a pass, made by machine code on several threads, beside the same calls made by the interpreter."""

import gc
import signal
import threading
import weakref

import numpy as np
import pytest

import konv
from konv.kernels import command_buffer
from konv.kernels.calls import COUNT, LOW, KernelCall, RowSlice, Section
from konv.plan.contracts import Args
from konv.plan.steps import Step
from konv.runtime import Runner
from konv.runtime.kernel_sets import KernelSet, default_kernels
from konv.runtime.threads import Threads
from tests import networks

native_only = pytest.mark.skipif(not default_kernels().native, reason="kernels are called by the interpreter")


def runners(threads, count=1):
    model = networks.seed(konv)
    return [Runner(model.graph(), model.weight_map(), threads=threads) for _ in range(count)]


def images(n=37):
    return np.random.default_rng(0).random((n, 28, 28, 1), dtype=np.float32)


@native_only
@pytest.mark.parametrize("n", [1, 2, 17, 37])
def test_the_interpreter_computes_the_same_bits(n):
    native, x, results = default_kernels(), images(n), []
    for kernels, threads in ((native, 3), (native, 1), (KernelSet(native.machine, native.resolve), 1)):
        konv.backend.clear_session()
        konv.utils.set_random_seed(5)
        model = networks.seed(konv, 0.3)  # a new one: training moves its statistics
        runner = Runner(model.graph(), model.weight_map(), kernels, Threads(threads))
        outputs = [runner.infer([x])[0], runner.forward([x], 5)[0].copy()]
        gradients = runner.backward([np.ones((n, 25), np.float32)])
        results.append([*outputs, *(gradients[path].copy() for path in sorted(gradients))])
    for other in results[1:]:
        assert [np.array_equal(a, b) for a, b in zip(results[0], other, strict=True)] == [True] * len(other)


def test_several_callers_at_once():
    threads = Threads(2)
    x, mine = images(), runners(threads, 4)
    expected, wrong = mine[0].infer([x])[0], []

    def work(runner):
        wrong.extend(1 for _ in range(20) if not np.array_equal(runner.infer([x])[0], expected))

    callers = [threading.Thread(target=work, args=(runner,)) for runner in mine]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer")
def test_an_interrupt_leaves_everything_in_order():
    def interrupt(*_):
        raise KeyboardInterrupt

    def infer_until(seconds):
        signal.setitimer(signal.ITIMER_REAL, seconds)
        while True:
            runner.infer([x])

    threads, x = Threads(2), images()
    runner = runners(threads)[0]
    expected, before = runner.infer([x])[0], signal.signal(signal.SIGALRM, interrupt)
    try:
        for tenths in range(1, 20):
            with pytest.raises(KeyboardInterrupt):
                infer_until(tenths * 1e-4)
            assert np.array_equal(runner.infer([x])[0], expected)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert not threads._turn.locked()


@native_only
def test_threads_end_with_their_owner():
    before = set(threading.enumerate())
    threads = Threads(3)
    runner = runners(threads)[0]
    runner.infer([images()])
    helping, watched = set(threading.enumerate()) - before, weakref.ref(threads)
    assert len(helping) == 2
    del runner, threads
    gc.collect()
    assert watched() is None
    for thread in helping:
        thread.join(5)
        assert not thread.is_alive()


@native_only
def test_a_kernel_that_fails_is_named():
    """reshape raises where the arguments do not fit, which no plan does."""
    numba = pytest.importorskip("numba")

    def failing(array):
        if array.size:
            raise ValueError("no")

    class FailingArgs(Args, kernel=""):
        pass

    FailingArgs.kernel = "failing"
    step = Step(FailingArgs(), layer="dense")
    call = KernelCall(step, (RowSlice(np.zeros((4, 2), np.float32), LOW, COUNT),))
    compiled = numba.njit(failing)
    compiled.compile((numba.float32[:, ::1],))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command_buffer, "overload", lambda *_: compiled.overloads[compiled.signatures[0]])
        calls = command_buffer.CommandBuffer([Section(((call,),), block=1)], [np.zeros(8)] * 2)
    with pytest.raises(RuntimeError, match='failing of layer "dense"'):
        calls.run(Threads(2).lead, 4, {})


@native_only
def test_a_child_gets_threads_of_its_own():
    threads, x = Threads(2), images()
    runner = runners(threads)[0]
    expected = runner.infer([x])[0]
    before = threads._team
    Threads.renew()
    assert before is not None
    assert threads._team is None
    assert np.array_equal(runner.infer([x])[0], expected)
