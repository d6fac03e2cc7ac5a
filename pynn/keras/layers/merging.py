"""Layers, and functions, that merge a list of tensors into one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Unpack

import numpy as np

from ... import ops
from ...engine.convert import to_axis
from ...engine.tensor import Tensor
from .base import Layer, LayerOptions


class _Merge(Layer):
    """Base class: reduces a list of tensors by an operation of two, with broadcasting.

    Tensors with fewer axes than others get axes of size 1 after the batch's.
    """

    _operation: Callable[[Tensor, Tensor], Tensor]
    _count: int | None = None  # of inputs; None: any

    def build(self, input_shape: Any) -> None:
        several = isinstance(input_shape, (list, tuple)) and all(isinstance(s, (list, tuple)) for s in input_shape)
        if not several or len(input_shape) != (self._count or max(len(input_shape), 1)):
            number = "at least one input" if self._count is None else f"{self._count} inputs"
            raise ValueError(f"A `{type(self).__name__}` layer is called on a list of {number}, got {input_shape}")
        self._check(input_shape)

    def _check(self, shapes: Sequence[Any]) -> None:
        if len({s[0] for s in shapes if s} - {None}) > 1:
            raise ValueError(f"Cannot merge tensors with different batch sizes: {shapes}")

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        ndim = max(x.ndim for x in inputs)
        tensors = [
            x if x.ndim == ndim else ops.reshape(x, (len(x), *[1] * (ndim - x.ndim), *x.shape[1:]))
            for x in self._of_one_dtype(inputs)
        ]
        return functools.reduce(type(self)._operation, tensors)

    def _of_one_dtype(self, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        """Casts integers to the layer's dtype if there are floats beside them."""
        return [ops.cast(x, self.dtype) for x in inputs] if len({x._array.dtype for x in inputs}) > 1 else inputs


class Add(_Merge):
    """The sum, with broadcasting."""

    _operation = staticmethod(ops.add)


class Subtract(_Merge):
    """The first minus the second."""

    _operation, _count = staticmethod(ops.subtract), 2


class Multiply(_Merge):
    """The product, element by element, with broadcasting."""

    _operation = staticmethod(ops.multiply)


class Average(_Merge):
    """The mean, with broadcasting."""

    _operation = staticmethod(ops.add)

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        return super().call(inputs) / len(inputs)


class Maximum(_Merge):
    """The largest, element by element, with broadcasting."""

    _operation = staticmethod(ops.maximum)


class Minimum(_Merge):
    """The smallest, element by element, with broadcasting."""

    _operation = staticmethod(ops.minimum)


class Concatenate(_Merge):
    """The inputs joined along an axis.

    axis: the only axis along which their sizes may differ; the batch's is 0
    """

    def __init__(self, axis: int = -1, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.axis = axis

    def _check(self, shapes: Sequence[Any]) -> None:
        axis = to_axis(self.axis, len(shapes[0]))
        rest = [[n for i, n in enumerate(s) if i != axis] for s in shapes]
        if any(len(r) != len(rest[0]) for r in rest) or any(len(set(n) - {None}) > 1 for n in zip(*rest, strict=True)):
            raise ValueError(
                f"A `Concatenate` layer requires inputs with matching shapes except along axis {self.axis}: {shapes}"
            )

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        return ops.concat(self._of_one_dtype(inputs), self.axis)


class Dot(_Merge):
    """Sums of products along an axis of each of two tensors, sample by sample.

    x (m, ..., k, ...) and y (m, ..., k, ...) -> (m, the others of x, the others of y), and of two matrices (m, 1).

    axes: the axis of both, or a pair of axes; not 0, the batch's
    normalize: whether vectors along the axis are first made of norm 1
    """

    _count = 2

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        if not isinstance(axes, (int, list, tuple)):
            raise TypeError(f"Invalid type for argument `axes`: it should be a list or an int, got {axes!r}")
        if not isinstance(axes, int) and (len(axes) != 2 or not all(isinstance(axis, int) for axis in axes)):
            raise ValueError(f"Invalid format for argument `axes`: two integers, got {axes}")
        self.axes, self.normalize = axes, normalize

    def _pair(self, shapes: Sequence[Any]) -> list[int]:
        axes = [self.axes] * 2 if isinstance(self.axes, int) else self.axes
        return [to_axis(axis, len(shape)) for axis, shape in zip(axes, shapes, strict=True)]

    def _check(self, shapes: Sequence[Any]) -> None:
        i, j = self._pair(shapes)
        if 0 in (i, j):
            raise ValueError("Cannot sum over axis 0: it counts the samples of the batch")
        if shapes[0][i] != shapes[1][j]:
            raise ValueError(f"Incompatible input shapes: {shapes} have different sizes along the axes {self.axes}")

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        matrices, sizes = [], []
        for x, axis in zip(self._of_one_dtype(inputs), self._pair([x.shape for x in inputs]), strict=True):
            if x._array.dtype == np.int8:  # whose products Keras adds up in more bits
                x = ops.cast(x, np.int32)
            if self.normalize:
                x = x / ops.maximum(ops.norm(x, axis=axis, keepdims=True), 1e-7)
            others = [i for i in range(1, x.ndim) if i != axis]
            sizes += [x.shape[i] for i in others]
            rows = ops.transpose(x, (0, *others, axis))
            matrices.append(ops.reshape(rows, (len(x), -1 if len(x) else 1, x.shape[axis])))
        x, y = matrices
        return ops.reshape(ops.matmul(x, y, transpose_b=True), (len(x), *(sizes or [1])))


def _function(layer: type[_Merge]) -> Callable[..., Any]:
    def call(inputs: Any, **options: Unpack[LayerOptions]) -> Any:
        return layer(**options)(inputs)

    call.__name__ = call.__qualname__ = layer.__name__.lower()
    first, *_ = (layer.__doc__ or "").partition("\n")  # no docstring with `python -OO`
    call.__doc__ = f"{first} As a function of the list."
    return call


add, subtract, multiply = map(_function, (Add, Subtract, Multiply))
average, maximum, minimum = map(_function, (Average, Maximum, Minimum))


def concatenate(inputs: Any, axis: int = -1, **options: Unpack[LayerOptions]) -> Any:
    """The inputs joined along an axis."""
    return Concatenate(axis, **options)(inputs)


def dot(inputs: Any, axes: int | Sequence[int] = -1, normalize: bool = False, **options: Unpack[LayerOptions]) -> Any:
    """Sums of products along an axis of each of two tensors, sample by sample: see Dot."""
    return Dot(axes, normalize, **options)(inputs)
