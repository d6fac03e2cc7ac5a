"""MonitorCallback: base of callbacks that compare a value of the logs with the best so far."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ...support.outside import outside
from .base import Callback

SIGNS = {"min": -1, "max": 1, "auto": 0}  # 0: found after the first epoch, which makes the metrics


class MonitorCallback(Callback):
    """Whether `monitor` improved: by more than `min_delta`, downwards (mode "min") or upwards ("max").

    Mode "auto" takes losses as better when smaller, and asks the compiled metric of that name (without "val_")
    about others; ValueError if it does not say. `best` is the value to beat; None: any value improves on it.
    """

    monitor: str
    mode: str
    verbose: int
    min_delta: float = 0
    best: float | None = None

    def __post_init__(self) -> None:
        if self.mode not in SIGNS:
            text = f"{type(self).__name__} mode {self.mode!r} is unknown, fallback to auto mode."
            warnings.warn(text, stacklevel=outside())
            self.mode = "auto"
        self.min_delta, self._sign = abs(self.min_delta), SIGNS[self.mode]

    def _find_direction(self) -> None:
        """Sets the sign for mode "auto", when the model has its metrics."""
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

    def _current(self, logs: dict[str, Any], purpose: str, end: str = "") -> float | None:
        """The value of this epoch; a warning where there is none."""
        self._find_direction()
        if self.monitor not in logs:
            warnings.warn(
                f"{purpose} conditioned on metric `{self.monitor}` which is not available. "
                f"Available metrics are: {','.join(logs)}{end}",
                stacklevel=outside(),
            )
        value: Any = logs.get(self.monitor)
        if np.ndim(value):
            raise ValueError(
                f"{type(self).__name__} compares one number, but {self.monitor!r} has {np.size(value)}: give "
                "the metric an average or aggregation, e.g. F1Score(average='macro')"
            )
        return value

    def _is_improvement(self, value: float, reference: float | None) -> bool:
        """sign * value - min_delta > sign * reference, compared as float32, which the losses and metrics are."""
        if reference is None:
            return True
        return bool(np.float32(self._sign * value - self.min_delta) > np.float32(self._sign * reference))

    def _say(self, message: str) -> None:
        if self.verbose > 0:
            print(message, flush=True)
