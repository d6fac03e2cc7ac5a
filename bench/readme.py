"""`make readme`: writes what `pynn bench` measured into README.md, and its two pictures into bench/published.

python -m pynn.bench.readme RESULTS.json, from the repository's root. README.md holds two pairs of markers; between
them everything is replaced: the ladder with its pictures, and training beside other libraries.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from pynn.cli.checks import UserError
from pynn.support.atomic import replacing

from .measure.cases import CASES, QUICK, Case
from .report import pictures
from .results import tables
from .results.file import read
from .results.store import NUMPY, RUNG, Results, replace

README, PUBLISHED = Path("README.md"), Path("bench/published")
LADDER, PEERS = "ladder", "peers"
PICTURES = ("ladder", "roofline")
COLUMNS_LEFT_OUT = ("spread", "instruction set", "threads", "verdict")


def ladder(results: Results, drawn: list[pictures.Picture]) -> str:
    """The rungs and NumPy in the largest quick case of each operation, with naive Python and without; the pictures."""
    quick = sorted((case for case in CASES if case.part == QUICK), key=Case.bytes)
    shown = {(case.operation, "naive" in case.rungs()): case.title for case in quick}
    chosen = [m for m in results.suite("ladder") if m.title in shown.values()]
    rungs = [replace(m, contestants={name: m.contestants[name] for name in m.names(RUNG, NUMPY)}) for m in chosen]
    table = tables.ladder(results, rungs, "").without(*COLUMNS_LEFT_OUT)
    images = [f"![{p.alt}]({PUBLISHED / p.svg.name})" for p in drawn]
    parts = [tables.conditions(results), tables.markdown(tables.limits(results)), tables.RATIOS, tables.markdown(table)]
    return "\n\n".join([*parts, *images])


def peers(results: Results) -> str:
    """The operations, epochs and whole processes, beside the libraries that were installed."""
    found = [tables.libraries(results.suite("ladder"))]
    found += [tables.epochs(results, m).without("times naive", "threads") for m in results.suite("training")]
    found += [tables.process_runs(results)] if results.process_runs else []
    versions = f"In the same run as the table above, with {', '.join(results.versions.values())}."
    return "\n\n".join([versions, *map(tables.titled, found)])


def replaced(text: str, name: str, new: str) -> str:
    """The text with `new` between the markers of that name. ValueError without exactly one pair of them."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed or begin in rest or end in before or end in after:
        raise ValueError(f"put the line {begin} and below it the line {end}, once each, where the {name} belongs")
    return f"{before}{begin}\n{new}\n{end}{after}"


def publish(results: Results) -> None:
    """README.md and the pictures. Nothing is written if a marker or a picture is missing."""
    text = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        drawn = [p for p in pictures.pictures(results, Path(folder)) if p.name in PICTURES]
        if len(drawn) < len(PICTURES):
            raise ValueError(f"these results do not give the pictures {' and '.join(PICTURES)}: measure all of them")
        text = replaced(text, LADDER, ladder(results, drawn))
        text = replaced(text, PEERS, peers(results))
        PUBLISHED.mkdir(exist_ok=True)
        for picture in drawn:
            shutil.copyfile(picture.svg, PUBLISHED / picture.svg.name)
    results.save(PUBLISHED / "results.json")
    with replacing(README) as file:
        file.write(text.encode())


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("python -m pynn.bench.readme RESULTS.json")
    try:
        publish(read(sys.argv[1]))
    except (UserError, ValueError, OSError, ImportError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
