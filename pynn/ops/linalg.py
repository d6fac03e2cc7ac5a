"""Linear algebra: sums of products, inverses, norms, with gradients; stacks of matrices are in the first axes."""

from __future__ import annotations

import string
from collections import Counter
from functools import partial
from typing import Any

import numpy as np

from ..engine.call import run
from ..engine.convert import alike, floats, operand, pair, to_axis, to_shape
from ..engine.errors import InvalidArgumentError
from ..engine.tape import record
from ..engine.tensor import Tensor
from ..engine.typing import TensorLike
from ..support.neutral import neutral
from ._chain import sum_to
from .arithmetic import abs as absolute
from .arithmetic import broadcast_to, divide, maximum, minimum, multiply, pow, root, square
from .extremes import reduce_max
from .forms import pick, put
from .functions import rsqrt
from .layout import expand_dims, reshape, squeeze, transpose
from .network import matmul, swap
from .reduce import reduce_sum


@neutral(conjugate=False)
def matrix_transpose(a: TensorLike) -> Tensor:
    """The last two axes swapped: (..., m, n) -> (..., n, m)"""
    return swap(_matrices(operand(a)))


@neutral(adjoint_a=False, a_is_sparse=False, b_is_sparse=False)
def matvec(a: TensorLike, b: TensorLike, transpose_a: bool = False) -> Tensor:
    """(..., m, n) times (..., n) -> (..., m)"""
    a, b = pair(a, b)
    return matmul(a, expand_dims(b, -1), transpose_a=transpose_a)[..., 0]


def tensordot(a: TensorLike, b: TensorLike, axes: Any) -> Tensor:
    """Sums of products over axes of a and of b: a pair of lists, or n: the last n of a with the first n of b."""
    a, b = pair(a, b)
    m, n = a._array.ndim, b._array.ndim
    if np.ndim(axes):
        left, right = ([to_axis(i, k) for i in to_shape(side)] for side, k in zip(axes, (m, n), strict=True))
    else:
        left, right = list(range(m - int(axes), m)), list(range(int(axes)))
    if len(left) != len(right):
        raise ValueError(f"tensordot needs as many axes of a as of b, got {axes!r}")
    rows, columns = [i for i in range(m) if i not in left], [i for i in range(n) if i not in right]
    sizes = [a._array.shape[i] for i in rows], [b._array.shape[i] for i in columns]
    inner = int(np.prod([a._array.shape[i] for i in left])), int(np.prod([b._array.shape[i] for i in right]))
    x = reshape(transpose(a, rows + left), (int(np.prod(sizes[0])), inner[0]))
    y = reshape(transpose(b, right + columns), (inner[1], int(np.prod(sizes[1]))))
    return reshape(matmul(x, y), sizes[0] + sizes[1])


def einsum(equation: str, *inputs: Any) -> Tensor:
    """Sums of products by labels of axes: "ij,jk->ik" is the product of matrices, "...": axes that broadcast."""
    terms, arrow, out = equation.replace(" ", "").partition("->")
    labels, tensors = terms.split(","), alike(inputs)
    if len(labels) != len(tensors):
        raise ValueError(f'Got {len(tensors)} inputs for equation "{equation}", expecting {len(labels)}')
    if not arrow:  # the labels that come once, in order
        counts = Counter(terms.replace("...", "").replace(",", ""))
        out = "..." * ("..." in terms) + "".join(sorted(c for c, n in counts.items() if n == 1))
    free = "".join(c for c in string.ascii_letters if c not in equation)
    most = max((t._array.ndim - len(s) + 3 for s, t in zip(labels, tensors, strict=True) if "..." in s), default=0)
    for i, (s, t) in enumerate(zip(labels, tensors, strict=True)):
        if "..." in s:
            labels[i] = s.replace("...", free[most - (t._array.ndim - len(s) + 3) : most])
    out = out.replace("...", free[:most])
    return _contract(labels, out, tensors)


def _contract(labels: list[str], out: str, tensors: tuple[Tensor, ...]) -> Tensor:
    tensors = tuple(_diagonal(s, t) for s, t in zip(labels, tensors, strict=True))
    labels = ["".join(dict.fromkeys(s)) for s in labels]
    arrays = [t._array for t in tensors]
    value = run(lambda: np.einsum(f"{','.join(labels)}->{out}", *arrays, optimize=len(arrays) > 1))
    if value.base is not None:  # "ij->ji" is a view
        value = value.copy()

    def by(i: int, g: Tensor) -> Tensor:
        others = [*labels[:i], *labels[i + 1 :]]
        known = set(out).union(*others)
        shared = "".join(c for c in labels[i] if c in known)
        part = _contract([out, *others], shared, (g, *tensors[:i], *tensors[i + 1 :]))
        if shared != labels[i]:  # axes that were only summed over: the same gradient all along them
            sizes = iter(part._array.shape)
            kept = [next(sizes) if c in known else 1 for c in labels[i]]
            full = [n if c in known else m for c, n, m in zip(labels[i], kept, arrays[i].shape, strict=True)]
            part = broadcast_to(reshape(part, kept), full)
        return sum_to(part, tensors[i])

    return record(value, tensors, lambda g: [partial(by, i, g) for i in range(len(tensors))])


def _diagonal(labels: str, x: Tensor) -> Tensor:
    """The diagonal that labels with repeats name."""
    single = "".join(dict.fromkeys(labels))
    return x if single == labels else pick(x, lambda a: np.einsum(f"{labels}->{single}", a))


@neutral(k=0, padding_value=0, align="RIGHT_LEFT")
def diag_part(input: TensorLike) -> Tensor:
    """The diagonal of each matrix: (..., n, n) -> (..., n)"""
    return pick(_matrices(operand(input)), lambda a: np.diagonal(a, axis1=-2, axis2=-1))


@neutral(k=0, num_rows=-1, num_cols=-1, padding_value=0, align="RIGHT_LEFT")
def diag(diagonal: Any) -> Tensor:
    """Matrices with these diagonals and zeros beside them: (..., n) -> (..., n, n)"""
    x = operand(diagonal)
    return put(x, lambda a: np.diagonal(a, axis1=-2, axis2=-1), (*x._array.shape, x._array.shape[-1]))


def trace(x: TensorLike) -> Tensor:
    """The sum of each matrix's diagonal."""
    return reduce_sum(diag_part(x), -1)


def band_part(input: TensorLike, num_lower: int, num_upper: int) -> Tensor:
    """The matrix with zeros but for so many diagonals below and above the main one; negative: all of them."""
    x = _matrices(operand(input))
    m, n = x._array.shape[-2:]
    above = np.arange(n) - np.arange(m)[:, None]
    band = ((num_lower < 0) | (-above <= num_lower)) & ((num_upper < 0) | (above <= num_upper))
    return multiply(x, band.astype(x._array.dtype))


def _matrices(x: Tensor, square: bool = False) -> Tensor:
    shape = x._array.shape
    if len(shape) < 2 or (square and shape[-1] != shape[-2]):
        raise InvalidArgumentError(f"{'Square m' if square else 'M'}atrices are needed, got shape {x.shape}")
    return x


def _solved(function: Any, *arrays: np.ndarray) -> np.ndarray:
    """NumPy's LAPACK, which knows no half floats, and TensorFlow's error for a matrix that has no inverse."""
    wide = [a.astype(np.float32) if a.dtype.itemsize < 4 else a for a in arrays]
    try:
        return np.asarray(function(*wide)).astype(arrays[0].dtype, copy=False)
    except (np.linalg.LinAlgError, ValueError) as error:
        raise InvalidArgumentError(f"Input is not invertible: {error}") from None


@neutral(adjoint=False)
def inv(input: TensorLike) -> Tensor:
    """The inverse of each matrix. InvalidArgumentError: it has none."""
    x = _matrices(floats(input, "inv"), square=True)
    y = record(
        _solved(np.linalg.inv, x._array), (x,),
        lambda g: (lambda: -matmul(matmul(y, g, transpose_a=True), y, transpose_b=True),),
    )  # fmt: skip
    return y


def det(input: TensorLike) -> Tensor:
    """The determinant of each matrix; its gradient needs an inverse."""
    x = _matrices(floats(input, "det"), square=True)
    y = record(
        _solved(np.linalg.det, x._array), (x,),
        lambda g: (lambda: reshape(g * y, (*y._array.shape, 1, 1)) * matrix_transpose(inv(x)),),
    )  # fmt: skip
    return y


@neutral(adjoint=False)
def solve(matrix: Any, rhs: Any) -> Tensor:
    """The x of matrix x = rhs: (..., n, n), (..., n, k) -> (..., n, k). InvalidArgumentError: no inverse."""
    a, b = pair(floats(matrix, "solve"), rhs)
    _matrices(a, square=True), _matrices(b)
    x = record(
        _solved(np.linalg.solve, a._array, b._array), (a, b),
        lambda g: (
            lambda: sum_to(-matmul(solve(matrix_transpose(a), g), x, transpose_b=True), a),
            lambda: sum_to(solve(matrix_transpose(a), g), b),
        ),
    )  # fmt: skip
    return x


@neutral(fast=True)
def lstsq(matrix: Any, rhs: Any, l2_regularizer: float = 0.0) -> Tensor:
    """The x that makes |matrix x - rhs|^2 + l2_regularizer |x|^2 least, by the normal equations.

    (..., m, n), (..., m, k) -> (..., n, k); m < n: the least |x| of those that solve it.
    """
    a, b = pair(floats(matrix, "lstsq"), rhs)
    m, n = _matrices(a)._array.shape[-2:]
    ridge = l2_regularizer * np.eye(min(m, n), dtype=a._array.dtype)
    if m >= n:
        return solve(matmul(a, a, transpose_a=True) + ridge, matmul(a, b, transpose_a=True))
    return matmul(a, solve(matmul(a, a, transpose_b=True) + ridge, b), transpose_a=True)


def norm(tensor: TensorLike, ord: Any = "euclidean", axis: Any = None, keepdims: bool = False) -> Tensor:
    """The norm over an axis (None: over all elements as one vector) or, for a pair of axes, of matrices.

    ord: "euclidean", a number or np.inf for vectors; "euclidean", "fro", 1 or np.inf for matrices.
    """
    x = floats(tensor, "norm")
    axes = None if axis is None else to_shape(axis)
    matrices = axes is not None and len(axes) == 2
    if ord == "euclidean" or ord == ("fro" if matrices else 2):
        return root(reduce_sum(square(x), axes, keepdims))
    if axes is not None and matrices:
        if ord not in (1, np.inf):
            raise ValueError(f"'ord' must be a supported matrix norm ('euclidean', 'fro', 1, np.inf), got {ord}")
        summed, left = axes if ord == 1 else axes[::-1]
        largest = reduce_max(reduce_sum(absolute(x), summed, keepdims=True), left, keepdims=True)
        return largest if keepdims else squeeze(largest, axes)
    if isinstance(ord, str) or not ord > 0:
        raise ValueError(f"'ord' must be a supported vector norm ('euclidean', a positive number, np.inf), got {ord}")
    size = absolute(x)
    if ord in (1, np.inf):
        return (reduce_sum if ord == 1 else reduce_max)(size, axes, keepdims)
    return root(reduce_sum(pow(size, ord), axes, keepdims), ord)


def normalize(tensor: TensorLike, ord: Any = "euclidean", axis: Any = None) -> tuple[Tensor, Tensor]:
    """(x / norm, norm), the norm with its axes of size 1."""
    x = floats(tensor, "normalize")
    size = norm(x, ord, axis, keepdims=True)
    return x / size, size


@neutral(dim=None)
def l2_normalize(x: TensorLike, axis: Any = None, epsilon: float = 1e-12) -> Tensor:
    """x / sqrt(max(sum(x ** 2), epsilon)), the sum along the axis (None: all axes)."""
    x = operand(x)
    return x * rsqrt(maximum(reduce_sum(square(x), axis, keepdims=True), epsilon))


def clip_by_norm(t: TensorLike, clip_norm: Any, axes: Any = None) -> Tensor:
    """x * clip_norm / norm where the 2-norm over the axes (None: all) is above clip_norm, else x."""
    x = operand(t)
    return divide(x * clip_norm, maximum(root(reduce_sum(square(x), axes, keepdims=True)), clip_norm))


def global_norm(t_list: Any) -> Tensor:
    """The 2-norm of all tensors together; None among them counts for nothing."""
    return root(floats(sum(reduce_sum(square(operand(t))) for t in t_list if t is not None), "global_norm"))


def clip_by_global_norm(t_list: Any, clip_norm: Any, use_norm: Any = None) -> tuple[list[Tensor | None], Tensor]:
    """(the tensors, each times clip_norm / norm where their norm is above clip_norm; the norm).

    use_norm: their norm, where it is known. An infinite norm gives NaN.
    """
    if isinstance(t_list, Tensor) or not hasattr(t_list, "__iter__"):
        raise TypeError(f"clip_by_global_norm needs a list of tensors, got {t_list!r}")
    norm = global_norm(t_list) if use_norm is None else operand(use_norm)
    norm, limit = pair(norm, clip_norm)
    scale = limit * minimum(1 / norm, 1 / limit)
    if not np.isfinite(norm._array).all():
        scale = scale * np.nan
    return [None if t is None else operand(t) * scale for t in t_list], norm
