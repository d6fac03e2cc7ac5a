"""GradientTape's jacobians: one gradient for each element of the target, stacked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine import nest
from ..engine.convert import stack
from ..engine.tape import GradientTape
from ..engine.tensor import Tensor
from .layout import reshape

Slopes = list[Tensor | None]


def jacobian(tape: GradientTape, target: Any, sources: Any, unconnected: str) -> Any:
    """As GradientTape.jacobian."""
    tape._check(unconnected)
    leaves, shape = nest.flatten(sources), target._array.shape
    found = _gradients(tape, target, (1, math.prod(shape)), leaves)
    results = [
        None if slopes is None else reshape(stack(slopes)[: math.prod(shape)], shape + x._array.shape)
        for x, slopes in zip(leaves, _filled(found, leaves, unconnected), strict=True)
    ]
    return nest.pack_sequence_as(sources, results)


def batch_jacobian(tape: GradientTape, target: Any, source: Any, unconnected: str) -> Tensor | None:
    """As GradientTape.batch_jacobian."""
    tape._check(unconnected)
    shape, inner = target._array.shape, source._array.shape
    if not shape or not inner or shape[0] != inner[0]:
        raise ValueError(f"Need first dimension of target shape ({shape}) and source shape ({inner}) to match.")
    found = _gradients(tape, target, (shape[0], math.prod(shape[1:])), [source])
    (slopes,) = _filled(found, [source], unconnected)
    return None if slopes is None else reshape(stack(slopes, 1)[:, : math.prod(shape[1:])], shape + inner[1:])


def _gradients(tape: GradientTape, target: Any, shape: tuple[int, int], sources: list[Any]) -> list[Slopes]:
    """For each source the gradients of the columns of the target, seen as a matrix of this shape.

    Where there is no column, one gradient all the same: it says whether the target depends on the source.
    """
    found: list[Slopes] = []
    if not tape._persistent:
        tape.__exit__()
    for i in range(max(shape[1], 1)):
        one = np.zeros(shape, target._array.dtype)
        one[:, i : i + 1] = 1
        seeds = tape._seeds(target, Tensor(one.reshape(target._array.shape)))
        found.append(tape._backward(seeds, sources, tape._persistent or i + 1 < shape[1]))
    return [[row[place] for row in found] for place in range(len(sources))]


def _filled(found: list[Slopes], sources: list[Any], unconnected: str) -> list[list[Tensor] | None]:
    """The gradients with zeros for those that are None; None where all are, unless `unconnected` asks for zeros."""
    return [
        None if unconnected == "none" and all(g is None for g in slopes)
        else [Tensor(np.zeros_like(x._array)) if g is None else g for g in slopes]
        for x, slopes in zip(sources, found, strict=True)
    ]  # fmt: skip
