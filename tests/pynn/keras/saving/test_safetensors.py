"""Weights in safetensors: what others read there and write, whatever the arrays' strides and dtypes."""

from __future__ import annotations

import json
import struct
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import pynn as tf
from pynn import keras
from pynn.engine.tensor import Tensor
from pynn.keras import layers


def network():
    inner = keras.Sequential([layers.Dense(2), layers.Dense(2, name="top")], name="inner")
    given = layers.Dense(3, name="hidden")
    return keras.Sequential([keras.Input((4,)), given, layers.BatchNormalization(), layers.Dense(2), inner])


def test_names_and_values():
    """Names given count; automatic ones do so within the model."""
    layers.Dense(1)  # takes an automatic name
    for _ in range(2):
        model = network()
        model.save_weights("a.safetensors")
        found = load_file("a.safetensors")
        assert found.keys() == {
            "hidden/kernel", "hidden/bias", "batch_normalization/gamma", "batch_normalization/beta",
            "batch_normalization/moving_mean", "batch_normalization/moving_variance", "dense_1/kernel", "dense_1/bias",
            "inner/dense/kernel", "inner/dense/bias", "inner/top/kernel", "inner/top/bias",
        }  # fmt: skip
        np.testing.assert_array_equal(found["hidden/kernel"], model.layers[0].kernel)
    save_file(found | {"inner/top/bias": np.array([3, 4], np.float64)}, "b.safetensors")  # others' files, either way
    model.load_weights("b.safetensors")
    np.testing.assert_array_equal(model.layers[-1].layers[-1].bias, np.float32([3, 4]))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


class Several(keras.Model):
    """Weights of many dtypes, two without a name of their own, and layers in a list."""

    def __init__(self, low=0):
        super().__init__()
        rng = np.random.default_rng(low)
        kinds = (np.float16, np.float64, np.int8, np.int64, np.uint8, np.uint32)
        self.own = [tf.Variable(rng.integers(0, 9, (2, 3)).astype(kind)) for kind in kinds]
        self.flag, self.number = tf.Variable(rng.random(3) < 0.5), tf.Variable(rng.random())
        self.first, self.second = self.add_weight((2,)), self.add_weight((2,))
        self.empty = tf.Variable(np.zeros((0, 3), np.float32))
        self.blocks = [layers.Dense(3), layers.Dense(2)]

    def call(self, x):
        return self.blocks[1](self.blocks[0](x)) * self.first + self.second


def test_dtypes_and_equal_names():
    one, two = Several(1), Several(2)
    for model in (one, two):
        model(np.ones((2, 4), np.float32))
    one.save_weights("a.safetensors")
    assert {"variable", "variable_1", "blocks/dense/kernel", "blocks/dense_1/bias"} <= load_file("a.safetensors").keys()
    two.load_weights("a.safetensors")
    for v, w in zip(one.weights, two.weights, strict=True):
        assert v.dtype == w.dtype
        np.testing.assert_array_equal(v, w)


VIEWS = {
    "Fortran": np.asfortranarray, "transposed": lambda a: np.ascontiguousarray(a.T).T,
    "reversed": lambda a: a[::-1, ::-1].copy()[::-1, ::-1], "strided": lambda a: np.repeat(a, 2, 1)[:, ::2],
    "broadcast": lambda a: np.broadcast_to(a[:1], a.shape),
}  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
def test_strides(view):
    """safetensors itself writes an array's memory as it lies there, without a word."""
    model = keras.Sequential([keras.Input((3,)), layers.Dense(5)])
    values = VIEWS[view](np.arange(15, dtype=np.float32).reshape(3, 5))
    assert not values.flags.c_contiguous
    model.layers[0].kernel._tensor = Tensor(values)
    model.save_weights("a.safetensors")
    np.testing.assert_array_equal(load_file("a.safetensors")["dense/kernel"], values)
    model.export("a.onnx", format="onnx", verbose=False)
    onnx = pytest.importorskip("onnx")
    (kernel,) = (x for x in onnx.load("a.onnx").graph.initializer if x.name.endswith("kernel"))
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(kernel), values)


def hostile(header, data=bytes(60)):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


KERNEL, BIAS = {"dtype": "F32", "shape": [2, 5], "data_offsets": [0, 40]}, {"dtype": "F32", "shape": [5]}
FILES = {
    "too short": (b"abc", "eader"),
    "cut off": (hostile({"dense/kernel": KERNEL}, bytes(39)), "ncomplete"),
    "a huge header": (b"\xff" * 64, "eader"),
    "no JSON": (struct.pack("<Q", 4) + b"text", "eader"),
    "overlapping": (hostile({"dense/kernel": KERNEL, "dense/bias": BIAS | {"data_offsets": [20, 40]}}), "ffset"),
    "a shape that lies": (hostile({"dense/kernel": KERNEL | {"shape": [2**40, 2**40]}}, bytes(40)), "."),
    "bfloat16": (hostile({"dense/kernel": KERNEL | {"dtype": "BF16", "shape": [4, 5]}}, bytes(40)), "is BF16.*float32"),
    "of another type": (
        hostile({"dense/kernel": KERNEL | {"dtype": "I32"}, "dense/bias": BIAS | {"data_offsets": [40, 60]}}),
        r"dense/kernel is float32 \(2, 5\), the file has int32 \(2, 5\)",
    ),
    "one missing": (hostile({"dense/kernel": KERNEL}, bytes(40)), "dense/bias is not in the file"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_hostile_files(name, tmp_path):
    content, error = FILES[name]
    model = keras.Sequential([keras.Input((2,)), layers.Dense(5)])
    before = model.get_weights()
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match=f"is not a weights file for this model: .*{error}"):
        model.load_weights("a.safetensors")
    for one, two in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_layers_that_fit_are_taken():
    network().save_weights("a.safetensors")
    other = network()
    other.layers[0].name = "changed"
    with pytest.warns(UserWarning, match=r"\['changed', 'hidden'\]"):
        other.load_weights("a.safetensors", skip_mismatch=True)
    np.testing.assert_array_equal(other.layers[2].kernel, load_file("a.safetensors")["dense_1/kernel"])


def test_checkpoints():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    checkpoint = keras.callbacks.ModelCheckpoint("in/{epoch}.safetensors", save_weights_only=True)
    model.fit(np.ones((4, 2), np.float32), np.zeros((4, 1), np.float32), verbose=0, callbacks=[checkpoint])
    np.testing.assert_array_equal(load_file("in/1.safetensors")["dense/bias"], model.layers[0].bias)


def test_without_safetensors(monkeypatch):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    model.save_weights("a.safetensors")
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    for use in (model.load_weights, model.save_weights,
                lambda path: keras.callbacks.ModelCheckpoint(path, save_weights_only=True)):  # fmt: skip
        with pytest.raises(ImportError, match=r"safetensors.*pip install .*\[safetensors\]"):
            use("a.safetensors")
