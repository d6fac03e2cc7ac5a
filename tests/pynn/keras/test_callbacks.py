"""Callbacks: which methods fit, evaluate and predict call, and with which logs."""

from __future__ import annotations

import os
from types import SimpleNamespace

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras.callbacks.base import as_floats


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
