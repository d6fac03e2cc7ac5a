"""BackupAndRestore: a training that is stopped goes on where it was."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from .base import Callback, Logs


class BackupAndRestore(Callback):
    """Saves weights, optimizer, random numbers and epoch in fit; the same fit in a new process goes on from there.

    Saved after each epoch, it ends with the same bits as a training that was not stopped: shuffling and Dropout go on
    with the same random numbers, and a Dataset, PyDataset or generator is first read through up to that epoch.
    Not so where `steps_per_epoch` stops inside a pass over shuffled arrays or a shuffled PyDataset, which begins anew,
    and for what other callbacks count. History has the epochs from there on, as in Keras. The file is
    `training_state.npz`, written all or nothing.

    backup_dir: folder of the file, of this training alone; made if need be
    save_freq: "epoch", or a number of batches; then training goes on with the beginning of the epoch it was in
    double_checkpoint: whether the state before is kept, and taken where the last one is damaged
    delete_checkpoint: whether the end of fit removes the file, and the folder if it is empty
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        if not backup_dir:
            raise ValueError("Empty `backup_dir` argument passed")
        if save_freq != "epoch" and (isinstance(save_freq, bool) or not isinstance(save_freq, int) or save_freq < 1):
            raise ValueError(f"`save_freq` must be 'epoch' or a number of batches, got {save_freq!r}")
        self.backup_dir, self.save_freq = backup_dir, save_freq
        self.double_checkpoint, self.delete_checkpoint = double_checkpoint, delete_checkpoint
        self._last = Path(backup_dir) / "training_state.npz"
        self._before = self._last.with_name("training_state.previous.npz")
        self._epoch = self._batches = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self._epoch = self._batches = 0
        failed: Exception | None = None
        for path in (self._last, self._before) if self.double_checkpoint else (self._last,):
            try:
                self._epoch = self.model._initial_epoch = int(self.model._restore_state(path)["epoch"])
                os.replace(path, self._last)  # or a damaged one would become the one before
                return
            except FileNotFoundError:
                pass
            except (ValueError, LookupError) as error:  # damaged bytes, and what others wrote
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
            with contextlib.suppress(OSError):  # it holds something else, or was never made
                os.rmdir(self.backup_dir)
