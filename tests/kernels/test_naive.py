"""The loops in Python: what they refuse, and their special values. Their results are test_ladder's part."""

import numpy as np
import pytest

import kernels
from kernels import lists, naive
from kernels.ladder import LADDER

VECTOR, MATRIX, WIDE = np.ones(3), np.ones((2, 3)), np.ones((2, 4))
STACK = np.ones((2, 2, 3))
RATES = (0.1, 0.9, 1e-7)
UPDATES = [naive.naive_rmsprop_update, lists.rmsprop_update]

WRONG = {
    naive.naive_relu: [(VECTOR,), (STACK,), (np.float64(1),)],
    naive.naive_add: [(MATRIX, WIDE), (MATRIX, VECTOR), (VECTOR, VECTOR), (STACK, STACK)],
    naive.naive_add_matrix_and_vector: [(MATRIX, np.ones(2)), (VECTOR, VECTOR), (MATRIX, MATRIX), (STACK, VECTOR)],
    naive.naive_maximum: [(MATRIX, WIDE), (VECTOR, MATRIX), (MATRIX, np.ones((3, 1)))],
    naive.naive_add_relu: [(MATRIX, WIDE), (MATRIX, VECTOR)],
    naive.naive_vector_dot: [(VECTOR, np.ones(4)), (MATRIX, MATRIX), (MATRIX, VECTOR)],
    naive.naive_matrix_vector_dot: [(MATRIX, np.ones(2)), (VECTOR, VECTOR), (MATRIX, MATRIX.T)],
    naive.naive_matrix_dot: [(MATRIX, MATRIX), (MATRIX, VECTOR), (VECTOR, MATRIX.T), (STACK, MATRIX.T)],
    naive.naive_softmax: [(VECTOR,), (STACK,)],
    naive.naive_rmsprop_update: [
        (MATRIX, MATRIX, WIDE, *RATES),
        (MATRIX, VECTOR, MATRIX, *RATES),
        (VECTOR, MATRIX, MATRIX, *RATES),
    ],
    naive.naive_dense: [(MATRIX, MATRIX, VECTOR), (MATRIX, MATRIX.T, VECTOR), (VECTOR, MATRIX.T, np.ones(2))],
}


def test_every_naive_rung_is_here():
    assert {rungs["naive"].function for rungs in LADDER.values()} == set(WRONG)


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (rung, args)
        for rungs in LADDER.values()
        for rung in rungs.values()
        if not rung.compiled
        for args in WRONG[rungs["naive"].function]
    ],
)
def test_wrong_shapes(function, args):
    with pytest.raises(ValueError, match=r"takes .*not"):
        function(*args)


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("locked", [0, 1])
def test_a_refused_update_writes_nothing(update, locked):
    arrays = np.ones((3, 2, 3))
    w, v, g = arrays
    with pytest.raises(ValueError, match="takes three arrays of one shape, not"):
        update(w, v, g[:1], *RATES)
    (w, v)[locked].flags.writeable = False
    with pytest.raises(ValueError, match="takes a w and a v to write, not"):
        update(w, v, g, *RATES)
    assert (arrays == 1).all()


@pytest.mark.parametrize("update", UPDATES)
def test_an_update_takes_any_shape_and_layout(update):
    rng = np.random.default_rng(0)
    for shape in [(), (7,), (2, 3, 5)]:
        w, v, g = rng.random((3, *shape))
        strided = [np.repeat(x[..., None], 2, -1)[..., 0] for x in (w, v, g)]
        update(*strided, *RATES)
        w, v = np.array(w), np.array(v)
        kernels.rmsprop_update(w, v, np.array(g), *RATES)
        np.testing.assert_allclose(strided[0], w, rtol=1e-14)
        np.testing.assert_allclose(strided[1], v, rtol=1e-14)


def test_an_update_of_lists_divides_by_zero_as_arrays_do():
    w, v, g = np.ones(4), np.array([0.0, 0, -1, 1]), np.array([0.0, -1, 0, 0])
    lists.rmsprop_update(w, v, g, 0.1, 1, 0)
    np.testing.assert_array_equal(w, [np.nan, np.inf, np.nan, 1])


@pytest.mark.parametrize("relu", [naive.naive_relu, lists.relu])
def test_relu_keeps_nan_and_makes_no_negative_zero(relu):
    result = relu(np.array([[np.nan, -0.0], [-1.0, 2.0]]))
    np.testing.assert_array_equal(result, [[np.nan, 0], [0, 2]])
    assert not np.signbit(result[0, 1])


@pytest.mark.parametrize("maximum", [naive.naive_maximum, lists.maximum])
def test_maximum_broadcasts_over_the_last_axes(maximum):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((4, 3, 5, 2)), rng.standard_normal((5, 2))
    y[0, 0] = x[0, 0, 1, 1] = np.nan
    np.testing.assert_array_equal(maximum(x, y), np.maximum(x, y))
    np.testing.assert_array_equal(maximum(x, x[..., :1]), np.maximum(x, x[..., :1]))


def test_results_have_the_promoted_type():
    x, y = np.ones((2, 3), np.float32), np.ones((2, 3))
    assert naive.naive_add(x, x).dtype == np.float32
    assert naive.naive_add(x, y).dtype == lists.add(x, y).dtype == np.float64
    assert naive.naive_matrix_dot(x, y.T).dtype == np.float64
