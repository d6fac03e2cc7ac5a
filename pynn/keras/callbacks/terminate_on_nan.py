"""TerminateOnNaN: an end when the loss is no number any more."""

from __future__ import annotations

import math

from .base import Callback, Logs
from .monitor import say


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
        say(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
