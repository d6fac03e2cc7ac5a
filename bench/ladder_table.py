"""The ladder as a Markdown table: python bench/ladder_table.py [--readme] [--all] [--threads N]

Prints it, or with --readme writes it into README.md between its markers. Needs the built package and the extra
`bench`.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from cases import CASES, Case
from measure import contestants, interleave, median, ratio, spread, threads
from quiet import cpus
from report import header, seconds, times_faster

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- ladder table: begin -->", "<!-- ladder table: end -->"
HEAD = """| operation, float32 | rung | time | times naive Python | times rung above | times NumPy |
|:--|:--|--:|--:|--:|--:|"""


def rows(case: Case) -> tuple[list[str], float]:
    """Measures the case; one row per rung, slowest first, NumPy's last; and what others took of the CPUs."""
    times, others = interleave(contestants(case))
    lines, above = [], None
    for name, t in times.items():
        title = f"**{case.operation}** {case.label}" if not lines else ""
        over = [
            "" if other is None else times_faster(ratio(times[other], t))
            for other in (
                "naive" if "naive" in times and name != "naive" else None,
                above if name != "NumPy" else None,
                "NumPy" if name != "NumPy" else None,
            )
        ]
        shown = name if name != "NumPy" else "*NumPy*"
        lines.append(f"| {title} | {shown} | {seconds(median(t))} ± {spread(t):.0%} | {' | '.join(over)} |")
        above = name
    return lines, others


def table(cases: list[Case], n: int) -> str:
    lines, most = [], 0.0
    with threads(n):
        for i, case in enumerate(cases):
            print(f"\r[{i + 1}/{len(cases)}] {case.operation} {case.label}\033[K", end="", file=sys.stderr)
            measured, others = rows(case)
            lines += measured
            most = max(most, others)
    print("\r\033[K", end="", file=sys.stderr)
    return "\n".join([header("Rungs of the ladder", n, others=most), HEAD, *lines])


def split(text: str, path: Path) -> tuple[str, str]:
    """What stands before and after the table; SystemExit without exactly one pair of markers."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in before or END in after:
        sys.exit(f"{path.name}: put the line {BEGIN} and below it the line {END}, once each, where the table belongs")
    return before, after


def write(text: str, path: Path) -> None:
    """All or nothing."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.chmod(path.stat().st_mode)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure every rung against NumPy; print or publish the table.")
    parser.add_argument("--readme", action="store_true", help="write the table into README.md between its markers")
    parser.add_argument("--all", action="store_true", help="every case, not only the README's")
    parser.add_argument("--threads", type=int, default=len(cpus()), help="of kernels and BLAS (default: all)")
    args = parser.parse_args()
    if args.threads < 1:
        parser.error(f"--threads is 1 or more, not {args.threads}")
    if args.readme:  # before minutes of measuring
        try:
            split(README.read_text(encoding="utf-8"), README)
        except FileNotFoundError:
            sys.exit(f"there is no {README.name} in the repository's root")
    text = table([case for case in CASES if case.readme or args.all], args.threads)
    if args.readme:
        before, after = split(README.read_text(encoding="utf-8"), README)
        write(f"{before}{BEGIN}\n{text}\n{END}{after}", README)
    else:
        print(text)


if __name__ == "__main__":
    main()
