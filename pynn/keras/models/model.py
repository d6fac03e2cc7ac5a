"""Model: a layer that trains. fit runs the same tape and operations as a loop of the user's own."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...tape import GradientTape
from ...tensor import Tensor
from ...variable import Variable
from .. import losses, optimizers
from .. import metrics as metric_functions
from .._batches import Batch, Batches, as_data, check_count
from .._names import unique
from .._progress import ProgressBar
from ..callbacks import Callback, CallbackList, History
from ..layers import Layer
from . import saving, summary
from ._trained import Trained

Callbacks = Callback | Sequence[Callback] | None


class Model(Layer):
    """Base class: a subclass makes layers in __init__ and calls them in `call(inputs)`."""

    optimizer: optimizers.Optimizer
    _loss: losses.Loss
    history: History
    stop_training = False
    _compiled = False
    _trained: Trained | None = None  # while fit runs

    def build(self, input_shape: Any) -> None:
        """Makes the weights of all layers, by calling the model on zeros of this shape (None counts as 1)."""
        self.compute_output_shape(input_shape)

    def _build_for(self, input_shape: Any) -> None:
        if type(self).build is not Model.build:  # else the call that follows builds the layers
            self.build(input_shape)

    @property
    def layers(self) -> list[Layer]:
        """The layers among the attributes, in the order in which they were set; not the layers inside those."""
        return self._parts()[1]

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, *, metrics: Sequence[Any] | None = None) -> None:
        """Sets what training minimizes, how, and which metrics it reports; names or objects."""
        self.optimizer = optimizers.get(optimizer)
        self.loss = loss
        if loss is not None:
            found = losses.get(loss)
            self._loss = found if isinstance(found, losses.Loss) else losses.LossFunctionWrapper(found)
        if isinstance(metrics, str) or not isinstance(metrics, (list, tuple, type(None))):
            raise ValueError(f"Expected `metrics` argument to be a list, got {metrics!r}")
        self._wanted_metrics = metrics or ()
        self._metrics: list[metric_functions.Metric] | None = None
        self._loss_mean = metric_functions.Mean("loss")
        self._compiled = True

    @property
    def metrics(self) -> list[metric_functions.Metric]:
        """The mean of the loss and, after the first batch, the compiled metrics."""
        return [self._loss_mean, *(self._metrics or ())]

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`, in the order of evaluate's values."""
        return unique(metric.name for metric in self.metrics)

    def _check_compiled(self, y: Any) -> None:
        if not self._compiled:
            raise ValueError("You must call `compile()` before using the model.")
        if self.loss is None:
            raise ValueError("No loss to compute. Provide a `loss` argument in `compile()`.")
        if y is None:
            raise ValueError("There are no targets: the second argument, y, is missing.")

    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Callbacks = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        *,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
    ) -> History:
        """Trains for epochs of shuffled batches (default size 32); returns the History.

        validation_data (x, y) or (x, y, sample_weight), or the last `validation_split` share of x and y before
        shuffling, is evaluated after every `validation_freq` epochs, or after those of a list (1 is the first).
        class_weight: label -> weight of its samples.
        """
        self._check_compiled(y)
        if class_weight is not None:
            if sample_weight is not None:
                raise ValueError("You cannot use `class_weight` and `sample_weight` at the same time.")
            sample_weight = _weights_of(as_data(y, "y"), class_weight)
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = _split((x, y, sample_weight), validation_split)
        batches = Batches(x, y, sample_weight, batch_size=batch_size, shuffle=shuffle)
        validation = None
        if validation_data is not None:
            if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
                raise ValueError("`validation_data` is a tuple (x, y) or (x, y, sample_weight)")
            if validation_data[1] is None:
                raise ValueError("There are no targets: the second of `validation_data`, y, is None.")
            if validation_batch_size is None:
                validation_batch_size = batch_size
            else:
                check_count("validation_batch_size", validation_batch_size)
            validation = Batches(*validation_data, batch_size=validation_batch_size)
        epochs, initial_epoch = check_count("epochs", epochs, 0), check_count("initial_epoch", initial_epoch, 0)
        if isinstance(validation_freq, (list, tuple)):
            validated: Sequence[int] = validation_freq
        else:
            validated = range(0, epochs + 1, check_count("validation_freq", validation_freq))
        history = self.history = History()
        self.stop_training = self._diverged = False
        with self._calling(callbacks, verbose, history, epochs=epochs, steps=len(batches)) as call:
            call("on_train_begin")
            logs: dict[str, float] = {}
            for epoch in range(initial_epoch, epochs):
                call("on_epoch_begin", epoch)
                logs = self._train(batches, call, epoch)
                if validation and epoch + 1 in validated:
                    logs |= {f"val_{name}": value for name, value in self._test(validation, call).items()}
                call("on_epoch_end", epoch, logs=logs)
                if self.stop_training:
                    break
            call("on_train_end", logs=logs)
        return history

    @contextmanager
    def _calling(self, callbacks: Callbacks, verbose: Any, *own: Callback, **params: int) -> Iterator[CallbackList]:
        """The callbacks and, after them, our own and the progress bar, which gives the terminal back at the end."""
        progress = ProgressBar(verbose)
        given = [callbacks] if isinstance(callbacks, Callback) else callbacks or ()
        try:
            yield CallbackList([*given, *own, *([progress] if verbose else [])], self, {"verbose": verbose, **params})
        finally:
            progress.close()
            self._trained = None

    def _train(self, batches: Batches, call: CallbackList, epoch: int) -> dict[str, float]:
        """One epoch."""
        self._trained = Trained(self)
        self.reset_metrics()
        logs: dict[str, float] = {}
        for step, batch in enumerate(batches):
            call("on_train_batch_begin", step)
            logs = self.train_step(batch)
            if not (self._diverged or math.isfinite(logs["loss"])):
                self._diverged = True
                warnings.warn(
                    f"The loss is {logs['loss']} at epoch {epoch + 1}, step {step + 1}: the weights are no longer "
                    "useful. Try a smaller learning rate, or look for NaN in the data.",
                    RuntimeWarning,
                    stacklevel=3,
                )
            call("on_train_batch_end", step, logs=logs)
            if self.stop_training:
                break
        return logs

    def train_step(self, data: Batch) -> dict[str, float]:
        """Forward, backward, update and metrics on one batch; returns the running values."""
        x, y, weight = data
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self._loss(y, y_pred, weight)
        # the walk over all attributes costs as much as a small network's forward pass: fit does it once per epoch
        variables = self._trained.variables(tape.watched_variables()) if self._trained else self.trainable_variables
        if variables:
            self.optimizer.apply(tape.gradient(loss, variables), variables)
        else:
            warnings.warn("The model does not have any trainable weights.", stacklevel=4)
        return self._update_metrics(y, y_pred, loss)

    def test_step(self, data: Batch) -> dict[str, float]:
        """Forward and metrics on one batch; returns the running values."""
        x, y, weight = data
        y_pred = self(x, training=False)
        return self._update_metrics(y, y_pred, self._loss(y, y_pred, weight))

    def _update_metrics(self, y: Tensor | None, y_pred: Tensor, loss: Tensor) -> dict[str, float]:
        if self._metrics is None:
            self._metrics = [metric_functions.for_batch(m, y, y_pred) for m in self._wanted_metrics]
            named = zip(self.metrics_names, self.metrics, strict=True)
            self._named = sorted(named, key=lambda pair: pair[0])
        rows = len(y_pred._array)
        self._loss_mean.total += float(loss._array) * rows
        self._loss_mean.count += rows
        for metric in self._metrics:
            metric.update_state(y, y_pred)
        return {name: float(metric.result()) for name, metric in self._named}

    def reset_metrics(self) -> None:
        """Starts the running values anew."""
        for metric in self.metrics:
            metric.reset_state()

    def evaluate(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        *,
        callbacks: Callbacks = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss, or the list [loss, metrics...], or with `return_dict` a dict, over all samples."""
        self._check_compiled(y)
        batches = Batches(x, y, sample_weight, batch_size=batch_size)
        with self._calling(callbacks, verbose, steps=len(batches)) as call:
            logs = self._test(batches, call)
        values = [logs[name] for name in self.metrics_names]
        return logs if return_dict else values if len(values) > 1 else values[0]

    def _test(self, batches: Batches, call: CallbackList) -> dict[str, float]:
        self.reset_metrics()
        call("on_test_begin")
        logs: dict[str, float] = {}
        for step, batch in enumerate(batches):
            call("on_test_batch_begin", step)
            logs = self.test_step(batch)
            call("on_test_batch_end", step, logs=logs)
        call("on_test_end", logs=logs)
        return logs

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        *,
        callbacks: Callbacks = None,
    ) -> np.ndarray:
        """The outputs for x, as one array."""
        batches = Batches(x, batch_size=batch_size)
        outputs = []
        with self._calling(callbacks, verbose, steps=len(batches)) as call:
            call("on_predict_begin")
            for step, (batch, *_) in enumerate(batches):
                call("on_predict_batch_begin", step)
                outputs.append(self(batch, training=False).numpy())
                call("on_predict_batch_end", step, logs={"outputs": outputs[-1]})
            call("on_predict_end")
        return np.concatenate(outputs)

    def summary(self, line_length: int | None = None, *, print_fn: Callable[[str], Any] | None = None) -> None:
        """Prints the layers, their output shapes and numbers of weights."""
        summary.print_summary(self, line_length, print_fn)

    def save_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Writes the weights to a .npz file, all or nothing."""
        saving.save_weights(self._existing_weights(), filepath)

    def load_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Reads weights from a .npz file of the same model; a file that does not fit changes nothing."""
        saving.load_weights(self._existing_weights(), filepath)

    def _existing_weights(self) -> list[Variable]:
        weights = self.weights
        if not weights:
            raise ValueError(f"Model {self.name!r} has no weights yet: call it on data, or build(input_shape), first.")
        return weights


def _split(arrays: tuple[Any, ...], share: float) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The first samples and the last `share` of them."""
    if not 0 < share < 1:
        raise ValueError(f"`validation_split` must be between 0 and 1, got {share}")
    names = ("x", "y", "sample_weight")
    arrays = tuple(a if a is None and n != "x" else as_data(a, n) for a, n in zip(arrays, names, strict=True))
    at = math.floor(len(arrays[0]) * (1.0 - share))
    if at in (0, len(arrays[0])):
        raise ValueError(f"{len(arrays[0])} samples are too few for a `validation_split` of {share}")
    return tuple(a if a is None else a[:at] for a in arrays), tuple(a if a is None else a[at:] for a in arrays)


def _weights_of(labels: np.ndarray, class_weight: dict[int, float]) -> np.ndarray:
    """The weight of each sample by its label (integers, or one-hot rows); 1 for labels that are not there."""
    if labels.ndim > 1:
        labels = labels.argmax(-1) if labels.shape[-1] > 1 else labels[..., 0]
    weights = np.ones(len(labels), np.float32)
    for label, weight in class_weight.items():
        weights[labels == label] = weight
    return weights
