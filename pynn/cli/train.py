"""`pynn train`: the first program of a deep learning course, from the data to the saved weights."""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import sys
import warnings
import zlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import kernels

from .. import keras
from ..engine import replicas
from ..engine.budget import limited
from ..keras.datasets.folder import Split
from ..keras.saving import state
from ..support.extras import install
from . import ranks, results
from .checks import UserError, capped_threads, one_line, reading

DIVERGED = 3  # the exit code


def train(arguments: argparse.Namespace, callbacks: Sequence[keras.callbacks.Callback] = ()) -> int:
    """Trains and saves; returns the exit code: 0, or 3 if the loss is no longer a number.

    Results stand apart until the end, see `results`. callbacks: of fit, called after each epoch's state is saved.
    UserError: bad data or folder.
    """
    with warnings.catch_warnings():
        # fit's warning of a NaN loss, among others, as one line
        warnings.showwarning = _warn  # type: ignore[assignment]
        try:
            with ranks.together():
                return _train(arguments, callbacks)
        except MemoryError:
            raise UserError("not enough memory: use a smaller --hidden or --batch-size") from None


def network(pixels: int, *widths: int) -> keras.Sequential:
    """A chain of Dense layers, not compiled: relu, and softmax at the end."""
    layers = [keras.layers.Dense(width, "relu") for width in widths[:-1]]
    return keras.Sequential([keras.Input((pixels,)), *layers, keras.layers.Dense(widths[-1], "softmax")])


def _train(arguments: argparse.Namespace, callbacks: Sequence[keras.callbacks.Callback]) -> int:
    given = {name: value for name, value in vars(arguments).items() if name in arguments.defaults}
    if given.get("data"):
        given["data"] = os.path.abspath(given["data"])  # --resume may be called elsewhere
    is_first = replicas.is_first()
    before = ranks.of_first(lambda: results.stopped(arguments.output, given) if arguments.resume else {})
    run = arguments.defaults | before.get("run", {}) | given
    if run["seed"] is None:
        run["seed"] = ranks.of_first(lambda: secrets.randbelow(2**32))
    data = _load(run["data"]) if is_first else None
    checksum = ranks.of_first(lambda: _checksum(data))
    if not data:  # after rank 0, which may have fetched them
        data = _load(run["data"])
        if _checksum(data) != checksum:
            raise UserError("the data are not those of rank 0")
    if before and before.get("checksum") != checksum:
        raise UserError("the data are not those of the unfinished run: give its --data, or leave out --resume")
    where = results.prepared(arguments.output) if is_first else contextlib.nullcontext(Path(arguments.output))
    with where as output:  # before the training, not after it
        if (threads := capped_threads(arguments)) is not None:
            kernels.set_num_threads(threads)
        keras.utils.set_random_seed(run["seed"])
        (train_part, test_part) = data
        about = f"{len(train_part[1])} training images, {len(test_part[1])} test images, seed {run['seed']}"
        print(ranks.described() + about, flush=True)
        record = results.Record(output, {"run": run, "checksum": checksum}, before)
        model = _compiled(run, data, record, before)
        try:
            return _fit(model, run, data, record, callbacks, output)
        except KeyboardInterrupt as stop:
            if is_first:
                stop.add_note(record.kept())
            raise
        except UserError as error:  # a disk that is full
            raise UserError(f"{error}; {record.kept()}") from None


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


def _checksum(data: Split | None) -> list[int]:
    return [zlib.crc32(np.ascontiguousarray(array).data) for part in data or () for array in part]


def _compiled(run: dict[str, Any], data: Split, record: results.Record, before: dict[str, Any]) -> keras.Sequential:
    """The model of a new run, or as the stopped one left it."""

    def make() -> keras.Sequential:
        model = network(data[0][0][0].size, run["hidden"], 10)
        optimizer = keras.optimizers.get(run["optimizer"])
        if run["learning_rate"] is not None:
            optimizer.learning_rate = run["learning_rate"]
        model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    if not before:
        return make()
    copied = state.shared(record.path, replicas.scoped)
    with reading(str(record.path), results.KIND), copied as path, limited(os.path.getsize(path)):
        model = make()
        noted = state.restore(model, path)
        if (noted["epochs"], noted["run"]) != (before["epochs"], before["run"]):
            raise UserError(f"another run has saved its state in {record.path} meanwhile: call --resume again")
        return model


def _fit(
    model: keras.Sequential,
    run: dict[str, Any],
    data: Split,
    record: results.Record,
    callbacks: Sequence[keras.callbacks.Callback],
    output: Path,
) -> int:
    (train_images, y_train), (test_images, y_test) = data
    # from bytes to fractions without an array between: the data are most of what a run takes of memory
    x_train, x_test = (np.divide(x.reshape(len(x), -1), 255, dtype=np.float32) for x in (train_images, test_images))
    # the test set only draws the validation curve: nothing is chosen by it
    options = {"epochs": run["epochs"], "initial_epoch": record.epochs, "batch_size": run["batch_size"]}
    model.fit(x_train, y_train, **options, validation_data=(x_test, y_test), callbacks=[record, *callbacks])
    is_first = replicas.is_first()
    if record.has_diverged():
        if is_first:
            print(f"pynn train: error: the loss is no longer a number; {record.kept()}", file=sys.stderr)
        return DIVERGED
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    if not is_first:
        return 0
    probabilities = model.predict(x_test, verbose=0)
    about = {"seed": run["seed"], "arguments": run, "test_loss": loss, "test_accuracy": accuracy}
    with results.finishing(output) as folder:
        model.save_weights(folder / results.WEIGHTS)
        results.write_history(folder, about | {"history": record.history})
        if find_spec("matplotlib"):
            from .. import plot

            plot.history(record.history, path=folder / results.CURVE)
            plot.mistakes(test_images, y_test, probabilities, path=folder / results.MISTAKES)
        saved = [name for name in results.FINISHED if (folder / name).exists()]
    print(f"test accuracy {accuracy:.4f}, test loss {loss:.4f}")
    if results.CURVE not in saved:
        print(f"no pictures: for the learning curve and the mistakes, {install('plot')}")
    print(f"saved in {one_line(str(output))}: {', '.join(saved)}")
    return 0


def _warn(message: Warning | str, *_: Any) -> None:
    if replicas.is_first():
        print(f"pynn train: warning: {one_line(' '.join(str(message).splitlines()))}", file=sys.stderr, flush=True)
