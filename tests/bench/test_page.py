"""The HTML report, as text."""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from fake_results import MACHINE, without
from pynn.bench.code.assembly import Loop
from pynn.bench.code.instructions import Instruction
from pynn.bench.code.machine_code import NoAssembly
from pynn.bench.code.sources import Source
from pynn.bench.measure import machine
from pynn.bench.measure.patience import Patience
from pynn.bench.report import listing, page, page_rungs
from pynn.bench.results import tables
from pynn.bench.results.statistics import Ratio
from pynn.bench.results.store import RUNG, Contestant, Measurement, Results, replace
from pynn.bench.results.tables import Cell, Table
from shown import HOSTILE, NAMES, Page, complete, hostile, pictures

from kernels.ladder import LADDER


@pytest.fixture(scope="module")
def results() -> Results:
    return complete()


@pytest.fixture(scope="module")
def written(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    page.write(results, pictures(folder), folder / "report.html")
    return folder / "report.html"


def test_it_is_one_file_that_loads_nothing(written: Path) -> None:
    found = Page(written.read_text())
    assert written.stat().st_size < 5e6
    assert {path.suffix for path in written.parent.iterdir()} == {".html", ".svg"}  # nothing partial is left
    assert not found.tags.keys() & {"link", "iframe", "object", "embed", "base", "form"}
    assert found.tags["script"] == 1 and found.tags["style"] == 1
    assert all(src.startswith("data:image/svg+xml;base64,") for src in found.values("src"))
    assert all(href.startswith("#") for href in found.values("href"))
    assert not [name for _, name, _ in found.attributes if name.startswith("on")]
    style = written.read_text().split("<style>")[1].split("</style>")[0]
    assert "url(" not in style and "@import" not in style
    policy = next(v for v in found.values("content") if "default-src" in v)
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_ids_are_unique_and_anchors_resolve(written: Path, results: Results) -> None:
    found = Page(written.read_text())
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    anchors = [href.removeprefix("#") for href in found.values("href")]
    assert set(anchors) <= set(ids)
    operations = list(tables.by_operation(results.suite("ladder")))
    assert anchors == [
        "reading", "machine", "notes", "ladder", *(f"ladder-{name.replace('_', '-')}" for name in operations),
        "libraries", "sweeps", "scaling", "training",
    ]  # fmt: skip


def test_it_holds_every_table_and_rung(written: Path, results: Results) -> None:
    text = written.read_text()
    found = Page(text)
    ladder = results.suite("ladder")
    operations = tables.by_operation(ladder)
    assert text.count("<details class=rung ") == sum(len(LADDER[operation]) for operation in operations) > 40
    # ladders, libraries, sweeps, scaling, epochs, process runs, machine and limits
    expected = len(operations) + 1 + 2 + 1 + 1 + 1 + 2
    assert found.tags["table"] == found.tags["caption"] == expected
    rows = sum(len(m.contestants) for m in ladder)
    assert text.count("<tr class=group>") >= len(ladder)
    assert found.tags["tr"] > rows > 200
    for name in ("naive_relu", "gemm_tile", "kernels/simd/gemm.inc:", "JAX was left out", "s to 98%"):
        assert name in text
    assert ("html", "lang", "en") in found.attributes


def test_every_picture_has_its_words_and_its_section(written: Path) -> None:
    text = written.read_text()
    assert Page(text).values("alt") == [f"What {name} shows " for name in NAMES]
    ids = ("ladder", "ladder-dot", "ladder-relu", "ladder-add", "libraries", "sweeps", "scaling", "training")
    sections = {name: text.index(f'<section id="{name}">') for name in ids}
    expected = {"ladder": "ladder", "roofline": "ladder", "ladder_relu": "ladder-relu", "sweep_dot_rate": "sweeps",
                "scaling": "scaling", "ladder_training": "training"}  # fmt: skip
    for name, section in expected.items():
        place = text.index(f"What {name} shows")
        assert max((at, s) for s, at in sections.items() if at < place)[1] == section


def test_hostile_text_stays_text(results: Results, written: Path, tmp_path: Path) -> None:
    page.write(hostile(results), pictures(tmp_path, HOSTILE), tmp_path / "report.html")
    found, clean = Page((tmp_path / "report.html").read_text()), Page(written.read_text())
    text = "".join(found.text)
    assert found.tags["script"] == 1 and found.tags["img"] == len(NAMES)
    assert found.tags.keys() == clean.tags.keys()
    assert {name for _, name, _ in found.attributes} == {name for _, name, _ in clean.attributes}
    assert text.count(HOSTILE) > 100
    assert f"no ladder of new{HOSTILE}" in text
    assert all(HOSTILE in alt for alt in found.values("alt"))


def test_what_was_not_measured_has_no_section(results: Results) -> None:
    machine = {**results.machine, "limits": {}, "no limits": "there is no C compiler 'cc'; set CC"}
    few = replace(without(results, "sweep", "scaling", "training"), machine=machine, process_runs=[], notes=[])
    found = Page(page.document(few, []))
    assert not {"sweeps", "scaling", "training", "notes"} & set(found.values("id"))
    assert "were not measured: there is no C compiler 'cc'; set CC." in "".join(found.text)
    assert "ladder" in found.values("id")
    assert found.tags["img"] == 0


def test_a_disturbed_run_says_so_at_the_top(results: Results) -> None:
    few = without(results, "sweep", "scaling", "training")
    measurements = [replace(m, others=0.4) for m in few.measurements[:1]]
    assert "Disturbed" not in page.document(few, [])
    text = page.document(replace(few, measurements=measurements), [])
    assert text.count("Disturbed") == 1
    words = "Disturbed: other processes took up to 40% of the CPUs, in 1 of 1 measurements."
    assert f"<strong> {words}</strong></p>\n</header>" in text


def test_what_the_page_is_made_of_is_installed() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["pynn.bench"]
    files = [path for path in page.FOLDER.iterdir() if path.suffix in (".html", ".css", ".js")]
    assert len(files) == 5 and all(any(path.match(pattern) for pattern in patterns) for path in files)


def test_an_unwritable_place_leaves_nothing(results: Results, tmp_path: Path) -> None:
    few = without(results, "ladder", "sweep", "scaling", "training")
    (tmp_path / "report.html").mkdir()
    with pytest.raises(OSError):
        page.write(few, [], tmp_path / "report.html")
    with pytest.raises(FileNotFoundError):
        page.write(few, [], tmp_path / "absent" / "report.html")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_the_machine_is_told_by_name(results: Results) -> None:
    assert set(page.MACHINE) <= set(MACHINE) == set(machine.block([], Patience(0), []))
    text = page.document(without(results, "ladder", "sweep", "scaling", "training"), [])
    for name in page.MACHINE.values():
        assert f"<th scope=row>{name}</th>" in text


def macro(template: str, name: str, *arguments: object) -> str:
    return str(getattr(page.templates().get_template(template).module, name)(*arguments))


def test_cells_carry_what_they_sort_by() -> None:
    table = Table(
        "T<", ["name", "rung", "time", "of limit", "verdict"],
        [
            [Cell("a", "a"), Cell("x", "x"), Cell("2 ms", 0.002), Cell("150%", 1.5), Cell("stable", "stable")],
            [Cell("a", "a"), Cell("y", "y"), Cell(""), Cell("?", math.nan), Cell("", "")],
            [Cell("b<", "b<"), Cell("y", "y"), Cell("1 ms", 0.001), Cell("25%", 0.25), Cell("noisy", "noisy")],
        ],
        text_columns=2,
    )  # fmt: skip
    text = macro("tables.html", "table", table)
    assert "<caption><span>T&lt;</span></caption>" in text and 'aria-label="T&lt;"' in text
    heads = re.findall("<th scope=col(.*?)>(.*?)</th>", text)
    number = " class=number"
    assert heads == [("", "rung"), ("", "name"), (number, "time"), (number, "of limit"), ("", "verdict")]
    groups = re.findall("<tr class=group><th scope=rowgroup colspan=5><span>(.*?)</span></th></tr>", text)
    assert groups == ["a", "b&lt;"] and text.count("<tbody>") == 2
    assert (
        '<tr><th scope=row data-value="x">x</th><td data-value="a">a</td>'
        '<td class="number" data-value="0.002">2 ms</td>'
        '<td class="number bar" style="--share:1.000" data-value="1.5">150%</td>'
        '<td class="stable" data-value="stable">stable</td></tr>'
    ) in text
    assert '<td class="number"></td><td class="number">?</td><td></td></tr>' in text
    assert '<table class="sortable grouped">' in text


def test_a_table_with_one_column_of_text_has_no_groups() -> None:
    rows = [[Cell(name, name), Cell("1", 1.0)] for name in "aab"]
    text = macro("tables.html", "table", Table("T", ["name", "n"], rows))
    assert '<table class="sortable">' in text and text.count("<tbody>") == 1 and "group" not in text
    assert '<table class="">' in macro("tables.html", "table", Table("T", ["name", "n"], rows[:1]))


def test_sources_are_coloured_and_escaped() -> None:
    def shown(language: str, text: str) -> str:
        found = macro("rungs.html", "source", Source("f<", "kernels/f", 7, language, text), False)
        return found.replace("&quot;", '"').replace("&#39;", "'")  # as some releases of Pygments write them

    python = shown("python", 'def f(x):  # if "a" < b\n    return "<b>"')
    assert '<span class="k">def</span> f(x):  <span class="c1"># if "a" &lt; b</span>\n' in python
    assert '    <span class="k">return</span> <span class="s2">"&lt;b&gt;"</span>\n</code>' in python
    assert "<span class=name>f&lt;</span> <code class=place>kernels/f:7</code>" in python
    c = shown("c", "/* for\n * int */ int a; // <\n#define B 'q'")
    assert '<span class="cm">/* for</span>\n<span class="cm"> * int */</span> <span class="kt">int</span> a;' in c
    assert '<span class="c1">// &lt;</span>\n<span class="cp">#define B ' in c
    cython = shown("cython", "cdef void f(int n) noexcept nogil:\n    pass")
    assert '<span class="k">cdef</span>' in cython and '<span class="k">pass</span>' in cython


def test_marks_and_counts() -> None:
    lines = [
        ("vmovups ymm1,YMMWORD PTR [rax]", "load"), ("vmovups ymm2,YMMWORD PTR [rbx]", "load"),
        ("vfmadd231ps ymm0,ymm1,ymm2", "fma"), ("vaddps ymm3,ymm3,ymm1", "vector"), ("vmaxps ymm4,ymm4,ymm1", "vector"),
        ("vaddss xmm5,xmm5,xmm1", "scalar float"), ("add rax,0x20", "integer"), ("jne 10 <f<b>+0x10>", "jump"),
    ]  # fmt: skip
    instructions = tuple(Instruction(16 + i, text, kind) for i, (text, kind) in enumerate(lines))
    text = macro("rungs.html", "machine_code", Loop("f<b>", "leaf.so", "avx2", "float32", instructions))
    for kind, number in (("fma", 1), ("vector", 2), ("scalar", 1)):
        letter, name = listing.MARKS[kind]
        mark = f'<abbr class="mark {kind}" title="{name}">{letter}</abbr>'
        assert text.count(f'<span class="line {kind}">{mark}<span class=address>') == number
        assert f"{mark} <b>{number}</b> {name}" in text
    assert text.count('<span class="line"><span class=mark> </span>') == 4
    assert "<span class=address>12</span> <b>vfmadd231ps</b> ymm0,ymm1,ymm2</span>\n" in text
    assert "<b>8</b> instructions a turn" in text and "compiled for avx2" in text
    assert "2 loads, 1 integer, 1 jump" in text
    assert "registers of 256 bits: 8 float32" in text
    assert "f<b" not in text and text.count("f&lt;b&gt;") == 2


def test_where_machine_code_cannot_be_read_the_page_says_why(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(operation: str, rung: str) -> None:
        raise NoAssembly("capstone is <not> here")

    monkeypatch.setattr(page_rungs, "inner_loop", missing)
    text = page.document(results, [])
    assert text.count("<p class=missing>capstone is &lt;not&gt; here</p>") == text.count("<details class=rung ") > 40


def measured(label: str, **seconds: list[float]) -> Measurement:
    contestants = {name: Contestant(name, RUNG, 1, np.array(times)) for name, times in seconds.items()}
    return Measurement("ladder", "dot", label, 1, "float32", 1, "avx2", 1.0, 1.0, 0.0, contestants)


def test_gains() -> None:
    found = page_rungs.gains(
        [
            measured("small", ijp=[2.0, 2.0, 2.0, 2.0], ipj=[1.0, 1.0, 1.0, 1.0]),
            measured("same", ijp=[1.0, 1.02, 1.0, 0.98], ipj=[1.0, 1.0, 1.02, 1.0]),
            measured("wild", ijp=[1.0, 9.0, 1.0, 9.0], ipj=[1.0, 1.0, 1.0, 1.0]),
            measured("alone", ipj=[1.0, 1.0, 1.0, 1.0]),
        ],
        "ipj",
        "ijp",
    )
    assert list(found) == ["small", "same", "wild"]
    assert found["small"] == Ratio(2.0, 2.0, 2.0) and found["wild"] is None
    assert page_rungs.summary(found, "ijp") == "tie to 2.00 times ijp"
    assert page_rungs.summary({"same": found["same"]}, "ijp") == "tie with ijp"
    assert page_rungs.summary({"wild": None}, "ijp") == "cannot tell"
    assert page_rungs.summary({}, "ijp") == "not measured"
    rung = {"name": "ipj", "below": "ijp", "idea": "i<", "reason": "r<", "gains": found, "sources": [], "loop": "gone<"}
    text = macro("rungs.html", "rung", rung, "here")
    assert "<b>2.00</b> <span>2.00 to 2.00</span> small" in text and "<b>cannot tell</b> <span></span> wild" in text
    assert all(part in text for part in ("tie to 2.00 times ijp", "i&lt;", "r&lt;", "gone&lt;", "not at hand"))
    assert page_rungs.gains([measured("first", naive=[1.0])], "naive", None) == {}
