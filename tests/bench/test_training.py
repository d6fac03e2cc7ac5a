"""Whole processes and epochs of the network on little data: what is told of them, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest
from pynn.bench.measure import turns
from pynn.bench.measure.workers import Library
from pynn.bench.network import prepared
from pynn.bench.plan import Plan
from pynn.bench.results.store import NUMPY, RUNG
from pynn.bench.training import contestants, epochs, process_runs, small_steps, trainers
from pynn.bench.training import rungs as ladder_rungs
from pynn.bench.training.installed import installed
from pynn.bench.training.rungs import RUNGS


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


def test_lives(digits, monkeypatch):
    ballast = np.ones(200_000_000, np.uint8)  # the parent's memory is not the child's
    wanted = {
        "NumPy": contestants.CONTESTANTS["NumPy"],
        "JAX": Library("numpy", "training.contestants:Missing"),
        "Keras": Library("no_such_package", "training.contestants:KerasTensorflow"),
    }
    monkeypatch.setattr(process_runs, "CONTESTANTS", wanted)
    run = plan("JAX", "Keras")
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
    assert len(run.notes) == 1 and run.notes[0].startswith("Does not train in a process of its own: JAX: ")


def test_epochs_of_rungs_fit_and_numpy(digits):
    images, labels, *_ = digits
    run = plan(epochs=2)
    with turns.threads(1):
        measured, curves, versions = epochs.epochs(run, prepared(images), labels, "digits")
    assert list(measured.contestants) == [*RUNGS, "pynn", "NumPy"]
    assert [p.kind for p in measured.contestants.values()] == [RUNG] * 7 + [NUMPY]
    assert all((p.seconds > 0).all() for p in measured.contestants.values())
    assert measured.title == "training epoch digits, 784-512-10"
    assert list(curves) == list(versions) == ["pynn", "NumPy"]
    for curve in curves.values():
        assert np.all(np.diff([seconds for seconds, _, _ in curve]) > 0)
        assert len(curve) == 3  # the first epoch, which is not timed, and two turns
    assert curves["pynn"][0][1] == pytest.approx(curves["NumPy"][0][1], rel=trainers.SAME_LOSS)
    assert run.notes == []


def test_what_trains_otherwise_is_left_out(digits, monkeypatch):
    monkeypatch.setattr(trainers, "SAME_LOSS", 1e-12)  # shuffles differ
    monkeypatch.setattr(ladder_rungs, "RUNGS", {"blocked": "simd"})
    images, labels, *_ = digits
    run = plan()
    with turns.threads(1):
        measured, _, _ = epochs.epochs(run, prepared(images), labels, "digits")
    assert list(measured.contestants) == ["blocked", "pynn"]
    (note,) = run.notes
    assert note.startswith("NumPy is not the same training, digits, 784-512-10: its first loss is ")


def test_small_steps(monkeypatch):
    monkeypatch.setattr(small_steps, "STEPS", 5)
    monkeypatch.setattr(small_steps, "BUDGET", 0.0)
    run = plan()
    run.rounds = 2
    found, versions = small_steps.small_steps(run)
    additions = [f"addition (2, 3) {method}" for method in ("bare", "unrecorded", "forward", "backward")]
    assert [m.title for m in found] == [*additions, *(f"training step 400-25-15-10, batch {b}" for b in (1, 32))]
    assert list(versions) == ["pynn"] and run.notes == []
    for m in found:
        assert list(m.contestants) == ["pynn"]
        assert m.contestants["pynn"].seconds.shape == (2,) and (m.contestants["pynn"].seconds > 0).all()


def test_small_steps_without_pynn_are_left_out(monkeypatch):
    missing = {"pynn": Library("numpy", "training.contestants:Missing")}
    monkeypatch.setattr(small_steps.tape_contestants, "CONTESTANTS", missing)
    monkeypatch.setattr(small_steps, "CONTESTANTS", contestants.CONTESTANTS | missing)
    run = plan()
    assert small_steps.small_steps(run) == ([], {})
    assert run.notes[0].startswith("Left out: pynn: AttributeError")
    assert run.notes[1] == "400-25-15-10, batch 1: without pynn there is nothing to compare with."


def test_what_is_installed_counts_what_it_requires():
    assert installed("rich")[0] > installed("pygments")[0] > 1e6
