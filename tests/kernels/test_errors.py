"""Bad input: the type and the words of each error; NumPy's own words where NumPy has an error."""

import itertools

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


def test_a_masked_array_is_refused_wherever_it_stands():
    """Its mask would be dropped without a word (numpy/numpy#18675)."""
    x, w, labels = F.copy(), F.copy(), np.array([0, 1])
    masked = np.ma.array(F, mask=F > 0)
    for call, name in (
        *((call, "") for call in (lambda m, call=call: call(m) for call in CALLS.values())),
        (lambda m: kernels.relu(x, out=m), "out"),
        (lambda m: kernels.dot(x, m.T), "y"),
        (lambda m: kernels.softmax_cross_entropy(x, m), "targets"),
        (lambda m: kernels.softmax_cross_entropy(x, np.ma.array(labels, mask=labels > 0)), "targets"),
        (lambda m: kernels.sgd_update(m, x, 0.1), "w"),
        (lambda m: kernels.sgd_update(w, m, 0.1), "g"),
        (lambda m: kernels.take_rows(m, labels), "x"),
        (lambda m: kernels.take_rows(x, np.ma.array(labels, mask=labels > 0)), "rows"),
        (lambda m: kernels.take_rows(x, labels, out=m), "out"),
    ):
        with pytest.raises(TypeError, match=rf"{name} is a masked array.*\.filled\(0\)"):
            call(masked)


def test_errstate_changes_nothing():
    big = np.full(3, 3e38, np.float32)
    with np.errstate(all="raise"):
        assert np.isinf(kernels.add(big, big)).all()


def words(function, *args):
    """What the function's ValueError says, or None if it has none."""
    try:
        function(*args)
    except ValueError as error:
        return str(error).strip()
    return None


SHAPES = [(), (0,), (1,), (3,), (4,), (2, 3), (3, 2), (1, 3), (2, 0), (2, 3, 4), (5, 2, 3), (4, 1, 3, 1)]


@pytest.mark.parametrize(("x_shape", "y_shape"), list(itertools.product(SHAPES, SHAPES)))
def test_broadcasting_errors_are_numpys(x_shape, y_shape):
    x, y = np.ones(x_shape, np.float32), np.ones(y_shape, np.float32)
    expected = words(np.add, x, y)
    for function in (kernels.add, kernels.maximum, kernels.add_relu, kernels.relu_grad):
        assert words(function, x, y) == expected


@pytest.mark.parametrize(
    ("x_shape", "y_shape"),
    [(x, y) for x, y in itertools.product(SHAPES, SHAPES) if x and 1 <= len(y) <= 2],
)
def test_alignment_errors_are_numpys(x_shape, y_shape):
    x, y = np.ones(x_shape, np.float32), np.ones(y_shape, np.float32)
    assert words(kernels.dot, x, y) == words(np.dot, x, y)
    assert words(kernels.dense, x, y) == words(np.dot, x, y)


def test_products_without_axes_or_with_too_many():
    for x, y in [(np.float32(2), F), (F, np.float32(2)), (F, np.ones((2, 3, 4), np.float32))]:
        with pytest.raises(ValueError, match="dot takes x of one or more axes and y of one or two"):
            kernels.dot(x, y)


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
