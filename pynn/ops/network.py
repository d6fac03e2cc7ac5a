"""The operations of dense networks that are kernels: products, relu, softmax, cross-entropy, with their gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import numpy as np

import kernels

from ..engine import budget
from ..engine.call import fast, quiet, run, silent
from ..engine.convert import cast, floats, operand, pair, to_axis
from ..engine.errors import InvalidArgumentError
from ..engine.tape import record
from ..engine.tensor import Operators, Tensor
from ..engine.typing import TensorLike
from ._chain import no_gradient, sum_to
from .arithmetic import exp, log
from .extremes import reduce_max
from .layout import reshape, stop_gradient, transpose
from .reduce import reduce_sum, sum_rows


def matmul(
    a: TensorLike,
    b: TensorLike,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
) -> Tensor:
    """(..., m, k) @ (..., k, n) -> (..., m, n); `transpose_*` swaps the last two axes first, without a copy.

    `adjoint_*` is the same for real numbers.
    """
    try:
        a, b = pair(a, b)
    except TypeError as error:
        raise InvalidArgumentError(str(error)) from None
    if a._array.ndim < 2 or b._array.ndim < 2:
        raise InvalidArgumentError(f"matmul needs matrices, got shapes {a.shape} and {b.shape}: see tf.expand_dims")
    if (transpose_a and adjoint_a) or (transpose_b and adjoint_b):
        raise ValueError("matmul takes transpose or adjoint of an operand, not both")
    if a._array.dtype.kind == "b":
        raise InvalidArgumentError("matmul has no bools: tf.cast(x, tf.float32)")
    a, b = swap(a) if transpose_a or adjoint_a else a, swap(b) if transpose_b or adjoint_b else b
    if budget.opened:
        budget.allow_product(a._array, b._array)
    if b._array.ndim == 2 and a._array.dtype.char in "fd":
        return _product(a, b)
    value = run(np.matmul, a._array, b._array)  # integers, and stacks of matrices on both sides
    return record(value, (a, b), lambda g: (lambda: sum_to(g @ swap(b), a), lambda: sum_to(swap(a) @ g, b)))


def _product(a: Tensor, b: Tensor) -> Tensor:
    """(..., k) @ (k, n) by the kernel."""
    value = run(kernels.dot, a._array, b._array)
    return record(value, (a, b), lambda g: (lambda: _product_nt(g, b), lambda: product_tn(_rows(a), _rows(g))))


def _product_nt(a: Tensor, b: Tensor) -> Tensor:  # n, t: normal, transposed
    """(..., k) @ (n, k).T: the gradient of a product by its left factor; no transpose is recorded."""
    value = kernels.dot(a._array, b._array.T)
    return record(value, (a, b), lambda g: (lambda: _product(g, b), lambda: product_tn(_rows(g), _rows(a))))


def product_tn(a: Tensor, b: Tensor) -> Tensor:
    """(k, m).T @ (k, n): the gradient of a product by its right factor."""
    value = kernels.dot(a._array.T, b._array)
    return record(value, (a, b), lambda g: (lambda: _product_nt(b, g), lambda: _product(a, g)))


def swap(x: Tensor) -> Tensor:
    """The last two axes swapped, and no copy: (..., m, n) -> (..., n, m)"""
    n = x._array.ndim
    return transpose(x, (*range(n - 2), n - 1, n - 2))


def _rows(x: Tensor) -> Tensor:
    shape = x._array.shape
    return x if len(shape) == 2 else reshape(x, (math.prod(shape[:-1]), shape[-1]))  # no -1: there may be no columns


def dense(
    x: TensorLike, w: TensorLike, b: TensorLike | None = None, activation: Literal["relu"] | None = None
) -> Tensor:
    """activation(x @ w + b) in one pass: x (..., k), w (k, n), b (n,) -> (..., n); activation None or "relu"."""
    x = x if type(x) is Tensor else operand(x)
    w = w._read() if isinstance(w, Operators) else operand(w)
    if b is not None:
        b = b._read() if isinstance(b, Operators) else operand(b)

    def gradient(g: Tensor) -> Sequence[Any]:
        g = g if activation is None else relu_gradient(g, out)
        inputs, rows = (x, g) if g._array.ndim == 2 else (_rows(x), _rows(g))
        return partial(_product_nt, g, w), partial(product_tn, inputs, rows), partial(sum_rows, rows)

    if budget.opened:
        budget.allow_product(x._array, w._array)
    value = kernels.dense(x._array, w._array, b if b is None else b._array, activation)
    out = record(value, (x, w) if b is None else (x, w, b), gradient)
    return out


def relu(features: TensorLike) -> Tensor:
    """max(x, 0)"""
    x = operand(features)
    value = fast(kernels.relu, lambda a: np.maximum(a, 0), x._array)
    out = record(value, (x,), lambda g: (lambda: relu_gradient(g, out),))
    return out


def relu_gradient(g: Tensor, out: Tensor) -> Tensor:
    """g where relu's output is positive, else 0."""
    a, y = g._array, out._array
    value = kernels.relu_grad(a, y) if a.dtype.char in "fd" else np.where(y > 0, a, a.dtype.type(0))
    return record(value, (g, out), lambda h: (lambda: relu_gradient(h, out), no_gradient(out)))


def softmax(logits: TensorLike, axis: int | None = None) -> Tensor:
    """exp(x) / sum(exp(x)) along the axis, by default the last, without overflow."""
    x = logits if type(logits) is Tensor and logits._array.dtype.char in "fd" else floats(logits, "softmax")
    last = x._array.ndim - 1
    if axis not in (None, -1, last) or last < 0:
        axis = to_axis(-1 if axis is None else axis, last + 1)
        order = list(range(last + 1))
        order[axis], order[-1] = order[-1], order[axis]
        return transpose(softmax(transpose(x, order)), order)
    a = x._array
    value = kernels.softmax(a) if a.dtype.char in "fd" else kernels.softmax(a.astype(np.float32)).astype(a.dtype)
    p = record(value, (x,), lambda g: (lambda: p * (g - reduce_sum(p * g, -1, keepdims=True)),))
    return p


def log_softmax(logits: TensorLike, axis: int | None = None) -> Tensor:
    """x - log(sum(exp(x))) along the axis, by default the last, without overflow."""
    x, axis = floats(logits, "log_softmax"), -1 if axis is None else int(axis)
    shifted = x - stop_gradient(reduce_max(x, axis, keepdims=True))
    return shifted - log(reduce_sum(exp(shifted), axis, keepdims=True))


def _scale_rows(x: Tensor, s: Tensor) -> Tensor:
    """Each row of x (m, n) times its number in s (m,)."""
    value = quiet(np.multiply, x._array, s._array[:, None])
    return record(value, (x, s), lambda g: (lambda: _scale_rows(g, s), lambda: reduce_sum(g * x, -1)))


def softmax_cross_entropy(logits: TensorLike, targets: TensorLike) -> Tensor:
    """-log(softmax(logits)[target]) per row: logits (..., n) -> (...).

    targets: integer labels (...) or distributions (..., n). The kernel gives the gradient with the loss.
    """
    logits = logits if type(logits) is Tensor and logits._array.dtype.kind == "f" else floats(logits, "cross-entropy")
    targets = targets if type(targets) is Tensor else operand(targets)
    shape, sparse = logits._array.shape, targets._array.dtype.kind in "iu"
    if targets._array.shape != (shape[:-1] if sparse else shape):
        raise ValueError(
            f"logits of shape {shape} go with integer labels of shape {shape[:-1]} or float distributions of "
            f"shape {shape}; got targets {targets._array.dtype} of shape {targets._array.shape}"
        )
    if len(shape) != 2:
        flat = softmax_cross_entropy(_rows(logits), reshape(targets, -1) if sparse else _rows(targets))
        return reshape(flat, shape[:-1])
    targets = targets if sparse or targets._array.dtype == logits._array.dtype else cast(targets, logits.dtype)
    try:
        losses, saved = kernels.softmax_cross_entropy(logits._array, targets._array)
    except ValueError as error:
        raise InvalidArgumentError(str(error)) from None

    def gradient(g: Tensor) -> Sequence[Any]:
        # saved by the kernel: softmax(logits) * sum(targets) - targets
        value = silent.run(np.multiply, saved, g._array[:, None])
        by_logits = record(value, (logits, targets, g), partial(second_gradient, g))
        return by_logits, None if sparse else lambda: -_scale_rows(log_softmax(logits), g)

    def second_gradient(g: Tensor, h: Tensor) -> Sequence[Any]:
        return (
            *hessian_product(_scale_rows(h, g)),
            lambda: reduce_sum(h * record(saved, (logits, targets), hessian_product), -1),
        )

    def hessian_product(h: Tensor) -> Sequence[Any]:
        p = softmax(logits)
        mean = reduce_sum(p * h, -1, keepdims=True)
        target_sum = 1.0 if sparse else reduce_sum(targets, -1, keepdims=True)
        return lambda: target_sum * p * (h - mean), lambda: mean - h

    return record(losses, (logits, targets), gradient)
