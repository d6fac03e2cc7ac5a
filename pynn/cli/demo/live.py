"""`pynn train` in a process of its own, started with KERNELS_ISA: it tells how it goes, stops and goes on when told.

It writes lines of JSON, each all that is known so far, to standard output, and reads lines from standard input: go on
with so many threads, or 0, stop. When that input ends, the server has ended, however it ended, and so does this.
"""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import kernels

from ... import keras
from ..arguments import parser
from ..checks import UserError
from ..results import UNFINISHED, WEIGHTS
from ..train import train
from .network import picture

_UNITS, _POINTS = 24, 600  # units shown; of the curves' points every second one is dropped when there are more
_BETWEEN = 0.1  # seconds


class Live(keras.callbacks.Callback):
    """Tells each batch's loss and accuracy, the epoch's so far as in fit's progress line, and the weights of units.

    A point is [how much of the training is done, from 0 to 1, loss, accuracy].
    """

    def __init__(self, folder: Path) -> None:
        self.go, self.folder = threading.Event(), folder
        self.go.set()
        self._channel = os.fdopen(os.dup(1), "w")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what `pynn train` prints is not ours
        self._points: list[list[float | None]] = []
        self._news: dict[str, Any] = {"points": self._points, "validation": []}
        self._epoch = self._batches = 0
        self._every, self._seconds, self._since, self._told = 1, 0.0, 0.0, 0.0

    def tell(self, **news: Any) -> None:
        print(json.dumps(self._news | news), file=self._channel, flush=True)

    def on_epoch_begin(self, epoch: int, logs: keras.callbacks.Logs = None) -> None:
        self._epoch, self._since = epoch, time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: keras.callbacks.Logs = None) -> None:
        now = time.perf_counter()
        self._seconds += now - self._since
        self._batches += 1
        if self._batches % self._every == 0:
            self._points.append(self._point(batch, logs, "loss", "accuracy"))
            if len(self._points) > _POINTS:
                del self._points[::2]
                self._every *= 2
        if now - self._told > _BETWEEN or not self.go.is_set():
            self._tell(batch)
            self._told = now
        self.go.wait()
        self._since = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: keras.callbacks.Logs = None) -> None:
        batch, more = self.params["steps"] - 1, epoch + 1 < self.params["epochs"]
        self._news["validation"].append(self._point(batch, logs, "val_loss", "val_accuracy"))
        self._tell(batch, **({"weights": str(self.folder / UNFINISHED)} if more else {}))

    def _tell(self, batch: int, **news: Any) -> None:
        units = [picture(w) for w in self.model.layers[0].get_weights()[0].T[:_UNITS]]
        where = {"epoch": self._epoch, "epochs": self.params["epochs"], "batch": batch, "steps": self.params["steps"]}
        self._news |= where | {"units": units, "speed": self._batches / self._seconds}
        self.tell(**news)

    def _point(self, batch: int, logs: keras.callbacks.Logs, *names: str) -> list[float | None]:
        values = [float((logs or {})[name]) for name in names]
        steps = self.params["steps"]
        done = (self._epoch * steps + batch + 1) / (self.params["epochs"] * steps)
        return [done, *(round(value, 5) if math.isfinite(value) else None for value in values)]  # JSON has no NaN


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
    arguments = parser().parse_args(["train", *sys.argv[1:]])
    live = Live(Path(arguments.output))
    threading.Thread(target=_obey, args=[live], daemon=True).start()
    try:
        if train(arguments, [live]):
            raise UserError("the loss is no longer a number")
        live.tell(status="finished", weights=str(live.folder / WEIGHTS))
    except UserError as error:
        live.tell(status="failed", error="; ".join(error.args))


if __name__ == "__main__":
    main()
