"""Cases, checks, turns: right answers, in the right order, at the right sizes."""

from __future__ import annotations

import math
import os
import time

import numpy as np
import pytest
from pynn.bench.measure import accuracy, turns
from pynn.bench.measure.cases import CASES, MAIN, QUICK, SCALING, SWEEPS, Case
from pynn.bench.measure.process import Library
from pynn.bench.measure.quiet import busy_process
from pynn.bench.measure.workers import Reply, Worker, WorkerFailed, started
from pynn.bench.network import Task
from pynn.bench.plan import Plan
from pynn.bench.training.contestants import Pynn

import kernels
from kernels.ladder import LADDER

SIZES = (7, 5, 3)


def test_a_run_of_all_has_each_case_and_holds_the_others():
    every, usual, quick = Plan(1, every=True), Plan(1), Plan(1, quick=True)
    assert every.cases(CASES) == CASES and every.cases(SCALING) == SCALING
    assert set(quick.cases(SCALING)) < set(usual.cases(SCALING)) < set(SCALING)


def test_every_operation_of_the_ladder_is_in_a_quick_run():
    assert {case.operation for case in CASES if case.part == QUICK} >= LADDER.keys()


def test_the_sizes_that_were_asked_for():
    by = {(case.operation, case.shapes) for case in CASES if case.part <= MAIN}
    assert ("maximum", ((64, 3, 32, 10), (32, 10))) in by
    assert ("add_relu", ((20, 100), (20, 100))) in by
    assert {case.size for case in SWEEPS if case.operation == "dot"} == {16, 32, 64, 128, 256, 512, 1024, 2048}


@pytest.mark.parametrize("case", [*CASES, *SWEEPS, *SCALING], ids=lambda case: case.title)
def test_flops_and_bytes_follow_from_the_shapes(case: Case):
    if case.steps > 10_000_000:
        inputs = [np.broadcast_to(np.float32(0), shape) for shape in case.shapes]
    else:
        inputs = case.inputs()
    arrays = [a for a in inputs if isinstance(a, np.ndarray)]
    assert [a.shape for a in arrays] == list(case.shapes)
    read = sum(a.size for a in arrays)
    item = 8 if case.dtype == "float64" else 4
    assert case.bytes() > item * read
    if case.operation == "dot":
        (m, k), (_, n) = case.shapes
        assert (case.flops, case.bytes()) == (2 * m * k * n, item * (m * k + k * n + m * n))
    else:
        assert case.flops >= max(a.size for a in arrays)


def test_slow_rungs_are_spared_the_large_sizes():
    small, large = Case("dot", ((64, 64),) * 2), Case("dot", ((1024, 1024),) * 2)
    assert "naive" in small.rungs()
    assert list(large.rungs()) == [name for name, rung in LADDER["dot"].items() if rung.most_steps > 1e9]


@pytest.mark.parametrize(
    "case",
    [
        Case("dot", ((3, 5), (5, 7))), Case("dot", ((16, 1), (1, 33)), transposed="x"), Case("relu", ((3, 5),)),
        Case("dense", ((3, 5), (5, 7), (7,))), Case("softmax", ((3, 5),)), Case("rmsprop_update", ((3, 5),) * 3),
        Case("add_relu", ((3, 5),) * 2, reuse=True), Case("vector_dot", ((5,),) * 2),
    ],
    ids=lambda case: case.title,
)  # fmt: skip
def test_rungs_and_numpy_are_checked(case: Case):
    contestants = turns.local(case)
    assert list(contestants) == [
        *(name for name, rung in LADDER[case.operation].items() if not case.reuse or rung.takes_out),
        "NumPy",
    ]
    for name, contestant in contestants.items():
        assert 0 <= contestant.error <= 1, name
        assert contestant.error_unit == ("ulp" if case.operation in ("relu", "add_relu") else "of bound")
        assert (contestant.out is not None) == case.reuse
        if case.reuse:
            contestant.out.fill(np.nan)
            contestant.turn()
            assert not np.isnan(contestant.out).any(), name


def test_a_wrong_result_is_not_timed():
    case = Case("dot", ((3, 5), (5, 7)))
    with pytest.raises(AssertionError, match="values are wrong"):
        turns.Local(case, "wrong", lambda x, y: kernels.dot(x, y) * np.float32(1.001), case.inputs())
    with pytest.raises(AssertionError, match="shape"):
        turns.Local(case, "wrong", lambda x, y: kernels.dot(x, y).T, case.inputs())


def test_errors_in_ulp_and_of_the_bound():
    exact, bound = np.array([1.0, 2.0]), np.array([1e-6, 1e-6])
    value = np.array([1 + 2.0**-23, 2], np.float32)
    error, unit = accuracy.largest_error("add", (value,), ((exact,), (bound,)), "add")
    assert (error, unit) == (1, "ulp")
    error, unit = accuracy.largest_error("dot", (value,), ((exact,), (bound,)), "dot")
    assert error == pytest.approx(2.0**-23 / 1e-6)
    assert unit == "of bound"
    with pytest.raises(AssertionError, match="1 values are wrong"):
        accuracy.largest_error("dot", (np.array([1, math.nan], np.float32),), ((exact,), (bound,)), "dot")


class Scripted:
    """A contestant whose turns are known, and who keeps the order."""

    def __init__(self, name: str, order: list[str], once: float = 0.0, disturbed: tuple[bool, ...] = ()) -> None:
        self.name, self.order, self.once, self.disturbed = name, order, once, list(disturbed)

    def turn(self) -> Reply:
        self.order.append(self.name)
        disturbed = self.disturbed.pop(0) if self.disturbed else False
        return Reply(float(len(self.order)), 0.0, 0.25, disturbed)


def test_each_round_starts_with_another():
    order: list[str] = []
    times, others = turns.interleave({name: Scripted(name, order) for name in "abc"}, rounds=3)
    assert "".join(order) == "abcbcacab"
    assert list(times["a"]) == [1, 6, 8]
    assert others == 0.25


def test_slow_ones_sit_out():
    order: list[str] = []
    contestants = {"slow": Scripted("slow", order, once=1.0), "fast": Scripted("fast", order)}
    times, _ = turns.interleave(contestants, rounds=6)
    assert np.isnan(times["slow"]).tolist() == [False, True, False, True, False, True]
    assert not np.isnan(times["fast"]).any()


def test_a_turn_may_measure_several_things_at_once():
    class Row(Scripted):
        def turn(self) -> Reply:
            return Reply([super().turn().value, -1.0], 0.0, 0.0, False)

    times, _ = turns.interleave({"a": Row("a", [])}, rounds=3)
    assert times["a"].tolist() == [[1, -1], [2, -1], [3, -1]]


def test_a_remote_contestant_asks_its_worker():
    class Asked:
        threaded = True

        def turn(self, *request) -> Reply:
            return Reply(request, 0.0, 0.0, False)

    assert turns.Remote(Asked(), "turn", "kernels").turn().value == ("turn", "kernels")
    assert turns.Remote(Asked(), "epoch").once == 0.0  # never sits out


def test_a_disturbed_round_is_repeated_until_patience_ends():
    order: list[str] = []
    times, _ = turns.interleave({"a": Scripted("a", order, disturbed=(True, False))}, rounds=1)
    assert list(times["a"]) == [2]
    times, _ = turns.interleave({"a": Scripted("a", order, disturbed=(True, True))}, rounds=2, budget=-1)
    assert list(times["a"]) == [3, 4]


def test_the_calmest_try_of_a_round_is_kept():
    class Shares(Scripted):
        def turn(self) -> Reply:
            reply = super().turn()
            time.sleep(0.02)
            return Reply(reply.value, 0.0, next(shares), True)

    shares = iter([0.9, 0.3, 0.5, *[0.8] * 1000])
    times, others = turns.interleave({"a": Shares("a", [])}, rounds=1, budget=0.05)
    assert (list(times["a"]), others) == ([2], 0.3)


def test_rotated():
    assert [turns.rotated([1, 2, 3], i) for i in range(4)] == [[1, 2, 3], [2, 3, 1], [3, 1, 2], [1, 2, 3]]


def test_scaling_sets_and_restores_threads():
    before = kernels.get_num_threads()
    with turns.threads(before + 1):
        assert kernels.get_num_threads() == before + 1
    assert kernels.get_num_threads() == before


def test_a_busy_process_is_busy_and_ends():
    before = os.times().children_user
    with busy_process():
        time.sleep(0.5)
    assert os.times().children_user > before + 0.1


def test_a_worker_computes_in_a_process_of_its_own_and_its_failures_are_told():
    worker = Worker("pynn", Library("kernels", Pynn), 1, Task(SIZES, "rmsprop", 4, 1))
    try:
        rng = np.random.default_rng(0)
        x, labels = rng.random((8, 7), np.float32), rng.integers(0, 3, 8)
        worker.call("use", x, labels)
        loss, _ = worker.turn("epoch").value
        assert 0.3 < loss < 3
        with pytest.raises(WorkerFailed, match=r"pynn: AttributeError: .*nothing") as caught:
            worker.call("nothing")
        assert caught.value.name == "pynn"
        worker._process.kill()
        with pytest.raises(WorkerFailed, match="pynn: its process ended with SIGKILL"):
            worker.call("epoch")
    finally:
        worker.close()


def test_what_is_not_installed_or_does_not_start_is_left_out_with_a_note():
    notes: list[str] = []
    with started({"A": Library("no_such_package", Pynn), "B": Library("numpy", int)}, 1, notes=notes) as workers:
        assert workers == {}
    assert notes[0] == "A is left out: no_such_package is not installed."
    assert notes[1].startswith("Left out: B: AttributeError")
