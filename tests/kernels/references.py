"""Exact results in wider types, with the errors that rounding explains."""

from __future__ import annotations

import numpy as np


def assert_close(result: np.ndarray, exact: np.ndarray, bound: np.ndarray | float, dtype: np.dtype) -> None:
    """Within the bound, with infinity and NaN in the same places. Where the bound is infinite, since another order of
    additions may overflow, only NaN are asked for."""
    assert np.shape(result) == np.shape(exact)
    assert np.asarray(result).dtype == dtype
    with np.errstate(invalid="ignore"):
        close = np.where(np.isfinite(exact), np.abs(result - exact) <= bound, result == exact)
    close |= np.where(np.isnan(exact), np.isnan(result), np.isinf(bound))
    assert close.all(), (np.asarray(result)[~close], np.asarray(exact)[~close])


def positive_part(x: np.ndarray) -> np.ndarray:
    return np.where(x <= 0, x.dtype.type(0), x)


def _wide(dtype: np.dtype) -> type:
    """A type in which no product of two numbers overflows, and none of a few is rounded."""
    return np.float64 if dtype == np.float32 else np.longdouble


def _size(x: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(x), np.abs(x), 0).astype(_wide(x.dtype))


def _allowed(size: np.ndarray, roundings: int, dtype: np.dtype) -> np.ndarray:
    """So many eps of a sum of absolute values, and what its terms lose among the subnormals; infinite where part of it
    may overflow."""
    limits = np.finfo(dtype)
    return np.where(size < limits.max / 2, roundings * (limits.eps * size + limits.smallest_subnormal), np.inf)


def dot_reference(x: np.ndarray, y: np.ndarray, more: np.ndarray | float = 0) -> tuple[np.ndarray, np.ndarray]:
    """x . y + more, and its bound: k + 1 roundings of at most eps / 2 each here, and as many in the reference. By loops
    in C, as BLAS has threads that would take the time of the kernels' for a while."""
    product = "...i,ij->...j" if y.ndim == 2 else "...i,i->..."
    wide = _wide(x.dtype)
    exact = np.einsum(product, x.astype(wide), y.astype(wide)) + more
    size = np.einsum(product, _size(x), _size(y)) + (_size(more) if isinstance(more, np.ndarray) else 0)
    return exact, _allowed(size, y.shape[0] + 1, x.dtype)


def sum_reference(x: np.ndarray, additions: int, axis: int | None) -> tuple[np.ndarray, np.ndarray]:
    """The sum, and its bound where one element goes through so many additions."""
    return x.astype(np.longdouble).sum(axis), _allowed(_size(x).sum(axis), additions, x.dtype)


def softmax_reference(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Softmax, and its bound: x - max rounds by eps / 2 of itself, above and below the fraction; the exponential
    by a few eps, the sum by one for each term; what falls among the subnormals loses one of them or two."""
    wide = x.astype(np.longdouble)
    shifted = wide - wide.max(axis=-1, keepdims=True, initial=-np.inf)
    e = np.exp(shifted)
    exact = e / e.sum(axis=-1, keepdims=True)
    limits = np.finfo(x.dtype)
    depth = np.where(exact == 0, 0, np.abs(shifted))
    bound = exact * limits.eps * (depth + x.shape[-1] + 8) + 2 * limits.smallest_subnormal
    return exact.astype(np.float64), bound


def cross_entropy_reference(x: np.ndarray, t: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Losses sum t (log sum exp(x) - x) and their gradient softmax(x) sum t - t, each with its bound.

    In a loss the sum of exponentials rounds as in softmax, max - x and the logarithm by eps / 2 of themselves, and then
    the terms and their sum. In the gradient softmax and the mass, the sum of t, round as sums of n terms do.
    """
    limits, n = np.finfo(x.dtype), x.shape[1]
    wide, t = x.astype(np.longdouble), t.astype(np.longdouble)
    depth = wide.max(axis=1, keepdims=True) - wide
    log_sum = np.log(np.exp(-depth).sum(axis=1, keepdims=True))
    terms = np.where(t == 0, 0, t * (log_sum + depth))
    size = np.where((t == 0) | ~np.isfinite(terms), 0, np.abs(t) * (log_sum + depth + 1)).sum(1)
    bound = np.where(size < limits.max / 2, (n + 8) * (limits.eps * size + limits.smallest_subnormal), np.inf)
    bound[np.where((t == 0) | np.isinf(depth), 0, depth).max(1) > limits.max / 2] = np.inf
    share, share_bound = softmax_reference(x)
    mass, masses = t.sum(1, keepdims=True), np.abs(t).sum(1, keepdims=True)
    gradient_bound = share_bound * masses + limits.eps * ((n + 4) * share * masses + np.abs(t))
    return (terms.sum(1), bound), (share * mass - t, gradient_bound + 4 * limits.smallest_subnormal)
