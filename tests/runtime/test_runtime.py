"""A child process forked while a thread predicts must not wait for a lock that nobody will release."""

import os
import subprocess
import sys

import pytest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_while_a_runner_is_in_use():
    program = """
import os
from threading import Event, Thread
import numpy as np
import konv
from konv.runtime import Runner

model = konv.Sequential([konv.Input((6,)), konv.layers.Dense(3)])
runner, x = Runner(model.graph(), model.weight_map()), [np.ones((4, 6), np.float32)]
expected, held, done = runner.infer(x)[0], Event(), Event()

def hold():
    with runner.lock:
        held.set()
        done.wait()

Thread(target=hold).start()
held.wait()
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(runner.infer(x)[0], expected) else 1)
status = os.waitpid(child, 0)[1]
done.set()
raise SystemExit(os.waitstatus_to_exitcode(status))
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=120).returncode == 0
