"""keras.ops: Keras's names with NumPy's values; of KerasTensors, layers that are saved with the model."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import ops

RNG = np.random.default_rng(5)
A, B = RNG.standard_normal((3, 4)).astype("f"), RNG.standard_normal((3, 4)).astype("f")
P = np.abs(A) + np.float32(0.25)
V, N, BOOLS = A[0], np.array([[1, 0, 2], [2, 2, 0]]), A > 0
SAME = [  # arguments of the functions that NumPy has, too: defaults and integers, beside test_random_ops.py
    ((P,), "shape size ndim nonzero convert_to_numpy argmax argmin cumsum cumprod sort argsort round flip"),
    ((N,), "sum mean exp max argmax square cumsum"),
    ((BOOLS,), "sum mean"),
    ((A, 2), "repeat tile"),
    ((A, [0, -1], 1), "take"),
    ((A, 5), "take"),
    ((np.sort(V), A[0]), "searchsorted"),
    ((5,), "arange eye"),
    ((1, 7, 2), "arange"),
    ((0.0, 1.0, 5), "linspace"),
    (((2, 3), 7.0), "full"),
    (((2, 3),), "zeros ones"),
]
CASES = [(name, args) for args, names in SAME for name in names.split()]
OTHERS = {
    "divide integers": (lambda: ops.divide(N, 2), N / 2),
    "one_hot": (lambda: ops.one_hot(N, 3), np.eye(3)[N]),
    "cast": (lambda: ops.cast(A * 9, "int32"), (A * 9).astype("i4")),
    "argmax kept": (lambda: ops.argmax(A, keepdims=True), A.argmax(keepdims=True)),
    "norm": (lambda: ops.norm(A), np.linalg.norm(A)),
    "norm 1 of a matrix": (lambda: ops.norm(A, 1), np.linalg.norm(A, 1)),
    "in_top_k": (lambda: ops.in_top_k(A.argmax(1), A, 1), np.array([True] * 3)),
    "stop_gradient": (lambda: ops.stop_gradient(A), A),
    "infinite": (lambda: ops.quantile([-np.inf, 2.0, np.inf], [0.0, 0.5, 1.0]), np.array([-np.inf, 2, np.inf])),
    "convert_to_tensor": (lambda: ops.convert_to_tensor([1, 2], "float32"), np.array([1, 2], "f")),
}


def same(found, expected):
    """In float32: rounding is up to some units in the last place of the largest term."""
    for x, y in zip(*(v if isinstance(v, (list, tuple)) else [v] for v in (found, expected)), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize(("name", "args"), CASES, ids=[f"{name} {i}" for i, (name, _) in enumerate(CASES)])
def test_values_are_numpys(name, args):
    function = {"convert_to_numpy": np.array}.get(name) or getattr(np, name)
    same(getattr(ops, name)(*args), function(*args))


@pytest.mark.parametrize("name", OTHERS)
def test_other_values(name):
    found, expected = OTHERS[name]
    same(found(), expected)


def test_dtypes_are_keras():
    for call, dtype in [(ops.mean(N), "float32"), (ops.exp(N), "float32"), (ops.divide(N, N + 1), "float32"),
                        (ops.sum(BOOLS), "int32"), (ops.argmax(A), "int32"), (ops.arange(3), "int32"),
                        (ops.one_hot(N, 3), "float32"), (ops.zeros(2), "float32"), (ops.max(N), "int64")]:  # fmt: skip
        assert call.dtype == dtype


LARGER = ["bool", "uint8", "int32", "int64", "float32", "float64"]


@pytest.mark.parametrize(("one", "other"), list(itertools.product(LARGER, LARGER)))
def test_tensors_of_different_dtypes_meet_in_the_larger(one, other):
    """As in Keras 3.15; there, too, bools alone are neither multiplied as matrices nor compared by maximum."""
    x, y = (tf.ones((2, 2), dtype) for dtype in (one, other))
    larger = max(one, other, key=LARGER.index)
    results = [ops.where(x, x, y), ops.concatenate([x, y])[:2], ops.stack([x, y])[0]]
    if larger != "bool":
        results += [ops.add(x, y) - 1, ops.multiply(x, y), ops.maximum(x, y), ops.matmul(x, y) - 1, ops.power(x, y)]
    for result in results:
        assert result.dtype == larger
        np.testing.assert_array_equal(result, np.ones((2, 2)))
    for result in (ops.divide(x, y), ops.divide_no_nan(x, y), ops.arctan2(x, y)):
        assert result.dtype == (larger if larger.startswith("float") else "float32")


def test_a_number_of_pythons_counts_by_its_kind():
    for dtype, number, result in [("bool", 2, "int32"), ("uint8", 2, "uint8"), ("int64", 2.5, "float32"),
                                  ("float64", 2.5, "float64"), ("float32", True, "float32")]:  # fmt: skip
        assert ops.multiply(tf.ones(2, dtype), number).dtype == ops.multiply(number, tf.ones(2, dtype)).dtype == result
    assert ops.add(tf.ones(2), np.ones(2)).dtype == "float64"  # NumPy's array is as good as a tensor
    for numbers, dtype in [((1, 2.5), "float32"), ((True, 2), "int32"), ((tf.constant(1), 2.5, 1), "float32")]:
        assert ops.stack(numbers).dtype == dtype  # whatever their order
    assert ops.add(1, 2.5) == 3.5 and ops.outer(tf.ones(2), 2).dtype == "float32"
    with pytest.raises(tf.errors.InvalidArgumentError, match="At least one"):
        ops.stack([])


def test_kerastensors_of_different_dtypes_meet_in_the_larger(tmp_path):
    """Of operators, too, as in Keras."""
    x, y = keras.Input((4,), dtype="int32"), keras.Input((4,))
    model = keras.Model([x, y], [ops.add(x, y), x + y, x / x, ops.where(x > 1, y, x), ops.concatenate([x, y])])
    model.save(tmp_path / "model.keras")
    given = [np.full((2, 4), 2, np.int32), np.full((2, 4), 0.5, np.float32)]
    for copy in (model, keras.models.load_model(tmp_path / "model.keras")):
        assert [output.dtype for output in copy.outputs] == ["float32"] * 5
        assert [y.ravel()[-1] for y in copy.predict(given, verbose=0)] == [2.5, 2.5, 1, 0.5, 0.5]


def of_operations():
    x, z = keras.Input((4,)), keras.Input((4,))
    y = ops.concatenate([ops.relu(x), ops.exp(ops.clip(z, -1.0, 1.0))], axis=-1)
    y = ops.add(ops.mean(ops.expand_dims(y, 1), axis=1), ops.sum(x, axis=-1, keepdims=True))
    y = ops.where(ops.greater(y, 0.0), ops.cast(y, "float32"), 0.1 * y)
    swapped = ops.transpose(ops.reshape(y, (-1, 2, 4)), [0, 2, 1])
    return keras.Model([x, z], [swapped, ops.top_k(y, 2)[1], ops.median(y, -1, True)])


def test_of_kerastensors_operations_are_layers(tmp_path):
    model = of_operations()
    y = np.concatenate([np.maximum(A, 0), np.exp(np.clip(B, -1, 1))], -1) + A.sum(-1, keepdims=True)
    y = np.where(y > 0, y, 0.1 * y)
    model.save(tmp_path / "model.keras")
    copies = keras.models.load_model(tmp_path / "model.keras"), pickle.loads(pickle.dumps(model))
    for copy in (model, keras.models.clone_model(model), *copies):
        assert [tuple(o.shape) for o in copy.outputs] == [(None, 4, 2), (None, 2), (None, 1)]
        values, places, middle = copy.predict([A, B], verbose=0)
        np.testing.assert_allclose(middle, np.median(y, -1, keepdims=True), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(values, y.reshape(-1, 2, 4).transpose(0, 2, 1), rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(places, np.argsort(-y, kind="stable")[:, :2])
    assert ops.shape(model.inputs[0]) == (None, 4)


@pytest.mark.parametrize("call", [lambda x: ops.clip(1.0, x, 2.0), ops.zeros, ops.convert_to_numpy, ops.arange])
def test_a_kerastensor_where_a_value_is_needed_is_an_error(call):
    with pytest.raises(ValueError, match="takes no KerasTensor as an option: write it in the `call` of a Layer"):
        call(keras.Input((4,)))


def test_what_keras_has_and_pynn_has_not_is_missing_by_name():
    with pytest.raises(AttributeError, match=r"pynn\.keras\.ops has no 'conv'"):
        ops.conv  # noqa: B018
    with pytest.raises(TypeError, match="sparse"):
        ops.one_hot(N, 3, sparse=True)
