"""keras.random: the numbers lie where they should, and a seed or a SeedGenerator decides them."""

from __future__ import annotations

import numpy as np
import pytest

from pynn import keras

DRAWS = {
    "normal": lambda seed: keras.random.normal((4000,), 1.0, 2.0, seed=seed),
    "truncated_normal": lambda seed: keras.random.truncated_normal((4000,), 1.0, 2.0, seed=seed),
    "uniform": lambda seed: keras.random.uniform((4000,), -1.0, 3.0, seed=seed),
    "randint": lambda seed: keras.random.randint((4000,), 2, 5, seed=seed),
    "categorical": lambda seed: keras.random.categorical(np.log([[0.25, 0.75, 1e-30]]), 4000, seed=seed),
    "shuffle": lambda seed: keras.random.shuffle(np.arange(4000), seed=seed),
    "dropout": lambda seed: keras.random.dropout(np.ones(4000, np.float32), 0.25, seed=seed),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_seed_repeats_and_a_generator_goes_on(name):
    draw = DRAWS[name]
    assert np.array_equal(draw(3).numpy(), draw(3).numpy()) and not np.array_equal(draw(3).numpy(), draw(4).numpy())
    first, again = keras.random.SeedGenerator(3), keras.random.SeedGenerator(3)
    one, other = draw(first).numpy(), draw(first).numpy()
    assert not np.array_equal(one, other)
    assert np.array_equal(one, draw(again).numpy()) and np.array_equal(other, draw(again).numpy())


def test_where_the_numbers_lie():
    found = {name: draw(0).numpy().ravel() for name, draw in DRAWS.items()}
    assert np.abs(found["truncated_normal"] - 1).max() <= 4 and abs(found["truncated_normal"].mean() - 1) < 0.2
    assert -1 <= found["uniform"].min() < -0.9 and 2.9 < found["uniform"].max() < 3
    assert set(found["randint"]) == {2, 3, 4} and found["randint"].dtype == np.int32
    assert set(found["categorical"]) == {0, 1} and abs(found["categorical"].mean() - 0.75) < 0.04
    assert sorted(found["shuffle"]) == list(range(4000))
    assert np.allclose(np.unique(found["dropout"]), [0, 1 / 0.75]) and abs(np.mean(found["dropout"] == 0) - 0.25) < 0.04


def test_shuffle_moves_whole_columns():
    x = np.arange(12).reshape(2, 6)
    moved = keras.random.shuffle(x, axis=1, seed=1).numpy()
    assert np.array_equal(moved[1] - moved[0], np.full(6, 6)) and sorted(moved[0]) == list(range(6))
