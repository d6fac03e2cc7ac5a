"""fit, evaluate and predict: the steps on all batches of the data, with callbacks."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...engine import nest
from ..callbacks import Callback, CallbackList, History
from .arrays import check_count, data_parts, split
from .progress import ProgressBar
from .running import Running
from .sources import Epochs, is_stream, source, unpack_x_y_sample_weight
from .step import Trainable, as_logs

Callbacks = Callback | CallbackList | Iterable[Callback] | None


class Fitted(Trainable):
    """A layer that trains for epochs, is evaluated and predicts."""

    history: History
    stop_evaluating = stop_predicting = False  # a callback may set them, as stop_training
    _initial_epoch: int | None = None  # where a callback that restored an earlier training lets it go on

    def fit(
        self,
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
        (x, y, sample_weight), whose own size and order hold; then an epoch has `steps_per_epoch` batches, or all.
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
            validated: Sequence[int] = validation_freq
        else:
            validated = range(0, epochs + 1, check_count("validation_freq", validation_freq))
        self.stop_training, self._diverged, self._initial_epoch = False, False, None
        with self._calling(callbacks, verbose, epochs=epochs, steps=batches.steps, add_history=True) as call:
            history = self.history  # a callback that calls fit puts another in its place
            call("on_train_begin")
            if self._initial_epoch is not None:
                for epoch in range(initial_epoch, self._initial_epoch):
                    if is_stream(x):  # arrays are shuffled by the random numbers that were restored
                        batches.skip()
                    if validation and epoch + 1 in validated and is_stream(validation_data):
                        validation.restart()
                        validation.skip()
                initial_epoch = self._initial_epoch
            logs: dict[str, Any] = {}
            for epoch in range(initial_epoch, epochs):
                call("on_epoch_begin", epoch)
                logs = self._train(batches, call, epoch)
                if not logs:  # the data has run out
                    break
                if validation and epoch + 1 in validated:
                    logs |= {f"val_{name}": value for name, value in self._test(validation, call).items()}
                call("on_epoch_end", epoch, logs=logs)
                if self.stop_training:
                    break
            if self.optimizer.use_ema and epochs > initial_epoch:
                self.optimizer.finalize_variable_values(self.trainable_variables)
            call("on_train_end", logs=logs)
        return history

    @contextmanager
    def _calling(self, callbacks: Callbacks, verbose: Any, **params: Any) -> Iterator[CallbackList]:
        """The callbacks and, after them, the progress bar, which gives the terminal back at the end."""
        progress, outer = ProgressBar(verbose), self._running  # a callback of fit may call evaluate or predict
        one = isinstance(callbacks, (Callback, CallbackList))
        given = [callbacks] if one else list(callbacks or ())  # type: ignore[arg-type]
        try:
            yield CallbackList([*given, *([progress] if verbose else [])], model=self, verbose=verbose, **params)  # type: ignore[arg-type]  # it is a Model
        finally:
            progress.close()
            self._running = outer

    def _train(self, batches: Epochs, call: CallbackList, epoch: int) -> dict[str, Any]:
        """One epoch; returns what its last step did."""
        self._running = Running(self)
        self.reset_metrics()
        values: dict[str, Any] = {}
        for step, batch in enumerate(batches):
            call("on_train_batch_begin", step)
            values = self.train_step(batch)
            logs = as_logs(values, "train_step")
            if not (self._diverged or math.isfinite(logs.get("loss", 0.0))):
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
        return dict(values)

    def evaluate(
        self,
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
        with self._calling(callbacks, verbose, epochs=1, steps=batches.steps) as call:
            logs = self._test(batches, call)
        return logs if return_dict else self._as_list(logs)

    def _test(self, batches: Epochs, call: CallbackList) -> dict[str, float]:
        self._running = Running(self)
        self.reset_metrics()
        batches.restart()
        self.stop_evaluating = False
        call("on_test_begin")
        logs: dict[str, float] = {}
        for step, batch in enumerate(batches):
            call("on_test_batch_begin", step)
            logs = as_logs(self.test_step(batch), "test_step")
            call("on_test_batch_end", step, logs=logs)
            if self.stop_evaluating:
                break
        if not logs:
            raise ValueError("There is nothing to evaluate: the data has no batch")
        call("on_test_end", logs=logs)
        return logs

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Callbacks = None,
    ) -> Any:
        """The outputs for x (as in fit; targets in a stream are left aside), as one array each."""
        batches = source(x, batch_size=batch_size, steps=steps)
        outputs: list[Any] = []
        with self._calling(callbacks, verbose, epochs=1, steps=batches.steps) as call:
            self.stop_predicting = False
            call("on_predict_begin")
            for step, batch in enumerate(batches):
                call("on_predict_batch_begin", step)
                outputs.append(nest.map_structure(lambda t: t.numpy(), self.predict_step(batch)))
                call("on_predict_batch_end", step, logs={"outputs": outputs[-1]})
                if self.stop_predicting:
                    break
            call("on_predict_end")
        if not outputs:
            raise ValueError("There is nothing to predict: the data has no batch")
        return nest.map_structure(lambda *parts: np.concatenate(parts), *outputs)


def _validation(data: Any, batch_size: int | None, steps: int | None) -> Epochs:
    if is_stream(data):
        return source(data, steps=steps, steps_name="validation_steps")
    if not isinstance(data, (tuple, list)) or len(data) not in (1, 2, 3):
        raise ValueError("`validation_data` is a tuple (x, y) or (x, y, sample_weight), or a Dataset of batches")
    return source(*data, batch_size=batch_size, steps=steps, steps_name="validation_steps")
