"""MonitorCallback: what the callbacks share that wait for a quantity to improve."""

from __future__ import annotations

import warnings

import numpy as np

from .base import Callback

DIRECTIONS = {"min": -1, "max": 1}


class MonitorCallback(Callback):
    """Whether `monitor` improved: by more than `min_delta`, downwards (mode "min") or upwards ("max").

    Mode "auto" takes losses as better when smaller, and asks the compiled metric of that name (without "val_")
    about others; ValueError if it does not say. `best` is the value to beat; None: any value improves on it.
    """

    def __init__(self, monitor: str, mode: str, best: float | None = None, min_delta: float = 0) -> None:
        if mode not in ("auto", "min", "max"):
            warnings.warn(f"{type(self).__name__} mode {mode!r} is unknown, fallback to auto mode.", stacklevel=3)
            mode = "auto"
        self.monitor, self.mode, self.best, self.min_delta = monitor, mode, best, abs(min_delta)
        self._sign = DIRECTIONS.get(mode, 0)  # 0: not known before the first epoch has made the metrics

    def _find_direction(self) -> None:
        """For mode "auto", once the model has its metrics."""
        if self._sign:
            return
        name = self.monitor.removeprefix("val_")
        self._sign = -1 if name == "loss" else 0
        # the compiled metrics are one entry of the model's
        for metric in (m for entry in self.model.metrics for m in getattr(entry, "metrics", [entry])):
            if metric.name == name and (direction := getattr(metric, "_direction", None)):
                self._sign = 1 if direction == "up" else -1
        if not self._sign:
            raise ValueError(
                f"{type(self).__name__} callback received monitor={self.monitor!r}, but cannot tell whether that "
                "metric should be maximized or minimized: pass mode='max' or mode='min'."
            )

    def _is_improvement(self, value: float, reference: float | None) -> bool:
        """sign * value - min_delta > sign * reference, compared as float32, which the losses and metrics are."""
        if reference is None:
            return True
        return bool(np.float32(self._sign * value - self.min_delta) > np.float32(self._sign * reference))


def say(message: str) -> None:
    """One message of a callback with `verbose=1`."""
    print(message, flush=True)
