"""Keras's Variable: a variable with a plain name and a path; TensorFlow's own names end in ":0"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import ops
from ..engine import variable
from ..engine.convert import identity, operand, to_shape
from ..engine.scope import scope_of, scoped
from ..engine.tensor import Tensor
from ..engine.typing import DTypeLike, Shape, TensorLike
from ..support.neutral import neutral
from . import config, initializers


class Variable(variable.Variable):
    """A value that changes, of layers, optimizers and metrics; as tf.Variable, but for its name and `value`.

    What is assigned or added is cast to its dtype.

    `path` is the name after those of the layers in whose `build` the variable was made.

    initializer: the value, or the name of an initializer, or a function (shape, dtype), which need `shape`
    shape: of the value; None: as it is
    dtype: of the elements; None: the value's, of an initializer keras.config.floatx()
    trainable: whether it is trained
    name: last part of the path; None: "variable"
    """

    __slots__ = ("path",)

    @neutral(autocast=True, aggregation="none", synchronization="auto", layout=None)
    def __init__(
        self,
        initializer: Any,
        shape: Shape | None = None,
        dtype: DTypeLike = None,
        trainable: bool = True,
        name: str | None = None,
    ) -> None:
        if isinstance(initializer, str):
            initializer = initializers.get(initializer)
        if callable(initializer):
            if shape is None:
                raise ValueError("When creating a Variable from an initializer, the `shape` argument should be given")
            initializer = initializer(to_shape(shape), dtype=dtype or config.floatx())
        super().__init__(initializer, trainable, dtype=dtype, shape=None if shape is None else to_shape(shape))
        self.name = name or "variable"
        self.path = scoped(self.name)

    @property
    def value(self) -> Tensor:  # type: ignore[override]
        """The value as a Tensor, which later assignments do not change."""
        return identity(self)

    def _same_kind(self, value: TensorLike, error: type[ValueError] = ValueError) -> np.ndarray:
        return super()._same_kind(ops.cast(value, self.dtype), error)

    def assign_add(self, value: TensorLike) -> variable.Variable | None:  # type: ignore[override]
        """variable += value, of the same shape and dtype."""
        return super().assign_add(value)

    def assign_sub(self, value: TensorLike) -> variable.Variable | None:  # type: ignore[override]
        """variable -= value, of the same shape and dtype."""
        return super().assign_sub(value)


def owned(owner: Any, value: Any, name: str | None, trainable: bool = False, dtype: DTypeLike = None) -> Variable:
    """A Variable of a layer or optimizer."""
    with scope_of(owner):
        return Variable(value, dtype=dtype, trainable=trainable, name=name)


def slot_name(variable: Any, slot: str) -> str:
    """The name of an optimizer's variable for this one: "dense/kernel", "momentum" -> "dense_kernel_momentum"."""
    return f"{getattr(variable, 'path', variable.name).replace('/', '_')}_{slot}"


def penalties(variables: Iterable[Any]) -> list[Tensor]:
    """What the regularizers of the variables add to the loss."""
    return [operand(v.regularizer(v)) for v in variables if v.regularizer is not None]
