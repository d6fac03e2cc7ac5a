"""What every dataset is read by: passes over its elements, and what is known of them beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from ..engine import nest
from ..engine.errors import InvalidArgumentError
from ..engine.tensor import Tensor
from ._elements import as_element, next_state
from ._iterator import OwnedIterator
from ._node import INFINITE, Node


class Passes:
    """The half of Dataset that reads; the other half makes datasets of it."""

    def __init__(self, node: Node) -> None:
        self._node = node

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
        return self._node.spec

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
        return f"<_{type(self._node).__name__}Dataset element_spec={self.element_spec}>"


def _numpy(leaf: Any) -> Any:
    if type(leaf) is not Tensor:
        raise TypeError("as_numpy_iterator() is not supported for datasets of datasets: see flat_map")
    return leaf.numpy()
