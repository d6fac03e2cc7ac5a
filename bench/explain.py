"""`pynn explain dot`: the rungs of an operation as differences between neighbours, with the measured gain."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator

from rich.syntax import Syntax
from rich.text import Text

from kernels.cpus import cpu_count
from kernels.ladder import LADDER
from pynn.cli.checks import UserError, one_line
from pynn.cli.table import show

from .code.assembly import inner_loop
from .code.machine_code import NoAssembly
from .code.reasons import reason
from .code.sources import Source, sources
from .results import tables
from .results.file import read
from .results.store import Measurement

CONTEXT = 3  # lines around a change
ADDING = ("parallel", "sparse")  # they call the rung below, or its inner loop


def explain(arguments: argparse.Namespace) -> int:
    """Prints it; returns 0. UserError for an operation that is not there, and for a file that cannot be read."""
    operation = arguments.operation
    if operation == "list":
        print("\n".join(f"{name:22} {', '.join(rungs)}" for name, rungs in LADDER.items()))
        return 0
    if operation not in LADDER:
        near = difflib.get_close_matches(operation, LADDER, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise UserError(f"there is no operation {operation!r}{hint}", f"there are: {', '.join(LADDER)}")
    measurements = _read(arguments.results, operation) if arguments.results else _measure(operation)
    below = None
    for rung in LADDER[operation]:
        _heading(operation, rung, below, measurements)
        _difference(operation, rung, below)
        if arguments.assembly:
            _assembly(operation, rung)
        below = rung
    return 0


def _read(file: str, operation: str) -> list[Measurement]:
    found = [m for m in read(file).suite("ladder") if m.operation == operation]
    if not found:
        raise UserError(f"{file} holds no ladder of {operation}", f"measure one: pynn bench --only {operation}")
    return found


def _measure(operation: str) -> list[Measurement]:
    """The cases of a quick run, now."""
    from .measure.cases import CASES
    from .measure.progress import progress
    from .measure.turns import threads
    from .plan import Plan
    from .suites import measured

    plan = Plan(cpu_count(), quick=True, operations=(operation,))
    found = []
    with threads(plan.threads):
        for case in plan.cases(CASES):
            progress(f"measuring {case.title}")
            found += measured(case, "ladder", {}, plan)
    progress("")
    print(f"Measured with {plan.threads} thread(s), in turns.{tables.disturbed(found)}")
    return found


def _heading(operation: str, rung: str, below: str | None, measurements: list[Measurement]) -> None:
    show(Text(f"\n{operation}: {rung} ({LADDER[operation][rung].idea})", style="bold"))
    show(Text(reason(operation, rung)))
    for m in measurements:
        if rung in m.contestants:
            text = "; ".join([f"{tables.seconds(m.contestants[rung].median).text}", *_gains(m, rung, below)])
            show(Text(f"  {m.label}: {text}", style="green"))


def _gains(m: Measurement, rung: str, below: str | None) -> Iterator[str]:
    """Over the rung below, and over naive Python."""
    for other in dict.fromkeys((below, "naive")) if below else ():
        ratio = m.faster(rung, other)
        if ratio is None:
            continue
        if ratio.unknown:
            yield f"{ratio.text} times {other}: cannot tell"
        else:
            yield f"as fast as {other}" if ratio.tie else f"{ratio} times as fast as {other}"


def _difference(operation: str, rung: str, below: str | None) -> None:
    """A new inner loop as a difference from the one that it replaces; what a rung adds to that below, as added."""
    new = sources(operation, rung)
    if below is None:
        for source in new:
            show(Text(f"\n{source.path}:{source.line}", style="dim"))
            show(Syntax(source.text, source.language, theme="ansi_light", background_color="default", word_wrap=True))
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


def _assembly(operation: str, rung: str) -> None:
    try:
        loop = inner_loop(operation, rung)
    except NoAssembly as error:
        show(Text(f"\n{one_line(str(error))}", style="dim"))
        return
    if loop is None:  # naive
        return
    counts = f", {loop.vector} vector, {loop.fma} FMA, {loop.bits} bits"
    show(Text(f"\n{loop.symbol} in {loop.file}: {len(loop.instructions)} instructions{counts}", style="dim"))
    for instruction in loop.instructions:
        marked = instruction.kind if instruction.kind in ("fma", "vector") else ""
        show(Text(f"{marked:7} {instruction.text}", style="bold" if marked else ""))
