"""GradientTape: reverse-mode differentiation over the operations that ran while it recorded.

Each operation hands `record` its value, its input tensors and a function `gradient`. Given the gradient g of
the value, `gradient(g)` returns one zero-argument function per input; only those that are needed are called.
They are written with the operations themselves, so an outer tape can differentiate them again.
"""

from __future__ import annotations

import enum
import math
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .. import ops
from ..support.neutral import neutral
from . import nest
from .tensor import Operators, Tensor

if TYPE_CHECKING:
    from .variable import Variable

Gradient = Callable[[Tensor], Sequence[Callable[[], Tensor]]]


class UnconnectedGradients(enum.StrEnum):
    """What a gradient is that nothing leads to: None, or zeros."""

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

    Tensors are watched after `watch`. Tapes nest: gradients taken inside an outer tape can be differentiated again.

    persistent: whether gradients are given any number of times; else once
    watch_accessed_variables: whether trainable variables are watched when they are read
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
        or zeros where `unconnected_gradients` is "zero" (UnconnectedGradients.ZERO).
        """
        zero = self._zero(unconnected_gradients)
        if not self._persistent:
            self._pause()
        plain = _is_plain(sources)
        leaves = sources if plain else nest.flatten(sources)
        seeds = self._seeds(target, output_gradients)
        keys = [self._key(source) for source in leaves]
        grads = self._backward(seeds, set(keys), keep=self._persistent)
        totals = [grads.get(key) for key in keys]
        if zero:
            totals = [ops.zeros_like(x) if g is None else g for x, g in zip(leaves, totals, strict=True)]
        self._spend()
        return totals if plain else nest.pack_sequence_as(sources, totals)

    @neutral(parallel_iterations=..., experimental_use_pfor=...)
    def jacobian(self, target: Any, sources: Any, unconnected_gradients: str = "none") -> Any:
        """d target / d source for each source, of shape target's + source's: a gradient for each element of target."""
        zero = self._zero(unconnected_gradients)
        leaves = nest.flatten(sources)
        keys = [self._key(source) for source in leaves]
        rows = []
        for i in range(target._array.size):
            one = np.zeros(target._array.shape, target._array.dtype)
            one.flat[i] = 1
            rows.append(self._backward(self._seeds(target, Tensor(one)), set(keys), keep=True))
        results: list[Tensor | None] = []
        for key, source in zip(keys, leaves, strict=True):
            slopes = [row.get(key) for row in rows]
            if all(g is None for g in slopes) and not zero:
                results.append(None)
                continue
            whole = ops.stack([ops.zeros_like(source) if g is None else g for g in slopes])
            results.append(ops.reshape(whole, target._array.shape + source._array.shape))
        self._spend()
        return nest.pack_sequence_as(sources, results)

    @neutral(parallel_iterations=..., experimental_use_pfor=...)
    def batch_jacobian(self, target: Any, source: Any, unconnected_gradients: str = "none") -> Tensor | None:
        """d target[b] / d source[b] for each b, of shape (b, target's rest, source's rest).

        It takes for granted that target[b] depends on no other row of source. ValueError: the first sizes differ.
        """
        zero = self._zero(unconnected_gradients)
        shape, inner = target._array.shape, source._array.shape
        if not shape or not inner or shape[0] != inner[0]:
            raise ValueError(f"Need first dimension of target shape ({shape}) and source shape ({inner}) to match.")
        key, columns = self._key(source), []
        for i in range(math.prod(shape[1:])):
            one = np.zeros((shape[0], math.prod(shape[1:])), target._array.dtype)
            one[:, i] = 1
            seeds = self._seeds(target, Tensor(one.reshape(shape)))
            columns.append(self._backward(seeds, {key}, keep=True).get(key))
        self._spend()
        if all(g is None for g in columns) and not zero:
            return None
        whole = ops.stack([ops.zeros_like(source) if g is None else g for g in columns], axis=1)
        return ops.reshape(whole, shape + inner[1:])

    def _zero(self, unconnected: str) -> bool:
        """Whether unconnected gradients are zeros. Errors: another word, or a tape that has given its gradients."""
        if self._spent:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)"
            )
        if unconnected not in ("none", "zero"):
            raise ValueError(f"unconnected_gradients is 'none' or 'zero', got {unconnected!r}")
        return unconnected == "zero"

    def _spend(self) -> None:
        if not self._persistent:
            self._pause()
            variables = self._variables
            self._forget()
            self._spent, self._variables = True, variables

    def _key(self, source: Any) -> int:
        """The id of the tensor that stands for the source in the records; of None for a variable never read."""
        if not isinstance(source, Operators):
            raise TypeError(f"Sources of gradients are Tensors and Variables, got {source!r}")
        return id(source if type(source) is Tensor else self._firsts.get(id(source)))

    def _seeds(self, target: Any, output_gradients: Any) -> list[tuple[Tensor, Tensor]]:
        """Pairs (target, its gradient)."""
        targets = [target] if type(target) is Tensor else nest.flatten(target)
        weights = [1.0] * len(targets) if output_gradients is None else nest.flatten(output_gradients)
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

    def _backward(self, seeds: list[tuple[Tensor, Tensor]], wanted: set[int], keep: bool) -> dict[int, Tensor]:
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
        records = self._records[:] if keep else self._records
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
                    if dx is None:  # a custom gradient says that the value does not depend on this input
                        continue
                    grads[key] = grads[key] + dx if key in grads else dx
        return grads


def _is_plain(structure: Any) -> bool:
    """A list of leaves alone, as sources mostly are: there is nothing to flatten and to pack."""
    return type(structure) is list and not any(map(nest.is_nested, structure))
