"""Data that comes in batches: a PyDataset, a Dataset, a generator."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from ...data.threads import parallel
from ...engine import nest, replicas
from ...engine.convert import convert_to_tensor
from ...engine.generator import generator
from ...engine.tensor import Tensor
from .batches import check_count


class PyDataset:
    """Base class of data in batches: a subclass returns batch i in `__getitem__(i)`, their number in `__len__`.

    A batch is (x, y) or (x, y, sample_weight). `num_batches` may replace `__len__`; None: there is no end.

    workers: number of threads that make batches, if above 1
    use_multiprocessing: False, else ValueError: there are no processes
    max_queue_size: number of batches that the threads make ahead; 0: no threads, as in Keras
    """

    workers, use_multiprocessing, max_queue_size = 1, False, 10  # for a subclass that does not call the constructor

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        if use_multiprocessing:
            raise ValueError("A PyDataset has no processes: give workers=n without use_multiprocessing, for threads")
        self.workers = check_count("workers", workers, 0)
        self.max_queue_size = check_count("max_queue_size", max_queue_size, 0)

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    @property
    def num_batches(self) -> int | None:
        """The length."""
        return len(self)

    def __iter__(self) -> Iterator[Any]:
        """The batches; without a length they do not end."""
        try:
            count = self.num_batches
        except NotImplementedError:
            count = None
        return map(self.__getitem__, _numbers(count))

    def on_epoch_begin(self) -> None:
        """Called before the first batch of each epoch, of evaluations and predictions too."""

    def on_epoch_end(self) -> None:
        """Called after each epoch; may reorder the data."""


def _numbers(count: int | None) -> Iterable[int]:
    return itertools.count() if count is None else range(count)


def size_of(dataset: Any) -> int | None:
    """The number of batches; None: infinite, or not known."""
    if not hasattr(dataset, "cardinality"):
        return None
    count = int(dataset.cardinality())
    return count if count >= 0 else None


class Stream:
    """The elements of a Dataset or generator, their arrays as Tensors."""

    def __init__(self, elements: Iterable[Any]) -> None:
        self._elements = elements
        if isinstance(elements, Iterator):
            first = list(itertools.islice(elements, 1))
            if not first:
                raise ValueError("The generator is empty: there is no batch")
            self._elements = itertools.chain(first, elements)

    def __iter__(self) -> Iterator[Any]:
        return map(_own, self._elements)


class Indexed:
    """The batches of a PyDataset, in order or shuffled."""

    def __init__(self, data: PyDataset, shuffle: bool) -> None:
        self._data, self._shuffle = data, shuffle

    def __iter__(self) -> Iterator[Any]:
        data, count = self._data, self._data.num_batches
        data.on_epoch_begin()
        order = _numbers(count)
        if self._shuffle and count is not None:
            order = generator().permutation(count).tolist()
        if data.workers > 1 and data.max_queue_size:
            yield from map(_own, parallel(data.__getitem__, order, data.workers, data.max_queue_size))
        else:
            for i in order:
                yield _own(data[i])
        data.on_epoch_end()


def _own(element: Any) -> Any:
    """The batch; of several ranks, each reads all of it, and uses its rows."""
    batch, ranks = _tensors(element), replicas.active
    if ranks is None:
        return batch
    rows = slice(*ranks.own(0, len(nest.flatten(batch)[0]._array)))
    return nest.map_structure(lambda part: part if part is None else part[rows], batch)


def _tensors(element: Any) -> Any:
    if isinstance(element, list):
        element = tuple(element)
    leaves = nest.flatten(element)
    if all(type(leaf) is Tensor for leaf in leaves):
        return element
    element = element if isinstance(element, tuple) else (element,)
    made = tuple(None if part is None else _converted(part) for part in element)
    return made if len(made) > 1 or nest.is_nested(made[0]) else made[0]


def _converted(part: Any) -> Any:
    if isinstance(part, list) and not any(getattr(leaf, "shape", ()) for leaf in nest.flatten(part)):
        return convert_to_tensor(part)  # one array, written as a list of numbers
    return nest.map_structure(lambda leaf: leaf if leaf is None else convert_to_tensor(leaf), part)
