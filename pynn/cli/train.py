"""`pynn train`: the first program of a deep learning course, from the data to the saved weights."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import warnings
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import kernels

from .. import keras
from ..engine.budget import limited
from ..keras.datasets._folder import Split
from ..keras.saving import state
from ..support.extras import install
from . import results
from .checks import UserError, capped_threads, one_line, reading

DIVERGED = 3  # the exit code


def train(arguments: argparse.Namespace) -> int:
    """Trains and saves; returns the exit code: 0, or 3 if the loss is no longer a number.

    Results stand apart until the end, see `results`. UserError: bad data or folder.
    """
    with warnings.catch_warnings():
        # fit's warning of a NaN loss, among others, as one line
        warnings.showwarning = _warn  # type: ignore[assignment]
        try:
            return _train(arguments)
        except MemoryError:
            raise UserError("not enough memory: use a smaller --hidden or --batch-size") from None


def _train(arguments: argparse.Namespace) -> int:
    given = {name: value for name, value in vars(arguments).items() if name in arguments.defaults}
    if given.get("data"):
        given["data"] = os.path.abspath(given["data"])  # --resume may be called elsewhere
    before = results.stopped(arguments.output, given) if arguments.resume else {}
    run = arguments.defaults | before.get("run", {}) | given
    data = _load(run["data"])
    (_, y_train), (_, y_test) = data
    checksum = [zlib.crc32(array.tobytes()) for part in data for array in part]
    if before and before.get("checksum") != checksum:
        raise UserError("the data are not those of the unfinished run: give its --data, or leave out --resume")
    with results.prepared(arguments.output) as output:  # before the training, not after it
        threads = capped_threads(arguments)
        if threads is not None:
            kernels.set_num_threads(threads)
        if run["seed"] is None:
            run["seed"] = secrets.randbelow(2**32)
        keras.utils.set_random_seed(run["seed"])
        print(f"{len(y_train)} training images, {len(y_test)} test images, seed {run['seed']}", flush=True)
        record = results.Record(output, {"run": run, "checksum": checksum}, before)
        return _fit(run, data, record, output, before)


def _fit(run: dict[str, Any], data: Split, record: results.Record, output: Path, before: dict[str, Any]) -> int:
    (train_images, y_train), (test_images, y_test) = data
    x_train, x_test = _scaled(train_images), _scaled(test_images)
    if before:
        with reading(str(record.path), results.KIND), limited(record.path.stat().st_size):
            model = _network(run, x_train.shape[1])
            noted = state.restore(model, record.path)
            if (noted["epochs"], noted["run"]) != (before["epochs"], before["run"]):
                raise UserError(f"another run has saved its state in {record.path} meanwhile: call --resume again")
    else:
        model = _network(run, x_train.shape[1])
    try:
        # the test set only draws the validation curve: nothing is chosen by it
        model.fit(
            x_train,
            y_train,
            epochs=run["epochs"],
            initial_epoch=record.epochs,
            batch_size=run["batch_size"],
            validation_data=(x_test, y_test),
            callbacks=[record],
        )
        if record.has_diverged():
            print(f"pynn train: error: the loss is no longer a number; {record.kept()}", file=sys.stderr)
            return DIVERGED
        probabilities = model.predict(x_test, verbose=0)
        loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
        about = {"seed": run["seed"], "arguments": run, "test_loss": loss, "test_accuracy": accuracy}
        with results.finishing(output) as folder:
            model.save_weights(folder / results.WEIGHTS)
            results.write_history(folder, about | {"history": record.history})
            if find_spec("matplotlib"):
                from .. import plot

                plot.history(record.history, path=folder / results.CURVE)
                plot.mistakes(test_images, y_test, probabilities, path=folder / results.MISTAKES)
            saved = [name for name in results.FINISHED if (folder / name).exists()]
    except KeyboardInterrupt as stop:
        stop.add_note(record.kept())
        raise
    print(f"test accuracy {accuracy:.4f}, test loss {loss:.4f}")
    if results.CURVE not in saved:
        print(f"no pictures: for the learning curve and the mistakes, {install('plot')}")
    print(f"saved in {one_line(str(output))}: {', '.join(saved)}")
    return 0


def _load(data: str | None) -> Split:
    if data is not None:
        if not data:
            raise UserError("--data is empty: give a folder or a file")
        with reading(data):
            return keras.datasets.load_folder(data)
    try:
        return keras.datasets.mnist.load_data()
    except (OSError, ValueError) as error:
        raise UserError(*str(error).splitlines()) from None  # the sources that were tried, one a line


def _scaled(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / 255


def _network(run: dict[str, Any], pixels: int) -> keras.Sequential:
    model = keras.Sequential(
        [
            keras.Input((pixels,)),
            keras.layers.Dense(run["hidden"], activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.get(run["optimizer"])
    if run["learning_rate"] is not None:
        optimizer.learning_rate = run["learning_rate"]
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _warn(message: Warning | str, *_: Any) -> None:
    print(f"pynn train: warning: {one_line(str(message))}", file=sys.stderr, flush=True)
