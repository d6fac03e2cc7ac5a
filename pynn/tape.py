"""GradientTape: reverse-mode differentiation over the operations that ran while it recorded.

Each operation hands `record` its value, its input tensors and a function `gradient`. Given the gradient g of
the value, `gradient(g)` returns one zero-argument function per input; only those that are needed are called.
They are written with the operations themselves, so an outer tape can differentiate them again.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from . import ops
from .tensor import Operators, Tensor

if TYPE_CHECKING:
    from .variable import Variable

Gradient = Callable[[Tensor], Sequence[Callable[[], Tensor]]]


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


def record(value: Any, inputs: tuple[Tensor, ...], gradient: Gradient) -> Tensor:
    """The Tensor of `value`, noted on every recording tape that watches one of its inputs."""
    out = Tensor(value if type(value) is np.ndarray else np.asarray(value))
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

    Trainable variables are watched when they are read (`watch_accessed_variables`); tensors after `watch`.
    A tape gives gradients once, a persistent one any number of times. Tapes nest: gradients taken inside an
    outer tape can be differentiated again.
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent, self._accessed = persistent, watch_accessed_variables
        self._spent = False
        self._forget()

    def _forget(self) -> None:
        self._records: list[tuple[Tensor, tuple[Tensor, ...], Gradient]] = []
        self._watched: dict[int, Tensor] = {}  # by id; holding the tensors keeps the ids theirs
        self._variables: dict[int, Variable] = {}
        self._firsts: dict[int, Tensor] = {}  # id of a variable: the tensor that it was first read as

    def __enter__(self) -> GradientTape:
        if self in active.tapes:
            raise ValueError("Tape is still recording, this can happen if you try to re-enter an active tape.")
        self._spent = False
        active.tapes += (self,)
        return self

    def __exit__(self, *exception: object) -> None:
        self._pause()

    def _pause(self) -> None:
        active.tapes = tuple([tape for tape in active.tapes if tape is not self])

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Operations inside this context are not recorded."""
        if self not in active.tapes:
            raise ValueError("Tape is not recording.")
        self._pause()
        try:
            yield
        finally:
            active.tapes += (self,)

    def reset(self) -> None:
        """Forgets everything recorded and watched so far."""
        self._forget()

    def watch(self, tensor: Any) -> None:
        """Follows a Tensor, a Variable, or a nest of them from here on."""
        for x in _leaves(tensor):
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

    def _read(self, variable: Variable, tensor: Tensor) -> None:
        """Called by a variable that is being read as `tensor`."""
        if id(tensor) in self._watched or tensor._array.dtype.kind != "f":
            return
        key = id(variable)
        if key in self._variables or (self._accessed and variable.trainable):
            self._variables[key] = variable
            self._watched[id(tensor)] = tensor
            first = self._firsts.setdefault(key, tensor)
            if first is not tensor:  # the variable was assigned to in between: the gradients of both are its own
                self._records.append((tensor, (first,), lambda g: (lambda: g,)))

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none"
    ) -> Any:
        """d target / d sources, in the structure of sources; several targets are summed.

        `output_gradients` weighs the targets (default: ones). A source that no target depends on gives None,
        or zeros where `unconnected_gradients` is "zero".
        """
        if self._spent:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)"
            )
        if unconnected_gradients not in ("none", "zero"):
            raise ValueError(f"unconnected_gradients is 'none' or 'zero', got {unconnected_gradients!r}")
        if not self._persistent:
            self._pause()
        seeds, leaves = self._seeds(target, output_gradients), _leaves(sources)
        keys = [self._key(source) for source in leaves]
        grads = self._backward(seeds, set(keys))
        totals = [grads.get(key) for key in keys]
        if unconnected_gradients == "zero":
            totals = [ops.zeros_like(x) if g is None else g for x, g in zip(leaves, totals, strict=True)]
        if not self._persistent:
            self._forget()
            self._spent = True
        return _packed(sources, iter(totals))

    def _key(self, source: Any) -> int:
        """The id of the tensor that stands for the source in the records; of None for a variable never read."""
        if not isinstance(source, Operators):
            raise TypeError(f"Sources of gradients are Tensors and Variables, got {source!r}")
        return id(source if type(source) is Tensor else self._firsts.get(id(source)))

    def _seeds(self, target: Any, output_gradients: Any) -> list[tuple[Tensor, Tensor]]:
        """Pairs (target, its gradient)."""
        targets = _leaves(target)
        weights = [1.0] * len(targets) if output_gradients is None else _leaves(output_gradients)
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
            if type(t) is not Tensor:
                variable = cast("Variable", t)
                t = variable._tensor
                self._read(variable, t)
            ones = np.empty(t._array.shape, t._array.dtype)
            ones.fill(1)  # np.ones takes three times as long
            seeds.append((t, Tensor(ones) if output_gradients is None else Tensor(ones) * weight))
        return seeds

    def _backward(self, seeds: list[tuple[Tensor, Tensor]], wanted: set[int]) -> dict[int, Tensor]:
        """Gradients by id of the wanted tensors: one walk over the records, last to first."""
        needed = set(wanted)  # and what depends on the wanted: no other gradient is worth computing
        for out, inputs, _ in self._records:
            if not needed.isdisjoint(map(id, inputs)):
                needed.add(id(out))
        grads: dict[int, Tensor] = {}
        for t, g in seeds:
            if id(t) in needed:
                grads[id(t)] = grads[id(t)] + g if id(t) in grads else g
        # a tape that is used once gives its records up one by one, which frees memory on the way
        records = self._records[:] if self._persistent else self._records
        while records:
            out, inputs, gradient = records.pop()
            key = id(out)
            if key not in grads:
                continue
            g = grads[key] if key in wanted else grads.pop(key)
            for x, thunk in zip(inputs, gradient(g), strict=False):  # dense without bias has a thunk too many
                key = id(x)
                if key in needed:
                    dx = thunk()
                    grads[key] = grads[key] + dx if key in grads else dx
        return grads


def _leaves(nest: Any) -> list[Any]:
    """The tensors and variables in lists, tuples and dicts inside each other."""
    if isinstance(nest, Operators):
        return [nest]
    if isinstance(nest, dict):
        nest = list(nest.values())
    if not isinstance(nest, (list, tuple)):
        return [nest]
    leaves: list[Any] = []
    for item in nest:
        leaves += [item] if isinstance(item, Operators) else _leaves(item)
    return leaves


def _packed(nest: Any, leaves: Iterator[Any]) -> Any:
    """The leaves in the structure of nest."""
    if isinstance(nest, dict):
        return {key: _packed(item, leaves) for key, item in nest.items()}
    if isinstance(nest, (list, tuple)):
        return type(nest)([next(leaves) if isinstance(i, Operators) else _packed(i, leaves) for i in nest])
    return next(leaves)
