"""BackupAndRestore: saves the state of a training, which continues in a new process."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from .base import Callback, Logs


@dataclass(eq=False, repr=False)
class BackupAndRestore(Callback):
    """Saves weights, optimizer, random numbers and epoch in fit; the same fit in a new process continues from there.

    Saved after each epoch, it ends with the same bits as a training that was not stopped: shuffling and Dropout go on
    with the same random numbers, and a Dataset, PyDataset or generator is first read through up to that epoch.
    Not restored: the place inside a pass over shuffled arrays or a shuffled PyDataset, where `steps_per_epoch` stops
    there, and the counts of other callbacks. History has the epochs from there on, as in Keras. The file is
    `training_state.npz`, written as a whole or not at all.

    backup_dir: folder of the file, for this training only; created if missing
    save_freq: "epoch", or a number of batches; then training continues from the start of the epoch
    double_checkpoint: whether to keep the state before, which is used if the last one is damaged
    delete_checkpoint: whether the end of fit removes the file, and the folder if it is empty
    """

    backup_dir: str | os.PathLike[str]
    save_freq: str | int = "epoch"
    double_checkpoint: bool = False
    delete_checkpoint: bool = True

    def __post_init__(self) -> None:
        if not self.backup_dir:
            raise ValueError("Empty `backup_dir` argument passed")
        freq = self.save_freq
        if freq != "epoch" and (isinstance(freq, bool) or not isinstance(freq, int) or freq < 1):
            raise ValueError(f"`save_freq` must be 'epoch' or a number of batches, got {freq!r}")
        self._last = Path(self.backup_dir) / "training_state.npz"
        self._before = self._last.with_name("training_state.previous.npz")
        self._epoch = self._batches = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self._epoch = self._batches = 0
        failed: Exception | None = None  # why the newer file cannot be used
        for path in (self._last, self._before) if self.double_checkpoint else (self._last,):
            try:
                self._epoch = self.model._initial_epoch = int(self.model._restore_state(path)["epoch"])
                os.replace(path, self._last)  # else the next save would make a damaged one the previous one
                return
            except FileNotFoundError:
                pass
            except (ValueError, LookupError) as error:  # damaged, or not written by _save
                failed = failed or error
        if failed is not None:
            raise ValueError(f"{self._last} does not fit this training ({failed}): remove it to begin anew") from failed

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self.save_freq != "epoch":
            self._batches += 1
            if self._batches % int(self.save_freq) == 0:
                self._save()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch + 1
        if self.save_freq == "epoch":
            self._save()

    def _save(self) -> None:
        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint:
            with contextlib.suppress(FileNotFoundError):
                os.replace(self._last, self._before)
        self.model._save_state(self._last, {"epoch": self._epoch})

    def on_train_end(self, logs: Logs = None) -> None:
        if self.delete_checkpoint:
            for path in (self._last, self._before):
                path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # it is not empty, or does not exist
                os.rmdir(self.backup_dir)
