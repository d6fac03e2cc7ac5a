"""The directive `ladder`: a section for each rung of an operation, made from its record, the code and a stored run."""

from __future__ import annotations

from collections.abc import Sequence

from docutils import nodes
from docutils.statemachine import StringList
from drawing import picture
from passes import drawn
from pynn.bench.code.assembly import Loop
from pynn.bench.code.bytecode import bytecode
from pynn.bench.code.reasons import reason
from pynn.bench.code.sources import Source, sources
from pynn.bench.report.page import templates
from pynn.bench.report.page_rungs import gains, summary
from pynn.bench.results import tables
from pynn.bench.results.store import Measurement
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from stored import RESULTS, found_loop, instruction_set, stored, why_absent

from kernels.ladder import LADDER

OWN = ("time", "times rung below", "times naive", "rate", "of limit", "verdict")  # columns of a rung's own table
ALL = ("rung", "time", "times rung below", "times naive", "times NumPy", "rate", "of limit", "verdict")
PYTHON = ("naive", "lists")  # whose numbers are objects


class Ladder(SphinxDirective):
    """```{ladder} dot```"""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        operation = self.arguments[0]
        if operation not in LADDER:
            raise self.error(f"LADDER has no operation {operation!r}: {', '.join(LADDER)}")
        self.env.note_dependency(str(RESULTS))
        measured = [m for m in stored().suite("ladder") if m.operation == operation]
        rungs = [*LADDER[operation]]
        each = zip([None, *rungs], rungs, strict=False)
        return [*self._overview(operation, measured), *(self._rung(operation, *pair, measured) for pair in each)]

    def _overview(self, operation: str, measured: list[Measurement]) -> list[nodes.Node]:
        """All rungs and NumPy at the size that the pictures draw, or the nearest that was measured."""
        size = drawn(operation, "naive", instruction_set()).measured
        found = [m for m in measured if m.label == size]
        if not found:
            return self._markdown(f"The stored run has not measured {size}.")
        table = tables.ladder(stored(), found, "")
        kept = [row for row in table.rows if row[1].text in (*LADDER[operation], "NumPy")]
        return [*self._markdown(f"Measured, {size}:"), *self._table(_columns(table, kept, ALL))]

    def _rung(self, operation: str, below: str | None, rung: str, measured: list[Measurement]) -> nodes.section:
        record = LADDER[operation][rung]
        name = f"{operation}-{rung}".replace("_", "-")
        section = nodes.section(ids=[name], names=[name])
        self.state.document.note_explicit_target(section, section)
        section += nodes.title("", "", nodes.literal("", rung), nodes.Text(f": {record.idea}"))
        section += self._markdown(reason(operation, rung, instruction_set()))
        section += self._picture(operation, rung)
        section += self._gain(operation, rung, below, measured)
        section += self._code(sources(operation, rung), sources(operation, below) if below else [])
        loop = found_loop(operation, rung)
        if isinstance(loop, Loop):
            section += self._folded("The inner loop in machine code", _listing("machine_code", loop))
        elif loop is None:
            section += self._folded("The inner loop in bytecode", _listing("bytecode", bytecode(operation, rung)))
        else:
            section += self._markdown(f"Its machine code cannot be shown: {loop}.")
        return section

    def _picture(self, operation: str, rung: str) -> list[nodes.Node]:
        facts, machine = drawn(operation, rung, instruction_set()), stored().machine
        if facts is None:
            return self._markdown("There is no picture: nobody has described yet what its loops touch.")
        turns = len(bytecode(operation, rung).instructions) if rung in PYTHON else 0
        said = f"{facts.size}: light, what a run of the inner loop touches; dark, what one turn of it does."
        if not turns:
            said += f" Below, bytes for each {facts.unit}{'; each thread moves its part' * facts.threads}."
        drawing = picture(facts, machine["caches"], turns)
        return [nodes.raw("", f"<figure class=moves>{drawing}<figcaption>{said}</figcaption></figure>", format="html")]

    def _gain(
        self, operation: str, rung: str, below: str | None, measured: list[Measurement]
    ) -> list[nodes.Node]:  # fmt: skip
        """How many times as fast as the rung below, then a row for each case of the stored run."""
        table = tables.ladder(stored(), measured, "")
        rows = [row for row in table.rows if row[1].text == rung]
        if not rows:
            return self._markdown(f"Not in the stored run: {why_absent(operation, rung)}.")
        part = _columns(table, rows, ("operation", *(name for name in OWN if below or not name.startswith("times"))))
        part.columns[0] = "case"
        for row in part.rows:
            row[0] = tables.plain(row[0].text.removeprefix(f"{operation} "))
        found = gains(measured, rung, below)
        unsure = " where one can tell" * (None in found.values() and any(found.values()))
        gain = f"Measured: **{summary(found, below)}**{unsure}." if below else "Measured:"
        return [*self._markdown(gain), *self._table(part)]

    def _table(self, table: tables.Table) -> list[nodes.Node]:
        """In small letters, since it has many columns."""
        return self._markdown(f":::{{container}} measured\n{tables.markdown(table)}\n:::")

    def _code(self, found: list[Source], before: list[Source]) -> list[nodes.Node]:
        """What the rung below does not have, the first in full view, the rest folded."""
        same = [f"`{source.title}` ({source.path}:{source.line})" for source in found if source in before]
        parts = [f"As below: {', '.join(same)}."] if same else []
        for i, source in enumerate(source for source in found if source not in before):
            caption = f":caption: {source.path}, line {source.line}"
            block = f"````{{code-block}} {source.language}\n{caption}\n\n{source.text}\n````"
            parts.append(block if i == 0 else f"`````{{dropdown}} {source.title}, {source.path}\n{block}\n`````")
        return self._markdown("\n\n".join(parts))

    def _folded(self, title: str, html: str) -> nodes.Node:
        """Open where scripts and styles are off, too: it is HTML's own element."""
        return nodes.raw("", f'<details class="listing-fold"><summary>{title}</summary>{html}</details>', format="html")

    def _markdown(self, text: str) -> list[nodes.Node]:
        parent = nodes.Element()
        self.state.nested_parse(StringList(text.splitlines(), source=self.env.docname), self.content_offset, parent)
        return parent.children


def _columns(table: tables.Table, rows: list[list[tables.Cell]], names: Sequence[str]) -> tables.Table:
    at = [table.columns.index(name) for name in names]
    return tables.Table("", [*names], [[row[i] for i in at] for row in rows])


def _listing(macro: str, found: object) -> str:
    """As `pynn bench`'s page shows it."""
    return str(getattr(templates().get_template("rungs.html").module, macro)(found))


class Conditions(SphinxDirective):
    """How and where the stored run was measured, in one paragraph."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(RESULTS))
        return [nodes.paragraph("", tables.conditions(stored()))]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("ladder", Ladder)
    app.add_directive("conditions", Conditions)
    app.add_css_file("lessons.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
