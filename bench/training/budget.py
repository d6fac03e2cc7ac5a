"""Where the time of a step goes: every kernel call of fit, and what Python and NumPy take between them.

The calls are timed within fit itself, in epochs that take turns, on one thread and on all threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

import kernels

from ..measure.progress import progress
from ..measure.quiet import Neighbours, scattered, settle
from ..measure.turns import interleave, threads
from ..measure.workers import Reply
from ..network import BATCH, SIZES, Task
from ..plan import Plan
from ..results.store import RUNG, Contestant, Measurement, Results
from .contestants import Pynn

OTHERS = "kernels", "kernels._threads"  # modules of functions that are no kernels
BETWEEN = "Python and NumPy", "between the calls"  # operation and label of what is no kernel's
KERNELS = [name for name, f in vars(kernels).items() if callable(f) and f.__module__ not in OTHERS]
Work = tuple[str, str, float, float]


def work(name: str, arguments: tuple, result: Any) -> Work:
    """Of a call: its kernel, its shapes, its floating-point operations, and the bytes that it must read and write.

    A multiply-add is two operations, and none if the left factor is 0 there.
    """
    given, written = _arrays(arguments), _arrays((result,))
    label = " ".join(str(a.shape) for a in given)
    if name == "take_rows":  # of what it takes them from it reads no others
        given, label = given[1:] + written, str(result.shape)
    flops = max(a.size for a in given)
    if name in ("dot", "dense"):
        flops = _product(arguments[0], result)
    if name.endswith("_update"):  # writes what it has read, but the gradients, which may be pairs of matrices
        *states, gradients = (a for a in arguments if isinstance(a, list))
        written, label = _arrays(states), f"{sum(w.size for w in states[0]):,} weights"
        if products := [_product(*g) for g in gradients if isinstance(g, tuple)]:
            flops, label = sum(products), f"{label}, {len(products)} of the gradients as products"
    return name, label, flops, sum(a.nbytes for a in given + written)


def _product(x: np.ndarray, y: np.ndarray) -> int:
    return 2 * int(np.count_nonzero(x)) * y.shape[-1]


def _arrays(value: Any) -> list[np.ndarray]:
    if isinstance(value, (list, tuple)):
        return [a for part in value for a in _arrays(part)]
    return [value] if isinstance(value, np.ndarray) else []


@contextmanager
def noted(log: list[tuple], what: Callable[[str, tuple, Any], Any]) -> Iterator[None]:
    """Meanwhile every call of a kernel goes into `log`: its start, its end, and `what` of it."""

    def noting(name: str, function: Callable) -> Callable:
        def call(*arguments: Any, **options: Any) -> Any:
            start = time.perf_counter()
            result = function(*arguments, **options)
            log.append((start, time.perf_counter(), what(name, arguments, result)))
            return result

        return call

    before = {name: getattr(kernels, name) for name in KERNELS}
    try:
        for name, function in before.items():
            setattr(kernels, name, noting(name, function))
        yield
    finally:
        for name, function in before.items():
            setattr(kernels, name, function)


class Steps:
    """Takes turns; the value of one is a row: the median seconds of each call of a step, and of what is between."""

    once = 0.0

    def __init__(self, task: Task, x: np.ndarray, labels: np.ndarray) -> None:
        self.threads, self.steps = task.threads, len(x) // task.batch
        with threads(self.threads):
            self.trainer = Pynn(task)
            self.trainer.use(x[: task.batch], labels[: task.batch])
            self.trainer.epoch()  # which makes what the next ones find
            log: list[tuple] = []
            with noted(log, work):
                self.trainer.epoch()
        self.calls = [call for _, _, call in log]
        self.trainer.use(x[: self.steps * task.batch], labels[: self.steps * task.batch])

    def turn(self) -> Reply:
        log: list[tuple] = []
        alone = scattered() if self.threads > 1 else nullcontext()
        neighbours, start = Neighbours(), time.perf_counter()
        with threads(self.threads), alone, noted(log, lambda *_: None):
            self.trainer.epoch()
        seconds = time.perf_counter() - start
        starts, ends = np.array([times[:2] for times in log]).reshape(self.steps, len(self.calls), 2).transpose(2, 0, 1)
        took = ends - starts
        between = np.diff(starts[:, 0]) - took[:-1].sum(axis=1)
        row = [*np.median(took, axis=0), np.median(between)]
        reply = Reply(row, seconds, neighbours.share, neighbours.disturbed)
        if self.threads > 1:
            settle()
        return reply


def budget(plan: Plan, results: Results, x: np.ndarray, labels: np.ndarray) -> None:
    """Into `results`: a measurement of each call, in their order, and one of what is between them."""
    progress("the step's budget")
    labels, isa = labels.astype(np.int64), str(kernels.show_config()["instruction set"])
    contestants = {n: Steps(Task(SIZES, "rmsprop", BATCH, n), x, labels) for n in sorted({1, plan.threads})}
    times, others = interleave(contestants, plan.epochs, 10 * plan.budget)
    calls = [(f"{i}. {name}", *rest) for i, (name, *rest) in enumerate(contestants[1].calls, 1)]
    for i, (name, label, flops, moved) in enumerate([*calls, (*BETWEEN, 0, 0)]):
        each = {f"{n} thread{'s' * (n > 1)}": (n, rows[:, i]) for n, rows in times.items()}
        found = {who: Contestant(who, RUNG, *of, instruction_set=isa) for who, of in each.items()}
        results.measurements.append(
            Measurement("budget", name, label, 0, "float32", plan.threads, isa, flops, moved, others, found)
        )
