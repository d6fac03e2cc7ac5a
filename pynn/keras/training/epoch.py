"""What the steps of an epoch need to know of a model, looked up once: each lookup walks all attributes."""

from __future__ import annotations

from collections.abc import Set
from functools import cached_property
from typing import TYPE_CHECKING

from ...engine.variable import Variable
from ..metrics import Metric

if TYPE_CHECKING:
    from .step import Trainer


class Epoch:
    """An epoch of fit, or an evaluation: what is trained, what regularized, which metrics run.

    A layer that is built late is trained at once; one whose `trainable` a callback sets, from the next epoch on.
    Keras asks for another `compile` there.
    """

    read: Set[int] = frozenset()  # the ids of the variables that the last step's tape saw
    variables: list[Variable]  # the model's trainable ones, found when those were

    def __init__(self, model: Trainer) -> None:
        self._model = model
        means = model._objective.means if model._objective else []  # which the first batch may make anew
        self.metrics: list[Metric] = [m for m in model.metrics if m not in means]

    def look(self, read: tuple[Variable, ...]) -> list[Variable]:
        """The model's trainable variables, where a step's tape saw others than the one before."""
        self._held, self.read = read, set(map(id, read))  # holding the variables keeps the ids theirs
        self.variables = self._model.trainable_variables
        return self.variables

    @cached_property
    def penalized(self) -> list[Variable]:
        """The trainable variables with a regularizer, as of the first step."""
        return [v for v in self._model.trainable_variables if v.regularizer is not None]
