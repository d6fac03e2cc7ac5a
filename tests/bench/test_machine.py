"""The machine's limits, and how long a run waits for calm."""

from __future__ import annotations

from functools import partial
from itertools import repeat
from types import SimpleNamespace

import numpy as np
import pytest
from pynn.bench import suites
from pynn.bench.measure import machine, patience
from pynn.bench.measure.patience import Patience
from pynn.bench.plan import Plan
from pynn.bench.results.store import RUNG, Contestant, Measurement, Results

import kernels


def test_patience_is_spent_on_waiting_and_ends(monkeypatch):
    busy = iter([True, True, False, *[True] * 1000])

    class Seen:
        @property
        def disturbed(self):
            return next(busy)

    monkeypatch.setattr(patience, "Neighbours", Seen)
    monkeypatch.setattr(patience, "LOOK", 0.001)
    some = Patience(1.0)
    some.wait("a case")
    assert 0.9 < some.left < 1 and next(busy)  # not longer than it must
    some = Patience(0.04)
    some.wait("a case")  # never calm
    assert some.left < 0.03
    some = Patience(0)
    some.wait("a case")
    assert some.left == pytest.approx(0, abs=0.01)


def test_the_machines_block(monkeypatch):
    monkeypatch.setattr(machine, "RUNS", 20)  # the best of them: others may use the machine
    monkeypatch.setattr(machine, "STREAM_RUNS", 1)
    monkeypatch.setattr(machine, "SMALLEST", 1 << 20)
    monkeypatch.setattr(machine, "LARGEST", 1 << 20)
    block = machine.block([1], Patience(0), [])
    assert block["instruction set"] == kernels.show_config()["instruction set"]
    if "no limits" in block:
        pytest.skip(block["no limits"])
    limits = block["limits"]["1"]
    assert 0 < block["regions"]["1"] < 1e-3
    assert list(limits["add"]) == [*block["caches"], "memory"]
    assert list(block["caches"].values()) == sorted(block["caches"].values())
    assert all(value > 0 for value in (limits["float32"], limits["float64"], *limits["add"].values()))


class Unwaiting(Patience):
    def wait(self, what: str) -> None:
        pass


def limits_of(peak: float) -> dict:
    return {"float32": peak, "float64": 50.0, "copy": {"memory": 9.0}, "add": {"memory": peak / 10}}


@pytest.mark.parametrize(
    ("peaks", "disturbed", "patience", "best", "noted"),
    [
        ([100, 190], [False, False], 60, {"1": 100, "2": 190}, 0),
        ([60, 100, 190], [True, False, False], 60, {"1": 100, "2": 190}, 0),  # a neighbour
        ([100, 105, 190], [False, False, False], 60, {"1": 100, "2": 190}, 0),  # two threads hardly above one
        ([60, 190], [True, False], 0, {"1": 60, "2": 190}, 1),
        ([100, 60], [False, False], 0, {"1": 100, "2": 100}, 1),  # two can do what one can
    ],
)
def test_limits_that_others_disturbed_are_measured_again(monkeypatch, peaks, disturbed, patience, best, noted):
    made, seen, notes = iter(peaks), iter(disturbed), []

    class Seen:
        def __init__(self):
            self.disturbed = next(seen)

    monkeypatch.setattr(machine, "Neighbours", Seen)
    monkeypatch.setattr(machine, "limits", lambda n: limits_of(next(made)))
    monkeypatch.setattr(machine, "library", lambda: SimpleNamespace(region=lambda n, runs: 1e-6))
    monkeypatch.setattr(machine, "cpus", lambda: {0, 1})
    block = machine.block([1, 2], Unwaiting(patience), notes)
    assert {n: limits["float32"] for n, limits in block["limits"].items()} == best
    assert len(notes) == noted and not list(made)


def test_without_a_compiler_the_limits_are_left_out(monkeypatch):
    machine.library.cache_clear()
    monkeypatch.setenv("CC", "no-such-compiler-anywhere")
    notes: list[str] = []
    block = machine.block([1], Patience(0), notes)
    machine.library.cache_clear()
    assert block["limits"] == {}
    assert "no-such-compiler-anywhere" in block["no limits"] and block["no limits"] in notes[0]


def test_a_compiler_that_is_killed_leaves_nothing(tmp_path, monkeypatch):
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\nmktemp > /dev/null\nkill -KILL $$\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(machine.tempfile, "tempdir", str(tmp_path))
    with pytest.raises(machine.NoCompiler, match="status -9"):
        machine.library.__wrapped__()
    assert list(tmp_path.iterdir()) == [compiler]


def measured(label: str, others: float) -> list[Measurement]:
    found = {"naive": Contestant("naive", RUNG, 1, np.ones(3))}
    return [Measurement("ladder", "dot", label, 1, "float32", 1, "avx2", 1.0, 1.0, others, found)]


def test_disturbed_cases_are_measured_again_until_they_are_calm_or_patience_ends():
    plan = Plan(1)
    plan.patience = Unwaiting(60)
    results = Results({"limits": {}}, {}, measured("before", 0.9))
    shares = {"a": iter([0.5, 0.3, 0.01]), "b": iter([0.05]), "c": iter([0.2, 0.4, 0.0]), "d": repeat(0.5)}
    order: list[str] = []

    def job(name: str) -> list[Measurement]:
        order.append(name)
        assert "before" in [m.label for m in results.measurements]  # an interrupted run keeps what it has
        return measured(name, next(shares[name]))

    suites.calmly(plan, results, {name: partial(job, name) for name in "abc"})
    assert "".join(order) == "abcacac"
    assert {m.label: m.others for m in results.measurements} == {"before": 0.9, "a": 0.01, "b": 0.05, "c": 0.0}
    plan.patience.left = 0.05
    suites.calmly(plan, results, {"d": partial(job, "d")})
    assert results.measurements[-1].others == 0.5
