"""`pynn train`: the first program of a deep learning course, from the data to the saved weights."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import secrets
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import kernels

from .. import keras
from .._atomic import replacing
from ..keras.datasets._folder import Split
from . import UserError, one_line, reading, writable_folder

PICTURES = ("learning_curve.png", "mistakes.png")


def train(arguments: argparse.Namespace) -> int:
    """Trains and saves; returns the exit code: 0, or 130 after Ctrl-C in training. UserError: bad data or folder."""
    with warnings.catch_warnings():
        # fit's warning of a NaN loss, among others, as one line
        warnings.showwarning = _warn  # type: ignore[assignment]
        return _train(arguments)


def _train(arguments: argparse.Namespace) -> int:
    (train_images, y_train), (test_images, y_test) = _load(arguments.data)
    output = writable_folder(arguments.output)  # before the training, not after it
    for taken in ("weights.npz", "history.json", *PICTURES):
        if (output / taken).is_dir():
            raise UserError(f"{output / taken} is a folder, and a file of that name is to be written")
    if arguments.threads is not None:
        kernels.set_num_threads(arguments.threads)
    seed = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
    keras.utils.set_random_seed(seed)
    print(f"{len(y_train)} training images, {len(y_test)} test images, seed {seed}", flush=True)
    try:
        x_train, x_test = _scaled(train_images), _scaled(test_images)
        model = _network(arguments, x_train.shape[1])
        record = keras.callbacks.History()
        results: dict[str, Any] = {"seed": seed, "arguments": vars(arguments)}
        interrupted = False
        try:
            # the test set only draws the validation curve: nothing is chosen by it
            model.fit(
                x_train,
                y_train,
                epochs=arguments.epochs,
                batch_size=arguments.batch_size,
                validation_data=(x_test, y_test),
                callbacks=[record],
            )
            probabilities = model.predict(x_test, verbose=0)
            results["test_loss"], results["test_accuracy"] = model.evaluate(x_test, y_test, verbose=0)
        except KeyboardInterrupt:
            interrupted = True
        # one inside the other: if the disk is full, the old weights keep their old history
        with _saving(output), _uninterrupted(), replacing(output / "history.json") as file:
            text = json.dumps(_plain(results | {"history": record.history}), indent=1, allow_nan=False)
            file.write(f"{text}\n".encode())
            file.flush()
            model.save_weights(output / "weights.npz")
        if interrupted:
            where = one_line(str(output))
            print(f"pynn train: interrupted; the weights and history so far are in {where}", file=sys.stderr)
            return 130
        print(f"test accuracy {results['test_accuracy']:.4f}, test loss {results['test_loss']:.4f}")
        saved = "weights.npz, history.json"
        if find_spec("matplotlib"):
            from .. import plot

            with _saving(output):
                plot.history(record, path=output / PICTURES[0])
                plot.mistakes(test_images, y_test, probabilities, path=output / PICTURES[1])
            saved = ", ".join((saved, *PICTURES))
        else:
            print("no pictures: for the learning curve and the mistakes, pip install 'pynn[plot]'")
        print(f"saved in {one_line(str(output))}: {saved}")
    except MemoryError:
        raise UserError("not enough memory: use a smaller --hidden or --batch-size") from None
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


def _network(arguments: argparse.Namespace, pixels: int) -> keras.Sequential:
    model = keras.Sequential(
        [
            keras.Input((pixels,)),
            keras.layers.Dense(arguments.hidden, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.get(arguments.optimizer)
    if arguments.learning_rate is not None:
        optimizer.learning_rate = arguments.learning_rate
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _warn(message: Warning | str, *_: Any) -> None:
    print(f"pynn train: warning: {one_line(str(message))}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until both files are written: the history beside the weights is theirs, and the run is not lost."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread gets Ctrl-C
        yield
        return
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


@contextlib.contextmanager
def _saving(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot save in {output}: {error.strerror or error}") from None


def _plain(value: Any) -> Any:
    """Without NumPy's scalars, and with null for NaN and infinity, which JSON does not have."""
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value
