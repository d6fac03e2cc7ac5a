"""Initializers: seeds, fans, shapes, names."""

from __future__ import annotations

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import initializers

RANDOM = (
    "RandomUniform", "RandomNormal", "TruncatedNormal", "VarianceScaling", "GlorotUniform", "GlorotNormal",
    "HeUniform", "HeNormal", "LecunUniform", "LecunNormal", "Orthogonal",
)  # fmt: skip


@pytest.mark.parametrize("name", RANDOM)
def test_seeds(name):
    """As in Keras 3: an object repeats its values; two without a seed differ; the global seed decides both."""
    of = getattr(initializers, name)
    one = of()
    np.testing.assert_array_equal(one((5, 7)), one((5, 7)))
    assert not np.array_equal(one((5, 7)), of()((5, 7)))
    np.testing.assert_array_equal(of(seed=3)((5, 7)), of(seed=3)((5, 7)))
    assert not np.array_equal(of(seed=3)((5, 7)), of(seed=4)((5, 7)))
    drawn = []
    for _ in range(2):
        keras.utils.set_random_seed(9)
        drawn.append(of()((5, 7)).numpy())
    np.testing.assert_array_equal(*drawn)
    assert one((5, 7), dtype=tf.float64).dtype == "float64" and one((5, 7)).dtype == "float32"
    with pytest.raises(ValueError, match="`seed` argument should be an integer"):
        of(seed=1.5)


@pytest.mark.parametrize(
    ("mode", "distribution", "variance", "limit"),
    [
        ("fan_in", "uniform", 1 / 120, (3 / 120) ** 0.5),
        ("fan_out", "truncated_normal", 1 / 300, 2 / 300**0.5 / 0.87962566),
        ("fan_avg", "normal", 1 / 210, 2 / 210**0.5 / 0.87962566),
        ("fan_avg", "untruncated_normal", 1 / 210, np.inf),
    ],
)
def test_variance_scaling(mode, distribution, variance, limit):
    """shape (2, 60, 150): fans 120 and 300; the variance of n draws has a standard error below sqrt(2 / n)."""
    values = initializers.VarianceScaling(2.0, mode, distribution, seed=1)((2, 60, 150)).numpy()
    assert abs(values.var() / (2 * variance) - 1) < 5 * (2 / values.size) ** 0.5
    assert abs(values).max() <= limit * 2**0.5 * (1 + 1e-6)


def test_axes_of_the_fans():
    values = initializers.LecunUniform(1, input_axes=(0, 1), output_axes=(2,))((4, 25, 300)).numpy()
    assert 0.99 < abs(values).max() / (3 / 100) ** 0.5 <= 1


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (2, 3, 4), (2, 1, 5)])
def test_orthogonal(shape):
    q = initializers.Orthogonal(2.0, seed=1)(shape, "float64").numpy().reshape(-1, shape[-1])
    product = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-13)


def test_constants():
    np.testing.assert_array_equal(initializers.Identity(2.0)((2, 3)), [[2, 0, 0], [0, 2, 0]])
    np.testing.assert_array_equal(initializers.Constant([1.0, 2.0])((3, 2)), [[1, 2]] * 3)
    assert initializers.zeros()((2,), dtype=tf.int32).dtype == "int32" and initializers.ones()(3).shape == (3,)
    for of, shape in ((initializers.Identity, (3,)), (initializers.Orthogonal, (3,))):
        with pytest.raises(ValueError, match="rank 1"):
            of()(shape)
    with pytest.raises(TypeError):
        initializers.Zeros(3)


def test_get():
    assert initializers.get(None) is None
    for name in ("lecun_normal", "LecunNormal", "OrthogonalInitializer", "uniform", "one"):
        assert isinstance(initializers.get(name), initializers.Initializer)
    assert initializers.glorot_uniform is initializers.GlorotUniform
    np.testing.assert_array_equal(initializers.get(np.eye(2))((2, 2)), np.eye(2))
    with pytest.raises(ValueError, match=r"\(2, 2\)"):
        initializers.get(np.eye(2))((3, 2))
    for arguments in ({"scale": 0.0}, {"mode": "fan"}, {"distribution": "gauss"}):
        with pytest.raises(ValueError, match=next(iter(arguments))):
            initializers.VarianceScaling(**arguments)
    with pytest.raises(ValueError, match="Did you mean 'glorot_uniform'"):
        initializers.get("glorot_unifrm")


def test_configurations():
    again = initializers.deserialize(initializers.serialize(initializers.HeNormal(seed=3)))
    np.testing.assert_array_equal(again((3, 4)), initializers.HeNormal(3)((3, 4)))
    other = initializers.HeNormal()
    assert not np.array_equal(other.clone()((3, 4)), other((3, 4)))
