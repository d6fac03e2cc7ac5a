"""Model.export, against onnxruntime: what it computes from the file is what `predict` gives."""

from __future__ import annotations

import inspect
import sys
import types
from functools import partial

import numpy as np
import onnx
import onnxruntime
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import activations, layers, ops
from pynn.keras.export import nodes

R = np.random.default_rng(0)
WIDE = R.normal(0, 3, (5, 4)).astype(np.float32)
VALUES = np.array([[-np.inf, -60, -7, -3], [-1, -1e-4, -0.0, 0], [1e-4, 0.3, 1, 3], [6, 7, 60, np.inf]], np.float32)


def session(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def check(model, *inputs, path, rows=(None, 1, 0)):
    """The file's outputs for the inputs, for one row and for none are the model's, in value, shape and dtype."""
    model.export(path, format="onnx", verbose=False)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    run = session(path)
    names = [x.name for x in run.get_inputs()]
    for n in rows:
        data = [x[:n] for x in inputs]
        structure = model._graph.inputs if model._graph else data[0]
        wanted = model(tf.nest.pack_sequence_as(structure, data), training=False)
        found = run.run(None, dict(zip(names, data, strict=True)))
        for x, y in zip(tf.nest.flatten(wanted), found, strict=True):
            assert x.shape == y.shape and x.dtype == y.dtype
            np.testing.assert_allclose(y, x, rtol=1e-5, atol=1e-5)
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
