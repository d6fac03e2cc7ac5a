"""ReduceLROnPlateau: a smaller learning rate when nothing improves any more."""

from __future__ import annotations

import warnings

import numpy as np

from ...support.neutral import neutral
from .base import Logs
from .monitor import MonitorCallback, say


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by `factor`, down to `min_lr`, after `patience` epochs without improvement.

    Adds "learning_rate" to the epoch's logs, as it was during it.

    monitor: name in the logs of the value to watch
    factor: below 1, else ValueError
    patience: number of epochs, one after the other; 0 is as 1
    verbose: 1 prints what is done, 0 nothing
    mode: "min" or "max": smaller or larger is better; "auto": as the loss or metric of that name says itself
    min_delta: a change that is no larger is no improvement; its sign does not count
    cooldown: number of epochs after a reduction that are not counted
    min_lr: lower limit of the learning rate
    """

    @neutral(baseline=None)
    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau does not support a factor >= 1.0. Received factor={factor}")
        self.factor, self.patience, self.verbose = factor, patience, verbose
        self.cooldown, self.min_lr = cooldown, min_lr
        self.wait = self.cooldown_counter = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self.best = None
        self.wait = self.cooldown_counter = 0

    def in_cooldown(self) -> bool:
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._find_direction()
        logs = {} if logs is None else logs
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(
                f"Learning rate reduction is conditioned on metric `{self.monitor}` which is not available. "
                f"Available metrics are: {','.join(logs)}.",
                stacklevel=2,
            )
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and logs["learning_rate"] > np.float32(self.min_lr):
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        optimizer = self.model.optimizer
        rate = max(float(optimizer.learning_rate) * self.factor, self.min_lr)
        optimizer.learning_rate = rate
        self.cooldown_counter = self.cooldown
        self.wait = 0
        if self.verbose > 0:
            say(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {rate}.")
