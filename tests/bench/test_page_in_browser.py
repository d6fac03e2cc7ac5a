"""The HTML report, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import Chromium, browser
from pynn.bench.report import page
from pynn.bench.results.store import Results, replace
from pynn.bench.results.tables import Cell, Table
from shown import HOSTILE, NAMES, complete, hostile, pictures

pytestmark = pytest.mark.skipif(browser() is None, reason="no browser here: install the package chromium")
OPERATIONS = ("relu", "dot", "softmax", "rmsprop_update")  # the browser takes seconds for all


@pytest.fixture(scope="module")
def results() -> Results:
    found = complete()
    return replace(
        found, measurements=[m for m in found.measurements if m.suite != "ladder" or m.operation in OPERATIONS]
    )


@pytest.fixture(scope="module")
def written(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    page.write(results, pictures(folder), folder / "report.html")
    return folder / "report.html"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    running = Chromium(tmp_path_factory.mktemp("chromium"))
    yield running
    running.close()


OPEN_ALL = "document.querySelectorAll('details').forEach(d => { d.open = true })"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_loads_and_fits(chromium: Chromium, written: Path, width: int, dark: bool) -> None:
    chromium.open(written, width, dark=dark)
    assert chromium.run("innerWidth") == width
    assert chromium.run("document.documentElement.scrollWidth") <= width
    chromium.run(OPEN_ALL)
    assert chromium.run("document.documentElement.scrollWidth") <= width
    assert chromium.run("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    assert chromium.run("document.images.length") == len(NAMES)
    assert all(address.startswith(("file:", "data:")) for address in chromium.requests)
    assert sum(address.startswith("file:") for address in chromium.requests) == 1
    assert chromium.errors == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_what_names_a_row_stays_in_sight_where_tables_scroll(chromium: Chromium, written: Path, dark: bool) -> None:
    chromium.open(written, 390, dark=dark)
    tables = chromium.run("""[...document.querySelectorAll('.scroll')].filter(b => b.scrollWidth > b.clientWidth)
      .map(box => {
        box.scrollLeft = 100;
        const left = box.getBoundingClientRect().left;
        const names = [...box.querySelectorAll('tr:not(.group) > :first-child')].map(cell => {
          cell.scrollIntoView({ block: 'center', inline: 'nearest' });
          const { x, y, width, height } = cell.getBoundingClientRect();
          const top = document.elementFromPoint(x + width - 2, y + height / 2);
          return { moved: x - left, width, uncovered: cell.contains(top),
                   behind: getComputedStyle(cell).backgroundColor } });
        const titles = [...box.querySelectorAll('.group span, :not(h3) + .scroll caption span')].map(title => {
          const { left, right } = title.getBoundingClientRect(); return [left, right] });
        return { scrolled: box.scrollLeft, names, titles } })""")
    assert len(tables) >= 8  # ladders, libraries, sweeps, training, limits
    for table in tables:
        assert table["scrolled"] > 20
        assert all(0 <= left < right <= 390 for left, right in table["titles"])
        for name in table["names"]:
            assert abs(name["moved"]) < 1 and name["width"] <= 390 / 2
            assert name["uncovered"] and name["behind"].startswith("rgb(")  # which is opaque
    assert sum(len(table["names"]) for table in tables) > 150 and sum(len(table["titles"]) for table in tables) > 20


def test_a_case_names_its_group_and_each_row_of_a_sorted_table(chromium: Chromium, written: Path) -> None:
    chromium.open(written, 1280)
    seen = """['.group', 'tbody td:nth-child(2)'].map(what =>
      [...document.querySelectorAll('#ladder-dot ' + what)].filter(cell => cell.checkVisibility()).length)"""
    groups, cells = chromium.run(seen)
    assert groups > 5 and cells == 0
    for _ in range(2):
        chromium.run("document.querySelector('#ladder-dot thead button').click()")
        rows = chromium.run("document.querySelectorAll('#ladder-dot tbody tr:not(.group)').length")
        assert chromium.run(seen) == [0, rows]
    chromium.run("document.querySelector('#ladder-dot thead button').click()")
    assert chromium.run(seen) == [groups, 0]


def test_source_and_assembly_stand_side_by_side_where_they_fit(chromium: Chromium, written: Path) -> None:
    boxes = """[...document.querySelectorAll('.code')].map(code => [...code.children].map(part => {
      const box = part.getBoundingClientRect(); return [box.left, box.right, box.top, box.bottom] }))"""
    for width in (1280, 390):
        chromium.open(written, width)
        chromium.run(OPEN_ALL)
        found = chromium.run(boxes)
        assert len(found) >= 15
        for (left, right, top, bottom), (other_left, other_right, other_top, _) in found:
            if width == 1280:
                assert other_top == top and other_left > right and other_right <= width
            else:
                assert other_left == left and other_top >= bottom


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_stands_out(chromium: Chromium, written: Path, dark: bool) -> None:
    """WCAG AA: contrast 4.5."""
    chromium.open(written, 1280, dark=dark)
    chromium.run(OPEN_ALL)
    found = chromium.contrasts()
    assert len(found) > 10
    assert {pair: value for pair, value in found.items() if value < 4.5} == {}


# Values by column in the order of the rows, which carry their first place
READ = """[...document.querySelectorAll('table.sortable')].map(table => {
  const rows = [...table.querySelectorAll('tbody tr:not(.group)')];
  rows.forEach((row, i) => { row.place ??= i });
  return { numbers: [...table.tHead.rows[0].cells].map(th => th.classList.contains('number')),
           rows: rows.map(
             row => [row.place, ...[...row.cells].map(cell => cell.dataset.value ?? null)]),
           sorts: [...table.tHead.rows[0].cells].map(th => th.getAttribute('aria-sort')) } })"""
CLICK = """document.querySelectorAll('table.sortable').forEach(table => {
  const header = table.tHead.rows[0].cells[COLUMN]; if (header) header.firstElementChild.click() })"""


def test_headers_sort(chromium: Chromium, written: Path) -> None:
    """Every column of numbers of every table: upwards, downwards, and back. The next test sorts text."""
    chromium.open(written, 1280)
    original = before = chromium.run(READ)
    assert len(original) >= 10
    compared = 0
    for column in range(max(len(table["numbers"]) for table in original)):
        for sign, name in ((1, "ascending"), (-1, "descending"), (0, None)):
            chromium.run(CLICK.replace("COLUMN", str(column)))
            after = chromium.run(READ)
            for first, old, new in zip(original, before, after, strict=True):
                columns = len(first["numbers"])
                assert new["sorts"] == [name if i == column else None for i in range(columns)]
                if name is None or column >= columns:
                    assert new["rows"] == first["rows"]
                elif first["numbers"][column]:
                    known = [row for row in old["rows"] if row[column + 1] is not None]
                    empty = [row for row in old["rows"] if row[column + 1] is None]
                    assert new["rows"] == sorted(known, key=lambda row: sign * float(row[column + 1])) + empty
                    compared += 1
            before = after
    assert compared > 100
    assert chromium.errors == []


def test_sorting_is_stable_and_leaves_empty_cells_last(chromium: Chromium, tmp_path: Path) -> None:
    rows = [("b", 10.0), ("a", 9.0), ("", 100.0), ("b", None), ("a", 9.0), ("c", 1e-9)]
    cells = [[Cell(t, t), Cell(str(i), i), Cell(str(n or ""), n)] for i, (t, n) in enumerate(rows)]
    macros = page.templates().get_template("tables.html").module
    text = macros.table(Table("T", ["text", "place", "number"], cells))
    script = (page.FOLDER / "page.js").read_text()
    (tmp_path / "t.html").write_text(f"<!doctype html><meta charset=utf-8>{text}<script>{script}</script>")
    chromium.open(tmp_path / "t.html", 1280)

    def click(column: int) -> str:
        chromium.run(CLICK.replace("COLUMN", str(column)))
        return "".join(row[2] for row in chromium.run(READ)[0]["rows"])

    assert [click(0), click(0), click(0)] == ["140352", "503142", "012345"]
    assert [click(2), click(2), click(2)] == ["514023", "201453", "012345"]
    assert [click(2), click(0)] == ["514023", "140352"]  # equals keep the order of the sort before
    assert [click(1), click(1), click(0)] == ["012345", "543210", "413052"]


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_keyboard_sorts(chromium: Chromium, written: Path, key: str) -> None:
    chromium.open(written, 1280)
    header = "document.querySelector('#ladder-dot thead th:nth-child(3)')"
    chromium.run("document.querySelector('#ladder-dot thead button').focus()")  # the column of cases is not shown
    chromium.press("Tab")
    assert chromium.run(f"document.activeElement === {header}.firstElementChild")
    assert chromium.run("document.activeElement.tagName") == "BUTTON"
    chromium.press(key)
    assert chromium.run(f"{header}.getAttribute('aria-sort')") == "ascending"
    times = chromium.run(
        "[...document.querySelectorAll('#ladder-dot tbody td:nth-child(3)')].map(c => +c.dataset.value)"
    )
    assert len(times) > 20 and times == sorted(times)
    assert chromium.run("!document.querySelector('#ladder-dot table').classList.contains('grouped')")


def test_without_scripts_only_sorting_is_gone(chromium: Chromium, written: Path) -> None:
    chromium.open(written, 1280, scripts=False)
    try:
        assert chromium.run("document.querySelectorAll('button').length") == 0
        assert chromium.run("document.querySelectorAll('tbody tr').length") > 150
        assert chromium.run("document.querySelector('#ladder-dot details').open") is False
        point = chromium.run("""(() => { const s = document.querySelector('#ladder-dot summary');
          s.scrollIntoView(); const box = s.getBoundingClientRect(); return [box.left + 30, box.top + 8] })()""")
        for kind in ("mousePressed", "mouseReleased"):
            chromium.send("Input.dispatchMouseEvent", type=kind, x=point[0], y=point[1], button="left", clickCount=1)
        assert chromium.run("document.querySelector('#ladder-dot details').open") is True
    finally:
        chromium.open(written, 1280)


def test_links_and_the_button_open_code(chromium: Chromium, written: Path) -> None:
    chromium.open(written, 1280)
    state = "[...document.querySelectorAll('details.rung')].filter(d => d.open).map(d => d.id)"
    assert chromium.run(state) == []
    chromium.run("new Promise(done => { addEventListener('hashchange', done); location.hash = 'ladder-dot-blocked' })")
    assert chromium.run(state) == ["ladder-dot-blocked"]
    button = "document.querySelector('.all-rungs button')"
    chromium.run(f"{button}.click()")
    assert len(chromium.run(state)) >= 15
    wait = "new Promise(done => setTimeout(done, 0))"
    chromium.run(wait)
    assert chromium.run(f"{button}.textContent") == "Close all code"
    chromium.run(f"{button}.click()")
    assert chromium.run(state) == []
    assert chromium.errors == []


def test_hostile_text_does_not_run(chromium: Chromium, results: Results, tmp_path: Path) -> None:
    page.write(hostile(results), pictures(tmp_path, HOSTILE), tmp_path / "report.html")
    chromium.open(tmp_path / "report.html", 390)
    assert chromium.run("document.title").startswith("Kernels on </td></script>")
    assert chromium.run("document.scripts.length") == 1
    assert chromium.run("document.documentElement.scrollWidth") <= 390
    assert chromium.errors == []


def test_scripts_that_are_not_ours_are_refused(chromium: Chromium, written: Path, tmp_path: Path) -> None:
    """The second line of defence, and a check that `errors` would tell."""
    text = written.read_text().replace("</main>", "<script>document.title = 'taken'</script></main>")
    (tmp_path / "report.html").write_text(text)
    chromium.open(tmp_path / "report.html", 1280)
    assert chromium.run("document.title") == "Kernels on AMD EPYC"
    assert any("Content Security Policy" in error for error in chromium.errors)
