"""Bad input: the type and the words of each error; NumPy's own words where NumPy has an error."""

import numpy as np
import pytest

import kernels

F = np.ones((2, 3), np.float32)
WRONG = [
    np.ones((2, 3), int), np.ones((2, 3), np.uint8), np.ones((2, 3), bool), np.ones((2, 3), np.float16),
    np.ones((2, 3), complex), np.ones((2, 3), object), np.ones((2, 3), np.longdouble), np.full((2, 3), "1.0"),
    np.zeros((2, 3), "M8[s]"), np.zeros((2, 3), [("a", "f4")]), [[1, 2, 3], [4, 5, 6]], None, "text", True, 1j,
]  # fmt: skip
CALLS = {
    "relu": lambda x: kernels.relu(x),
    "add": lambda x: kernels.add(x, F),
    "add on the right": lambda x: kernels.add(F, x),
    "maximum": lambda x: kernels.maximum(x, F),
    "add_relu": lambda x: kernels.add_relu(F, x),
    "relu_grad": lambda x: kernels.relu_grad(x, F),
    "dot": lambda x: kernels.dot(x, F.T),
    "dot on the right": lambda x: kernels.dot(F.T, x),
    "dense": lambda x: kernels.dense(x, F.T),
    "dense's weights": lambda x: kernels.dense(F.T, x),
    "softmax": lambda x: kernels.softmax(x),
    "sum_rows": lambda x: kernels.sum_rows(x),
    "total": lambda x: kernels.total(x),
    "top_matches": lambda x: kernels.top_matches(x, np.array([0, 1])),
    "logits": lambda x: kernels.softmax_cross_entropy(x, np.array([0, 1])),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("x", WRONG, ids=lambda x: str(getattr(x, "dtype", x)))
def test_other_types_are_not_converted(call, x):
    with pytest.raises(TypeError, match=r"astype\(np\.float32\)"):
        call(x)


@pytest.mark.parametrize("bias", [np.ones(3, int), [1, 2, 3], np.ones(3, complex)])
def test_a_bias_of_another_type(bias):
    with pytest.raises(TypeError, match=r"astype\(np\.float32\)"):
        kernels.dense(F.T, F, bias)


def test_the_error_names_the_argument():
    for call, name in (
        (lambda x: kernels.add(F, x), "y"),
        (lambda x: kernels.dense(F.T, x), "w"),
        (lambda x: kernels.dense(F, F.T, x), "b"),
        (lambda x: kernels.softmax_cross_entropy(x, [0, 1]), "logits"),
    ):
        with pytest.raises(TypeError, match=rf"^{name} is int64; .*{name}\.astype\(np\.float32\)"):
            call(np.ones((2, 3), np.int64))


def test_products_without_axes_or_with_too_many():
    for x, y in [(np.float32(2), F), (F, np.float32(2)), (F, np.ones((2, 3, 4), np.float32))]:
        with pytest.raises(ValueError, match="dot takes x of one or more axes and y of one or two"):
            kernels.dot(x, y)


def test_out_that_cannot_hold_the_promoted_type():
    x, y = np.ones(3, np.float32), np.ones(3)
    for call in (kernels.add, kernels.maximum, kernels.dot):
        with pytest.raises(TypeError, match="out is float32, the result is float64"):
            call(x, y, out=np.zeros(np.shape(call(x, y)), np.float32))


def test_dense_arguments():
    x, w = np.ones((2, 3)), np.ones((3, 4))
    for bias in (np.ones(3), np.ones(1), np.ones((1, 4)), np.float64(1)):
        with pytest.raises(ValueError, match=r"\(4,\)"):
            kernels.dense(x, w, bias)
    for activation in ("tanh", "RELU", "", kernels.relu, True, 0, np.array(["relu", "relu"])):
        with pytest.raises(ValueError, match="activation is None or 'relu'"):
            kernels.dense(x, w, activation=activation)


def test_softmax_needs_an_axis():
    with pytest.raises(ValueError, match="last axis"):
        kernels.softmax(np.float32(1))


@pytest.mark.parametrize("label_type", [np.int8, np.int64, np.uint64])
@pytest.mark.parametrize("label", [3, 100, -1, 2**63, -(2**63)])
def test_labels_out_of_range(label, label_type):
    if not np.iinfo(label_type).min <= label <= np.iinfo(label_type).max:
        label = np.iinfo(label_type).max
    labels = np.array([0, 1, 2, 2, label], label_type)
    with pytest.raises(ValueError, match=rf"label {labels[-1]} .*\[0, 3\)"):
        kernels.softmax_cross_entropy(np.ones((5, 3), np.float32), labels)


def test_cross_entropy_arguments():
    logits = np.ones((2, 3), np.float32)
    for wrong in (np.ones(3, np.float32), np.ones((2, 3, 1), np.float32), np.ones((2, 0), np.float32), np.float32(1)):
        with pytest.raises(ValueError, match=r"\(rows, classes\)"):
            kernels.softmax_cross_entropy(wrong, [0, 1])
    for wrong in ([0], [0, 1, 2], 0, [[0], [1]], np.ones(2, np.float32), logits.T, logits[:, :2]):
        with pytest.raises(ValueError, match="targets have shape"):
            kernels.softmax_cross_entropy(logits, wrong)
    for wrong in (logits.astype(bool), logits.astype(complex), logits.astype(np.float16), logits.astype(np.float64)):
        with pytest.raises(TypeError, match="targets"):  # a distribution has the logits' type
            kernels.softmax_cross_entropy(logits, wrong)


def test_unknown_and_missing_arguments():
    for call in (
        lambda: kernels.relu(F, axis=0),
        lambda: kernels.add(F),
        lambda: kernels.dense(F, F.T, bias=F),
        lambda: kernels.softmax(F, axis=0),
        lambda: kernels.sgd_update(F, F, lr=0.1),
    ):
        with pytest.raises(TypeError):
            call()


def test_results_too_large_for_memory_are_errors():
    with pytest.raises((MemoryError, ValueError)):
        kernels.add(np.broadcast_to(np.float32(1), (2**45,)), F[0, 0])
    with pytest.raises((MemoryError, ValueError)):
        kernels.dot(np.zeros((2**40, 0)), np.zeros((0, 2**40)))


MASKED = np.ma.masked_array(F, mask=[[False, True, False]] * 2)
READ = {
    **CALLS,
    "dense's bias": lambda x: kernels.dense(F.T, F, x[0]),
    "a vector": lambda x: kernels.dot(F, x[0]),
    "targets": lambda x: kernels.softmax_cross_entropy(F, x),
    "labels": lambda x: kernels.softmax_cross_entropy(F, x[:, 0].astype(int)),
    "take_rows": lambda x: kernels.take_rows(x, [0]),
    "rows": lambda x: kernels.take_rows(F, x[0].astype(int)),
    "gradient": lambda x: kernels.sgd_update(F.copy(), x, 0.1),
    "gradients": lambda x: kernels.adam_update([F.copy()], [F.copy()], [F.copy()], [x], 0.1, 0.9, 0.9, 0.1, 1),
}
WRITE = {
    "relu": lambda x: kernels.relu(F, out=x),
    "add": lambda x: kernels.add(F, F, out=x),
    "softmax": lambda x: kernels.softmax(F, out=x),
    "sum_rows": lambda x: kernels.sum_rows(F, out=x[0]),
    "dot": lambda x: kernels.dot(np.ones((2, 2), np.float32), F, out=x),
    "dense": lambda x: kernels.dense(np.ones((2, 2), np.float32), F, F[0], out=x),
    "take_rows": lambda x: kernels.take_rows(F, [0, 0], out=x),
    "weights": lambda x: kernels.sgd_update(x, F, 0.1),
    "momentum": lambda x: kernels.momentum_update([F.copy()], [x], [F], 0.1, 0.9),
    "squares": lambda x: kernels.rmsprop_update(F.copy(), x, F, 0.1, 0.9, 0.1),
}


@pytest.mark.parametrize(
    ("call", "advice"),
    [pytest.param(c, r"\.data.*\.filled\(0\)$", id=f"read {n}") for n, c in READ.items()]
    + [pytest.param(c, r"\.data to let them change its values$", id=f"write {n}") for n, c in WRITE.items()],
)
def test_masked_arrays_are_refused(call, advice):
    with pytest.raises(TypeError, match=rf"^\w+ is a masked array.*{advice}"):
        call(MASKED)
    assert (MASKED.data == 1).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floating_point_errors_are_silent_and_leave_no_trace(dtype):
    """As the package's docstring says: no np.errstate applies, and NumPy's next call reports only its own errors."""
    x = np.array([[np.finfo(dtype).max, np.inf, 0, 1]] * 9, dtype)
    signals, y = np.array([[0x7F800001]], np.uint32).view(np.float32), np.ones((1, 1), dtype)  # a NaN that is not quiet
    with np.errstate(all="raise"):
        for sum_of in (kernels.add, kernels.dot, kernels.dense, lambda x, y: kernels.dense(y, y, x[0])):
            assert np.isnan(sum_of(signals, y)).all()
        assert np.isinf(kernels.add(y.astype(np.float32), 1e300)).all()
        for n in (1, 9):
            assert np.isinf(kernels.add(x[:n], x[:n])[0, 0])
            assert np.isnan(kernels.dot(x[:n], x[0, [2, 2, 3, 3]])).all()  # inf times 0
            assert np.isnan(kernels.softmax(x[:n])[0]).all()
            assert np.isinf(kernels.sum_rows(np.resize(x[0, 0], (2, n)))).all()
            kernels.rmsprop_update(x[:n].copy(), np.zeros_like(x[:n]), x[:n].copy(), 1, 0, 0)
            assert (np.add(x[:n, 2:], 1, dtype=dtype) == [1, 2]).all()  # raises if a flag stands
            assert np.multiply(x[0, 3], x[0, 3]) == 1
