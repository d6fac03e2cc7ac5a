"""Short last axes, whose rows are done many at a time: layouts, values, neighbours, the same bits for any threads."""

import numpy as np
import pytest
from references import softmax_reference

import kernels
from kernels.ladder import LADDER

SIZES = [*range(1, 18), 31, 32, 33, 64]
DTYPES = ["float32", "float64"]
BINARY = {
    "add": np.add,
    "maximum": np.maximum,
    "add_relu": lambda x, y: np.maximum(x + y, 0),
    "relu_grad": lambda g, y: np.where(y > 0, g, g.dtype.type(0)),
}
ELEMENTWISE = [
    pytest.param(rung, BINARY[name], id=f"{name}-{label}")
    for name in BINARY
    for label, rung in LADDER.get(name, {"parallel": getattr(kernels, name)}).items()
    if getattr(rung, "compiled", True)
]


def sliced(x, step=1):
    """The same values, among infinities and NaN that must not be used."""
    wide = np.full((x.shape[0], step * x.shape[1] + 3), np.inf, x.dtype)
    wide[::2] = np.nan
    wide[:, 1 : 1 + step * x.shape[1] : step] = x
    return wide[:, 1 : 1 + step * x.shape[1] : step]


LAYOUTS = {
    "C": np.array,
    "Fortran": np.asfortranarray,
    "sliced": sliced,
    "second": lambda x: sliced(x, 2),
    "fifth": lambda x: sliced(x, 5),
    "reversed": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "columns reversed": lambda x: x[:, ::-1].copy()[:, ::-1],
}


def values(rng, dtype, *shape):
    x = rng.standard_normal(shape).astype(dtype)
    x[rng.random(shape) < 0.05] = np.nan
    x[rng.random(shape) < 0.1] = -0.0
    return x


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("function", "numpy_function"), ELEMENTWISE)
def test_elementwise_bit_for_bit(function, numpy_function, dtype):
    rng = np.random.default_rng(0)
    for k in [*SIZES, 127, 128, 129]:
        x = values(rng, dtype, 37, k)
        others = [values(rng, dtype, *shape) for shape in ((37, 1), (k,), (1, k), (1, 1), (3, 1, k), (2, 37, 1))]
        for y in others + [layout(values(rng, dtype, 37, k)) for layout in LAYOUTS.values()]:
            for a, b in ((x, y), (y, x), (sliced(x), y), (x.T.copy().T, y)):
                expected = numpy_function(a, b)
                assert function(a, b).tobytes() == expected.tobytes()
                around = np.full((*expected.shape[:-1], k + 2), 7, dtype)
                out = around[..., 1:-1]
                assert function(a, b, out=out) is out
                assert out.tobytes() == expected.tobytes()
                assert (around[..., [0, -1]] == 7).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("relu", [f for f in LADDER["relu"].values() if f.compiled])
def test_relu_of_axes_in_any_order(relu, dtype):
    x = values(np.random.default_rng(1), dtype, 5, 2, 70, 3)
    for axes in ((0, 1, 2, 3), (3, 1, 0, 2), (2, 3, 1, 0), (1, 0, 3, 2)):
        for view in (x.transpose(axes), x[:, ::-1, ::3].transpose(axes), x[..., :2].transpose(axes)):
            assert relu(view).tobytes() == np.maximum(view, 0).tobytes()


def bound_of(x, y, more=0.0):
    """k + 1 roundings of at most eps / 2 each, and as many in the reference."""
    return (x.shape[1] + 2) * np.finfo(x.dtype).eps * (np.abs(x).astype(float) @ np.abs(y).astype(float) + abs(more))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_products(layout, dtype):
    """A tall x, and with x.T long sums for a small result, by narrow y."""
    rng = np.random.default_rng(2)
    for k in SIZES:
        for n in (1, 2, 3, 4, 5, 7, 8, 10, 16, 17):
            tall, y, long = (rng.standard_normal(s).astype(dtype) for s in ((75, k), (k, n), (75, n)))
            for a, b in ((tall, y), (y.T, tall.T), (tall.T, long), (long.T, tall)):
                exact, bound = a.astype(float) @ b.astype(float), bound_of(a, b)
                for left, right in ((layout(a), b), (a, layout(b)), (layout(a.T).T, layout(b)), (a.copy(), b.copy())):
                    around = np.full(exact.size + 80, np.nan, dtype)  # what follows and precedes out
                    out = around[40:-40].reshape(exact.shape)
                    assert kernels.dot(left, right, out=out) is out
                    assert (np.abs(out - exact) <= bound).all()
                    assert np.isnan(around[[*range(40), *range(-40, 0)]]).all()
            exact, bound = tall.astype(float) @ y[:, 0], bound_of(tall, y)[:, 0]
            assert (np.abs(kernels.dot(layout(tall), y[:, 0]) - exact) <= bound).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_matrix_by_its_transpose(layout, dtype):
    rng = np.random.default_rng(6)
    for k in [*SIZES, 65]:
        x = layout(rng.standard_normal((4099, k)).astype(dtype))
        for a in (x.T, x[:75], x.T[:, :5], x.T[:, :40], *(x[:m] for m in (3, 7, 17, 33, 64))):
            exact, bound = a.astype(float) @ a.T, bound_of(a, a.T)
            seen = set()
            for threads in (1, 2, 3):
                kernels.set_num_threads(threads)
                around = np.full(exact.size + 80, np.nan, dtype)
                out = around[40:-40].reshape(exact.shape)
                kernels.dot(a, a.T, out=out)
                seen.add(around.tobytes())
                assert (np.abs(out - exact) <= bound).all()
                assert np.isnan(around[[*range(40), *range(-40, 0)]]).all()
            assert len(seen) == 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_dense(dtype):
    rng = np.random.default_rng(3)
    for k in SIZES:
        for n in (1, 2, 3, 5, 8, 33):
            x, w, b = (rng.standard_normal(s).astype(dtype) for s in ((333, k), (k, n), (n,)))
            exact = np.maximum(x.astype(float) @ w + b, 0)
            result = kernels.dense(x, w, b, "relu")
            assert (np.abs(result - exact) <= bound_of(x, w, b)).all()
            assert result.tobytes() == kernels.add_relu(kernels.dot(x, w), b).tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_rows(layout, dtype):
    rng = np.random.default_rng(4)
    for k in SIZES:
        x = rng.standard_normal((300, k)).astype(dtype)
        exact, bound = softmax_reference(x)
        assert (np.abs(kernels.softmax(layout(x)) - exact) <= bound).all()
        out = np.full(2 * k, np.nan, dtype)[::2]
        assert kernels.sum_rows(layout(x), out=out) is out
        bound = 300 * np.finfo(dtype).eps * np.abs(x).sum(axis=0, dtype=float)
        assert (np.abs(out - x.sum(axis=0, dtype=float)) <= bound).all()
    special = np.array([[0], [np.inf], [-np.inf], [np.nan]], dtype)
    np.testing.assert_array_equal(kernels.softmax(special), [[1], [np.nan], [np.nan], [np.nan]])


@pytest.mark.parametrize("dtype", DTYPES)
def test_same_bits_for_any_number_of_threads(dtype):
    rng = np.random.default_rng(5)
    for k in (1, 2, 3, 7, 16, 33):
        x, wide = (rng.standard_normal((30_011, n)).astype(dtype) for n in (k, k + 2))
        y, column, long = (rng.standard_normal(s).astype(dtype) for s in ((k, 3), (30_011, 1), (30_011, 5)))
        seen = []
        for threads in (1, 2, 3):
            kernels.set_num_threads(threads)
            results = [
                kernels.dot(x, y), kernels.dot(x, y[:, 0]), kernels.dot(x.T, long), kernels.dot(x.T, long[:, 0]),
                kernels.dot(np.asfortranarray(x), y), kernels.dot(long.T.copy(), x), kernels.dense(x, y, y[0], "relu"),
                kernels.add(x, column), kernels.maximum(wide[:, 1:-1], y[:, 0]), kernels.relu(x.T.copy().T),
                kernels.softmax(x), kernels.sum_rows(x), kernels.sum_rows(np.asfortranarray(x)),
            ]  # fmt: skip
            seen.append([result.tobytes() for result in results])
        assert seen[0] == seen[1] == seen[2]
        for result, a, b in ((results[2], x.T, long), (results[5], long.T, x)):
            assert (np.abs(result - a.astype(float) @ b.astype(float)) <= bound_of(a, b)).all()
