"""What fit and evaluate do where several ranks train one model: the same start, the metrics of the whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine import replicas
from ...engine.generator import generator
from ...engine.variable import Variable
from ..metrics import Mean, Metric
from ..metrics.base import inside
from ..saving.paths import named_optimizers
from ..saving.state import generators

if TYPE_CHECKING:
    from .step import Trainer


def begin(ranks: replicas.Ranks, model: Trainer, **about: Any) -> None:
    """All ranks start from rank 0's weights, optimizer and random numbers.

    about: what has to be the same on all. ValueError: it is not, or their models differ.
    """
    held = [*model.weights, *(v for optimizer, _ in named_optimizers(model).values() for v in optimizer.variables)]
    about["shapes of weights and optimizer"] = [v.shape for v in held]
    first, *others = ranks.allgather(about)
    for rank, other in enumerate(others, 1):
        for name in about:
            if other[name] != first[name]:
                raise ValueError(f"The ranks differ in {name}: {first[name]} on rank 0, {other[name]} on rank {rank}")
    streams = generators(model)
    arrays, states = ranks.broadcast(([v.numpy() for v in held], [rng.bit_generator.state for rng in streams]))
    for v, array in zip(held, arrays, strict=True):
        v.assign(array)
    for rng, state in zip(streams, states, strict=True):
        rng.bit_generator.state = state


def begin_epoch(ranks: replicas.Ranks, asked: bool) -> bool:
    """All shuffle alike, whatever drew random numbers meanwhile; returns whether a callback of any asks for batches."""
    states, asks = zip(*ranks.allgather((generator().bit_generator.state, asked)), strict=True)
    generator().bit_generator.state = states[0]
    return any(asks)


def any_of(ranks: replicas.Ranks, stop: bool) -> bool:
    """Whether it is true on any rank."""
    return bool(ranks.sum([np.array(stop, np.float32)])[0])


def sum_states(ranks: replicas.Ranks, metrics: Iterable[Metric]) -> None:
    """The state of each metric becomes the sum over the ranks."""
    found = [part for metric in metrics for part in inside(metric)]
    means = [metric for metric in found if isinstance(metric, Mean)]
    variables = [v for metric in found for v in metric._parts() if isinstance(v, Variable)]
    sums = ranks.sum([np.array([(m.total, m.count) for m in means]), *(v.numpy() for v in variables)])
    for metric, (total, count) in zip(means, sums[0], strict=True):
        metric.total, metric.count = float(total), float(count)
    for v, value in zip(variables, sums[1:], strict=True):
        v.assign(value)


def mean_of(ranks: replicas.Ranks, logs: dict[str, Any]) -> dict[str, Any]:
    """The means over the ranks, by their rows, of what a step of the user's own returned."""
    sums = ranks.sum([np.asarray(value, np.float64) for value in logs.values()], ranks.share)
    return {name: value if value.ndim else value.item() for name, value in zip(logs, sums, strict=True)}
