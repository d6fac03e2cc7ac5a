"""The stored run, and the machine code of this build for the instruction set of that run."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path

from pynn.bench.code.assembly import Loop, inner_loop
from pynn.bench.code.machine_code import ISAS, NoAssembly, forms
from pynn.bench.measure.cases import CASES
from pynn.bench.results.store import Results, read

from kernels.ladder import LADDER

RESULTS = Path(__file__).resolve().parents[2] / "bench/published/results.json"


@cache
def stored() -> Results:
    return read(str(RESULTS))


@cache
def instruction_set() -> str:
    """That of the stored run, if this build's leaves were compiled for it, else the widest that they were."""
    wanted = stored().machine["instruction set"]
    with suppress(NoAssembly):
        built = [isa for isa in (wanted, *reversed(ISAS)) if isa in ISAS and forms("leaf", "ipj", 0, isa)]
        return built[0] if built else ISAS[0]
    return wanted if wanted in ISAS else ISAS[0]


def why_absent(operation: str, rung: str) -> str:
    """Why the stored run has no time of a rung of the ladder."""
    labels = [m.label for m in stored().suite("ladder") if m.operation == operation]
    steps = [case.steps for case in CASES if case.operation == operation and case.label in labels]
    long = steps and min(steps) > LADDER[operation][rung].most_steps
    return "a call takes too long" if long else "the rung is newer"


def found_loop(operation: str, rung: str) -> Loop | str | None:
    """The inner loop, or why it cannot be shown; None for one in Python."""
    try:
        return inner_loop(operation, rung, isa=instruction_set())
    except NoAssembly as error:
        return str(error)
