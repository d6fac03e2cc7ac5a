"""Callbacks: which methods fit, evaluate and predict call, with which logs, and what is printed."""

from __future__ import annotations

import io
import os
from types import SimpleNamespace

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras.callbacks import CallbackList
from pynn.keras.callbacks.base import as_floats
from pynn.keras.training.progress import ProgressBar, _clock


def test_callbacks(network, x_train, y_train):
    calls = []

    class Recorder(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            calls.append(("epoch", epoch, sorted(logs)))
            self.model.stop_training = epoch == 1

        def on_batch_end(self, batch, logs=None):
            calls.append(("batch", batch, self.params["steps"]))

        def on_train_begin(self, logs=None):
            calls.append("begin")

        def on_train_end(self, logs=None):
            calls.append("end")

        def on_test_end(self, logs=None):
            calls.append("tested")

        def on_predict_batch_end(self, batch, logs=None):
            calls.append(("predicted", batch))

    model = network()
    model.fit(
        x_train,
        y_train,
        batch_size=300,
        epochs=5,
        verbose=0,
        callbacks=[Recorder()],
        validation_data=(x_train, y_train),
    )
    epoch = [("batch", 0, 2), ("batch", 1, 2), "tested"]
    names = ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert calls == ["begin", *epoch, ("epoch", 0, names), *epoch, ("epoch", 1, names), "end"]
    assert model.history.epoch == [0, 1]
    calls.clear()
    model.predict(x_train, batch_size=400, verbose=0, callbacks=[Recorder()])
    assert calls == [("predicted", 0), ("predicted", 1)]
    assert model.fit(x_train, y_train, initial_epoch=3, epochs=5, verbose=0).epoch == [3, 4]


def test_every_hook_gets_a_dict(network, x_train, y_train):
    seen = {}

    class Recorder(keras.callbacks.Callback):
        def __getattribute__(self, name):
            found = super().__getattribute__(name)
            if not name.startswith("on_"):
                return found

            def hook(*index, **logs):  # a batch's logs come by name
                seen.setdefault(name, logs.get("logs", index[-1] if index else None))
                return found(*index, **logs)

            return hook

    model = network()
    recorder = Recorder()
    model.fit(x_train, y_train, verbose=0, callbacks=recorder, validation_data=(x_train, y_train))
    assert {name for name, logs in seen.items() if logs == {}} == {
        "on_train_begin", "on_epoch_begin", "on_train_batch_begin", "on_batch_begin", "on_test_begin",
        "on_test_batch_begin",
    }  # fmt: skip
    assert all(type(logs) is dict for logs in seen.values()) and "val_loss" in seen["on_train_end"]
    seen.clear()
    p = model.predict(x_train, verbose=0, callbacks=(recorder,))
    assert [name for name, logs in seen.items() if logs != {}] == ["on_predict_batch_end"]
    np.testing.assert_array_equal(seen["on_predict_batch_end"]["outputs"], p[:32])
    seen.clear()
    model.fit(x_train, y_train, epochs=0, verbose=0, callbacks=recorder)
    assert seen == {"on_train_begin": {}, "on_train_end": {}}


def test_history_keeps_what_callbacks_add(network, x_train, y_train):
    class Rate(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["lr"] = float(self.model.optimizer.learning_rate)

        def on_train_batch_end(self, batch, logs=None):
            logs["step"] = batch

    history = network().fit(x_train, y_train, epochs=2, verbose=0, callbacks=Rate()).history
    assert set(history) == {"accuracy", "loss", "lr"} and history["lr"] == [pytest.approx(1e-3)] * 2


def test_interrupt_leaves_model_and_history(network, x_train, y_train):
    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if len(self.model.history.epoch) == 2 and batch == 3:
                raise KeyboardInterrupt

    model = network()
    with pytest.raises(KeyboardInterrupt):
        model.fit(x_train, y_train, epochs=5, verbose=0, callbacks=[Interrupt()])
    assert len(model.history.history["loss"]) == 2
    assert np.isfinite(model.predict(x_train, verbose=0)).all()
    model.fit(x_train, y_train, epochs=1, verbose=0)


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


def test_logs_become_floats():
    logs = {
        "b": tf.constant(2.0), "a": np.float32(0.5), "more": {"z": np.array(1), "y": True}, "c": "word", "d": "1.5",
        "list": [1, 2], "array": np.ones(1), "tensor": tf.constant([1.0]), "n": None,
    }  # fmt: skip
    result = as_floats(logs)
    assert list(result) == ["a", "array", "b", "c", "d", "list", "y", "z", "n", "tensor"]  # a dict's where it stood
    assert [result[name] for name in ("a", "b", "c", "d", "list", "y", "z", "n")] == [
        0.5,
        2,
        "word",
        1.5,
        [1, 2],
        1,
        1,
        None,
    ]
    assert all(type(result[name]) is float for name in ("a", "b", "d", "y", "z"))
    assert type(result["array"]) is np.ndarray and type(result["tensor"]) is tf.Tensor
    assert as_floats(None) == {}


def test_batches_cost_nothing_where_nobody_listens(monkeypatch, network, x_train, y_train):
    copies = []
    monkeypatch.setattr("pynn.keras.callbacks.base.as_floats", lambda logs: copies.append(logs) or as_floats(logs))
    quiet = keras.callbacks.EarlyStopping("loss"), keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)
    network().fit(x_train, y_train, verbose=0, callbacks=quiet)
    assert len(copies) == 4  # train_begin, epoch_begin, epoch_end, train_end


def test_a_hook_set_during_training_is_called(network, x_train, y_train):
    class Late(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                self.on_batch_end = lambda batch, logs: seen.append(batch)

    seen = []
    network().fit(x_train, y_train, 300, 2, 0, Late())
    assert seen == [0, 1]


def test_keyword_only_logs(network, x_train, y_train):
    class Modern(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, **rest):
            seen.append((batch, [*rest]))

        def on_test_batch_begin(self, batch, *, logs):
            seen.append(logs)

    seen = []
    network().fit(x_train, y_train, 600, 1, 0, Modern(), validation_data=(x_train, y_train))
    assert seen == [(0, ["logs"]), {}]


def test_names_that_are_missing():
    with pytest.raises(AttributeError, match="RemoteMonitor"):
        _ = keras.callbacks.RemoteMonitor
    with pytest.raises(TypeError, match="on_epoch"):
        keras.callbacks.LambdaCallback(on_epoch=print)


@pytest.mark.parametrize("weights", [False, True])
def test_checkpoint_over_a_folder(tmp_path, weights):
    def save(path):
        raise IsADirectoryError(path)

    path = tmp_path / ("a.npz" if weights else "a.keras")
    keeper = keras.callbacks.ModelCheckpoint(path, save_weights_only=weights)
    keeper.set_model(SimpleNamespace(save=save, save_weights=save, metrics=[]))
    with pytest.raises(OSError, match="non-directory filepath"):
        keeper.on_epoch_end(0, {"val_loss": 1.0})


def test_checkpoint_on_disk(tmp_path, network, x_train, y_train):
    """The best epoch's weights, in a folder that was not there."""
    file, best = tmp_path / "a/b/{epoch}.npz", {}

    class Best(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            best.setdefault(epoch, [w.copy() for w in self.model.get_weights()])

    model = network()
    keeper = keras.callbacks.ModelCheckpoint(file, "loss", save_best_only=True, save_weights_only=True)
    history = model.fit(x_train, y_train, epochs=2, verbose=0, callbacks=[keeper, Best()]).history["loss"]
    assert history[1] < history[0] and keeper.best == history[1]
    for epoch in (0, 1):
        model.load_weights(str(file).format(epoch=epoch + 1))
        for w, saved in zip(model.get_weights(), best[epoch], strict=True):
            np.testing.assert_array_equal(w, saved)


@pytest.mark.parametrize("kind", ["EarlyStopping", "ReduceLROnPlateau"])
def test_hooks_of_ones_own_are_not_called_before_there_is_a_model(kind):
    class Own(getattr(keras.callbacks, kind)):
        def on_train_begin(self, logs=None):
            self.epochs = self.params["epochs"]

    with pytest.warns(UserWarning, match="mode 'low' is unknown") as seen:
        own = Own("loss", mode="low")
    assert own.wait == 0 and own.best is None and own.mode == "auto" and seen[0].filename == __file__


@pytest.mark.parametrize("kind", ["EarlyStopping", "ReduceLROnPlateau"])
def test_a_metric_of_several_numbers_is_not_compared(kind):
    model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=[keras.metrics.F1Score(name="f1")])
    with pytest.raises(ValueError, match=rf"{kind} compares one number, but 'f1' has 3: .*average='macro'"):
        model.fit(np.eye(3), np.eye(3), verbose=0, callbacks=[getattr(keras.callbacks, kind)("f1", mode="max")])


def test_a_table_is_a_file_with_positions():
    reading, writing = os.pipe()
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with open(reading), open(writing, "w"), pytest.raises(OSError, match="not seekable"):
        model.fit(np.eye(3), np.ones(3), verbose=0, callbacks=[keras.callbacks.CSVLogger(f"/dev/fd/{writing}")])
