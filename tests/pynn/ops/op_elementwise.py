"""Cases of test_random_ops.py: operations element by element, activations, losses."""

from __future__ import annotations

import operator

import numpy as np
from op_arguments import (
    FULL,
    ROWS,
    alike,
    case,
    erf,
    gelu,
    log_softmax,
    relu,
    selu,
    sigmoid,
    softmax,
    softplus,
    some,
    two,
)  # fmt: skip

# of one tensor: limits of its numbers, names and the same in NumPy
for low, high, functions in (
    (-2, 2, {
        "tf.abs ops.abs operator.abs": np.abs, "tf.negative ops.negative operator.neg": np.negative,
        "tf.square ops.square": np.square, "tf.exp ops.exp act.exponential": np.exp,
        "math.expm1 ops.expm1": np.expm1, "tf.sin ops.sin": np.sin, "tf.cos ops.cos": np.cos,
        "tf.atan ops.arctan": np.arctan, "tf.sinh ops.sinh": np.sinh, "tf.cosh ops.cosh": np.cosh,
        "tf.tanh ops.tanh": np.tanh, "tf.asinh ops.arcsinh": np.arcsinh, "math.erf ops.erf": erf,
        "tf.sigmoid ops.sigmoid": sigmoid, "tf.sign ops.sign": np.sign, "tf.floor ops.floor": np.floor,
        "math.ceil ops.ceil": np.ceil, "tf.round": np.round, "tf.identity tf.convert_to_tensor tf.constant": np.array,
        "ops.convert_to_tensor act.linear": np.array, "math.is_nan ops.isnan": np.isnan, "ops.nan_to_num": np.array,
        "math.is_inf ops.isinf": np.isinf, "math.is_finite ops.isfinite": np.isfinite,
        "tf.zeros_like ops.zeros_like": np.zeros_like,
        "tf.ones_like ops.ones_like": np.ones_like,
    }),
    (0.25, 2, {
        "math.log ops.log": np.log, "ops.log2": np.log2, "ops.log10": np.log10, "tf.sqrt ops.sqrt": np.sqrt,
        "math.rsqrt ops.rsqrt": lambda x: x**-0.5, "math.reciprocal ops.reciprocal": lambda x: 1 / x,
    }),
    (-0.75, 0.75, {
        "tf.asin ops.arcsin": np.arcsin, "tf.acos ops.arccos": np.arccos, "tf.atanh ops.arctanh": np.arctanh,
        "tf.tan ops.tan": np.tan, "math.log1p ops.log1p": np.log1p,
    }),
    (1.25, 3, {"tf.acosh ops.arccosh": np.arccosh}),
    (-8, 8, {
        "nn.relu act.relu": relu, "nn.relu6 act.relu6": lambda x: np.clip(x, 0, 6), "nn.selu act.selu": selu,
        "nn.softplus act.softplus": softplus, "nn.softsign act.softsign": lambda x: x / (1 + np.abs(x)),
        "math.log_sigmoid act.log_sigmoid": lambda x: -softplus(-x), "act.hard_tanh": lambda x: np.clip(x, -1, 1),
        "act.hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1), "act.mish": lambda x: x * np.tanh(softplus(x)),
        "act.hard_silu": lambda x: x * np.clip(x / 6 + 0.5, 0, 1), "act.silu": lambda x: x * sigmoid(x),
        "ops.round": np.round,
    }),
):  # fmt: skip
    for names, reference in functions.items():
        case(names, reference, some(low, high))
case("tf.cast ops.cast", lambda x, t: x.astype(t or float), lambda d: (d.array(d.shape()), d.one(["int32", None])),
     lambda f, x, t: f(f(x, "float64"), t or x.dtype))  # fmt: skip
case("ops.round", np.round, lambda d: (d.array(d.shape()), d.one([0, 1])))
case("nn.leaky_relu act.leaky_relu", relu, lambda d: (d.array(d.shape()), d.one([0.25, 0.0, 1.5])))
case("act.relu", relu, lambda d: (d.array(d.shape(), -8, 8), d.one([0.0, 0.5]), d.one([None, 6.0]), d.one([0.0, 1.0])))
case("nn.elu", lambda x: np.where(x > 0, x, np.expm1(x)), some())
case("act.elu", lambda x, a: np.where(x > 0, x, a * np.expm1(x)), lambda d: (d.array(d.shape()), d.one([1.0, 0.25])))
case("act.celu", lambda x, a: np.where(x > 0, x, a * np.expm1(x / a)),
     lambda d: (d.array(d.shape()), d.one([1.0, 0.5])))  # fmt: skip
case("nn.gelu act.gelu ops.gelu", gelu, lambda d: (d.array(d.shape()), d.one([False, True])))
case("nn.silu", lambda x, b: x * sigmoid(b * x), lambda d: (d.array(d.shape()), d.one([1.0, 0.5])))
case("tf.clip_by_value ops.clip", np.clip, lambda d: (d.array(d.shape()), d.one([-0.5, -1.0]), d.one([0.75, 1.0])))
case("nn.softmax ops.softmax", softmax, lambda d: (x := d.array(d.shape(1, sizes=FULL)), d.axis(x)))
case("nn.log_softmax ops.log_softmax", log_softmax, lambda d: (x := d.array(d.shape(1, sizes=FULL)), d.axis(x)))

# of two tensors that broadcast
for x, y, functions in (
    ((-2, 2), (-2, 2), {
        "tf.add ops.add operator.add": np.add, "tf.subtract ops.subtract operator.sub": np.subtract,
        "tf.multiply ops.multiply operator.mul math.multiply_no_nan": np.multiply,
        "tf.maximum ops.maximum": np.maximum, "tf.minimum ops.minimum": np.minimum,
        "math.squared_difference": lambda x, y: (x - y) ** 2,
        **{f"tf.{f.__name__} ops.{f.__name__}": f for f in (
            np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal)},
    }),
    ((-2, 2), (0.5, 2), {
        "tf.divide ops.divide ops.true_divide operator.truediv": np.divide,
        "math.divide_no_nan ops.divide_no_nan math.xdivy": np.divide, "tf.atan2 ops.arctan2": np.arctan2,
        "math.xlogy": lambda x, y: x * np.log(y), "math.xlog1py": lambda x, y: x * np.log1p(y),
    }),
    ((0.25, 2), (0.5, 2), {
        "math.mod ops.mod operator.mod": np.mod, "math.floordiv ops.floor_divide operator.floordiv": np.floor_divide,
    }),
    ((0.5, 2), (-2, 2), {"tf.pow ops.power operator.pow": np.power}),
):  # fmt: skip
    for names, reference in functions.items():
        case(names, reference, two(x, y))
for f in (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow):
    case(f"operator.{f.__name__}", lambda x, f=f: f(2.0, x), some(0.5, 2), lambda f, x: f(2.0, x))
    case(f"operator.{f.__name__}", lambda x, f=f: f(x, 3), some(0.5, 2), lambda f, x: f(x, 3))
for f in (np.logical_and, np.logical_or, np.logical_xor):
    place = "math" if f is np.logical_xor else "tf"
    case(f"{place}.{f.__name__} ops.{f.__name__}", f, lambda d: tuple(d.bools(s) for s in d.shapes(2)))
case("tf.logical_not ops.logical_not", np.logical_not, lambda d: (d.bools(d.shape()),))
case("tf.where ops.where", np.where, lambda d: (d.bools((s := d.shapes(3))[0]), d.array(s[1]), d.array(s[2])))
case("tf.where", lambda c: np.argwhere(c), lambda d: (d.bools(d.shape(1)),))
case("tf.add_n", np.add, alike(), lambda f, x, y: f([x, y]))
case("tf.add_n", lambda x: x.sum(0), some(least=1, sizes=FULL), lambda f, x: f(list(x)))  # x is iterated
case("nn.bias_add", np.add, lambda d: (x := d.array(d.shape(1)), d.array(x.shape[-1:])))
case("nn.batch_normalization", lambda x, m, v, b, g, e: g * (x - m) / np.sqrt(v + e) + b,
     lambda d: (x := d.array(d.shape(1)), d.array(x.shape[-1:]), d.array(x.shape[-1:], 0.25, 2),
                d.array(x.shape[-1:]), d.array(()), 0.125))  # fmt: skip


# losses: y_true, y_pred
def crossentropy(y, p, from_logits=False, smoothing=0.0, axis=-1):
    """Probabilities are normalized first."""
    y = y * (1 - smoothing) + smoothing / y.shape[-1]
    return -(y * (log_softmax(p, axis) if from_logits else np.log(p / p.sum(axis, keepdims=True)))).sum(axis)


def binary(y, p, from_logits=False, smoothing=0.0):
    y, p = y * (1 - smoothing) + smoothing / 2, sigmoid(p) if from_logits else p
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


def focal(y, p, balanced, alpha, gamma):
    loss = (1 - (y * p + (1 - y) * (1 - p))) ** gamma * binary(y, p)
    return ((y * alpha + (1 - y) * (1 - alpha) if balanced else 1) * loss).mean(-1)


def sparse(y, p, from_logits):
    """Probabilities are normalized last: log(p) are taken for logits."""
    return np.take_along_axis(-log_softmax(p if from_logits else np.log(p)), y[..., None], -1)[..., 0]


def unit(x, axis=-1):
    return x / np.sqrt((x * x).sum(axis, keepdims=True))


def mean(f):
    return lambda y, p, *options: f(y, p, *options).mean(-1)


def hinge(y, p):
    return np.maximum(1 - y * p, 0)


def huber(y, p, delta):
    e = np.abs(y - p)
    return np.where(e <= delta, e * e / 2, delta * e - delta**2 / 2).mean(-1)


def labels(low, high):
    """Integer labels and predictions."""
    return lambda d: (d.integers(3, s := d.shape(0, 2)), d.array((*s, 3), low, high), low < 0)


SHARES = (0.0625, 0.9375)
for functions, limits in (
    ({"losses.mean_squared_error": lambda y, p: (y - p) ** 2, "losses.mean_absolute_error": lambda y, p: abs(y - p),
      "losses.log_cosh": lambda y, p: np.log(np.cosh(y - p))}, ((-2, 2), (-2, 2))),
    ({"losses.mean_absolute_percentage_error": lambda y, p: 100 * abs((y - p) / y),
      "losses.mean_squared_logarithmic_error": lambda y, p: (np.log(y + 1) - np.log(p + 1)) ** 2,
      "losses.poisson": lambda y, p: p - y * np.log(p + 1e-7)}, ((0.5, 2), (0.5, 2))),
    ({"losses.hinge": hinge, "losses.squared_hinge": lambda y, p: hinge(y, p) ** 2}, ((-2, 2), (-2, 2))),
):  # fmt: skip
    for name, formula in functions.items():
        case(name, mean(formula), alike(*limits, **ROWS))
case("losses.huber", huber, lambda d: (*alike(**ROWS)(d), d.one([1.0, 0.25])))
case("losses.cosine_similarity", lambda y, p, axis: -(unit(y, axis) * unit(p, axis)).sum(axis),
     lambda d: (*(pair := alike(**ROWS)(d)), d.axis(pair[0])))  # fmt: skip
case("losses.categorical_hinge", lambda y, p: np.maximum(((1 - y) * p).max(-1) - (y * p).sum(-1) + 1, 0), alike(**ROWS))
case("losses.kl_divergence", lambda y, p: (y * np.log(y / p)).sum(-1), alike(SHARES, SHARES, **ROWS))
case("losses.categorical_crossentropy", crossentropy,
     lambda d: (*alike(SHARES, SHARES, least=2, sizes=(2, 3))(d), False, d.one([0.0, 0.25])))  # fmt: skip
case("losses.categorical_crossentropy", crossentropy,
     lambda d: (*(pair := alike(SHARES, least=2, sizes=(2, 3))(d)), True, 0.0, d.axis(pair[0])))  # fmt: skip
case("ops.categorical_crossentropy", crossentropy, lambda d: (*alike(SHARES, least=2, sizes=(2, 3))(d), True))
case("losses.sparse_categorical_crossentropy ops.sparse_categorical_crossentropy", sparse, labels(-2, 2))
case("losses.sparse_categorical_crossentropy ops.sparse_categorical_crossentropy", sparse, labels(*SHARES))
case("losses.binary_crossentropy", mean(binary),
     lambda d: (*alike(SHARES, SHARES, **ROWS)(d), False, d.one([0.0, 0.25])))  # fmt: skip
case("losses.binary_crossentropy", mean(binary), lambda d: (*alike(SHARES, **ROWS)(d), True))
case("ops.binary_crossentropy", binary, lambda d: (*alike(SHARES, SHARES, **ROWS)(d), False))
case("ops.binary_crossentropy", binary, lambda d: (*alike(SHARES, **ROWS)(d), True))
case("losses.binary_focal_crossentropy", focal,
     lambda d: (*alike(SHARES, SHARES, **ROWS)(d), d.one([False, True]), 0.25, d.one([2.0, 3.0])))  # fmt: skip
case("nn.softmax_cross_entropy_with_logits",
     lambda y, x, axis: (np.log(np.exp(x).sum(axis)) * y.sum(axis) - (y * x).sum(axis)),
     lambda d: (*(pair := alike(SHARES, **ROWS)(d)), d.axis(pair[0])))  # fmt: skip
case("nn.sparse_softmax_cross_entropy_with_logits", sparse, labels(-2, 2), lambda f, y, x, _: f(y, x))
case("nn.sigmoid_cross_entropy_with_logits", lambda z, x: softplus(x) - x * z, alike())
case("nn.weighted_cross_entropy_with_logits", lambda z, x, w: (1 - z) * x + (1 + (w - 1) * z) * softplus(-x),
     lambda d: (*alike()(d), d.one([1.0, 2.0])))  # fmt: skip
