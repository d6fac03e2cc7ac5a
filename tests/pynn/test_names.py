"""Data, losses, metrics and weights find their inputs and outputs by name, by place, and in nests, as in Keras."""

from __future__ import annotations

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import layers

R = np.random.default_rng(0)
X, Z = R.random((6, 4), np.float32), R.random((6, 4), np.float32)
Y = [R.random((6, n), np.float32) for n in (1, 2, 3)]
W = [R.random(6, np.float32) for _ in range(3)]


def of_inputs(form):
    a, b = keras.Input((4,), name="first"), keras.Input((4,), name="second")
    model = keras.Model(form(a, b), layers.subtract([a, b]))
    model.compile("sgd", "mse")
    return model


FORMS = {
    "dict": (lambda a, b: {"a": a, "b": b}, "a", "b"),
    "not sorted": (lambda a, b: {"z": a, "b": b}, "z", "b"),
    "list": (lambda a, b: [a, b], "first", "second"),
}


@pytest.mark.parametrize("form", FORMS)
def test_inputs_go_by_key(form):
    make, a, b = FORMS[form]
    model = of_inputs(make)
    for data in ({a: X, b: Z}, {b: Z, a: X}, {"A": W[0], a: X, b: Z, "zz": X}):
        np.testing.assert_array_equal(model.predict(data, verbose=0), X - Z)
        np.testing.assert_array_equal(model({key: tf.constant(value) for key, value in data.items()}), X - Z)
        assert model.evaluate(data, X - Z, verbose=0) == model.test_on_batch(data, X - Z) == 0
    stream = tf.data.Dataset.from_tensor_slices(({b: Z, "aa": X, a: X}, X - Z)).batch(3)
    assert model.evaluate(stream, verbose=0) == 0


@pytest.mark.parametrize("form", FORMS)
def test_a_key_that_is_missing_is_named(form):
    make, a, b = FORMS[form]
    model = of_inputs(make)
    for data in ({a: X}, {a: X, b + b: Z}, {"of_" + a: X, "of_" + b: Z}):
        for use in (lambda d: model.predict(d, verbose=0), lambda d: model.fit(d, X, verbose=0), model,
                    lambda d: model.evaluate(d, X, verbose=0), lambda d: model.train_on_batch(d, X)):  # fmt: skip
            with pytest.raises(ValueError, match=f"Missing data for input '(of_)?({a}|{b})'.*keys: \\['"):
                use(data)


def test_inputs_by_place():
    for form in ("dict", "list"):
        np.testing.assert_array_equal(of_inputs(FORMS[form][0]).predict([X, Z], verbose=0), X - Z)
    with pytest.raises(ValueError, match=r"inputs are \['z', 'b'\]: give the data as a dict"):
        of_inputs(FORMS["not sorted"][0]).predict([X, Z], verbose=0)
    one = keras.Sequential([keras.Input((4,), name="only"), layers.ReLU()])
    for data in ([X], (X,), {"only": X}):
        np.testing.assert_array_equal(one.predict(data, verbose=0), X)
    with pytest.raises(ValueError, match="Missing data for input 'only'"):
        one.predict({"other": X}, verbose=0)


def test_one_output():
    """Keras 3.15: the only entry of a list or tuple is given as itself, a dict's stays in it."""
    a = keras.Input((4,))
    out = layers.ReLU()(a)
    for outputs, kind in (([out], np.ndarray), ((out,), np.ndarray), (out, np.ndarray), ({"k": out}, dict)):
        model = keras.Model(a, outputs)
        model.compile("sgd", "mse")
        assert type(model.predict(X, verbose=0)) is kind and type(model(X)) is (dict if kind is dict else tf.Tensor)
        assert type(model(a)) is type(outputs)  # among KerasTensors it stays a list
        for y in (Z, [Z], {"k": Z} if kind is dict else (Z,)):
            np.testing.assert_allclose(model.evaluate(X, y, verbose=0), np.square(X - Z).mean(), rtol=1e-6)


def of_outputs(form, **compiled):
    """Outputs that are the first 1, 2 and 3 columns of the input."""
    a = keras.Input((4,))
    cut = [layers.Lambda(lambda x, n=n: x[:, :n], name=f"out{n}")(a) for n in (1, 2, 3)]
    model = keras.Model(a, form(*cut))
    model.compile("sgd", **compiled)
    return model


OUTPUTS = {  # the form of the outputs, values in the same form, and the names of the losses
    "list": (lambda p, q, r: [p, q, r], ["out1", "out2", "out3"], lambda p, q, r: {"out1": p, "out2": q, "out3": r}),
    "dict": (lambda p, q, r: {"u": p, "w": q, "v": r}, ["u", "w", "v"], lambda p, q, r: [p, r, q]),
    "nest": (lambda p, q, r: {"u": p, "v": [q, r]}, ["u", "v/out2", "v/out3"], lambda p, q, r: [p, q, r]),
    "list of dicts": (lambda p, q, r: [{"u": p}, [q, {"w": r}]], ["0/u", "1/out2", "1/1/w"], lambda *x: list(x)),
}


@pytest.mark.parametrize("form", OUTPUTS)
def test_what_belongs_to_an_output(form):
    make, names, other = OUTPUTS[form]
    each = [(X[:, :1] - Y[0]) ** 2, np.abs(X[:, :2] - Y[1]), (X[:, :3] - Y[2]) ** 2]
    values = [float((e.mean(-1) * w).mean()) for e, w in zip(each, W, strict=True)]
    expected = {f"{n}_loss": v for n, v in zip(names, values, strict=True)}
    total = 2 * values[0] + 3 * values[1] + 4 * values[2]
    for one in (make, other):
        model = of_outputs(make, loss=one("mse", "mae", "mse"), loss_weights=one(2.0, 3.0, 4.0))
        for two in (make, other):
            got = model.evaluate(X, two(*Y), sample_weight=two(*W), verbose=0, return_dict=True)
            assert got == pytest.approx(expected | {"loss": total}, rel=1e-5)
    same = of_outputs(make, loss="mse", metrics=make(["mae"], None, ["mse", "mae"]))
    got = same.evaluate(X, make(*Y), sample_weight=W[0], verbose=0, return_dict=True)
    assert got["loss"] == pytest.approx(
        sum((((X[:, :n] - y) ** 2).mean(-1) * W[0]).mean() for n, y in zip((1, 2, 3), Y, strict=True)), rel=1e-5
    )
    ends = [name for name in got if name.endswith(("mae", "mse"))]
    assert len(ends) == 3 and got[ends[0]] == pytest.approx(np.abs(X[:, :1] - Y[0]).mean(), rel=1e-5)


def test_losses_in_the_order_of_the_outputs():
    model = of_outputs(OUTPUTS["dict"][0], loss="mse")
    values = [np.square(X[:, :n] - y).mean() for n, y in zip((1, 2, 3), Y, strict=True)]
    y = OUTPUTS["dict"][0](*Y)
    np.testing.assert_allclose(model.evaluate(X, y, verbose=0), [sum(values), *values], rtol=1e-5)


@pytest.mark.parametrize("form", ["list", "dict"])
def test_some_outputs_have_no_loss(form):
    make, names, _ = OUTPUTS[form]
    if form == "list":  # there all have to be named, as in Keras
        with pytest.raises(ValueError, match="`loss` does not name"):
            of_outputs(make, loss={names[1]: "mse"}).evaluate(X, make(*Y), verbose=0)
    model = of_outputs(make, loss=dict.fromkeys(names if form == "list" else ()) | {names[1]: "mse"})
    for y in ({names[1]: Y[1]}, {names[0]: None, names[1]: Y[1]}, dict(zip(names, Y, strict=True))):
        assert model.evaluate(X, y, verbose=0) == pytest.approx(np.square(X[:, :2] - Y[1]).mean(), rel=1e-5)
    with pytest.raises(ValueError, match=f"no targets for the output '{names[1]}'"):
        model.evaluate(X, {names[0]: Y[0]}, verbose=0)


@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights")
@pytest.mark.parametrize("form", ["list", "dict", "nest"])
@pytest.mark.parametrize("what", ["y", "loss", "loss_weights", "metrics", "weighted_metrics", "sample_weight"])
def test_unknown_names(form, what):
    make, names, _ = OUTPUTS[form]
    known = list(dict.fromkeys(name.split("/")[0] for name in names))
    wrong = {"y": Y[0], "loss": "mse", "loss_weights": 2.0, "sample_weight": W[0]}.get(what, ["mae"])
    given = {known[0]: wrong, "typo": wrong}
    model = of_outputs(make, **{"loss": "mse", **({what: given} if what not in ("y", "sample_weight") else {})})
    fit = {"y": make(*Y), "verbose": 0} | ({what: given} if what in ("y", "sample_weight") else {})
    with pytest.raises(ValueError, match=rf"`{what}` names \['typo'\], but the model's outputs are \['{known[0]}'"):
        model.fit(X, **fit)


@pytest.mark.parametrize("what", ["loss_weights", "sample_weight"])
def test_weights_for_some_outputs_alone(what):
    given = {"u": 2.0 if what == "loss_weights" else W[0]}
    model = of_outputs(OUTPUTS["dict"][0], loss="mse", **({what: given} if what == "loss_weights" else {}))
    with pytest.raises(ValueError, match=rf"`{what}` does not name \['w', 'v'\]"):
        model.evaluate(X, OUTPUTS["dict"][0](*Y), verbose=0, **({what: given} if what == "sample_weight" else {}))


def test_outputs_without_names():
    class Two(keras.Model):
        def call(self, x):
            return [x[:, :1], x[:, :2]]

    model = Two()
    model.compile("sgd", ["mse", "mae"], metrics=[["mae"], ["mae"]])
    got = model.evaluate(X, Y[:2], verbose=0, return_dict=True)
    assert list(got) == ["loss", "mae", "mae_1", "mae_loss", "mse_loss"]
    assert got["mae_1"] == pytest.approx(got["mae_loss"])


def test_a_compiled_model_inside_another():
    """As in Keras the outer model neither reports nor resets what compile, or its program, gave the inner one."""

    class Inner(keras.Sequential):
        def __init__(self, parts):
            super().__init__(parts)
            self.own = keras.metrics.Mean(name="own")

    inner = Inner([keras.Input((4,)), layers.Dense(1)])
    inner.compile("sgd", "mse", metrics=["mae"])
    inner.fit(X, Y[0], verbose=0)
    before = inner.get_metrics_result()
    outer = keras.Sequential([keras.Input((4,)), inner])
    outer.compile("sgd", "mae", metrics=["mse"])
    assert outer.metrics_names == ["loss"]
    history = outer.fit(X, Y[0], batch_size=6, verbose=0).history
    assert set(history) == {"loss", "mse"} and history["loss"][0] > 0
    loss, mse = outer.evaluate(X, Y[0], verbose=0)
    got = outer.predict(X, verbose=0)
    np.testing.assert_allclose([loss, mse], [np.abs(got - Y[0]).mean(), np.square(got - Y[0]).mean()], rtol=1e-5)
    assert inner.get_metrics_result() == before


def test_a_list_of_one_loss_for_an_output():
    inputs = keras.Input((3,))
    model = keras.Model(inputs, {"a": keras.layers.Dense(2)(inputs), "b": keras.layers.Dense(2)(inputs)})
    x, y = np.ones((4, 3), np.float32), np.ones((4, 2), np.float32)
    seen = []
    for loss in ({"a": ["mse"], "b": ("mae",)}, {"a": "mse", "b": "mae"}):
        model.compile("sgd", loss)
        seen.append(model.evaluate(x, {"a": y, "b": y}, verbose=0))
    assert seen[0] == seen[1]


def test_outputs_that_take_another_form():
    """A list at first, then a dict: the targets are found by the new names."""

    class Changing(keras.Model):
        names = None

        def call(self, x):
            parts = [x[:, :1], x[:, :2]]
            return dict(zip(self.names, parts, strict=True)) if self.names else parts

    model = Changing()
    model.compile("sgd", "mse", metrics=[["mae"], ["mae"]])
    wanted = [np.zeros((len(X), n), np.float32) for n in (1, 2)]
    first = model.evaluate(X, wanted, verbose=0)[0]
    for model.names in (("p", "q"), ("a", "b")):
        assert model.evaluate(X, dict(zip(model.names, wanted, strict=True)), verbose=0)[0] == first
