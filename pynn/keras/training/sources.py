"""Where fit, evaluate and predict get their batches: arrays, a Dataset, a PyDataset, a generator."""

from __future__ import annotations

import itertools
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ...data._threads import parallel
from ...engine import nest
from ...engine.convert import as_array, convert_to_tensor
from ...engine.tensor import Operators, Tensor
from ...ops import random
from .batches import Batches, check_count, data_parts, rows_of


class PyDataset:
    """Base class of data by batch: a subclass gives batch number i in `__getitem__(i)` and their count in `__len__`.

    A batch is (x, y) or (x, y, sample_weight). `num_batches` may stand for `__len__`; None: there is no end.

    workers: number of threads that make batches, if above 1
    use_multiprocessing: False, else ValueError: there are no processes
    max_queue_size: how many batches the threads make before they are asked for; 0: no threads, as in Keras
    """

    workers, use_multiprocessing, max_queue_size = 1, False, 10  # of a subclass that does not call the constructor

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


class Epochs:
    """A source of batches, as epochs of `steps` batches each (None: not known before the first ends).

    With a `steps` of the user's own an epoch goes on where the one before stopped; as in Keras it ends with the data,
    even where batches are missing, and the next epoch begins anew.
    """

    def __init__(self, batches: Iterable[Any], size: int | None, steps: int | None, name: str) -> None:
        self._batches, self._size = batches, size
        self._given = None if steps is None else check_count(name, steps)
        self.steps = self._given or size
        self._going: Iterator[Any] | None = None
        self._seen = 0  # batches of `_going`

    def restart(self) -> None:
        """The next epoch begins anew; a generator goes on all the same."""
        self._going = None

    def skip(self) -> None:
        """Reads through an epoch, as only that brings a stream where it was; random numbers stay as they are."""
        state = random.generator().bit_generator.state
        deque(self, maxlen=0)
        random.generator().bit_generator.state = state

    def __iter__(self) -> Iterator[Any]:
        """The batches of one epoch."""
        if self._given is not None:
            return self._next()
        return iter(self._batches) if self._size else self._counted()

    def _counted(self) -> Iterator[Any]:
        """All batches, whose number is known from then on."""
        count = 0
        for batch in self._batches:
            yield batch
            count += 1
        if count:
            self.steps = count
        else:
            warnings.warn(f"Your input has run out of data: there is no batch. {_ADVICE}", stacklevel=3)

    def _next(self) -> Iterator[Any]:
        """The next `steps` batches."""
        if self._going is None:
            self._going, self._seen = iter(self._batches), 0
        for step in range(self.steps or 0):
            batch = None if self._seen == self._size else next(self._going, None)
            if batch is None:
                warnings.warn(f"Your input ran out of data after {step} of {self.steps} steps. {_ADVICE}", stacklevel=3)
                self._going = None
                return
            self._seen += 1
            yield batch
        if self._seen == self._size:
            self._going = None


_BOTH = "You cannot use `class_weight` and `sample_weight` at the same time."
_ADVICE = "Give as many batches as `steps_per_epoch * epochs` asks for, for example with Dataset.repeat()."


def source(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    shuffle: bool = False,
    steps: int | None = None,
    class_weight: Any = None,
    steps_name: str = "steps",
) -> Epochs:
    """The epochs of any of the kinds of data. ValueError: what does not go with the kind of x."""
    batches: Any
    size: int | None
    if class_weight is not None and sample_weight is not None:
        raise ValueError(_BOTH)
    if is_stream(x):
        for name, value in (("y", y), ("sample_weight", sample_weight)):
            if value is not None:
                raise ValueError(
                    f"`{name}` is not supported where x is a {type(x).__name__}: it belongs in its batches"
                )
        if batch_size is not None:
            warnings.warn(f"`batch_size` changes nothing where x is a {type(x).__name__}: its own hold", stacklevel=3)
        if isinstance(x, PyDataset):
            batches, size = _Indexed(x, shuffle), x.num_batches
            if size == 0:
                raise ValueError("The PyDataset has length 0: there is no batch")
        else:
            batches, size = _Stream(x), _size(x)
    else:
        batches = Batches(x, y, sample_weight, batch_size=batch_size, shuffle=shuffle)
        size = len(batches)
    if class_weight is not None:
        batches = _Weighted(batches, class_weight)
    return Epochs(batches, size, steps, steps_name)


def one_batch(x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None) -> Epochs:
    """All the data as one batch."""
    rows = rows_of(data_parts(x, y, sample_weight))
    return source(x, y, sample_weight, batch_size=rows, class_weight=class_weight)


def is_stream(x: Any) -> bool:
    """Whether x gives batches by itself, rather than being the data."""
    return isinstance(x, PyDataset) or hasattr(x, "element_spec") or hasattr(x, "__next__")


def _size(dataset: Any) -> int | None:
    """The number of batches; None: infinite, or not known."""
    if not hasattr(dataset, "cardinality"):
        return None
    count = int(dataset.cardinality())
    return count if count >= 0 else None


class _Stream:
    """The elements of a Dataset or generator, their arrays as Tensors."""

    def __init__(self, elements: Iterable[Any]) -> None:
        self._elements = elements
        if isinstance(elements, Iterator):
            first = list(itertools.islice(elements, 1))
            if not first:
                raise ValueError("The generator is empty: there is no batch")
            self._elements = itertools.chain(first, elements)

    def __iter__(self) -> Iterator[Any]:
        return map(_tensors, self._elements)


class _Indexed:
    """The batches of a PyDataset, in order or shuffled."""

    def __init__(self, data: PyDataset, shuffle: bool) -> None:
        self._data, self._shuffle = data, shuffle

    def __iter__(self) -> Iterator[Any]:
        data, count = self._data, self._data.num_batches
        data.on_epoch_begin()
        order = _numbers(count)
        if self._shuffle and count is not None:
            order = random.generator().permutation(count).tolist()
        if data.workers > 1 and data.max_queue_size:
            yield from map(_tensors, parallel(data.__getitem__, order, data.workers, data.max_queue_size))
        else:
            for i in order:
                yield _tensors(data[i])
        data.on_epoch_end()


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


class _Weighted:
    """Batches (x, y), to which each sample's weight by its label is added."""

    def __init__(self, batches: Iterable[Any], class_weight: Any) -> None:
        if not isinstance(class_weight, dict):
            raise ValueError(f"`class_weight` is a dict {{label: weight}}, got {class_weight!r}")
        self._batches = batches
        self._weights = {int(label): float(weight) for label, weight in class_weight.items()}

    def __iter__(self) -> Iterator[Any]:
        for batch in self._batches:
            x, y, weight = unpack_x_y_sample_weight(batch)
            if weight is not None:
                raise ValueError(_BOTH)
            if not isinstance(y, Operators):
                raise ValueError("`class_weight` needs labels: one array of them as y")
            yield x, y, Tensor(self._of(as_array(y)))

    def _of(self, labels: np.ndarray) -> np.ndarray:
        """The weight of each sample by its label (integers, or one-hot rows); 1 for labels that are not there."""
        if labels.ndim > 1:
            labels = labels.argmax(-1) if labels.shape[-1] > 1 else labels[..., 0]
        weights = np.ones(labels.shape, np.float32)
        for label, weight in self._weights.items():
            weights[labels == label] = weight
        return weights


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """A batch's x, y and sample weights; None for what it does not have."""
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(
            f"Data is expected to be in format `x`, `(x,)`, `(x, y)`, or `(x, y, sample_weight)`, found: {data}"
        )
    return (*data, *(None,) * (3 - len(data)))


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """The tuple that `unpack_x_y_sample_weight` takes apart."""
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if nest.is_nested(x) else x
