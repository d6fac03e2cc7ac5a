"""One record more in LADDER, and nothing else: it is timed, drawn, explained and in the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pynn.bench.results.store import RUNG, read

from kernels.ladder import LADDER, Rung
from pynn.cli.main import main


def halves(x, y):
    """The sum of the first half and of the second."""
    middle = len(x) // 2
    return rest(x, y, 0, middle) + rest(x, y, middle, len(x))


def rest(x, y, first, last):
    return sum(float(x[i]) * float(y[i]) for i in range(first, last))


def einsum(x, y, out=None):
    return np.einsum("i,i->", x, y, out=out)


@pytest.fixture
def numba_rung():
    numba = pytest.importorskip("numba")

    @numba.njit
    def compiled(x, y):
        total = 0.0
        for i in range(len(x)):
            total += x[i] * y[i]
        return total

    return compiled


@pytest.fixture
def added(monkeypatch):
    """Adds a rung above naive, and takes it away at the end."""
    rungs, before = LADDER["vector_dot"], dict(LADDER["vector_dot"])

    def add(name: str, rung: Rung) -> None:
        rungs.clear()
        rungs.update({"naive": before["naive"], name: rung, **before})

    yield add
    rungs.clear()
    rungs.update(before)


@pytest.mark.parametrize("kind", ["python", "numba", "numpy"])
def test_a_record_is_enough(tmp_path, monkeypatch, brief, capsys, request, added, kind):
    function = {"python": halves, "numpy": einsum}.get(kind) or request.getfixturevalue("numba_rung")
    added(kind, Rung(function, "an idea of its own", most_steps=1e6))
    monkeypatch.chdir(tmp_path)
    options = ["--quick", "--only", "vector_dot", "--suites", "ladder", "--threads", "1", "--wait-quiet", "0"]
    assert main(["bench", *options, "--output", "out"]) == 0
    assert f"\n{kind} " in capsys.readouterr().out
    (m,) = read("out/results.json").measurements
    assert m.names(RUNG) == [*LADDER["vector_dot"]] and m.below(kind) == "naive"
    assert kind in Path("out/ladder.svg").read_text() and "an idea of its own" in Path("out/ladder.svg").read_text()
    source = {"python": "middle = len(x) // 2", "numpy": "i,i-&gt;", "numba": "total += x[i] * y[i]"}[kind]
    page = Path("out/report.html").read_text()
    assert kind in page and "an idea of its own" in page
    assert source.split()[0] in page
    assert main(["explain", "vector_dot", "--assembly", "--results", "out/results.json"]) == 0
    shown = capsys.readouterr().out.partition(f"vector_dot: {kind} (an idea of its own)")[2]
    assert source.replace("&gt;", ">") in shown.partition("\nvector_dot: ")[0]
    assert "times as fast as naive" in shown or "as fast as naive" in shown
