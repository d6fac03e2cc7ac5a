"""Where the benchmarks find their modules and the built package, and how many threads they use."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
if not list(ROOT.glob("kernels/_simd.*.so")):  # a source folder: `python -m pytest` must not take it for the package
    sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() != ROOT]
sys.path.insert(0, str(HERE))


def pytest_addoption(parser):
    from quiet import cpus

    parser.addoption(
        "--kernel-threads",
        type=int,
        default=len(cpus()),
        help="of kernels and BLAS (default: all)",
    )


@pytest.fixture(scope="session", autouse=True)
def kernel_threads(request):
    from measure import threads

    n = request.config.getoption("--kernel-threads")
    with threads(n):
        yield n
