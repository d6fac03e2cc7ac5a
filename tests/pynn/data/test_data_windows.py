"""tf.data: windows, padded batches, interleaving, splits, iterators. Values: test_against_keras.py."""

from __future__ import annotations

import random

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.data import Dataset


def values(dataset) -> list:
    return [x.tolist() for x in dataset.as_numpy_iterator()]


@pytest.mark.parametrize("drop", [False, True])
@pytest.mark.parametrize("size, shift, stride", [(1, 1, 1), (3, 1, 1), (3, 3, 2), (2, 5, 3), (4, 2, 3), (20, 1, 1)])
def test_windows_are_slices(size, shift, stride, drop):
    for n in range(14):
        expected = [list(range(i, n, stride))[:size] for i in range(0, n, shift)]
        if drop:
            expected = [window for window in expected if len(window) == size]
        for source in (Dataset.from_tensor_slices(np.arange(n)), Dataset.range(n)):  # by rows, by elements
            windows = source.window(size, shift, stride, drop)
            assert [values(window) for window in windows] == expected
            assert len(windows) == len(expected)


def test_windows_of_rows_in_order_are_views():
    (window,) = Dataset.from_tensor_slices(np.arange(12.0).reshape(4, 3)).window(4)
    (batch,) = window.batch(4)
    assert batch._array.base is not None and batch.shape == (4, 3)


def test_windows_cannot_be_batched():
    with pytest.raises(TypeError, match="flat_map"):
        list(Dataset.range(4).window(2).batch(2))


def test_padding_follows_what_comes_not_what_zeros_foretell():
    sizes = Dataset.range(4).map(lambda n: tf.fill([n * n // 2 + 1], 1))
    (batch,) = sizes.padded_batch(4, padding_values=7)
    assert batch.numpy().tolist() == [[1, 7, 7, 7, 7], [1, 7, 7, 7, 7], [1, 1, 1, 7, 7], [1, 1, 1, 1, 1]]
    with pytest.raises(tf.errors.OpError, match="smaller size"):
        list(sizes.padded_batch(4, padded_shapes=[3]))


@pytest.mark.parametrize("sizes", [[1], [5], [40], [3, 1, 4]])
def test_rebatch_keeps_the_rows(sizes):
    x = np.arange(69).reshape(23, 3)
    batches = [b.numpy() for b in Dataset.from_tensor_slices(x).batch(4).rebatch(sizes)]
    np.testing.assert_array_equal(np.concatenate(batches), x)
    assert [len(b) for b in batches[:-1]] == [sizes[i % len(sizes)] for i in range(len(batches) - 1)]


def test_interleave_of_all_cpus_takes_each_element_once():
    dataset = Dataset.range(9).interleave(lambda n: Dataset.range(n), num_parallel_calls=tf.data.AUTOTUNE)
    assert sorted(values(dataset)) == sorted(i for n in range(9) for i in range(n))


def test_take_while_reads_no_further():
    read = []
    dataset = Dataset.range(9).map(lambda x: (read.append(int(x)), x)[1]).take_while(lambda x: x < 2)
    assert values(dataset) == [0, 1] and read == [0, 1, 2]


def test_random_numbers():
    def passes(*arguments):
        dataset = Dataset.random(*arguments).take(5)
        return values(dataset), values(dataset)

    one, two = passes(3)
    assert one == two == passes(3)[0] != passes(4)[0] and all(0 <= n < 2**32 for n in one)
    one, two = passes(3, True)
    assert one != two and passes(3, True) == (one, two)
    one, two = passes()
    assert one != two


def test_stepping_by_hand():
    iterator = iter(Dataset.range(3).prefetch(1))
    assert isinstance(iterator, tf.data.Iterator) and iterator.element_spec == tf.TensorSpec((), tf.int64)
    assert [int(iterator.get_next()), int(next(iterator)), int(iterator.get_next())] == [0, 1, 2]
    with pytest.raises(tf.errors.OutOfRangeError, match="End of sequence"):
        iterator.get_next()
    with pytest.raises(StopIteration):
        next(iterator)


def test_split_shuffles_as_python_does_and_leaves_pythons_numbers_alone():
    order = list(range(20))
    random.Random(5).shuffle(order)
    state = random.getstate()
    left, right = keras.utils.split_dataset(np.arange(20), left_size=0.3, shuffle=True, seed=5)
    assert values(left) == order[:6] and values(right) == order[6:] and random.getstate() == state
    keras.utils.set_random_seed(1)
    first = values(keras.utils.split_dataset(np.arange(20), 0.5, shuffle=True)[0])
    keras.utils.set_random_seed(1)
    assert first == values(keras.utils.split_dataset(np.arange(20), 0.5, shuffle=True)[0])
