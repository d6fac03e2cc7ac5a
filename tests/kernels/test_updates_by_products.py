"""Updates whose gradient is given as a pair (x, y): the same bits as with dot(x, y), and the same care for errors."""

import tracemalloc

import numpy as np
import pytest

import kernels

RULES = {  # name -> the states, and the update
    "sgd": ("", lambda w, g: kernels.sgd_update(w, g, 0.1)),
    "momentum": ("m", lambda w, m, g: kernels.momentum_update(w, m, g, 0.1, 0.9)),
    "nesterov": ("m", lambda w, m, g: kernels.momentum_update(w, m, g, 0.1, 0.9, nesterov=True)),
    "rmsprop": ("v", lambda w, v, g: kernels.rmsprop_update(w, v, g, 0.01, 0.9, 1e-7)),
    "adam": ("mv", lambda w, m, v, g: kernels.adam_update(w, m, v, g, 0.01, 0.9, 0.999, 1e-7, 3)),
}


def arrays(rule, shape, dtype, share=0.2):
    """[w, the states], and a pair with so many nonzeros in x."""
    (m, k, n), rng = shape, np.random.default_rng(shape)
    x, y = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)
    x[rng.random((m, k)) >= share] = 0
    x[m // 3 : m // 2] = 0  # pixels that are dark in all images: their gradient is 0, and state decays
    values = rng.standard_normal((1 + len(RULES[rule][0]), m, n)).astype(dtype)
    values[1:] *= values[1:]
    return [*values], (x, y)


def check(rule, written, pair):
    """The pair does what the product does, to the bit; y is finite, or not, and then NaN are at the same places."""
    update = RULES[rule][1]
    for count in (1, 2, 5):
        kernels.set_num_threads(count)
        expected, result = [a.copy() for a in written], [a.copy() for a in written]
        update(*expected, kernels.dot(*pair))
        before = [a.copy() for a in pair]
        assert update(*result, pair) is None
        for a, b in zip(result, expected, strict=True):
            np.testing.assert_array_equal(a.view(f"u{a.itemsize}"), b.view(f"u{b.itemsize}"))
        for a, b in zip(pair, before, strict=True):
            np.testing.assert_array_equal(a, b)
    return expected


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rule", RULES)
def test_same_bits_as_with_the_product(rule, dtype):
    """MNIST's first layer; primes, so that no block, tile or vector is full; more rows than are listed at a time."""
    for shape in ((784, 128, 512), (701, 61, 67), (5003, 101, 48)):
        check(rule, *arrays(rule, shape, dtype))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", [(0, 0), (60, 66), (30, 40)])
@pytest.mark.parametrize("rule", RULES)
def test_not_finite(rule, where, bad):
    written, (x, y) = arrays(rule, (701, 61, 67), "float32")
    y[where] = bad
    x[:, 60] = 0  # 0 times infinity is NaN
    expected = check(rule, written, (x, y))
    for a in expected:
        assert not np.isfinite(a[:, where[1]]).any() and np.isfinite(np.delete(a, where[1], 1)).all()


@pytest.mark.parametrize(("shape", "is_stored"), [((784, 128, 512), False), ((784, 129, 512), True)])
@pytest.mark.parametrize("rule", ["rmsprop", "adam"])
def test_products_of_one_slice_are_not_stored(rule, shape, is_stored):
    written, pair = arrays(rule, shape, "float32")
    tracemalloc.start()
    RULES[rule][1](*written, pair)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (peak >= written[0].nbytes) == is_stored


def refuse(rule, written, g, error, words):
    """The error, and a parameter before the wrong one in the list stays as it was, too."""
    lists = [[np.ones(3, np.float32), a] for a in written]
    before = [a.copy() for each in lists for a in each]
    with pytest.raises(error, match=words):
        RULES[rule][1](*lists, [np.ones(3, np.float32), g])
    for a, b in zip([a for each in lists for a in each], before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("rule", RULES)
def test_wrong_pairs(rule):
    written, (x, y) = arrays(rule, (784, 128, 512), "float32")
    for wrong in ((), (x,), (x, y, y), (x, None), (x.astype(int), y), (x, y.astype(np.float16))):
        refuse(rule, written, wrong, TypeError, "float")
    for wrong in ((x.astype(np.float64), y.astype(np.float64)), (x, y.astype(np.float64))):
        refuse(rule, written, wrong, TypeError, "g must be a float32 array, as w is")
    refuse(rule, written, (np.ma.masked_array(x), y), TypeError, r"x\.data|x\.filled")
    refuse(rule, written, (x, np.ma.masked_array(y)), TypeError, r"y\.data|y\.filled")
    for wrong in ((x, y[1:]), (x[:, 1:], y), (x.T, y)):
        refuse(rule, written, wrong, ValueError, "not aligned")
    for wrong in ((x[1:], y), (x, y[:, 1:]), (x, y[:, 0]), (x[0], y), (y.T, x.T)):
        refuse(rule, written, wrong, ValueError, r"g has shape .* w has shape")
    written[-1].flags.writeable = False
    refuse(rule, written, (x, y), ValueError, "read-only")


@pytest.mark.parametrize("rule", RULES)
def test_shared_memory_is_refused(rule):
    written, (x, y) = arrays(rule, (784, 128, 512), "float32")
    for a in written:
        for of_a in (a[:, :128], a.ravel()[-784 * 128 :].reshape(128, 784).T):
            refuse(rule, written, (of_a, y), ValueError, "share memory")
        refuse(rule, written, (x, a[-128:]), ValueError, "share memory")
    RULES[rule][1](*written, (x, x[:128].repeat(4, 1)))
    RULES[rule][1](*(a[:, :128].copy() for a in written), (x, x[:128]))  # x and y are only read


def test_mixed_types_are_those_of_the_product():
    (w, v), (x, y) = arrays("rmsprop", (784, 128, 512), "float64")
    check("rmsprop", [w, v], (x.astype(np.float32), y))


def test_what_is_checked_is_what_is_multiplied():
    class Changing:
        asked = 0

        def __array__(self, dtype=None, copy=None):
            self.asked += 1
            return y if self.asked == 1 else y[:, :100]

    rng = np.random.default_rng(2)
    x = rng.random((300, 100), np.float32) * (rng.random((300, 100)) < 0.2)
    y = rng.random((100, 200), np.float32)
    y[3, 5] = np.nan
    w, v = np.ones((300, 200), np.float32), np.ones((300, 200), np.float32)
    expected, state = w.copy(), v.copy()
    kernels.rmsprop_update(expected, state, kernels.dot(x, y), 0.01, 0.9, 1e-7)
    kernels.rmsprop_update(w, v, (x, Changing()), 0.01, 0.9, 1e-7)
    assert w.tobytes() == expected.tobytes() and v.tobytes() == state.tobytes()
