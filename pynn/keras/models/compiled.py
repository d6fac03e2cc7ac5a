"""What `compile` sets: the loss and the metrics, of one output or of several by order or name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import nest
from ...tensor import Tensor
from .. import losses
from .. import metrics as metric_functions
from .._names import unique
from ..metrics import Mean, Metric


class CompiledLoss:
    """The loss of all outputs: the sum of each output's own, times its weight.

    loss: one (a name, function or Loss) for the only output, or a list or dict of them, by order or output name;
    None among them: that output has no loss. loss_weights: numbers in the same form.
    """

    def __init__(self, loss: Any, loss_weights: Any, names: list[str] | None) -> None:
        self._weights, self._names = loss_weights, names
        self._single: losses.Loss | None = None
        self._several: Any = None
        self._functions: list[losses.Loss | None] = []  # of `_several`, by output
        self.means: list[Mean] = []  # the losses of the outputs, where there are several
        if nest.is_nested(loss):
            self._several = loss
        else:
            self._single = _loss(loss)

    def __call__(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The scalar that training minimizes."""
        if type(y_pred) is Tensor and self._single:
            if y is None:
                raise ValueError("There are no targets: the loss needs y, and the data has none.")
            loss = self._single(y, y_pred, sample_weight)
            return loss if self._weights is None else loss * float(nest.flatten(self._weights)[0])
        names = output_names(y_pred, self._names)
        outputs = nest.flatten(y_pred)
        if len(self._functions) != len(outputs):
            self._functions = [_loss(f) for f in by_output(self._single or self._several, names, "loss")]
            used = [name for name, f in zip(names, self._functions, strict=True) if f]
            if not used:
                raise ValueError("No output has a loss. Provide a `loss` argument in `compile()`.")
            self.means = [Mean(f"{name}_loss") for name in used] if len(used) > 1 else []
        weights = by_output(1.0 if self._weights is None else self._weights, names, "loss_weights")
        targets, shares = self._targets(y, names), by_output(sample_weight, names, "sample_weight")
        values: list[Tensor] = []
        for name, f, target, output, share, weight in zip(
            names, self._functions, targets, outputs, shares, weights, strict=True
        ):
            if f is None:
                continue
            if target is None:
                raise ValueError(f"There are no targets for the output {name!r}, which has a loss.")
            value = f(target, output, share)
            if self.means:
                self.means[len(values)].update_state(value, sample_weight=None)
            values.append(value if weight is None else value * float(weight))
        return sum(values[1:], values[0])

    def _targets(self, y: Any, names: list[str]) -> list[Any]:
        """The targets by output; a list may leave out those of outputs that have no loss."""
        used = [i for i, f in enumerate(self._functions) if f]
        given = list(y) if isinstance(y, (list, tuple)) else [y]
        if isinstance(y, dict) or len(given) == len(names) or len(given) != len(used):
            return by_output(given if y is not None and not isinstance(y, dict) else y, names, "y")
        placed = dict(zip(used, given, strict=True))
        return [placed.get(i) for i in range(len(names))]


class CompiledMetrics(Metric):
    """The metrics of all outputs. They are made with the first batch, whose shapes say what "accuracy" means."""

    def __init__(self, metrics: Any, weighted_metrics: Any, names: list[str] | None) -> None:
        self._wanted = (metrics, False), (weighted_metrics, True)
        self._names = names
        self._found: list[tuple[Metric, int, bool]] | None = None  # metric, index of its output, whether weighted
        super().__init__(name="compile_metrics")

    @property
    def metrics(self) -> list[Metric]:
        """The metrics, once they are made."""
        return [metric for metric, _, _ in self._found or ()]

    def reset_state(self) -> None:
        """Starts each anew."""
        for metric in self.metrics:
            metric.reset_state()

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes in a batch."""
        if self._found is None:
            self._found = self._make(y_true, y_pred)
            self._names_found = self.names()
        if type(y_pred) is Tensor and type(y_true) is Tensor:
            for metric, _, weighted in self._found:
                if weighted:
                    metric.update_state(y_true, y_pred, sample_weight)
                else:
                    metric.update_state(y_true, y_pred)
            return
        names, outputs = output_names(y_pred, self._names), nest.flatten(y_pred)
        targets, shares = by_output(y_true, names, "y"), by_output(sample_weight, names, "sample_weight")
        for metric, i, weighted in self._found:
            metric.update_state(targets[i], outputs[i], *([shares[i]] if weighted else ()))

    def result(self) -> Any:
        """The values by name."""
        if self._found is None:
            return {}
        return {name: metric.result() for name, (metric, _, _) in zip(self._names_found, self._found, strict=True)}

    def names(self) -> list[str]:
        """The names under which the values are reported, the output's before a metric's where there are several.

        A weighted metric of a name that is taken is called "weighted_" and that name.
        """
        taken: list[str] = []
        for metric, i, weighted in self._found or ():
            prefix = f"{self._prefixes[i]}_" if len(self._prefixes) > 1 else ""
            name = prefix + metric.name
            taken.append(f"{prefix}weighted_{metric.name}" if weighted and name in taken else name)
        return unique(taken)

    def _make(self, y_true: Any, y_pred: Any) -> list[tuple[Metric, int, bool]]:
        names, outputs = output_names(y_pred, self._names), nest.flatten(y_pred)
        targets = by_output(y_true, names, "y")
        found = []
        for wanted, weighted in self._wanted:
            if len(names) == 1 and not isinstance(wanted, dict):
                each = [wanted[0] if wanted and isinstance(wanted[0], (list, tuple)) else wanted]
            else:
                each = by_output(wanted, names, "metrics")
            for i, identifiers in enumerate(each):
                for identifier in nest.flatten(() if identifiers is None else identifiers):
                    if targets[i] is None:
                        raise ValueError(f"There are no targets for the output {names[i]!r}, which has metrics.")
                    found.append((metric_functions.for_batch(identifier, targets[i], outputs[i]), i, weighted))
        self._prefixes = names
        return found


def _loss(identifier: Any) -> losses.Loss | None:
    if identifier is None:
        return None
    found = losses.get(identifier)
    return found if isinstance(found, losses.Loss) else losses.LossFunctionWrapper(found)


def output_names(y_pred: Any, names: list[str] | None) -> list[str]:
    """A name for each output: a dict's keys, the graph's names, or output_0, output_1, ..."""
    if isinstance(y_pred, dict):
        return sorted(y_pred)
    count = len(nest.flatten(y_pred))
    return names if names and len(names) == count else [f"output_{i}" for i in range(count)]


def by_output(value: Any, names: Sequence[str], what: str) -> list[Any]:
    """The value for each output: from a dict by name (None where it has none), a list in order, or one for all."""
    if isinstance(value, dict):
        unknown = [key for key in value if key not in names]
        if unknown:
            raise ValueError(f"`{what}` names {unknown}, but the model's outputs are {list(names)}")
        return [value.get(name) for name in names]
    if isinstance(value, (list, tuple)):
        if len(value) != len(names):
            raise ValueError(f"`{what}` has {len(value)} entries, but the model has {len(names)} outputs")
        return list(value)
    return [value] * len(names)


def check_metrics(metrics: Any) -> None:
    """ValueError for what is no list or dict of metrics."""
    if isinstance(metrics, str) or not isinstance(metrics, (list, tuple, dict, type(None))):
        raise ValueError(f"Expected `metrics` argument to be a list, got {metrics!r}")
