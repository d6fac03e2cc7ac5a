"""report.html: one file with everything in it, which asks no network for anything. Its markup is in the templates."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pynn.support.atomic import replacing

from ..results import tables
from ..results.budget import budget
from ..results.statistics import three_digits
from ..results.store import PEER, Results
from .listing import MARKS, coloured, mark, others
from .page_rungs import number, rungs, summary
from .pictures import Picture

FOLDER = Path(__file__).parent
# The sections of pictures whose names begin so; an operation's ladder stands with it, others where the ladder begins
PLACES = {"sweep": "sweeps", "scaling": "scaling", "training": "training"}
MACHINE = {"cpu": "CPU", "cpus": "CPUs for this process", "python": "Python", "numpy": "NumPy", "openmp": "OpenMP"}


def write(results: Results, pictures: list[Picture], path: Path) -> None:
    """All or nothing. OSError if it cannot be written, or a picture not be read."""
    with replacing(path) as file:
        file.write(document(results, pictures).encode())


def document(results: Results, pictures: list[Picture]) -> str:
    shown = [(_place(picture.name), picture.alt, b64encode(picture.svg.read_bytes()).decode()) for picture in pictures]
    style, script = ((FOLDER / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return templates().get_template("page.html").render(
        results=results, pictures=shown, machine=_machine(results), ladders=_ladders(results), tables=_tables(results),
        conditions=tables.conditions(results), disturbed=tables.disturbed(results.measurements), reading=tables.READING,
        style=style, script=script, digest=b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )  # fmt: skip


def _place(picture: str) -> str:
    """The id of its section."""
    kind, _, operation = picture.partition("_")
    if kind == "ladder" and operation:
        return "training" if operation == "training" else f"ladder-{operation.replace('_', '-')}"
    return PLACES.get(kind, "ladder")


def templates() -> Environment:
    """Whatever text they are given stays text."""
    files = FileSystemLoader(FOLDER)
    found = Environment(loader=files, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    found.globals["MARKS"] = MARKS
    filters = (coloured, mark, others, number, summary, layout, three_digits)
    found.filters.update({function.__name__: function for function in filters})
    return found


def _machine(results: Results) -> dict[str, str]:
    known: dict[str, Any] = {
        key: value for key, value in results.machine.items() if key not in ("limits", "regions", "array", "no limits")
    }
    sizes = {level: (n / 2**20, "MiB") if n >= 2**20 else (n / 2**10, "KiB") for level, n in known["caches"].items()}
    known["caches"] = ", ".join(f"{level} {size:g} {unit}" for level, (size, unit) in sizes.items())
    rows = {MACHINE.get(name, name[:1].upper() + name[1:]): value or "unknown" for name, value in known.items()}
    rows["Threads measured"] = ", ".join(map(str, sorted({m.threads for m in results.measurements})))
    rows["Beside it"] = ", ".join(text for name, text in results.versions.items() if name not in ("pynn", "NumPy"))
    rows["Trained on"] = results.data
    rows["Measured"] = results.made and f"{datetime.fromisoformat(results.made):%Y-%m-%d %H:%M %Z}".strip()
    return {name: str(text) for name, text in rows.items() if text}


def _ladders(results: Results) -> list[dict[str, Any]]:
    """A table and the rungs of each operation."""
    found = []
    for operation, measurements in tables.by_operation(results.suite("ladder")).items():
        table = tables.ladder(results, measurements, f"The ladder of {operation}")
        rows = [[tables.plain(row[0].text.removeprefix(f"{operation} ")), *row[1:]] for row in table.rows]
        table = replace(table, columns=["case", *table.columns[1:]], rows=rows)
        place, each = f"ladder-{operation.replace('_', '-')}", rungs(operation, measurements)
        found.append({"id": place, "name": operation, "table": table, "rungs": each})
    return found


def _tables(results: Results) -> dict[str, list[tables.Table]]:
    """The others by section, without those that have no rows."""
    ladder, scaling, training, steps = map(results.suite, ("ladder", "scaling", "training", "steps"))
    epochs, calls = [tables.epochs(results, m) for m in training], results.suite("budget")
    found = {
        "machine": [tables.limits(results)],
        "libraries": [tables.libraries(ladder)] if any(m.names(PEER) for m in ladder) else [],
        "sweeps": map(tables.sweep, tables.by_operation(results.suite("sweep")).values()),
        "scaling": [tables.scaling(results, scaling)],
        "training": [
            *epochs,
            tables.process_runs(results),
            tables.steps(results, steps),
            *([budget(results, calls)] if calls else []),
        ],
    }
    return {section: [table for table in group if table.rows] for section, group in found.items()}


def layout(table: tables.Table) -> dict[str, Any]:
    """Two columns of text make groups of rows. What names a row stands first, to stay in sight where others scroll."""
    grouped = table.text_columns > 1
    order = [*range(grouped, -1, -1), *range(1 + grouped, len(table.columns))]
    rows = [[row[i] for i in order] for row in table.rows]
    groups = [(name, list(found)) for name, found in groupby(rows, lambda row: row[1].text if grouped else "")]
    columns = [(table.columns[i], not any(isinstance(row[i].value, str) for row in table.rows)) for i in order]
    return {"columns": columns, "groups": groups, "grouped": grouped, "sortable": len(rows) > 1}
