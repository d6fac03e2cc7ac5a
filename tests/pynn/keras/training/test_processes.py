"""Training in child processes: the bits of the parent."""

from __future__ import annotations

import multiprocessing

import pytest

MODULE = """
import numpy as np
from pynn import keras

def fit(seed):
    keras.utils.set_random_seed(seed)
    x = np.random.default_rng(seed).random((400, 200), np.float32)
    model = keras.Sequential([keras.layers.Dense(100, "relu"), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(x, x[:, :1], epochs=2, batch_size=100, verbose=0)
    return [w.tobytes() for w in model.get_weights()]
"""


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_fit(run_python, tmp_path, method):
    (tmp_path / "train.py").write_text(MODULE)
    done = run_python(f"""
import multiprocessing, train
from concurrent.futures import ProcessPoolExecutor
expected = [train.fit(seed) for seed in range(3)]
with ProcessPoolExecutor(2, multiprocessing.get_context("{method}")) as pool:
    assert list(pool.map(train.fit, range(3), timeout=60)) == expected""")
    assert done.returncode == 0, done.stderr
