"""`pynn train` in a process of its own, started with KERNELS_ISA: it sends its progress, stops and goes on when told.

It writes lines of JSON, each all that is known so far, to standard output, and reads lines from standard input: go on
with so many threads, or 0, stop. When that input ends, the server has ended, however it ended, and so does this.
The first argument is a folder to remove then, whatever is in it; the others are those of `pynn train`.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

import kernels

from ... import keras
from ...keras.saving import state
from ..arguments import parser
from ..checks import UserError
from ..results import UNFINISHED, WEIGHTS
from ..train import train
from .network import picture, side

_UNITS, _POINTS = 24, 600  # units shown; of the curves' points every second one is dropped when there are more
_BETWEEN = 0.1  # seconds


class Live(keras.callbacks.Callback):
    """Sends each batch's loss and accuracy, the epoch's so far as in fit's progress line, and the weights of units.

    A point is [how much of the training is done, from 0 to 1, loss, accuracy].
    """

    def __init__(self, folder: Path, is_resumed: bool) -> None:
        self.running, self.folder, self.is_resumed = threading.Event(), folder, is_resumed
        self.running.set()
        self._channel = os.fdopen(os.dup(1), "w")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what `pynn train` prints is not ours
        self._points: list[list[float | None]] = []
        self._news: dict[str, Any] = {"points": self._points, "validation": []}
        self._epoch = self._batches = 0
        self._every, self._seconds, self._since, self._sent = 1, 0.0, 0.0, 0.0

    def send(self, **news: Any) -> None:
        try:
            print(json.dumps(self._news | news), file=self._channel, flush=True)
        except BrokenPipeError:  # the server has ended: `_receive`, which removes the folder, ends this process
            threading.Event().wait()

    def on_train_begin(self, logs: keras.callbacks.Logs = None) -> None:
        side(self.model.layers[0].get_weights()[0].shape[0], "the pictures have")  # else it could not be drawn for
        if self.is_resumed:
            self._epoch = state.read(self.folder / UNFINISHED)["epochs"] - 1
            self._send_batch(self.params["steps"] - 1, weights=str(self.folder / UNFINISHED))

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
        if now - self._sent > _BETWEEN or not self.running.is_set():
            self._send_batch(batch)
            self._sent = now
        self.running.wait()
        self._since = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: keras.callbacks.Logs = None) -> None:
        batch, more = self.params["steps"] - 1, epoch + 1 < self.params["epochs"]
        self._news["validation"].append(self._point(batch, logs, "val_loss", "val_accuracy"))
        self._send_batch(batch, **({"weights": str(self.folder / UNFINISHED)} if more else {}))

    def _send_batch(self, batch: int, **news: Any) -> None:
        units = [picture(w) for w in self.model.layers[0].get_weights()[0].T[:_UNITS]]
        where = {"epoch": self._epoch, "epochs": self.params["epochs"], "batch": batch, "steps": self.params["steps"]}
        self._news |= where | {"units": units, "speed": self._batches / (self._seconds or 1)}
        self.send(**news)

    def _point(self, batch: int, logs: keras.callbacks.Logs, *names: str) -> list[float | None]:
        values = [float((logs or {})[name]) for name in names]
        steps = self.params["steps"]
        done = (self._epoch * steps + batch + 1) / (self.params["epochs"] * steps)
        return [done, *(round(value, 5) if math.isfinite(value) else None for value in values)]  # JSON has no NaN


def _receive(live: Live, temporary: str) -> None:
    # unbuffered: a buffer's lock, held here, would disturb the interpreter's end
    with open(0, "rb", buffering=0, closefd=False) as lines:
        for line in lines:
            if threads := int(line):
                kernels.set_num_threads(threads)
                live.running.set()
            else:
                live.running.clear()
    for _ in range(9):  # an epoch that is being saved may put a file there meanwhile
        shutil.rmtree(temporary, ignore_errors=True)
    os._exit(0)


def main() -> None:
    temporary, arguments = sys.argv[1], parser().parse_args(["train", *sys.argv[2:]])
    if arguments.output == temporary:
        sys.modules["matplotlib"] = None  # type: ignore[assignment]  # its pictures would be thrown away
    live = Live(Path(arguments.output), arguments.resume)
    threading.Thread(target=_receive, args=[live, temporary], daemon=True).start()
    try:
        if train(arguments, [live]):
            raise UserError("the loss is no longer a number")
        live.send(status="finished", weights=str(live.folder / WEIGHTS))
    except UserError as error:
        anew = f"move {live.folder / UNFINISHED} away"  # the demo has no --resume to leave out
        live.send(status="failed", error="; ".join(error.args).replace("leave out --resume", anew))


if __name__ == "__main__":
    main()
