"""What one run measures: the machine, then the ladder, sweeps over sizes, scaling over threads, and training."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Any

import numpy as np

import kernels

from .measure import machine
from .measure.cases import CASES, SCALING, SWEEPS, Case
from .measure.progress import note, progress
from .measure.turns import Local, interleave, local, threads
from .measure.workers import Reply, Worker, WorkerFailed, started
from .network import digits, prepared, random_data
from .own.race import Own, OwnTurns, contenders, racing
from .peers import CONTESTANTS
from .peers.calls import remote
from .plan import OURS, Plan
from .results.store import BUSY, NUMPY, OWN, PEER, RUNG, Contestant, Measurement, Results
from .training import contestants as training
from .training import neighbour
from .training.budget import budget
from .training.epochs import epochs, fits, small_steps
from .training.process_runs import process_runs

GOAL = 0.98
LIBRARIES = tuple(dict.fromkeys(name for name in (*CONTESTANTS, *training.CONTESTANTS) if name not in OURS))


def begun(plan: Plan) -> Results:
    """The machine, and nothing measured yet."""
    block = machine.block(plan.counts, plan.patience, plan.notes)
    made = datetime.now(UTC).isoformat(timespec="seconds")
    return Results(block, {}, [], goal=GOAL, made=made, quick=plan.quick, notes=plan.notes)


def measure(plan: Plan, results: Results) -> None:
    """Into `results`, as far as it comes; on a terminal, a line tells what is going on. AssertionError if one of our
    rungs computes wrong values."""
    try:
        with threads(plan.threads):
            _measure(plan, results)
    finally:
        progress("")


def _measure(plan: Plan, results: Results) -> None:
    if "ladder" in plan.suites or "sweep" in plan.suites:
        compared(plan, results)
    if "scaling" in plan.suites:
        calmly(plan, results, {f"scaling: {case.title}": partial(scaling, case, plan) for case in plan.cases(SCALING)})
    fitting = "scaling" in plan.suites and not (plan.quick or plan.operations)
    if fitting or {"training", "processes", "steps"} & set(plan.suites):
        arrays, results.data = digits_or_random(plan)
    if fitting:
        fits(plan, results, *arrays)
    if "training" in plan.suites:
        epochs(plan, results, *arrays)
    if "processes" in plan.suites and results.data == "MNIST":
        results.process_runs = process_runs(plan, digits(), GOAL)
    if "steps" in plan.suites:
        small_steps(plan, results)
        progress("fit beside a busy process")
        results.measurements += neighbour.fits(plan)
        budget(plan, results, *arrays)


def digits_or_random(plan: Plan) -> tuple[tuple[np.ndarray, np.ndarray], str]:
    """(x, labels), and what they are."""
    try:
        x, labels, *_ = digits()
    except OSError as error:
        reason = str(error).splitlines()[0].rstrip(":")
        note(plan.notes, f"Trained on random data of MNIST's shape, and not to {GOAL:.0%}: {reason}")
        return random_data(), "random data"
    return (prepared(x), labels), "MNIST"


def compared(plan: Plan, results: Results) -> None:
    """The ladder and the sweeps, beside the libraries that are installed."""
    with (
        started(plan.among(CONTESTANTS), plan.threads, plan.threads, notes=plan.notes) as workers,
        racing(plan, plan.threads) as own,
    ):
        results.versions.update({name: worker.version for name, worker in [*workers.items(), *own.items()]})
        calmly(plan, results, {
            f"{suite}: {case.title}": partial(measured, case, suite, workers, plan, own)
            for suite, cases in (("ladder", CASES), ("sweep", SWEEPS))
            if suite in plan.suites
            for case in plan.cases(cases)
        })  # fmt: skip


def calmly(plan: Plan, results: Results, jobs: dict[str, Callable[[], list[Measurement]]]) -> None:
    """Does each job, and then those that other processes disturbed again, as long as patience lasts; keeps the calmer
    measurements of each."""
    before, found = list(results.measurements), dict[str, list[Measurement]]()
    for name, job in jobs.items():
        plan.patience.wait(name)
        progress(name)
        found[name] = job()
        results.measurements[:] = before + list(chain(*found.values()))
    waiting = deque(name for name in jobs if _others(found[name]) > BUSY)
    while waiting and plan.patience.left > 0:
        name = waiting.popleft()
        plan.patience.wait(f"{name}, again")
        progress(f"{name}, again")
        with plan.patience.spent():
            found[name] = min(found[name], jobs[name](), key=_others)
        results.measurements[:] = before + list(chain(*found.values()))
        if _others(found[name]) > BUSY:
            waiting.append(name)


def _others(measurements: list[Measurement]) -> float:
    return max(m.others for m in measurements)


def together(
    make: Callable[[], Mapping], among: Iterable[dict], case: Case, plan: Plan
) -> tuple[Mapping, dict[Any, np.ndarray], float]:
    """The contestants, their times in turns, and what other processes took. A library, or a function of the user's,
    that fails is noted, and left out from then on."""
    while True:
        try:
            contestants = make()
            return contestants, *interleave(contestants, plan.rounds, plan.budget)
        except WorkerFailed as error:
            note(plan.notes, f"Left out from {case.title} on: {error}.")
            for workers in among:
                if worker := workers.pop(error.name, None):
                    plan.failed |= isinstance(worker, Own)
                    plan.own.pop(error.name, None)
                    worker.close()


def measured(case: Case, suite: str, workers: dict[str, Worker], plan: Plan, own: dict[str, Own]) -> list[Measurement]:
    def contestants() -> Mapping:
        return local(case) | remote(workers, case) | contenders(own, case, plan)

    return [measurement(case, suite, plan.threads, *together(contestants, (own, workers), case, plan))]


def measurement(
    case: Case, suite: str, n: int, contestants: Mapping, times: dict[str, np.ndarray], others: float
) -> Measurement:
    rungs = case.rungs()
    found = {
        name: Contestant(
            name,
            NUMPY if name == "NumPy" else RUNG if name in rungs else OWN if isinstance(contestant, OwnTurns) else PEER,
            n if getattr(contestant, "threaded", True) else 1,
            times[name],
            contestant.error,
            contestant.error_unit,
            rungs[name].instruction_set if name in rungs else "",
        )
        for name, contestant in contestants.items()
    }
    isa = str(kernels.show_config()["instruction set"])
    return Measurement(
        suite, case.operation, case.label, case.size, case.dtype, n, isa, case.flops, case.bytes(), others, found
    )


class _AtThreads:
    """A contestant who sets its own number of threads for its turn."""

    def __init__(self, n: int, contestant: Local) -> None:
        self.n, self.contestant, self.once = n, contestant, contestant.once

    def turn(self) -> Reply:
        with threads(self.n):
            return self.contestant.turn()


def scaling(case: Case, plan: Plan) -> list[Measurement]:
    """The public operation, NumPy's products (its other operations use one thread) and functions of the user's, with
    each number of threads, all in turns; one measurement for each number."""
    last = next(reversed(case.rungs()))
    ours: dict[tuple[int, str], _AtThreads] = {}
    for n in plan.counts:
        with threads(n):
            found = local(case, last).items()
            ours |= {(n, name): _AtThreads(n, one) for name, one in found if name == last or case.product}
    with ExitStack() as stack:
        own = {n: stack.enter_context(racing(plan, n)) for n in plan.counts}

        def contestants() -> Mapping:
            return {**ours, **{(n, name): one for n in own for name, one in contenders(own[n], case, plan).items()}}

        everybody, times, others = together(contestants, own.values(), case, plan)
    everybody = {key: getattr(one, "contestant", one) for key, one in everybody.items()}

    def at(n: int, found: Mapping) -> dict:
        return {name: of for (m, name), of in found.items() if m == n}

    return [measurement(case, "scaling", n, at(n, everybody), at(n, times), others) for n in plan.counts]
