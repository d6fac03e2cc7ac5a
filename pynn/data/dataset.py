"""Dataset: elements and their transformations; each `for` loop computes them in a new pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from operator import index
from typing import Any, ParamSpec

import numpy as np

from ..engine import nest
from ..engine.errors import InvalidArgumentError
from ..engine.tensor import Tensor
from ..engine.typing import DTypeLike, TensorLike
from ..support.neutral import neutral
from . import batches, joins, selections, sources, transformations
from .elements import as_element, next_state
from .iterator import OwnedIterator
from .node import INFINITE, Node, worker_count

P = ParamSpec("P")


class Dataset:
    """Elements in order, of a known, unknown or infinite number; each is a Tensor, or a nest (tuples, dicts) of them.

    Made by from_tensor_slices, from_tensors, from_generator, range and zip, and by the methods, which return new
    datasets. A pass calls functions when it comes to an element; `element_spec` calls them, too, with zeros and
    ones. Wherever a function takes an element, a tuple's items are separate arguments.
    """

    def __init__(self, make: Callable[P, Node], /, *args: P.args, **kwargs: P.kwargs) -> None:
        self._node = make(*args, **kwargs)
        if not hasattr(self._node, "made"):  # take(-1) returns its source
            self._node.made = partial(make, *args, **kwargs)

    @staticmethod
    def from_tensor_slices(tensors: TensorLike) -> Dataset:
        """The rows of tensors (n, ...) in a nest. A list is data, as an array is. ValueError: n differs."""
        return Dataset(sources.from_tensor_slices, tensors)

    @staticmethod
    def from_tensors(tensors: TensorLike) -> Dataset:
        """One element."""
        return Dataset(sources.from_tensors, tensors)

    @staticmethod
    def from_generator(
        generator: Callable[..., Iterable[Any]],
        output_types: Any = None,
        output_shapes: Any = None,
        args: Sequence[Any] | None = None,
        output_signature: Any = None,
    ) -> Dataset:
        """What generator(*args) yields, in each pass anew: args as NumPy's arrays and numbers.

        The elements' form is given by a nest of tf.TensorSpec (`output_signature`), or by nests of dtypes and shapes.
        TypeError: it is not given. InvalidArgumentError: the generator yields another form or shape. Its own errors
        are not wrapped.
        """
        return Dataset(sources.from_generator, generator, output_types, output_shapes, args, output_signature)

    @staticmethod
    def range(start: int, stop: int | None = None, step: int = 1, *, output_type: DTypeLike = np.int64) -> Dataset:
        """start, start + step, ... below stop; range(stop) counts from 0."""
        return Dataset(sources.range_, start, stop, step, output_type)

    @staticmethod
    def counter(start: TensorLike = 0, step: TensorLike = 1, dtype: DTypeLike = np.int64) -> Dataset:
        """start, start + step, ... without end."""
        return Dataset(sources.counter, start, step, dtype)

    @staticmethod
    def random(seed: int | None = None, rerandomize_each_iteration: bool | None = None) -> Dataset:
        """int64 numbers from 0 to 2**32 - 1 without end; with a seed, each pass repeats them, unless it rerandomizes.

        They are not the numbers that TensorFlow makes of the seed.
        """
        anew = seed is None if rerandomize_each_iteration is None else rerandomize_each_iteration
        return Dataset(sources.random, selections.Generators(seed, anew))

    @staticmethod
    def zip(*args: Any, datasets: Any = None) -> Dataset:
        """The elements of datasets side by side, until one ends: zip(a, b), or zip of a tuple, dict or nest."""
        structure = datasets if not args else args if len(args) > 1 else args[0]
        parts = nest.flatten(structure)
        if bool(args) == (datasets is not None) or not parts:
            raise TypeError("Must pass at least one dataset to `zip`, either in `args` or in `datasets`.")
        for part in parts:
            if not isinstance(part, Dataset):
                raise TypeError(f"Inputs of `zip` are (nests of) datasets, but one is of type {type(part)}.")
        if structure != sources.tuples(structure):
            raise TypeError("Inputs of `zip` are datasets in tuples or dicts: a list is not supported.")
        nodes = nest.pack_sequence_as(structure, [part._node for part in parts])
        return structure if isinstance(structure, Dataset) else Dataset(joins.zip_, nodes)

    def map(
        self, map_func: Callable[..., Any], num_parallel_calls: int | None = None, deterministic: bool | None = None
    ) -> Dataset:
        """map_func of each element; numbers, arrays and lists that it returns become Tensors.

        num_parallel_calls: the number of threads; None, 1, AUTOTUNE: none, since threads slow down short Python
        functions. deterministic: changes nothing; the order is always kept.
        """
        return Dataset(transformations.map_, self._node, map_func, num_parallel_calls)

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """The elements for which the predicate, a bool scalar (else ValueError), is true."""
        return Dataset(transformations.filter_, self._node, predicate)

    def take_while(self, predicate: Callable[..., Any]) -> Dataset:
        """The elements before the first for which the predicate, a bool scalar (else ValueError), is false."""
        return Dataset(transformations.take_while, self._node, predicate)

    def scan(self, initial_state: Any, scan_func: Callable[[Any, Any], Any]) -> Dataset:
        """The outputs of state, output = scan_func(state, element), from initial_state on.

        TypeError: no pair, or a new state of another structure or dtype.
        """
        return Dataset(transformations.scan, self._node, initial_state, scan_func)

    def unique(self) -> Dataset:
        """The first of equal elements. TypeError: they are not int32 or int64."""
        return Dataset(transformations.unique, self._node)

    def flat_map(self, map_func: Callable[..., Dataset]) -> Dataset:
        """The elements of the dataset map_func(first element), then of the second's, ..."""
        return Dataset(joins.flat_map, self._node, partial(_node_of, map_func))

    def interleave(
        self,
        map_func: Callable[..., Dataset],
        cycle_length: int | None = None,
        block_length: int | None = None,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
    ) -> Dataset:
        """The elements of cycle_length datasets that map_func makes, block_length (1) of each in turn.

        cycle_length None, AUTOTUNE: the number of CPUs of this process. num_parallel_calls, deterministic: change
        nothing; the consumer's thread calls map_func, and the order is TensorFlow's deterministic one.
        """
        return Dataset(
            joins.interleave, self._node, partial(_node_of, map_func), cycle_length, block_length, num_parallel_calls
        )

    def shuffle(self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool = True) -> Dataset:
        """Elements drawn at random from a buffer of buffer_size of them, which the next ones refill.

        Element i comes at place i - buffer_size + 1 at the earliest; a buffer for all makes any order as likely.
        The order follows from `seed`, or from tf.random.set_seed before this call; each pass has another unless
        reshuffle_each_iteration is False. It is not the order that TensorFlow makes of the seed.
        buffer_size UNKNOWN_CARDINALITY: all.
        """
        generator = selections.Generators(seed, bool(reshuffle_each_iteration))
        return Dataset(selections.shuffle, self._node, buffer_size, generator)

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
    ) -> Dataset:
        """batch_size elements as one (batch_size, ...); the last may be smaller, or be dropped.

        num_parallel_calls, deterministic: change nothing; the kernels' threads copy the rows of large batches.
        InvalidArgumentError: shapes differ.
        """
        worker_count(num_parallel_calls)
        return Dataset(batches.batch, self._node, batch_size, bool(drop_remainder))

    def padded_batch(
        self, batch_size: int, padded_shapes: Any = None, padding_values: Any = None, drop_remainder: bool = False
    ) -> Dataset:
        """batch_size elements as one, each filled up at the ends of its axes with padding_values (0, False).

        padded_shapes: a nest of the elements' form, of sizes; None or -1: the largest size in the batch. By default
        None for each axis. ValueError: another rank, or a size below that of the elements; InvalidArgumentError: the
        same, found in a batch. TypeError: padding_values of another dtype.
        """
        return Dataset(
            batches.padded_batch, self._node, batch_size, padded_shapes, padding_values, bool(drop_remainder)
        )

    def rebatch(self, batch_size: int | Sequence[int], drop_remainder: bool = False) -> Dataset:
        """The rows of the elements in batches of this size, or of these sizes in turn. ValueError: scalars."""
        return Dataset(batches.rebatch, self._node, batch_size, bool(drop_remainder))

    def window(self, size: int, shift: int | None = None, stride: int = 1, drop_remainder: bool = False) -> Dataset:
        """Datasets of `size` elements each, `stride` apart; each begins `shift` (by default size) after the last one.

        Of nests, each leaf becomes a dataset. The last windows may be shorter, or are dropped.
        """
        return Dataset(joins.window, self._node, size, shift, stride, bool(drop_remainder), Dataset)

    def unbatch(self) -> Dataset:
        """The rows of the elements (n, ...) as elements. InvalidArgumentError: n differs within an element."""
        return Dataset(batches.unbatch, self._node)

    def prefetch(self, buffer_size: int) -> Dataset:
        """The same elements, up to buffer_size of them (AUTOTUNE: 2) made ahead by a thread; 0: none.

        The thread ends with the pass, or with its iterator. An error is raised in its element's place.
        """
        return Dataset(transformations.prefetch, self._node, buffer_size)

    def repeat(self, count: int | None = None) -> Dataset:
        """The elements of `count` passes; None or a negative number: without end."""
        return Dataset(selections.repeat, self._node, count)

    def take(self, count: int) -> Dataset:
        """The first `count` elements; a negative number: all."""
        return Dataset(selections.take, self._node, count)

    def skip(self, count: int) -> Dataset:
        """All but the first `count` elements; a negative number: none."""
        return Dataset(selections.skip, self._node, count)

    def shard(self, num_shards: int, index: int) -> Dataset:
        """Elements index, index + num_shards, ..."""
        return Dataset(selections.shard, self._node, num_shards, index)

    def concatenate(self, dataset: Dataset) -> Dataset:
        """These elements, then the other dataset's. TypeError, when they come: another structure or dtype."""
        return Dataset(joins.concatenate, self._node, dataset._node)

    def enumerate(self, start: int = 0) -> Dataset:
        """Pairs (int64 number from `start`, element)."""
        return Dataset.zip(Dataset.counter(index(start)), self)

    @neutral(filename="")
    def cache(self) -> Dataset:
        """The same elements, which the first complete pass stores in memory for the later ones."""
        return Dataset(transformations.cache, self._node)

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
            state = next_state(state, reduce_func(state, element))
        return state

    def get_single_element(self) -> Any:
        """The only element. InvalidArgumentError: there is none, or more."""
        elements = list(islice(self, 2))
        if len(elements) != 1:
            raise InvalidArgumentError("Dataset had more than one element." if elements else "Dataset was empty.")
        return elements[0]

    def cardinality(self) -> Tensor:
        """The number of elements, int64; INFINITE_CARDINALITY or UNKNOWN_CARDINALITY."""
        return Tensor(np.array(self._node.count(), np.int64))

    @property
    def element_spec(self) -> Any:
        """A nest of tf.TensorSpec that fits every element."""
        return self._node.spec()

    def as_numpy_iterator(self) -> Iterator[Any]:
        """A pass with NumPy's arrays and numbers for Tensors."""
        return (nest.map_structure(_numpy, element) for element in self)

    def __iter__(self) -> OwnedIterator:
        return OwnedIterator(self._node)

    def __len__(self) -> int:
        count = self._node.count()
        if count < 0:
            raise TypeError("The dataset is infinite." if count == INFINITE else "The dataset length is unknown.")
        return count

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        name = self._node.made.func.__name__.title().replace("_", "")
        return f"<_{name}Dataset element_spec={self.element_spec}>"


def _node_of(map_func: Callable[..., Dataset], element: Any) -> Node:
    """The node of the dataset that map_func makes of an element."""
    made = map_func(*element) if type(element) is tuple else map_func(element)
    if not isinstance(made, Dataset):
        raise TypeError(f"`map_func` must return a `Dataset` object. Got {type(made)}.")
    return made._node


def _numpy(leaf: Any) -> Any:
    if type(leaf) is not Tensor:
        raise TypeError("as_numpy_iterator() is not supported for datasets of datasets: see flat_map")
    return leaf.numpy()
