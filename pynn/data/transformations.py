"""Transformations that compute new elements, one after the other."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from operator import index
from typing import Any

import numpy as np

from ..engine import nest
from ..engine.errors import InvalidArgumentError
from ..engine.spec import TensorSpec
from ..engine.tensor import Tensor
from .elements import as_element, call, mapped, next_state, stack
from .node import AUTOTUNE, UNKNOWN, Node, Rows, Start, worker_count
from .specs import DatasetSpec, result_spec
from .threads import parallel, prefetched


def map_(source: Node, map_func: Callable[..., Any], num_parallel_calls: int | None) -> Node:
    workers, function = worker_count(num_parallel_calls), partial(mapped, map_func)

    def make(start: Start) -> Iterator[Any]:
        return parallel(function, start(), workers) if workers else map(function, start())

    def spec(element: Any) -> Any:
        leaves = nest.flatten(element)
        windows = any(isinstance(leaf, DatasetSpec) for leaf in leaves)
        if not windows and all(leaf.shape.rank is not None for leaf in leaves):
            return result_spec(function, element)
        first = next(make(source.elements))  # of windows, or of a generator without shapes
        return nest.map_structure(partial(_loose_spec, ranked=windows), first)

    return source.derive(make, spec=spec)


def _loose_spec(leaf: Any, ranked: bool) -> TensorSpec | DatasetSpec:
    """The specification of tensors of the leaf's dtype, and with `ranked` of its rank, and of any sizes."""
    if type(leaf) is not Tensor:
        return DatasetSpec(leaf.element_spec)
    return TensorSpec([None] * leaf.ndim if ranked else None, leaf.dtype)


def filter_(source: Node, predicate: Callable[..., Any]) -> Node:
    holds = partial(_holds, predicate)
    return source.derive(lambda start: filter(holds, start()), lambda _: UNKNOWN)


def take_while(source: Node, predicate: Callable[..., Any]) -> Node:
    holds = partial(_holds, predicate)
    return source.derive(lambda start: itertools.takewhile(holds, start()), lambda _: UNKNOWN)


def _holds(predicate: Callable[..., Any], element: Any) -> bool:
    value = call(predicate, element)
    array = value._array if type(value) is Tensor else np.asarray(value)
    if array.dtype != bool or array.ndim:
        raise ValueError(
            "Invalid `predicate`. `predicate` must return a `tf.bool` scalar tensor, but its return type is "
            f"{array.dtype} of shape {array.shape}."
        )
    return bool(array)


def scan(source: Node, initial_state: Any, scan_func: Callable[[Any, Any], Any]) -> Node:
    initial = as_element(initial_state)

    def step(state: Any, element: Any) -> tuple[Any, Any]:
        pair = call(scan_func, (state, element))
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(
                "Invalid `scan_func`. `scan_func` should return a pair consisting of new state and the output value, "
                f"but it returned {pair!r}."
            )
        return next_state(state, pair[0]), as_element(pair[1])

    def make(start: Start) -> Iterator[Any]:
        state = initial
        for element in start():
            state, output = step(state, element)
            yield output

    return source.derive(make, spec=partial(result_spec, lambda element: step(initial, element)[1]))


def unique(source: Node) -> Node:
    leaves = nest.flatten(source.spec())
    for leaf in leaves:
        if leaf.dtype not in (np.int32, np.int64):
            raise TypeError(f"`unique` does not support type {leaf.dtype} -- only tf.int32 and tf.int64.")
    if len(leaves) > 1:
        raise InvalidArgumentError("unique only supports inputs with a single component.")

    def make(start: Start) -> Iterator[Any]:
        seen = set()
        for element in start():
            (tensor,) = nest.flatten(element)
            key = tensor._array.shape, tensor._array.tobytes()
            if key not in seen:
                seen.add(key)
                yield element

    return source.derive(make, lambda _: UNKNOWN)


def prefetch(source: Node, buffer_size: int) -> Node:
    size = index(buffer_size)
    if size < AUTOTUNE:
        raise InvalidArgumentError("buffer_size must be >= 0 or set buffer_size to be -1 for auto-tuning")
    ahead = 2 if size == AUTOTUNE else size
    return source.derive(lambda start: prefetched(start, ahead) if ahead else start())


def cache(source: Node) -> Node:
    kept: Rows | list[Any] | None = None

    def elements() -> Iterator[Any]:
        nonlocal kept
        if kept is not None:
            yield from kept.elements() if isinstance(kept, Rows) else kept
            return
        seen = []
        for element in source.elements():
            seen.append(element)
            yield element
        try:
            kept = Rows(seen[0], stack(seen))
        except (IndexError, TypeError, ValueError):  # no elements, or of different shapes
            kept = seen

    return Node(elements, source.count, source.spec, lambda: kept if isinstance(kept, Rows) else None)
