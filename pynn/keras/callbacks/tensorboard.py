"""TensorBoard: the values and weights of training, for TensorBoard's pages."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import summary
from ...engine.variable import Variable
from ...summary import events
from .base import Callback, Logs

if TYPE_CHECKING:
    from ..models.model import Model


@dataclass(eq=False, repr=False)
class TensorBoard(Callback):
    """Writes event files to log_dir/train and log_dir/validation: `tensorboard --logdir log_dir` shows them.

    Every epoch: epoch_<name> for each of the logs and the learning rate, and evaluation_<name>_vs_iterations. The
    package tensorboard must be installed, else ImportError.

    log_dir: path of the folder
    histogram_freq: number of epochs from one histogram of the weights to the next; 0 for none
    write_graph: changes nothing, because operations that run at once leave no graph
    write_images: whether to draw the weights where their histograms are written
    write_steps_per_second: whether to write the speed of every epoch (and batch, if update_freq asks for batches)
    update_freq: "epoch"; "batch" or a number n: batch_<name> too, every n batches, and the files are the default of
        `tf.summary` meanwhile
    profile_batch: 0 or None, else ValueError: there is no profiler
    embeddings_freq, embeddings_metadata: 0 and None, else ValueError: there is no projector
    """

    log_dir: str | os.PathLike[str] = "logs"
    histogram_freq: int = 0
    write_graph: bool = True
    write_images: bool = False
    write_steps_per_second: bool = False
    update_freq: int | str = "epoch"
    profile_batch: Any = 0
    embeddings_freq: int = 0
    embeddings_metadata: Any = None
    _writes = True

    def __post_init__(self) -> None:
        events.tensorboard()
        if self.profile_batch not in (0, None):
            raise ValueError(f"There is no profiler: `profile_batch` must be 0, got {self.profile_batch!r}")
        if self.embeddings_freq or self.embeddings_metadata is not None:
            raise ValueError("There is no projector for embeddings: leave out `embeddings_freq` and its metadata")
        if self.update_freq == "batch":
            self.update_freq = 1
        if self.update_freq != "epoch" and (not isinstance(self.update_freq, int) or self.update_freq < 1):
            raise ValueError(f"`update_freq` is 'epoch', 'batch' or a number of batches, got {self.update_freq!r}")
        self.log_dir = os.fspath(self.log_dir)
        self._batches = {run: Variable(0, trainable=False, dtype="int64") for run in ("train", "validation")}
        self._writers: dict[str, summary.SummaryWriter] = {}
        self._defaults: list[ExitStack] = []  # what fit, and inside it evaluate, made the default of tf.summary

    def set_model(self, model: Model) -> None:
        super().set_model(model)
        while self._defaults:  # an interrupted fit left them
            self._pop_default()
        self._close()

    def _writer(self, run: str) -> summary.SummaryWriter:
        if run not in self._writers:
            self._writers[run] = summary.create_file_writer(os.path.join(self.log_dir, run))
        return self._writers[run]

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def _push_default(self, run: str) -> None:
        if self.update_freq != "epoch":
            context = ExitStack()
            context.enter_context(self._writer(run).as_default(self._batches[run]))
            context.enter_context(summary.record_if(lambda: self._is_due(run)))
            self._defaults.append(context)

    def _pop_default(self) -> None:
        if self._defaults:
            self._defaults.pop().close()

    def _is_due(self, run: str) -> bool:
        return isinstance(self.update_freq, int) and int(self._batches[run]) % self.update_freq == 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self._batches["train"].assign(0)
        self._push_default("train")

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch_began, self._steps_before = time.perf_counter(), int(self.model.optimizer.iterations)

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._batches["train"].assign_add(1)
        self._batch_began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self._is_due("train"):
            speed = {"steps_per_second": 1 / (time.perf_counter() - self._batch_began)}
            values = (logs or {}) | (speed if self.write_steps_per_second else {})
            self._write("train", "batch_{}", values, int(self._batches["train"]))

    def on_test_begin(self, logs: Logs = None) -> None:
        self._push_default("validation")

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._batches["validation"].assign_add(1)

    def on_test_end(self, logs: Logs = None) -> None:
        self._write("validation", "evaluation_{}_vs_iterations", logs or {}, int(self.model.optimizer.iterations))
        self._writer("validation").flush()
        self._pop_default()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        values = {name: value for name, value in logs.items() if not name.startswith("val_")}
        values["learning_rate"] = float(self.model.optimizer.learning_rate)
        if self.write_steps_per_second:
            steps = int(self.model.optimizer.iterations) - self._steps_before
            values["steps_per_second"] = steps / (time.perf_counter() - self._epoch_began)
        self._write("train", "epoch_{}", values, epoch)
        validation = {name.removeprefix("val_"): value for name, value in logs.items() if name.startswith("val_")}
        self._write("validation", "epoch_{}", validation, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        for writer in self._writers.values():
            writer.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        self._pop_default()
        self._close()

    def _write(self, run: str, tag: str, values: dict[str, Any], step: int) -> None:
        for name, value in values.items():
            self._writer(run)._add(events.scalar(tag.format(name), value), step)

    def _write_weights(self, epoch: int) -> None:
        writer = self._writer("train")
        for weight in (w for layer in self.model.layers for w in layer.weights):
            path = getattr(weight, "path", weight.name).replace(":", "_")
            writer._add(events.histogram(f"{path}/histogram", weight), epoch)
            if self.write_images and (pictures := _pictures(weight.numpy())) is not None:
                writer._add(events.image(f"{path}/image", pictures), epoch)


def _pictures(weight: np.ndarray) -> np.ndarray | None:
    """A weight as grey images (k, height, width, 1), without axes of length 1; None: it has more than 3 axes.

    A vector is a column; a matrix lies on its longer side; of (a, b, c) each of the c is one.
    """
    w = np.squeeze(np.asarray(weight))
    if w.ndim == 1:
        return w.reshape(1, -1, 1, 1)
    if w.ndim == 2:
        return (w.T if w.shape[0] > w.shape[1] else w)[None, :, :, None]
    return w.transpose(2, 0, 1)[..., None] if w.ndim == 3 else None
