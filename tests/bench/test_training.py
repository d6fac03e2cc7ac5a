"""Whole processes and epochs of the network on little data: what is told of them, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest
from pynn.bench.measure import turns
from pynn.bench.measure.workers import Contestant
from pynn.bench.network import prepared
from pynn.bench.results.store import NUMPY, RUNG
from pynn.bench.training import contestants, epochs, lives
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


def test_lives(digits):
    ballast = np.ones(200_000_000, np.uint8)  # the parent's memory is not the child's
    notes: list[str] = []
    wanted = {
        "NumPy": contestants.CONTESTANTS["NumPy"],
        "JAX": Contestant("numpy", "training.contestants:Missing"),
        "Keras": Contestant("no_such_package", "training.contestants:KerasTensorflow"),
    }
    (life,) = lives.lives(digits, wanted, 1, 2, 0.0, notes)
    assert ballast[-1] == 1
    assert life.name == "NumPy"
    assert life.epochs == [1, 1]
    assert len(life.seconds) == len(life.peak) == len(life.import_seconds) == 2
    assert all(0 < i < s for i, s in zip(life.import_seconds, life.seconds, strict=True))
    assert all(20e6 < peak < 200e6 for peak in life.peak)
    assert life.installed > 10e6
    assert life.installed_gpu == 0
    assert len(notes) == 1 and notes[0].startswith("Does not train in a process of its own: JAX: ")


def test_epochs_of_rungs_fit_and_numpy(digits):
    images, labels, *_ = digits
    notes: list[str] = []
    with turns.threads(1):
        measured, curves, versions = epochs.epochs(prepared(images), labels, "digits", [], 1, 2, 0.0, notes)
    assert list(measured.players) == [*RUNGS, "fit", "NumPy"]
    assert [p.kind for p in measured.players.values()] == [RUNG] * 7 + [NUMPY]
    assert all((p.seconds > 0).all() for p in measured.players.values())
    assert measured.faster("blocked", "naive").value > 100
    assert list(curves) == list(versions) == ["pynn", "NumPy"]
    for curve in curves.values():
        assert np.all(np.diff([seconds for seconds, _, _ in curve]) > 0)
        assert len(curve) == 3  # the first epoch, which is not timed, and two turns
    assert curves["pynn"][0][1] == pytest.approx(curves["NumPy"][0][1], rel=epochs.SAME_LOSS)
    assert notes == []


def test_what_trains_otherwise_is_left_out(digits, monkeypatch):
    monkeypatch.setattr(epochs, "SAME_LOSS", 1e-12)  # shuffles differ
    images, labels, *_ = digits
    notes: list[str] = []
    with turns.threads(1):
        measured, _, _ = epochs.epochs(prepared(images), labels, "digits", [], 1, 1, 0.0, notes)
    assert list(measured.players) == [*RUNGS, "fit"]
    assert any(note.startswith("NumPy is not the same training: its first loss is ") for note in notes)


def test_what_is_installed_counts_what_it_requires():
    assert installed("rich")[0] > installed("pygments")[0] > 1e6
