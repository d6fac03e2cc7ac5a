"""The import: instruction sets, what it says when it cannot work, and what it must not change."""

import numpy as np
import pytest

import kernels

AVAILABLE = kernels.show_config()["instruction sets available"]


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
