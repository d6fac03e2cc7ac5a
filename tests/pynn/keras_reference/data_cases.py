"""Datasets as TensorFlow reads them: elements, their types and order, cardinalities, specifications and errors.

Each case makes a dataset (or a value) from `D`, the class Dataset, and the library's `tf`. What is recorded is plain:
an element as its dtype, shape and values, so that everything must be equal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from data_window_cases import ERRORS as WINDOW_ERRORS
from data_window_cases import PAIR, SPLITS
from data_window_cases import SETS as WINDOW_SETS


def plain(value: Any) -> Any:
    """Nests as lists with their kind in front, tensors and specifications as dtype, shape and values.

    Of a dataset within a dataset, its elements, or what its specification says of them.
    """
    if isinstance(value, dict):
        return ["dict", {key: plain(item) for key, item in value.items()}]
    if isinstance(value, (tuple, list)):
        return [type(value).__name__, *map(plain, value)]
    if hasattr(value, "as_numpy_iterator"):
        return ["Dataset", int(value.cardinality()), *map(plain, value.take(20))]
    if hasattr(value, "element_spec") or hasattr(value, "_element_spec"):  # a DatasetSpec
        return ["DatasetSpec", plain(getattr(value, "element_spec", None) or value._element_spec)]
    if hasattr(value, "numpy"):
        return [value.dtype.name, list(value.shape), value.numpy().tolist()]
    if hasattr(value, "dtype"):
        known = value.shape is not None and value.shape.rank is not None
        return [value.dtype.name, list(value.shape) if known else None]
    return value


def described(made: Any) -> dict:
    if not hasattr(made, "element_spec"):
        return {"value": plain(made)}
    return {
        "elements": [plain(element) for element in made.take(20)],
        "again": [plain(element) for element in made.take(2)],
        "cardinality": int(made.cardinality()),
        "spec": plain(made.element_spec),
    }


def count(D: Any, *steps: Callable[[Any], Any]) -> list[int]:
    """Cardinalities of what the steps make of datasets of 5, unknown and infinite size."""
    sources = (D.range(5), D.range(5).filter(lambda x: x < 9), D.range(5).repeat())
    return [int(step(source).cardinality()) for step in steps for source in sources]


def ragged(tf: Any) -> Callable[[], Any]:
    return lambda: iter([([1, 2], [1.0, 2.0]), ([3, 4], [3.0, 4.0, 5.0])])


SETS: dict[str, Callable[[Any, Any], Any]] = {
    # sources
    "slices of a list": lambda D, tf: D.from_tensor_slices([1, 2, 3]),
    "slices of nested lists": lambda D, tf: D.from_tensor_slices([[1, 2], [3, 4]]),
    "slices of a tuple": lambda D, tf: D.from_tensor_slices(PAIR),
    "slices of a dict": lambda D, tf: D.from_tensor_slices({"b": [1, 2], "a": ([3, 4], [[5], [6]])}),
    "slices of float64": lambda D, tf: D.from_tensor_slices(np.arange(6.0).reshape(3, 2)),
    "slices of uint8": lambda D, tf: D.from_tensor_slices(
        (np.arange(3, dtype=np.uint8), np.array([True, False, True]))
    ),
    "slices of nothing": lambda D, tf: D.from_tensor_slices(np.zeros((0, 3), np.float32)),
    "slices of a constant": lambda D, tf: D.from_tensor_slices(tf.constant([[1.0], [2.0]])),
    "slices of a variable": lambda D, tf: D.from_tensor_slices(tf.Variable([1.0, 2.0])),
    "slices of one-tuples": lambda D, tf: D.from_tensor_slices(([1, 2],)),
    "tensors": lambda D, tf: D.from_tensors(([1, 2], {"x": 3.0})),
    "tensors of a list": lambda D, tf: D.from_tensors([1, 2]),
    "range": lambda D, tf: D.range(5),
    "range from": lambda D, tf: D.range(2, 5),
    "range down": lambda D, tf: D.range(5, 0, -2),
    "range of floats": lambda D, tf: D.range(3, output_type=tf.float32),
    "range of none": lambda D, tf: D.range(5, 1),
    "generator of types": lambda D, tf: D.from_generator(lambda: iter([1, 2]), tf.int32),
    "generator of types and shapes": lambda D, tf: D.from_generator(
        lambda: ((i, [i, i]) for i in range(3)), (tf.int64, tf.float32), ((), (2,))
    ),
    "generator with an unknown size": lambda D, tf: D.from_generator(
        lambda: iter([[1, 2], [3]]), output_types=tf.int32, output_shapes=(None,)
    ),
    "generator of dicts": lambda D, tf: D.from_generator(
        lambda: iter([{"a": 1, "b": 2.5}]), output_types={"a": tf.int32, "b": tf.float64}
    ),
    "generator with arguments": lambda D, tf: D.from_generator(lambda n: iter(range(n)), tf.int32, args=(3,)),
    "generator of numpy numbers": lambda D, tf: D.from_generator(
        lambda: iter([np.float64(1.5), np.int64(3)]), tf.float32
    ),
    "a list that calls return": lambda D, tf: D.from_generator(lambda: [1, 2], tf.int32),
    "generator then map": lambda D, tf: D.from_generator(lambda: iter([1, 2]), tf.int32, ()).map(lambda x: (x, x * 2)),
    # zip and concatenate
    "zip of arguments": lambda D, tf: D.zip(D.range(3), D.range(5, 9)),
    "zip of a tuple": lambda D, tf: D.zip((D.from_tensor_slices(PAIR), D.from_tensor_slices([1.0, 2.0]))),
    "zip of a dict": lambda D, tf: D.zip({"b": D.range(2), "a": D.from_tensor_slices(PAIR)}),
    "zip of a nest": lambda D, tf: D.zip((D.range(2), (D.range(2), D.range(5, 9)))),
    "zip of one": lambda D, tf: D.zip(D.range(2)),
    "zip of endless": lambda D, tf: D.zip(D.range(2).repeat(), D.range(3)),
    "concatenate": lambda D, tf: D.range(2).concatenate(D.range(5, 7)),
    "concatenate other sizes": lambda D, tf: D.from_tensor_slices([[1, 2]]).concatenate(
        D.from_tensor_slices([[1, 2, 3]])
    ),
    # functions of elements
    "map": lambda D, tf: D.from_tensor_slices(PAIR).map(lambda x, y: (y * 2.0, x)),
    "map to a number": lambda D, tf: D.range(2).map(lambda x: (3, 2.5, True)),
    "map to a list": lambda D, tf: D.range(2).map(lambda x: [x, x + 1]),
    "map to a nested list": lambda D, tf: D.range(2).map(lambda x: (x, [x, x])),
    "map to an array": lambda D, tf: D.range(2).map(lambda x: np.zeros(3)),
    "map to a dict": lambda D, tf: D.from_tensor_slices(PAIR).map(lambda x, y: {"x": x, "y": (y, x)}),
    "map of a dict": lambda D, tf: D.from_tensor_slices({"a": [1, 2]}).map(lambda d: d["a"] + 1),
    "map of nests": lambda D, tf: D.from_tensor_slices((([1, 2], [3, 4]), [5, 6])).map(lambda a, b: a[0] + a[1] * b),
    "map to a one-tuple": lambda D, tf: D.range(2).map(lambda x: (x,)),
    "map of batches": lambda D, tf: D.from_tensor_slices(PAIR).batch(2).map(lambda x, y: (tf.reduce_sum(y), y, x)),
    "map on threads": lambda D, tf: D.range(9).map(lambda x: x * x, num_parallel_calls=3),
    "map as it likes": lambda D, tf: D.range(9).map(lambda x: x * x, num_parallel_calls=-1, deterministic=True),
    "filter": lambda D, tf: D.range(5).filter(lambda x: x > 2),
    "filter pairs": lambda D, tf: D.from_tensor_slices(PAIR).filter(lambda x, y: y[0] > 5.0),
    "filter by a constant": lambda D, tf: D.range(2).filter(lambda x: True),
    "flat_map": lambda D, tf: D.range(4).flat_map(lambda n: D.range(n)),
    "flat_map of pairs": lambda D, tf: D.from_tensor_slices(PAIR).flat_map(lambda x, y: D.from_tensor_slices(y)),
    # batches
    "batch": lambda D, tf: D.range(5).batch(2),
    "batch and drop": lambda D, tf: D.from_tensor_slices(PAIR).batch(2, drop_remainder=True),
    "batch of dicts": lambda D, tf: D.from_tensor_slices({"b": [1, 2, 3], "a": ([3, 4, 5], [[5], [6], [7]])}).batch(2),
    "batch of mapped": lambda D, tf: D.from_tensor_slices(PAIR).map(lambda x, y: {"y": y, "x": (x, 1)}).batch(2),
    "batch of batches": lambda D, tf: D.range(8).batch(2).batch(2),
    "batch larger than all": lambda D, tf: D.range(2).batch(5),
    "batch of one-tuples": lambda D, tf: D.from_tensor_slices(([1, 2, 3],)).batch(2),
    "unbatch": lambda D, tf: D.from_tensor_slices(PAIR).batch(2).unbatch(),
    "unbatch known": lambda D, tf: D.range(6).batch(2, drop_remainder=True).unbatch(),
    # selections
    "take": lambda D, tf: D.range(5).take(2),
    "take all": lambda D, tf: D.range(3).take(-1),
    "skip": lambda D, tf: D.range(5).skip(3),
    "skip all": lambda D, tf: D.range(5).skip(-1),
    "repeat": lambda D, tf: D.range(2).repeat(2),
    "repeat for ever": lambda D, tf: D.from_tensor_slices([1, 2]).repeat(),
    "repeat nothing for ever": lambda D, tf: D.range(0).repeat(),
    "repeat never": lambda D, tf: D.range(3).repeat(0),
    "repeat batches": lambda D, tf: D.range(3).batch(2).repeat(2),
    "batch repeats": lambda D, tf: D.from_tensor_slices([1, 2, 3]).repeat(2).batch(4),
    "shard": lambda D, tf: D.from_tensor_slices(PAIR).shard(2, 1),
    "skip and take rows": lambda D, tf: D.from_tensor_slices(PAIR).skip(1).take(1).batch(2),
    "shuffle of one": lambda D, tf: D.range(5).shuffle(1),
    # the rest
    "enumerate": lambda D, tf: D.from_tensor_slices(PAIR).enumerate(start=5),
    "cache": lambda D, tf: D.from_tensor_slices(PAIR).map(lambda x, y: (y, x)).cache().batch(2),
    "prefetch": lambda D, tf: D.range(5).prefetch(2),
    "no prefetch": lambda D, tf: D.range(2).prefetch(0),
    "apply": lambda D, tf: D.range(5).apply(lambda d: d.take(2).repeat(2)),
    "reduce": lambda D, tf: D.range(5).reduce(np.int64(0), lambda state, x: state + x),
    "reduce counts": lambda D, tf: D.range(5).reduce(0, lambda state, x: state + 1),
    "reduce pairs": lambda D, tf: D.from_tensor_slices(PAIR).reduce(
        (0, 0.0), lambda s, e: (s[0] + e[0], s[1] + e[1][0])
    ),
    "single element": lambda D, tf: D.from_tensors((1, 2.0)).get_single_element(),
    "constants": lambda D, tf: [tf.data.AUTOTUNE, tf.data.INFINITE_CARDINALITY, tf.data.UNKNOWN_CARDINALITY],
    "experimental": lambda D, tf: [tf.data.experimental.AUTOTUNE, tf.data.experimental.cardinality(D.range(3))],
    "truth": lambda D, tf: [bool(D.range(0)), bool(D.range(2).repeat()), len(D.range(7).batch(2))],
    "cardinalities": lambda D, tf: count(
        D,
        lambda d: d.map(lambda x: x),
        lambda d: d.filter(lambda x: x < 2),
        lambda d: d.batch(2),
        lambda d: d.batch(2, drop_remainder=True),
        lambda d: d.repeat(3),
        lambda d: d.repeat(0),
        lambda d: d.repeat(),
        lambda d: d.take(3),
        lambda d: d.take(-1),
        lambda d: d.skip(9),
        lambda d: d.skip(2),
        lambda d: d.skip(-1),
        lambda d: d.shard(3, 1),
        lambda d: d.shuffle(3),
        lambda d: d.prefetch(1),
        lambda d: d.cache(),
        lambda d: d.enumerate(),
        lambda d: d.flat_map(lambda x: D.range(2)),
        lambda d: d.batch(1, drop_remainder=True).unbatch(),
        lambda d: d.concatenate(D.range(2)),
        lambda d: d.concatenate(D.range(2).repeat()),
        lambda d: d.window(2),
        lambda d: d.padded_batch(2),
        lambda d: d.batch(2).rebatch(2),
        lambda d: d.take_while(lambda x: x < 2),
        lambda d: d.scan(0, lambda s, x: (s, x)),
        lambda d: d.unique(),
        lambda d: d.interleave(lambda x: D.range(2)),
        lambda d: D.zip(d, D.range(3)),
        lambda d: D.zip(d, D.range(3).repeat()),
    ),
}

ERRORS: dict[str, Callable[[Any, Any], Any]] = {
    "slices of different sizes": lambda D, tf: D.from_tensor_slices(([1, 2], [1, 2, 3])),
    "slices of a scalar": lambda D, tf: D.from_tensor_slices(3),
    "slices of ragged lists": lambda D, tf: D.from_tensor_slices([[1, 2], [3]]),
    "slices of an empty tuple": lambda D, tf: D.from_tensor_slices(()),
    "range by no step": lambda D, tf: D.range(1, 5, 0),
    "range to a float": lambda D, tf: D.range(3.5),
    "zip of a list": lambda D, tf: D.zip([D.range(2), D.range(2)]),
    "zip of numbers": lambda D, tf: D.zip((1, 2)),
    "zip of nothing": lambda D, tf: D.zip(),
    "predicate of ints": lambda D, tf: list(D.range(2).filter(lambda x: x)),
    "predicate of vectors": lambda D, tf: list(D.from_tensor_slices([[1, 2]]).filter(lambda x: x > 1)),
    "map without arguments enough": lambda D, tf: list(D.from_tensor_slices(PAIR).map(lambda x: x)),
    "map to None": lambda D, tf: list(D.range(2).map(lambda x: None)),
    "map on no threads": lambda D, tf: list(D.range(2).map(lambda x: x, num_parallel_calls=0)),
    "shuffle of none": lambda D, tf: D.range(2).shuffle(0),
    "batch of none": lambda D, tf: D.range(2).batch(0),
    "batch of a float": lambda D, tf: D.range(2).batch(2.0),
    "batch of ragged": lambda D, tf: list(D.from_generator(ragged(tf), (tf.int32, tf.float32)).batch(2)),
    "unbatch scalars": lambda D, tf: list(D.range(2).unbatch()),
    "prefetch of fewer than none": lambda D, tf: D.range(2).prefetch(-2),
    "shard beyond": lambda D, tf: D.range(2).shard(3, 3),
    "shard by none": lambda D, tf: D.range(2).shard(0, 0),
    "concatenate dtypes": lambda D, tf: list(D.range(2).concatenate(D.from_tensor_slices([1.0]))),
    "concatenate structures": lambda D, tf: list(D.range(2).concatenate(D.from_tensor_slices(([1], [1])))),
    "apply to a number": lambda D, tf: D.range(2).apply(lambda d: 3),
    "reduce to another dtype": lambda D, tf: D.range(2).reduce(0, lambda state, x: 1.0),
    "single of none": lambda D, tf: D.range(0).get_single_element(),
    "single of two": lambda D, tf: D.range(2).get_single_element(),
    "length of endless": lambda D, tf: len(D.range(2).repeat()),
    "length of unknown": lambda D, tf: len(D.range(2).filter(lambda x: x > 0)),
    "next of a dataset": lambda D, tf: next(D.range(2)),
    "item of a dataset": lambda D, tf: D.range(2)[0],
    "generator without types": lambda D, tf: D.from_generator(lambda: iter([1])),
    "generator itself": lambda D, tf: D.from_generator([1, 2], tf.int32),
    "generator of another structure": lambda D, tf: list(D.from_generator(lambda: iter([1]), (tf.int32, tf.int32))),
    "generator of another shape": lambda D, tf: list(D.from_generator(lambda: iter([[1, 2, 3]]), tf.int32, (2,))),
    "generator of lists for tuples": lambda D, tf: list(D.from_generator(lambda: iter([[1, 2]]), (tf.int32, tf.int32))),
}


def split(make: Callable[[Any], Any], sizes: dict, tf: Any, keras: Any) -> dict:
    try:
        left, right = keras.utils.split_dataset(make(tf.data.Dataset), **sizes)
        sides = {"left": described(left), "right": described(right)}
        return {f"{side} {key}": value for side, found in sides.items() for key, value in found.items()}
    except (TypeError, ValueError) as found:
        kinds = (TypeError, ValueError)  # an InvalidArgumentError is a ValueError
        return {"error": next(kind.__name__ for kind in kinds if isinstance(found, kind))}


def error(make: Callable[[Any, Any], Any], tf: Any) -> dict:
    try:
        return {"value": plain(make(tf.data.Dataset, tf))}
    except Exception as found:
        return {"error": type(found).__name__}


CASES: dict[str, Callable[[Any, Any, str], dict]] = {
    **{
        name: lambda tf, keras, dtype, make=make: described(make(tf.data.Dataset, tf))
        for name, make in (SETS | WINDOW_SETS).items()
    },
    **{name: lambda tf, keras, dtype, make=make: error(make, tf) for name, make in (ERRORS | WINDOW_ERRORS).items()},
    **{
        f"split {name}": lambda tf, keras, dtype, make=make, sizes=sizes: split(make, sizes, tf, keras)
        for name, (make, sizes) in SPLITS.items()
    },
}
