"""The peers' shared side, with a library made up here (the real ones are optional), and their registry."""

import ctypes
import sys
from importlib.metadata import PackagePath
from unittest.mock import MagicMock

import numpy as np
import pytest
from pynn.bench import peers
from pynn.bench.measure.cases import PRODUCTS, Case
from pynn.bench.measure.numpy_operations import rmsprop_update
from pynn.bench.measure.turns import interleave
from pynn.bench.measure.workers import Reply, WorkerFailed
from pynn.bench.peers import blas
from pynn.bench.peers.calls import Calls, remote

from kernels.ladder import LADDER

RELU, UPDATE = Case("relu", ((3, 5),)), Case("rmsprop_update", ((7, 5),) * 3)


class Made(Calls):
    """Its arrays are lists of one NumPy array, to tell them from ours."""

    version = "Made 1"

    def __init__(self, threads):
        self.functions = {
            "relu": lambda x: [np.maximum(x[0], 0)],
            "rmsprop_update": lambda w, v, g, *scalars: rmsprop_update(w[0], v[0], g, *scalars),
        }

    def own(self, array, changed):
        return [array] if changed or array.shape == (3, 5) else array

    def numpy(self, array):
        return array[0] if isinstance(array, list) else array


class Here:
    """A worker in this process."""

    threaded = True

    def __init__(self, calls):
        self.calls = calls

    def call(self, method, *arguments):
        return Reply(getattr(self.calls, method)(*arguments), 0.0, 0.0, False)

    turn = call


def test_a_result_is_checked_and_a_call_is_timed():
    calls = Made(1)
    once, error, unit = calls.prepare(RELU)
    assert (error, unit) == (0, "ulp")
    assert once > 0
    assert calls.turn() > 0


def test_an_update_changes_its_arguments():
    calls = Made(1)
    once, error, unit = calls.prepare(UPDATE)
    assert 0 < error <= 1
    assert unit == "of bound"
    assert once > 0


@pytest.mark.parametrize(
    ("case", "wrong", "message"),
    [
        (RELU, lambda x: [x[0]], "values are wrong"),
        (RELU, lambda x: [np.maximum(x[0], 0).T], "shape"),
        (RELU, lambda x: [np.maximum(x[0], 0, dtype=np.float64)], "float64 instead of float32"),
        (UPDATE, lambda w, v, g, *scalars: None, "values are wrong"),
    ],
)
def test_a_wrong_result_is_an_error_that_names_library_and_case(case, wrong, message):
    calls = Made(1)
    calls.functions[case.operation] = wrong
    with pytest.raises(AssertionError, match=message) as caught:
        calls.prepare(case)
    assert f"{case.title}, Made 1" in str(caught.value)


def test_libraries_compute_fresh_results_and_are_left_out_of_others():
    assert Made(1).prepare(Case("relu", ((3, 5),), reuse=True)) is None


def test_who_does_not_offer_an_operation_is_left_out():
    without = Made(1)
    del without.functions["relu"]
    workers = {"with": Here(Made(1)), "without": Here(without)}
    assert remote(workers, Case("dot", ((2, 3), (3, 4)))) == {}
    contestants = remote(workers, RELU)
    assert list(contestants) == ["with"]
    assert contestants["with"].once > 0
    assert (contestants["with"].error, contestants["with"].error_unit) == (0, "ulp")
    times, _ = interleave(contestants, 2, 0)
    assert (times["with"] > 0).all()


def test_a_worker_that_fails_is_named():
    class Broken:
        def call(self, method, *arguments):
            raise WorkerFailed("broken", "no luck")

    with pytest.raises(WorkerFailed, match="broken: no luck"):
        remote({"with": Here(Made(1)), "broken": Broken()}, RELU)


@pytest.mark.parametrize("name", ["Numba", "PyTorch", "JAX", "TensorFlow"])
def test_each_imports_its_package_when_it_is_made_and_knows_the_operations(name: str, monkeypatch):
    assert name in peers.CONTESTANTS
    library = peers.CONTESTANTS[name]
    with monkeypatch.context() as without:
        without.setitem(sys.modules, library.package, None)
        with pytest.raises(ImportError, match=library.package):
            library.make(1)
    package = MagicMock(__version__="7.0")
    monkeypatch.setitem(sys.modules, library.package, package)
    made = library.make(1)
    assert isinstance(made, Calls)
    assert made.version == f"{name} 7.0"
    offered = {operation for operation in LADDER if made.function(Case(operation, ((3, 5),) * 3))}
    assert offered >= LADDER.keys() - set(PRODUCTS)
    assert set(made.functions) <= LADDER.keys()


def cblas(array_type):
    """C's gemm as NumPy has it: row-major, of arrays at these addresses."""

    def gemm(order, x_turned, y_turned, m, n, k, alpha, x, x_row, y, y_row, beta, out, out_row):
        assert (order, alpha, beta) == (101, 1, 0)

        def matrix(address, rows, columns, turned, row):
            lines, length = (columns, rows) if turned == 112 else (rows, columns)
            values = np.ctypeslib.as_array((array_type * (lines * row)).from_address(address)).reshape(-1, row)
            return values[:, :length].T if turned == 112 else values[:, :length]

        x, y = matrix(x.value, m, k, x_turned, x_row), matrix(y.value, k, n, y_turned, y_row)
        matrix(out, m, n, 111, out_row)[:] = x @ y

    return gemm


def package_gemm(a, b, out=None, trans1=False, trans2=False, alpha=1.0, beta=1.0):
    assert a.flags.c_contiguous and b.flags.c_contiguous and beta == 0
    return (a.T if trans1 else a) @ (b.T if trans2 else b)


@pytest.fixture(params=["BLIS", "MKL"])
def product(request, monkeypatch):
    """A library of products, with made-up packages."""
    library = MagicMock(cblas_sgemm=cblas(ctypes.c_float), cblas_dgemm=cblas(ctypes.c_double))
    monkeypatch.setattr(blas, "CDLL", {"/env/libmkl_rt.so.3": library}.__getitem__)
    monkeypatch.setattr(PackagePath, "locate", lambda path: f"/env/{path}")
    monkeypatch.setattr(blas, "files", lambda package: [*map(PackagePath, ("libmkl_core.so.3", "libmkl_rt.so.3"))])
    monkeypatch.setattr(blas, "version", lambda package: "7.0")
    monkeypatch.setitem(sys.modules, "blis", MagicMock())
    monkeypatch.setitem(sys.modules, "blis.py", MagicMock(gemm=package_gemm))
    return peers.CONTESTANTS[request.param].make(1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("transposed", ["", "x", "y", "xy"])
def test_products_alone_and_their_transposed_operands(product, dtype, transposed):
    case = Case("dot", ((3, 5), (5, 7)), transposed=transposed, dtype=dtype)
    _, error, unit = product.prepare(case)
    assert 0 <= error <= 1 and unit == "of bound"
    for other in (RELU, Case("vector_dot", ((5,),) * 2), Case("dense", ((3, 5), (5, 7), (7,)))):
        assert product.prepare(other) is None


def test_who_has_one_thread_says_so():
    alone = {name for name, library in peers.CONTESTANTS.items() if not library.threaded}
    assert alone == {"BLIS"}
    worker = Here(Made(1))
    worker.threaded = False
    assert not remote({"alone": worker}, RELU)["alone"].threaded
