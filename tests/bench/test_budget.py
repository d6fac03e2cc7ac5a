"""The budget of a step: its kernel calls, what they must do, and how they add up."""

from __future__ import annotations

import numpy as np
import pytest
from fake_results import MACHINE
from pynn.bench.command import all_tables
from pynn.bench.measure import turns
from pynn.bench.network import BATCH, Task
from pynn.bench.plan import Plan
from pynn.bench.report import page
from pynn.bench.results.budget import budget as table
from pynn.bench.results.store import RUNG, Contestant, Measurement, Results, read
from pynn.bench.training.budget import BETWEEN, Steps, budget, noted, work

import kernels


@pytest.fixture(scope="module")
def results() -> Results:
    rng = np.random.default_rng(0)
    x = rng.random((3 * BATCH, 784), np.float32) * (rng.random((3 * BATCH, 784)) < 0.2)
    run, found = Plan(2), Results(MACHINE, {}, [])
    run.epochs, run.budget = 3, 0.0
    with turns.threads(2):
        budget(run, found, x.astype(np.float32), rng.integers(0, 10, 3 * BATCH))
    return found


def test_it_has_every_call_of_a_step_and_what_is_between(results):
    operations = [m.operation.partition(". ")[2] for m in results.measurements[:-1]]
    assert [m.operation.partition(". ")[0] for m in results.measurements[:-1]] == [
        str(i + 1) for i in range(len(operations))
    ]
    assert operations[0] == "take_rows" and operations.count("dense") == 2 and operations.count("dot") == 1
    assert {"softmax_cross_entropy", "rmsprop_update", "top_matches"} < set(operations)
    assert results.measurements[-1].title == " ".join(BETWEEN)
    for m in results.measurements:
        assert [(c.name, c.threads) for c in m.contestants.values()] == [("1 thread", 1), ("2 threads", 2)]
        assert all((c.seconds > 0).all() and len(c.seconds) == 3 for c in m.contestants.values())
    first, last = (m for m in results.measurements if m.operation.endswith(". dense"))
    assert 0.15 < first.flops / (2 * BATCH * 784 * 512) < 0.25  # of what is not 0
    assert first.bytes == 4 * (BATCH * 784 + 784 * 512 + 512 + BATCH * 512)
    assert last.flops <= 2 * BATCH * 512 * 10


def test_what_a_call_must_do():
    w, v, g = ([np.ones((3, 4), np.float32), np.ones(5, np.float32)] for _ in range(3))
    assert work("rmsprop_update", (w, v, g, 0.1, 0.9, 0.1), None) == ("rmsprop_update", "17 weights", 12, 4 * 17 * 5)
    g[0] = np.eye(3, 2, dtype=np.float32), np.ones((2, 4), np.float32)
    assert work("rmsprop_update", (w, v, g, 0.1, 0.9, 0.1), None) == (
        "rmsprop_update", "17 weights, 1 of the gradients as products", 2 * 2 * 4, 4 * (2 * 2 * 17 + 5 + 6 + 8)
    )  # fmt: skip
    x = np.eye(3, 4, dtype=np.float32)
    rows = np.array([2, 0])
    assert work("take_rows", (x, rows), x[rows]) == ("take_rows", "(2, 4)", 8, 2 * 8 + 2 * 4 * 8)
    assert work("dot", (x, x.T), x @ x.T) == ("dot", "(3, 4) (4, 3)", 2 * 3 * 3, 4 * (12 + 12 + 9))


def test_kernels_are_as_before_even_after_an_error():
    before, log = kernels.dense, []
    with pytest.raises(ZeroDivisionError), noted(log, lambda *call: call[0]):
        assert kernels.dense is not before
        kernels.relu(np.ones(3, np.float32))
        raise ZeroDivisionError
    assert kernels.dense is before
    ((start, end, name),) = log
    assert start < end and name == "relu"


def test_the_calls_take_no_more_than_all():
    rng = np.random.default_rng(0)
    steps = Steps(Task((7, 5, 3), "rmsprop", 4, 1), rng.random((11, 7), np.float32), rng.integers(0, 3, 11))
    reply = steps.turn()
    assert len(reply.value) == len(steps.calls) + 1
    assert 0 < sum(reply.value[:-1]) * steps.steps <= reply.seconds  # of two steps the median is the mean


def test_the_parts_of_the_table_add_up(results):
    found = table(results, results.measurements)
    assert found.columns == ["call", "1 thread", "floor on 1", "2 threads", "floor on 2", "limit"]
    values = np.array([[cell.value or 0 for cell in row[1:-1]] for row in found.rows])
    n = len(results.measurements) - 1
    assert [row[0].text for row in found.rows[n:]] == ["all kernel calls", " ".join(BETWEEN), "a step of fit"]
    np.testing.assert_allclose(values[n], values[:n].sum(axis=0))
    np.testing.assert_allclose(values[n + 2], values[n] + values[n + 1])
    assert (values[n + 1, [1, 3]] == 0).all() and (values[:n] > 0).all()


def test_floors_are_those_of_the_machine(results):
    def call(flops, moved):
        each = {"1 thread": Contestant("1 thread", RUNG, 1, np.full(3, 1e-3))}
        return Measurement("budget", "x", "y", 0, "float32", 1, "avx2", flops, moved, 0.0, each)

    rows = table(results, [call(104e6, 1e6), call(10, 310e3), call(0, 0)]).rows
    assert [(row[2].text, row[3].text) for row in rows[:3]] == [
        ("1.00 ms", "float32 peak"),
        ("2.25 µs", "L2 bandwidth"),
        ("1.00 ms", ""),
    ]


def test_it_is_saved_and_shown(results, tmp_path):
    results.save(tmp_path / "results.json")
    again = read(str(tmp_path / "results.json"))
    assert [t.title for t in all_tables(again)][-1] == "The budget of a step"
    assert "The budget of a step" in page.document(again, [])
