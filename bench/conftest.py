"""How many threads `pytest bench` gives the kernels and NumPy, and what its tables show."""

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


def pytest_configure(config):
    option = config.option
    option.benchmark_columns = option.benchmark_columns or ["median", "min", "max", "rounds", "iterations"]


def pytest_benchmark_update_machine_info(machine_info):
    """What pytest_results.py needs beside the times."""
    from pynn.bench.measure.machine import block
    from pynn.bench.measure.patience import Patience

    machine_info["pynn"] = block([], Patience(0), [])


@pytest.hookimpl(wrapper=True)
def pytest_benchmark_group_stats():
    """Each name becomes the contestant's, with how many times as fast as NumPy its median is."""
    from pynn.bench.results.statistics import three_digits

    groups = yield
    for _, tests in groups:
        numpy = {test["source"]: test["median"] for test in tests if test["extra_info"].get("contestant") == "NumPy"}
        for test in tests:
            if name := test["extra_info"].get("contestant"):
                ratio = numpy[test["source"]] / test["median"] if test["source"] in numpy else None
                times = f"{three_digits(ratio)} times NumPy" if ratio else ""
                test["name"] = f"{name:10}{times:>18}"
    return groups


@pytest.fixture(scope="session", autouse=True)
def kernel_threads(request):
    from pynn.bench.measure.turns import threads

    n = request.config.getoption("--kernel-threads")
    with threads(n):
        yield n
