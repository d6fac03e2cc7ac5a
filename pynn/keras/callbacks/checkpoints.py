"""ModelCheckpoint: saves the model in training."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...support.outside import outside
from ..saving.arrays import h5py_module, safetensors_module
from ..saving.files import WEIGHTS, path_of
from .base import Logs
from .monitor import MonitorCallback


@dataclass(eq=False, repr=False)
class ModelCheckpoint(MonitorCallback):
    """Saves the model (`save`) or its weights (`save_weights`) after every epoch, or every `save_freq` batches.

    filepath: ends in .keras, or with save_weights_only in .weights.h5, .npz or .safetensors; may hold fields:
        {epoch:02d} (1 is the first), {val_loss:.2f}, and {batch} with a save_freq in batches; missing folders are made
    monitor: name in the logs of the value to watch; where there is none, or no scalar, save_best_only warns and saves
    verbose: 1 prints what is done, 0 nothing
    save_best_only: whether to save only where `monitor` beats all values before
    save_weights_only: whether to save the weights alone
    mode: "min" or "max": smaller or larger is better; "auto": as the loss or metric of that name requires
    save_freq: "epoch", or a number of batches
    initial_value_threshold: the first value to beat; None: any is an improvement
    """

    filepath: str | os.PathLike[str]
    monitor: str = "val_loss"
    verbose: int = 0
    save_best_only: bool = False
    save_weights_only: bool = False
    mode: str = "auto"
    save_freq: int | str = "epoch"
    initial_value_threshold: float | None = None
    _kept = ("best", "_batches")
    _writes = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.save_freq != "epoch" and not (isinstance(self.save_freq, int) and self.save_freq > 0):
            raise ValueError(
                f"Unrecognized save_freq: {self.save_freq}. Expected save_freq are 'epoch' or integer values"
            )
        path = path_of(self.filepath, *(WEIGHTS if self.save_weights_only else (".keras",)))
        if needs := {".h5": h5py_module, ".safetensors": safetensors_module}.get(path.suffix):
            needs()  # where it is missing, the error comes before training
        self.filepath, self.best = os.fspath(self.filepath), self.initial_value_threshold
        self._epoch = self._batches = 0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._batches += 1
        if isinstance(self.save_freq, int) and self._batches % self.save_freq == 0:
            self._save({"epoch": self._epoch + 1, "batch": batch + 1}, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._find_direction()
        if self.save_freq == "epoch":
            self._save({"epoch": epoch + 1}, logs or {})

    def _save(self, fields: dict[str, int], logs: dict[str, Any]) -> None:
        try:
            path = str(self.filepath).format(**fields | logs)
        except KeyError as error:
            raise KeyError(f"Failed to format this callback filepath: {self.filepath!r}. Reason: {error}") from None
        start = f"\nEpoch {fields['epoch']}:"
        saving: str | None = f"{start} saving model to {path}"
        if self.save_best_only:
            current = logs.get(self.monitor)
            if current is None or np.ndim(current):
                need = f"with {self.monitor} available." if current is None else "when `monitor` is a scalar value."
                rest = "" if current is None else f" Received: {current}. Falling back to `save_best_only=False`."
                warnings.warn(f"Can save best model only {need}{rest}", stacklevel=outside())
                saving = None
            else:
                self._find_direction()
                before = "None" if self.best is None else f"{self.best:.5f}"
                if not self._is_improvement(current, self.best):
                    self._say(f"{start} {self.monitor} did not improve from {before}")
                    return
                saving = f"{start} {self.monitor} improved from {before} to {current:.5f}, saving model to {path}"
                self.best = current
        if saving:
            self._say(saving)
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        try:
            (self.model.save_weights if self.save_weights_only else self.model.save)(path)
        except IsADirectoryError:
            raise OSError(
                "Please specify a non-directory filepath for ModelCheckpoint. "
                f"Filepath used is an existing directory: {path}"
            ) from None
        self._say(f"{start} finished saving model to {path}")
