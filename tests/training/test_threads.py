"""The same seed gives the same bits of trained weights on any number of threads."""

import os
import subprocess
import sys

PROGRAM = """
import hashlib
import numpy as np
import konv
from tests import networks

konv.utils.set_random_seed(3)
model = networks.seed(konv, dropout=0.3)
random = np.random.default_rng(0)
x, y = random.random((90, 28, 28, 1), dtype=np.float32), random.integers(0, 25, 90)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=32, epochs=2, verbose=0)  # the last batch is smaller
print(hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights()) + model.predict(x, verbose=0).tobytes()).hexdigest())
"""


def test_training_gives_the_same_bits_on_one_two_and_five_threads():
    found = set()
    for threads in ("1", "2", "5"):
        environment = os.environ | {"KONV_NUM_THREADS": threads, "PYTHONPATH": os.pathsep.join(["src", "."])}
        done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
        found.add(done.stdout)
    assert len(found) == 1
