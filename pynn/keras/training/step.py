"""Trainer: what `compile` sets, and one step on a batch, by the tape and operations of a user's own loop."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator, Set
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ... import ops
from ...engine import nest, replicas
from ...engine.tape import GradientTape
from ...engine.tensor import Tensor
from ...engine.variable import Variable
from ...support.neutral import neutral
from .. import optimizers
from ..metrics import Mean, Metric
from ..variables import penalties
from . import distributed, loop
from .compiled import CompiledLoss, CompiledMetrics, check_metrics
from .sources import one_batch, unpack_x_y_sample_weight

if TYPE_CHECKING:
    from ..callbacks import History
    from ..layers import Layer as Base
else:
    Base = object


class Epoch:
    """Trainable variables, regularized variables and metrics of an epoch: to find them takes a walk over all layers.

    A layer that is built during the epoch is trained from then on. Where a callback sets `trainable`, the next epoch
    uses the new value; Keras uses it after another `compile`.
    """

    read_ids: Set[int] | None = None  # the ids of the variables that the last step's tape saw
    variables: list[Variable]  # the model's trainable ones

    def __init__(self, model: Trainer) -> None:
        self._model = model
        means = model._objective.means if model._objective else []  # of outputs: the first batch may make new ones
        self.metrics: list[Metric] = [m for m in model.metrics if m not in means]

    def refresh(self, read: tuple[Variable, ...]) -> list[Variable]:
        """Finds the trainable variables again, as a step read other variables than the step before."""
        self._held, self.read_ids = read, set(map(id, read))  # held, so that no other object takes their ids
        self.variables = self._model.trainable_variables
        return self.variables

    @cached_property
    def penalized(self) -> list[Variable]:
        """The trainable variables with a regularizer, as of the first step."""
        return [v for v in self._model.trainable_variables if v.regularizer is not None]


def _has_own_apply(optimizer: Any) -> bool:
    """Whether somebody has replaced `apply` or `apply_gradients`: theirs take Tensors."""
    replaced = getattr(getattr(optimizer, "apply", None), "__func__", None) is not optimizers.Optimizer.apply
    return replaced or getattr(optimizer.apply_gradients, "__func__", None) is not optimizers.Optimizer.apply_gradients


class Trainer(Base):
    """The part of Model that trains: compile, fit, evaluate, predict. Users override train_step, compute_loss, ..."""

    fit, evaluate, predict = loop.fit, loop.evaluate, loop.predict

    optimizer: optimizers.Optimizer
    loss: Any = None
    compiled = run_eagerly = False
    stop_training = stop_evaluating = stop_predicting = False  # callbacks may set them
    history: History
    output_names: list[str] | None = None
    _objective: CompiledLoss | None = None
    _compile_metrics: CompiledMetrics | None = None
    _loss_tracker: Mean = None  # type: ignore[assignment]  # until compile
    _ranks: replicas.Ranks | None = None  # that train it together: those in scope where it was made or compiled
    _loss_takes_training = True  # False for a user's compute_loss without it, as before Keras 3.3
    _trainer_epoch: Epoch | None = None  # while fit or evaluate runs
    _initial_epoch: int | None = None  # set by a callback that restores an earlier training
    _go_on: Callable[[Iterator[Any]], tuple[int, dict[str, Any]]] | None = None  # and this, which skips what was done
    _diverged = False  # whether fit has warned that the loss is not finite

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls._loss_takes_training = "training" in inspect.signature(cls.compute_loss).parameters

    @neutral(steps_per_execution=..., jit_compile=..., auto_scale_loss=...)
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
    ) -> None:
        """Sets what training minimizes, how, and which metrics it reports; names or objects.

        Several outputs: lists in their order or dicts by their names. Every step runs eagerly, one at a time: the
        options that say how Keras compiles steps, and scales losses of half precision, change no number. Callbacks
        are called for each batch, whatever steps_per_execution is.
        """
        self.run_eagerly, self._ranks = run_eagerly, replicas.scoped or self._ranks
        check_metrics(metrics)
        check_metrics(weighted_metrics)
        self.optimizer = optimizers.get(optimizer)
        self.loss = loss
        self._objective = None if loss is None else CompiledLoss(loss, loss_weights, self.output_names)
        self._compile_metrics = None
        if metrics or weighted_metrics:
            self._compile_metrics = CompiledMetrics(metrics, weighted_metrics, self.output_names)
        self._loss_tracker = Mean("loss")
        self._compile_arguments = SimpleNamespace(  # no dict: `metrics` would find those in it as attributes
            optimizer=self.optimizer, loss=loss, loss_weights=loss_weights, metrics=metrics,
            weighted_metrics=weighted_metrics,
        )  # fmt: skip
        self.compiled = True
        if replicas.started and not self._ranks and not replicas.started.rank:
            about = "The model was neither made nor compiled in `strategy.scope()`: each rank trains it by itself"
            warnings.warn(about, stacklevel=3)

    @property
    def metrics(self) -> list[Metric]:
        """The mean of the loss, the compiled metrics as one, the outputs' losses, and metrics that are attributes."""
        means = self._objective.means if self._objective else []
        compiled = [m for m in (self._loss_tracker, self._compile_metrics, *means) if m is not None]
        # models inside have a training, and metrics, of their own
        layers = [x for x in self._tree() if x is self or not isinstance(x, Trainer)]
        own = {id(m): m for x in layers for m in x._parts(Metric)[1]}
        return [*compiled, *(m for m in own.values() if m not in compiled)]

    @property
    def metrics_names(self) -> list[str]:
        """The names under which values are reported, in the order of evaluate's values."""
        compiled = self._compile_metrics
        return self._in_order(
            [name for m in self.metrics for name in (compiled.names() if m is compiled else [m.name])]
        )

    def _in_order(self, names: Iterable[str]) -> list[str]:
        """The names as Keras's evaluate orders them: the metrics', then those with an output's prefix, sorted."""
        compiled = self._compile_metrics
        first = [n.name for m in self.metrics for n in (compiled.metrics if m is compiled else [m])]
        found = list(names)
        return [*(name for name in first if name in found), *sorted(set(found) - set(first))]

    def reset_metrics(self) -> None:
        """Sets the running values back to their start."""
        for metric in self._all_metrics():
            metric.reset_state()

    def _begin_trainer_epoch(self) -> None:
        self._trainer_epoch = Epoch(self)
        self.reset_metrics()

    def _all_metrics(self) -> list[Metric]:
        if self._trainer_epoch is None:
            return self.metrics
        return [*self._trainer_epoch.metrics, *(self._objective.means if self._objective else ())]

    def train_step(self, data: Any) -> dict[str, Any]:
        """Forward, backward, update and metrics on one batch; returns the running values."""
        return self.compute_metrics(*self._trainer_step(data, True))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Forward and metrics on one batch; returns the running values."""
        return self.compute_metrics(*self._trainer_step(data, False))

    def _trainer_step(self, data: Any, training: bool) -> tuple[Any, Any, Any, Any]:
        """Forward and, in training, backward and update on one batch; returns its x, y, outputs and sample weights."""
        pair = type(data) is tuple and len(data) == 2
        x, y, sample_weight = (*data, None) if pair else unpack_x_y_sample_weight(data)
        more = {"training": training} if self._loss_takes_training else {}
        with GradientTape(watch_accessed_variables=training) as tape:
            y_pred = self(x, training=training)
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **more)
        if training:
            epoch = self._trainer_epoch
            if epoch is None:
                variables = self.trainable_variables
            elif tape._variables.keys() == epoch.read_ids:
                variables = epoch.variables
            else:
                variables = epoch.refresh(tape.watched_variables())
            if variables:
                optimizer = self.optimizer  # the tape's own walk: as `gradient` for one float target
                if type(loss) is Tensor and loss._array.dtype.kind == "f" and not _has_own_apply(optimizer):
                    optimizer.apply(tape._backward([(loss, None)], variables, defer=True), variables)
                else:
                    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
            else:
                warnings.warn("The model does not have any trainable weights.", stacklevel=4)
        rows = len((x if type(x) is Tensor else nest.flatten(x)[0])._array)
        if rows:  # the mean of none is NaN
            self._loss_tracker.total += float(loss._array) * rows
            self._loss_tracker.count += rows
        return x, y, y_pred, sample_weight

    def _has_plain_steps(self) -> bool:
        """Whether no step and no report is overridden: then fit computes values only where they are used."""
        names = "train_step", "test_step", "compute_metrics", "get_metrics_result"
        return all(getattr(getattr(self, name), "__func__", None) is getattr(Trainer, name) for name in names)

    def predict_step(self, data: Any) -> Any:
        """The outputs for one batch."""
        return self(unpack_x_y_sample_weight(data)[0], training=False)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Tensor:
        """The compiled loss, plus those of layers and regularizers. Users' overrides may use x and training."""
        weights = self._trainer_epoch.penalized if self._trainer_epoch else self.trainable_variables
        terms = (*self._call_losses, *penalties(weights)) if weights or self._call_losses else ()
        added = [ops.reduce_sum(term) for term in terms] if terms else []
        if self._objective is not None:
            loss = self._objective(y, y_pred, sample_weight)
            return sum(added, loss) if added else loss
        if not added:
            raise ValueError("No loss to compute. Provide a `loss` argument in `compile()`.")
        return sum(added[1:], added[0])

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the compiled metrics; returns all running values. Users' overrides may use x."""
        self._trainer_update_metrics(x, y, y_pred, sample_weight)
        return self.get_metrics_result()

    def _trainer_update_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> None:
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)

    def get_metrics_result(self) -> dict[str, Any]:
        """The running values of all metrics by name; dicts among them are merged."""
        return self._whole_results(replicas.active) if replicas.active else self._results(self._all_metrics())

    def _whole_results(self, ranks: replicas.Ranks) -> dict[str, Any]:
        """Those of all ranks."""
        metrics = self._all_metrics()
        with distributed.summed(ranks, metrics):
            return loop.as_logs(self._results(metrics), "result")

    def _results(self, metrics: list[Metric]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for metric in metrics:
            result = metric.result()
            if type(result) is dict:
                values |= result
            else:
                values[metric.name] = result
        return values

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One step; the batch's loss, or the list of it and the metrics, or a dict."""
        return self._on_batch(self.train_step, x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """As train_on_batch, without training."""
        return self._on_batch(self.test_step, x, y, sample_weight, None, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for x as arrays."""
        data = next(iter(one_batch(x)))
        return nest.map_structure(lambda t: t.numpy(), self.predict_step(data))

    def _on_batch(self, step: Any, x: Any, y: Any, sample_weight: Any, class_weight: Any, return_dict: bool) -> Any:
        self._check_compiled()
        self.reset_metrics()
        with loop.working(self, self._ranks):
            logs = loop.as_logs(step(next(iter(one_batch(x, y, sample_weight, class_weight)))), step.__name__)
            if self._ranks and not self._has_plain_steps():
                logs = distributed.of_whole(self._ranks, self, logs)
        return logs if return_dict else self._as_list(logs)

    def _as_list(self, logs: dict[str, float]) -> Any:
        values = [logs[name] for name in self._in_order(logs)]
        return values if len(values) > 1 else values[0]

    def _check_compiled(self) -> None:
        if not self.compiled:
            raise ValueError("You must call `compile()` before using the model.")
