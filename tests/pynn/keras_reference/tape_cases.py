"""Values and gradients by GradientTape on fixed inputs: each operation, compositions, nested tapes."""

from __future__ import annotations

import numpy as np
import op_cases
from cases import one_hot, to_numpy, uniform

A, B, V = uniform(60, 3, 4), uniform(61, 4, 5), uniform(62, 4)
C, T = uniform(63, 3, 1), uniform(64, 2, 3, 4)
P, Q = uniform(65, 3, 4, low=0.25, high=1.25), uniform(66, 4, low=0.25, high=1.25)
KINKS = np.array([[-2, -0.0, 0, 1], [1, 1, -1, 3], [3, 3, 3, 3]], dtype=np.float32)  # ties, zeros
PICK = np.array([1, 3, 0], dtype=np.int64)
LABELS = np.array([4, 0, 2], dtype=np.int64)

# name -> (function of tf and variables, their initial values)
OPERATIONS = {
    "add, broadcast": (lambda tf, a, v: a + v, (A, V)),
    "add, column": (lambda tf, a, c: tf.add(c, a), (A, C)),
    "add, outer": (lambda tf, v, c: c + v, (V, C)),
    "add, 3-D": (lambda tf, t, v: (t + v) * t, (T, V)),
    "subtract": (lambda tf, a, v: v - a, (A, V)),
    "multiply": (lambda tf, a, c: a * c, (A, C)),
    "multiply, three": (lambda tf, a, c, v: a * c * v, (A, C, V)),
    "divide": (lambda tf, a, p: a / p, (A, P)),
    "divide, broadcast": (lambda tf, a, q: a / q, (A, Q)),
    "negative": (lambda tf, a: -a, (A,)),
    "numbers on either side": (lambda tf, p: 3 * p + 2.0 - p / 4.0 - (1.5 - p) * p + 2.0 / p, (P,)),
    "arrays on either side": (lambda tf, p: p * np.asarray(2) + p, (P,)),
    "cube": (lambda tf, a: a**3, (A,)),
    "square by power": (lambda tf, k: k**2, (KINKS,)),
    "root by power": (lambda tf, p: p**0.5, (P,)),
    "reciprocal by power": (lambda tf, p: p**-1.0, (P,)),
    "matmul": (lambda tf, a, b: tf.matmul(a, b), (A, B)),
    "matmul operator": (lambda tf, a, b: (a @ b) ** 2, (A, B)),
    "matmul, transposed": (lambda tf, a, b: tf.matmul(tf.transpose(b), tf.transpose(a)), (A, B)),
    "matmul, with itself": (lambda tf, a: tf.matmul(a, tf.transpose(a)), (A,)),
    "exp": (lambda tf, a: tf.exp(a), (A,)),
    "log": (lambda tf, p: tf.math.log(p), (P,)),
    "sqrt": (lambda tf, p: tf.sqrt(p), (P,)),
    "square": (lambda tf, a: tf.square(a), (A,)),
    "abs": (lambda tf, k: tf.abs(k), (KINKS,)),
    "maximum, ties": (lambda tf, k: tf.maximum(k, 1.0) * k, (KINKS,)),
    "maximum, both": (lambda tf, k, a: tf.maximum(k, tf.transpose(a)), (KINKS, KINKS.reshape(4, 3))),
    "maximum, broadcast": (lambda tf, a, v: tf.maximum(a, v) * v, (A, V)),
    "relu": (lambda tf, k: tf.nn.relu(k) * k, (KINKS,)),
    "softmax": (lambda tf, a: tf.nn.softmax(a) ** 2, (A,)),
    "softmax, 3-D": (lambda tf, t: tf.nn.softmax(t * 9.0) * t, (T,)),
    "reduce_sum": (lambda tf, a: tf.reduce_sum(a**2), (A,)),
    "reduce_sum, axis": (lambda tf, t: tf.reduce_sum(t, axis=1) ** 2, (T,)),
    "reduce_sum, last axis, kept": (lambda tf, a: a / tf.reduce_sum(a, axis=-1, keepdims=True), (P,)),
    "reduce_mean": (lambda tf, a: tf.reduce_mean(a**2), (A,)),
    "reduce_mean, axis": (lambda tf, a: tf.reduce_mean(a, axis=0) ** 2, (A,)),
    "reduce_mean, kept": (lambda tf, t: t * tf.reduce_mean(t, axis=2, keepdims=True), (T,)),
    "reduce_max": (lambda tf, a: tf.reduce_max(a, axis=1) ** 2, (A,)),
    "reduce_max, ties": (lambda tf, k: tf.reduce_max(k, axis=1, keepdims=True) * k, (KINKS,)),
    "reshape": (lambda tf, a, b: tf.reshape(a, (2, -1)) * 3.0 + tf.reshape(b, (-1,))[:6], (A, B)),
    "transpose": (lambda tf, a, b: tf.transpose(a) * b[:, :3], (A, B)),
    "transpose, axes": (lambda tf, t: tf.transpose(t, (2, 0, 1)) ** 2, (T,)),
    "slice, rows": (lambda tf, a: a[1:] * a[:2], (A,)),
    "slice, column": (lambda tf, a: a[:, 1] * a[:, 0], (A,)),
    "slice, entry": (lambda tf, a: a[0, 2] * a[-1, 3] ** 2, (A,)),
    "slice, steps": (lambda tf, a: a[::2, 1::2] ** 2, (A,)),
    "slice, backwards": (lambda tf, a: a[::-1] * a, (A,)),
    "slice, new axis": (lambda tf, a: a[:, None] * a[..., None], (A,)),
    "concat": (lambda tf, a, b: tf.concat([a, tf.transpose(b)], axis=0) ** 2, (A, B)),
    "concat, columns": (lambda tf, a, c: tf.concat([a, c, a], axis=1) ** 2, (A, C)),
    "stack": (lambda tf, a, p: tf.stack([a, p, a]) ** 2, (A, P)),
    "expand_dims, squeeze": (lambda tf, v, c: tf.expand_dims(v, 0) * tf.squeeze(c, axis=1)[:, None], (V, C)),
    "one_hot": (lambda tf, a: tf.reduce_sum(tf.one_hot(PICK, 4, dtype=a.dtype) * a**2, axis=1), (A,)),
    "cast of a comparison": (lambda tf, a: tf.cast(a > 0.0, a.dtype) * a**2, (A,)),
    "minimum, ties": (lambda tf, k: tf.minimum(k, 1.0) * k, (KINKS,)),
    "reduce_min, ties": (lambda tf, k: tf.reduce_min(k, axis=0) * k, (KINKS,)),
    "reduce_sum, two axes": (lambda tf, t: tf.reduce_sum(t, axis=(0, 2)) ** 2, (T,)),
    "clip_by_value": (lambda tf, k: tf.clip_by_value(k, -1.0, 1.0) * k, (KINKS,)),
    "where": (lambda tf, a, p: tf.where(a > 0.0, a * p, p**2), (A, P)),
    "gather, repeated": (lambda tf, a: tf.gather(a, np.array([2, 0, 2])) ** 2, (A,)),
    "gather, columns": (lambda tf, a: tf.gather(a, PICK, axis=1) ** 2, (A,)),
    "stop_gradient": (lambda tf, a: tf.stop_gradient(a) * a**2, (A,)),
    "pow": (lambda tf, p, a: tf.pow(p, a), (P, A)),
    "power of a number": (lambda tf, a: 2.0**a, (A,)),
    "sigmoid": (lambda tf, a: tf.sigmoid(8.0 * a), (A,)),
    "tanh": (lambda tf, a: tf.tanh(2.0 * a), (A,)),
    "sign": (lambda tf, k: tf.sign(k) * k, (KINKS,)),
    "broadcast_to": (lambda tf, v: tf.broadcast_to(v, (3, 4)) ** 2, (V,)),
    "log_softmax": (lambda tf, a: tf.nn.log_softmax(a) ** 2, (A,)),
    "softmax, first axis": (lambda tf, a: tf.nn.softmax(a, axis=0) * a, (A,)),
    "divide_no_nan": (lambda tf, p, k: tf.math.divide_no_nan(p, k), (P, KINKS)),
    "matmul, by flags": (lambda tf, a, b: tf.matmul(b, a, transpose_a=True, transpose_b=True), (A, B)),
    "matmul, 3-D": (lambda tf, t: tf.matmul(t, tf.transpose(t, (0, 2, 1))), (T,)),
    "matmul, broadcast": (lambda tf, t, b: tf.matmul(t, b), (T, B)),
    "nn cross-entropies": (
        lambda tf, a: (
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=PICK, logits=a)
            * tf.nn.softmax_cross_entropy_with_logits(labels=one_hot(PICK)[:, :4].astype(to_numpy(a).dtype), logits=a)
        ),
        (A,),
    ),
    "used twice": (lambda tf, a: a * a + a - tf.exp(a) * a, (A,)),
    "log-sum-exp": (lambda tf, a: tf.math.log(tf.reduce_sum(tf.exp(a - tf.reduce_max(a)), axis=1)), (A,)),
    "cross-entropy by hand": (
        lambda tf, a, b: (
            -tf.reduce_mean(
                tf.reduce_sum(
                    one_hot(LABELS).astype(to_numpy(a).dtype) * tf.math.log(tf.nn.softmax(tf.matmul(a, b))), axis=-1
                )
            )
        ),
        (A, B),
    ),
    "two layers": (
        lambda tf, a, b, v, w: tf.reduce_mean(tf.square(tf.matmul(tf.nn.relu(tf.matmul(a, b)), w) + v)),
        (A, B, V, uniform(67, 5, 4)),
    ),
    "normalize": (
        lambda tf, a: (
            (a - tf.reduce_mean(a, axis=0))
            / tf.sqrt(tf.reduce_mean(tf.square(a - tf.reduce_mean(a, axis=0)), axis=0) + 1e-3)
        ),
        (A,),
    ),
}


OPERATIONS |= op_cases.OPERATIONS


def variables(tf, arrays, dtype: str) -> list:
    return [tf.Variable(a.astype(dtype)) for a in arrays]


def numbers(gradient) -> np.ndarray | None:
    return None if gradient is None else to_numpy(gradient)


def uneven(value, dtype: str) -> np.ndarray:
    """Exact upstream gradients that differ from their neighbours: no sum of zeros, no transpose unseen."""
    shape = to_numpy(value).shape
    return ((np.arange(np.prod(shape, dtype=int)) * 7 % 11 - 4.5) / 4).reshape(shape).astype(dtype)


def operation(tf, keras, dtype: str, name: str) -> dict:
    """The value, and the gradients of its entries' uneven sum."""
    function, arrays = OPERATIONS[name]
    sources = variables(tf, arrays, dtype)
    with tf.GradientTape() as tape:
        value = function(tf, *sources)
        target = value * uneven(value, dtype)
    gradients = tape.gradient(target, sources)
    return {"value": to_numpy(value)} | {
        f"source {i}": to_numpy(tf.convert_to_tensor(gradient)) for i, gradient in enumerate(gradients)
    }


def derivatives(tf, keras, dtype: str, function, array: np.ndarray) -> dict:
    """Value, first, second and third derivative by three nested tapes."""
    x = tf.Variable(array.astype(dtype))
    with tf.GradientTape() as third:
        with tf.GradientTape() as second:
            with tf.GradientTape() as first:
                y = function(tf, keras, x)
                target = y * uneven(y, dtype)
            d1 = first.gradient(target, x)
            target = d1 * uneven(d1, dtype)
        d2 = second.gradient(target, x)
        target = d2 * uneven(d2, dtype)
    return {f"{i}": to_numpy(d) for i, d in enumerate([y, d1, d2, third.gradient(target, x)])}


NESTED = {
    "cube": (lambda tf, keras, x: x**3, np.float32([2.0])[0]),
    "cubes": (lambda tf, keras, x: x**3, A),
    "product": (lambda tf, keras, x: x * x * x * x, A),
    "exp": (lambda tf, keras, x: tf.exp(2.0 * x), A),
    "log": (lambda tf, keras, x: tf.math.log(x), P),
    "sqrt": (lambda tf, keras, x: tf.sqrt(x), P),
    "quotient": (lambda tf, keras, x: 1.0 / (1.0 + x * x), A),
    "softmax": (lambda tf, keras, x: tf.nn.softmax(x) ** 2, A),
    "relu of cubes": (lambda tf, keras, x: tf.nn.relu(x**3), A),
    "maximum": (lambda tf, keras, x: tf.maximum(x, 0.25) ** 4, A),
    "matmul": (lambda tf, keras, x: tf.square(tf.matmul(x, tf.transpose(x))), A),
    "mean": (lambda tf, keras, x: tf.reduce_mean(x**3, axis=0) * tf.reduce_sum(x), A),
    "slices": (lambda tf, keras, x: x[1:] ** 2 * tf.concat([x, x], axis=0)[2:4] ** 2, A),
    "sparse cross-entropy of logits": (
        lambda tf, keras, x: keras.losses.SparseCategoricalCrossentropy(from_logits=True)(PICK, x) ** 2,
        A,
    ),
    "cross-entropy of softmax": (
        lambda tf, keras, x: keras.losses.categorical_crossentropy(
            one_hot(PICK)[:, :4].astype(to_numpy(x).dtype), tf.nn.softmax(x)
        ),
        A,
    ),
    "mean squared error": (
        lambda tf, keras, x: keras.losses.mean_squared_error(np.zeros_like(A), x * x),
        A,
    ),
}


def mixed(tf, keras, dtype: str) -> dict:
    """d2/dxdy, and a penalty on a gradient's size, as one would train with."""
    x, w, y = variables(tf, (A, B, P), dtype)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            z = x**2 * tf.exp(y) * x
        dx = inner.gradient(z, x)
    dxdy = outer.gradient(dx, y)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            loss = tf.reduce_mean(tf.square(tf.nn.softmax(tf.matmul(x, w))))
        penalty = tf.reduce_sum(tf.square(inner.gradient(loss, x)))
    return {"dxdy": to_numpy(dxdy), "penalty": to_numpy(outer.gradient(penalty, w))}


def watching(tf, keras, dtype: str) -> dict:
    """Who is watched, what is not connected, sources in lists and dicts."""
    constant, other = tf.convert_to_tensor(A.astype(dtype)), tf.convert_to_tensor(P.astype(dtype))
    x, unused = variables(tf, (A, V), dtype)
    frozen = tf.Variable(A.astype(dtype), trainable=False)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(constant)
        y = constant * x + other * frozen + tf.square(x)
        derived = x * 2.0
        z = derived**2
        rounded = tf.cast(tf.cast(x * 8.0, "int32"), x.dtype) * 2.0
    return {
        "watched tensor": numbers(tape.gradient(y, constant)),
        "unwatched tensor": numbers(tape.gradient(y, other)),
        "variable": numbers(tape.gradient(y, x)),
        "not trainable": numbers(tape.gradient(y, frozen)),
        "unconnected": numbers(tape.gradient(y, unused)),
        "through integers": numbers(tape.gradient(rounded, x)),
        "by an intermediate": numbers(tape.gradient(z, derived)),
        "of itself": numbers(tape.gradient(x, x)),
        **{f"list {i}": numbers(g) for i, g in enumerate(tape.gradient(y, [x, unused, constant]))},
        **{f"again {i}": numbers(g) for i, g in enumerate(tape.gradient(z, [x, constant]))},
    }


def assigned(tf, keras, dtype: str) -> dict:
    """A variable's gradient is taken at the value that was read, whatever is assigned later."""
    x = tf.Variable(A.astype(dtype))
    with tf.GradientTape() as tape:
        y = x * x
        x.assign_add(np.ones_like(A).astype(dtype))
        z = y * x
    gradient = tape.gradient(z, x)
    x.assign_sub(gradient)
    return {"gradient": to_numpy(gradient), "after": to_numpy(x), "value": to_numpy(z)}


CASES = {
    **{f"operation {n}": lambda *a, n=n: operation(*a, n) for n in OPERATIONS},
    **{f"nested {n}": lambda *a, f=f, x=x: derivatives(*a, f, x) for n, (f, x) in NESTED.items()},
    "mixed": mixed,
    "watching": watching,
    "assigned": assigned,
}
