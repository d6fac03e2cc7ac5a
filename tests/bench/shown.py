"""What the tests of the report share: results to show, what is hostile in them, and the page taken apart."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

from fake_results import fake_results
from pynn.bench.report.pictures import Picture
from pynn.bench.results.store import NUMPY, RUNG, Contestant, Measurement, ProcessRun, Results, replace

HOSTILE = """</td></script><script>document.title='taken'</script><img src=x onerror="alert(1)">&'`{{7}}{%raw%}$x"""
DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" width="504" height="338" viewBox="0 0 504 338">
<style>*{stroke: #000}</style><path id="a" d="M0 0L504 338"/></svg>"""
NAMES = ("ladder", "roofline", "ladder_relu", "sweep_dot_rate", "scaling", "ladder_training", "training")


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def values(self, name: str) -> list[str]:
        return [value or "" for _, other, value in self.attributes if other == name]


def pictures(folder: Path, text: str = "") -> list[Picture]:
    found = []
    for name in NAMES:
        (folder / f"{name}.svg").write_text(DRAWING)
        svg = folder / f"{name}.svg"
        found.append(Picture(name, f"What {name} shows {text}", folder / f"{name}.png", svg))
    return found


def hostile(results: Results) -> Results:
    """Each text of the results carries markup."""
    bad = HOSTILE

    def contestant(p: Contestant) -> Contestant:
        return p if p.kind in (RUNG, NUMPY) else replace(p, name=p.name + bad, error_unit=bad)

    def measurement(m: Measurement) -> Measurement:
        contestants = {p.name: p for p in map(contestant, m.contestants.values())}
        return replace(m, label=m.label + bad, instruction_set=bad, dtype=m.dtype, contestants=contestants)

    other = replace(results.suite("ladder")[0], operation=f"new{bad}")
    machine = {
        **results.machine,
        "cpu": bad,
        "governor": bad,
        "compiler": bad,
        "instruction set": bad,
        "no limits": bad,
    }
    machine["limits"] = {n: {**row, "add": {**row["add"], bad: 1.0}} for n, row in machine["limits"].items()}
    return replace(
        results,
        machine=machine,
        versions={name + bad: version + bad for name, version in results.versions.items()},
        measurements=[*map(measurement, results.measurements), measurement(other)],
        process_runs=[replace(run, name=run.name + bad) for run in results.process_runs],
        data=bad,
        notes=[bad, "**"],
    )


def complete() -> Results:
    """With whatever the page can show."""
    process_runs = [
        ProcessRun("pynn", [3.5, 2.7, 3.7], [5, 5, 5], [0.981] * 3, [323_000_000] * 3, [0.2] * 3, 96_000_000, 0),
        ProcessRun("Keras", [30.5, 32.7, 33.7], [5, 4, 5], [0.981] * 3, [823_000_000] * 3, [4.2] * 3, 1_096_000_000, 7),
    ]
    return replace(fake_results(), process_runs=process_runs, notes=["JAX was left out: it is not installed."])
