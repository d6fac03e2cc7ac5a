"""The import: instruction sets, what it says when it cannot work, and what it must not change."""

import numpy as np
import pytest

import kernels

AVAILABLE = kernels.show_config()["instruction sets available"]

COMPARE = """
import numpy as np
import kernels
from kernels.ladder import LADDER

assert kernels.show_config()["instruction set"] == ISA
rng = np.random.default_rng(0)
for dtype in (np.float32, np.float64):
    eps = np.finfo(dtype).eps
    for m, k, n in [(1, 1, 1), (3, 5, 7), (16, 1, 33), (1, 40, 50), (25, 400, 67), (61, 67, 131)]:
        x, y = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)
        b, z = rng.standard_normal(n).astype(dtype), rng.standard_normal((m, n)).astype(dtype)
        x64, y64 = x.astype(np.float64), y.astype(np.float64)
        bound = (k + 2) * eps * (np.abs(x64) @ np.abs(y64) + np.abs(b))
        assert (np.abs(kernels.dot(x, y) - x64 @ y64) <= bound).all()
        assert (np.abs(kernels.dot(x, np.asfortranarray(y)) - x64 @ y64) <= bound).all()
        assert (np.abs(kernels.dot(x, y[:, 0]) - x64 @ y64[:, 0]) <= bound[:, 0]).all()
        assert (np.abs(kernels.dense(x, y, b, "relu") - np.maximum(x64 @ y64 + b, 0)) <= bound).all()
        assert (kernels.add(z, b) == z + b).all()
        assert (kernels.relu(z) == np.maximum(z, 0)).all()
        assert (kernels.maximum(z, b) == np.maximum(z, b)).all()
        assert (kernels.add_relu(z, b) == np.maximum(z + b, 0)).all()
        assert (kernels.relu_grad(z, z[::-1]) == np.where(z[::-1] > 0, z, 0)).all()
        e = np.exp(z.astype(np.float64) - z.max(axis=1, keepdims=True))
        exact = e / e.sum(axis=1, keepdims=True)
        assert (np.abs(kernels.softmax(z) - exact) <= (n + 16) * eps * exact).all()
        losses, slope = kernels.softmax_cross_entropy(z, np.arange(m) % n)
        assert np.abs(slope.sum(axis=1)).max() <= 2 * n * eps
        assert np.abs(kernels.sum_rows(z) - z.astype(np.float64).sum(axis=0)).max() <= m * eps * np.abs(z).sum()
        assert abs(kernels.total(z) - z.astype(np.float64).sum()) <= m * n * eps * np.abs(z).sum()
        assert (kernels.top_matches(z, np.arange(m) % n) == (z.argmax(axis=1) == np.arange(m) % n)).all()
        w = z.copy()
        kernels.sgd_update(w, z[::-1].copy(), 0.1)
        assert (np.abs(w - (z - 0.1 * z[::-1].astype(np.float64))) <= 2 * eps * (np.abs(z) + np.abs(z[::-1]))).all()
"""


@pytest.mark.parametrize("isa", AVAILABLE)
def test_every_instruction_set_of_this_cpu(run_python, isa):
    done = run_python(f"ISA = {isa!r}\n{COMPARE}", KERNELS_ISA=isa)
    assert done.returncode == 0, done.stderr


def test_the_best_one_is_the_default(run_python):
    code = "import kernels; print(kernels.show_config()['instruction set'])"
    for unset in (None, ""):
        assert run_python(code, KERNELS_ISA=unset).stdout.split() == [AVAILABLE[-1]]
    assert AVAILABLE[0] == "baseline"


@pytest.mark.parametrize("name", ["sse9", "AVX2", " ", "avx512 ", "native"])
def test_an_unknown_name_is_an_error_at_import(run_python, name):
    done = run_python("import kernels", KERNELS_ISA=name)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"ImportError: KERNELS_ISA={name!r}")
    assert ", ".join(AVAILABLE) in last


def test_config():
    config = kernels.show_config()
    assert config["instruction set"] in AVAILABLE
    assert config["threads"] == kernels.get_num_threads()
    assert config["compiler"].split()[0] in ("GCC", "Clang") or "clang" in config["compiler"].lower()
    for banned in ("fast-math", "Ofast", "march", "unsafe"):
        assert banned not in config["flags"]


@pytest.mark.filterwarnings("error")
def test_import_does_not_flush_subnormals(run_python):
    code = """
import threading
import kernels
import numpy as np

def check():
    for dtype in (np.float32, np.float64):
        least = np.finfo(dtype).smallest_subnormal
        x = np.full(100, np.finfo(dtype).tiny, dtype)
        assert (x / 2 != 0).all() and (x / 2 * 2 == x).all()
        assert (np.full(100, least) + least == 2 * least).all() and least != 0
    assert 5e-324 != 0 and 2.2250738585072014e-308 / 4 > 0

kernels.set_num_threads(3)
kernels.dot(np.ones((300, 300)), np.ones((300, 300)))
check()
thread = threading.Thread(target=check)
thread.start()
thread.join()
print("kept")
"""
    done = run_python(code)
    assert (done.stdout.split(), done.stderr) == (["kept"], "")


def test_public_names():
    assert sorted(kernels.__all__) == kernels.__all__
    for name in kernels.__all__:
        assert hasattr(kernels, name)
    assert np.asarray(kernels.relu([1.0])).tolist() == [1.0]
