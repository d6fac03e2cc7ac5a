"""fit, evaluate and predict: the steps on all batches of the data, with callbacks."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine import nest, replicas
from ...engine.convert import operand
from ...engine.tensor import Tensor
from ..callbacks import Callback, CallbackList, History
from . import distributed
from .batches import check_count, data_parts, split
from .sources import Epochs, is_stream, source, unpack_x_y_sample_weight

if TYPE_CHECKING:
    from .step import Trainer

Callbacks = Callback | CallbackList | Iterable[Callback] | None


def fit(
    self: Trainer,
    x: Any = None,
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
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_batch_size: int | None = None,
    validation_freq: int | Sequence[int] = 1,
) -> History:
    """Trains for epochs of shuffled batches (default size 32); returns the History.

    x: an array, or a list or dict of them by input; or a Dataset, PyDataset or generator of batches (x, y) or
    (x, y, sample_weight), whose size and order stay; an epoch then has `steps_per_epoch` batches, or all.
    validation_data (x, y), (x, y, sample_weight) or such a stream, or the last `validation_split` share of x
    and y before shuffling, is evaluated after every `validation_freq` epochs, or after those of a list (1 is the
    first). class_weight: label -> weight of its samples.
    """
    self._check_compiled()
    if validation_split and validation_data is None:
        if is_stream(x):
            raise ValueError("`validation_split` needs arrays: give a stream's validation data by itself")
        first, validation_data = split(data_parts(x, y, sample_weight), validation_split)
        x, y, sample_weight = unpack_x_y_sample_weight(tuple(first))
    batches = source(
        x, y, sample_weight, batch_size=batch_size, shuffle=shuffle, steps=steps_per_epoch,
        class_weight=class_weight, steps_name="steps_per_epoch",
    )  # fmt: skip
    validation = None
    if validation_data is not None:
        if validation_batch_size is not None:
            batch_size = check_count("validation_batch_size", validation_batch_size)
        validation = _validation(validation_data, batch_size, validation_steps)
    epochs, initial_epoch = check_count("epochs", epochs, 0), check_count("initial_epoch", initial_epoch, 0)
    if isinstance(validation_freq, (list, tuple)):
        validation_epochs: Sequence[int] = validation_freq
    else:
        validation_epochs = range(0, epochs + 1, check_count("validation_freq", validation_freq))
    if ranks := self._ranks:
        steps = batches.steps, validation and validation.steps
        distributed.begin(ranks, self, call="fit", steps=steps, batch_size=batch_size, epochs=(initial_epoch, epochs))
    # of several ranks the first alone warns of a loss that is not finite
    self.stop_training, self._diverged, self._initial_epoch, self._go_on = False, bool(ranks and ranks.rank), None, None
    options = {"epochs": epochs, "steps": batches.steps, "add_history": True}
    with _with_callbacks(self, callbacks, verbose, ranks, **options) as notify:
        history = self.history  # a callback that calls fit sets another
        notify("on_train_begin")
        if self._initial_epoch is not None:
            for epoch in range(initial_epoch, min(self._initial_epoch, epochs)):
                if is_stream(x):  # arrays are shuffled by the random numbers that were restored
                    batches.skip()
                if validation and epoch + 1 in validation_epochs and is_stream(validation_data):
                    validation.restart()
                    validation.skip()
            initial_epoch = self._initial_epoch
        logs: dict[str, Any] = {}
        for epoch in range(initial_epoch, epochs):
            notify("on_epoch_begin", epoch)
            logs = _run(self, batches, notify, "train", epoch)
            if not logs:  # the data has run out
                break
            if validation and epoch + 1 in validation_epochs:
                logs |= {f"val_{name}": value for name, value in _test(self, validation, notify).items()}
            notify("on_epoch_end", epoch, logs=logs)
            if distributed.any_of(ranks, self.stop_training) if ranks else self.stop_training:
                break
        if self.optimizer.use_ema and self.optimizer.built and epochs:
            self.optimizer.finalize_variable_values(self.trainable_variables)
        notify("on_train_end", logs=logs)
    return history


@contextmanager
def _with_callbacks(
    self: Trainer, callbacks: Callbacks, verbose: Any, ranks: replicas.Ranks | None = None, **params: Any
) -> Iterator[CallbackList]:
    """The callbacks and, after them, the progress bar, which is closed at the end; steps are those of the ranks."""
    if self._ranks and self._ranks.rank:
        verbose = 0
    if verbose != 0:
        from .progress import ProgressBar  # now, since it loads rich, a fifth of the import of pynn
    progress = None if verbose == 0 else ProgressBar(verbose)
    one = isinstance(callbacks, (Callback, CallbackList))
    given = [callbacks] if one else list(callbacks or ())  # type: ignore[arg-type]
    try:
        with working(self, ranks):
            yield CallbackList([*given, *([progress] if progress else [])], model=self, verbose=verbose, **params)  # type: ignore[arg-type]  # it is a Model
    finally:
        if progress:
            progress.close()


@contextmanager
def working(self: Trainer, ranks: replicas.Ranks | None) -> Iterator[None]:
    """Inside, steps are those of these ranks; after it goes on what is at work outside: a fit whose callback calls."""
    outer = self._trainer_epoch, replicas.active, ranks and ranks.batch
    replicas.active = ranks
    try:
        yield
    finally:
        self._trainer_epoch, replicas.active, batch = outer
        if ranks and batch:
            ranks.batch = batch


def _run(self: Trainer, batches: Epochs, notify: CallbackList, mode: str, number: int = 0) -> dict[str, Any]:
    """A step on each batch of an epoch ("train") or evaluation ("test"); returns the values after the last.

    number: of the epoch. {}: there was no batch.
    """
    self._begin_trainer_epoch()
    training, plain = mode == "train", self._has_plain_steps()
    step_on = self.train_step if training else self.test_step
    begins, ends = (notify.overridden(f"on_{mode}_batch_{when}") for when in ("begin", "end"))
    values: dict[str, Any] = {}
    ranks = replicas.active
    stop = self.stop_training if training else self.stop_evaluating
    asked = distributed.begin_epoch(ranks, bool(ends or begins or stop)) if ranks else bool(ends)
    step, going = 0, iter(batches)
    if training and self._go_on:
        (step, values), self._go_on = self._go_on(going), None
    for batch in going:
        if begins:
            notify(f"on_{mode}_batch_begin", step)
        if plain:  # the values so far are computed only where a callback asks for them
            self._trainer_update_metrics(*self._trainer_step(batch, training))
            loss = self._loss_tracker.total / (self._loss_tracker.count or 1)  # a batch of a stream may have no rows
        if asked or not plain:
            values = self.get_metrics_result() if plain else step_on(batch)
            logs = as_logs(values, f"{mode}_step")
            if ranks and not plain:
                logs = values = distributed.of_whole(ranks, self, logs)
            loss = logs.get("loss", 0.0)
            loss = loss if type(loss) is float else float(np.mean(loss))
        if training and not (self._diverged or math.isfinite(loss)):
            self._diverged = True
            warnings.warn(
                f"The loss is {loss} at epoch {number + 1}, step {step + 1}: the weights are no longer "
                "useful. Try a smaller learning rate, or look for NaN in the data.",
                RuntimeWarning,
                stacklevel=3,
            )
        if ends:
            notify(f"on_{mode}_batch_end", step, logs=logs)
        step += 1
        del batch  # first: the next one then reuses its memory, which is still in the caches
        stop = self.stop_training if training else self.stop_evaluating
        if distributed.any_of(ranks, stop) if ranks and asked else stop:
            break
    return self.get_metrics_result() if plain and step else dict(values)


def evaluate(
    self: Trainer,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    verbose: Any = "auto",
    sample_weight: Any = None,
    steps: int | None = None,
    callbacks: Callbacks = None,
    return_dict: bool = False,
) -> Any:
    """The loss, or the list [loss, metrics...], or with `return_dict` a dict, over all samples; x as in fit."""
    self._check_compiled()
    batches = source(x, y, sample_weight, batch_size=batch_size, steps=steps)
    if self._ranks and not replicas.active:
        distributed.begin(self._ranks, self, call="evaluate", steps=batches.steps, batch_size=batch_size)
    with _with_callbacks(self, callbacks, verbose, self._ranks, epochs=1, steps=batches.steps) as notify:
        logs = _test(self, batches, notify)
    return logs if return_dict else self._as_list(logs)


def _test(self: Trainer, batches: Epochs, notify: CallbackList) -> dict[str, Any]:
    batches.restart()
    self.stop_evaluating = False
    notify("on_test_begin")
    logs = as_logs(_run(self, batches, notify, "test"), "test_step")
    if not logs:
        raise ValueError("There is nothing to evaluate: the data has no batch")
    notify("on_test_end", logs=logs)
    return logs


def predict(
    self: Trainer,
    x: Any,
    batch_size: int | None = None,
    verbose: Any = "auto",
    steps: int | None = None,
    callbacks: Callbacks = None,
) -> Any:
    """The outputs for x (as in fit; targets in a stream are ignored), as one array each."""
    batches = source(x, batch_size=batch_size, steps=steps)
    outputs: list[Any] = []
    with _with_callbacks(self, callbacks, verbose, epochs=1, steps=batches.steps) as notify:
        self.stop_predicting = False
        notify("on_predict_begin")
        for step, batch in enumerate(batches):
            notify("on_predict_batch_begin", step)
            outputs.append(nest.map_structure(lambda t: t.numpy(), self.predict_step(batch)))
            notify("on_predict_batch_end", step, logs={"outputs": outputs[-1]})
            if self.stop_predicting:
                break
        notify("on_predict_end")
    if not outputs:
        raise ValueError("There is nothing to predict: the data has no batch")
    return outputs[0] if len(outputs) == 1 else nest.map_structure(_joined, *outputs)


def _joined(*parts: Any) -> np.ndarray:
    """The batches' outputs one after the other; those without axes (of keras.ops.mean) make a vector, as in Keras."""
    return np.concatenate(list(map(np.atleast_1d, parts)))


def _validation(data: Any, batch_size: int | None, steps: int | None) -> Epochs:
    if is_stream(data):
        return source(data, steps=steps, steps_name="validation_steps")
    if not isinstance(data, (tuple, list)) or len(data) not in (1, 2, 3):
        raise ValueError("`validation_data` is a tuple (x, y) or (x, y, sample_weight), or a Dataset of batches")
    return source(*data, batch_size=batch_size, steps=steps, steps_name="validation_steps")


def as_logs(values: Any, step: str) -> dict[str, Any]:
    """A step's values by name, sorted: floats, and tensors of several numbers (F1Score's of each class).

    Nested dicts are merged. ValueError: the step gave no dict.
    """
    if not isinstance(values, dict):
        raise ValueError(f"`{step}` must return a dict of values by name, got {values!r}")
    logs: dict[str, Any] = {}
    for name in sorted(values):
        value = values[name]
        if type(value) is Tensor and not value._array.ndim:
            logs[name] = value._array.item()
        elif isinstance(value, dict):
            logs |= as_logs(value, step)
        else:
            tensor = operand(value)
            logs[name] = tensor._array.item() if tensor._array.size == 1 else tensor
    return logs
