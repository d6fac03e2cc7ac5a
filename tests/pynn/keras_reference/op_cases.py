"""More operations for tape_cases: elementary and activation functions, reductions, moves, indices, linear algebra."""

from __future__ import annotations

import numpy as np
from cases import uniform

A, B, V = uniform(60, 3, 4), uniform(61, 4, 5), uniform(62, 4)
T, P, S = uniform(64, 2, 3, 4), uniform(65, 3, 4, low=0.25, high=1.25), uniform(68, 3, 3) + 2 * np.eye(3, dtype="f")
KINKS = np.array([[-3, -0.0, 0, 1], [6, 2, 2, 7], [-1, 5, 5, 5]], dtype=np.float32)

OPERATIONS = {
    **{
        f"elementary {name}": (lambda tf, x, name=name: getattr(tf.math, name)(x), (x,))
        for x, names in (
            (A, "sin cos tan sinh cosh atan asinh expm1 erf log_sigmoid softplus"),
            (A / 2, "asin acos atanh"),
            (P, "log1p rsqrt reciprocal"),
            (P + 1, "acosh"),
        )
        for name in names.split()
    },
    **{
        f"activation {name} {'at kinks' if x is KINKS else ''}".strip(): (
            lambda tf, x, name=name: getattr(tf.nn, name)(x),
            (x,),
        )
        for name in ("relu6", "elu", "selu", "gelu", "silu", "softplus", "softsign", "leaky_relu")
        for x in (A, KINKS)
    },
    "gelu, approximate": (lambda tf, a: tf.nn.gelu(a, approximate=True), (A,)),
    "leaky_relu, slope": (lambda tf, k: tf.nn.leaky_relu(k, alpha=0.1) * k, (KINKS,)),
    "atan2": (lambda tf, a, p: tf.atan2(a, p), (A, P)),
    "squared_difference": (lambda tf, a, v: tf.math.squared_difference(a, v), (A, V)),
    "add_n": (lambda tf, a, p: tf.add_n([a, p, a]), (A, P)),
    "cumsum": (lambda tf, a: tf.cumsum(a, axis=1, exclusive=True) * a, (A,)),
    "cumsum, reverse": (lambda tf, a: tf.cumsum(a, reverse=True) * a, (A,)),
    "cumprod": (lambda tf, a: tf.math.cumprod(a, axis=1), (A,)),
    "cumprod, zeros": (lambda tf, k: tf.math.cumprod(k, axis=1, exclusive=True), (KINKS,)),
    "reduce_prod": (lambda tf, t: tf.reduce_prod(t, axis=(0, 2)), (T,)),
    "reduce_prod, zeros": (lambda tf, k: tf.reduce_prod(k, axis=1, keepdims=True), (KINKS,)),
    "reduce_logsumexp": (lambda tf, a: tf.reduce_logsumexp(50.0 * a, axis=1), (A,)),
    "reduce_std": (lambda tf, a: tf.math.reduce_std(a, axis=0), (A,)),
    "reduce_variance": (lambda tf, a: tf.math.reduce_variance(a, axis=1, keepdims=True), (A,)),
    "reduce_euclidean_norm": (lambda tf, a: tf.math.reduce_euclidean_norm(a, axis=1), (A,)),
    "sort": (lambda tf, a: tf.sort(a, direction="DESCENDING") ** 2, (A,)),
    "top_k": (lambda tf, a: tf.math.top_k(a, k=2).values ** 2, (A,)),
    "tile": (lambda tf, a: tf.tile(a, [2, 1]) ** 2, (A,)),
    "repeat": (lambda tf, a: tf.repeat(a, [1, 2, 0], axis=0) ** 2, (A,)),
    "pad": (lambda tf, a: tf.pad(a, [[1, 1], [0, 2]]) ** 2, (A,)),
    "pad, reflect": (lambda tf, a: tf.pad(a, [[1, 1], [2, 2]], "REFLECT") ** 2, (A,)),
    "pad, symmetric": (lambda tf, a: tf.pad(a, [[1, 1], [2, 2]], "SYMMETRIC") ** 2, (A,)),
    "reverse": (lambda tf, a: tf.reverse(a, [0, -1]) ** 2, (A,)),
    "roll": (lambda tf, a: tf.roll(a, [1, -1], [0, 1]) ** 2, (A,)),
    "gather, batch": (lambda tf, a: tf.gather(a, [[0, 3], [1, 1], [2, 0]], axis=1, batch_dims=1) ** 2, (A,)),
    "gather, batch and axis": (lambda tf, t: tf.gather(t, [[0, 1], [1, 1]], axis=2, batch_dims=1) ** 2, (T,)),
    "gather_nd": (lambda tf, a: tf.gather_nd(a, [[0, 1], [2, 2], [0, 1]]) ** 2, (A,)),
    "boolean_mask": (lambda tf, a: tf.boolean_mask(a, [True, False, True]) ** 2, (A,)),
    "mask": (lambda tf, a: a[a > 0.0] ** 2, (A,)),
    "slice function": (lambda tf, a: tf.slice(a, [1, 0], [2, -1]) ** 2, (A,)),
    "scatter_nd": (lambda tf, a: tf.scatter_nd([[1], [1], [0]], a, [4, 4]) ** 2, (A,)),
    "tensor_scatter_nd_update": (
        lambda tf, a, u: tf.tensor_scatter_nd_update(a, [[2], [0]], u) ** 2,
        (A, P[:2]),
    ),
    "tensor_scatter_nd_add": (lambda tf, a, u: tf.tensor_scatter_nd_add(a, [[1], [1]], u) ** 2, (A, P[:2])),
    "split": (lambda tf, a: tf.concat(tf.split(a, [1, 3], axis=1)[::-1], 1) ** 2, (A,)),
    "unstack": (lambda tf, a: tf.stack(tf.unstack(a, axis=1)) ** 2, (A,)),
    "clip_by_norm": (lambda tf, a: tf.clip_by_norm(a, 0.5, axes=[1]), (A,)),
    "clip_by_global_norm": (lambda tf, a, p: tf.clip_by_global_norm([a, p], 0.5)[0][1], (A, P)),
    "tensordot": (lambda tf, a, t: tf.tensordot(a, t, [[0, 1], [1, 2]]), (A, T)),
    "einsum, product": (lambda tf, a, b: tf.einsum("ij,jk->ik", a, b), (A, B)),
    "einsum, dots ": (lambda tf, t, b: tf.einsum("...ij,jk->...ik", t, b), (T, B)),
    "einsum, three": (lambda tf, a, t, v: tf.einsum("ij,bij,j->bi", a, t, v), (A, T, V)),
    "einsum, diagonal": (lambda tf, s: tf.einsum("ii->i", s) ** 2, (S,)),
    "einsum, sum": (lambda tf, a: tf.einsum("ij->j", a) ** 2, (A,)),
    "norm": (lambda tf, a: tf.norm(a, axis=1), (A,)),
    "norm, 3": (lambda tf, p: tf.norm(p, ord=3, axis=0), (P,)),
    "norm, matrix": (lambda tf, a: tf.norm(a, ord=1, axis=[0, 1]), (A,)),
    "matvec": (lambda tf, a, v: tf.linalg.matvec(a, v), (A, V)),
    "diagonals": (lambda tf, s: tf.linalg.diag(tf.linalg.diag_part(s)) + s * tf.linalg.trace(s), (S,)),
    "band_part": (lambda tf, a: tf.linalg.band_part(a, 0, 1) ** 2, (A,)),
    "inv": (lambda tf, s: tf.linalg.inv(s), (S,)),
    "det": (lambda tf, s: tf.linalg.det(s), (S,)),
    "solve": (lambda tf, s, a: tf.linalg.solve(s, a), (S, A)),
    "l2_normalize": (lambda tf, a: tf.nn.l2_normalize(a, axis=1), (A,)),
    "moments": (lambda tf, a: tf.nn.moments(a, axes=[0])[1], (A,)),
    "batch_normalization": (
        lambda tf, a, v, q: tf.nn.batch_normalization(a, v, q, v, q, 0.1),
        (A, V, P[0]),
    ),
    "sigmoid cross-entropy": (
        lambda tf, k, p: tf.nn.sigmoid_cross_entropy_with_logits(labels=p, logits=k),
        (KINKS, P),
    ),
    "weighted cross-entropy": (lambda tf, a, p: tf.nn.weighted_cross_entropy_with_logits(p, a, 2.0), (A, P)),
    "l2_loss": (lambda tf, a: tf.nn.l2_loss(a), (A,)),
    "bias_add": (lambda tf, a, v: tf.nn.bias_add(a, v) ** 2, (A, V)),
}
