"""tf.data: shuffling, passes, datasets of rows. Values: test_against_keras.py."""

from __future__ import annotations

import copy
import itertools
import pickle
import tracemalloc
from collections import Counter, OrderedDict, defaultdict

import numpy as np
import pytest

import pynn as tf
from pynn import data
from pynn.data import Dataset


def numbers(dataset) -> list:
    return [int(x) for x in dataset]


def sources(n):
    """The same numbers as rows of an array, and as elements that no array holds."""
    return {"rows": Dataset.from_tensor_slices(np.arange(n)), "elements": Dataset.range(n)}


@pytest.mark.parametrize("buffer_size", [1, 2, 7, 50, 51, 1000, data.UNKNOWN_CARDINALITY])
@pytest.mark.parametrize("source", ["rows", "elements"])
def test_shuffle_draws_from_a_buffer(source, buffer_size):
    shuffled = sources(50)[source].shuffle(buffer_size, seed=3)
    for _ in range(20):
        order = numbers(shuffled)
        assert sorted(order) == list(range(50))
        if buffer_size > 0:
            assert all(i <= place + buffer_size - 1 for place, i in enumerate(order))
        assert (order == list(range(50))) == (buffer_size == 1)


def test_shuffle_is_the_same_by_rows_and_by_elements():
    by_rows, by_elements = (s.shuffle(9, seed=5).repeat(2) for s in sources(40).values())
    assert numbers(by_rows) == numbers(by_elements)


def test_every_order_is_as_likely():
    shuffled = Dataset.range(3).shuffle(3, seed=0)
    found = Counter(tuple(numbers(shuffled)) for _ in range(1200))
    assert set(found) == set(itertools.permutations(range(3)))
    assert max(abs(n - 200) for n in found.values()) < 6 * (1200 * 1 / 6 * 5 / 6) ** 0.5


def test_the_seed_decides():
    def passes(seed, **options):
        shuffled = Dataset.range(30).shuffle(10, seed=seed, **options)
        return numbers(shuffled), numbers(shuffled)

    first, second = passes(7)
    assert first != second
    assert passes(7) == (first, second) and passes(8)[0] != first and passes(-7)[0] != first
    assert passes(7, reshuffle_each_iteration=False) == (first, first)
    assert numbers(Dataset.range(30).shuffle(10, seed=7).repeat(2)) == first + second


def test_set_seed_decides_where_no_seed_is_given():
    def shuffles(seed):
        tf.random.set_seed(seed)
        one, two = Dataset.range(30).shuffle(30), Dataset.range(30).shuffle(30)
        return numbers(one), numbers(one), numbers(two)

    assert shuffles(1) == shuffles(1)
    assert len({tuple(order) for order in (*shuffles(1), *shuffles(2))}) == 6


def test_iterators_over_one_dataset_are_independent():
    dataset = Dataset.from_tensor_slices(np.arange(20)).map(lambda x: x).shuffle(5, seed=1).batch(3).prefetch(2)
    first, second = iter(dataset), iter(dataset)
    taken = [(next(first), next(second)) for _ in range(7)]
    for order in zip(*taken, strict=True):
        assert sorted(np.concatenate(order)) == list(range(20))
    assert next(first, None) is None and next(second, None) is None


def test_iterator_is_an_iterator_and_a_dataset_begins_anew():
    dataset = Dataset.range(3)
    iterator = iter(dataset)
    assert next(iterator) == 0 and numbers(iterator) == [1, 2] and numbers(dataset) == [0, 1, 2]


def test_the_arrays_are_copied_once():
    array = np.arange(3.0)
    dataset = Dataset.from_tensor_slices(array)
    array[:] = 9
    assert [float(x) for x in dataset] == [0, 1, 2]


@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray, lambda x: x[::-1], lambda x: x[:, ::2]])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.int64, np.bool_])
def test_batches_of_rows(layout, dtype):
    x = layout(np.random.default_rng(0).integers(0, 2, (37, 6)).astype(dtype))
    dataset = Dataset.from_tensor_slices((x, np.arange(37)))
    for rows in (dataset, dataset.shuffle(50), dataset.shuffle(4), dataset.skip(3).take(30), dataset.repeat(2)):
        seen = 0
        for batch, index in rows.batch(5):
            assert batch.dtype == dtype and batch.shape == (len(index), *x.shape[1:])
            np.testing.assert_array_equal(batch, x[index.numpy()])
            seen += len(index)
        assert seen == len(rows)


def test_rows_stay_rows():
    """No element of its own: 60,000 Tensors would be seen here."""
    x, y = np.zeros((60_000, 4), np.float32), np.zeros(60_000, np.uint8)
    zipped = Dataset.zip((Dataset.from_tensor_slices(x), Dataset.from_tensor_slices({"y": y})))
    for dataset in (Dataset.from_tensor_slices((x, y)), zipped):
        batches = iter(dataset.shuffle(100).repeat().shard(2, 0).take(50_000).batch(50))
        next(batches)
        tracemalloc.start()
        try:
            kept = list(batches)
            size = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        assert len(kept) == 999
        assert size < 2 * 50_000 * 17 + 999 * 2_000


def test_zip_of_rows_in_order_stays_rows():
    cached = Dataset.range(9).filter(lambda x: x % 2 == 0).cache()
    zipped = Dataset.zip({"b": cached, "a": Dataset.from_tensor_slices(([5, 6, 7], [1, 2, 3]))})
    assert zipped._node.rows() is None and len(list(zipped)) == 3
    assert len(list(cached)) == 5 and zipped._node.rows() is not None
    (batch,) = zipped.batch(4).as_numpy_iterator()
    assert batch["b"].tolist() == [0, 2, 4] and [x.tolist() for x in batch["a"]] == [[5, 6, 7], [1, 2, 3]]
    shuffled = Dataset.zip((cached.shuffle(5, seed=1), cached))
    assert shuffled._node.rows() is None and sorted(int(x) for x, _ in shuffled) == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("empty", [OrderedDict(), defaultdict(list)])
def test_dicts_keep_their_type_and_order(empty):
    empty.update(b=[1, 2], a=[3, 4])
    slices = Dataset.from_tensor_slices(empty)
    for dataset in (slices, slices.map(lambda element: element), slices.map(lambda element: element).batch(1)):
        for element in dataset:
            assert type(element) is type(empty) and list(element) == ["b", "a"]


def test_batches_in_order_are_views():
    (tensor,) = list(Dataset.from_tensor_slices(np.arange(6.0)).skip(2).batch(9))
    assert tensor.numpy().tolist() == [2, 3, 4, 5] and tensor._array.base is not None


def test_cache_computes_once_and_then_holds_rows():
    calls = []
    dataset = Dataset.range(10).map(lambda x: (calls.append(int(x)), (x, tf.cast(x, tf.float32) / 2))[1]).cache()
    assert len(list(dataset.take(3))) == 3 and len(calls) == 3  # not complete
    shuffled = dataset.shuffle(10, seed=2).batch(4)
    first, second = ([x.numpy().tolist() for x, _ in shuffled] for _ in range(2))
    assert len(calls) == 13 and first != second
    assert sorted(np.concatenate(second)) == list(range(10))
    assert [(int(x), float(half)) for x, half in dataset] == [(i, i / 2) for i in range(10)]
    assert dataset._node.rows() is not None and len(calls) == 13


def test_cache_of_different_shapes():
    calls = []
    dataset = Dataset.range(4).map(lambda x: (calls.append(0), tf.zeros((x,)))[1]).cache()
    for _ in range(2):
        assert [len(x) for x in dataset] == [0, 1, 2, 3]
    assert len(calls) == 4 and list(Dataset.range(0).cache()) == []


def test_unequal_elements_make_no_batch():
    with pytest.raises(TypeError, match="different dtypes in component 0: float32, int64"):
        list(Dataset.range(2).map(lambda x: x if x == 0 else 1.0).batch(2))
    with pytest.raises(ValueError):
        list(Dataset.range(2).map(lambda x: (x,) if x == 0 else (x, x)).batch(2))
    with pytest.raises(tf.InvalidArgumentError, match=r"component 1. First element had shape \[0\] and element 2 had"):
        list(Dataset.range(3).map(lambda x: (x, tf.zeros((x // 2,)))).batch(3))


def test_no_tape_sees_what_a_function_computes():
    v = tf.Variable(3.0)
    dataset = Dataset.from_tensor_slices([1.0, 2.0]).map(lambda x: x * v).filter(lambda x: x * v > 0.0)
    with tf.GradientTape() as tape:
        total = sum(dataset)
    assert total == 9.0 and tape.watched_variables() == ()
    with tf.GradientTape() as tape:
        loss = sum(x * v for x in dataset)
    assert tape.gradient(loss, v) == 9.0


def test_specification_of_a_function_needs_no_element():
    def failing():
        raise AssertionError("asked for an element")
        yield 0

    source = Dataset.from_generator(failing, (tf.uint8, tf.int32), ((None, 4, 2), ()))
    mapped = source.map(lambda x, y: {"x": tf.reshape(x, (-1, 8)) / 2, "y": y}).batch(3)
    assert str(mapped.element_spec) == (
        "{'x': TensorSpec(shape=(None, None, 8), dtype=tf.float32, name=None), "
        "'y': TensorSpec(shape=(None,), dtype=tf.int32, name=None)}"
    )
    assert repr(Dataset.range(2)) == "<_RangeDataset element_spec=TensorSpec(shape=(), dtype=tf.int64, name=None)>"


def test_generators_start_anew_and_are_closed():
    events = []

    def generate(n):
        events.append(f"start {type(n).__name__}")
        try:
            yield from range(int(n))
        finally:
            events.append("end")

    dataset = Dataset.from_generator(generate, args=(4,), output_types=tf.int32, output_shapes=())
    assert numbers(dataset) == [0, 1, 2, 3] and numbers(dataset.repeat(2).take(5)) == [0, 1, 2, 3, 0]
    assert events == ["start int32", "end"] * 3


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda dataset: pickle.loads(pickle.dumps(dataset))])
@pytest.mark.parametrize("seed", [None, 3])
def test_copies_go_on_by_themselves(copied, seed):
    """With the random numbers that the original has at that time."""
    dataset = Dataset.range(20).shuffle(20, seed).batch(20).unbatch()
    first = numbers(dataset)
    other = copied(dataset)
    second = numbers(dataset)
    assert numbers(other) == second != first
    assert numbers(other) == numbers(dataset) not in (first, second)


def test_what_is_not_there():
    for name in ("TFRecordDataset", "TextLineDataset", "Options"):
        with pytest.raises(AttributeError, match=name):
            getattr(data, name)
    with pytest.raises(AttributeError, match="make_csv_dataset"):
        data.experimental.make_csv_dataset  # noqa: B018
    with pytest.raises(TypeError, match="filename"):
        Dataset.range(2).cache(filename="cached")
    with pytest.raises(TypeError, match="'name'"):
        Dataset.range(2).map(lambda x: x, name="mine")
