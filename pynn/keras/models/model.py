"""Model: a layer that trains, evaluates, predicts, and is saved as a whole."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ... import nest
from ...variable import Variable
from .. import optimizers
from .._batches import check_count, data_parts, split
from .._config import deserialize
from .._epochs import Epochs, is_stream, source, unpack_x_y_sample_weight
from .._names import auto_name
from .._progress import ProgressBar
from .._symbolic import KerasTensor
from ..callbacks import Callback, CallbackList, History
from ..layers import Layer
from . import graph, saving, summary, weights
from ._running import Running
from .steps import Trainable, as_logs

Callbacks = Callback | Sequence[Callback] | None


class Model(Trainable):
    """Of a graph, `Model(inputs, outputs)`; or a base class: a subclass makes layers and calls them in `call`.

    inputs, outputs: KerasTensors, from keras.Input and layers called on it, or lists or dicts of them.
    """

    history: History
    _graph: graph.Graph | None = None

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        *,
        trainable: bool = True,
        dtype: Any = None,
        name: str | None = None,
    ) -> None:
        if (inputs is None) != (outputs is None):
            raise TypeError("A model of a graph needs both `inputs` and `outputs`")
        if inputs is not None and name is None and type(self) is Model:
            name = auto_name("functional")
        super().__init__(name=name, trainable=trainable, dtype=dtype)
        if inputs is not None:
            self._graph = graph.Graph(inputs, outputs)
            self._graph_layers = self._graph.layers
            self.output_names = self._graph.output_names
            self.built, self._build_shape = True, nest.map_structure(lambda x: tuple(x.shape), inputs)

    def call(self, inputs: Any) -> Any:
        """The outputs: the graph's, or what a subclass computes."""
        if self._graph is None:
            raise NotImplementedError(
                f"Model {type(self).__name__} does not have a `call()` method: write one, or make the model of a "
                "graph: Model(inputs, outputs)"
            )
        return self._graph.run(inputs)

    def build(self, input_shape: Any) -> None:
        """Makes the weights of all layers, by calling the model on zeros of this shape (None counts as 1)."""
        if self._graph is None:
            self.compute_output_shape(input_shape)

    def _build_for(self, input_shape: Any) -> None:
        if type(self).build is not Model.build:  # else the call that follows builds the layers
            self.build(input_shape)

    @property
    def layers(self) -> list[Layer]:
        """The layers of the graph, or among the attributes in the order in which they were set."""
        return self.parts(Layer)[1]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of this name, or at this place. ValueError: there is none."""
        layers = self.layers
        if (name is None) == (index is None):
            raise ValueError("Provide either a layer name or layer index at `get_layer`.")
        if index is not None:
            if index >= len(layers):
                raise ValueError(f"Was asked to retrieve layer at index {index} but model only has {len(layers)} layers.")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(f"No such layer: {name}. Existing layers are: {[layer.name for layer in layers]}.")

    @property
    def inputs(self) -> list[KerasTensor] | None:
        """The graph's inputs in order; None for a subclass without a graph."""
        return None if self._graph is None else self._graph.leaves

    @property
    def outputs(self) -> list[KerasTensor] | None:
        """The graph's outputs in order; None for a subclass without a graph."""
        return None if self._graph is None else nest.flatten(self._graph.outputs)

    @property
    def input(self) -> Any:
        """The graph's inputs as they were given."""
        return super().input if self._graph is None else self._graph.inputs

    @property
    def output(self) -> Any:
        """The graph's outputs as they were given."""
        return super().output if self._graph is None else self._graph.outputs

    @property
    def input_shape(self) -> Any:
        """The shapes of `input`."""
        return nest.map_structure(lambda x: tuple(x.shape), self.input)

    @property
    def output_shape(self) -> Any:
        """The shapes of `output`."""
        return nest.map_structure(lambda x: tuple(x.shape), self.output)

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
        history = self.history = History()
        self.stop_training = self._diverged = False
        with self._calling(callbacks, verbose, history, epochs=epochs, steps=batches.steps) as call:
            call("on_train_begin")
            logs: dict[str, float] = {}
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
    def _calling(self, callbacks: Callbacks, verbose: Any, *own: Callback, **params: Any) -> Iterator[CallbackList]:
        """The callbacks and, after them, our own and the progress bar, which gives the terminal back at the end."""
        progress = ProgressBar(verbose)
        given = [callbacks] if isinstance(callbacks, Callback) else callbacks or ()
        try:
            yield CallbackList([*given, *own, *([progress] if verbose else [])], self, {"verbose": verbose, **params})
        finally:
            progress.close()
            self._running = None

    def _train(self, batches: Epochs, call: CallbackList, epoch: int) -> dict[str, float]:
        """One epoch."""
        self._running = Running(self)
        self.reset_metrics()
        logs: dict[str, float] = {}
        for step, batch in enumerate(batches):
            call("on_train_batch_begin", step)
            logs = as_logs(self.train_step(batch), "train_step")
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
        return logs

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
        with self._calling(callbacks, verbose, steps=batches.steps) as call:
            logs = self._test(batches, call)
        return logs if return_dict else self._as_list(logs)

    def _test(self, batches: Epochs, call: CallbackList) -> dict[str, float]:
        self._running = Running(self)
        self.reset_metrics()
        call("on_test_begin")
        logs: dict[str, float] = {}
        for step, batch in enumerate(batches):
            call("on_test_batch_begin", step)
            logs = as_logs(self.test_step(batch), "test_step")
            call("on_test_batch_end", step, logs=logs)
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
        with self._calling(callbacks, verbose, steps=batches.steps) as call:
            call("on_predict_begin")
            for step, batch in enumerate(batches):
                call("on_predict_batch_begin", step)
                outputs.append(nest.map_structure(lambda t: t.numpy(), self.predict_step(batch)))
                call("on_predict_batch_end", step, logs={"outputs": outputs[-1]})
            call("on_predict_end")
        return nest.map_structure(lambda *parts: np.concatenate(parts), *outputs)

    def summary(
        self, line_length: int | None = None, positions: Any = None, print_fn: Callable[[str], Any] | None = None
    ) -> None:
        """Prints the layers, their output shapes and numbers of weights; positions: the columns' shares of a line."""
        summary.print_summary(self, line_length, positions, print_fn)

    def save(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Writes the model (.keras: configuration, weights, optimizer), all or nothing."""
        saving.save_model(self, filepath, overwrite)

    def save_weights(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Writes the weights (.weights.h5 or .npz), all or nothing."""
        self._check_weights()
        weights.save_weights(self, filepath, overwrite)

    def load_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Reads weights of the same model; a file that does not fit changes nothing."""
        self._check_weights()
        weights.load_weights(self, filepath)

    def _check_weights(self) -> None:
        if not self.weights:
            raise ValueError(f"Model {self.name!r} has no weights yet: call it on data, or build(input_shape), first.")

    def to_json(self, **options: Any) -> str:
        """The configuration as text, which `keras.models.model_from_json` takes; options: json.dumps's."""
        return saving.to_json(self, options)

    def get_config(self) -> dict[str, Any]:
        """The graph's layers and calls, or a subclass's constructor arguments."""
        return super().get_config() if self._graph is None else {"name": self.name, "trainable": self._trainable, **self._graph.config()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Model:
        """A new model from what `get_config` gave, its weights drawn anew."""
        if "input_layers" not in config:
            return cls(**{name: deserialize(value) for name, value in config.items()})
        return cls(*graph.from_config(config), name=config["name"])


def _validation(data: Any, batch_size: int | None, steps: int | None) -> Epochs:
    if is_stream(data):
        return source(data, steps=steps, steps_name="validation_steps")
    if not isinstance(data, (tuple, list)) or len(data) not in (1, 2, 3):
        raise ValueError("`validation_data` is a tuple (x, y) or (x, y, sample_weight), or a Dataset of batches")
    return source(*data, batch_size=batch_size, steps=steps, steps_name="validation_steps")
