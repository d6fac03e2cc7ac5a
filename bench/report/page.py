"""report.html: one file with everything in it, which asks no network for anything."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from pynn.support.atomic import replacing

from ..results import tables
from ..results.store import PEER, Measurement, Results
from . import listing, page_rungs
from .page_tables import html, pairs
from .pictures import Picture

FOLDER = Path(__file__).parent
# Pictures of these names stand in the sections of these ids; the others in the first, where the ladder begins.
PLACES = {"sweep": "sweeps", "scaling": "scaling", "training": "training"}
MACHINE = {"cpu": "CPU", "cpus": "CPUs for this process", "python": "Python", "numpy": "NumPy", "openmp": "OpenMP"}


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    body: str
    parts: tuple[tuple[str, str], ...] = ()  # id and title of what the contents list below it


def write(results: Results, pictures: list[Picture], path: Path) -> None:
    """All or nothing. OSError if it cannot be written, or a picture not be read."""
    text = document(results, pictures)
    with replacing(path) as file:
        file.write(text.encode())


def document(results: Results, pictures: list[Picture]) -> str:
    shown: dict[str, list[Picture]] = {}
    for picture in pictures:
        shown.setdefault(PLACES.get(re.split(r"[^a-z]", picture.name)[0], "ladder"), []).append(picture)
    parts = list(_sections(results, {place: _gallery(found) for place, found in shown.items()}))
    script = (FOLDER / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # Besides what is inline here, nothing runs and nothing is loaded, whatever a label or an error message holds.
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    sections = "\n".join(
        f'<section id="{part.id}">\n<h2>{escape(part.title)}</h2>\n{part.body}\n</section>' for part in parts
    )
    return f"""<!doctype html>
<html lang=en>
<head>
<meta charset=utf-8>
<meta http-equiv=Content-Security-Policy content="{policy}">
<meta name=viewport content="width=device-width, initial-scale=1">
<meta name=color-scheme content="light dark">
<title>{escape(_title(results))}</title>
<style>
{(FOLDER / "page.css").read_text(encoding="utf-8")}</style>
</head>
<body>
<header>
<h1>{escape(_title(results))}</h1>
<p class=conditions>{_conditions(results)}</p>
</header>
<nav aria-label=Contents>
{_contents(parts)}
</nav>
<main>
{sections}
</main>
<script>{script}</script>
</body>
</html>
"""


def _title(results: Results) -> str:
    return f"Kernels on {results.machine['cpu']}{', a quick run' * results.quick}"


def _conditions(results: Results) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escape(tables.conditions(results)))


def _contents(parts: list[Section]) -> str:
    lines = []
    for part in parts:
        below = "".join(f'<li><a href="#{escape(name)}">{escape(title)}</a>' for name, title in part.parts)
        lines.append(f'<li><a href="#{part.id}">{escape(part.title)}</a>' + f"<ul>{below}</ul>" * bool(below))
    return f"<ul>\n{chr(10).join(lines)}\n</ul>"


def _sections(results: Results, pictures: dict[str, str]) -> Iterator[Section]:
    yield Section("reading", "How to read this page", _reading())
    yield Section("machine", "The machine", _machine(results))
    if results.notes:
        items = "\n".join(f"<li>{escape(note)}" for note in results.notes)
        yield Section("notes", "What was left out", f"<ul class=notes>\n{items}\n</ul>")
    ladders = tables.by_operation(results.suite("ladder"))
    if ladders or "ladder" in pictures:
        yield _ladders(results, ladders, pictures.get("ladder", ""))
    if any(m.names(PEER) for found in ladders.values() for m in found):
        yield Section("libraries", "Beside other libraries", html(tables.libraries(results.suite("ladder"))))
    sweeps = [html(tables.sweep(found)) for found in tables.by_operation(results.suite("sweep")).values()]
    scaling = [html(tables.scaling(found))] if (found := results.suite("scaling")) else []
    training = [html(tables.epochs(results, m)) for m in results.suite("training")]
    if results.process_runs:
        training.append(html(tables.process_runs(results)))
    if steps := results.suite("steps"):
        training.append(html(tables.steps(results, steps)))
    for name, title, shown in (
        ("sweeps", "Sweeps over sizes", sweeps),
        ("scaling", "Scaling over threads", scaling),
        ("training", "Training", training),
    ):
        if shown or name in pictures:
            yield Section(name, title, "\n".join([pictures.get(name, ""), *shown]))


def _reading() -> str:
    marks = ", ".join(f"{listing.mark(kind)} {name}" for kind, (_, name) in listing.MARKS.items())
    return f"""<p>{escape(tables.READING)}</p>
<p>Below each table stand the rungs of its ladder, one change each: open one to see its source beside the machine code
of its inner loop, where letters mark {marks}.</p>
<p>A header sorts its table: upwards, downwards, and back to the order of the ladder.</p>"""


def _machine(results: Results) -> str:
    rows = {}
    for key, value in results.machine.items():
        if key not in ("limits", "array", "no limits"):
            rows[MACHINE.get(key, key[:1].upper() + key[1:])] = _machine_text(key, value)
    threads = sorted({m.threads for m in results.measurements})
    if threads:
        rows["Threads measured"] = ", ".join(map(str, threads))
    if libraries := [text for name, text in results.versions.items() if name not in ("pynn", "NumPy")]:
        rows["Beside it"] = ", ".join(libraries)
    if results.data:
        rows["Trained on"] = results.data
    if results.made:
        rows["Measured"] = datetime.fromisoformat(results.made).strftime("%Y-%m-%d %H:%M %Z").strip()
    body = pairs("Machine and build", rows)
    if results.machine["limits"]:
        body += f"\n{html(tables.limits(results))}"
    if missing := results.machine.get("no limits"):
        body += f"\n<p class=missing>The limits of this machine were not measured: {escape(str(missing))}.</p>"
    return body


def _machine_text(key: str, value: Any) -> str:
    if key == "caches":
        return ", ".join(f"{level} {_size(size)}" for level, size in value.items()) or "not told by the system"
    if key == "governor":
        return str(value or "not told by the system")
    return str(value)


def _size(size: int) -> str:
    return f"{size / 2**20:g} MiB" if size >= 1 << 20 else f"{size / 1024:g} KiB"


def _ladders(results: Results, ladders: dict[str, list[Measurement]], pictures: str) -> Section:
    body, parts = [pictures, "<p class=all-rungs></p>"], []
    for operation, found in ladders.items():
        name = f"ladder-{operation.replace('_', '-')}"
        table = tables.ladder(results, found, operation)
        cases = [[tables.plain(m.label)] for m in found for _ in m.contestants]
        rows = [case + row[1:] for case, row in zip(cases, table.rows, strict=True)]
        table = tables.Table(f"The ladder of {operation}", ["case", *table.columns[1:]], rows, table.text_columns)
        code = page_rungs.rungs(operation, found, name)
        body.append(f'<section id="{escape(name)}">\n<h3>{escape(operation)}</h3>\n{html(table)}\n{code}\n</section>')
        parts.append((name, operation))
    return Section("ladder", "The ladder", "\n".join(body), tuple(parts))


def _gallery(pictures: list[Picture]) -> str:
    return f"<div class=pictures>\n{chr(10).join(map(_figure, pictures))}\n</div>"


def _figure(picture: Picture) -> str:
    content = base64.b64encode(picture.svg.read_bytes()).decode()
    return f'<figure class=picture><img alt="{escape(picture.alt)}" src="data:image/svg+xml;base64,{content}"></figure>'
