"""What one run measured: the machine, and for each measurement every turn's seconds. results.json holds that.

Whatever is said of them (medians, intervals, ratios, verdicts, shares of a limit) is computed from these, here and in
statistics.py, by tables, pictures and comparisons alike. The types say what the file may hold, hostile until checked.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
import numpy as np
from msgspec import Meta, Struct
from msgspec.structs import force_setattr, replace  # noqa: F401  replace: for those who change a record

from pynn.cli.checks import reading
from pynn.support.atomic import replacing

from . import statistics
from .statistics import CLOSE, Ratio

SCHEMA = 2
LARGEST = 8 << 20  # bytes of a file; a whole run has some 200 KB
DIGITS = 6  # of each time: clocks do not tell more
NOISY = 1.0  # of a time, its spread: what reaches from half of it to twice as much; what is wider says nothing
BUSY = 0.1  # of the CPUs taken by others: a measurement with more was disturbed
FEWEST = 3  # turns, below which nothing can be said of an interval
RUNG, NUMPY, PEER, OWN = "rung", "numpy", "peer", "own"  # kinds of contestant; own: a function of the user's

# What is computed from such numbers neither overflows nor vanishes, and no such text steers a terminal.
Text = Annotated[str, Meta(pattern=r"\A[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f]*\Z")]
Whole = Annotated[int, Meta(ge=0, lt=10**18)]
Number = Annotated[float, Meta(ge=0, lt=1e18)]
Above0 = Annotated[float, Meta(gt=0, lt=1e18)]
Turn = Annotated[float, Meta(ge=1e-12, lt=1e18)] | None  # seconds; None: it sat out
Count = Annotated[str, Meta(pattern=r"\A[1-9][0-9]{0,8}\Z")]
Turns = Annotated[list[Turn], Meta(min_length=1, max_length=1000)]


class Limits(TypedDict):
    float32: Above0
    float64: Above0
    copy: dict[Text, Above0]
    add: dict[Text, Above0]


Machine = TypedDict(
    "Machine",
    {
        "cpu": Text,
        "system": Text,
        "python": Text,
        "numpy": Text,
        "instruction set": Text,
        "compiler": Text,
        "flags": Text,
        "openmp": Text,
        "governor": Text | None,
        "cpus": Whole,
        "caches": dict[Text, Whole],
        "array": NotRequired[Whole],
        "limits": dict[Count, Limits],
        "regions": NotRequired[dict[Count, Above0]],  # seconds of an empty parallel region of so many threads
        "no limits": NotRequired[str],
    },
)


class Contestant(Struct, frozen=True, eq=False, forbid_unknown_fields=True):
    """One contestant of a measurement: a rung of the ladder, NumPy, another library, or a function of the user's."""

    name: Text
    kind: Annotated[str, Meta(pattern=rf"\A({RUNG}|{NUMPY}|{PEER}|{OWN})\Z")]
    threads: Whole
    seconds: np.ndarray  # of one call, one entry per turn; NaN where it sat out
    error: Number | None = None  # the largest difference from NumPy's float64, in `error_unit`
    error_unit: Text = ""  # "ulp" or "of bound"
    instruction_set: Text = ""  # of a compiled rung

    def __post_init__(self) -> None:
        rounded = np.array([float(f"{s:.{DIGITS}g}") for s in self.seconds])
        force_setattr(self, "seconds", rounded)  # what a run prints is what its file says

    @property
    def interval(self) -> tuple[float, float, float]:
        """(low, median, high)."""
        return statistics.interval(self.seconds)

    @property
    def median(self) -> float:
        return self.interval[1]

    @property
    def spread(self) -> float:
        return statistics.reach(*self.interval)


class Measurement(Struct, frozen=True, eq=False, forbid_unknown_fields=True):
    """Contestants that took turns at one task, slowest rung first, then NumPy, then others."""

    suite: Text  # "ladder", "sweep", "scaling", "training", "steps" or "budget"
    operation: Text
    label: Text  # its shapes
    size: Whole  # the place on a sweep's axis: n of n x n matrices, or elements
    dtype: Literal["float32", "float64"]
    threads: Whole
    instruction_set: Text
    flops: Number  # of one call; 0 where that says nothing
    bytes: Number  # that one call must read and write
    others: Number  # the share of the CPUs that other processes took
    contestants: dict[Text, Contestant]

    def __post_init__(self) -> None:
        found = self.contestants
        if any(name != c.name or (name == "NumPy") != (c.kind == NUMPY) for name, c in found.items()):
            raise ValueError("a contestant's name or kind is another's")
        if len({len(c.seconds) for c in found.values()}) != 1:
            raise ValueError("the contestants have not as many turns each")

    @property
    def title(self) -> str:
        return f"{self.operation} {self.label}"

    @property
    def disturbed(self) -> bool:
        return self.others > BUSY

    @property
    def computes(self) -> bool:
        """Is arithmetic its limit, not memory? From 2 operations a byte on, which 12 x 12 matrices reach."""
        return self.flops >= 2 * self.bytes

    @property
    def unit(self) -> str:
        return "GFLOP/s" if self.computes else "GB/s"

    def rate(self, name: str) -> float:
        """GFLOP/s or GB/s (see `unit`) of a contestant's median."""
        return 1e-9 * (self.flops if self.computes else self.bytes) / self.contestants[name].median

    def names(self, *kinds: str) -> list[str]:
        return [name for name, contestant in self.contestants.items() if contestant.kind in kinds]

    @property
    def best_rung(self) -> str | None:
        """The last rung: the public operation."""
        return self._rung(reversed(self.contestants))

    def by_speed(self) -> list[str]:
        """All names, a user's own after the last rung that is slower. The rungs keep their order."""
        found = self.names(RUNG, NUMPY, PEER)
        for own in self.names(OWN):
            times = [(i, self.contestants[name]) for i, name in enumerate(found)]
            slower = [i for i, c in times if c.kind == RUNG and c.median > self.contestants[own].median]
            found.insert(max(slower, default=-1) + 1, own)
        return found

    def below(self, name: str) -> str | None:
        """The rung before it, by_speed; None for the lowest, NumPy and libraries."""
        order = self.by_speed()
        return self._rung(reversed(order[: order.index(name)])) if name in self.names(RUNG, OWN) else None

    def above(self, name: str) -> str | None:
        """The rung after a user's own, by_speed; None if there is none, and for others."""
        order = self.by_speed()
        return self._rung(order[order.index(name) :]) if name in self.names(OWN) else None

    def _rung(self, names: Iterable[str]) -> str | None:
        """The first one among them."""
        return next((name for name in names if self.contestants[name].kind == RUNG), None)

    def faster(self, name: str | None, than: str | None) -> Ratio | None:
        """How many times as fast as `than`; None if one of them is not here, or they met in too few turns."""
        if name not in self.contestants or than not in self.contestants:
            return None
        slow, fast = self.contestants[than].seconds, self.contestants[name].seconds
        met = np.count_nonzero(~np.isnan(slow + fast))
        return statistics.ratio(slow, fast) if met >= min(FEWEST, len(slow)) else None

    def verdict(self, name: str) -> str:
        """'stable', 'noisy' or 'unusable'."""
        contestant = self.contestants[name]
        if np.count_nonzero(~np.isnan(contestant.seconds)) < FEWEST or contestant.spread > NOISY:
            return "unusable"
        return "stable" if contestant.spread <= CLOSE and not self.disturbed else "noisy"

    def limit(self, machine: Machine, threads: int) -> tuple[str, float] | None:
        """The machine's limit for this task on so many threads: its name and GFLOP/s or GB/s; None if not measured.

        A task that memory limits is held against the bandwidth of the smallest cache that holds its arrays.
        """
        measured = [n for n in machine["limits"] if int(n) <= threads]
        if not measured or not self.flops:
            return None
        limits = machine["limits"][max(measured, key=int)]  # no more threads than CPUs are measured
        if self.computes:
            return f"{self.dtype} peak", limits[self.dtype]
        for level, size in machine["caches"].items():
            shared = 1 if level == "L3" else threads
            if level in limits["add"] and self.bytes <= size * shared:
                return f"{level} bandwidth", limits["add"][level]
        return "memory bandwidth", limits["add"]["memory"]

    def share(self, name: str, machine: Machine) -> tuple[float, str] | None:
        """Of a contestant's rate in the limit on its threads, and that limit's name; None if it is not measured."""
        limit = self.limit(machine, self.contestants[name].threads)
        return (self.rate(name) / limit[1], limit[0]) if limit else None


class ProcessRun(Struct, frozen=True, forbid_unknown_fields=True):
    """Whole processes of one library, from start to the test accuracy asked for; one entry per process."""

    name: Text
    seconds: list[Above0]
    epochs: list[Whole]
    accuracy: list[Number]
    peak: list[Whole]  # bytes of memory
    import_seconds: list[Number]
    installed: Whole  # bytes that pip installed, without those for GPUs
    installed_gpu: Whole

    def __post_init__(self) -> None:
        each = (self.seconds, self.epochs, self.accuracy, self.peak, self.import_seconds)
        if len({len(values) for values in each}) != 1 or not self.seconds:
            raise ValueError("there are not as many of each")


class Results(Struct, forbid_unknown_fields=True):
    machine: Machine  # measure.machine.block
    versions: dict[Text, Text]  # of libraries
    measurements: list[Measurement]
    # name -> [seconds trained, loss, accuracy] after each epoch
    curves: dict[Text, list[Annotated[list[Number], Meta(min_length=3, max_length=3)]]] = {}
    process_runs: list[ProcessRun] = []
    goal: Number = 0.98  # of the process runs
    data: Text = ""  # what was trained on: "MNIST" or "random data"
    made: Text = ""  # date and time, ISO 8601
    quick: bool = False
    notes: list[str] = []  # what was left out, and why
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        if self.made:
            datetime.fromisoformat(self.made)
        if not all("memory" in limits[kind] for limits in self.machine["limits"].values() for kind in ("add", "copy")):
            raise ValueError("a limit of the memory is missing")

    def suite(self, *names: str) -> list[Measurement]:
        return [m for m in self.measurements if m.suite in names]

    def save(self, path: Path) -> None:
        """All or nothing."""
        with replacing(path) as file:
            file.write(self.encoded())

    def encoded(self) -> bytes:
        return msgspec.json.encode(self, enc_hook=_turns) + b"\n"


def read(name: str) -> Results:
    """UserError, which says why, if it cannot be read or is something else."""
    with reading(name, "a results.json of `pynn bench`"):
        if (size := Path(name).stat().st_size) > LARGEST:
            raise ValueError(f"it has {size >> 20} MiB, more than {LARGEST >> 20}")
        return decoded(Path(name).read_bytes())


def decoded(content: bytes) -> Results:
    """ValueError, of which msgspec's are: it is something else."""
    if (schema := msgspec.json.decode(content, type=dict).get("schema")) != SCHEMA:
        raise ValueError(f"schema {schema!r} instead of {SCHEMA}")
    return msgspec.json.decode(content, type=Results, dec_hook=_seconds)


def _seconds(kind: type, turns: Any) -> np.ndarray:
    found = np.array(msgspec.convert(turns, Turns), float)  # None: NaN
    if np.isnan(found).all():
        raise ValueError("there is no time")
    return found


def _turns(seconds: Any) -> list[float | None]:
    return [None if math.isnan(s) else s for s in seconds.tolist()]
