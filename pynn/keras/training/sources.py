"""Where fit, evaluate and predict get their batches: arrays, a Dataset, a PyDataset, a generator."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ...engine import nest
from ...engine.convert import as_array
from ...engine.generator import generator
from ...engine.tensor import Operators, Tensor
from .batches import Batches, check_count, data_parts, rows_of
from .streams import Indexed, PyDataset, Stream, size_of


class Epochs:
    """A source of batches, as epochs of `steps` batches each (None: not known before the first ends).

    With the user's `steps`, an epoch continues where the last one stopped. As in Keras, it ends early where the data
    ends, and the next epoch starts at the beginning.
    """

    def __init__(self, batches: Iterable[Any], size: int | None, steps: int | None, name: str) -> None:
        self._batches, self._size = batches, size
        self._given = None if steps is None else check_count(name, steps)
        self.steps = self._given or size
        self._going: Iterator[Any] | None = None
        self._seen = 0  # batches of `_going`

    def restart(self) -> None:
        """The next epoch starts at the beginning; a generator continues."""
        self._going = None

    def skip(self) -> None:
        """Reads an epoch's batches, to bring a stream to where it was; the shared random generator keeps its state."""
        state = generator().bit_generator.state
        deque(self, maxlen=0)
        generator().bit_generator.state = state

    def __iter__(self) -> Iterator[Any]:
        """The batches of one epoch."""
        if self._given is not None:
            return self._next()
        return iter(self._batches) if self._size else self._counted()

    def _counted(self) -> Iterator[Any]:
        """All batches; their number becomes `steps`."""
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
    """The epochs of arrays or of a stream. ValueError: an argument that this kind of x does not take."""
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
            batches, size = Indexed(x, shuffle), x.num_batches
            if size == 0:
                raise ValueError("The PyDataset has length 0: there is no batch")
        else:
            batches, size = Stream(x), size_of(x)
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
    """Whether x is a PyDataset, a Dataset or a generator, which come in batches; else it is arrays."""
    return isinstance(x, PyDataset) or hasattr(x, "element_spec") or hasattr(x, "__next__")


class _Weighted:
    """Batches (x, y) as (x, y, sample_weight), with each sample's weight by its label."""

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
