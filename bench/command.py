"""`pynn bench`: measures, prints tables, and saves results.json, results.csv, tables.md, pictures and report.html."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kernels.cpus import cpu_count
from kernels.ladder import LADDER
from pynn.cli.checks import UserError, capped_threads, known, writable_folder
from pynn.cli.stopping import exit_code
from pynn.support.atomic import replacing

from .measure.cases import CASES, SCALING, SWEEPS
from .measure.progress import note
from .own.functions import named
from .plan import SUITES, Plan
from .report import page, pictures
from .results import compare, rows, tables
from .results.budget import budget
from .results.store import OWN, PEER, Results, read
from .results.tables import Table
from .results.terminal import print_lines, print_table
from .results.told import of_own
from .suites import LIBRARIES, begun, measure

PREVIOUS = "results.previous.json"  # what the last run into the same folder measured


def bench(arguments: argparse.Namespace) -> int:
    """Returns 0, 1 if a function of --rung failed, or the exit code of what stopped it, when what was measured is
    saved. UserError for names that are not there, a folder that cannot be written, a missing extra, wrong values."""
    if arguments.what == "compare":
        options = ("quick", "all", "only", "rung", "suites", "peers", "threads", "wait_quiet")
        given = [name for name in options if getattr(arguments, name)]
        if given:
            raise UserError(f"compare measures nothing: leave out --{given[0].replace('_', '-')}")
        return _compare(arguments.first, arguments.second, arguments.fail_slower)
    plan, folder, code = _plan(arguments), Path(arguments.output), 0
    results = begun(plan)
    try:
        measure(plan, results)
    except KeyboardInterrupt as stop:
        if not (results.measurements or results.process_runs):
            raise
        note(plan.notes, "Interrupted: the rest was not measured.")
        code = exit_code(stop)
    except AssertionError as error:
        raise UserError(f"wrong values: {error}") from None
    finally:
        if results.measurements or results.process_runs:
            _save(results, folder)
    print_lines(tables.conditions(results), "")
    for table in all_tables(results, by_case=True):
        print_table(table.without("instruction set"))
    print_lines(tables.READING, "")
    for m in results.suite("ladder"):
        print_lines(*(f"{name}, {m.title}: {of_own(m, name, results.machine)}." for name in m.names(OWN)))
    print_lines(*results.notes, f"saved in {folder}; open {folder / 'report.html'}")
    return code or int(plan.failed)


def _names(text: str | None, there: tuple[str, ...], what: str) -> tuple[str, ...]:
    """Those named in "a,b", whatever their case, in the order of `there`; all of them without a text. UserError if a
    name is not there, or none is given."""
    if text is None:
        return there
    wanted = {name.strip().casefold() for name in text.split(",")} - {""}
    unknown = sorted(wanted - {name.casefold() for name in there})
    if unknown or not wanted:
        known(unknown[0] if unknown else text, there, what)
    return tuple(name for name in there if name.casefold() in wanted)


def _plan(arguments: argparse.Namespace) -> Plan:
    by_case = {"ladder": CASES, "sweep": SWEEPS, "scaling": SCALING}  # the suites that --only chooses from
    quick, only = arguments.quick, arguments.only
    chosen = tuple(s for s in SUITES if s != "steps" and not (quick and s == "processes"))
    if arguments.suites is not None:
        chosen = _names(arguments.suites, SUITES, "suite")
    elif only is not None:
        chosen = tuple(by_case)
    operations = () if only is None else _names(only, tuple(LADDER), "operation")
    if operations and (others := [suite for suite in chosen if suite not in by_case]):
        raise UserError(f"--only does not choose among {', '.join(others)}: leave out one of the two options")
    peers = () if arguments.peers == "none" else _names(arguments.peers, LIBRARIES, "library")
    if quick and arguments.peers is None:  # starting the libraries takes longer than all that a quick run measures
        peers = ()
    threads = capped_threads(arguments) or cpu_count()
    if arguments.rung and not operations:
        raise UserError("--rung needs --only OPERATION: what does it compute?", f"there are: {', '.join(LADDER)}")
    own = named(arguments.rung, {*LIBRARIES, "NumPy", *(rung for name in operations for rung in LADDER[name])})
    plan = Plan(
        threads, quick, chosen, operations, peers, wait=arguments.wait_quiet, own=own, every=arguments.all
    )  # fmt: skip
    if operations and not any(plan.cases(by_case[suite]) for suite in chosen):
        raise UserError(f"{', '.join(chosen)}: no case of {', '.join(operations)}", "leave out --suites, or --quick")
    writable_folder(arguments.output)  # before the measuring, not after it
    return plan


def all_tables(results: Results, by_case: bool = False) -> Iterator[Table]:
    """In the order of the page: machine, ladder (a table for each operation, or each case) and libraries, sweeps,
    scaling, training, process runs, small steps, a step's budget."""
    if results.machine["limits"]:
        yield tables.limits(results)
    ladders = results.suite("ladder")
    if by_case:
        for m in ladders:
            yield tables.ladder(results, [m], f"{m.title}{', disturbed' * m.disturbed}").without("operation")
    else:
        yield from (tables.ladder(results, group, title) for title, group in tables.by_operation(ladders).items())
    if any(m.names(PEER) for m in ladders):
        yield tables.libraries(ladders)
    yield from map(tables.sweep, tables.by_operation(results.suite("sweep")).values())
    if scaling := results.suite("scaling"):
        yield tables.scaling(results, scaling)
    yield from (tables.epochs(results, m) for m in results.suite("training"))
    if results.process_runs:
        yield tables.process_runs(results)
    if steps := results.suite("steps"):
        yield tables.steps(results, steps)
    if calls := results.suite("budget"):
        yield budget(results, calls)


def _compare(first: str, second: str, fail_slower: float | None) -> int:
    """Prints what changed; returns 1 if something is slower by more than fail_slower, else 0."""
    found = compare.compare(read(first), read(second))
    print_lines(*found.warnings)
    for table in compare.tables(found):
        print_table(table)
    print_lines(compare.summary(found))
    if fail_slower is None:
        return 0
    if all(change.verdict == compare.UNKNOWN for change in found.changes):
        raise UserError("nothing could be compared: measure on a calmer machine, or with --wait-quiet")
    slower = found.slower_by(fail_slower)
    names = ", ".join(f"{change.name} in {change.what}" for change in slower) or "nothing"
    print_lines(f"Slower by more than {fail_slower:.0%} beyond the interval: {names}.")
    return 1 if slower else 0


def _save(results: Results, folder: Path) -> None:
    """results.json first, whatever happens then: tables.md, the pictures and the page."""
    try:
        folder.mkdir(parents=True, exist_ok=True)  # it may have gone meanwhile
        with suppress(FileNotFoundError):  # a copy: at any moment there is a results.json
            last = (folder / "results.json").read_bytes()
            with replacing(folder / PREVIOUS) as file:
                file.write(last)
        results.save(folder / "results.json")
        drawn = []
        try:
            drawn = pictures.pictures(results, folder)
        except ImportError as error:
            note(results.notes, f"Without pictures: {error}.")
        text = "\n\n".join(map(tables.titled, all_tables(results)))
        notes = "\n".join([tables.conditions(results), tables.READING, *results.notes])
        for name, content in (("tables.md", f"{notes}\n\n{text}\n"), ("results.csv", rows.text(results))):
            with replacing(folder / name) as file:
                file.write(content.encode())
        page.write(results, drawn, folder / "report.html")
    except OSError as error:
        raise UserError(f"cannot write into {folder}: {error.strerror or error}") from None
