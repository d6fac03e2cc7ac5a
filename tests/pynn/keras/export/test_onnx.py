"""Model.export, against onnxruntime: what it computes from the file is what `predict` gives."""

from __future__ import annotations

import inspect

import numpy as np
import onnx
import onnxruntime
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import activations, layers, ops

R = np.random.default_rng(0)
WIDE = R.normal(0, 3, (5, 4)).astype(np.float32)
VALUES = np.array([[-np.inf, -60, -7, -3], [-1, -1e-4, -0.0, 0], [1e-4, 0.3, 1, 3], [6, 7, 60, np.inf]], np.float32)


def session(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def check(model, *inputs, path, tolerance=1e-5):
    """The file's outputs for the inputs, for one row and for none are the model's, in value, shape and dtype."""
    model.export(path, format="onnx", verbose=False)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    run = session(path)
    names = [x.name for x in run.get_inputs()]
    for rows in (None, 1, 0):
        data = [x[:rows] for x in inputs]
        structure = model._graph.inputs if model._graph else data[0]
        wanted = model(tf.nest.pack_sequence_as(structure, data), training=False)
        found = run.run(None, dict(zip(names, data, strict=True)))
        for x, y in zip(tf.nest.flatten(wanted), found, strict=True):
            assert x.shape == y.shape and x.dtype == y.dtype
            np.testing.assert_allclose(y, x, rtol=tolerance, atol=tolerance)
    return run


def drawn(layer):
    """The layer, with other weights than those of its initializers."""
    for v in layer.weights:
        v.assign(R.uniform(0.5, 1.5, v.shape).astype(v.dtype.dtype))
    return layer


INTS = R.integers(0, 5, (5, 3)).astype(np.int32)
DEEP = R.normal(size=(5, 2, 3, 4)).astype(np.float32)
PAIR = WIDE, R.normal(size=(5, 4)).astype(np.float32)
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
        (lambda: layers.Dense(3, ops.square), WIDE),
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
    x = keras.Input((4,), dtype=dtype)
    make = {name: layers.Activation(name, dtype=dtype) for name in NAMES}
    model = keras.Model(x, [layer(x) for layer in make.values()])
    finite = np.where(np.isfinite(VALUES), VALUES, 0).astype(dtype)
    check(model, finite, path=tmp_path / "a.onnx")
