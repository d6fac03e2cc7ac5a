"""The in-place updates against their formulas in float64."""

import numpy as np
import pytest

import kernels
from kernels.ladder import LADDER

DTYPES = ["float32", "float64"]
LENGTHS = [*range(131), 32767, 100003]


def sgd(w, g):
    """name -> (new value, the sizes whose roundings meet in it)"""
    return {"w": (w - 0.1 * g, np.abs(w) + 0.1 * np.abs(g))}


def momentum(w, m, g, nesterov):
    step = 0.9 * m - 0.1 * g
    size = 0.9 * np.abs(m) + 0.1 * np.abs(g)
    change = 0.9 * step - 0.1 * g if nesterov else step
    return {"w": (w + change, np.abs(w) + size + 0.1 * np.abs(g)), "m": (step, size)}


def rmsprop(w, v, g):
    v = 0.9 * v + 0.1 * g * g
    change = 0.01 * g / np.sqrt(v + 1e-7)
    return {"w": (w - change, np.abs(w) + np.abs(change)), "v": (v, v)}


def adam(w, m, v, g, step):
    rate = 0.01 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    new_m, new_v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    size = np.abs(m) + np.abs(g)
    scale = rate / (np.sqrt(new_v) + 1e-7)
    return {"w": (w - scale * new_m, np.abs(w) + scale * size), "m": (new_m, size), "v": (new_v, v + 0.001 * g * g)}


UPDATES = {
    "sgd": ("wg", sgd, lambda a: kernels.sgd_update(a["w"], a["g"], 0.1)),
    "momentum": (
        "wmg",
        lambda w, m, g: momentum(w, m, g, False),
        lambda a: kernels.momentum_update(a["w"], a["m"], a["g"], 0.1, 0.9),
    ),
    "nesterov": (
        "wmg",
        lambda w, m, g: momentum(w, m, g, True),
        lambda a: kernels.momentum_update(a["w"], a["m"], a["g"], 0.1, 0.9, nesterov=True),
    ),
    **{
        f"rmsprop {rung}": ("wvg", rmsprop, lambda a, f=function: f(a["w"], a["v"], a["g"], 0.01, 0.9, 1e-7))
        for rung, function in LADDER["rmsprop_update"].items()
        if function.compiled
    },
    "adam": (
        "wmvg",
        lambda w, m, v, g: adam(w, m, v, g, 3),
        lambda a: kernels.adam_update(a["w"], a["m"], a["v"], a["g"], 0.01, 0.9, 0.999, 1e-7, 3),
    ),
    "adam step 1000": (
        "wmvg",
        lambda w, m, v, g: adam(w, m, v, g, 1000),
        lambda a: kernels.adam_update(a["w"], a["m"], a["v"], a["g"], 0.01, 0.9, 0.999, 1e-7, 1000),
    ),
}


def arrays(names, n, dtype):
    values = np.random.default_rng(n).standard_normal((len(names), n)).astype(dtype)
    return {name: np.abs(x) if name == "v" else x.copy() for name, x in zip(names, values, strict=True)}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rule", UPDATES)
def test_against_float64(rule, dtype):
    names, formula, update = UPDATES[rule]
    for n in LENGTHS:
        given = arrays(names, n, dtype)
        expected = formula(**{name: x.astype(np.longdouble) for name, x in given.items()})
        gradient = given["g"].copy()
        assert update(given) is None
        for name, (value, size) in expected.items():
            # fewer than sixteen roundings of eps / 2, those of the rates among them, on the way to one weight
            assert (np.abs(given[name] - value) <= 8 * np.finfo(dtype).eps * size).all(), (name, n)
        np.testing.assert_array_equal(given["g"], gradient)


@pytest.mark.parametrize("rule", UPDATES)
def test_any_shape_and_the_borders_of_the_arrays(rule):
    names, _, update = UPDATES[rule]
    flat, shaped = arrays(names, 4 * 5 * 7, "float32"), arrays(names, 4 * 5 * 7, "float32")
    shaped = {name: x.reshape(4, 5, 7) for name, x in shaped.items()}
    framed = {name: np.concatenate([[9], x, [9]]).astype(np.float32) for name, x in flat.items()}
    update(flat)
    update(shaped)
    update({name: x[1:-1] for name, x in framed.items()})
    for name in names:
        np.testing.assert_array_equal(shaped[name].ravel(), flat[name])
        np.testing.assert_array_equal(framed[name], [9, *flat[name], 9])
    scalars = {name: np.array(0.5) for name in names}
    update(scalars)
    assert np.isfinite(scalars["w"])


def test_adam_corrects_the_bias_of_its_first_step():
    w, m, v = np.zeros((3, 5))
    kernels.adam_update(w, m, v, np.array([1.0, -2.0, 1e-3, 50.0, 0.0]), 0.01, 0.9, 0.999, 1e-12, 1)
    np.testing.assert_allclose(w, [-0.01, 0.01, -0.01, -0.01, 0], rtol=1e-6)  # lr, whatever the gradient's size


def broken(names, name, value):
    given = {n: np.ones((4, 6), np.float32) for n in names}
    given[name] = value
    return given


CASES = [(rule, name) for rule, (names, _, _) in UPDATES.items() for name in names]


@pytest.mark.parametrize(("rule", "name"), CASES)
def test_wrong_arrays(rule, name):
    names, _, update = UPDATES[rule]
    ones = np.ones((4, 6), np.float32)
    for wrong in (None, 1.0, [[1.0]], np.ones((4, 6), np.float64), np.ones((4, 6), int), np.ones((4, 6), np.float16)):
        with pytest.raises(TypeError, match="float"):
            update(broken(names, name, wrong))
    for wrong in (np.ones((6, 4), np.float32), np.ones(24, np.float32), np.array(1, np.float32)):
        with pytest.raises(ValueError, match="shape"):
            update(broken(names, name, wrong))
    for wrong in (np.ones((4, 12), np.float32)[:, ::2], ones[::-1], ones.astype(">f4")):
        with pytest.raises(ValueError, match="contiguous"):
            update(broken(names, name, wrong))
    ones.flags.writeable = False
    if name == "g":
        update(broken(names, name, ones))
    else:
        with pytest.raises(ValueError, match="read-only"):
            update(broken(names, name, ones))


@pytest.mark.parametrize("rule", UPDATES)
def test_shared_memory_is_refused(rule):
    names, _, update = UPDATES[rule]
    memory = np.ones(48, np.float32)
    given = {name: np.ones(24, np.float32) for name in names}
    for other in names[1:]:
        for shared in (memory[:24], memory[1:25], memory[23:47]):
            with pytest.raises(ValueError, match="share memory"):
                update({**given, "w": memory[:24], other: shared})
    assert (memory == 1).all()


@pytest.mark.parametrize("step", [0, -1])
def test_adam_counts_steps_from_one(step):
    with pytest.raises(ValueError, match="step counts from 1"):
        kernels.adam_update(*np.ones((4, 3)), 0.01, 0.9, 0.999, 1e-7, step)


def test_numbers_must_be_numbers():
    with pytest.raises(TypeError):
        kernels.sgd_update(np.ones(3), np.ones(3), "fast")
    with pytest.raises(TypeError):
        kernels.adam_update(*np.ones((4, 3)), 0.01, 0.9, 0.999, 1e-7, 1.5)


@pytest.mark.parametrize("rule", UPDATES)
def test_lists_are_updated_as_one_by_one(rule):
    names, _, update = UPDATES[rule]
    rng = np.random.default_rng(4)
    shapes = [(3, 5), (), (0,), (70001,), (2, 3, 4)]
    dtypes = ["float32", "float64", "float32", "float32", "float64"]
    lists = {
        name: [rng.random(shape).astype(dtype) for shape, dtype in zip(shapes, dtypes, strict=True)] for name in names
    }
    each = [{name: lists[name][i].copy() for name in names} for i in range(len(shapes))]
    update(lists)
    for given in each:
        update(given)
    for name in names:
        for i, given in enumerate(each):
            np.testing.assert_array_equal(lists[name][i], given[name])


def test_wrong_lists_change_nothing():
    w, v, g = ([np.ones(3), np.ones(4)] for _ in range(3))
    with pytest.raises(ValueError, match="g holds 1 arrays, w 2"):
        kernels.rmsprop_update(w, v, g[:1], 0.1, 0.9, 1e-7)
    with pytest.raises(TypeError, match="v must be a list"):
        kernels.rmsprop_update(w, np.ones(3), g, 0.1, 0.9, 1e-7)
    with pytest.raises(ValueError, match="shape"):
        kernels.rmsprop_update(w, v, [g[0], np.ones(5)], 0.1, 0.9, 1e-7)
    with pytest.raises(ValueError, match="share memory"):
        kernels.rmsprop_update([w[0], w[0]], [v[0], np.ones(3)], [g[0], g[0]], 0.1, 0.9, 1e-7)
    memory = np.ones(100)
    with pytest.raises(ValueError, match="share memory"):  # not with its neighbour by address
        kernels.sgd_update([memory[30:40], np.ones(10)], [memory[0:100][30:40], memory[10:20]], 0.1)
    with pytest.raises(ValueError, match="share memory"):
        kernels.sgd_update([np.ones(100), np.ones(10), memory[30:40]], [memory, memory[10:20], np.ones(10)], 0.1)
    assert (memory == 1).all()
    assert all((array == 1).all() for arrays in (w, v, g) for array in arrays)
    kernels.sgd_update([], [], 0.1)
    kernels.sgd_update([w[0], np.ones(3)], [g[0], g[0]], 0.1)  # gradients are only read
