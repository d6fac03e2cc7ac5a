"""Cases of test_random_ops.py: reductions, moves of elements, sums of products, linear algebra."""

from __future__ import annotations

import functools
import math

import numpy as np
from op_arguments import FULL, ROWS, Draw, along, case, over, reduced, some

import pynn as tf


def logsumexp(x, axis, keepdims):
    return np.log(np.exp(x).sum(axis, keepdims=keepdims))


def p_norm(x, order, axis, keepdims):
    if order == np.inf:
        return np.abs(x).max(axis, keepdims=keepdims)
    p = 2 if order == "euclidean" else order
    return (np.abs(x) ** p).sum(axis, keepdims=keepdims) ** (1 / p)


def scanned(f, neutral):
    """np.cumsum or np.cumprod with TensorFlow's options."""

    def function(x, axis, exclusive, reverse):
        y = np.flip(x, axis) if reverse else x
        y = f(y, axis)
        if exclusive and y.size:
            edge = np.full_like(y.take([0], axis), neutral)
            y = np.concatenate([edge, np.delete(y, -1, axis)], axis)
        return np.flip(y, axis) if reverse else y

    return function


def with_options(arguments, *choices):
    return lambda d: (*arguments(d), *(d.one(c) for c in choices))


# reductions; those of nothing that have a value may be of nothing
case("tf.reduce_sum ops.sum", over(np.sum), reduced())
case("tf.reduce_prod ops.prod", over(np.prod), reduced(-1.5, 1.5))
case("tf.reduce_mean ops.mean", over(np.mean), reduced(sizes=FULL))
case("tf.reduce_max ops.max", over(np.max), reduced(sizes=FULL))
case("tf.reduce_min ops.min", over(np.min), reduced(sizes=FULL))
case("tf.reduce_logsumexp ops.logsumexp", logsumexp, reduced(sizes=FULL))
case("math.reduce_variance ops.var", over(np.var), reduced(sizes=FULL))
case("math.reduce_std ops.std", over(np.std), reduced(sizes=FULL))
case("math.reduce_euclidean_norm",
     over(lambda x, axis, keepdims: np.sqrt((x * x).sum(axis, keepdims=keepdims))),
     reduced(0.5, 2, sizes=FULL))  # fmt: skip
case("tf.reduce_any ops.any", over(np.any), lambda d: (x := d.bools(d.shape()), d.axes(x), d.one([False, True])))
case("tf.reduce_all ops.all", over(np.all), lambda d: (x := d.bools(d.shape()), d.axes(x), d.one([False, True])))
case("math.count_nonzero", over(np.count_nonzero), reduced())
case("ops.count_nonzero", lambda x, axis, _: np.count_nonzero(x, axis), reduced(), lambda f, x, axis, _: f(x, axis))
case("tf.argmax ops.argmax", np.argmax, along(sizes=FULL))
case("tf.argmin ops.argmin", np.argmin, along(sizes=FULL))
case("ops.median", over(np.median), reduced(sizes=FULL))
case("ops.quantile",
     lambda x, axis, keepdims, q, method: np.quantile(x, q, axis, method=method, keepdims=keepdims),
     with_options(reduced(sizes=FULL), [0.3, (0.0, 0.6)], ["linear", "lower", "higher", "midpoint"]),
     lambda f, x, axis, keepdims, q, method: f(x, q, axis, method, keepdims))  # fmt: skip
case("ops.average", lambda x, w, axis: (x * w).sum(axis) / w.sum(axis),
     lambda d: (x := d.array(d.shape(sizes=FULL)), d.array(x.shape, 0.5, 2), d.axes(x)),
     lambda f, x, w, axis: f(x, axis, w))  # fmt: skip
case("ops.average", lambda x, w, axis: np.tensordot(x, w, [[axis], [0]]) / w.sum(),
     lambda d: (x := d.array(d.shape(2, sizes=FULL)), d.array((x.shape[a := d.axis(x)],), 0.5, 2), a),
     lambda f, x, w, axis: f(x, axis, w))  # fmt: skip
case("nn.moments ops.moments",
     lambda x, axis, keepdims: (x.mean(axis, keepdims=keepdims), x.var(axis, keepdims=keepdims)),
     lambda d: (x := d.array(d.shape(**ROWS)), d.axis(x), d.one([False, True])),
     lambda f, x, axis, keepdims: f(x, [axis], keepdims=keepdims))  # fmt: skip
case("nn.l2_loss", lambda x: (x * x).sum() / 2, some())
case("tf.cumsum", scanned(np.cumsum, 0), with_options(along(), [False, True], [False, True]))
case("math.cumprod", scanned(np.cumprod, 1), with_options(along(), [False, True], [False, True]))
case("ops.cumsum", np.cumsum, along())
case("ops.cumprod", np.cumprod, along())

# the same elements in other shapes and places
case("tf.reshape ops.reshape", np.reshape,
     lambda d: (x := d.array(d.shape(sizes=FULL)), d.one([-1, (1, -1), x.shape[::-1]])))  # fmt: skip
case("ops.ravel", np.ravel, some())
case("tf.transpose ops.transpose", np.transpose,
     lambda d: (x := d.array(d.shape()), d.one([None, d.rng.permutation(x.ndim)])))  # fmt: skip
case("ops.swapaxes", np.swapaxes, lambda d: (x := d.array(d.shape(1)), d.axis(x), d.axis(x)))
case("linalg.matrix_transpose", lambda x: np.swapaxes(x, -1, -2), some(least=2))
case("tf.expand_dims ops.expand_dims", np.expand_dims,
     lambda d: (x := d.array(d.shape()), d.one(range(-x.ndim - 1, x.ndim + 1))))  # fmt: skip
case("tf.squeeze ops.squeeze", np.squeeze, some())
case("tf.squeeze ops.squeeze", np.squeeze, lambda d: (x := d.array((*d.shape(0, 2), 1)), d.one([-1, x.ndim - 1])))
case("tf.broadcast_to ops.broadcast_to", np.broadcast_to,
     lambda d: (d.array((s := d.shapes(2))[0]), np.broadcast_shapes(*s)))  # fmt: skip
case("tf.fill ops.full", lambda v, s: np.full(s, v), lambda d: (d.array(()), d.shape()),
     lambda f, v, s: f(s, v) if f is tf.fill else f(s, v, v.dtype))  # fmt: skip
case("ops.flip", np.flip, lambda d: (x := d.array(d.shape()), d.axes(x)))
case("tf.reverse", np.flip, along(), lambda f, x, axis: f(x, [axis]))
case("tf.roll ops.roll", lambda x, axis, n: np.roll(x, n, axis), with_options(along(), [1, -2, 5]),
     lambda f, x, axis, n: f(x, n, axis))  # fmt: skip
case("tf.repeat ops.repeat", lambda x, axis, n: np.repeat(x, n, axis), with_options(along(), [1, 2, 0]),
     lambda f, x, axis, n: f(x, n, axis))  # fmt: skip
case("tf.repeat ops.repeat", np.repeat,
     lambda d: (x := d.array(d.shape(1)), d.integers(3, (x.shape[a := d.axis(x)],)), a))  # fmt: skip
case("tf.tile ops.tile", np.tile, lambda d: (x := d.array(d.shape()), d.integers(3, (x.ndim,))))
case("tf.stack ops.stack", lambda *a: np.stack(a[:-1], a[-1]),
     lambda d: (x := d.array(d.shape()), d.array(x.shape), d.one(range(-x.ndim - 1, x.ndim + 1))),
     lambda f, *a: f(a[:-1], a[-1]))  # fmt: skip
case("tf.concat ops.concatenate", lambda x, axis, y: np.concatenate([x, y], axis),
     lambda d: (x := d.array(d.shape(1)), i := d.axis(x), d.array((*x.shape[: i % x.ndim], 2, *x.shape[i:][1:]))),
     lambda f, x, axis, y: f([x, y], axis))  # fmt: skip
case("tf.unstack ops.unstack", lambda x, axis: list(np.moveaxis(x, axis, 0)), along(),
     lambda f, x, axis: f(x, axis=axis))  # fmt: skip
case("tf.split ops.split", lambda x, axis: np.split(x, x.shape[axis], axis), along(sizes=FULL),
     lambda f, x, axis: f(x, x.shape[axis], axis))  # fmt: skip
case("ops.split", lambda x, axis: np.split(x, [1, 2], axis), along(sizes=(3,), most=2),
     lambda f, x, axis: f(x, [1, 2], axis))  # fmt: skip
case("tf.split", lambda x, axis: np.split(x, [1], axis), along(sizes=FULL), lambda f, x, axis: f(x, [1, -1], axis))
case("tf.pad ops.pad", lambda x, widths, mode, value: np.pad(x, widths, constant_values=value),
     lambda d: (x := d.array(d.shape(1)), d.integers(3, (x.ndim, 2)), "constant", d.one([0, 1.5])))  # fmt: skip
case("tf.pad ops.pad", np.pad,
     lambda d: (x := d.array(d.shape(1, 3, (2, 3))), d.integers(2, (x.ndim, 2)),
                d.one(["reflect", "symmetric"])))  # fmt: skip
case("tf.slice ops.slice", lambda x, b, n: x[tuple(slice(i, i + k) for i, k in zip(b, n, strict=True))],
     lambda d: (x := d.array(d.shape()), b := [d.one(range(n + 1)) for n in x.shape],
                [d.one(range(n - i + 1)) for n, i in zip(x.shape, b, strict=True)]))  # fmt: skip
case("operator.getitem", lambda x, key: x[key],
     lambda d: (d.array((3, 2, 2)),
                d.one([1, (..., None, -1), slice(None, None, -2), (slice(1, None), 0), (2, 1, 0)])))  # fmt: skip
case("operator.getitem", lambda x, mask: x[mask], lambda d: (x := d.array(d.shape(1)), d.bools(x.shape)))
case("tf.boolean_mask", lambda x, mask: x[mask],
     lambda d: (x := d.array(d.shape(1)), d.bools(x.shape[: d.one(range(1, x.ndim + 1))])))  # fmt: skip
case("tf.gather", lambda x, i, axis: np.take(x, i, axis),
     lambda d: (x := d.array(d.shape(1, sizes=FULL)), d.integers(x.shape[a := d.axis(x)], d.shape(0, 2)), a),
     lambda f, x, i, axis: f(x, i, axis=axis))  # fmt: skip
case("tf.gather", lambda x, i: np.take_along_axis(x, i, 1),
     lambda d: (x := d.array(d.shape(2, 2, FULL)), d.integers(x.shape[1], (len(x), 2))),
     lambda f, x, i: f(x, i, batch_dims=1))  # fmt: skip
case("ops.take", np.take,
     lambda d: (x := d.array(d.shape(1, sizes=FULL)), d.integers(x.shape[a := d.axis(x)], d.shape(0, 2)),
                a))  # fmt: skip
case("nn.embedding_lookup", lambda x, i: x[i], lambda d: (d.array((3, 2)), d.integers(3, d.shape(0, 2))))
case("tf.gather_nd", lambda x, i: x[tuple(np.moveaxis(i, -1, 0))],
     lambda d: (d.array((2, 3, 2)), d.integers(2, (*d.shape(0, 2), d.one([1, 2, 3])))))  # fmt: skip


def scattered(x, i, u, f):
    x = np.array(x)
    f(x, tuple(np.moveaxis(i, -1, 0)), u)
    return x


def rows(d: Draw):
    """A tensor, rows of indices of it, and updates for them."""
    return d.array((3, 2)), d.integers(3, (n := d.one([1, 2, 3, 0]), 1)), d.array((n, 2))


def different_rows(d: Draw):
    x, i, u = rows(d)
    return x, d.rng.permutation(3)[: len(i), None], u


case("tf.tensor_scatter_nd_add", functools.partial(scattered, f=np.add.at), rows)
case("tf.tensor_scatter_nd_sub", functools.partial(scattered, f=np.subtract.at), rows)
case("tf.tensor_scatter_nd_update", functools.partial(scattered, f=lambda x, i, u: x.__setitem__(i, u)), different_rows)
case("tf.scatter_nd ops.scatter", lambda x, i, u: scattered(0 * x, i, u, np.add.at), rows,
     lambda f, x, i, u: f(i, u, x.shape))  # fmt: skip
case("tf.sort ops.sort", np.sort, along())
case("tf.sort", lambda x, axis: -np.sort(-x, axis), along(), lambda f, x, axis: f(x, axis, "DESCENDING"))
case("tf.argsort ops.argsort", np.argsort, along())
case("math.top_k ops.top_k", lambda x, k: (-np.sort(-x)[..., :k], np.argsort(-x)[..., :k]),
     lambda d: (d.array(d.shape(1, sizes=(2, 3))), d.one([1, 2])))  # fmt: skip
case("tf.unique", lambda x: (x, np.arange(len(x))), some(least=1, most=1))
case("tf.unique_with_counts", lambda x: (x, np.arange(len(x)), np.ones(len(x), int)), some(least=1, most=1))
case("math.bincount", lambda i, w: np.bincount(i.ravel(), w.ravel(), 4) * 1.0,
     lambda d: (d.integers(3, s := d.shape()), d.array(s)), lambda f, i, w: f(i, w, 4))  # fmt: skip
case("math.confusion_matrix", lambda i, j, w: np.bincount(3 * i + j, w, 9).reshape(3, 3) * 1.0,
     lambda d: (d.integers(3, s := d.shape(1, 1)), d.integers(3, s), d.array(s)),
     lambda f, i, j, w: f(i, j, 3, w, w.dtype))  # fmt: skip
case("tf.meshgrid", lambda x, y: np.meshgrid(x, y), lambda d: (d.array(d.shape(1, 1)), d.array(d.shape(1, 1))))
case("tf.linspace", lambda x, y, n: np.linspace(x, y, n),
     lambda d: (*(d.array(s) for s in d.shapes(2)), d.one([1, 2, 4])))  # fmt: skip
case("ops.linspace", lambda x, y, n: np.linspace(x, y, n),
     lambda d: (*(d.array(s) for s in d.shapes(2)), d.one([1, 2, 4])))  # fmt: skip
case("linalg.diag", lambda x: x[..., None] * np.eye(x.shape[-1]), some(least=1, most=3))
case("linalg.diag_part", lambda x: np.diagonal(x, axis1=-2, axis2=-1), some(least=2))
case("linalg.trace", lambda x: np.trace(x, axis1=-2, axis2=-1), some(least=2))
case("ops.diag", np.diag, lambda d: (d.array(d.shape(1, 2)), d.one([0, 1, -1])))
case("ops.diagonal", np.diagonal, lambda d: (d.array(d.shape(2)), d.one([0, 1, -1])))
case("ops.trace", np.trace, lambda d: (d.array(d.shape(2)), d.one([0, 1, -1])))
case("ops.tril", np.tril, lambda d: (d.array(d.shape(2)), d.one([0, 1, -1])))
case("ops.triu", np.triu, lambda d: (d.array(d.shape(2)), d.one([0, 1, -1])))
case("linalg.band_part",
     lambda x, low, up: np.triu(np.tril(x, up if up >= 0 else 9), -low if low >= 0 else -9),
     lambda d: (d.array(d.shape(2)), d.one([0, 1, -1]), d.one([0, 1, -1])))  # fmt: skip


# sums of products
def matrices(d: Draw):
    """Stacks of them that broadcast."""
    (x, y), (m, k, n) = d.shapes(2, 2), (d.one([2, 1, 3, 0]) for _ in range(3))
    return d.array((*x, m, k)), d.array((*y, k, n))


def square(d: Draw):
    """Matrices that are far from having no inverse."""
    n = d.one([2, 1, 3])
    return d.array((*d.shape(0, 1, FULL), n, n), -1, 1) + 3 * np.eye(n)


case("tf.matmul ops.matmul operator.matmul", np.matmul, matrices)
case("tf.matmul", lambda x, y: np.matmul(x.T, y.T),
     lambda d: (d.array((k := d.one([3, 1, 0]), 2)), d.array((d.one([2, 1]), k))),
     lambda f, x, y: f(x, y, True, True))  # fmt: skip
case("ops.matmul ops.dot", np.dot,
     lambda d: (d.array((*d.shape(0, 2), 2)), d.array((2,) if d.one([True, False]) else (2, 3))))  # fmt: skip
case("ops.dot", np.dot, lambda d: (d.array(d.shape()), d.array(())))
case("ops.outer", np.outer, lambda d: (d.array(d.shape(1, 2)), d.array(d.shape(1, 2))))
case("tf.tensordot ops.tensordot", np.tensordot,
     lambda d: (d.array((3, 2)), d.array((2, 3)), d.one([1, 0, ([1], [0]), ([0, 1], [1, 0])])))  # fmt: skip
case("linalg.matvec", lambda a, b: (a @ b[..., None])[..., 0],
     lambda d: (a := d.array(d.shape(2)), d.array(a.shape[:-2] + a.shape[-1:])))  # fmt: skip
case("tf.einsum", lambda x, y, equation: np.einsum(equation, x, y),
     lambda d: (d.array((2, 3)), d.array((3, 3)), d.one(["ij,jk->ik", "ij,kk->i", "...j,jk", "ij,kl->", "ij,jk"])),
     lambda f, x, y, equation: f(equation, x, y))  # fmt: skip
case("engine.dense", lambda x, w, b, activation: np.maximum(x @ w + b, 0) if activation else x @ w + b,
     lambda d: (x := d.array(d.shape(1, 3)), d.array((x.shape[-1], 2)), d.array((2,)),
                d.one([None, "relu"])))  # fmt: skip
case("engine.dense", lambda x, w: x @ w, lambda d: (x := d.array(d.shape(1, 3)), d.array((x.shape[-1], 2))))
case("linalg.inv ops.inv", np.linalg.inv, lambda d: (square(d),))
case("linalg.det ops.det", np.linalg.det, lambda d: (square(d),))
case("linalg.solve ops.solve", np.linalg.solve, lambda d: (a := square(d), d.array((*a.shape[:-1], 2))))
case("linalg.lstsq", lambda a, b: np.linalg.lstsq(a, b)[0],
     lambda d: (d.array(s := d.one([(3, 2), (2, 3), (2, 2)]), -1, 1) + 3 * np.eye(*s), d.array((s[0], 2))))  # fmt: skip
case("tf.norm", lambda x, axis, keepdims, order: p_norm(x, order, axis, keepdims),
     lambda d: (x := d.array(d.shape(1, sizes=FULL), 0.5, 2), d.axis(x), d.one([False, True]),
                d.one(["euclidean", 1, 3, np.inf])),
     lambda f, x, axis, keepdims, order: f(x, order, axis, keepdims))  # fmt: skip
case("tf.norm ops.norm", lambda x, axis, keepdims, order: np.linalg.norm(x, order, axis, keepdims),
     lambda d: (d.array((2, 3, 2), 0.5, 1) * [[[1, -2]], [[-4, 8]]],  # so that no two sums are equal
                (0, -1), d.one([False, True]), d.one(["fro", 1, np.inf])),
     lambda f, x, axis, keepdims, order: f(x, order, axis, keepdims))  # fmt: skip
case("ops.norm", lambda x, axis, keepdims, order: np.linalg.norm(x, order, axis, keepdims),
     lambda d: (x := d.array(d.shape(1, sizes=FULL), 0.5, 2), d.axis(x), d.one([False, True]),
                d.one([None, 1, 3, np.inf])),
     lambda f, x, axis, keepdims, order: f(x, order, axis, keepdims))  # fmt: skip


def root(x, axis):
    return np.sqrt((x * x).sum(axis, keepdims=True))


case("linalg.normalize", lambda x, axis: (x / root(x, axis), root(x, axis)), along(sizes=FULL),
     lambda f, x, axis: f(x, axis=axis))  # fmt: skip
case("nn.l2_normalize", lambda x, axis: x / root(x, axis), along(sizes=FULL))
case("ops.normalize", lambda x, axis, order: x / p_norm(x, order, axis, True),
     with_options(along(sizes=FULL), [2, 1, 3]))  # fmt: skip
case("tf.clip_by_norm", lambda x, n, axis: x * n / np.maximum(root(x, axis), n),
     lambda d: (x := d.array(d.shape(1, sizes=FULL)), 1.0, (d.axis(x),)))  # fmt: skip
case("linalg.global_norm", lambda x, y: math.sqrt((x * x).sum() + (y * y).sum()),
     lambda d: (d.array(d.shape(sizes=FULL)), d.array(d.shape(sizes=FULL))),
     lambda f, x, y: f([x, None, y]))  # fmt: skip


def clipped(x, y, limit):
    norm = np.sqrt((x * x).sum() + (y * y).sum())
    return [a * limit / np.maximum(norm, limit) for a in (x, y)], norm


case("tf.clip_by_global_norm", clipped,
     lambda d: (d.array(d.shape(sizes=FULL)), d.array(d.shape(sizes=FULL)), d.one([1.0, 9.0])),
     lambda f, x, y, limit: f([x, y], limit))  # fmt: skip
