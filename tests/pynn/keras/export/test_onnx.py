"""Model.export, against onnxruntime: each layer, activation and operation."""

from __future__ import annotations

import inspect
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import activations, layers, ops
from pynn.keras.export import nodes

sys.path.insert(0, str(Path(__file__).parent))

from against_onnxruntime import PAIR, WIDE, R, check, drawn, session

VALUES = np.array([[-np.inf, -60, -7, -3], [-1, -1e-4, -0.0, 0], [1e-4, 0.3, 1, 3], [6, 7, 60, np.inf]], np.float32)


INTS = R.integers(0, 5, (5, 3)).astype(np.int32)
DEEP = R.normal(size=(5, 2, 3, 4)).astype(np.float32)
BROAD = WIDE, R.normal(size=(5, 2, 4)).astype(np.float32), R.normal(size=(5, 1)).astype(np.float32)
# by class: makers, each with the inputs
CASES = {
    "ELU": [(lambda: layers.ELU(0.7), WIDE)],
    "Activation": [(lambda: layers.Activation("softmax"), DEEP), (lambda: layers.Activation(lambda x: 2 * x), WIDE)],
    "ActivityRegularization": [(lambda: layers.ActivityRegularization(0.1), WIDE)],
    "Add": [(layers.Add, *BROAD), (layers.Add, INTS, WIDE[:, :3])],
    "AlphaDropout": [(lambda: layers.AlphaDropout(0.5), WIDE)],
    "Average": [(layers.Average, *BROAD), (layers.Average, INTS, INTS)],
    "BatchNormalization": [
        (layers.BatchNormalization, WIDE), (lambda: layers.BatchNormalization(1, scale=False), DEEP),
        (lambda: layers.BatchNormalization(-2, center=False), DEEP),
    ],
    "CategoryEncoding": [
        (lambda: layers.CategoryEncoding(5), INTS), (lambda: layers.CategoryEncoding(5, "count"), INTS),
        (lambda: layers.CategoryEncoding(4, "one_hot"), INTS),
        (lambda: layers.CategoryEncoding(4, "one_hot"), INTS[:, :1]),
        (lambda: layers.CategoryEncoding(5, "multi_hot"), INTS.astype(np.float32)),
    ],
    "Concatenate": [(layers.Concatenate, *PAIR, INTS), (lambda: layers.Concatenate(1), DEEP, DEEP)],
    "Dense": [
        (lambda: layers.Dense(3, "relu"), WIDE), (lambda: layers.Dense(3, "softmax", use_bias=False), DEEP),
        (lambda: layers.Dense(2), INTS), (lambda: layers.Dense(2, "gelu"), WIDE.astype(np.uint8)),
        (lambda: layers.Dense(3, ops.square), WIDE), (lambda: layers.Dense(3, layers.LeakyReLU(0.1)), WIDE),
    ],
    "Dot": [
        (lambda: layers.Dot(1), *PAIR), (lambda: layers.Dot(-1, normalize=True), *PAIR),
        (lambda: layers.Dot((3, 1)), DEEP, BROAD[1][:, :1].repeat(4, 1)), (lambda: layers.Dot((1, 2)), WIDE, BROAD[1]),
    ],
    "Dropout": [(lambda: layers.Dropout(0.5), WIDE)],
    "Embedding": [(lambda: layers.Embedding(5, 3), INTS), (lambda: layers.Embedding(5, 3), INTS.astype(np.float32))],
    "Flatten": [
        (layers.Flatten, DEEP), (layers.Flatten, WIDE[:, 0]), (lambda: layers.Flatten("channels_first"), DEEP),
        (lambda: layers.Flatten("channels_first"), WIDE),
    ],
    "GaussianDropout": [(lambda: layers.GaussianDropout(0.5), WIDE)],
    "GaussianNoise": [(lambda: layers.GaussianNoise(0.5), WIDE)],
    "Identity": [(layers.Identity, DEEP)],
    "Lambda": [(lambda: layers.Lambda(lambda x, k: ops.exp(-x[:, 1:] ** 2) * k, arguments={"k": 3}), WIDE)],
    "LayerNormalization": [
        (layers.LayerNormalization, WIDE), (lambda: layers.LayerNormalization((1, -1), scale=False), DEEP),
    ],
    "LeakyReLU": [(lambda: layers.LeakyReLU(0.2), WIDE), (layers.LeakyReLU, INTS)],
    "Maximum": [(layers.Maximum, *BROAD)],
    "Minimum": [(layers.Minimum, *BROAD)],
    "Multiply": [(layers.Multiply, *BROAD)],
    "Normalization": [
        (lambda: layers.Normalization(mean=[1, 2, 3, 4], variance=[1, 4, 9, 0]), DEEP), (layers.Normalization, WIDE),
        (lambda: layers.Normalization(axis=1, mean=[1, 2], variance=[3, 4], invert=True), DEEP),
        (lambda: layers.Normalization(None, mean=3, variance=4), INTS),
    ],
    "PReLU": [(layers.PReLU, DEEP), (lambda: layers.PReLU(shared_axes=[1, 2]), DEEP)],
    "Permute": [(lambda: layers.Permute((3, 1, 2)), DEEP)],
    "ReLU": [
        (layers.ReLU, INTS), (lambda: layers.ReLU(2.0, 0.1, 0.5), WIDE), (lambda: layers.ReLU(threshold=1.0), WIDE),
    ],
    "RepeatVector": [(lambda: layers.RepeatVector(3), WIDE)],
    "Rescaling": [
        (lambda: layers.Rescaling(1 / 255, -0.5), R.integers(0, 256, (5, 2, 2)).astype(np.uint8)),
        (lambda: layers.Rescaling([1.0, 2, 3, 4]), WIDE),
    ],
    "Reshape": [(lambda: layers.Reshape((4, 6)), DEEP), (lambda: layers.Reshape((2, -1)), DEEP)],
    "Softmax": [(layers.Softmax, WIDE), (lambda: layers.Softmax(1), DEEP)],
    "Subtract": [(layers.Subtract, *PAIR)],
    "UnitNormalization": [(layers.UnitNormalization, WIDE * 0), (lambda: layers.UnitNormalization([1, 2]), DEEP)],
}  # fmt: skip
NONE = {"Layer": "the base class", "Input": "a function", "InputLayer": "the start of every model here"}


def of_layer(make, inputs, dtype=None):
    ends = [keras.Input(x.shape[1:], dtype=dtype if dtype and x.dtype.kind == "f" else x.dtype) for x in inputs]
    layer = make()
    outputs = layer(ends if len(ends) > 1 else ends[0])
    drawn(layer)
    return keras.Model(ends if len(ends) > 1 else ends[0], outputs)


def test_every_layer_is_among_the_cases():
    public = {name for name in layers.__all__ if inspect.isclass(getattr(layers, name)) or name == "Input"}
    assert public == CASES.keys() | NONE.keys()


@pytest.mark.parametrize("name", CASES)
def test_layers(name, tmp_path):
    for make, *inputs in CASES[name]:
        check(of_layer(make, inputs), *inputs, path=tmp_path / "a.onnx")


@pytest.mark.parametrize("name", CASES)
def test_layers_of_float64(name, tmp_path):
    keras.config.set_floatx("float64")
    try:
        for make, *inputs in CASES[name]:
            inputs = [x.astype(np.float64) if x.dtype.kind == "f" else x for x in inputs]
            check(of_layer(make, inputs, "float64"), *inputs, path=tmp_path / "a.onnx")
    finally:
        keras.config.set_floatx("float32")


NAMES = sorted(set(activations.__all__) - {"get", "serialize", "deserialize"})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activations(tmp_path, dtype):
    """By name, as functions, and with options; also where x is infinite or NaN."""
    x = keras.Input((4,), dtype=dtype)
    made = [layers.Activation(name, dtype=dtype)(x) for name in NAMES]
    made += [layers.Dense(4, getattr(activations, name), dtype=dtype)(x) for name in NAMES]
    if dtype == "float32":
        options = [activations.relu(x, 0.1, max_value=2.0), activations.elu(x, 0.5), activations.softmax(x, axis=-1)]
        made += [*options, activations.gelu(x, approximate=True), layers.Activation(tf.nn.relu6)(x)]
        made += [layers.Dense(4, ops.gelu)(x), layers.Activation(partial(activations.elu, alpha=0.5))(x)]
    model = keras.Model(x, made)
    check(model, VALUES.astype(dtype).clip(-70, 70), path=tmp_path / "a.onnx")
    (name,) = (x.name for x in session(tmp_path / "a.onnx").get_inputs())
    odd = np.array([[np.nan, np.inf, -np.inf, 0]], dtype)
    for x, y in zip(model(odd), session(tmp_path / "a.onnx").run(None, {name: odd}), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-30)


X, N = keras.Input((4,), name="x"), keras.Input((4,), dtype="int32", name="i")
OPERATIONS = [
    X + 1, 1 - X, X * N, X / 2, 2 / (X * X + 1), X**2, 2**X, -X, abs(X), X @ np.ones((4, 2), np.float32), X > 0, X >= 1,
    X <= N, X < 0.5, ops.equal(N, 2), (X > 0) & (X < 1), (X > 0) | (N > 0), (X > 0) ^ (N > 0), ~(X > 0), N / 2, N + 2.5,
    X[:, 0], X[:, -1], X[:, ::-1], X[:, 1:3], X[:, -3:-1], X[..., None], X[:, None, ::2], X[..., 1:, None],
    ops.cast(X, "int32"), ops.cast(X, "bool"), ops.cast(N, "float64"), ops.clip(X, -1, 1), ops.expand_dims(X, -1),
    ops.concatenate([X, N], -1), ops.reshape(X, (-1, 2, 2)), ops.transpose(ops.expand_dims(X, 1), (0, 2, 1)),
    ops.square(N), ops.rsqrt(abs(X)), ops.maximum(X, N), ops.minimum(X, 0.0), ops.reciprocal(X), ops.sign(X),
    ops.max(X, 1), ops.min(N, 1, keepdims=True), ops.mean(N, -1), ops.sum(X, (1,)), ops.sum(N, 1), ops.prod(X, 1),
    *(f(X) for f in (ops.exp, ops.ceil, ops.floor, ops.sin, ops.cos, ops.tan, ops.sinh, ops.cosh, ops.erf)),
    *(f(abs(X)) for f in (ops.log, ops.sqrt, ops.arctan, ops.arcsinh)), ops.arccosh(abs(X) + 1),
    *(f(X / 100) for f in (ops.arcsin, ops.arccos, ops.arctanh)), ops.divide(X, 3), ops.subtract(X, np.float64(2)),
    ops.gelu(X), ops.gelu(X, False), N > 0.5, ops.greater(X, tf.Variable(WIDE[0])),
    X * tf.Variable(WIDE[0]), layers.Add()([X, WIDE[:1]]),
    layers.Dropout(0.5)(X, training=True), layers.BatchNormalization()(X, training=True),
]  # fmt: skip


def test_operations(tmp_path):
    """Operators and keras.ops: all that have a form in ONNX are among these; the error for others names them."""
    met = {type(node.layer).__name__ for y in OPERATIONS for node in keras.Model([X, N], y)._graph.nodes}
    assert met - {"InputLayer", "GetItem", "Dropout", "BatchNormalization"} == nodes.OPERATIONS.keys()
    model, integers = keras.Model([X, N], OPERATIONS), (WIDE * 2).astype(np.int32)
    # not of an empty batch, whose sums have a wrong shape in onnxruntime before 1.32
    check(model, WIDE, integers, path=tmp_path / "a.onnx", rows=(None, 1))
    with pytest.raises(ValueError, match=r"Cumsum 'cumsum.*' has no form in ONNX"):
        keras.Model(X, ops.cumsum(X, 1)).export(tmp_path / "b.onnx", format="onnx")
