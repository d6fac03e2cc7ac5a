"""GradientTape's jacobians: one gradient for each element of the target, stacked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..engine import nest
from ..engine.convert import stack
from ..engine.tape import GradientTape
from ..engine.tensor import Tensor
from .layout import reshape


def jacobian(tape: GradientTape, target: Any, sources: Any, unconnected: str) -> Any:
    """As GradientTape.jacobian."""
    leaves, shape = nest.flatten(sources), target._array.shape
    size = math.prod(shape)
    found = _gradients(tape, target, (1, size), leaves, unconnected)
    results = [
        None if gradients is None else reshape(stack(gradients)[:size], shape + x._array.shape)
        for x, gradients in zip(leaves, found, strict=True)
    ]
    return nest.pack_sequence_as(sources, results)


def batch_jacobian(tape: GradientTape, target: Any, source: Any, unconnected: str) -> Tensor | None:
    """As GradientTape.batch_jacobian."""
    shape, inner = target._array.shape, source._array.shape
    if not shape or not inner or shape[0] != inner[0]:
        raise ValueError(f"Need first dimension of target shape ({shape}) and source shape ({inner}) to match.")
    size = math.prod(shape[1:])
    (gradients,) = _gradients(tape, target, (shape[0], size), [source], unconnected)
    return None if gradients is None else reshape(stack(gradients, 1)[:, :size], shape + inner[1:])


def _gradients(
    tape: GradientTape, target: Any, shape: tuple[int, int], sources: list[Any], unconnected: str
) -> Iterator[list[Tensor] | None]:
    """For each source the gradients of the columns of the target, seen as a matrix of this shape; None: unconnected.

    Where there is no column, one gradient all the same: it says whether the target depends on the source.
    """
    tape._check(unconnected)
    if not tape._persistent:
        tape.__exit__()
    rows = []
    for i in range(max(shape[1], 1)):
        one = np.zeros(shape, target._array.dtype)
        one[:, i : i + 1] = 1
        seeds = tape._seeds(target, Tensor(one.reshape(target._array.shape)))
        rows.append(tape._backward(seeds, sources, tape._persistent or i + 1 < shape[1]))
    for x, gradients in zip(sources, zip(*rows, strict=True), strict=True):
        some = unconnected == "zero" or any(g is not None for g in gradients)
        yield [Tensor(np.zeros_like(x._array)) if g is None else g for g in gradients] if some else None
