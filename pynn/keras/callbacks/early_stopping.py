"""EarlyStopping: an end when nothing improves any more."""

from __future__ import annotations

import warnings
from typing import Any

from .base import Logs
from .monitor import MonitorCallback, say


class EarlyStopping(MonitorCallback):
    """Ends training after `patience` epochs in which `monitor` did not improve by more than `min_delta`.

    monitor: name in the logs of the value to watch
    min_delta: a change that is no larger is no improvement; its sign does not count
    patience: number of epochs, one after the other; 0 is as 1
    verbose: 1 prints what is done, 0 nothing
    mode: "min" or "max": smaller or larger is better; "auto": as the loss or metric of that name says itself
    baseline: an epoch that does not beat it is one without improvement, even if it is the best so far; None for none
    restore_best_weights: whether the weights of the best epoch are set at the end of training
    start_from_epoch: the epochs before this one (0 is the first) are not looked at
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self._reset()

    def _reset(self) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = None
        self.best_weights: list[Any] | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._find_direction()
        current = (logs or {}).get(self.monitor)
        if current is None:
            warnings.warn(
                f"Early stopping conditioned on metric `{self.monitor}` which is not available. "
                f"Available metrics are: {','.join(logs or ())}",
                stacklevel=2,
            )
            return
        if epoch < self.start_from_epoch:
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
        if self.verbose > 0 and self.stopped_epoch > 0:
            say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose > 0:
                say(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)
