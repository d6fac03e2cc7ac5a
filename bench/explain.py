"""`pynn explain dot`: the rungs of an operation as differences between neighbours, with the measured gain."""

from __future__ import annotations

import argparse
import difflib
from contextlib import closing

from rich.syntax import Syntax
from rich.text import Text

from kernels.cpus import cpu_count
from kernels.ladder import LADDER
from pynn.cli.checks import UserError, known, one_line
from pynn.cli.table import show

from .code.assembly import Loop, inner_loop
from .code.machine_code import NoAssembly
from .code.reasons import reason
from .code.sources import Source, sources
from .measure.cases import CASES
from .measure.progress import progress
from .measure.turns import threads
from .measure.workers import WorkerFailed
from .own.functions import Named, named
from .own.race import Own, racing
from .plan import Plan
from .results import tables
from .results.store import Measurement, read
from .results.terminal import print_lines
from .results.told import beside, of_own
from .suites import measured

CONTEXT = 3  # lines around a change
ADDING = ("parallel", "sparse")  # they call the rung below, or its inner loop


def explain(arguments: argparse.Namespace) -> int:
    """Prints it; returns 0, or 1 if a function of --rung failed. UserError for an operation that is not there, and for
    a file that cannot be read."""
    operation = arguments.operation
    if operation == "list":
        print("\n".join(f"{name:22} {', '.join(rungs)}" for name, rungs in LADDER.items()))
        return 0
    known(operation, LADDER, "operation")
    own = named(arguments.rung, LADDER[operation])
    plan = Plan(cpu_count(), quick=True, operations=(operation,), own=dict(own))
    measurements = _read(arguments.results, operation) if arguments.results else _measure(plan)
    print_lines(*plan.notes)
    below = None
    for rung, record in LADDER[operation].items():
        show(Text(f"\n{operation}: {rung} ({record.idea})", style="bold"))
        show(Text(reason(operation, rung)))
        for m in measurements:
            if rung in m.contestants:
                text = beside(m, rung, dict.fromkeys((below, "naive") if below else ()))
                show(Text(f"  {m.label}: {text}", style="green"))
        _difference(operation, rung, below)
        if arguments.assembly:
            _loop(_inner_loop(operation, rung))
        below = rung
    for name, one in own.items():
        _own(name, one, plan, measurements, arguments.assembly)
    return int(plan.failed)


def _read(file: str, operation: str) -> list[Measurement]:
    found = [m for m in read(file).suite("ladder") if m.operation == operation]
    if not found:
        raise UserError(f"{file} holds no ladder of {operation}", f"measure one: pynn bench --only {operation}")
    return found


def _measure(plan: Plan) -> list[Measurement]:
    """The cases of a quick run, now."""
    found = []
    with threads(plan.threads), racing(plan, plan.threads) as own:
        for case in plan.cases(CASES):
            progress(f"measuring {case.title}")
            found += measured(case, "ladder", {}, plan, own)
    progress("")
    print(f"Measured with {plan.threads} thread{'s' * (plan.threads > 1)}, in turns.{tables.disturbed(found)}")
    return found


def _own(name: str, one: Named, plan: Plan, measurements: list[Measurement], machine_code: bool) -> None:
    """A function of the user's: its times beside those of the rungs that it stands between, its source, its loop."""
    (operation,) = plan.operations
    show(Text(f"\n{operation}: {name} ({one.text})", style="bold"))
    for m in measurements:
        if name in m.contestants:
            show(Text(f"  {m.label}: {of_own(m, name)}", style="green"))
    try:
        with closing(Own(name, one, plan.threads)) as worker:
            found = worker.call("sources").value
            loop = worker.call("loop", operation).value if machine_code else None
    except WorkerFailed as error:
        show(Text(f"It cannot be shown: {error}."))
        plan.failed = True
        return
    for source in found:
        _source(source)
    if not found:
        show(Text("Its source is not at hand.", style="dim"))
    _loop(loop)


def _difference(operation: str, rung: str, below: str | None) -> None:
    """A new inner loop as a difference from the one that it replaces; what a rung adds to that below, as added."""
    new = sources(operation, rung)
    if below is None:
        for source in new:
            _source(source)
        return
    old = sources(operation, below)
    same = [source for source in old if source in new or rung in ADDING]
    removed, added = ([s for s in side if s not in same] for side in (old, new))
    if same:
        show(Text(f"\nas before: {', '.join(f'{s.title} ({s.path}:{s.line})' for s in same)}", style="dim"))
    names = f"{operation} {below}", f"{operation} {rung}"
    lines = list(difflib.unified_diff(_lines(removed), _lines(added), *names, n=CONTEXT, lineterm=""))
    if lines:
        print()
        show(Syntax("\n".join(lines), "diff", theme="ansi_light", background_color="default", word_wrap=True))


def _lines(found: list[Source]) -> list[str]:
    return [line for source in found for line in (f"# {source.path}:{source.line}", *source.text.splitlines(), "")]


def _source(source: Source) -> None:
    show(Text(f"\n{source.path}:{source.line}", style="dim"))
    show(Syntax(source.text, source.language, theme="ansi_light", background_color="default", word_wrap=True))


def _inner_loop(operation: str, rung: str) -> Loop | str | None:
    try:
        return inner_loop(operation, rung)
    except NoAssembly as error:
        return str(error)


def _loop(loop: Loop | str | None) -> None:
    """The loop, or why it is not known; nothing of one in Python."""
    if loop is None:
        return
    if isinstance(loop, str):
        show(Text(f"\n{one_line(loop)}", style="dim"))
        return
    counts = f", {loop.vector} vector, {loop.fma} FMA, {loop.bits} bits"
    show(Text(f"\n{loop.symbol} in {loop.file}: {len(loop.instructions)} instructions{counts}", style="dim"))
    for instruction in loop.instructions:
        marked = instruction.kind if instruction.kind in ("fma", "vector") else ""
        show(Text(f"{marked:7} {instruction.text}", style="bold" if marked else ""))
