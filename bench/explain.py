"""`pynn explain dot`: the rungs of an operation as differences between neighbours, with the measured gain."""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path

from rich.syntax import Syntax
from rich.text import Text

from kernels.ladder import LADDER
from pynn._commands import UserError, one_line
from pynn._commands.table import show

from .code.assembly import NoAssembly, inner_loop
from .code.reasons import IDEAS, reason
from .code.sources import sources
from .results.store import BadFile, Measurement, load

CONTEXT = 3  # lines around a change


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
    above = None
    for rung in LADDER[operation]:
        _heading(operation, rung, above, measurements)
        _difference(operation, rung, above)
        if arguments.assembly:
            _assembly(operation, rung)
        above = rung
    return 0


def _read(file: str, operation: str) -> list[Measurement]:
    try:
        found = [m for m in load(Path(file)).suite("ladder") if m.operation == operation]
    except BadFile as error:
        raise UserError(str(error)) from None
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from None
    if not found:
        raise UserError(f"{file} holds no ladder of {operation}", f"measure one: pynn bench --only {operation}")
    return found


def _measure(operation: str) -> list[Measurement]:
    """The cases of a quick run, now."""
    from .command import need_extra

    need_extra()
    from .measure.cases import CASES
    from .measure.quiet import cpus
    from .measure.turns import threads
    from .measure.workers import progress
    from .suites import Plan, measured

    plan = Plan(len(cpus()), quick=True, operations=(operation,))
    found = []
    with threads(plan.threads):
        for case in plan.cases(CASES):
            progress(f"measuring {case.title}")
            found.append(measured(case, "ladder", {}, plan))
    progress("")
    return found


def _heading(operation: str, rung: str, above: str | None, measurements: list[Measurement]) -> None:
    show(Text(f"\n{operation}: {rung} ({IDEAS[rung]})", style="bold"))
    show(Text(reason(operation, rung)))
    for m in measurements:
        if rung not in m.players:
            continue
        text = f"{m.label}: {m.rate(rung):.3g} {m.unit}"
        for other in dict.fromkeys((above, "naive")) if above else ():
            if ratio := m.faster(rung, other):
                text += (
                    f"; as fast as {other}, within the noise" if ratio.tie else f"; {ratio} times as fast as {other}"
                )
        show(Text(f"  {text}", style="green"))


def _difference(operation: str, rung: str, above: str | None) -> None:
    new = sources(operation, rung)
    if above is None:
        for source in new:
            show(Text(f"\n{source.path}:{source.line}", style="dim"))
            show(Syntax(source.text, source.language, theme="ansi_light", background_color="default"))
        return
    old = {source.title: source for source in sources(operation, above)}
    print()
    lines = difflib.unified_diff(
        _lines(list(old.values())), _lines(new), f"{operation} {above}", f"{operation} {rung}", n=CONTEXT, lineterm=""
    )
    text = "\n".join(lines) or f"(the same code as {above})"
    show(Syntax(text, "diff", theme="ansi_light", background_color="default"))


def _lines(found: list) -> list[str]:
    return [line for source in found for line in (f"# {source.path}:{source.line}", *source.text.splitlines(), "")]


def _assembly(operation: str, rung: str) -> None:
    try:
        loop = inner_loop(operation, rung)
    except NoAssembly as error:
        show(Text(f"\n{one_line(str(error))}", style="dim"))
        return
    if loop is None:  # naive
        return
    counts = f", {loop.vector} vector, {loop.fma} FMA, {loop.bits} bits" if loop.counts else ""
    show(Text(f"\n{loop.symbol} in {loop.file}: {len(loop.instructions)} instructions{counts}", style="dim"))
    for instruction in loop.instructions:
        marked = instruction.kind if instruction.kind in ("fma", "vector") else ""
        show(Text(f"{marked:7} {instruction.text}", style="bold" if marked else ""))
