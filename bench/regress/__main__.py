"""The command. Exit code 0: nothing is slower; 1: something is; 2: there was nothing to compare."""

from __future__ import annotations

import argparse
import sys

import numpy as np

from pynn.cli.checks import UserError

from ..measure.cases import CASES, RUNGS, Case
from ..measure.progress import progress
from ..measure.workers import WorkerFailed
from ..results.tables import Cell, Table, markdown, number, plain, seconds
from .builds import builds
from .pairs import Times, measure
from .verdicts import FASTER, FEWEST, SAME, SLOWER, UNSURE, Change, change

LARGEST = 20e6  # bytes of a case: larger ones measure the machine's memory
ROUNDS = 5  # turns of each in one pair of processes: more pairs tell more than more turns
# What looks slower is measured again, so often and with so many times the pairs, fresh ones, which alone decide: among
# this many cases chance finds one once, and the same one again, but hardly a third time.
CONFIRMED, AGAIN = 2, 2


def main(arguments: list[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    try:
        cases = _cases(chosen.only)
        sides = builds(chosen.revision)
        notes: list[str] = []
        times = measure(sides, cases, chosen.threads, chosen.pairs, ROUNDS, notes)
        changes = {case: change(pairs) for case, pairs in times.items()}
        for _ in range(CONFIRMED):
            again = [case for case, found in changes.items() if found.suspect(chosen.threshold)]
            if not again:
                break
            print(f"measured again: {'; '.join(case.title for case in again)}", file=sys.stderr)
            fresh = measure(sides, again, chosen.threads, AGAIN * chosen.pairs, ROUNDS, notes)
            times |= fresh
            changes |= {case: change(pairs) for case, pairs in fresh.items()}
        if not changes:
            raise UserError("there is nothing to compare", *notes)
    except (UserError, WorkerFailed) as error:
        progress("")
        print("bench-check:", *error.args if isinstance(error, UserError) else [error], sep="\n  ", file=sys.stderr)
        return 2
    verdicts = {case: found.verdict(chosen.threshold) for case, found in changes.items()}
    print(f"head, the working tree, beside base, {chosen.revision}; {chosen.threads} thread(s)\n")
    print(markdown(_table(times, changes, verdicts)), *notes, sep="\n")
    print(_summary(changes, verdicts))
    return int(SLOWER in verdicts.values())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bench-check",
        description="Is the working tree, uncommitted changes included, slower than a revision? Both are built, in "
        "build/bench-check/, and take turns. Exit code 0: nothing is slower, 1: something is, 2: not compared.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("revision", help="a commit, branch or tag, HEAD~1 for one")
    add("--only", metavar="A,B", help="of the operations (default: all)")
    # threads that wait for each other feel every neighbour on the machine
    add("--threads", type=_at_least(1), default=1, metavar="N", help="of the kernels and of NumPy (default: 1)")
    add("--threshold", type=_share, default=0.08, metavar="SHARE", help="what counts as slower (default: 0.08)")
    add("--pairs", type=_at_least(FEWEST), default=FEWEST, metavar="N",
        help=f"of processes, {FEWEST} (the default) or more; twice as many for what looks slower")  # fmt: skip
    return parser


def _at_least(least: int):
    def whole(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number of {least} or more")
        return int(text)

    return whole


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 10:
        raise argparse.ArgumentTypeError(f"{text!r} is no share above 0, such as 0.08 for 8%")
    return value


def _cases(only: str | None) -> list[Case]:
    wanted = {name.strip() for name in only.split(",")} if only is not None else set(RUNGS)
    if unknown := sorted(wanted - set(RUNGS)):
        raise UserError(f"there is no operation {unknown[0]!r}; there are: {', '.join(RUNGS)}")
    return [case for case in CASES if case.operation in wanted and case.bytes() <= LARGEST and not case.reuse]


def _table(times: Times, changes: dict[Case, Change], verdicts: dict[Case, str]) -> Table:
    columns = ["operation", "verdict", "base", "head", "base, times NumPy", "head, times NumPy", "head / base",
               "95% interval", "pairs"]  # fmt: skip
    table = Table("", columns, text_columns=2)
    for case, found in changes.items():
        base, head, numpy = (np.concatenate([pair[name] for pair in times[case]]) for name in ("base", "head", "NumPy"))
        table.rows.append([
            plain(case.title),
            plain(verdicts[case]),
            seconds(float(np.nanmedian(base))),
            seconds(float(np.nanmedian(head))),
            number(float(np.nanmedian(numpy / base))),
            number(float(np.nanmedian(numpy / head))),
            Cell(f"{found.value:.3f}", found.value),
            Cell(f"{found.low:.3f} to {found.high:.3f}", found.low),
            Cell(str(len(times[case])), len(times[case])),
        ])  # fmt: skip
    return table


def _summary(changes: dict[Case, Change], verdicts: dict[Case, str]) -> str:
    counts = ", ".join(f"{list(verdicts.values()).count(word)} {word}" for word in (SLOWER, FASTER, SAME, UNSURE))
    slower = [f"{case.title} {changes[case].value:.3f}" for case, word in verdicts.items() if word == SLOWER]
    return f"\n{counts}" + f"; slower, head / base: {'; '.join(slower)}" * bool(slower)


if __name__ == "__main__":
    sys.exit(main())
