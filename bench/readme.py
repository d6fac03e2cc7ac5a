"""`make readme`: writes what was measured into README.md, docs/measure/performance.md and the pictures of both.

python -m pynn.bench.readme RESULTS, from the repository's root. RESULTS: a results.json of `pynn bench`, or what
`pytest bench --benchmark-json` saved. README.md holds one pair of markers, between which everything is replaced: the
picture of one ladder and one table beside other libraries. The page has all tables.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pynn.cli.checks import UserError, reading
from pynn.support.atomic import replacing

from .command import all_tables
from .pytest_results import converted
from .report import pictures
from .results import statistics, tables
from .results.statistics import CLOSE
from .results.store import Results, decoded, read

README, PERFORMANCE, PUBLISHED = Path("README.md"), Path("docs/measure/performance.md"), Path("bench/published")
PAGE = ("ladder", "roofline", "sweep_dot_rate", "sweep_add_relu_rate", "scaling", "training")  # its pictures
BESIDE = ("pynn", "NumPy", "PyTorch", "JAX", "Keras")  # the columns of README.md
DOT = "dot 512x512 · 512x512"  # of the picture, too
Times = Sequence[float] | np.ndarray


def beside(results: Results) -> tables.Table:
    """pynn and four others: whole runs, an epoch, size, import and one product; of each other how many times pynn's."""
    runs = {run.name: run for run in results.process_runs}
    titles = {m.title: m for m in results.suite("training", "ladder")}
    epoch = next((m.contestants for m in results.suite("training")), {})
    dot = titles[DOT].contestants if DOT in titles else {}
    backend = results.versions.get("Keras", "").partition(" on ")[2].partition(" ")[0]
    names = {"pynn": titles[DOT].best_rung if dot else None, "Keras": backend}  # of the product
    rows: dict[str, dict[str, Times]] = {
        f"cold start to {results.goal:.0%} on MNIST": {name: run.seconds for name, run in runs.items()},
        "one epoch of it": {name: c.seconds for name, c in epoch.items()},
        "installed": {name: [run.installed] for name, run in runs.items() if run.installed},
        "import": {name: run.import_seconds for name, run in runs.items()},
        DOT: {name: dot[there].seconds for name in BESIDE if (there := names.get(name, name)) in dot},
    }
    return tables.of_rows("", [
        {"": tables.plain(what), **{name: _times_pynn(of, name, what == "installed") for name in BESIDE}}
        for what, of in rows.items()
        if "pynn" in of
    ])  # fmt: skip


def _times_pynn(of: dict[str, Times], name: str, size: bool) -> tables.Cell:
    if name not in of:
        return tables.Cell("")
    each = np.asarray(of[name], float)
    value = float(np.nanmedian(each))
    text = f"{value / 1e6:,.0f} MB" if size else tables.seconds(value).text
    ratio = None if name == "pynn" else statistics.ratio(each, np.asarray(of["pynn"], float))
    told = ratio and not ratio.tie and not ratio.unknown
    return tables.Cell(f"{text}, {'×' if told else ''}{ratio}" if ratio else text, value)


def block(results: Results, drawn: dict[str, pictures.Picture]) -> str:
    """What stands between README.md's markers."""
    with_ = [results.versions[name] for name in BESIDE[1:]]
    epochs = {run.name: np.median(run.epochs) for run in results.process_runs}
    said = (
        f"{tables.conditions(results)} With {', '.join(with_)}, whose dot is its backend's; NumPy's "
        f"network is written by hand, and NumPy is a part of pynn's install, too. Epochs of the cold start: "
        f"{', '.join(f'{name} {epochs[name]:.0f}' for name in BESIDE)}. ×: so many times "
        f"pynn's, with the ends of its interval unless both are within {CLOSE:.0%}. "
        f"[All tables, and how to read them]({PERFORMANCE})."
    )
    return "\n\n".join([image(drawn["ladder"]), tables.markdown(beside(results)), said])


def image(picture: pictures.Picture, above: str = "") -> str:
    return f"![{picture.alt}]({above}{PUBLISHED / picture.svg.name})"


def page(results: Results, drawn: dict[str, pictures.Picture]) -> str:
    head = ["# Performance", tables.conditions(results), f"With {', '.join(results.versions.values())}."]
    head += [f"Made by `make readme`. {tables.READING}", *results.notes]
    images = [image(picture, "../../") for picture in drawn.values()]
    found = [f"## {table.title}\n\n{tables.markdown(table)}" for table in all_tables(results)]
    return "\n\n".join([*head, *images, *found]) + "\n"


def replaced(text: str, name: str, new: str) -> str:
    """The text with `new` between the markers of that name. ValueError without exactly one pair of them."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed or begin in rest or end in before or end in after:
        raise ValueError(f"put the line {begin} and below it the line {end}, once each, where the {name} belongs")
    return f"{before}{begin}\n{new}\n{end}{after}"


def publish(results: Results) -> None:
    """Nothing is written if a marker is missing. README.md and its picture stay if its table would have a gap."""
    text, table = README.read_text(encoding="utf-8"), beside(results)
    with tempfile.TemporaryDirectory() as folder:
        drawn = {p.name: p for p in pictures.pictures(results, Path(folder), PAGE)}
        full = len(table.rows) == 5 and all(cell.text for row in table.rows for cell in row)
        if full and results.versions.keys() >= {*BESIDE[1:]}:
            text = replaced(text, "measured", block(results, drawn))
        else:
            drawn.pop("ladder", None)
            print(f"{README} and its picture stay: not all rows of its table were measured for {', '.join(BESIDE)}")
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
