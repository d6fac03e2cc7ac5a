"""Callbacks: what they do, say and write when fit gives them values that are laid down here.

A first callback replaces each epoch's logs by the script's, and the model's weight by the epoch's number.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import tempfile
import warnings

import numpy as np

X, Y = np.zeros((8, 1)), np.zeros((8, 1))
NAN = float("nan")


def make_model(keras, dtype, learning_rate=0.5):
    model = keras.Sequential([keras.layers.Dense(1, use_bias=False, dtype=dtype)])
    model.compile(keras.optimizers.SGD(learning_rate), "mse", metrics=["accuracy"])
    model.predict(X.astype(dtype), verbose=0)
    return model


def script(keras, names):
    """The callback with the script: {name: its value in each epoch, None where it is missing}."""

    class Script(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs.clear()
            logs.update({name: values[epoch] for name, values in names.items() if values[epoch] is not None})
            self.model.set_weights([np.full((1, 1), epoch + 1.0)])

    return Script()


def run(keras, dtype, names, *callbacks, fits=1, batch_size=4, model=None):
    """fit with the script and the callbacks: how long it went on, and what there was to see."""
    model = model or make_model(keras, dtype)
    said, epochs = io.StringIO(), []
    with warnings.catch_warnings(record=True) as warned, contextlib.redirect_stdout(said):
        warnings.simplefilter("always")
        for _ in range(fits):
            history = model.fit(
                X.astype(dtype), Y.astype(dtype), batch_size, len(next(iter(names.values()))), 0,
                [script(keras, names), *callbacks],
            )  # fmt: skip
            epochs.append(history.epoch)
    return {
        "epochs": epochs,
        "said": said.getvalue().splitlines(),
        "warned": [str(w.message) for w in warned if w.category is UserWarning],
        "weight": np.asarray(model.get_weights()[0]),
        "learning_rate": np.asarray(float(model.optimizer.learning_rate)),
        "names": list(history.history),
    }


def early_stopping(values, monitor="val_loss", fits=1, **options):
    def case(tf, keras, dtype):
        stop = keras.callbacks.EarlyStopping(monitor, verbose=1, **options)
        result = run(keras, dtype, {monitor: values, "loss": [1.0] * len(values)}, stop, fits=fits)
        return result | {"state": [stop.wait, stop.stopped_epoch, stop.best_epoch, stop.best]}

    return case


def reduce_rate(values, **options):
    def case(tf, keras, dtype):
        rates = []

        class Rates(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                rates.append([logs["learning_rate"], float(self.model.optimizer.learning_rate)])

        reduce = keras.callbacks.ReduceLROnPlateau(verbose=1, **options)
        result = run(keras, dtype, {"val_loss": values, "loss": [1.0] * len(values)}, reduce, Rates(), fits=2)
        return result | {"rates": np.asarray(rates), "state": [reduce.wait, reduce.cooldown_counter, reduce.best]}

    return case


def checkpoint(names, file, **options):
    def case(tf, keras, dtype):
        model, saved = make_model(keras, dtype), []
        with tempfile.TemporaryDirectory() as folder:

            def save(kind, path, overwrite=True):
                saved.append([kind, os.path.relpath(path, folder), os.path.isdir(os.path.dirname(path))])

            model.save, model.save_weights = functools.partial(save, "model"), functools.partial(save, "weights")
            keeper = keras.callbacks.ModelCheckpoint(os.path.join(folder, file), verbose=1, **options)
            result = run(keras, dtype, names, keeper, fits=2, model=model)
            return result | {
                "said": [line.replace(folder, "FOLDER") for line in result["said"]],
                "saved": saved, "best": keeper.best,
            }  # fmt: skip

    return case


def csv_logger(*fits, **options):
    def case(tf, keras, dtype):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "log.csv")
            logger = keras.callbacks.CSVLogger(path, **options)
            for names in fits:
                run(keras, dtype, names, logger)
            with open(path, newline="") as file:
                return {"text": file.read()}

    return case


def schedule(function):
    def case(tf, keras, dtype):
        return run(keras, dtype, {"loss": [1.0] * 4}, keras.callbacks.LearningRateScheduler(function, verbose=1))

    return case


def hooks(tf, keras, dtype):
    """Which hooks are called, with which index and names of values, through three calls of the model."""
    calls = []
    names = [n for n in dir(keras.callbacks.Callback) if n.startswith("on_")]

    def watch(name, *index, logs=None):
        *index, logs = [*index, logs] if logs is not None else index
        calls.append([name, *index, sorted(logs)])

    model, x, y = make_model(keras, dtype), X.astype(dtype), Y.astype(dtype)
    watcher = keras.callbacks.LambdaCallback(**{name: functools.partial(watch, name) for name in names})
    model.fit(x, y, 4, 2, 0, [watcher], validation_data=(x, y), validation_freq=2)
    model.evaluate(x, y, 4, 0, callbacks=[watcher])
    model.predict(x, 4, 0, callbacks=[watcher])
    return {"names": names, "calls": calls}


def what_others_see(tf, keras, dtype):
    """What one callback adds, those after it and the History see; not the next call."""
    seen = []

    class Adds(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            logs["added"] = batch

        def on_epoch_end(self, epoch, logs=None):
            logs["mine"] = epoch

    class Sees(keras.callbacks.Callback):
        def on_batch_end(self, batch, logs=None):
            seen.append([*logs])

        def on_epoch_end(self, epoch, logs=None):
            seen.append([*logs])

        def on_train_end(self, logs=None):
            seen.append([*logs])

    model, x, y = make_model(keras, dtype), X.astype(dtype), Y.astype(dtype)
    history = model.fit(x, y, 4, 2, 0, [Adds(), Sees()], validation_data=(x, y))
    return {"seen": seen, "history": [*history.history], "mine": history.history["mine"]}


def not_a_number(raise_error):
    def case(tf, keras, dtype):
        model = make_model(keras, dtype)
        batches, said, error = [], io.StringIO(), None
        watcher = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(batch))
        x = X.astype(dtype)
        x[4:] = NAN
        with warnings.catch_warnings(), contextlib.redirect_stdout(said):
            warnings.simplefilter("ignore")
            try:
                guard = keras.callbacks.TerminateOnNaN(raise_error)
                model.fit(x, Y.astype(dtype), 2, 3, 0, [watcher, guard], shuffle=False)
            except RuntimeError as caught:
                error = str(caught)
        return {"batches": batches, "said": said.getvalue().splitlines(), "error": error}

    return case


def errors(tf, keras, dtype):
    """The types of the errors, and a warning."""
    c = keras.callbacks

    def of(make):
        try:
            make()
        except Exception as error:
            return type(error).__name__

    def warned(make):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            make()
        return [str(w.message) for w in caught]

    def fit(*callbacks):
        return lambda: run(keras, dtype, {"loss": [1.0, 2.0]}, *callbacks)

    return {
        "factor": of(lambda: c.ReduceLROnPlateau(factor=1.0)),
        "save_freq": of(lambda: c.ModelCheckpoint("a.weights.h5", save_weights_only=True, save_freq="batch")),
        "unknown mode": warned(lambda: c.EarlyStopping(mode="most")),
        "unknown argument": of(lambda: c.EarlyStopping(paciente=1)),
        "unknown direction": of(fit(c.EarlyStopping("other"))),
        "integer rate": of(fit(c.LearningRateScheduler(lambda epoch, rate: 1))),
        "tensor rate": of(fit(c.LearningRateScheduler(lambda epoch, rate: tf.constant(0.1)))),
        "field": of(fit(c.ModelCheckpoint("{val_loss}.weights.h5", save_weights_only=True))),
    }


LOSSES = [5.0, 3.0, 3.0, 2.5, 2.75, 2.625, 2.5, 2.4375, 2.4375, 2.5, 2.5]
CHECKED = {"val_loss": [3.0, 4.0, 2.0, 2.0], "val_accuracy": [0.5, 0.25, 0.75, None]}
LOGGED = {"loss": [3.0, 2.0, None], "b": [0.25, None, 1e-9], "array": [np.array([1, 2])] * 3, "word": ["a", "b,c", "d"]}
CASES = {
    "early stopping": early_stopping(LOSSES),
    "early stopping: patience": early_stopping(LOSSES, patience=2),
    "early stopping: patience 3, best weights": early_stopping(LOSSES, patience=3, restore_best_weights=True),
    "early stopping: delta": early_stopping(LOSSES, patience=2, min_delta=0.5, restore_best_weights=True),
    "early stopping: negative delta": early_stopping(LOSSES, patience=2, min_delta=-0.5),
    "early stopping: max": early_stopping(LOSSES, patience=2, mode="max", restore_best_weights=True),
    "early stopping: accuracy": early_stopping([0.5, 0.75, 0.5, 0.5], "val_accuracy", patience=1),
    "early stopping: baseline": early_stopping(LOSSES, baseline=2.5, patience=4, restore_best_weights=True),
    "early stopping: baseline not reached": early_stopping(LOSSES, baseline=1, patience=3, restore_best_weights=True),
    "early stopping: later": early_stopping([1.0, *LOSSES], start_from_epoch=3, restore_best_weights=True),
    "early stopping: missing": early_stopping([1.0, None, 2.0, 0.5, None], patience=2, restore_best_weights=True),
    "early stopping: nan": early_stopping([2.0, NAN, NAN, 1.0, NAN], patience=2, restore_best_weights=True),
    "early stopping: float32": early_stopping([1.0, 0.99999999, 0.99999998, 0.5], patience=2),
    "early stopping: to the end": early_stopping([3.0, 1.0, 2.0], patience=5, restore_best_weights=True),
    "early stopping: twice": early_stopping(LOSSES, patience=2, fits=2),
    "reduce": reduce_rate(LOSSES, factor=0.5, patience=1),
    "reduce: cooldown": reduce_rate(LOSSES, factor=0.5, patience=1, cooldown=2, min_delta=0.25),
    "reduce: least": reduce_rate(LOSSES, factor=0.25, patience=1, min_lr=0.0625, min_delta=0.5),
    "reduce: max": reduce_rate(LOSSES, factor=0.25, patience=2, mode="max"),
    "reduce: missing": reduce_rate([1.0, None, 2.0, None, 3.0], factor=0.5, patience=1),
    "checkpoint": checkpoint(CHECKED, "sub/{epoch:02d}-{val_loss:.2f}.weights.h5", save_weights_only=True),
    "checkpoint: model": checkpoint(CHECKED, "a.keras"),
    "checkpoint: best": checkpoint(CHECKED, "{epoch}.keras", save_best_only=True),
    "checkpoint: best accuracy": checkpoint(CHECKED, "a.keras", save_best_only=True, monitor="val_accuracy"),
    "checkpoint: max": checkpoint(CHECKED, "a.keras", save_best_only=True, mode="max"),
    "checkpoint: threshold": checkpoint(CHECKED, "a.keras", save_best_only=True, initial_value_threshold=2.5),
    "checkpoint: array": checkpoint({"loss": [np.ones(2)] * 2}, "a.keras", save_best_only=True, monitor="loss"),
    "checkpoint: batches": checkpoint(CHECKED, "{epoch}-{batch}.weights.h5", save_weights_only=True, save_freq=3),
    "csv": csv_logger(LOGGED),
    "csv: validation": csv_logger({"val_loss": [1.0, 2.0], "loss": [3.0, 4.0]}, separator=";"),
    "csv: anew": csv_logger({"loss": [1.0]}, {"loss": [2.0]}),
    "csv: append": csv_logger({"loss": [1.0]}, {"loss": [2.0]}, append=True),
    "schedule of the epoch": schedule(lambda epoch: 1.0 / 2**epoch),
    "schedule": schedule(lambda epoch, rate: rate * 0.5 if epoch % 2 else rate),
    "schedule: numpy": schedule(lambda epoch, rate: np.float32(0.25)),
    "hooks": hooks,
    "what others see": what_others_see,
    "not a number": not_a_number(False),
    "not a number: error": not_a_number(True),
    "errors": errors,
}
