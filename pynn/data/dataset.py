"""Dataset: a description of elements and what becomes of them; each `for` loop is a pass of its own."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import index
from typing import Any

import numpy as np

from .. import nest
from ..dtypes import as_dtype
from ..errors import InvalidArgumentError
from ..tensor import Tensor
from ._elements import as_element
from ._node import INFINITE, UNKNOWN, Node
from ._selections import Repeat, Shard, Shuffle, Skip, Take
from ._sources import Generator, Range, Single, Slices, signature
from ._transformations import Batch, Cache, Concatenate, Enumerate, Filter, FlatMap, Map, Prefetch, Unbatch, Zip

AUTOTUNE = -1
INFINITE_CARDINALITY = INFINITE
UNKNOWN_CARDINALITY = UNKNOWN


class Dataset:
    """Elements in passes, of unknown or endless number maybe: nests (tuples, dicts, a single one) of Tensors.

    Made by from_tensor_slices, from_tensors, from_generator, range and zip, and by the methods, which return new
    datasets. Functions are called when elements are asked for, once per element and pass; `element_spec` also calls
    them, with zeros. Wherever a function takes an element, a tuple's items are separate arguments.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

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

    def flat_map(self, map_func: Callable[..., Dataset]) -> Dataset:
        """The elements of the dataset map_func(first element), then of the second's, ..."""

        def node(element: Any) -> Node:
            made = map_func(*element) if type(element) is tuple else map_func(element)
            if not isinstance(made, Dataset):
                raise TypeError(f"`map_func` must return a `Dataset` object. Got {type(made)}.")
            return made._node

        return Dataset(FlatMap(self._node, node))

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
        size = index(batch_size)
        if size < 1:
            raise InvalidArgumentError("Batch size must be greater than zero.")
        _threads(num_parallel_calls)
        return Dataset(Batch(self._node, size, bool(drop_remainder)))

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

    def cache(self) -> Dataset:
        """The same elements, computed in the first complete pass and kept in memory for the later ones."""
        return Dataset(Cache(self._node))

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """transformation_func(self). TypeError: that is no dataset."""
        made = transformation_func(self)
        if not isinstance(made, Dataset):
            raise TypeError(f"`transformation_func` must return a `tf.data.Dataset` object. Got {type(made)}.")
        return made

    def reduce(self, initial_state: Any, reduce_func: Callable[[Any, Any], Any]) -> Any:
        """state = reduce_func(state, element) for each element, from initial_state on: the last state.

        TypeError: a new state has another structure or dtype.
        """
        state = as_element(initial_state)
        for element in self._node.elements():
            new = as_element(reduce_func(state, element))
            nest.assert_same_structure(state, new)
            for old, leaf in builtins.zip(nest.flatten(state), nest.flatten(new), strict=True):
                if old.dtype != leaf.dtype:
                    raise TypeError(
                        "The element types for the new state must match the initial state. "
                        f"Expected {old.dtype} but got {leaf.dtype}."
                    )
            state = new
        return state

    def get_single_element(self) -> Any:
        """The only element. InvalidArgumentError: there is none, or more."""
        elements = list(self.take(2))
        if len(elements) != 1:
            raise InvalidArgumentError("Dataset had more than one element." if elements else "Dataset was empty.")
        return elements[0]

    def cardinality(self) -> Tensor:
        """The number of elements, int64; INFINITE_CARDINALITY or UNKNOWN_CARDINALITY."""
        return Tensor(np.array(self._node.count(), np.int64))

    @property
    def element_spec(self) -> Any:
        """A nest of tf.TensorSpec that fits every element."""
        return self._node.spec

    def as_numpy_iterator(self) -> Iterator[Any]:
        """A pass with NumPy's arrays and numbers for Tensors."""
        return (nest.map_structure(lambda tensor: tensor.numpy(), element) for element in self)

    def __iter__(self) -> Iterator[Any]:
        return self._node.elements()

    def __len__(self) -> int:
        count = self._node.count()
        if count < 0:
            raise TypeError("The dataset is infinite." if count == INFINITE else "The dataset length is unknown.")
        return count

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<_{type(self._node).__name__}Dataset element_spec={self.element_spec}>"


def _has_list(structure: Any) -> bool:
    items = structure.values() if isinstance(structure, dict) else structure if isinstance(structure, tuple) else ()
    return isinstance(structure, list) or any(map(_has_list, items))


def _threads(num_parallel_calls: int | None) -> int:
    """How many threads compute; 0: the consumer does."""
    number = AUTOTUNE if num_parallel_calls is None else index(num_parallel_calls)
    if number < 1 and number != AUTOTUNE:
        raise InvalidArgumentError("num_parallel_calls must be greater than zero.")
    return number if number > 1 else 0
