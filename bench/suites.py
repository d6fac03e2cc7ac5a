"""What one run measures: the machine, then the ladder, sweeps over sizes, scaling over threads, and training."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

import kernels

from .measure import machine
from .measure.cases import CASES, MAIN, QUICK, SCALING, SERIAL, SWEEPS, Case, instruction_set
from .measure.turns import PATIENCE, ROUNDS, Local, interleave, local, threads
from .measure.workers import Reply, Worker, WorkerFailed, note, progress, started
from .network import digits, prepared, random_data
from .peers import CONTESTANTS
from .peers.calls import remote
from .results.store import NUMPY, PEER, RUNG, Measurement, Player, Results
from .training import contestants as training
from .training.epochs import epochs, libraries
from .training.lives import lives
from .training.small_steps import small_steps

SUITES = ("ladder", "sweep", "scaling", "training", "lives", "steps")
OURS = ("pynn", "NumPy")
LIBRARIES = tuple(dict.fromkeys(name for name in (*CONTESTANTS, *training.CONTESTANTS) if name not in OURS))
GOAL = 0.98


@dataclass
class Plan:
    """What to measure, and how long."""

    threads: int
    quick: bool = False
    suites: tuple[str, ...] = SUITES
    operations: tuple[str, ...] = ()  # all without names
    peers: tuple[str, ...] = LIBRARIES
    repeats: int = 2  # of whole processes
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rounds, self.epochs = (5, 3) if self.quick else (ROUNDS, 5)
        self.patience = 0.2 if self.quick else PATIENCE

    def cases(self, cases: list[Case]) -> list[Case]:
        part = QUICK if self.quick else MAIN
        return [c for c in cases if c.part <= part and (not self.operations or c.operation in self.operations)]

    @property
    def counts(self) -> list[int]:
        """1, 2, 4, ... threads, and the most."""
        return sorted({self.threads, *(1 << i for i in range(self.threads.bit_length()) if 1 << i <= self.threads)})


def run(plan: Plan) -> tuple[Results, bool]:
    """Measures; on a terminal, a line tells what is going on. What is done when the user interrupts is kept: the bool
    tells whether all was measured."""
    progress("the machine's limits")
    block, made = machine.block(plan.counts), datetime.now(UTC).isoformat(timespec="seconds")
    results = Results(block, {}, [], goal=GOAL, made=made, quick=plan.quick, notes=plan.notes)
    try:
        with threads(plan.threads):
            _measure(plan, results)
    except KeyboardInterrupt:
        if not results.measurements:
            raise
        note(plan.notes, "Interrupted: the rest was not measured.")
        return results, False
    finally:
        progress("")
    return results, True


def _measure(plan: Plan, results: Results) -> None:
    found, peers = results.measurements, list(plan.peers)
    if "ladder" in plan.suites or "sweep" in plan.suites:
        compared(plan, results)
    for case in plan.cases(SCALING) if "scaling" in plan.suites else ():
        found += scaling(case, plan)
    if "training" in plan.suites or "lives" in plan.suites:
        arrays, results.data = digits_or_random(plan)
    if "training" in plan.suites:
        patience = 10 * plan.patience
        measured, results.curves, versions = epochs(
            *arrays, results.data, peers, plan.threads, plan.epochs, patience, plan.notes
        )
        found.append(measured)
        results.versions.update(versions)
    if "lives" in plan.suites and results.data == "MNIST":
        results.lives = lives(digits(), libraries(peers), plan.threads, plan.repeats, GOAL, plan.notes)
    if "steps" in plan.suites:
        measurements, versions = small_steps(peers, plan.threads, plan.rounds, plan.notes)
        found += measurements
        results.versions.update(versions)


def digits_or_random(plan: Plan) -> tuple[tuple[np.ndarray, np.ndarray], str]:
    """(x, labels), and what they are."""
    try:
        x, labels, *_ = digits()
    except OSError as error:
        reason = str(error).splitlines()[0]
        note(plan.notes, f"Trained on random data of MNIST's shape, and not to {GOAL:.0%}: {reason}")
        return random_data(), "random data"
    return (prepared(x), labels), "MNIST"


def compared(plan: Plan, results: Results) -> None:
    """The ladder and the sweeps, beside the libraries that are installed."""
    chosen = {name: contestant for name, contestant in CONTESTANTS.items() if name in plan.peers}
    with started(chosen, plan.threads, plan.threads, notes=plan.notes) as workers:
        results.versions.update({name: worker.version for name, worker in workers.items()})
        for suite, cases in (("ladder", CASES), ("sweep", SWEEPS)):
            for case in plan.cases(cases) if suite in plan.suites else ():
                progress(f"{suite}: {case.title}")
                results.measurements.append(measured(case, suite, workers, plan))


def measured(case: Case, suite: str, workers: dict[str, Worker], plan: Plan) -> Measurement:
    """One case; a library that fails is noted and left out from then on."""
    while True:
        try:
            players = local(case) | remote(workers, case)
            times, others = interleave(players, plan.rounds, plan.patience)
        except WorkerFailed as error:
            note(plan.notes, f"Left out from {case.title} on: {error}.")
            workers.pop(error.name).close()
            continue
        return measurement(case, suite, plan.threads, players, times, others)


def measurement(
    case: Case, suite: str, n: int, players: dict, times: dict[str, np.ndarray], others: float
) -> Measurement:
    found = {
        name: Player(
            name,
            (NUMPY if name == "NumPy" else RUNG) if isinstance(player, Local) else PEER,
            1 if name in SERIAL or (name == "NumPy" and not case.product) else n,
            times[name],
            player.error,
            player.error_unit,
            instruction_set(name) if name in case.rungs() else "",
        )
        for name, player in players.items()
    }
    isa = str(kernels.show_config()["instruction set"])
    return Measurement(
        suite, case.operation, case.label, case.size, "float32", n, isa, case.flops, case.bytes(), others, found
    )


class _AtThreads:
    """A player who sets its own number of threads for its turn."""

    def __init__(self, n: int, player: Local) -> None:
        self.n, self.player, self.once = n, player, player.once

    def turn(self) -> Reply:
        with threads(self.n):
            return self.player.turn()


def scaling(case: Case, plan: Plan) -> list[Measurement]:
    """The public operation and NumPy, with each number of threads, all in turns; one measurement for each number."""
    progress(f"scaling: {case.title}")
    last = next(reversed(case.rungs()))
    players: dict[tuple[int, str], _AtThreads] = {}
    for n in plan.counts:
        with threads(n):
            players |= {(n, name): _AtThreads(n, player) for name, player in local(case, last).items()}
    times, others = interleave(players, plan.rounds, plan.patience)
    found = []
    for n in plan.counts:
        names = {name: player.player for (m, name), player in players.items() if m == n}
        found.append(measurement(case, "scaling", n, names, {name: times[n, name] for name in names}, others))
    return found
