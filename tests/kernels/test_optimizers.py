"""The in-place updates: what they refuse, before anything is changed."""

import numpy as np
import pytest

import kernels
from kernels.ladder import LADDER

UPDATES = {  # name -> names of its arrays, and a call
    "sgd": ("wg", lambda w, g: kernels.sgd_update(w, g, 0.1)),
    "momentum": ("wmg", lambda w, m, g: kernels.momentum_update(w, m, g, 0.1, 0.9)),
    **{
        f"rmsprop {rung}": ("wvg", lambda w, v, g, f=function: f(w, v, g, 0.01, 0.9, 1e-7))
        for rung, function in LADDER["rmsprop_update"].items()
        if function.compiled
    },
    "adam": ("wmvg", lambda w, m, v, g: kernels.adam_update(w, m, v, g, 0.01, 0.9, 0.999, 1e-7, 3)),
}


def test_adam_corrects_the_bias_of_its_first_step():
    w, m, v = np.zeros((3, 5))
    kernels.adam_update(w, m, v, np.array([1.0, -2.0, 1e-3, 50.0, 0.0]), 0.01, 0.9, 0.999, 1e-12, 1)
    np.testing.assert_allclose(w, [-0.01, 0.01, -0.01, -0.01, 0], rtol=1e-6)  # lr, whatever the gradient's size


def broken(names, name, value):
    given = {n: np.ones((4, 6), np.float32) for n in names}
    given[name] = value
    return given


CASES = [(rule, name) for rule, (names, _) in UPDATES.items() for name in names]


@pytest.mark.parametrize(("rule", "name"), CASES)
def test_wrong_arrays(rule, name):
    names, update = UPDATES[rule]
    ones = np.ones((4, 6), np.float32)
    for wrong in (None, 1.0, [[1.0]], np.ones((4, 6), np.float64), np.ones((4, 6), int), np.ones((4, 6), np.float16)):
        with pytest.raises(TypeError, match="float"):
            update(**broken(names, name, wrong))
    for wrong in (np.ones((6, 4), np.float32), np.ones(24, np.float32), np.array(1, np.float32)):
        with pytest.raises(ValueError, match="shape"):
            update(**broken(names, name, wrong))
    for wrong in (np.ones((4, 12), np.float32)[:, ::2], ones[::-1], ones.astype(">f4")):
        with pytest.raises(ValueError, match="contiguous"):
            update(**broken(names, name, wrong))
    ones.flags.writeable = False
    if name == "g":
        update(**broken(names, name, ones))
    else:
        with pytest.raises(ValueError, match="read-only"):
            update(**broken(names, name, ones))


@pytest.mark.parametrize("rule", UPDATES)
def test_shared_memory_is_refused(rule):
    names, update = UPDATES[rule]
    memory = np.ones(48, np.float32)
    given = {name: np.ones(24, np.float32) for name in names}
    for other in names[1:]:
        for shared in (memory[:24], memory[1:25], memory[23:47]):
            with pytest.raises(ValueError, match="share memory"):
                update(**{**given, "w": memory[:24], other: shared})
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
