"""kernels with a libgomp of its own, beside PyTorch with another. `make matrix` runs this file, `pytest` does not."""

from __future__ import annotations

import pytest

TOGETHER = """
import os, signal
from concurrent.futures import ThreadPoolExecutor
import numpy as np
import {}, {}
from threadpoolctl import threadpool_info

pools = [pool["filepath"] for pool in threadpool_info() if pool["user_api"] == "openmp"]
assert len(pools) == 2 and any("pynn_kernels.libs" in path for path in pools), pools
kernels._threads.set_always(True)
kernels.set_num_threads(4)
torch.set_num_threads(4)
x = np.random.default_rng(0).standard_normal((300, 300)).astype(np.float32)
t = torch.from_numpy(x)
ours, theirs = kernels.dot(x, x).tobytes(), (t @ t).relu()

def compute():
    for _ in range(50):
        assert kernels.dot(x, x).tobytes() == ours
        assert torch.allclose((t @ t).relu(), theirs, atol=1e-3)

compute()
with ThreadPoolExecutor() as pool:
    for done in [pool.submit(compute) for _ in range(4)]: done.result()

pid = os.fork()  # with kernels alone: PyTorch's products hang in a child, with or without us
if pid == 0:
    status = 1
    try:
        signal.alarm(60)
        status = int(kernels.dot(x, x).tobytes() != ours)
    finally:
        os._exit(status)
assert os.waitpid(pid, 0)[1] == 0
compute()
"""


@pytest.mark.parametrize("first, second", [("torch", "kernels"), ("kernels", "torch")])
def test_together(run_python, first, second):
    done = run_python(TOGETHER.format(first, second))
    assert done.returncode == 0, done.stderr
