"""Layers that bring activations to mean 0 and variance 1, or to norm 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np

from ... import ops
from ...engine import replicas
from ...engine.call import quiet
from ...engine.convert import to_axis
from ...engine.tape import record
from ...engine.tensor import Tensor
from ...engine.typing import Shape, TensorLike
from ...engine.variable import Variable
from ...support.neutral import neutral
from ._weighted import Weighted
from .base import Layer, LayerOptions


def standardize(
    x: Tensor, axes: tuple[int, ...], epsilon: float, ranks: replicas.Ranks | None = None
) -> tuple[Tensor, np.ndarray, np.ndarray]:
    """(x - mean) / sqrt(variance + epsilon), with the mean and the variance over the axes, of size 1 there.

    ranks: those with the other rows of the batch, over which the means go, too; None: x is all.

    Its gradient is (g - mean(g) - y * mean(g * y)) / sqrt(variance + epsilon).
    """
    a = x._array
    value, scale, mean, variance = quiet(_standardized, a, axes, epsilon, ranks)
    count = math.prod(a.shape[i] for i in axes)

    def whole(g: Tensor) -> Tensor:
        """The sum over the ranks, by their shares of the loss; its own gradient is such a sum."""
        if ranks is None:
            return g
        return record(ranks.sum([g._array], ranks.share)[0], (g,), lambda g: (lambda: whole(g),))

    def mean_of(g: Tensor) -> Tensor:
        if ranks is None:
            return ops.reduce_mean(g, axes, keepdims=True)
        return whole(ops.reduce_sum(g, axes, keepdims=True)) / max(count, 1)

    def gradient(g: Tensor) -> Tensor:
        share = mean_of(ops.multiply_no_nan(y, g))
        rest = g - mean_of(g) - ops.multiply_no_nan(y, share)
        return ops.multiply_no_nan(inverse, rest)

    def of_inverse(g: Tensor) -> Tensor:
        return -(ops.square(inverse) * whole(g) / count) * y

    y = record(value, (x,), lambda g: (lambda: gradient(g),))
    inverse = record(scale, (x,), lambda g: (lambda: of_inverse(g),))
    return y, mean, variance


def _mean(a: np.ndarray, axes: tuple[int, ...], ranks: replicas.Ranks | None) -> np.ndarray:
    if ranks is None:
        return a.mean(axes, keepdims=True)
    return ranks.sum([a.mean(axes, keepdims=True) if a.size else a.sum(axes, keepdims=True)], ranks.share)[0]


def _standardized(
    a: np.ndarray, axes: tuple[int, ...], epsilon: float, ranks: replicas.Ranks | None
) -> tuple[np.ndarray, ...]:
    mean = _mean(a, axes, ranks)
    centred = a - mean
    variance = _mean(np.square(centred), axes, ranks)
    scale = 1 / np.sqrt(variance + a.dtype.type(epsilon))
    return centred * scale, scale, mean, variance


class _Affine(Weighted):
    """Base class: gamma * x + beta after the standardization.

    epsilon: added to the variance, so that nothing is divided by 0
    center: whether beta is added
    scale: whether gamma multiplies
    beta_initializer, gamma_initializer: name or object of keras.initializers, function (shape, dtype) or array
    beta_regularizer, gamma_regularizer: adds to the loss: name or object of keras.regularizers, function, or None
    beta_constraint, gamma_constraint: after each update: name or object of keras.constraints, function, or None
    """

    center: bool
    scale: bool
    gamma: Variable | None = None
    beta: Variable | None = None

    def _add_affine(self, shape: Shape) -> None:
        if self.scale:
            self.gamma = self._add("gamma", shape)
        if self.center:
            self.beta = self._add("beta", shape)

    def _affine(self, y: Tensor, axes: tuple[int, ...]) -> Tensor:
        """gamma * y + beta; axes: those of y along which gamma and beta lie."""
        if self.gamma is not None:
            y = y * _along(self.gamma, y, axes)
        return y if self.beta is None else y + _along(self.beta, y, axes)


def _along(v: Variable | Tensor, x: Tensor, axes: tuple[int, ...]) -> Variable | Tensor:
    """v (sizes of x's axes) with an axis of size 1 for each other axis of x."""
    sizes = x._array.shape
    return v if axes == (len(sizes) - 1,) else ops.reshape(v, [n if i in axes else 1 for i, n in enumerate(sizes)])


class BatchNormalization(_Affine):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta for each entry along the axis (Ioffe and Szegedy 2015).

    In training, mean and variance are those of the batch, and the moving ones come nearer to them:
    moving = momentum * moving + (1 - momentum) * batch's. Otherwise, and in a layer that is not trainable, the
    moving ones are used.

    axis: the axis, of the features
    momentum: of the moving mean and variance, in [0, 1]
    moving_mean_initializer, moving_variance_initializer: as gamma_initializer
    """

    @neutral(synchronized=False, renorm=False, renorm_clipping=None, renorm_momentum=0.99)
    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self._resolve(locals())
        self.axis, self.momentum, self.epsilon = int(axis), float(momentum), float(epsilon)
        self.center, self.scale = center, scale

    def build(self, input_shape: Sequence[int | None]) -> None:
        shape = (input_shape[to_axis(self.axis, len(input_shape))],)
        self._add_affine(shape)
        self.moving_mean = self._add("moving_mean", shape, trainable=False)
        self.moving_variance = self._add("moving_variance", shape, trainable=False)
        self._ndim = len(input_shape)

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        x, sizes = floats(self, inputs), inputs._array.shape
        n = self.moving_mean._array.size
        if len(sizes) != self._ndim or sizes[self.axis] != n:
            raise ValueError(
                f"Input of layer {self.name!r} is incompatible with the layer: expected {self._ndim} axes with "
                f"{n} entries along axis {self.axis}, got shape {inputs.shape}"
            )
        axis = self.axis % self._ndim
        if training and self.trainable:
            axes = tuple(i for i in range(self._ndim) if i != axis)
            y, *moments = standardize(x, axes, self.epsilon, replicas.active)
            for moving, value in zip((self.moving_mean, self.moving_variance), moments, strict=True):
                moving.assign(moving._array * self.momentum + value.ravel() * (1 - self.momentum))
            return self._affine(y, (axis,))
        inverse = ops.rsqrt(self.moving_variance + self.epsilon)
        if self.gamma is not None:
            inverse = inverse * self.gamma
        offset = -self.moving_mean * inverse if self.beta is None else self.beta - self.moving_mean * inverse
        return x * _along(inverse, x, (axis,)) + _along(offset, x, (axis,))


class LayerNormalization(_Affine):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, with each sample's mean and variance along the axis.

    Ba et al. 2016.

    axis: the axis or list of axes, whose sizes are those of gamma and beta
    """

    @neutral(rms_scaling=False)
    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self._resolve(locals())
        self.axis, self.epsilon, self.center, self.scale = _axes(axis), epsilon, center, scale

    def build(self, input_shape: Sequence[int | None]) -> None:
        self.axis = sorted(self.axis)  # as they are: Keras puts -1 before 1
        self._add_affine(tuple(input_shape[to_axis(axis, len(input_shape))] for axis in self.axis))

    def call(self, inputs: Tensor) -> Tensor:
        x = floats(self, inputs)
        axes = tuple(axis % x.ndim for axis in self.axis)
        return self._affine(standardize(x, axes, self.epsilon)[0], axes)


class UnitNormalization(Layer):
    """x / sqrt(sum(x^2)) along the axis; zeros stay.

    axis: the axis or list of axes
    """

    def __init__(self, axis: int | Sequence[int] = -1, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.axis = _axes(axis)

    def call(self, inputs: Tensor) -> Tensor:
        x = floats(self, inputs)
        return x / ops.sqrt(ops.maximum(ops.reduce_sum(ops.square(x), self.axis, keepdims=True), 1e-24))


def _axes(axis: int | Sequence[int]) -> list[int]:
    if not isinstance(axis, (int, list, tuple)):
        raise TypeError(f"Expected an int or a list of ints for the argument `axis`, got {axis!r}")
    return [axis] if isinstance(axis, int) else list(axis)


def floats(layer: Layer, x: TensorLike) -> Tensor:
    """x in the layer's dtype, also where it holds integers, like the bytes of an image."""
    return x if type(x) is Tensor and x._array.dtype == layer._dtype else ops.cast(x, layer._dtype)
