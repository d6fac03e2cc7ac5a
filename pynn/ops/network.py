"""What networks are made of: products, dense layers, relu, softmax and cross-entropy, with their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

import kernels

from ..convert import operand, pair
from ..dtypes import InvalidArgumentError
from ..tape import record
from ..tensor import Tensor
from .arithmetic import (
    _fast,
    _floats,
    cast,
    exp,
    log,
    multiply,
    negative,
    reduce_max,
    reduce_sum,
    subtract,
    sum_to,
)
from .shape import expand_dims, reshape, stop_gradient, transpose


def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False) -> Tensor:
    """(..., m, k) @ (..., k, n) -> (..., m, n); `transpose_*` swaps the last two axes first, without a copy."""
    a, b = pair(a, b)
    for name, x in (("a", a), ("b", b)):
        if x._array.ndim < 2:
            raise InvalidArgumentError(
                f"matmul needs matrices, {name} has shape {x.shape}; tf.expand_dims(x, 0) makes a row of a vector"
            )
    a = _swap(a) if transpose_a else a
    b = _swap(b) if transpose_b else b
    if b._array.ndim == 2:
        value = _fast(kernels.dot, np.matmul, a._array, b._array)
    else:  # stacks of matrices
        value = _fast(np.matmul, np.matmul, a._array, b._array)

    def gradient(g: Tensor) -> Any:
        if b._array.ndim == 2:
            return lambda: matmul(g, transpose(b)), lambda: matmul(transpose(_rows(a)), _rows(g))
        return (
            lambda: sum_to(matmul(g, _swap(b)), a._array.shape),
            lambda: sum_to(matmul(_swap(a), g), b._array.shape),
        )

    return record(value, (a, b), gradient)


def _swap(x: Tensor) -> Tensor:
    n = x._array.ndim
    return transpose(x, [*np.arange(n - 2), n - 1, n - 2])


def _rows(x: Tensor) -> Tensor:
    return x if x._array.ndim == 2 else reshape(x, (-1, x._array.shape[-1]))


def relu(x: Any) -> Tensor:
    """max(x, 0)"""
    x = operand(x)
    out = record(
        _fast(kernels.relu, lambda a: np.maximum(a, 0), x._array),
        (x,),
        lambda g: (lambda: relu_gradient(g, out),),
    )
    return out


def relu_gradient(g: Tensor, out: Tensor) -> Tensor:
    """g where relu's output is positive, else 0."""
    return record(
        _fast(kernels.relu_grad, lambda g, y: np.where(y > 0, g, 0).astype(g.dtype), g._array, out._array),
        (g,),
        lambda h: (lambda: relu_gradient(h, out),),
    )


def dense(x: Any, w: Any, b: Any = None, activation: str | None = None) -> Tensor:
    """activation(x @ w + b) in one pass: x (..., k), w (k, n), b (n,) -> (..., n); activation None or "relu"."""
    inputs = (operand(x), operand(w)) if b is None else (operand(x), operand(w), operand(b))
    x, w = inputs[:2]
    value = kernels.dense(*(i._array for i in inputs), activation=activation)

    def gradient(g: Tensor) -> Any:
        g = relu_gradient(g, out) if activation == "relu" else g
        return (
            lambda: matmul(g, transpose(w)),
            lambda: matmul(transpose(_rows(x)), _rows(g)),
            lambda: reduce_sum(_rows(g), 0),
        )

    out = record(value, inputs, gradient)
    return out


def softmax(x: Any, axis: int = -1) -> Tensor:
    """exp(x) / sum(exp(x)) along the axis, without overflow."""
    x = _floats(x, "softmax")
    if axis not in (-1, x._array.ndim - 1):
        order = np.arange(x._array.ndim)
        order[axis], order[-1] = order[-1], order[axis]
        return transpose(softmax(transpose(x, order)), order)

    def gradient(g: Tensor) -> Any:
        return (lambda: multiply(out, subtract(g, reduce_sum(multiply(g, out), -1, keepdims=True))),)

    out = record(_fast(kernels.softmax, _softmax_half, x._array), (x,), gradient)
    return out


def _softmax_half(a: np.ndarray) -> np.ndarray:
    return kernels.softmax(a.astype(np.float32)).astype(a.dtype)


def log_softmax(x: Any, axis: int = -1) -> Tensor:
    """x - log(sum(exp(x))) along the axis, without overflow."""
    x = _floats(x, "log_softmax")
    shifted = subtract(x, stop_gradient(reduce_max(x, axis, keepdims=True)))
    return subtract(shifted, log(reduce_sum(exp(shifted), axis, keepdims=True)))


def softmax_cross_entropy(logits: Any, targets: Any) -> Tensor:
    """-log(softmax(logits)[target]) per row: logits (..., n) -> (...).

    targets: integer labels (...) or distributions (..., n). The kernel gives the gradient with the loss.
    """
    logits, targets = _floats(logits, "cross-entropy"), operand(targets)
    shape = logits._array.shape
    dense_targets = targets._array.dtype.kind == "f"
    if targets._array.shape != (shape if dense_targets else shape[:-1]):
        raise ValueError(
            f"logits of shape {shape} go with integer labels of shape {shape[:-1]} or float distributions of "
            f"shape {shape}; got targets {targets._array.dtype} of shape {targets._array.shape}"
        )
    if len(shape) != 2:
        rows = reshape(logits, (-1, shape[-1])), reshape(targets, (-1, shape[-1]) if dense_targets else -1)
        return reshape(softmax_cross_entropy(*rows), shape[:-1])
    targets = cast(targets, logits._array.dtype) if dense_targets else targets
    losses, slope = kernels.softmax_cross_entropy(logits._array, targets._array)

    def gradient(g: Tensor) -> Any:
        g = expand_dims(g, -1)
        return lambda: multiply(g, unit()), lambda: negative(multiply(g, log_softmax(logits)))

    def unit() -> Tensor:  # softmax(logits) * sum(target) - target, which the kernel saved
        return record(slope, (logits, targets), curvature)

    def curvature(h: Tensor) -> Any:
        def along_logits() -> Tensor:
            p = softmax(logits)
            ph = multiply(p, subtract(h, reduce_sum(multiply(p, h), -1, keepdims=True)))
            return multiply(ph, reduce_sum(targets, -1, keepdims=True)) if dense_targets else ph

        def along_targets() -> Tensor:
            return subtract(reduce_sum(multiply(softmax(logits), h), -1, keepdims=True), h)

        return along_logits, along_targets

    return record(losses, (logits, targets), gradient)
