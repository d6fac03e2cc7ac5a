"""What a run is to measure, and how long."""

from __future__ import annotations

from dataclasses import dataclass, field

from .measure.cases import ALL, MAIN, QUICK, Case
from .measure.patience import Patience
from .measure.turns import BUDGET, ROUNDS
from .measure.workers import Library
from .own.functions import Named

SUITES = ("ladder", "sweep", "scaling", "training", "processes", "steps")
OURS = ("pynn", "NumPy")


@dataclass
class Plan:
    """`rounds` of turns in a measurement, `epochs` in training, `budget` in seconds after which a measurement repeats
    no more rounds, `patience` for whole measurements; `notes` gets what is left out, and why."""

    threads: int
    quick: bool = False
    suites: tuple[str, ...] = SUITES
    operations: tuple[str, ...] = ()  # all without names
    peers: tuple[str, ...] | None = None  # other libraries; None: all
    repeats: int = 2  # of whole processes
    notes: list[str] = field(default_factory=list)
    wait: float | None = None  # seconds of patience
    own: dict[str, Named] = field(default_factory=dict)  # functions of the user's
    failed: bool = False  # has one of them?
    every: bool = False  # case

    def __post_init__(self) -> None:
        self.patience = Patience((10 if self.quick else 60) if self.wait is None else self.wait)
        self.rounds, self.epochs = (5, 3) if self.quick else (ROUNDS, 5)
        self.budget = 0.2 if self.quick else BUDGET

    def cases(self, cases: list[Case]) -> list[Case]:
        part = QUICK if self.quick else ALL if self.every else MAIN
        return [c for c in cases if c.part <= part and (not self.operations or c.operation in self.operations)]

    def among(self, contestants: dict[str, Library]) -> dict[str, Library]:
        """Those that take part: ours, and the libraries asked for."""
        return {name: one for name, one in contestants.items() if self.peers is None or name in (*OURS, *self.peers)}

    @property
    def counts(self) -> list[int]:
        """1, 2, 4, ... threads, and the most."""
        return sorted({self.threads, *(1 << i for i in range(self.threads.bit_length()) if 1 << i <= self.threads)})
