"""`make readme`: writes what was measured into README.md, docs/measure/performance.md and the pictures of both.

python -m pynn.bench.readme RESULTS, from the repository's root. RESULTS: a results.json of `pynn bench`, or what
`pytest bench --benchmark-json` saved. README.md holds two pairs of markers, between which everything is replaced: one
line for each operation and the picture of one ladder, and training beside other libraries. The page has all tables.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from pynn.cli.checks import UserError, reading
from pynn.support.atomic import replacing

from .command import all_tables
from .measure.cases import CASES, QUICK, Case
from .pytest_results import converted
from .report import pictures
from .results import tables
from .results.store import NUMPY, PEER, Results, decoded, read

README, PERFORMANCE, PUBLISHED = Path("README.md"), Path("docs/measure/performance.md"), Path("bench/published")
PAGE = ("ladder", "roofline", "sweep_dot_rate", "sweep_add_relu_rate", "scaling", "training")  # its pictures
SHORT = "Times as fast as naive Python, NumPy and other libraries; below 1 it is slower."


def operations(results: Results) -> tables.Table:
    """One line for each: the public version in its largest quick case that naive Python took part in, if there is."""
    shown: dict[str, Case] = {}
    for case in sorted((case for case in CASES if case.part == QUICK), key=lambda c: ("naive" in c.rungs(), c.bytes())):
        shown[case.operation] = case
    titles = [shown[case.operation].title for case in CASES if shown.get(case.operation) is case]
    found = [m for m in results.suite("ladder") if m.title in titles]
    others = dict.fromkeys(name for m in found for name in ("naive", *m.names(NUMPY, PEER)))
    return tables.of_rows("", [
        {
            "operation": tables.plain(m.title),
            "time": tables.seconds(m.contestants[best].median),
            **{f"times {name}": tables.faster(m, best, name) for name in others},
        }
        for m in found
        if (best := m.best_rung)
    ])  # fmt: skip


def ladder(results: Results, drawn: dict[str, pictures.Picture]) -> str:
    parts = [image(drawn["ladder"])] if "ladder" in drawn else []
    parts += [f"{tables.conditions(results)} {SHORT}", tables.markdown(operations(results))]
    return "\n\n".join([*parts, f"All tables and pictures, and how to read them: [{PERFORMANCE}]({PERFORMANCE})."])


def image(picture: pictures.Picture, above: str = "") -> str:
    return f"![{picture.alt}]({above}{PUBLISHED / picture.svg.name})"


def peers(results: Results) -> str:
    """Epochs and whole processes, beside the libraries that were installed."""
    found = [tables.epochs(results, m).without("times naive", "threads") for m in results.suite("training")]
    found += [tables.process_runs(results)] if results.process_runs else []
    return "\n\n".join([f"With {', '.join(results.versions.values())}.", *map(tables.titled, found)])


def page(results: Results, drawn: dict[str, pictures.Picture]) -> str:
    head = ["# Performance", tables.conditions(results), f"Made by `make readme`. {tables.READING}", *results.notes]
    images = [image(picture, "../../") for picture in drawn.values()]
    return "\n\n".join([*head, *images, *map(tables.titled, all_tables(results))]) + "\n"


def replaced(text: str, name: str, new: str) -> str:
    """The text with `new` between the markers of that name. ValueError without exactly one pair of them."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed or begin in rest or end in before or end in after:
        raise ValueError(f"put the line {begin} and below it the line {end}, once each, where the {name} belongs")
    return f"{before}{begin}\n{new}\n{end}{after}"


def publish(results: Results) -> None:
    """Nothing is written if a marker is missing. What was not measured leaves its part of README.md as it is."""
    text = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        drawn = {p.name: p for p in pictures.pictures(results, Path(folder), PAGE)}
        if results.suite("ladder"):
            text = replaced(text, "ladder", ladder(results, drawn))
        if results.suite("training"):
            text = replaced(text, "peers", peers(results))
        PUBLISHED.mkdir(parents=True, exist_ok=True)
        PERFORMANCE.parent.mkdir(parents=True, exist_ok=True)
        for picture in drawn.values():
            shutil.copyfile(picture.svg, PUBLISHED / picture.svg.name)
        with replacing(PERFORMANCE) as file:
            file.write(page(results, drawn).encode())
    results.save(PUBLISHED / "results.json")
    with replacing(README) as file:
        file.write(text.encode())


def load(name: str) -> Results:
    """UserError, which says why, if it is neither."""
    with reading(name, "a JSON of `pynn bench` or `pytest bench`"):
        content = json.loads(Path(name).read_bytes())
        if "benchmarks" in content:
            return decoded(converted(content).encoded())  # checked, as results.json is
    return read(name)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("python -m pynn.bench.readme RESULTS")
    try:
        publish(load(sys.argv[1]))
    except (UserError, ValueError, OSError, ImportError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
