"""Libraries that train in workers, as contestants: they must start alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..measure.progress import note, progress
from ..measure.turns import Remote
from ..measure.workers import Reply, Worker, WorkerFailed

# The largest relative difference of the first epoch's loss to pynn's. Each shuffles in its own order, which moves it by
# about 1% (measured on ten orders).
SAME_LOSS = 0.05


class Trainer(Remote):
    """A turn is an epoch, and its value the epoch's seconds. Keeps its curve: seconds trained, mean loss and accuracy
    after each epoch, of which the first is not timed."""

    def __init__(self, worker: Worker, x: np.ndarray, labels: np.ndarray) -> None:
        super().__init__(worker, "epoch")
        self.curve: list[list[float]] = []
        worker.call("use", x, labels)
        self._keep(worker.call("epoch"))

    def _keep(self, reply: Reply) -> None:
        trained = self.curve[-1][0] if self.curve else 0.0
        self.curve.append([trained + reply.seconds, *reply.value])

    def turn(self) -> Reply:
        reply = super().turn()
        self._keep(reply)
        return replace(reply, value=reply.seconds)


def trainers(
    workers: dict[str, Worker], x: np.ndarray, labels: np.ndarray, what: str, notes: list[str]
) -> dict[str, Trainer]:
    """Those that train, and as pynn does, after their first epoch: none without pynn. `notes` gets the others."""
    found: dict[str, Trainer] = {}
    for name, worker in workers.items():
        progress(f"{what}: the first epoch of {name}")
        try:
            found[name] = Trainer(worker, x, labels)
        except WorkerFailed as error:
            note(notes, f"Does not train: {error}.")
    losses = {name: trainer.curve[0][1] for name, trainer in found.items()}
    if "pynn" not in losses:
        note(notes, f"{what}: without pynn there is nothing to compare with.")
        return {}
    for name, loss in losses.items():
        if not abs(loss / losses["pynn"] - 1) < SAME_LOSS:  # NaN, too
            note(notes, f"{name} is not the same training, {what}: its first loss is {loss:.4f}.")
            del found[name]
    return found
