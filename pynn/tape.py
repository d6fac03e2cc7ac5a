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
from typing import TYPE_CHECKING, Any

import numpy as np

from . import ops
from .tensor import Operators, Tensor

if TYPE_CHECKING:
    from .variable import Variable

Gradient = Callable[[Tensor], Sequence[Callable[[], Tensor] | None]]


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
        self._reads: dict[int, list[Tensor]] = {}  # id of a variable: the tensors that it was read as

    def __enter__(self) -> GradientTape:
        if self in active.tapes:
            raise ValueError("Tape is still recording, this can happen if you try to re-enter an active tape.")
        self._spent = False
        active.tapes += (self,)
        return self

    def __exit__(self, *exception: object) -> None:
        self._pause()

    def _pause(self) -> None:
        active.tapes = tuple(tape for tape in active.tapes if tape is not self)

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
                self._variables[id(x)] = x

    def watched_variables(self) -> tuple[Variable, ...]:
        return tuple(self._variables.values())

    def _read(self, variable: Variable, tensor: Tensor) -> None:
        """Called by a variable that is being read as `tensor`."""
        if id(tensor) not in self._watched and tensor._array.dtype.kind == "f":
            if id(variable) in self._variables or (self._accessed and variable.trainable):
                self._variables[id(variable)] = variable
                self._watched[id(tensor)] = tensor
                self._reads.setdefault(id(variable), []).append(tensor)

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
        seeds = self._seeds(target, output_gradients)
        keys = {id(s): self._keys(s) for s in _leaves(sources)}
        grads = self._backward(seeds, {key for of_source in keys.values() for key in of_source})
        if not self._persistent:
            self._forget()
            self._spent = True

        def of(source: Any) -> Tensor | None:
            parts = [grads[key] for key in keys[id(source)] if key in grads]
            if not parts:
                return ops.zeros_like(source) if unconnected_gradients == "zero" else None
            total = parts[0]
            for part in parts[1:]:
                total = ops.add(total, part)
            return total

        return _map(of, sources)

    def _keys(self, source: Any) -> list[int]:
        if type(source) is Tensor:
            return [id(source)]
        if not isinstance(source, Operators):
            raise TypeError(f"Sources of gradients are Tensors and Variables, got {source!r}")
        return [id(tensor) for tensor in self._reads.get(id(source), ())]

    def _seeds(self, target: Any, output_gradients: Any) -> list[tuple[Tensor, Tensor]]:
        targets = list(_leaves(target))
        weights = [None] * len(targets) if output_gradients is None else list(_leaves(output_gradients))
        if len(weights) != len(targets):
            raise ValueError(f"{len(targets)} targets need as many output_gradients, got {len(weights)}")
        seeds = []
        for t, weight in zip(targets, weights, strict=True):
            if not isinstance(t, Operators):
                raise TypeError(f"Targets of gradients are Tensors and Variables, got {t!r}")
            if type(t) is not Tensor:
                self._read(t, t._tensor)
                t = t._tensor
            if t._array.dtype.kind != "f":
                warnings.warn(
                    f"The dtype of the target tensor must be floating (e.g. tf.float32) when calling "
                    f"GradientTape.gradient, got {t.dtype!r}",
                    stacklevel=3,
                )
                continue
            ones = ops.ones_like(t)
            seeds.append((t, ones if weight is None else ops.multiply(ones, weight)))
        return seeds

    def _backward(self, seeds: list[tuple[Tensor, Tensor]], wanted: set[int]) -> dict[int, Tensor]:
        """Gradients by id of the wanted tensors: one walk over the records, last to first."""
        grads: dict[int, Tensor] = {}

        def collect(key: int, g: Tensor) -> None:
            grads[key] = ops.add(grads[key], g) if key in grads else g

        for t, g in seeds:
            collect(id(t), g)
        needed = set(wanted)  # the wanted and what depends on them: nothing else is worth a gradient
        for out, inputs, _ in self._records:
            for x in inputs:
                if id(x) in needed:
                    needed.add(id(out))
                    break
        # a tape that is used once gives its records up one by one, which frees memory on the way
        records = self._records[:] if self._persistent else self._records
        while records:
            out, inputs, gradient = records.pop()
            key = id(out)
            if key not in grads or key not in needed:
                continue
            g = grads[key] if key in wanted else grads.pop(key)
            for x, thunk in zip(inputs, gradient(g)):
                if id(x) in needed and thunk is not None:
                    collect(id(x), thunk())
        return grads


def _leaves(nest: Any) -> Iterator[Any]:
    if isinstance(nest, dict):
        nest = list(nest.values())
    if isinstance(nest, (list, tuple)):
        for item in nest:
            yield from _leaves(item)
    else:
        yield nest


def _map(function: Callable[[Any], Any], nest: Any) -> Any:
    if isinstance(nest, dict):
        return {key: _map(function, item) for key, item in nest.items()}
    if isinstance(nest, (list, tuple)):
        return type(nest)(_map(function, item) for item in nest)
    return function(nest)
