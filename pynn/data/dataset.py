"""Dataset: a description of elements and what becomes of them; each `for` loop is a pass of its own."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Sequence
from operator import index
from typing import Any

import numpy as np

from ..engine import nest
from ..engine.convert import as_array, to_shape
from ..engine.dtypes import as_dtype
from ..engine.errors import InvalidArgumentError
from ..support.neutral import neutral
from ._batches import Batch, PaddedBatch, Rebatch, Unbatch
from ._elements import as_element
from ._joins import Concatenate, FlatMap, Interleave, Zip
from ._node import INFINITE, UNKNOWN, Node
from ._passes import Passes
from ._selections import Repeat, Shard, Shuffle, Skip, Take
from ._sources import Counter, Generator, Random, Range, Single, Slices, signature
from ._transformations import Cache, Enumerate, Filter, Map, Prefetch, Scan, TakeWhile, Unique
from ._windows import Window

AUTOTUNE = -1
INFINITE_CARDINALITY = INFINITE
UNKNOWN_CARDINALITY = UNKNOWN


class Dataset(Passes):
    """Elements in passes, perhaps without end or of a number not known: nests (tuples, dicts, a single one) of Tensors.

    Made by from_tensor_slices, from_tensors, from_generator, range and zip, and by the methods, which return new
    datasets. Functions are called when elements are asked for, once per element and pass; `element_spec` also calls
    them, with zeros and ones. Wherever a function takes an element, a tuple's items are separate arguments.
    """

    @staticmethod
    def from_tensor_slices(tensors: Any) -> Dataset:
        """The rows of tensors (n, ...) in a nest. A list is data, as an array is. ValueError: n differs."""
        return Dataset(Slices(as_element(tensors)))

    @staticmethod
    def from_tensors(tensors: Any) -> Dataset:
        """One element."""
        return Dataset(Single(as_element(tensors)))

    @staticmethod
    def from_generator(
        generator: Callable[..., Iterable[Any]],
        output_types: Any = None,
        output_shapes: Any = None,
        args: Sequence[Any] | None = None,
        output_signature: Any = None,
    ) -> Dataset:
        """What generator(*args) yields, in each pass anew: args as NumPy's arrays and numbers.

        The elements' form is a nest of tf.TensorSpec (`output_signature`), or of dtypes and shapes. TypeError: none
        of them. InvalidArgumentError: another form, or shape, was yielded. What the generator raises is not wrapped.
        """
        if not callable(generator):
            raise TypeError("`generator` must be a Python callable.")
        return Dataset(Generator(generator, args or (), signature(output_types, output_shapes, output_signature)))

    @staticmethod
    def range(start: Any, stop: Any = None, step: Any = 1, *, output_type: Any = np.int64) -> Dataset:
        """start, start + step, ... below stop; range(stop) counts from 0."""
        first, last, delta = (0, start, step) if stop is None else (start, stop, step)
        if not index(delta):
            raise InvalidArgumentError("step must be a non-zero integer.")
        return Dataset(Range(builtins.range(index(first), index(last), index(delta)), as_dtype(output_type)))

    @staticmethod
    def counter(start: Any = 0, step: Any = 1, dtype: Any = np.int64) -> Dataset:
        """start, start + step, ... without end."""
        kind = as_dtype(dtype)
        return Dataset(Counter(as_array(start, kind).item(), as_array(step, kind).item(), kind))

    @staticmethod
    def random(seed: int | None = None, rerandomize_each_iteration: bool | None = None) -> Dataset:
        """Random int64 numbers from 0 to 2**32 - 1 without end: with a seed, in each pass the same, unless told so.

        They are not the numbers that TensorFlow makes of the seed.
        """
        return Dataset(Random(None if seed is None else index(seed), rerandomize_each_iteration))

    @staticmethod
    def zip(*args: Any, datasets: Any = None) -> Dataset:
        """The elements of datasets side by side, until one ends: zip(a, b), or zip of a tuple, dict or nest."""
        if bool(args) == (datasets is not None):
            raise TypeError("Must pass at least one dataset to `zip`, either in `args` or in `datasets`.")
        structure = datasets if not args else args if len(args) > 1 else args[0]
        for item in nest.flatten(structure):
            if not isinstance(item, Dataset):
                raise TypeError(f"Inputs of `zip` are (nests of) datasets, but one is of type {type(item)}.")
        if _has_list(structure):
            raise TypeError("Inputs of `zip` are datasets in tuples or dicts: a list is not supported.")
        if isinstance(structure, Dataset):
            return structure
        nodes = [dataset._node for dataset in nest.flatten(structure)]
        if all(type(node) is Slices for node in nodes):  # together still rows by number
            parts = iter([node.cut(min(n.count() for n in nodes)) for node in nodes])  # type: ignore[attr-defined]
            return Dataset(Slices(nest.map_structure(lambda _: next(parts), structure)))
        return Dataset(Zip(nest.pack_sequence_as(structure, nodes)))

    def map(
        self, map_func: Callable[..., Any], num_parallel_calls: int | None = None, deterministic: bool | None = None
    ) -> Dataset:
        """map_func of each element; numbers, arrays and lists that it returns become Tensors.

        num_parallel_calls: a number above 1 is one of threads. AUTOTUNE is one call after the other, as Python
        functions of the usual size are slowed down by threads. The order is kept whatever `deterministic` says
        (False would allow another).
        """
        return Dataset(Map(self._node, map_func, _threads(num_parallel_calls)))

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """The elements for which the predicate, a bool scalar (else ValueError), is true."""
        return Dataset(Filter(self._node, predicate))

    def take_while(self, predicate: Callable[..., Any]) -> Dataset:
        """The elements before the first for which the predicate, a bool scalar (else ValueError), is false."""
        return Dataset(TakeWhile(self._node, predicate))

    def scan(self, initial_state: Any, scan_func: Callable[[Any, Any], Any]) -> Dataset:
        """The outputs of state, output = scan_func(state, element), from initial_state on.

        TypeError: no pair, or a new state of another structure or dtype.
        """
        return Dataset(Scan(self._node, as_element(initial_state), scan_func))

    def unique(self) -> Dataset:
        """Each element once, where it comes first. TypeError: it is not int32 or int64."""
        return Dataset(Unique(self._node))

    def flat_map(self, map_func: Callable[..., Dataset]) -> Dataset:
        """The elements of the dataset map_func(first element), then of the second's, ..."""
        return Dataset(FlatMap(self._node, _to_node(map_func)))

    def interleave(
        self,
        map_func: Callable[..., Dataset],
        cycle_length: int | None = None,
        block_length: int | None = None,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
    ) -> Dataset:
        """The elements of cycle_length datasets that map_func makes, block_length (1) of each in turn.

        cycle_length None, AUTOTUNE: the CPUs of this process. The consumer's thread calls map_func, and the order is
        TensorFlow's deterministic one, whatever num_parallel_calls and deterministic say.
        """
        cycle = AUTOTUNE if cycle_length is None else index(cycle_length)
        block = 1 if block_length is None else index(block_length)
        for name, number in (("cycle_length", 1 if cycle == AUTOTUNE else cycle), ("block_length", block)):
            if number < 1:
                raise InvalidArgumentError(f"{name} must be greater than zero.")
        if _threads(num_parallel_calls) > cycle > 0:
            raise InvalidArgumentError("num_parallel_calls must be at most cycle_length, or AUTOTUNE.")
        return Dataset(Interleave(self._node, _to_node(map_func), None if cycle == AUTOTUNE else cycle, block))

    def shuffle(self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool = True) -> Dataset:
        """Elements drawn at random from a buffer of buffer_size of them, which the next ones refill.

        Element i comes at place i - buffer_size + 1 at the earliest; a buffer for all makes any order as likely.
        The order follows from `seed`, or from tf.random.set_seed before this call; each pass has another unless
        reshuffle_each_iteration is False. It is not the order that TensorFlow makes of the seed.
        buffer_size UNKNOWN_CARDINALITY: all.
        """
        size = index(buffer_size)
        if size < 1 and size != UNKNOWN:
            raise InvalidArgumentError("buffer_size must be greater than zero or UNKNOWN_CARDINALITY")
        return Dataset(Shuffle(self._node, size, None if seed is None else index(seed), bool(reshuffle_each_iteration)))

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
    ) -> Dataset:
        """batch_size elements as one (batch_size, ...); the last may be smaller, or be dropped.

        InvalidArgumentError: shapes differ. The values and their order are the same whatever num_parallel_calls and
        deterministic say: the rows of large batches are copied by the kernels' threads.
        """
        _threads(num_parallel_calls)
        return Dataset(Batch(self._node, _positive(batch_size, "Batch size"), bool(drop_remainder)))

    def padded_batch(
        self, batch_size: int, padded_shapes: Any = None, padding_values: Any = None, drop_remainder: bool = False
    ) -> Dataset:
        """batch_size elements as one, each filled up at the ends of its axes with padding_values (0, False).

        padded_shapes: a nest of the elements' form, of sizes; None or -1 is the largest size in the batch. Without
        it: of each axis whose size is not known. ValueError: another rank, or a size below that of the elements;
        InvalidArgumentError where that is found in a batch. TypeError: padding_values of another dtype.
        """
        size = _positive(batch_size, "Batch size")
        return Dataset(PaddedBatch(self._node, size, padded_shapes, padding_values, bool(drop_remainder)))

    def rebatch(self, batch_size: int | Sequence[int], drop_remainder: bool = False) -> Dataset:
        """The rows of the elements in batches of this size, or of these sizes in turn. ValueError: scalars."""
        sizes = to_shape(batch_size)
        return Dataset(Rebatch(self._node, [_positive(n, "Batch size") for n in sizes], bool(drop_remainder)))

    def window(self, size: int, shift: int | None = None, stride: int = 1, drop_remainder: bool = False) -> Dataset:
        """Datasets of `size` elements each, `stride` apart; each begins `shift` (by default size) after the last one.

        Of nests, each leaf has a dataset of its own. The last windows may be shorter, or are dropped.
        """
        length, step = _positive(size, "Window size"), _positive(stride, "Window stride")
        hop = length if shift is None else _positive(shift, "Window shift")
        return Dataset(Window(self._node, length, hop, step, bool(drop_remainder), Dataset))

    def unbatch(self) -> Dataset:
        """The rows of the elements (n, ...) as elements. InvalidArgumentError: n differs within an element."""
        return Dataset(Unbatch(self._node))

    def prefetch(self, buffer_size: int) -> Dataset:
        """The same elements, up to buffer_size of them (AUTOTUNE: 2) made ahead by a thread; 0: none.

        The thread ends with the pass, or when its iterator is no longer used. What it raises is raised where the
        element would have come.
        """
        size = index(buffer_size)
        if size < AUTOTUNE:
            raise InvalidArgumentError("buffer_size must be >= 0 or set buffer_size to be -1 for auto-tuning")
        return Dataset(Prefetch(self._node, 2 if size == AUTOTUNE else size))

    def repeat(self, count: int | None = None) -> Dataset:
        """The elements of `count` passes; None or a negative number: without end."""
        times = None if count is None else index(count)
        return Dataset(Repeat(self._node, None if times is None or times < 0 else times))

    def take(self, count: int) -> Dataset:
        """The first `count` elements; a negative number: all."""
        return Dataset(Take(self._node, index(count))) if index(count) >= 0 else self

    def skip(self, count: int) -> Dataset:
        """All but the first `count` elements; a negative number: none."""
        return Dataset(Skip(self._node, index(count) if index(count) >= 0 else None))

    def shard(self, num_shards: int, index: int) -> Dataset:
        """Elements index, index + num_shards, ..."""
        if num_shards < 1:
            raise InvalidArgumentError(
                f"Number of shards must be greater than zero (currently num_shards = {num_shards})."
            )
        if not 0 <= index < num_shards:
            raise InvalidArgumentError(f"Index must be between 0 and {num_shards - 1} (currently index = {index}).")
        return Dataset(Shard(self._node, num_shards, index))

    def concatenate(self, dataset: Dataset) -> Dataset:
        """These elements, then the other dataset's. TypeError, when they come: another structure or dtype."""
        return Dataset(Concatenate(self._node, dataset._node))

    def enumerate(self, start: int = 0) -> Dataset:
        """Pairs (int64 number from `start`, element)."""
        return Dataset(Enumerate(self._node, index(start)))

    @neutral(filename="")
    def cache(self) -> Dataset:
        """The same elements, computed in the first complete pass and kept in memory for the later ones."""
        return Dataset(Cache(self._node))

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """transformation_func(self). TypeError: that is no dataset."""
        made = transformation_func(self)
        if not isinstance(made, Dataset):
            raise TypeError(f"`transformation_func` must return a `tf.data.Dataset` object. Got {type(made)}.")
        return made


def _has_list(structure: Any) -> bool:
    items = structure.values() if isinstance(structure, dict) else structure if isinstance(structure, tuple) else ()
    return isinstance(structure, list) or any(map(_has_list, items))


def _to_node(map_func: Callable[..., Dataset]) -> Callable[[Any], Node]:
    """The node of the dataset that map_func makes of an element."""

    def node(element: Any) -> Node:
        made = map_func(*element) if type(element) is tuple else map_func(element)
        if not isinstance(made, Dataset):
            raise TypeError(f"`map_func` must return a `Dataset` object. Got {type(made)}.")
        return made._node

    return node


def _positive(value: int, name: str) -> int:
    number = index(value)
    if number < 1:
        raise InvalidArgumentError(f"{name} must be greater than zero.")
    return number


def _threads(num_parallel_calls: int | None) -> int:
    """How many threads compute; 0: the consumer does."""
    number = AUTOTUNE if num_parallel_calls is None else index(num_parallel_calls)
    if number < 1 and number != AUTOTUNE:
        raise InvalidArgumentError("num_parallel_calls must be greater than zero.")
    return number if number > 1 else 0
