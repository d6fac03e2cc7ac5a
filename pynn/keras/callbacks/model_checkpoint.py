"""ModelCheckpoint: the model, or its weights, in files during training."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np

from .base import Logs
from .monitor import MonitorCallback, say


class ModelCheckpoint(MonitorCallback):
    """Saves the model (`save`) or its weights (`save_weights`) after every epoch, or every `save_freq` batches.

    filepath: ends in .keras, or with save_weights_only in .weights.h5 or .npz; may hold fields: {epoch:02d} (1 is the
        first), {val_loss:.2f}, and {batch} with a save_freq in batches; folders that are missing are made
    monitor: name in the logs of the value to watch; where there is none, or no scalar, save_best_only warns and saves
    verbose: 1 prints what is done, 0 nothing
    save_best_only: whether to save only where `monitor` beats all values before
    save_weights_only: whether to save the weights alone
    mode: "min" or "max": smaller or larger is better; "auto": as the loss or metric of that name says itself
    save_freq: "epoch", or a number of batches
    initial_value_threshold: the first value to beat; None: any is an improvement
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: int | str = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(f"Unrecognized save_freq: {save_freq}. Expected save_freq are 'epoch' or integer values")
        self.filepath, self.verbose, self.save_freq = os.fspath(filepath), verbose, save_freq
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        self._epoch = self._batches = 0
        from ..saving import arrays, weights  # late: models are written with callbacks

        path = weights.ending_in(filepath, *((".weights.h5", ".npz") if save_weights_only else (".keras",)))
        if path.suffix == ".h5":
            arrays.h5py_module()  # its error comes before any epoch that would be lost

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if isinstance(self.save_freq, int):
            self._batches += 1
            if self._batches >= self.save_freq:
                self._batches = 0
                self._save({"epoch": self._epoch + 1, "batch": batch + 1}, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._find_direction()
        if self.save_freq == "epoch":
            self._save({"epoch": epoch + 1}, logs or {})

    def _save(self, fields: dict[str, int], logs: dict[str, Any]) -> None:
        try:
            path = self.filepath.format(**fields | logs)
        except KeyError as error:
            raise KeyError(f"Failed to format this callback filepath: {self.filepath!r}. Reason: {error}") from None
        if not self._wanted(fields["epoch"], path, logs):
            return
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        try:
            (self.model.save_weights if self.save_weights_only else self.model.save)(path)
        except IsADirectoryError:
            raise OSError(
                "Please specify a non-directory filepath for ModelCheckpoint. "
                f"Filepath used is an existing directory: {path}"
            ) from None
        self._say(fields["epoch"], f"finished saving model to {path}")

    def _wanted(self, epoch: int, path: str, logs: dict[str, Any]) -> bool:
        """Whether to save now."""
        if not self.save_best_only:
            self._say(epoch, f"saving model to {path}")
            return True
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(f"Can save best model only with {self.monitor} available.", stacklevel=4)
            return True
        if np.ndim(current):
            warnings.warn(
                f"Can save best model only when `monitor` is a scalar value. Received: {current}. "
                "Falling back to `save_best_only=False`.",
                stacklevel=4,
            )
            return True
        self._find_direction()
        before = "None" if self.best is None else f"{self.best:.5f}"
        if not self._is_improvement(current, self.best):
            self._say(epoch, f"{self.monitor} did not improve from {before}")
            return False
        self._say(epoch, f"{self.monitor} improved from {before} to {current:.5f}, saving model to {path}")
        self.best = current
        return True

    def _say(self, epoch: int, message: str) -> None:
        if self.verbose > 0:
            say(f"\nEpoch {epoch}: {message}")
