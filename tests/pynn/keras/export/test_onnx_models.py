"""Model.export of whole models: graphs, subclasses, unknown sizes, arguments, and errors."""

from __future__ import annotations

import sys
import types
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import layers, ops

sys.path.insert(0, str(Path(__file__).parent))

from against_onnxruntime import PAIR, WIDE, R, check, drawn, session


def shapes(run):
    return {x.name: x.shape for x in run.get_inputs() + run.get_outputs()}


def test_graphs(tmp_path):
    """Several inputs and outputs, among them inputs and outputs twice; shared layers; models in models; names."""
    a, b, dense = keras.Input((4,), name="a"), keras.Input((4,), name="odd name/é:0"), layers.Dense(3, "tanh")
    inner = keras.Sequential([layers.Dense(3, "relu"), layers.BatchNormalization()])
    x = keras.Input((4,))
    pair = keras.Model(x, [layers.Dense(2)(x), x])
    y, z = pair(b)
    total = layers.Add(name="sum")([dense(a), dense(b)])
    last = layers.Concatenate(name="日本")([inner(a), inner(z), y])
    model = keras.Model({"b": b, "a": a}, {"total": total, "last": last, "same": [a, total]})
    for layer in (dense, inner, pair):
        drawn(layer)
    count = len(inner.layers[0]._nodes)
    for _ in range(2):
        run = check(model, *PAIR, path=tmp_path / "a.onnx")
        assert shapes(run) == {
            "a": ["batch", 4], "odd name/é:0": ["batch", 4], "日本": ["batch", 8], "a_1": ["batch", 4],
            "sum": ["batch", 3], "sum_1": ["batch", 3],
        }  # fmt: skip
    assert len(inner.layers[0]._nodes) == count  # an export leaves no calls behind
    middle = keras.Model(model.inputs, model.get_layer("日本").output)
    assert [x.name for x in check(middle, *PAIR, path=tmp_path / "a.onnx").get_outputs()] == ["日本"]


class Own(layers.Layer):
    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1],), name="kernel")

    def call(self, x, training=None):
        return x * self.kernel if not training else x


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks, self.drop, self.own = [layers.Dense(3, "relu"), layers.Dense(4)], layers.Dropout(0.5), Own()

    def call(self, inputs, training=False):
        x = inputs["left"]
        for block in self.blocks:
            x = self.drop(block(x), training=training)
        if training:
            x = x * 0
        return {"high": ops.maximum(self.own(x), 0.1), "low": x[:, :2] + inputs["right"][:, 2:]}


def test_subclasses(tmp_path):
    model = Subclassed()
    model({"left": PAIR[0], "right": PAIR[1]})
    model.export(tmp_path / "a.onnx", format="onnx")
    run = session(tmp_path / "a.onnx")
    assert shapes(run) == {"left": ["batch", 4], "right": ["batch", 4], "high": ["batch", 4], "low": ["batch", 2]}
    wanted = model.predict({"left": PAIR[0], "right": PAIR[1]}, verbose=0)
    for name, y in zip(("high", "low"), run.run(None, {"left": PAIR[0], "right": PAIR[1]}), strict=True):
        np.testing.assert_allclose(y, wanted[name], rtol=1e-5, atol=1e-6)
    assert not model.blocks[0]._nodes


def test_sizes_that_are_not_known(tmp_path):
    x = keras.Input((None, 4))
    y = layers.Dense(3)(x)
    shaped = [layers.Reshape((-1,))(y), layers.Permute((2, 1))(y), layers.Dot(2)([y, y]), layers.Flatten()(y)]
    keras.Model(x, [*shaped, layers.CategoryEncoding(9)(y)]).export(path := tmp_path / "a.onnx", format="onnx")
    model = keras.Model(x, shaped)
    for rows, n in ((5, 6), (1, 1)):
        data = R.normal(size=(rows, n, 4)).astype(np.float32)
        for wanted, found in zip(model(data), session(path).run(None, {x.name: data}), strict=False):
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


def test_in_training(tmp_path):
    """From a callback, of a Sequential that was built on data; the weights are those of that moment."""
    model = keras.Sequential([layers.Normalization(), layers.Dense(8, "relu"), layers.BatchNormalization()])
    model.layers[0].adapt(WIDE)
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(3, "softmax"))
    model.compile("adam", "sparse_categorical_crossentropy")
    export = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: model.export(tmp_path / "a.onnx", format="onnx", verbose=False)
    )
    model.fit(WIDE, np.array([0, 1, 2, 0, 1]), epochs=3, batch_size=2, verbose=0, callbacks=[export])
    run = session(tmp_path / "a.onnx")
    (found,) = run.run(None, {run.get_inputs()[0].name: WIDE})
    np.testing.assert_allclose(found, model.predict(WIDE, verbose=0), rtol=1e-5, atol=1e-6)


def test_dtypes(tmp_path):
    """Layers of different ones, and a deep stack."""
    x = keras.Input((4,), dtype="float16")
    y = layers.Dense(2, dtype="float64")(layers.Dense(3, "gelu")(layers.ReLU(dtype="float16")(x)))
    check(keras.Model(x, y), WIDE.astype(np.float16), path=tmp_path / "a.onnx")
    stack = [layers.Rescaling(-1.0) for _ in range(1500)]
    check(keras.Sequential([keras.Input((4,)), *stack]), WIDE, path=tmp_path / "a.onnx")


def model():
    return keras.Sequential([keras.Input((4,), name="x"), layers.Dense(2)])


def test_arguments(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    model().export("a.onnx", format="onnx", opset_version=13)
    assert capsys.readouterr().out == "Saved artifact at 'a.onnx'.\n"
    made = onnx.load("a.onnx")
    assert (made.opset_import[0].version, made.ir_version, made.producer_name) == (13, 7, "pynn")
    assert {x.name.partition("/")[2] for x in made.graph.initializer} == {"kernel", "bias"}
    for options in ({}, {"format": "tf_saved_model"}, {"format": "tflite"}):
        with pytest.raises(ValueError, match=r"is not supported: model.export.*format='onnx'"):
            model().export("b.onnx", **options)
    for options in ({"opset_version": 18}, {"input_signature": []}, {"optimize": True}):
        with pytest.raises(TypeError, match=next(iter(options))):
            model().export("b.onnx", format="onnx", **options)
    with pytest.raises(ValueError, match="does not know its inputs yet"):
        keras.Sequential([layers.Dense(2)]).export("b.onnx", format="onnx")
    with pytest.raises(FileNotFoundError, match=r"nowhere/b.onnx"):
        model().export("nowhere/b.onnx", format="onnx")
    monkeypatch.setattr("pynn.keras.export.model.MOST", 39)
    with pytest.raises(ValueError, match="more than the 2 GiB"):
        model().export("b.onnx", format="onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["a.onnx"]


class Sine(keras.Model):
    def call(self, x):
        return tf.sin(x)


class Twice(layers.Dense):
    def call(self, x):
        return 2 * super().call(x)


def test_what_has_no_form(tmp_path):
    """The error names the layer and what to do, and the file stays as it was."""
    path = tmp_path / "a.onnx"
    model().export(path, format="onnx")
    before = path.read_bytes()
    constant = keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: np.ones(3, np.float32), name="ones")])
    sine = Sine()
    sine(WIDE)
    function = keras.Sequential([keras.Input((4,)), layers.Lambda(tf.sin, name="wave")])
    inside = keras.Sequential([keras.Input((4,)), keras.Sequential([Twice(2, name="twice")])])
    activated = keras.Sequential([keras.Input((4,)), layers.Dense(2, tf.sin)])
    positional = keras.Sequential([keras.Input((4,)), layers.Activation(partial(tf.maximum, 0.5), name="cut")])
    faults = {
        "Lambda 'cut/activation'": positional,
        "Sine 'sine": sine, "Lambda 'wave'": function, "Lambda 'ones'": constant, "Twice 'twice'": inside,
        "Lambda 'dense.*/sin'": activated,
    }  # fmt: skip
    for name, made in faults.items():
        with pytest.raises(ValueError, match=f"{name}.*has no form in ONNX: .* layers, operators and keras.ops alone"):
            made.export(path, format="onnx")
    assert path.read_bytes() == before


@pytest.mark.parametrize("found", ["none", "1.9.0"])
def test_without_onnx(tmp_path, monkeypatch, found):
    """Or with one that is too old."""
    for name in [name for name in sys.modules if name.startswith(("pynn.keras.export.", "onnx."))]:
        monkeypatch.delitem(sys.modules, name)
    old = types.ModuleType("onnx")
    old.__version__ = found
    monkeypatch.setitem(sys.modules, "onnx", None if found == "none" else old)
    said = "newer: pip" if found == "none" else "newer, found 1.9.0: pip"
    with pytest.raises(ImportError, match=rf"Model.export needs onnx 1.16.2 or {said} install .*\[onnx\]"):
        model().export(tmp_path / "a.onnx", format="onnx")
