"""What fit and evaluate do where several ranks train one model: the same start, the metrics of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine import replicas
from ...engine.generator import generator
from ...engine.variable import Variable
from ..metrics import Metric
from ..metrics.base import clear, inside
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
        for name, value in first.items():
            if (its := other.get(name)) != value:
                raise ValueError(f"The ranks differ in {name}: {value} on rank 0, {its} on rank {rank}")
    streams = generators(model)
    arrays, states = ranks.broadcast(([v.numpy() for v in held], [rng.bit_generator.state for rng in streams]))
    for v, array in zip(held, arrays, strict=True):
        v.assign(array)
    for rng, state in zip(streams, states, strict=True):
        rng.bit_generator.state = state


def begin_epoch(ranks: replicas.Ranks, asked: bool) -> bool:
    """All shuffle alike, whatever drew random numbers meanwhile; returns whether it is asked for on any rank."""
    states, asks = zip(*ranks.allgather((generator().bit_generator.state, asked)), strict=True)
    generator().bit_generator.state = states[0]
    return any(asks)


def any_of(ranks: replicas.Ranks, stop: bool) -> bool:
    """Whether it is true on any rank."""
    return bool(ranks.sum([np.array(stop, np.float32)])[0])


@contextmanager
def summed(ranks: replicas.Ranks, metrics: Iterable[Metric]) -> Iterator[None]:
    """The states of the metrics are the sums over the ranks; rank 0 keeps them, and the others add to them from 0."""
    found = [part for metric in metrics for part in inside(metric)]
    numbers = [(metric, name) for metric in found for name in metric._summed]
    variables = [v for metric in found for v in metric._parts() if isinstance(v, Variable)]
    states = [np.asarray(getattr(metric, name), np.float64) for metric, name in numbers]
    sums = ranks.sum([*states, *(v.numpy() for v in variables)])
    for (metric, name), value in zip(numbers, sums, strict=False):
        setattr(metric, name, value if value.ndim else value.item())
    for v, value in zip(variables, sums[len(numbers) :], strict=True):
        v.assign(value)
    yield
    if ranks.rank:
        for metric in found:
            clear(metric)


def of_whole(ranks: replicas.Ranks, model: Trainer, logs: dict[str, Any]) -> dict[str, Any]:
    """What a step of the user's own returned, of all ranks: metrics' results by their states, of all else the means."""
    own = {name: np.asarray(value) for name, value in model._results(model._all_metrics()).items()}
    known = [n for n in logs if n in own and np.array_equal(own[n], np.asarray(logs[n], own[n].dtype), equal_nan=True)]
    known = ranks.broadcast(known)
    sums = ranks.sum([np.asarray(value, np.float64) for value in logs.values()], ranks.share)
    found = dict(zip(logs, sums, strict=True))
    whole = model._whole_results(ranks)
    found |= {name: np.asarray(whole[name]) for name in known}
    return {name: value if value.ndim else value.item() for name, value in found.items()}
