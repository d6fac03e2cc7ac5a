"""Layers that prepare data: scales, means and variances, categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np

from ... import ops
from ...engine.convert import as_array, convert_to_tensor
from ...engine.errors import InvalidArgumentError
from ...engine.tensor import Operators, Tensor
from ...engine.typing import TensorLike
from ...support.neutral import neutral
from .base import Layer, LayerOptions
from .normalization import floats


class Rescaling(Layer):
    """x * scale + offset, as floats.

    scale, offset: numbers, or arrays, which are broadcast to the inputs
    """

    def __init__(self, scale: TensorLike, offset: TensorLike = 0.0, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.scale, self.offset = scale, offset

    def call(self, inputs: Tensor) -> Tensor:
        scale, offset = (convert_to_tensor(x, self._dtype) for x in (self.scale, self.offset))
        return floats(self, inputs) * scale + offset


class Normalization(Layer):
    """(x - mean) / sqrt(variance) for each entry along the axis.

    axis: the axis or list of axes; None: one mean and variance for all entries
    mean, variance: numbers or arrays, one for each entry; None for both: `adapt` computes them from data
    invert: whether to compute x * sqrt(variance) + mean instead
    """

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        if (mean is None) != (variance is None):
            raise ValueError(f"Both `mean` and `variance` must be set, or neither, got {mean} and {variance}")
        if np.shape(mean) != np.shape(variance):
            raise ValueError(f"`mean` and `variance` must have the same shape, got {mean} and {variance}")
        if np.ndim(mean) > len(self.axis):
            raise ValueError(f"`mean` has more axes than the {len(self.axis)} of axis={axis}")
        self.input_mean, self.input_variance, self.invert = mean, variance, invert

    def build(self, input_shape: Sequence[int | None]) -> None:
        ndim = len(input_shape)
        if not all(-ndim <= axis < ndim for axis in self.axis):
            raise ValueError(f"All `axis` values must be in the range [-{ndim}, {ndim}), got {self.axis}")
        self._axes = sorted(axis % ndim for axis in self.axis)
        self._sizes = [input_shape[axis] for axis in self._axes]
        if None in self._sizes:
            raise ValueError(f"The sizes along axis {self.axis} must be known, got the shape {input_shape}")
        self._broadcast = [n if i in self._axes else 1 for i, n in enumerate(input_shape)]
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(self._sizes, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(self._sizes, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", "int64", trainable=False, name="count")  # Keras has it, too

    def _moment(self, given: TensorLike | None, adapted: str) -> Tensor | None:
        if not self.built:
            return None
        if given is None:
            return ops.reshape(getattr(self, adapted), self._broadcast)
        return ops.reshape(ops.broadcast_to(convert_to_tensor(given, self._dtype), self._sizes), self._broadcast)

    @property
    def mean(self) -> Tensor | None:
        """With sizes of 1 along the other axes; None before the layer is built or adapted."""
        return self._moment(self.input_mean, "adapt_mean")

    @property
    def variance(self) -> Tensor | None:
        """As `mean`."""
        return self._moment(self.input_variance, "adapt_variance")

    def adapt(self, data: Any) -> None:
        """Computes mean and variance of an array, a Dataset, or batches of arrays; of tuples, of the first entry."""
        if self.input_mean is not None:
            raise ValueError("`adapt` has nothing to do where `mean` and `variance` were given.")
        batches = _batches(data)
        if not self.built:
            self.build(batches[0].shape)
        for batch in batches:
            if [batch.shape[axis] for axis in self._axes] != self._sizes:
                raise ValueError(f"Data of shape {batch.shape} in a layer for {self._broadcast} (1: any size)")
        last = range(-len(self._axes), 0)
        rows = np.concatenate([np.moveaxis(batch, self._axes, last).reshape(-1, *self._sizes) for batch in batches])
        self.adapt_mean.assign(rows.mean(0, dtype=np.float64))
        self.adapt_variance.assign(rows.var(0, dtype=np.float64))

    def call(self, inputs: Tensor) -> Tensor:
        x, mean, variance = floats(self, inputs), self.mean, self.variance
        assert mean is not None and variance is not None
        deviation = ops.maximum(ops.sqrt(variance), 1e-7)
        return x * deviation + mean if self.invert else (x - mean) / deviation


def _batches(data: Any) -> list[np.ndarray]:
    if isinstance(data, (np.ndarray, Operators)):
        return [as_array(data)]
    spec = getattr(data, "element_spec", None)
    spec = spec[0] if isinstance(spec, tuple) else spec
    if spec is not None and len(spec.shape) == 1:  # a Dataset of samples
        data = data.batch(128)
    firsts = [item[0] if isinstance(item, tuple) else item for item in data] if hasattr(data, "__iter__") else [data]
    if not firsts:
        raise ValueError("`adapt` received no batches.")
    for first in firsts:
        if not hasattr(first, "shape"):
            raise TypeError(f"`adapt` takes an array, a Dataset, or an iterable of batches, got {type(first)}")
    return [as_array(first) for first in firsts]


class CategoryEncoding(Layer):
    """Integers below num_tokens as zeros and ones, or counts.

    num_tokens: number of different integers, 1 or more; it must be given
    output_mode: "one_hot": (...) or (..., 1) -> (..., num_tokens); along the last axis, (..., k) -> (..., num_tokens):
        "multi_hot" or "binary": 1 for each that occurs; "count": how often, or the sum of its count_weights
    """

    @neutral(sparse=False)
    def __init__(
        self, num_tokens: int | None = None, output_mode: str = "multi_hot", **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**options)
        if output_mode not in ("count", "one_hot", "multi_hot", "binary"):
            raise ValueError(f"Unknown output_mode {output_mode!r}: 'one_hot', 'multi_hot' or 'count'")
        if num_tokens is None or num_tokens < 1:
            raise ValueError(f"`num_tokens` must be set, to 1 or more, got {num_tokens}")
        self.num_tokens, self.output_mode = num_tokens, "multi_hot" if output_mode == "binary" else output_mode

    def call(self, inputs: Tensor, count_weights: TensorLike | None = None) -> Tensor:
        if count_weights is not None and self.output_mode != "count":
            raise ValueError(f"`count_weights` goes with output_mode='count', not {self.output_mode!r}")
        tokens = np.atleast_1d(inputs._array.astype(np.int64, copy=False))
        if self.output_mode == "one_hot":
            tokens = tokens[..., 0] if tokens.ndim > 1 and tokens.shape[-1] == 1 else tokens
            return ops.one_hot(tokens, self.num_tokens, dtype=self._dtype)
        if tokens.min(initial=0) < 0:
            raise InvalidArgumentError(f"Layer {self.name!r} encodes integers of 0 or more, got {tokens.min()}")
        ones = ops.one_hot(tokens, self.num_tokens, dtype=self._dtype)
        if self.output_mode == "multi_hot":
            return ops.reduce_max(ones, -2)
        if count_weights is not None:
            ones = ones * ops.expand_dims(ops.cast(count_weights, self._dtype), -1)
        return ops.reduce_sum(ones, -2)
