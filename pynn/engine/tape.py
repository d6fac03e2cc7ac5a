"""GradientTape: reverse-mode differentiation over the operations that ran while it recorded.

Each operation hands `record` its value, its input tensors and a function `gradient`. Given the gradient g of the
value, `gradient(g)` returns for each input its gradient, or a function without arguments that computes it: only those
that are needed are called. They are written with the operations themselves, so an outer tape can differentiate them.
"""

from __future__ import annotations

import enum
import threading
import warnings
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..support.neutral import neutral
from . import nest
from .tensor import Operators, Tensor, operations
from .typing import TensorLike

if TYPE_CHECKING:
    from .variable import Variable

Deferred = Callable[[], Tensor]  # a gradient that is computed by whoever calls it
Gradient = Callable[[Tensor], Sequence[Tensor | Deferred | None]]


class UnconnectedGradients(enum.StrEnum):
    """The gradient by a source on which no target depends: None, or zeros."""

    NONE = "none"
    ZERO = "zero"


class _Active(threading.local):
    tapes: tuple[GradientTape, ...] = ()


active = _Active()


@contextmanager
def unrecorded() -> Iterator[None]:
    """No tape of this thread sees the operations inside this context."""
    tapes, active.tapes = active.tapes, ()
    try:
        yield
    finally:
        active.tapes = tapes


_new = object.__new__


def record(value: TensorLike, inputs: tuple[Tensor, ...], gradient: Gradient) -> Tensor:
    """The Tensor of `value`, noted on every recording tape that watches one of its inputs."""
    out = _new(Tensor)  # as Tensor(value), without a call: every operation ends here
    out._array = value if type(value) is np.ndarray else np.asarray(value)
    for tape in active.tapes:
        watched = tape._watched
        for x in inputs:
            if id(x) in watched:
                if out._array.dtype.kind == "f":
                    watched[id(out)] = out
                    tape._records.append((out, inputs, gradient))
                break
    return out


class GradientTape:
    """Records operations on watched tensors, then computes derivatives.

    Tensors are watched after `watch`. Tapes nest: gradients taken inside an outer tape can be differentiated again.

    persistent: whether `gradient` may be called more than once
    watch_accessed_variables: whether trainable variables are watched when they are read
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent, self._accessed = persistent, watch_accessed_variables
        self._spent = False
        self._records: list[tuple[Tensor, tuple[Tensor, ...], Gradient]] = []
        self._watched: dict[int, Tensor] = {}  # by id, which no other object has while the tensor is held
        self._variables: dict[int, Variable] = {}
        self._read_as: dict[int, Tensor] = {}  # id of a variable: the tensor that it was first read as

    def __enter__(self) -> GradientTape:
        if self in active.tapes:
            raise ValueError("Tape is still recording, this can happen if you try to re-enter an active tape.")
        self._spent = False
        active.tapes += (self,)
        return self

    def __exit__(self, *exception: object) -> None:
        tapes = active.tapes
        if self in tapes:
            place = tapes.index(self)
            active.tapes = tapes[:place] + tapes[place + 1 :]

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Operations inside this context are not recorded."""
        if self not in active.tapes:
            raise ValueError("Tape is not recording.")
        self.__exit__()
        try:
            yield
        finally:
            active.tapes += (self,)

    def reset(self) -> None:
        """Forgets everything recorded and watched so far."""
        self._records, self._watched, self._variables, self._read_as = [], {}, {}, {}

    def watch(self, tensor: TensorLike) -> None:
        """Follows a Tensor, a Variable, or a nest of them from here on."""
        for x in nest.flatten(tensor):
            if not isinstance(x, Operators):
                raise ValueError(f"Passed in object {x!r} of type {type(x).__name__!r}, not Tensor or Variable.")
            if x._array.dtype.kind != "f":
                warnings.warn(f"The dtype of the watched tensor must be floating, got {x.dtype!r}", stacklevel=2)
            elif type(x) is Tensor:
                self._watched[id(x)] = x
            else:
                self._variables[id(x)] = cast("Variable", x)

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables that were read, or watched, in the order in which that first happened."""
        return tuple(self._variables.values())

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none"
    ) -> Any:
        """d target / d sources, in the structure of sources; several targets are summed.

        `output_gradients` weighs the targets (default: ones). A source that no target depends on gives None,
        or zeros where `unconnected_gradients` is "zero" (UnconnectedGradients.ZERO).
        """
        if self._spent or unconnected_gradients != "none":
            self._check(unconnected_gradients)
        if not self._persistent and active.tapes:
            self.__exit__()
        plain = type(sources) is list and all(map(isinstance, sources, repeat(Operators)))
        leaves = sources if plain else nest.flatten(sources)
        single = type(target) is Tensor and output_gradients is None and target._array.dtype.kind == "f"
        seeds = [(target, None)] if single else self._seeds(target, output_gradients)
        totals = self._backward(seeds, leaves, self._persistent)
        if unconnected_gradients == "zero":
            totals = [Tensor(np.zeros_like(x._array)) if g is None else g for x, g in zip(leaves, totals, strict=True)]
        return totals if plain else nest.pack_sequence_as(sources, totals)

    @neutral(parallel_iterations=..., experimental_use_pfor=...)
    def jacobian(self, target: Any, sources: Any, unconnected_gradients: str = "none") -> Any:
        """d target / d source for each source, of shape target's + source's: a gradient for each element of target."""
        return operations["jacobian"](self, target, sources, unconnected_gradients)

    @neutral(parallel_iterations=..., experimental_use_pfor=...)
    def batch_jacobian(self, target: Any, source: Any, unconnected_gradients: str = "none") -> Tensor | None:
        """d target[b] / d source[b] for each b, of shape (b, target's rest, source's rest).

        It takes for granted that target[b] depends on no other row of source. ValueError: the first sizes differ.
        """
        found: Tensor | None = operations["batch_jacobian"](self, target, source, unconnected_gradients)
        return found

    def _check(self, unconnected: str) -> None:
        """RuntimeError: a second call without `persistent`. ValueError: neither "none" nor "zero"."""
        if self._spent:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)"
            )
        if unconnected not in ("none", "zero"):
            raise ValueError(f"unconnected_gradients is 'none' or 'zero', got {unconnected!r}")

    def _seeds(self, target: Any, output_gradients: Any) -> list[tuple[Tensor, Any]]:
        """Pairs (target, its output gradient or None)."""
        targets = [target] if type(target) is Tensor else nest.flatten(target)
        weights = [None] * len(targets) if output_gradients is None else nest.flatten(output_gradients)
        if len(weights) != len(targets):
            raise ValueError(f"{len(targets)} targets need as many output_gradients, got {len(weights)}")
        seeds = []
        for t, weight in zip(targets, weights, strict=True):
            if not isinstance(t, Operators):
                raise TypeError(f"Targets of gradients are Tensors and Variables, got {t!r}")
            if t._array.dtype.kind != "f":
                warnings.warn(
                    "The dtype of the target tensor must be floating (e.g. tf.float32) when calling "
                    f"GradientTape.gradient, got {t.dtype!r}",
                    stacklevel=3,
                )
                continue
            seeds.append((t if type(t) is Tensor else cast("Variable", t)._read((self,)), weight))
        return seeds

    def _backward(
        self, seeds: list[tuple[Tensor, Any]], sources: Sequence[Any], keep: bool = False, defer: bool = False
    ) -> list[Any]:
        """The gradients of the sources: one walk over the records, last to first.

        seeds: pairs of a target and its output gradient, which broadcasts to the target's shape; None: ones
        keep: whether the records stay for another walk; else each is dropped, which frees memory on the way
        defer: a gradient of which there is one summand may be Deferred
        """
        ids = []  # ids of the sources' tensors: a variable's is the one that it was first read as, or None
        for source in sources:
            if not isinstance(source, Operators):
                raise TypeError(f"Sources of gradients are Tensors and Variables, got {source!r}")
            ids.append(id(source if type(source) is Tensor else self._read_as.get(id(source))))
        source_ids = set(ids)
        variables = Tensor not in set(map(type, sources)) and source_ids <= self._watched.keys()
        # then each watched tensor is a source or a recorded result, and all results depend on the sources
        all_connected = variables and len(self._watched) == len(self._records) + len(source_ids)
        connected: Container[int] = self._watched  # ids of what depends on the sources
        if not all_connected:
            connected = set(ids)
            for out, inputs, _ in self._records:
                if not connected.isdisjoint(map(id, inputs)):
                    connected.add(id(out))
        grads: dict[int, Any] = {}
        for t, weight in seeds:
            if id(t) in connected:
                ones = np.empty(t._array.shape, t._array.dtype)
                ones.fill(1)  # np.ones takes three times as long
                g = Tensor(ones) if weight is None else Tensor(ones) * weight
                grads[id(t)] = grads[id(t)] + g if id(t) in grads else g
        records = self._records[:] if keep else self._records
        while records:
            out, inputs, gradient = records.pop()
            key = id(out)
            if key not in grads:
                continue
            g = _computed(grads[key]) if key in source_ids else grads.pop(key)
            for x, dx in zip(inputs, gradient(g), strict=False):  # dense without bias gives one more
                key = id(x)
                if key in connected:
                    if callable(dx) and not (defer and key in source_ids and key not in grads):
                        dx = dx()
                    if dx is not None:  # None: a custom gradient says that the value does not depend on x
                        grads[key] = _computed(grads[key]) + dx if key in grads else dx
        if not keep:  # `watched_variables` still works
            self._watched, self._read_as, self._spent = {}, {}, True
        return list(map(grads.get, ids))


def _computed(g: Any) -> Any:
    return g() if callable(g) else g
