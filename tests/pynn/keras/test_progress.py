"""What fit, evaluate and predict print."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import pynn as tf
from pynn.keras.callbacks import CallbackList
from pynn.keras.training.progress import ProgressBar, _clock


def test_printed_progress(capsys, network, x_train, y_train):
    model = network()
    model.fit(x_train, y_train, epochs=2, batch_size=100, validation_split=0.5)
    lines = capsys.readouterr().out.splitlines()
    assert [lines[0], lines[2], len(lines)] == ["Epoch 1/2", "Epoch 2/2", 4]
    parts = [part.split(":")[0] for part in lines[1].split(" - ")]
    assert parts[0] == "3/3" and parts[1][-1] == "s" and parts[2].endswith("s/step")
    assert parts[3:] == ["accuracy", "loss", "val_accuracy", "val_loss"]
    model.evaluate(x_train, y_train)
    model.predict(x_train[:5])
    lines = capsys.readouterr().out.splitlines()
    assert (
        lines[0].startswith("19/19 - ")
        and "accuracy: " in lines[0]
        and lines[1].startswith("1/1 - ")
        and len(lines) == 2
    )
    model.fit(x_train, y_train, verbose=0)
    assert capsys.readouterr().out == ""


def test_live_bar(capsys, monkeypatch, network, x_train, y_train):
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich: a terminal
    monkeypatch.setattr("pynn.keras.training.progress.REDRAW", 0.0)
    network().fit(x_train, y_train, epochs=1, batch_size=100)
    out = capsys.readouterr().out
    assert "Epoch" not in out and "6/6" in out and "━" in out and "accuracy: " in out.splitlines()[-1]
    network().fit(x_train, y_train, epochs=2, batch_size=100)
    assert "Epoch 1/2" in capsys.readouterr().out


@pytest.fixture
def progress(monkeypatch):
    """progress(steps, verbose, epochs): a bar that fit would make, for a callback list of it alone."""
    monkeypatch.setattr("pynn.keras.training.progress.REDRAW", -1.0)

    def make(steps, verbose=1, epochs=2):
        bar = ProgressBar(verbose)
        call = CallbackList([bar], verbose=verbose, epochs=epochs, steps=steps)
        call("on_train_begin")
        return bar, call

    return make


def epoch(call, number, steps, **logs):
    call("on_epoch_begin", number)
    for step in range(steps):
        call("on_train_batch_end", step, logs=logs)
    call("on_epoch_end", number, logs=logs)


def test_progress_of_an_unknown_number_of_steps(capsys, monkeypatch, progress):
    _, call = progress(None)
    epoch(call, 0, 3, loss=1.0)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2" and lines[1].startswith("3/3 - 0s - ") and lines[1].endswith("loss: 1.0000")
    monkeypatch.setenv("FORCE_COLOR", "1")
    bar, call = progress(None)
    epoch(call, 0, 3, loss=1.0)
    out = capsys.readouterr().out
    assert "1/Unknown" in out and "3/Unknown" in out and "3/3" in out.splitlines()[-1]
    epoch(call, 1, 3, loss=1.0)
    out = capsys.readouterr().out
    assert "2/3" in out and "Unknown" not in out  # the second epoch knows
    bar.close()


def test_progress_of_other_values_than_floats(capsys, progress):
    values = {"array": np.array([1.0, 2.0]), "int": 3, "numpy": np.float32(0.5), "small[/]": tf.constant(-1e-4)}
    for verbose in (1, 2):
        _, call = progress(2, verbose)
        epoch(call, 0, 2, **values)
        line = capsys.readouterr().out.splitlines()[1]
        assert line.endswith("array: 1.5000 - int: 3.0000 - numpy: 0.5000 - small[/]: -1.0000e-04")
    nan = float("nan")
    epoch(call, 0, 2, loss=nan)
    assert capsys.readouterr().out.endswith("loss: nan\n")


class Shown(list):
    """What a notebook's cell would show as outputs of their own: the last text of each."""

    def display(self, data, raw, display_id):
        assert raw and display_id
        self.append(data["text/plain"])
        place = len(self) - 1
        return SimpleNamespace(update=lambda data, raw: self.__setitem__(place, data["text/plain"]))


@pytest.fixture
def notebook(monkeypatch):
    """As in a Jupyter notebook, whose kernel defines a function by which rich knows it."""
    shown = Shown()
    shell = type("ZMQInteractiveShell", (), {})()
    monkeypatch.setattr("rich.console.get_ipython", lambda: shell, raising=False)
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=shown.display))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace())
    return shown


def test_in_a_notebook_a_line_for_each_epoch(capsys, notebook, progress):
    bar, call = progress(4)
    call("on_epoch_begin", 0)
    assert notebook == ["0/4 ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈"]
    call("on_train_batch_end", 0, logs={"loss": 2.0})
    assert notebook[0].startswith("1/4 ━━━━━┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈ 0s ") and notebook[0].endswith("loss: 2.0000")
    call("on_epoch_end", 0, logs={"loss": 1.0})
    epoch(call, 1, 4, loss=0.5)
    bar.close()
    assert [line.split(" - ")[-1] for line in notebook] == ["loss: 1.0000", "loss: 0.5000"]
    assert notebook[1].startswith("4/4 ━━━━━━━━━━━━━━━━━━━━ 0s ")
    assert capsys.readouterr().out == "Epoch 1/2\nEpoch 2/2\n"


def test_in_a_notebook_lines_are_plain_text(capsys, notebook, progress):
    _, call = progress(2, verbose=2)
    epoch(call, 0, 2, loss=1.0)
    model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2)])
    model.summary()
    out = capsys.readouterr().out
    assert out.startswith("Epoch 1/2\n2/2 - 0s - ") and "Total params: 8 (32.00 B)\n" in out
    assert not notebook


@pytest.mark.parametrize("terminal", [False, True])
def test_progress_on_narrow_and_plain_outputs(monkeypatch, progress, terminal):
    """Nothing is cut off or fails where there is room for 10 characters, or for ASCII alone."""
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, "ascii", write_through=True))
    monkeypatch.setenv("COLUMNS", "10")
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    _, call = progress(2)
    epoch(call, 0, 2, accuracy=0.25, loss=1.0)
    text = raw.getvalue().decode("ascii")
    assert text.endswith("accuracy: 0.2500 - loss: 1.0000\n") and "2/2" in text.splitlines()[-1]


def test_the_time_left():
    assert [_clock(s) for s in (0, 59.9, 60, 3599, 3600, 7265)] == ["0s", "59s", "1:00", "59:59", "1:00:00", "2:01:05"]
