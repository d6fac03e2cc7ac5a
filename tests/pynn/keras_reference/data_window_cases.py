"""Datasets' batches of unequal elements, windows, turns, states and splits: cases for data_cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

PAIR = ([1, 2, 3], [[4.0, 5.0], [6.0, 7.0], [8.0, 9.0]])


def sizes(D: Any, tf: Any) -> Any:
    """Vectors of 0 to 4 elements."""
    return D.range(5).map(lambda n: tf.fill([n], n))


def pairs(D: Any, tf: Any) -> Any:
    return D.range(1, 4).map(lambda n: (tf.fill([n], 1.5), n))


def runs(D: Any) -> Callable[[Any], Any]:
    """For n the dataset of n times n."""
    return lambda n: D.from_tensors(n).repeat(n)


def all_counts(D: Any, *windows: tuple[int, ...]) -> list[int]:
    """Numbers of windows over 0 to 8 elements."""
    return [
        int(D.range(n).window(*window, drop_remainder=drop).cardinality())
        for window in windows
        for drop in (False, True)
        for n in range(9)
    ]


def stepped(D: Any, tf: Any) -> list[Any]:
    """What get_next gives, and that it ends."""
    iterator = iter(D.range(2))
    values = [iterator.get_next(), next(iterator)]
    try:
        iterator.get_next()
    except tf.errors.OutOfRangeError:
        return values
    return []


SETS: dict[str, Callable[[Any, Any], Any]] = {
    "padded_batch": lambda D, tf: sizes(D, tf).padded_batch(2),
    "padded_batch to a size": lambda D, tf: sizes(D, tf).padded_batch(2, padded_shapes=[5], drop_remainder=True),
    "padded_batch with a value": lambda D, tf: sizes(D, tf).padded_batch(3, (None,), np.int64(-1)),
    "padded_batch of bools": lambda D, tf: D.range(1, 3).map(lambda n: tf.fill([n], True)).padded_batch(2),
    "padded_batch of pairs": lambda D, tf: pairs(D, tf).padded_batch(2),
    "padded_batch of pairs, shapes": lambda D, tf: pairs(D, tf).padded_batch(2, ([None], [])),
    "padded_batch of pairs, values": lambda D, tf: pairs(D, tf).padded_batch(
        2, (tf.TensorShape([4]), tf.TensorShape([])), (9.0, None)
    ),
    "padded_batch of matrices": lambda D, tf: D.range(1, 4).map(lambda n: tf.fill([n, 4 - n], n)).padded_batch(3),
    "padded_batch of rows": lambda D, tf: D.from_tensor_slices({"b": [[1, 2]], "a": [1.0]}).padded_batch(
        2, {"b": [3], "a": []}, {"b": 9, "a": 0.0}
    ),
    "padded_batch of scalars": lambda D, tf: D.range(3).padded_batch(2),
    "rebatch": lambda D, tf: D.range(7).batch(2).rebatch(3),
    "rebatch and drop": lambda D, tf: D.range(7).batch(4).rebatch(3, drop_remainder=True),
    "rebatch to one": lambda D, tf: D.from_tensor_slices(PAIR).batch(3).rebatch(1),
    "rebatch to sizes": lambda D, tf: D.range(8).batch(4).rebatch([2, 1, 1]),
    "rebatch pairs": lambda D, tf: D.from_tensor_slices(([[1, 2], [3, 4]], [[5, 6], [7, 8]])).rebatch(3),
    # windows
    "window": lambda D, tf: D.range(5).window(2),
    "window of rows": lambda D, tf: D.from_tensor_slices([[1, 2], [3, 4], [5, 6]]).window(2),
    "window of pairs": lambda D, tf: D.from_tensor_slices(PAIR).window(2, drop_remainder=True),
    "window of mapped pairs": lambda D, tf: pairs(D, tf).window(2, shift=1),
    "window with a stride": lambda D, tf: D.range(7).window(3, shift=1, stride=2),
    "window with a stride, whole": lambda D, tf: D.range(7).window(3, 1, 2, True),
    "window with gaps": lambda D, tf: D.from_tensor_slices([1, 2, 3, 4, 5, 6, 7]).window(2, shift=3),
    "window then flat_map": lambda D, tf: (
        D.range(6).window(3, shift=1, drop_remainder=True).flat_map(lambda w: w.batch(3, drop_remainder=True))
    ),
    "window of pairs then zip": lambda D, tf: (
        D.from_tensor_slices(PAIR).window(2).flat_map(lambda x, y: D.zip((x.batch(2), y.batch(2))))
    ),
    "window then map and batch": lambda D, tf: (
        D.range(10)
        .window(5, shift=1, drop_remainder=True)
        .flat_map(lambda w: w.batch(5))
        .map(lambda w: (w[:-1], w[1:]))
        .batch(4)
    ),
    "window then map to datasets": lambda D, tf: D.range(5).window(2).map(lambda w: w.batch(2)),
    "window then reduce": lambda D, tf: D.range(5).window(2).map(lambda w: w.reduce(np.int64(0), lambda s, x: s + x)),
    "window then single": lambda D, tf: D.range(5).window(2).map(lambda w: w.batch(2).get_single_element()),
    "window then filter": lambda D, tf: D.range(5).window(2).filter(lambda w: w.cardinality() == 2),
    "window then shuffle, cache, repeat": lambda D, tf: D.range(4).window(2).shuffle(1).cache().repeat(2).prefetch(1),
    "numbers of windows": lambda D, tf: all_counts(D, (2, 2), (2, 1), (2, 3), (3, 1, 2), (2, 3, 2), (9, 1)),
    # several at a time
    **{
        f"interleave {cycle}, {block}": lambda D, tf, cycle=cycle, block=block: D.range(6).interleave(
            runs(D), cycle_length=cycle, block_length=block
        )
        for cycle, block in ((1, 1), (2, 1), (2, 2), (3, 2), (2, 3), (9, 1))
    },
    "interleave, parallel": lambda D, tf: D.range(1, 6).interleave(
        runs(D), 3, 2, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
    ),
    "interleave pairs": lambda D, tf: D.from_tensor_slices(PAIR).interleave(
        lambda x, y: D.from_tensor_slices(y).map(lambda z: (x, z)), cycle_length=2
    ),
    "interleave windows": lambda D, tf: D.range(5).window(2).interleave(lambda w: w, cycle_length=2),
    # with a memory
    "take_while": lambda D, tf: D.range(9).take_while(lambda x: x < 4),
    "take_while pairs": lambda D, tf: D.from_tensor_slices(PAIR).take_while(lambda x, y: y[1] < 6.0),
    "scan": lambda D, tf: D.range(5).scan(np.int64(0), lambda s, x: (s + x, s * x)),
    "scan of pairs": lambda D, tf: D.from_tensor_slices(PAIR).scan(
        (0, 0.0), lambda s, e: ((s[0] + 1, s[1] + e[1][0]), {"s": s, "x": e[0]})
    ),
    "scan that grows": lambda D, tf: D.range(3).scan([0], lambda s, x: (tf.concat([s, s], 0), tf.reduce_sum(s))),
    "unique": lambda D, tf: D.from_tensor_slices([3, 1, 3, 2, 1]).unique(),
    "unique vectors": lambda D, tf: D.from_tensor_slices([[3, 1], [3, 1], [1, 3]]).unique(),
    "counter": lambda D, tf: D.counter(),
    "counter down": lambda D, tf: D.counter(2, -3, dtype=tf.int32),
    "counter of floats": lambda D, tf: D.counter(2, 0.5, dtype=tf.float32),
    "random": lambda D, tf: [int(D.random(1).cardinality()), D.random(1).element_spec],
    "get_next": stepped,
}

ERRORS: dict[str, Callable[[Any, Any], Any]] = {
    "padded_batch of none": lambda D, tf: sizes(D, tf).padded_batch(0),
    "padded_batch to another rank": lambda D, tf: pairs(D, tf).padded_batch(2, ([None], [None])),
    "padded_batch to a smaller size": lambda D, tf: D.from_tensor_slices([[1, 2, 3]]).padded_batch(1, [2]),
    "padded_batch with another dtype": lambda D, tf: sizes(D, tf).padded_batch(2, padding_values=-1),
    "padded_batch with a vector": lambda D, tf: sizes(D, tf).padded_batch(2, padding_values=np.array([1])),
    "padded_batch with a structure too small": lambda D, tf: pairs(D, tf).padded_batch(2, ([None], [], [])),
    "padded_batch of an unknown rank": lambda D, tf: D.from_generator(lambda: iter([[1]]), tf.int32).padded_batch(2),
    "rebatch scalars": lambda D, tf: D.range(3).rebatch(2),
    "window of none": lambda D, tf: D.range(3).window(0),
    "window without a shift": lambda D, tf: D.range(3).window(2, shift=0),
    "window without a stride": lambda D, tf: D.range(3).window(2, stride=0),
    "window of a float": lambda D, tf: D.range(3).window(2.0),
    "window as numpy": lambda D, tf: list(D.range(3).window(2).as_numpy_iterator()),
    "interleave none": lambda D, tf: D.range(3).interleave(lambda x: D.range(x), cycle_length=0),
    "interleave blocks of none": lambda D, tf: D.range(3).interleave(lambda x: D.range(x), block_length=0),
    "interleave on no threads": lambda D, tf: D.range(3).interleave(lambda x: D.range(x), num_parallel_calls=0),
    "interleave on too many threads": lambda D, tf: D.range(3).interleave(runs(D), 1, num_parallel_calls=2),
    "take_while of ints": lambda D, tf: list(D.range(3).take_while(lambda x: x)),
    "scan to another dtype": lambda D, tf: list(D.range(3).scan(0, lambda s, x: (1.0, x))),
    "scan to no pair": lambda D, tf: list(D.range(3).scan(0, lambda s, x: s)),
    "scan to three": lambda D, tf: list(D.range(3).scan(0, lambda s, x: (s, x, x))),
    "unique floats": lambda D, tf: list(D.from_tensor_slices([1.0]).unique()),
    "unique pairs": lambda D, tf: list(D.from_tensor_slices(PAIR).unique()),
    "unique pairs of integers": lambda D, tf: list(D.from_tensor_slices(([1], [2])).unique()),
    "counter by a float": lambda D, tf: list(D.counter(2, 0.5).take(1)),
}

X = np.arange(10, dtype=np.float32)
SPLITS: dict[str, tuple[Callable[[Any], Any], dict]] = {
    "a fraction": (lambda D: X, {"left_size": 0.8}),
    "a number": (lambda D: X, {"left_size": 3}),
    "the right fraction": (lambda D: X, {"right_size": 0.25}),
    "the ends": (lambda D: X, {"left_size": 3, "right_size": 3}),
    "a rounded fraction": (lambda D: X, {"left_size": 0.55}),
    "mixed sizes": (lambda D: X, {"left_size": 7, "right_size": 0.2}),
    "a tuple": (lambda D: (X, X.reshape(10, 1)), {"left_size": 0.5}),
    "a list": (lambda D: [X, X], {"left_size": 0.5}),
    "shuffled": (lambda D: X, {"left_size": 0.5, "shuffle": True, "seed": 1}),
    "a dataset": (lambda D: D.range(5), {"left_size": 2}),
    "a dataset of dicts": (lambda D: D.from_tensor_slices({"a": [1, 2, 3], "b": [4, 5, 6]}), {"left_size": 2}),
    "batches": (lambda D: D.range(10).batch(2), {"left_size": 3}),
    "prefetched batches": (lambda D: D.range(8).batch(2).prefetch(1), {"left_size": 0.5}),
    "an unknown number": (lambda D: D.range(5).filter(lambda x: x > 1), {"left_size": 2}),
    **{
        f"wrong sizes {left}, {right}": (lambda D: X, {"left_size": left, "right_size": right})
        for left, right in (
            (None, None), (11, None), (10, None), (1.0, None), (0, None), (-1, None), (0.7, 0.7), (7, 7), ("a", None),
            (True, None), (None, 1.5), (0.99, None), (2, 0.01),
        )
    },
    "nothing": (lambda D: X[:0], {"left_size": 0.5}),
    "an empty list": (lambda D: [], {"left_size": 0.5}),
    "an empty dataset": (lambda D: D.range(0), {"left_size": 1}),
    "other lengths": (lambda D: (X, X[:3]), {"left_size": 0.5}),
    "a number alone": (lambda D: 3, {"left_size": 0.5}),
    "numbers": (lambda D: [1, 2, 3], {"left_size": 1}),
    "a dict": (lambda D: {"a": X}, {"left_size": 0.5}),
    "different shapes": (lambda D: D.range(7).batch(2).prefetch(1), {"left_size": 0.5}),
}  # fmt: skip
