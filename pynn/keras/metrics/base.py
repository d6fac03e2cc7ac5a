"""Metric: a value that is accumulated over batches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...engine import budget, nest
from ...engine.convert import as_array, to_shape
from ...engine.dtypes import as_dtype
from ...engine.tensor import Tensor
from ...engine.typing import DTypeLike, Shape, TensorLike
from ...engine.variable import Variable
from ...support.neutral import neutral
from .. import initializers
from ..common.configuration import Configured
from ..common.names import auto_name
from ..variables import Variable as KerasVariable
from ..variables import owned


class Metric(Configured):
    """Base class: `update_state` accumulates a batch, `result` returns the value so far, `reset_state` clears it.

    A subclass makes its state with `add_weight` in its constructor, after `super().__init__()`.

    dtype: of the result; None: float32
    name: of the metric in logs; None: after the class
    """

    _module = "keras.metrics"
    name: str
    _summed: tuple[str, ...] = ()  # attributes that are numbers or arrays of the state; it adds up over ranks
    _direction: str | None = None  # "up" or "down": where callbacks find the better values

    def __init__(self, dtype: DTypeLike = None, name: str | None = None) -> None:
        self._dtype = as_dtype(dtype or np.float32).dtype
        self.name = name or auto_name(type(self))

    @property
    def dtype(self) -> str:
        """The name of the type of its state and result."""
        return self._dtype.name

    @neutral(aggregation="sum", synchronization="auto")
    def add_variable(
        self, shape: Shape, initializer: Any, dtype: DTypeLike = None, *, name: str | None = None
    ) -> KerasVariable:
        """A new variable; `variables` and `reset_state` find it if it is made an attribute."""
        if "name" not in vars(self):
            raise RuntimeError("A metric's __init__ begins with `super().__init__()`: it was not called.")
        make = initializers.get(initializer)
        if make is None:
            raise ValueError("A metric's variable needs an initializer, like 'zeros'")
        dtype = as_dtype(dtype or np.float32).dtype
        sizes = to_shape(shape)
        budget.spend(math.prod(sizes))
        return owned(self, make(sizes, dtype=dtype), name, dtype=dtype)

    @neutral(aggregation="sum", synchronization="auto")
    def add_weight(
        self, shape: Shape = (), initializer: Any = None, dtype: DTypeLike = None, name: str | None = None
    ) -> KerasVariable:
        """As `add_variable`."""
        return self.add_variable(shape, initializer, dtype, name=name)

    def _parts(self) -> Iterator[Any]:
        """The variables and metrics among the attributes, also in lists and dicts."""
        return (x for value in vars(self).values() for x in nest.flatten(value) if isinstance(x, (Variable, Metric)))

    @property
    def variables(self) -> list[Any]:
        """The state: the variables of this metric and of the metrics inside it."""
        parts = list(self._parts())
        own: list[Any] = [part for part in parts if isinstance(part, Variable)]
        return own + [v for part in parts if isinstance(part, Metric) for v in part.variables]

    def reset_state(self) -> None:
        """Sets all variables to 0."""
        for part in self._parts():
            if isinstance(part, Metric):
                part.reset_state()
            else:
                part.assign(np.zeros(part.shape, part.dtype))

    def reset_states(self) -> None:
        """TensorFlow 2's older name of reset_state."""
        self.reset_state()

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Accumulates a batch; a subclass writes it."""
        raise NotImplementedError

    def result(self) -> Any:
        """The value so far; a subclass writes it."""
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """`update_state`, then `result`."""
        self.update_state(*args, **kwargs)
        return self.result()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"

    def _tensor(self, value: TensorLike) -> Tensor:
        return Tensor(np.asarray(value, self._dtype))

    def _numbers(self, value: TensorLike) -> np.ndarray:
        """The values as float64: sums of many float32 values then have float32's precision."""
        return as_array(value).astype(np.float64)


def inside(metric: Metric) -> Iterator[Metric]:
    """The metric, and those inside it."""
    yield metric
    for part in metric._parts():
        if isinstance(part, Metric):
            yield from inside(part)


def clear(metric: Metric) -> None:
    """The state of this one becomes 0 in its shape, which `reset_state` may forget, so that it can be added to."""
    for name in metric._summed:
        value = getattr(metric, name)
        setattr(metric, name, np.zeros_like(value) if isinstance(value, np.ndarray) else 0)
    for part in metric._parts():
        if isinstance(part, Variable):
            part.assign(np.zeros(part.shape, part.dtype))


def no_nan(x: TensorLike, y: TensorLike) -> np.ndarray:
    """x / y, and 0 where y is 0."""
    x, y = np.broadcast_arrays(x, y)
    return np.divide(x, y, out=np.zeros(x.shape, np.result_type(x, y)), where=y != 0)
