"""Callbacks that set the learning rate: by a function of the epoch, or to a smaller one where nothing improves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...support.neutral import neutral
from .base import Callback, Logs
from .monitor import MonitorCallback


class LearningRateScheduler(Callback):
    """Sets the learning rate of each epoch to schedule(epoch, learning rate so far), or to schedule(epoch).

    Adds "learning_rate" to the epoch's logs.

    schedule: a function that returns a float, else ValueError; the first epoch is 0
    verbose: 1 prints what is done, 0 nothing
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        optimizer = self.model.optimizer
        try:
            rate = self.schedule(epoch, float(optimizer.learning_rate))
        except TypeError:  # it takes the epoch alone
            rate = self.schedule(epoch)
        if not isinstance(rate, (float, np.float32)):  # np.float64 is a float
            raise ValueError(f"The output of the `schedule` function should be a float. Got: {rate}")
        optimizer.learning_rate = rate
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.", flush=True)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


@neutral(baseline=None)
@dataclass(eq=False, repr=False)
class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by `factor`, down to `min_lr`, after `patience` epochs without improvement.

    Adds "learning_rate" to the epoch's logs, as it was during it.

    monitor: name in the logs of the value to watch
    factor: below 1, else ValueError
    patience: number of successive epochs; 0 means 1
    verbose: 1 prints what is done, 0 nothing
    mode: "min" or "max": smaller or larger is better; "auto": as the loss or metric of that name requires
    min_delta: a change that is no larger is no improvement; its sign does not count
    cooldown: number of epochs after a reduction that are not counted
    min_lr: lower limit of the learning rate
    """

    monitor: str = "val_loss"
    factor: float = 0.1
    patience: int = 10
    verbose: int = 0
    mode: str = "auto"
    min_delta: float = 1e-4
    cooldown: int = 0
    min_lr: float = 0.0
    wait = cooldown_counter = 0
    _kept = ("best", "cooldown_counter", "wait")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau does not support a factor >= 1.0. Received factor={self.factor}")

    def on_train_begin(self, logs: Logs = None) -> None:
        self.best, self.wait, self.cooldown_counter = None, 0, 0

    def in_cooldown(self) -> bool:
        """Whether the rate was lowered less than `cooldown` epochs ago."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs, optimizer = {} if logs is None else logs, self.model.optimizer
        logs["learning_rate"] = rate = float(optimizer.learning_rate)
        current = self._current(logs, "Learning rate reduction is", ".")
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best, self.wait = current, 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and rate > np.float32(self.min_lr):
                optimizer.learning_rate = rate = max(rate * self.factor, self.min_lr)
                self.wait, self.cooldown_counter = 0, self.cooldown
                self._say(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {rate}.")
