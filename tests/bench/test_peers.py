"""The peers' shared side, with a library made up here (the real ones are optional), and their registry."""

import ast
from pathlib import Path

import numpy as np
import pytest
from pynn.bench import peers
from pynn.bench.measure.cases import CASES, WRITTEN, Case
from pynn.bench.measure.numpy_operations import NUMPY
from pynn.bench.measure.turns import interleave
from pynn.bench.measure.workers import Reply, WorkerFailed
from pynn.bench.peers.calls import Calls, remote

RELU, UPDATE = Case("relu", ((3, 5),)), Case("rmsprop_update", ((7, 5),) * 3)


class Made(Calls):
    """Its arrays are lists of one NumPy array, to tell them from ours."""

    version = "Made 1"

    def __init__(self, threads):
        self.functions = {
            "relu": lambda x: [np.maximum(x[0], 0)],
            "rmsprop_update": lambda w, v, g, *scalars: NUMPY["rmsprop_update"](w[0], v[0], g, *scalars),
        }

    def own(self, array, changed):
        return [array] if changed or array.shape == (3, 5) else array

    def numpy(self, array):
        return array[0] if isinstance(array, list) else array


class Here:
    """A worker in this process."""

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


def test_out_goes_only_to_those_that_have_it():
    calls, case = Made(1), Case("relu", ((3, 5),), reuse=True)
    assert calls.prepare(case) is None
    calls.into = {"relu": lambda x, out: [np.maximum(x[0], 0, out=out[0])]}
    assert calls.prepare(case)[1:] == (0, "ulp")


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


def test_each_contestant_has_its_class_and_knows_the_operations():
    assert list(peers.CONTESTANTS) == ["numexpr", "Numba", "PyTorch", "JAX", "TensorFlow"]
    operations = {case.operation for case in CASES}
    for contestant in peers.CONTESTANTS.values():
        module, _, name = contestant.code.partition(":")
        path = Path(peers.__file__).parent / f"{module.removeprefix('peers.')}.py"
        tree = ast.parse(path.read_text())
        (found,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
        assert [base.id for base in found.bases] == ["Calls"]
        imported = {alias.name.partition(".")[0] for n in tree.body if isinstance(n, ast.Import) for alias in n.names}
        assert contestant.package in imported
        tables = {
            node.target.id: {key.value for key in node.value.keys if key is not None}
            for node in found.body
            if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict)
        }
        offered = tables["functions"] | tables.get("into", set())
        assert offered <= operations
        assert {"relu", "add", "maximum", "add_relu", "softmax", *WRITTEN} <= offered
