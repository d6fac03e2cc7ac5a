"""Every differentiable operation on random arguments: values are NumPy's, derivatives those of central differences."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pynn as tf

sys.path.insert(0, str(Path(__file__).parent))

import op_elementwise  # noqa: F401
import op_tensors  # noqa: F401
from op_arguments import CASES, PLACES, Draw

STEP = 1e-5


def leaves(value):
    """The arrays in a result, which may be a list."""
    if isinstance(value, (list, tuple)):
        return [leaf for part in value for leaf in leaves(part)]
    return [value]


def floats(values):
    """All floats of a result as one vector."""
    vectors = [np.ravel(v) for v in map(np.asarray, leaves(values)) if v.dtype.kind == "f"]
    return np.concatenate(vectors) if vectors else np.zeros(0)


def moved(arguments, steps):
    return [a if step is None else np.asarray(a + step) for a, step in zip(arguments, steps, strict=True)]


def is_operand(a):
    return isinstance(a, np.ndarray) and a.dtype.kind == "f"


def tensors(arguments, dtype):
    return [tf.constant(a.astype(dtype)) if is_operand(a) else a for a in arguments]


def directions(arguments):
    """One step along each element of each operand."""
    for i, a in enumerate(arguments):
        for place in range(a.size if is_operand(a) else 0):
            step = np.zeros(a.size)
            step[place] = STEP
            yield [step.reshape(a.shape) if j == i else None for j in range(len(arguments))]


def difference(f, arguments, steps):
    back = [None if s is None else -s for s in steps]
    return (f(*moved(arguments, steps)) - f(*moved(arguments, back))) / (2 * STEP)


def gradient(case, arguments, weights, along=None):
    """Of sum(w f + f^2 / 2) by the operands; with `along`, the gradient of its product with these directions."""
    with tf.GradientTape() as outer:
        given = tensors(arguments, np.float64)
        operands = [t for t in given if isinstance(t, tf.Tensor)]
        outer.watch(operands)
        with tf.GradientTape() as tape:
            tape.watch(operands)
            results = [y for y in leaves(case.call(case.function, *given)) if tf.is_tensor(y) and y.dtype.is_floating]
            ends = np.cumsum([y.numpy().size for y in results])[:-1]
            parts = [w.reshape(y.shape) for w, y in zip(np.split(weights, ends), results, strict=True)]
            total = sum(tf.reduce_sum(y * w + y * y / 2) for y, w in zip(results, parts, strict=True))
        slopes = tape.gradient(total, operands, unconnected_gradients="zero")
        for g, x in zip(slopes, operands, strict=True):
            assert g.shape == x.shape and g.dtype == x.dtype
        if along is not None:
            product = sum(tf.reduce_sum(g * v) for g, v in zip(slopes, along, strict=True))
    return floats(slopes if along is None else outer.gradient(product, operands, unconnected_gradients="zero"))


def check(case, d):
    arguments = case.arguments(d)
    expected = leaves(case.reference(*arguments))
    values = floats(expected)
    columns = [difference(lambda *a: floats(case.reference(*a)), arguments, step) for step in directions(arguments)]
    slopes = np.array(columns).reshape(len(columns), len(values))  # of each result by each element of an operand
    points = floats([a for a in arguments if is_operand(a)])
    for dtype in (np.float64, np.float32):
        found = leaves(case.call(case.function, *tensors(arguments, dtype)))
        assert len(found) == len(expected)
        for x, y in zip(found, expected, strict=True):
            assert np.shape(x) == np.shape(y)
            if np.asarray(y).dtype.kind == "f":
                assert x.dtype == dtype
            else:
                np.testing.assert_array_equal(x, y)
        # each input rounded, each of n terms of a sum, and the result
        tolerance = np.finfo(dtype).eps * (8 + len(points)) * (np.abs(slopes).T @ np.abs(points) + np.abs(values))
        error = np.abs(floats(found) - values)
        assert (error <= tolerance + 1e-15).all(), (error / tolerance).max()
    if not len(points) or not len(values):
        return
    weights = d.rng.uniform(-1, 1, len(values))
    scale = 1 + np.abs(values).max(initial=0) + np.abs(slopes).max(initial=0)
    found = gradient(case, arguments, weights)
    np.testing.assert_allclose(found, slopes @ (weights + values), rtol=1e-7, atol=1e-7 * scale**2)
    along = [d.rng.uniform(-1, 1, a.shape) if is_operand(a) else None for a in arguments]
    found = gradient(case, arguments, weights, [v for v in along if v is not None])
    steps = [None if v is None else STEP * v for v in along]
    curvature = difference(lambda *a: gradient(case, a, weights), arguments, steps)
    np.testing.assert_allclose(found, curvature, rtol=1e-6, atol=1e-6 * scale**2)


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=settings.default.max_examples // 5)
@given(data=st.data())
def test_random(name, data):
    check(CASES[name], Draw(data))  # short: hypothesis reads this source anew for each name


WITHOUT_A_CASE = {
    "these are no operations":
        "Assert as_dtype deserialize executing_eagerly get get_logger is_tensor missing name_scope operand print "
        "serialize wraps",
    "they call functions: test_tape.py, test_eager.py":
        "cond custom_gradient foldl function map_fn scan vectorized_map while_loop",
    "there is nothing to differentiate: test_ops.py":
        "arange convert_to_numpy eye in_top_k ndim nonzero one_hot ones range rank searchsorted sequence_mask shape "
        "size zero_fraction zeros",
    "its derivative is not that of its value: test_tape.py": "stop_gradient",
    "it draws random numbers": "dropout",
}  # fmt: skip


def test_every_operation_has_a_case_or_a_reason():
    tested, without = {id(case.function) for case in CASES.values()}, set()
    for place in PLACES.keys() - {"operator", "engine"}:
        for name, thing in inspect.getmembers(PLACES[place], inspect.isroutine):
            if not (name.startswith("_") or id(thing) in tested):
                without.add(name)
    assert without == set(" ".join(WITHOUT_A_CASE.values()).split())
