"""`pynn train` in a process of its own, started with KERNELS_ISA: it tells how it goes, stops and goes on when told.

It writes a line of JSON for what has happened to standard output, and reads a number a line from standard input: go on
with so many threads, or 0, stop. When that input ends, the server has ended, however it ended, and so does this.
"""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
from typing import Any

import kernels

from ... import keras
from ..arguments import parser
from ..checks import UserError
from ..train import train
from .network import picture

_UNITS = 24  # whose weights are shown
_BETWEEN, _BETWEEN_PICTURES = 0.05, 0.25  # seconds


class Live(keras.callbacks.Callback):
    """Sends loss and accuracy of each batch, as fit's progress line has them, and now and then pictures of weights."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self._channel = os.fdopen(os.dup(1), "w")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what `pynn train` prints is not ours
        self._points: list[list[float | None]] = []
        self._seconds = self._since = self._sent = self._pictured = 0.0

    def send(self, **fields: Any) -> None:
        print(json.dumps(fields), file=self._channel, flush=True)

    def on_epoch_begin(self, epoch: int, logs: keras.callbacks.Logs = None) -> None:
        self.send(epoch=epoch, epochs=self.params["epochs"], steps=self.params["steps"])
        self._since = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: keras.callbacks.Logs = None) -> None:
        now = time.perf_counter()
        self._seconds += now - self._since
        self._points.append(_finite(logs, "loss", "accuracy"))
        if now - self._sent > _BETWEEN or not self.go.is_set():
            self._flush(now)
        self.go.wait()
        self._since = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: keras.callbacks.Logs = None) -> None:
        self._pictured = 0
        self._flush(time.perf_counter())
        self.send(validation=_finite(logs, "val_loss", "val_accuracy"))

    def _flush(self, now: float) -> None:
        fields: dict[str, Any] = {"points": self._points, "seconds": self._seconds}
        if now - self._pictured > _BETWEEN_PICTURES:
            weights = self.model.layers[0].get_weights()[0]
            fields["units"] = [picture(w) for w in weights.T[:_UNITS]]
            self._pictured = now
        self.send(**fields)
        self._points, self._sent = [], now


def _finite(logs: keras.callbacks.Logs, *names: str) -> list[float | None]:
    """JSON has no NaN."""
    return [value if math.isfinite(value := float((logs or {})[name])) else None for name in names]


def _obey(live: Live) -> None:
    # unbuffered: a buffer's lock, held here, would disturb the interpreter's end
    with open(0, "rb", buffering=0, closefd=False) as lines:
        for line in lines:
            if threads := int(line):
                kernels.set_num_threads(threads)
                live.go.set()
            else:
                live.go.clear()
    os._exit(0)


def main() -> None:
    live = Live()
    threading.Thread(target=_obey, args=[live], daemon=True).start()
    try:
        code = train(parser().parse_args(["train", *sys.argv[1:]]), [live])
        live.send(error="the loss is no longer a number") if code else live.send(finished=True)
    except UserError as error:
        live.send(error="; ".join(error.args))


if __name__ == "__main__":
    main()
