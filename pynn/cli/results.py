"""The folder of `pynn train`: the files of one finished run, and beside them the state of one that is not finished."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import keras
from ..engine import replicas
from ..keras.saving import state
from ..support.atomic import alone, replacing, sync, temporary_folder
from .checks import UserError, one_line, reading, writable_folder

FINISHED = WEIGHTS, HISTORY, CURVE, MISTAKES = "weights.npz", "history.json", "learning_curve.png", "mistakes.png"
UNFINISHED = "unfinished.npz"
KIND = "an unfinished run of `pynn train`"


@contextlib.contextmanager
def prepared(name: str) -> Iterator[Path]:
    """The folder, writable, for this run alone. UserError: it is not, or another run writes there."""
    folder = writable_folder(name)
    for taken in (*FINISHED, UNFINISHED):
        if (folder / taken).is_dir():
            raise UserError(f"{folder / taken} is a folder, and a file of that name is to be written")
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(alone(folder))
        except BlockingIOError:
            raise UserError(f"another `pynn train` writes in {folder}: give another --output, or wait for it") from None
        yield folder


@contextlib.contextmanager
def saving(folder: Path) -> Iterator[None]:
    """What cannot be written inside is a UserError."""
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot save in {folder}: {error.strerror or error}") from None


@contextlib.contextmanager
def finishing(folder: Path) -> Iterator[Path]:
    """A folder for the files of a finished run, which in the end take the place of an earlier run's, all of them.

    At any moment the files in place are of one run; if this is cut short, the state can be finished again.
    """
    with saving(folder), temporary_folder(folder) as made:
        yield made
        for name in FINISHED:
            (folder / name).unlink(missing_ok=True)
        sync(folder)
        for path in made.iterdir():
            os.replace(path, folder / path.name)
        sync(folder)
    with saving(folder):
        (folder / UNFINISHED).unlink(missing_ok=True)


def write_history(folder: Path, content: dict[str, Any]) -> None:
    """The file HISTORY of a folder: JSON, which has no NaN and no infinity, but null."""
    plain = json.loads(json.dumps(content, default=float), parse_constant=lambda _: None)
    text = json.dumps(plain, indent=1)
    with replacing(folder / HISTORY) as file:
        file.write(f"{text}\n".encode())


class Record(keras.callbacks.History):
    """The history, and after each epoch the state of the training in UNFINISHED, with notes that `stopped` gives.

    before: the notes of a run that goes on. The state of another one that was stopped gets a number in its name.
    """

    def __init__(self, folder: Path, notes: dict[str, Any], before: dict[str, Any]) -> None:
        super().__init__()
        self.path, self.notes, self.is_ours = folder / UNFINISHED, notes, bool(before)
        self.epochs: int = before.get("epochs", 0)  # in the file
        self.history = before.get("history", {})

    def on_epoch_end(self, epoch: int, logs: keras.callbacks.Logs = None) -> None:
        super().on_epoch_end(epoch, logs)
        if self.has_diverged() or not replicas.is_first():
            return
        with saving(self.path.parent):
            if not self.is_ours and self.path.exists():
                numbered = (self.path.with_suffix(f".{n}.npz") for n in itertools.count(1))
                kept = next(path for path in numbered if not path.exists())
                os.replace(self.path, kept)
                about = f"is now {kept.name}; to go on with it, rename it to {UNFINISHED}"
                print(f"pynn train: a run that was stopped earlier {about}", file=sys.stderr)
            self.is_ours = True
            state.save(self.model, self.path, {"epochs": epoch + 1, "history": self.history, **self.notes})
        self.epochs = epoch + 1

    def on_train_batch_end(self, batch: int, logs: keras.callbacks.Logs = None) -> None:
        if not math.isfinite((logs or {})["loss"]):
            self.model.stop_training = True

    def has_diverged(self) -> bool:
        """Whether the loss is NaN or infinite."""
        return not math.isfinite(self.history["loss"][-1])

    def kept(self) -> str:
        """What there is of a run that was cut short, in words."""
        is_saved = self.is_ours and self.path.exists()
        if not (is_saved or self.epochs):
            return "no epoch was finished, nothing is saved"
        if not is_saved:  # cut short at the very end
            return f"the results are in {one_line(str(self.path.parent))}"
        epochs = state.read(self.path)["epochs"]  # `self.epochs` follows after the file
        done = f"{epochs} epoch{'s' * (epochs > 1)}"
        about = f"the state after {done} is in {one_line(str(self.path))}"
        # resumed, it would diverge again
        return about if self.has_diverged() else f"{about}; {resuming(self.path.parent)} goes on with it"


def resuming(folder: Path) -> str:
    """The command that goes on with the unfinished run in a folder."""
    return f"`pynn train --resume --output {shlex.quote(one_line(str(folder)))}`"


def stopped(folder: str, given: dict[str, Any]) -> dict[str, Any]:
    """The notes of the run that was stopped. UserError: there is none, or its arguments are not those given now."""
    path = Path(folder) / UNFINISHED
    if not path.exists():
        raise UserError(f"there is no unfinished run in {folder}: leave out --resume, or give its folder as --output")
    with reading(str(path), KIND):
        notes = state.read(path)
        epochs, history, run = notes["epochs"], notes["history"], notes["run"]
        curves = [history[name] for name in ("loss", "accuracy", "val_loss", "val_accuracy")]
        numbers = [epochs, *(run[name] for name in ("epochs", "batch_size", "hidden", "seed"))]
        if not (
            all(type(n) is int for n in numbers)
            and min(numbers[:-1]) > 0
            and epochs <= run["epochs"]
            and 0 <= run["seed"] < 2**32
            and isinstance(run["optimizer"], str)
            and isinstance(run["learning_rate"], float | None)
            and isinstance(run["data"], str | None)
            and len(history) == len(curves)
            and all(type(curve) is list and len(curve) == epochs for curve in curves)
            and all(type(value) is float for curve in curves for value in curve)
        ):
            raise ValueError("its notes are of other types")
    for name in given.keys() - {"epochs", "data"}:
        if given[name] != run[name]:
            option = f"--{name.replace('_', '-')}"
            raise UserError(f"{option} is {run[name]} in the unfinished run: leave it out, or leave out --resume")
    if given.get("epochs", epochs) < epochs:
        raise UserError(f"the unfinished run has {epochs} epochs already: give --epochs as many, or more")
    return notes
