"""Callbacks that end training: EarlyStopping, where nothing improves; TerminateOnNaN, where the loss is no number."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from .base import Callback, Logs
from .monitor import MonitorCallback


@dataclass(eq=False, repr=False)
class EarlyStopping(MonitorCallback):
    """Ends training after `patience` epochs in which `monitor` did not improve by more than `min_delta`.

    monitor: name in the logs of the value to watch
    min_delta: a change that is no larger is no improvement; its sign does not count
    patience: number of successive epochs; 0 means 1
    verbose: 1 prints what is done, 0 nothing
    mode: "min" or "max": smaller or larger is better; "auto": as the loss or metric of that name requires
    baseline: value that an improvement must beat, too, for the count of epochs to restart; None: no such value
    restore_best_weights: whether the weights of the best epoch are set at the end of training
    start_from_epoch: the first epoch (0 is the first of all) whose value is compared
    """

    monitor: str = "val_loss"
    min_delta: float = 0
    patience: int = 0
    verbose: int = 0
    mode: str = "auto"
    baseline: float | None = None
    restore_best_weights: bool = False
    start_from_epoch: int = 0
    best_weights: list[Any] | None = field(default=None, init=False)
    wait = stopped_epoch = best_epoch = 0
    _kept = ("best", "best_epoch", "best_weights", "stopped_epoch", "wait")

    def on_train_begin(self, logs: Logs = None) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = self.best_weights = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        current = self._current(logs or {}, "Early stopping")
        if current is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self._is_improvement(current, self.best):
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._is_improvement(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        if self.stopped_epoch > 0:
            self._say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            self._say(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)


class TerminateOnNaN(Callback):
    """Ends training at the first batch whose loss is NaN or infinite.

    raise_error: whether by a RuntimeError; else it prints a line
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}. Loss value: {loss}. Terminating training immediately."
            )
        print(f"Batch {batch}: Invalid loss, terminating training", flush=True)
        self.model.stop_training = True
