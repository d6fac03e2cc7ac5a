"""What `compile` sets: the loss and the metrics, of one output or of several by order or name."""

from __future__ import annotations

from typing import Any

from ...engine import nest
from ...engine.tensor import Tensor
from .. import losses
from .. import metrics as metric_functions
from ..common.names import unique
from ..metrics import Mean, Metric
from .outputs import Outputs


class CompiledLoss:
    """The loss of all outputs: the sum of each output's loss times its weight.

    loss: one (a name, function or Loss) for every output, or a nest of them, by place or output name; None among
    them: that output has no loss. loss_weights: numbers in the same form.
    """

    def __init__(self, loss: Any, loss_weights: Any, names: list[str] | None) -> None:
        self._identifiers, self._weights, self._names = loss, loss_weights, names
        self._single = None if nest.is_nested(loss) else _loss(loss)
        self._functions: list[losses.Loss | None] = []  # by output
        self.means: list[Mean] = []  # the losses of the outputs, where there are several

    def __call__(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The scalar that training minimizes."""
        plain = type(y_pred) is Tensor and type(y) is Tensor and type(sample_weight) in (Tensor, type(None))
        if plain and self._single and self._weights is None:
            return self._single(y, y_pred, sample_weight)
        values = nest.flatten(y_pred)
        if len(self._functions) != len(values) or not self._outputs.fits(y_pred):
            self._make(y_pred)
        targets = self._outputs.targets(y, self._functions)
        shares = self._outputs.each(sample_weight, "sample_weight", partial=False)
        terms: list[Tensor] = []
        for name, f, target, value, share, weight, mean in zip(
            self._outputs.names, self._functions, targets, values, shares, self._factors, self._means, strict=True
        ):
            if f is None:
                continue
            if target is None:
                raise ValueError(f"There are no targets for the output {name!r}, which has a loss.")
            term = f(target, value, share)
            if self.means and value._array.size:
                mean.update_state(term)
            terms.append(term if weight is None else term * float(weight))
        return sum(terms[1:], terms[0])

    def _make(self, y_pred: Any) -> None:
        outputs = self._outputs = Outputs(y_pred, self._names)
        identifiers = self._identifiers if self._single is None else self._single
        several = outputs.each(identifiers, "loss", partial=isinstance(y_pred, dict))
        functions = [_loss(f) for f in several]
        used = [f for f in functions if f]
        if not used:
            raise ValueError("No output has a loss. Provide a `loss` argument in `compile()`.")
        self._factors = outputs.each(self._weights, "loss_weights", partial=len(used) < len(several))
        own = outputs.labels or unique(f.name if f else "" for f in functions)
        self._means = [Mean(f"{name}_loss") for name in own]
        # Keras reports them in the order of the dict of losses, or else of the dict of outputs
        named = self._identifiers if isinstance(self._identifiers, dict) else y_pred
        order = list(named) if isinstance(y_pred, dict) else own
        found = [(m, n) for m, n, f in zip(self._means, own, functions, strict=True) if f]
        if set(order) == {n for _, n in found}:
            found.sort(key=lambda pair: order.index(pair[1]))
        self.means = [m for m, _ in found] if len(found) > 1 else []
        self._functions = functions  # set last: after an error above, the next call starts over


class CompiledMetrics(Metric):
    """The metrics of all outputs, made with the first batch: its shapes decide what "accuracy" means."""

    _outputs: Outputs  # the form of the last batch's

    def __init__(self, metrics: Any, weighted_metrics: Any, names: list[str] | None) -> None:
        self._identifiers = (metrics, False), (weighted_metrics, True)
        self._names = names
        self._found: list[tuple[Metric, int, bool]] | None = None  # metric, index of its output, whether weighted
        super().__init__(name="compile_metrics")

    @property
    def metrics(self) -> list[Metric]:
        """The metrics; none before the first batch."""
        return [metric for metric, _, _ in self._found or ()]

    def reset_state(self) -> None:
        """Resets each metric."""
        for metric in self.metrics:
            metric.reset_state()

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Updates each metric with a batch."""
        if self._found is None:
            self._found = self._make(y_true, y_pred)
            self._names_found = self.names()
        if type(y_pred) is Tensor and type(y_true) is Tensor and not isinstance(sample_weight, (list, tuple, dict)):
            for metric, _, weighted in self._found:
                if weighted:
                    metric.update_state(y_true, y_pred, sample_weight)
                else:
                    metric.update_state(y_true, y_pred)
            return
        if not self._outputs.fits(y_pred):
            self._outputs = Outputs(y_pred, self._names)
        values, targets = nest.flatten(y_pred), self._outputs.targets(y_true)
        shares = self._outputs.each(sample_weight, "sample_weight", partial=False)
        for metric, i, weighted in self._found:
            metric.update_state(targets[i], values[i], *([shares[i]] if weighted else ()))

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
            prefix = f"{self._outputs.prefixes[i]}_" if self._outputs.prefixes else ""
            name = prefix + metric.name
            taken.append(f"{prefix}weighted_{metric.name}" if weighted and name in taken else name)
        return unique(taken)

    def _make(self, y_true: Any, y_pred: Any) -> list[tuple[Metric, int, bool]]:
        outputs = self._outputs = Outputs(y_pred, self._names)
        values, targets = nest.flatten(y_pred), outputs.targets(y_true)
        found = []
        for identifiers, weighted in self._identifiers:
            if len(values) == 1 and not isinstance(identifiers, dict):
                by_output = [identifiers]
            else:
                by_output = outputs.each(identifiers, "weighted_metrics" if weighted else "metrics")
            for i, of_output in enumerate(by_output):
                for identifier in nest.flatten(() if of_output is None else of_output):
                    if targets[i] is None:
                        name = outputs.names[i]
                        raise ValueError(f"There are no targets for the output {name!r}, which has metrics.")
                    found.append((metric_functions.for_batch(identifier, targets[i], values[i]), i, weighted))
        return found


def _loss(identifier: Any) -> losses.Loss | None:
    if isinstance(identifier, (list, tuple)) and len(identifier) == 1:  # Keras takes a list of one for a single output
        identifier = identifier[0]
    if identifier is None:
        return None
    found = losses.get(identifier)
    if isinstance(found, losses.Loss):
        return found
    return losses.LossFunctionWrapper(found, name=identifier if isinstance(identifier, str) else None)


def check_metrics(metrics: Any) -> None:
    """ValueError for what is no list or dict of metrics."""
    if isinstance(metrics, str) or not isinstance(metrics, (list, tuple, dict, type(None))):
        raise ValueError(f"Expected `metrics` argument to be a list, got {metrics!r}")
