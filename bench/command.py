"""`pynn bench`: measures, prints the tables, and saves results.json, tables.md, pictures and report.html."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from rich.table import Table as RichTable

from pynn._commands import UserError
from pynn._commands.table import show

from .measure.quiet import cpus
from .results import compare, tables
from .results.store import BadFile, Results, load
from .results.tables import Table


def bench(arguments: argparse.Namespace) -> int:
    """Returns 0, or 130 after Ctrl-C, when what was measured is saved. UserError for names that are not there, a folder
    that cannot be written, a missing extra."""
    if arguments.what == "compare":
        return _compare(arguments.first, arguments.second)
    need_extra()
    from . import suites

    results, complete = suites.run(_plan(arguments, suites))
    folder = Path(arguments.output)
    try:
        results.save(folder / "results.json")  # before anything else can fail
        _print(results)
        _publish(results, folder)
    except OSError as error:
        raise UserError(f"cannot write into {folder}: {error.strerror or error}") from None
    return 0 if complete else 130


def need_extra() -> None:
    if find_spec("threadpoolctl") is None:
        raise UserError("the benchmarks need the extra `bench`: pip install 'pynn[bench]'")


def _names(text: str | None, known: tuple[str, ...], what: str) -> tuple[str, ...]:
    """Those named in "a,b", whatever their case, in the order of `known`; all of them without a text."""
    if text is None:
        return known
    wanted = {name.strip().casefold() for name in text.split(",")} - {"", "none"}
    if unknown := sorted(wanted - {name.casefold() for name in known}):
        raise UserError(f"there is no {what} {unknown[0]!r}", f"there are: {', '.join(known)}")
    return tuple(name for name in known if name.casefold() in wanted)


def _plan(arguments: argparse.Namespace, suites):
    from kernels.ladder import LADDER

    quick = arguments.quick
    default = tuple(s for s in suites.SUITES if s != "steps" and not (quick and s == "lives"))
    chosen = _names(arguments.suites, suites.SUITES, "suite") if arguments.suites else default
    operations = _names(arguments.only, tuple(LADDER), "operation") if arguments.only else ()
    if operations and not arguments.suites:
        chosen = ("ladder", "sweep", "scaling")
    if not chosen:
        raise UserError("--suites names no suite", f"there are: {', '.join(suites.SUITES)}")
    plan = suites.Plan(arguments.threads or len(cpus()), quick, chosen, operations)
    # starting the libraries takes longer than all that a quick run measures
    plan.peers = _names(arguments.peers, suites.LIBRARIES, "library") if arguments.peers or not quick else ()
    try:
        Path(arguments.output).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot write into {arguments.output}: {error.strerror}") from None
    return plan


def all_tables(results: Results) -> list[Table]:
    """In the order of the page: machine, ladder, sweeps, scaling, training, lives, small steps."""
    found = [tables.limits(results)] if results.machine["limits"] else []
    for operation, measurements in tables.by_operation(results.suite("ladder")).items():
        found.append(tables.ladder(results, measurements, operation))
    found += [tables.sweep(measurements) for measurements in tables.by_operation(results.suite("sweep")).values()]
    if scaling := results.suite("scaling"):
        found.append(tables.scaling(scaling))
    found += [tables.epochs(results, m) for m in results.suite("training")]
    if results.lives:
        found.append(tables.lives(results))
    if steps := results.suite("steps"):
        found.append(tables.ladder(results, steps, "Small steps").without("rate", "of limit", "times naive"))
    return found


def _print(results: Results) -> None:
    print(tables.conditions(results), *results.notes, sep="\n", end="\n\n")
    for table in all_tables(results):
        _show(table.without("instruction set"))
    print(tables.READING)


def _show(table: Table) -> None:
    rich = RichTable(title=table.title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for i, column in enumerate(table.columns):
        rich.add_column(column, justify="left" if i < table.text_columns else "right")
    last = ""
    for row in table.rows:
        texts = [cell.text for cell in row]
        if table.text_columns > 1 and texts[0] == last:  # each case's name once
            texts[0] = ""
        last = row[0].text
        rich.add_row(*texts)
    show(rich)
    print()


def _compare(first: str, second: str) -> int:
    """Prints what changed; returns 0."""
    try:
        found = compare.compare(load(Path(first)), load(Path(second)))
    except BadFile as error:
        raise UserError(str(error)) from None
    except OSError as error:
        raise UserError(f"cannot read {error.filename}: {error.strerror}") from None
    print(*found.warnings, sep="\n", end="\n" * bool(found.warnings))
    for table in compare.tables(found):
        _show(table)
    print(compare.summary(found))
    return 0


def _publish(results: Results, folder: Path) -> None:
    """tables.md, the pictures, and the page."""
    from .report import page, pictures

    text = "\n\n".join(map(tables.titled, all_tables(results)))
    notes = "\n".join([tables.conditions(results), tables.READING, *results.notes])
    (folder / "tables.md").write_text(f"{notes}\n\n{text}\n", encoding="utf-8")
    drawn, why = [], ""
    try:
        drawn = pictures.pictures(results, folder)
    except ImportError as error:
        why = f"\nwithout pictures: {error}"
    page.write(results, drawn, folder / "report.html")
    names = ["results.json", "tables.md", "report.html", *(f"{p.name}.png, {p.name}.svg" for p in drawn)]
    print(f"\nsaved in {folder}: {', '.join(names)}{why}")
