"""keras.utils: one-hot rows, vectors of length 1, the progress bar."""

from __future__ import annotations

import re

import numpy as np
import pytest

import pynn as tf
from pynn.keras import utils


def test_to_categorical_of_a_tensor_is_a_tensor():
    rows = utils.to_categorical(tf.constant([[1], [0]]), 3)
    assert isinstance(rows, tf.Tensor) and rows.dtype == "float32"
    np.testing.assert_array_equal(rows, [[0, 1, 0], [1, 0, 0]])
    assert isinstance(utils.to_categorical([1.0, 0.0]), np.ndarray)
    with pytest.raises(ValueError):
        utils.to_categorical([])


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_normalize(axis, order):
    x = np.array([[3.0, -4.0, 0.0], [0.0, 0.0, 0.0]])
    for given, kind in ((x, np.ndarray), (tf.constant(x), tf.Tensor)):
        y = utils.normalize(given, axis, order)
        lengths = (np.abs(np.asarray(y)) ** order).sum(axis) ** (1 / order)
        assert isinstance(y, kind)
        np.testing.assert_allclose(lengths, np.abs(x).sum(axis) > 0, rtol=1e-6)
    with pytest.raises(ValueError, match="order"):
        utils.normalize([[1.0]], order=0)


def test_progbar(capsys):
    bar = utils.Progbar(4, stateful_metrics=["accuracy"], unit_name="batch")
    for step in range(3):
        bar.update(step + 1, [("loss", float(step)), ("accuracy", tf.constant(0.25))])
    assert capsys.readouterr().out == ""  # on no terminal, the line comes at the end
    bar.add(1, [("accuracy", 0.5)])
    out = capsys.readouterr().out
    assert re.fullmatch(r"4/4 - \d+s - \d+(us|ms|s)/batch - loss: 1.0000 - accuracy: 0.5000\n", out)
    silent = utils.Progbar(1, verbose=0)
    silent.update(1, [("loss", 1.0)])
    assert capsys.readouterr().out == ""
    with pytest.raises(ValueError, match="verbose"):
        utils.Progbar(1, verbose=3)


def test_what_is_not_there_says_so():
    with pytest.raises(AttributeError, match="has no 'plot_model'"):
        _ = utils.plot_model
    with pytest.raises(ImportError, match="has no 'get_file'"):
        from pynn.keras.utils import get_file  # noqa: F401
