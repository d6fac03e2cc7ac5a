"""Transformations that compute elements from elements, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from itertools import count, takewhile
from typing import Any

import numpy as np

from ..engine import nest
from ..engine.errors import InvalidArgumentError
from ..engine.spec import TensorSpec
from ..engine.tensor import Tensor
from ._elements import Table, as_element, call, mapped, next_state, stack
from ._node import UNKNOWN, Derived, Node
from ._spec import DatasetSpec, loose, through
from ._threads import parallel, prefetched


class Map(Derived):
    """A function of each element, on `threads` threads (0: the consumer's)."""

    def __init__(self, source: Node, function: Callable[..., Any], threads: int) -> None:
        super().__init__(source)
        self.function, self.threads = function, threads

    def elements(self) -> Iterator[Any]:
        if self.threads:
            return parallel(self._apply, self.source.elements(), self.threads)
        return map(self._apply, self.source.elements())

    def _apply(self, element: Any) -> Any:
        return mapped(self.function, element)

    @cached_property
    def spec(self) -> Any:
        source = self.source.spec
        leaves = nest.flatten(source)
        windows = any(isinstance(leaf, DatasetSpec) for leaf in leaves)
        if not windows and all(leaf.shape.rank is not None for leaf in leaves):
            return through(self._apply, source)
        first = next(self.elements())  # of windows, or of a generator whose shapes were not given
        return nest.map_structure(lambda leaf: loose(leaf, ranked=windows), first)


class Filter(Derived):
    """The elements for which a predicate holds."""

    def __init__(self, source: Node, predicate: Callable[..., Any]) -> None:
        super().__init__(source)
        self.predicate = predicate

    def elements(self) -> Iterator[Any]:
        return filter(self._holds, self.source.elements())

    def _holds(self, element: Any) -> bool:
        value = call(self.predicate, element)
        array = value._array if type(value) is Tensor else np.asarray(value)
        if array.dtype != bool or array.ndim:
            raise ValueError(
                "Invalid `predicate`. `predicate` must return a `tf.bool` scalar tensor, but its return type is "
                f"{array.dtype} of shape {array.shape}."
            )
        return bool(array)

    def count(self) -> int:
        return UNKNOWN


class TakeWhile(Filter):
    """The elements before the first one for which a predicate does not hold."""

    def elements(self) -> Iterator[Any]:
        return takewhile(self._holds, self.source.elements())


class Scan(Derived):
    """The outputs of (state, output) = function(state, element), the state going from call to call."""

    def __init__(self, source: Node, state: Any, function: Callable[[Any, Any], Any]) -> None:
        super().__init__(source)
        self.state, self.function = state, function

    def elements(self) -> Iterator[Any]:
        state = self.state
        for element in self.source.elements():
            state, output = self._step(state, element)
            yield output

    def _step(self, state: Any, element: Any) -> tuple[Any, Any]:
        pair = call(self.function, (state, element))
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(
                "Invalid `scan_func`. `scan_func` should return a pair consisting of new state and the output value, "
                f"but it returned {pair!r}."
            )
        return next_state(state, pair[0]), as_element(pair[1])

    @cached_property
    def spec(self) -> Any:
        return through(lambda element: self._step(self.state, element)[1], self.source.spec)


class Unique(Derived):
    """Each element once: integers, or arrays of them."""

    def __init__(self, source: Node) -> None:
        super().__init__(source)
        leaves = nest.flatten(source.spec)
        for leaf in leaves:
            if leaf.dtype not in (np.int32, np.int64):
                raise TypeError(f"`unique` does not support type {leaf.dtype} -- only tf.int32 and tf.int64.")
        if len(leaves) > 1:
            raise InvalidArgumentError("unique only supports inputs with a single component.")

    def elements(self) -> Iterator[Any]:
        seen = set()
        for element in self.source.elements():
            (tensor,) = nest.flatten(element)
            key = tensor._array.shape, tensor._array.tobytes()
            if key not in seen:
                seen.add(key)
                yield element

    def count(self) -> int:
        return UNKNOWN


class Enumerate(Derived):
    """Pairs of a number, counted from `start`, and an element."""

    def __init__(self, source: Node, start: int) -> None:
        super().__init__(source)
        self.start = start

    def elements(self) -> Iterator[Any]:
        return zip(map(self._tensor, count(self.start)), self.source.elements(), strict=False)

    def _tensor(self, number: int) -> Tensor:
        return Tensor(np.array(number, np.int64))

    @property
    def spec(self) -> Any:
        return TensorSpec((), np.int64), self.source.spec


class Prefetch(Derived):
    """The source's elements, read ahead by a thread."""

    def __init__(self, source: Node, ahead: int) -> None:
        super().__init__(source)
        self.ahead = ahead

    def elements(self) -> Iterator[Any]:
        return prefetched(self.source.elements, self.ahead) if self.ahead else self.source.elements()


class Cache(Derived):
    """The source's elements as its first complete pass gave them."""

    def __init__(self, source: Node) -> None:
        super().__init__(source)
        self._table: Table | None = None
        self._list: list[Any] | None = None

    def elements(self) -> Iterator[Any]:
        if self._table is not None:
            return self._table.elements(self.indices())
        return self._filling() if self._list is None else iter(self._list)

    def _filling(self) -> Iterator[Any]:
        seen = []
        for element in self.source.elements():
            seen.append(element)
            yield element
        with suppress(TypeError, ValueError):  # elements of different shapes stay a list
            self._table = Table(seen[0], stack(seen)) if seen else None
        if self._table is None:
            self._list = seen

    def table(self) -> Table | None:
        return self._table

    def indices(self) -> Iterator[int]:
        assert self._table is not None
        return iter(range(self._table.rows))
