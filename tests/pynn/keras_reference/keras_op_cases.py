"""Functions of keras.ops on fixed arrays, with their gradients by the first argument."""

from __future__ import annotations

import numpy as np
from cases import to_numpy, uniform

A, T, V = uniform(80, 3, 4), uniform(81, 2, 3, 4), uniform(82, 4)
P, Q = uniform(83, 3, 4, low=0.25, high=1.25), uniform(84, 3, 4, low=0.0625, high=0.9375)
HOT, LABELS = np.eye(4, dtype=np.float32)[[2, 0, 3]], np.array([2, 0, 3])
INFINITE = np.array([[np.nan, 1, -np.inf], [np.inf, -2, 0]], dtype=np.float32)
CALLS = {  # ops and the tensor x to a tensor, and the values of x
    "diag": (lambda ops, x: ops.diag(x, k=-1) ** 2, V),
    "diag, matrix": (lambda ops, x: ops.diag(x, k=1) ** 2, A),
    "median": (lambda ops, x: ops.median(x) ** 2, A),
    "median, axis": (lambda ops, x: ops.median(x, axis=0, keepdims=True) ** 2, A),
    "median, axes": (lambda ops, x: ops.median(x, axis=(0, 2)) ** 2, T),
    "median, ties": (lambda ops, x: ops.median(x, axis=1), HOT),
    **{
        f"quantile, {method}": (lambda ops, x, m=method: ops.quantile(x, 0.3, method=m) ** 2, A)
        for method in ("linear", "lower", "higher", "midpoint", "nearest")
    },
    "quantile, several": (lambda ops, x: ops.quantile(x, [[0.0, 0.25], [0.6, 1.0]], axis=1) ** 2, T),
    "quantile, kept": (lambda ops, x: ops.quantile(x, [0.1, 0.9], axis=(0, 2), keepdims=True) ** 2, T),
    "average": (lambda ops, x: ops.average(x, axis=1) ** 2, A),
    "average, weights": (lambda ops, x: ops.average(x, weights=ops.square(x)), P),
    "average, weights of an axis": (lambda ops, x: ops.average(x, axis=1, weights=[1.0, 2.0, 4.0, 1.0]) ** 2, A),
    "normalize": (lambda ops, x: ops.normalize(x), A),
    "normalize, sum": (lambda ops, x: ops.normalize(x, axis=0, order=1), A),
    "normalize, epsilon": (lambda ops, x: ops.normalize(x, order=3, epsilon=2.0), P),
    "meshgrid": (lambda ops, x: ops.stack(ops.meshgrid(x, 2 * x[:3])) ** 2, V),
    "nan_to_num": (lambda ops, x: ops.nan_to_num(x, nan=0.5, posinf=4.0, neginf=-4.0) * x[1, 1], INFINITE),
    "categorical": (lambda ops, x: ops.categorical_crossentropy(ops.cast(P, x.dtype), x), Q),
    "categorical, logits": (lambda ops, x: ops.categorical_crossentropy(ops.cast(HOT, x.dtype), x, True), A),
    "categorical, axis": (lambda ops, x: ops.categorical_crossentropy(ops.cast(HOT, x.dtype), x, axis=0), Q),
    "sparse": (lambda ops, x: ops.sparse_categorical_crossentropy(LABELS, x), Q),
    "sparse, logits": (lambda ops, x: ops.sparse_categorical_crossentropy(LABELS[:, None], x, from_logits=True), A),
    "binary": (lambda ops, x: ops.binary_crossentropy(ops.cast(HOT, x.dtype), x), Q),
    "binary, logits": (lambda ops, x: ops.binary_crossentropy(ops.cast(HOT, x.dtype), x, from_logits=True), A),
}


def call(tf, keras, dtype: str, name: str) -> dict:
    function, x = CALLS[name]
    source = tf.Variable(x.astype(dtype))
    with tf.GradientTape() as tape:
        y = function(keras.ops, tf.convert_to_tensor(source))
        total = tf.reduce_sum(y * np.linspace(1, 2, y.numpy().size, dtype=dtype).reshape(y.shape))
    return {"values": to_numpy(y), "gradient": to_numpy(tape.gradient(total, source))}


def others(tf, keras, dtype: str) -> dict:
    """What has no gradient."""
    ops = keras.ops
    found = {f"nonzero {i}": to_numpy(part) for i, part in enumerate(ops.nonzero(ops.relu(A.astype(dtype))))}
    limits = to_numpy(ops.nan_to_num(np.array([np.inf, -np.inf, np.nan], np.float32)))
    return found | {"size": to_numpy(ops.size(T)), "ndim": int(ops.ndim(T)), "limits": limits}


CASES = {**{name: lambda *a, n=name: call(*a, n) for name in CALLS}, "others": others}
