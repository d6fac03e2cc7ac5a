"""BackupAndRestore: saves the state of a training, which continues in a new process."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ...engine.generator import generator
from ...engine.tensor import Tensor
from ...engine.variable import Variable
from ...support.atomic import sweep
from ..common.names import unique
from ..metrics import Metric
from ..metrics.base import clear, inside
from .base import Callback, Logs


@dataclass(eq=False, repr=False)
class BackupAndRestore(Callback):
    """Saves weights, optimizer, random numbers, epoch, what the callbacks have counted: a new process continues there.

    The same fit then ends with the same bits as one that was not stopped: shuffling and Dropout go on with the same
    random numbers, EarlyStopping, ReduceLROnPlateau, ModelCheckpoint and CSVLogger (with append=True) with the same
    counts, and a Dataset, PyDataset or generator is first read through up to there. It works after the other
    callbacks, wherever it stands among them.
    Not restored: the place inside a pass over shuffled arrays or a shuffled PyDataset, where `steps_per_epoch` stops
    there, and what callbacks of your own count. History has the epochs from there on, as in Keras. The file is
    `training_state.npz`, written as a whole or not at all.

    backup_dir: folder of the file, for this training only; created if missing
    save_freq: "epoch", or a number of batches; Keras then begins the epoch again, here it goes on with the next batch
    double_checkpoint: whether to keep the state before, which is used if the last one is damaged
    delete_checkpoint: whether the end of fit removes the file, and the folder if it is empty
    """

    backup_dir: str | os.PathLike[str]
    save_freq: str | int = "epoch"
    double_checkpoint: bool = False
    delete_checkpoint: bool = True
    _kept = ("_batches",)

    def __post_init__(self) -> None:
        if not self.backup_dir:
            raise ValueError("Empty `backup_dir` argument passed")
        freq = self.save_freq
        if freq != "epoch" and (isinstance(freq, bool) or not isinstance(freq, int) or freq < 1):
            raise ValueError(f"`save_freq` must be 'epoch' or a number of batches, got {freq!r}")
        self._last = Path(self.backup_dir) / "training_state.npz"
        self._before = self._last.with_name("training_state.previous.npz")
        self._epoch = self._batches = 0
        self._beside = []

    def on_train_begin(self, logs: Logs = None) -> None:
        self._epoch = self._batches = 0
        failed: Exception | None = None  # why the newer file cannot be used
        for path in (self._last, self._before) if self.double_checkpoint else (self._last,):
            try:
                notes = self._restored(path)
                self._epoch, self._middle = int(notes["epoch"]), notes.get("middle")
                if self._is_first():
                    os.replace(path, self._last)  # else the next save would make a damaged one the previous one
            except FileNotFoundError:
                continue
            except (ValueError, LookupError, TypeError, AttributeError) as error:  # damaged, or not written by _save
                failed = failed or error
                continue
            self.model._initial_epoch = self.params["epochs"] if notes.get("stopped") else self._epoch
            self.model._go_on = self._go_on if self._middle else None
            return
        if failed is not None:
            raise ValueError(f"{self._last} does not fit this training ({failed}): remove it to begin anew") from failed

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch, self._begin = epoch, generator().bit_generator.state

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self.save_freq != "epoch":
            self._batches += 1
            if self._batches % int(self.save_freq) == 0 and not self.model.stop_training:
                metrics = [_state(metric) for metric in self._metrics()]
                # without what is not from the model
                logs = {name: value for name, value in (logs or {}).items() if isinstance(value, (float, Tensor))}
                self._save(middle={"batch": batch + 1, "begin": self._begin, "logs": logs, "metrics": metrics})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch + 1
        if self.save_freq == "epoch":
            self._save()

    def on_train_end(self, logs: Logs = None) -> None:
        if self.delete_checkpoint and self._is_first():
            for path in (self._before, self._last):
                path.unlink(missing_ok=True)
            sweep(self._last.parent)
            with contextlib.suppress(OSError):  # it is not empty, or does not exist
                os.rmdir(self.backup_dir)

    def _save(self, **more: Any) -> None:
        if not self._is_first():
            return
        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint:
            with contextlib.suppress(FileNotFoundError):
                os.replace(self._last, self._before)
        counts = {name: {kept: getattr(callback, kept) for kept in _kept(callback)} for name, callback in self._named()}
        notes = {"epoch": self._epoch, "stopped": self.model.stop_training, "callbacks": counts}
        self.model._save_state(self._last, notes | more)

    def _is_first(self) -> bool:
        """Whether this process is alone, or rank 0, which writes for all."""
        return not (self.model._ranks and self.model._ranks.rank)

    def _restored(self, path: Path) -> dict[str, Any]:
        notes = self.model._restore_state(path)
        for name, callback in self._named():
            for kept, value in notes.get("callbacks", {}).get(name, {}).items():
                if kept in _kept(callback):
                    setattr(callback, kept, value)
        return notes

    def _named(self) -> Iterator[tuple[str, Callback]]:
        callbacks = self._beside or []
        return zip(unique([type(callback).__name__ for callback in callbacks]), callbacks, strict=True)

    def _go_on(self, batches: Iterator[Any]) -> tuple[int, dict[str, Any]]:
        """Reads the batches of the epoch up to the state; returns their number, and the values after them."""
        assert self._middle is not None
        self._begin = generator().bit_generator.state = self._middle["begin"]
        (last,) = deque(islice(batches, self._middle["batch"]), 1)
        saved = self._middle["metrics"]
        if len(list(self._metrics())) < len(saved):
            self.model.test_step(last)  # the first batch makes some of them
        self._restored(self._last)  # again, after the beginning of the epoch, of which the callbacks were told
        metrics = list(self._metrics())
        if len(metrics) != len(saved):
            raise ValueError(f"{self._last} has {len(saved)} metrics, not {len(metrics)}: remove it to begin anew")
        for metric, state in zip(metrics, saved, strict=True):
            _restore(metric, state)
            if not self._is_first():  # the sums over the ranks are there once
                clear(metric)
        return self._middle["batch"], self._middle["logs"]

    def _metrics(self) -> Iterator[Metric]:
        for entry in self.model.metrics:
            for metric in getattr(entry, "metrics", [entry]):  # the compiled ones are one entry
                yield from inside(metric)


def _kept(callback: Any) -> tuple[str, ...]:
    return getattr(callback, "_kept", ())  # it may be of a class of its own


def _state(metric: Metric) -> dict[str, Any]:
    numbers = {name: value for name, value in vars(metric).items() if type(value) in (int, float, np.ndarray)}
    return {"numbers": numbers, "variables": [v.numpy() for v in metric._parts() if isinstance(v, Variable)]}


def _restore(metric: Metric, state: dict[str, Any]) -> None:
    vars(metric).update(state["numbers"])
    for v, value in zip((v for v in metric._parts() if isinstance(v, Variable)), state["variables"], strict=True):
        v.assign(value)
