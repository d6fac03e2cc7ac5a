"""What a step needs to know of a model, looked up once for an epoch: each lookup walks all attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.variable import Variable
from ..metrics import Metric

if TYPE_CHECKING:
    from .step import Trainable


class Running:
    """An epoch of fit, or an evaluation: what is trained, what regularized, which metrics run.

    A layer that is built late is trained at once; one whose `trainable` a callback sets, from the next epoch on.
    Keras asks for another `compile` there.
    """

    def __init__(self, model: Trainable) -> None:
        self._model = model
        self._read: tuple[Variable, ...] | None = None
        self._penalized: list[Variable] | None = None
        means = model._objective.means if model._objective else []  # which the first batch may make anew
        self.metrics: list[Metric] = [m for m in model.metrics if m not in means]

    def variables(self, read: tuple[Variable, ...]) -> list[Variable]:
        """The model's trainable variables, of which a step's tape saw `read`: looked for again when that changes."""
        if self._read is None or list(map(id, read)) != list(map(id, self._read)):
            self._read, self._found = read, self._model.trainable_variables
        return self._found

    def penalized(self) -> list[Variable]:
        """The trainable variables with a regularizer, from the first step on."""
        if self._penalized is None:
            self._penalized = [v for v in self._model.trainable_variables if v.regularizer is not None]
        return self._penalized
