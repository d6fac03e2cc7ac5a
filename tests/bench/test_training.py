"""Whole processes and epochs of the network on little data: what is told of them, and what is left out."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from pynn.bench.measure import turns
from pynn.bench.measure.process import Library
from pynn.bench.network import Task, prepared
from pynn.bench.plan import Plan
from pynn.bench.results import tables
from pynn.bench.results.store import NUMPY, RUNG, Results
from pynn.bench.training import additions, contestants, epochs, neighbour, process_runs, rungs
from pynn.bench.training.installed import installed
from pynn.bench.training.rungs import RUNGS, Rung

from kernels.ladder import LADDER

SIZES = (7, 5, 3)


@pytest.fixture
def digits() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [
        array
        for m in (300, 100)
        for array in (rng.integers(0, 256, (m, 28, 28), np.uint8), rng.integers(0, 10, m).astype(np.uint8))
    ]


def plan(*peers: str, epochs: int = 1) -> Plan:
    """One thread, one epoch, no budget."""
    found = Plan(1, peers=peers)
    found.epochs, found.budget = epochs, 0.0
    return found


def nothing_measured() -> Results:
    return Results({"limits": {}}, {}, [], data="digits")


def test_process_runs(digits, monkeypatch):
    ballast = np.ones(200_000_000, np.uint8)  # the parent's memory is not the child's
    wanted = {
        "NumPy": contestants.CONTESTANTS["NumPy"],
        "nobody": Library("numpy", contestants.Numpy),
        "Keras": Library("no_such_package", contestants.Keras),
    }
    monkeypatch.setattr(process_runs, "CONTESTANTS", wanted)
    run = plan("nobody", "Keras")
    (found,) = process_runs.process_runs(run, digits, 0.0)
    assert ballast[-1] == 1
    assert found.name == "NumPy"
    assert found.epochs == [1, 1]
    assert all(0 <= accuracy <= 1 for accuracy in found.accuracy)
    assert len(found.seconds) == len(found.accuracy) == len(found.peak) == len(found.import_seconds) == 2
    assert all(seconds > 0 for seconds in found.seconds + found.import_seconds)
    assert all(20e6 < peak < 200e6 for peak in found.peak)
    assert found.installed > 10e6
    assert found.installed_gpu == 0
    assert len(run.notes) == 1 and run.notes[0].startswith("Does not train in a process of its own: nobody: ")


@pytest.mark.parametrize("rung", RUNGS)
def test_the_networks_gradients_on_every_rung_are_those_of_float64(rung: str):
    rng = np.random.default_rng(1)
    x, labels = rng.random((6, 7), np.float32), rng.integers(0, 3, 6)
    network = Rung(rung, Task(SIZES, "rmsprop", 6, 1), x, labels)
    loss, right, slopes = network.gradients(x, labels)
    assert right == round(6 * network.evaluate(x, labels))
    w = [a.astype(np.float64) for a in network.weights]

    def loss_of(w1, b1, w2, b2):
        z = np.maximum(x @ w1 + b1, 0) @ w2 + b2
        return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(6), labels]).mean()

    assert loss / 6 == pytest.approx(loss_of(*w), rel=1e-5)
    for i, slope in enumerate(slopes):  # central differences: exact to step^2, rounding 1e-16 / step
        step, wanted = 1e-5, np.empty(w[i].shape)
        for at in np.ndindex(*wanted.shape):
            high, low = ([a.copy() for a in w] for _ in range(2))
            high[i][at] += step
            low[i][at] -= step
            wanted[at] = (loss_of(*high) - loss_of(*low)) / (2 * step)
        slope = np.dot(*slope) if isinstance(slope, tuple) else slope
        np.testing.assert_allclose(slope, wanted, atol=2e-6)


def test_an_epochs_loss_and_accuracy_are_floats_that_results_json_takes():
    rng = np.random.default_rng(4)
    network = contestants.Numpy(Task(SIZES, "rmsprop", 4, 1))
    network.use(rng.random((10, 7), np.float32), rng.integers(0, 3, 10))
    assert [type(value) for value in network.epoch()] == [float, float]


def test_a_rungs_turn_trains_and_is_an_epochs_seconds(monkeypatch):
    monkeypatch.setattr(rungs, "SLOT", 0.0)  # one step
    rng = np.random.default_rng(2)
    network = Rung("blocked", Task(SIZES, "rmsprop", 4, 1), rng.random((10, 7), np.float32), rng.integers(0, 3, 10))
    before = [a.copy() for a in network.weights]
    assert network.turn().value > 0
    assert all((a != b).any() for a, b in zip(network.weights, before, strict=True))
    reply = network.turn()
    assert reply.value == pytest.approx(reply.seconds * 10 / 4)


def test_a_slow_rung_has_a_part_of_the_hidden_layer(monkeypatch):
    slow = replace(LADDER["dot"]["blocked"], most_steps=100)
    monkeypatch.setitem(LADDER["dot"], "blocked", slow)
    monkeypatch.setattr(rungs, "SLOT", 0.0)
    x = np.ones((8, 7), np.float32)
    network = Rung("blocked", Task((7, 64, 3), "rmsprop", 4, 1), x, np.zeros(8, np.int64))
    assert [w.shape for w in network.weights] == [(7, 2), (2,), (2, 3), (3,)]
    reply = network.turn()
    assert reply.value == pytest.approx(reply.seconds * 2 * 32)


def test_the_epochs_rungs_go_on_when_a_ladder_lacks_one_or_gains_one(monkeypatch):
    monkeypatch.setitem(LADDER, "relu", {name: rung for name, rung in LADDER["relu"].items() if name != "typed"})
    monkeypatch.setitem(LADDER["softmax"], "between", LADDER["softmax"]["simd"])
    found = rungs.operations("ijp")
    assert found.dot is LADDER["dot"]["ijp"].function
    assert found.add is LADDER["add_matrix_and_vector"]["typed"].function
    assert found.relu is LADDER["relu"]["lists"].function


def test_a_process_loads_pynn_only_for_pynn(tmp_path, monkeypatch):
    (tmp_path / "bench").symlink_to(process_runs.BENCH)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    code = (
        "import sys, bench.training.until_accurate; print('numpy' in sys.modules);"
        "import bench.training.contestants; print({'pynn', 'kernels', 'numpy'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-P", "-c", code], text=True) == "False\n{'numpy'}\n"


def test_epochs_of_rungs_fit_and_numpy(digits):
    images, labels, *_ = digits
    run, results = plan(epochs=2), nothing_measured()
    with turns.threads(1):
        epochs.epochs(run, results, prepared(images), labels)
    (measured,), curves, versions = results.measurements, results.curves, results.versions
    assert list(measured.contestants) == [*RUNGS, "pynn", "NumPy"]
    assert [p.kind for p in measured.contestants.values()] == [RUNG] * (len(RUNGS) + 1) + [NUMPY]
    assert all((p.seconds > 0).all() for p in measured.contestants.values())
    assert measured.title == "training epoch digits, 784-512-10"
    assert list(curves) == list(versions) == ["pynn", "NumPy"]
    for curve in curves.values():
        assert np.all(np.diff([seconds for seconds, _, _ in curve]) > 0)
        assert len(curve) == 3  # the first epoch, which is not timed, and two turns
    assert curves["pynn"][0][1] == pytest.approx(curves["NumPy"][0][1], rel=epochs.SAME_LOSS)
    assert run.notes == []


def test_fits_are_pynns_with_each_number_of_threads():
    run, results = plan("NumPy"), nothing_measured()
    run.threads = 2
    rng = np.random.default_rng(0)
    epochs.fits(run, results, rng.random((3000, 784), np.float32), rng.integers(0, 10, 3000))
    assert [(m.suite, m.threads, [*m.contestants]) for m in results.measurements] == [
        ("scaling", n, ["pynn"]) for n in (1, 2)
    ]
    assert all(m.contestants["pynn"].threads == m.threads for m in results.measurements)
    assert "fit 784-512-10, batch 1024" in tables.markdown(tables.scaling(results, results.measurements))


def test_fit_alone_and_beside_a_busy_process(monkeypatch):
    monkeypatch.setattr(neighbour, "STEPS", 3)
    run, results = plan("NumPy"), nothing_measured()
    assert neighbour.fits(run) == []  # on one thread nobody waits
    run.threads = 2
    found = neighbour.fits(run)
    assert all(len(one.seconds) == run.rounds for m in found for one in m.contestants.values())
    rows = [[cell.text for cell in row] for row in tables.steps(results, found).without("time", "spread").rows]
    place = " beside a busy process"
    assert [row[:2] for row in rows] == [
        ["fit 784-512-10", "one thread"], ["fit 784-512-10", "pynn"],
        [f"fit 784-512-10{place}", "one thread"], [f"fit 784-512-10{place}", "pynn"],
    ]  # fmt: skip
    assert [bool(row[2]) for row in rows] == [False, True, False, True]  # times one thread, at the same place


def test_what_trains_otherwise_is_left_out(digits, monkeypatch):
    monkeypatch.setattr(epochs, "SAME_LOSS", 1e-12)  # shuffles differ
    monkeypatch.setattr(rungs, "RUNGS", ("blocked",))
    images, labels, *_ = digits
    run, results = plan(), nothing_measured()
    with turns.threads(1):
        epochs.epochs(run, results, prepared(images), labels)
    assert list(results.measurements[0].contestants) == ["blocked", "pynn"]
    (note,) = run.notes
    assert note.startswith("NumPy is not the same training, digits, 784-512-10: its first loss is ")


def test_small_steps(monkeypatch):
    monkeypatch.setattr(epochs, "STEPS", 5)
    monkeypatch.setattr(epochs, "BUDGET", 0.0)
    run, results = plan(), nothing_measured()
    run.rounds = 2
    epochs.small_steps(run, results)
    found, versions = results.measurements, results.versions
    additions = [f"addition (2, 3) {method}" for method in ("unrecorded", "forward", "backward")]
    assert [m.title for m in found] == [*additions, *(f"training step 400-25-15-10, batch {b}" for b in (1, 32))]
    assert list(versions) == ["pynn"] and run.notes == []
    for m in found:
        assert list(m.contestants) == ["pynn"]
        assert m.contestants["pynn"].seconds.shape == (2,) and (m.contestants["pynn"].seconds > 0).all()


def test_small_steps_without_pynn_are_left_out(monkeypatch):
    missing = {"pynn": Library("numpy", print)}
    monkeypatch.setattr(additions, "CONTESTANTS", missing)
    monkeypatch.setattr(epochs, "CONTESTANTS", contestants.CONTESTANTS | missing)
    run, results = plan(), nothing_measured()
    epochs.small_steps(run, results)
    assert (results.measurements, results.versions) == ([], {})
    assert run.notes[0].startswith("Left out: pynn: AttributeError")
    assert run.notes[1] == "400-25-15-10, batch 1: without pynn there is nothing to compare with."


def test_what_is_installed_counts_what_it_requires():
    assert installed("rich")[0] > installed("pygments")[0] > 1e6
