"""Layers without weights that rearrange their inputs, or call a function."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Unpack

from ... import ops
from ...engine.tensor import Tensor
from ...support.neutral import neutral
from ..regularizers import L1L2
from .base import Layer, LayerOptions


class Flatten(Layer):
    """(m, ...) -> (m, product of the other sizes).

    data_format: "channels_last"; "channels_first": the second axis goes last before; None for "channels_last"
    """

    def __init__(self, data_format: str | None = None, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        if data_format not in (None, "channels_last", "channels_first"):
            raise ValueError(f"`data_format` is 'channels_last' or 'channels_first', got {data_format!r}")
        self.data_format = data_format or "channels_last"

    def call(self, inputs: Tensor) -> Tensor:
        shape = inputs._array.shape
        if self.data_format == "channels_first" and len(shape) > 2:
            inputs = ops.transpose(inputs, (0, *range(2, len(shape)), 1))
        return ops.reshape(inputs, (shape[0], math.prod(shape[1:])))


class Reshape(Layer):
    """(m, ...) -> (m, *target_shape)

    target_shape: sizes of a sample; one may be -1 or None, which stands for the rest
    """

    def __init__(self, target_shape: Sequence[int | None], **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.target_shape = tuple(-1 if n is None else int(n) for n in target_shape)
        if min(self.target_shape, default=0) < -1 or self.target_shape.count(-1) > 1:
            raise ValueError(f"`target_shape` holds sizes of 0 or more, and at most one -1, got {target_shape}")

    def call(self, inputs: Tensor) -> Tensor:
        rows, *sizes = inputs._array.shape
        known = math.prod(n for n in self.target_shape if n != -1)
        target = [math.prod(sizes) // (known or 1) if n == -1 else n for n in self.target_shape]
        if math.prod(target) != math.prod(sizes):
            raise ValueError(
                f"The total size must be unchanged: samples of shape {tuple(sizes)} do not fit the target_shape "
                f"{self.target_shape} of layer {self.name!r}"
            )
        return ops.reshape(inputs, (rows, *target))


class Permute(Layer):
    """The axes of a sample in another order.

    dims: the numbers from 1 to the number of axes of a sample, in the new order
    """

    def __init__(self, dims: Sequence[int], **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"`dims` must be the numbers from 1 to the number of axes, in some order, got {dims}")

    def call(self, inputs: Tensor) -> Tensor:
        _check_ndim(self, inputs, len(self.dims) + 1)
        return ops.transpose(inputs, (0, *self.dims))


class RepeatVector(Layer):
    """(m, k) -> (m, n, k)

    n: number of repetitions, 1 or more
    """

    def __init__(self, n: int, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        if not isinstance(n, int) or isinstance(n, bool):
            raise TypeError(f"Expected an integer value for `n`, got {type(n)}.")
        if n <= 0:
            raise ValueError(f"Argument `n` should be a positive integer, got {n}")
        self.n = n

    def call(self, inputs: Tensor) -> Tensor:
        _check_ndim(self, inputs, 2)
        m, k = inputs._array.shape
        return ops.broadcast_to(ops.expand_dims(inputs, 1), (m, self.n, k))


def _check_ndim(layer: Layer, x: Tensor, ndim: int) -> None:
    if x.ndim != ndim:
        raise ValueError(
            f"Input of layer {layer.name!r} is incompatible with the layer: expected ndim={ndim}, got shape {x.shape}"
        )


class Identity(Layer):
    """The inputs."""

    def call(self, inputs: Any) -> Any:
        return inputs


class ActivityRegularization(Identity):
    """The inputs; l1 * sum(|x|) + l2 * sum(x^2) joins the loss, divided by the batch's size.

    l1, l2: finite numbers of 0 or more
    activity_regularizer: not taken (TypeError): l1 and l2 make it
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **options: Unpack[LayerOptions]) -> None:
        super().__init__(activity_regularizer=L1L2(l1, l2), **options)  # type: ignore[misc]  # TypeError: given twice
        self.l1, self.l2 = l1, l2


class Lambda(Layer):
    """function(inputs, **arguments), with `training` where the function takes it. Variables inside are not tracked.

    function: a function of the inputs
    output_shape: what compute_output_shape gives: a sample's sizes or a function of the inputs' shape; None: from zeros
    arguments: further keyword arguments of the function; None for none
    """

    @neutral(mask=None)
    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Sequence[int | None] | Callable[[Any], Any] | None = None,
        *,
        arguments: Mapping[str, Any] | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.function, self.arguments, self._output_shape = function, dict(arguments or {}), output_shape
        try:
            self._hands_training = "training" in inspect.signature(function).parameters
        except ValueError:  # some functions written in C have no signature
            self._hands_training = False

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        more = {"training": training} if self._hands_training else {}
        return self.function(inputs, **self.arguments, **more)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """By output_shape, or from the function's result for zeros."""
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        return (input_shape[0], *self._output_shape)
