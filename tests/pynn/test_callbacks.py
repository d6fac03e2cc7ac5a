"""What fit, evaluate and predict call and print on their way."""

from __future__ import annotations

import numpy as np
import pytest

from pynn import keras


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

            def hook(*args):
                seen.setdefault(name, args[-1])
                return found(*args)

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
    monkeypatch.setattr("pynn.keras._progress.REDRAW", 0.0)
    network().fit(x_train, y_train, epochs=1, batch_size=100)
    out = capsys.readouterr().out
    assert "Epoch 1/1" in out and "6/6" in out and "━" in out and "accuracy: " in out.splitlines()[-1]
