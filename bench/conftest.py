"""How many threads `pytest bench` gives the kernels and NumPy."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
if not list(ROOT.glob("kernels/_simd.*.so")):  # a source folder: `python -m pytest` must not take it for the package
    sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() != ROOT]


def pytest_addoption(parser):
    from pynn.bench.measure.quiet import cpus

    parser.addoption(
        "--kernel-threads",
        type=int,
        default=len(cpus()),
        help="of kernels and BLAS (default: all)",
    )


@pytest.fixture(scope="session", autouse=True)
def kernel_threads(request):
    from pynn.bench.measure.turns import threads

    n = request.config.getoption("--kernel-threads")
    with threads(n):
        yield n
