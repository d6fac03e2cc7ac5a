"""A user's own function beside the ladder: `pynn bench --rung`, `pynn explain --rung`."""

from __future__ import annotations

import fcntl
import importlib.util
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from pynn.bench.measure.cases import Case
from pynn.bench.measure.progress import note
from pynn.bench.own import race
from pynn.bench.own.functions import Named, load, named
from pynn.bench.results.store import OWN, read

from kernels.ladder import LADDER
from pynn.cli.checks import UserError
from pynn.cli.main import main

PUBLISHED = Path(__file__).parents[2] / "bench/published/results.json"
MINE = """
import ctypes
import numpy as np


def right(x, y):
    return float(np.dot(x.astype(float), y))


def wrong(x, y):
    return right(x, y) + (len(x) > 2)


def raises(x, y):
    return x[3] * y[99]


def exits(x, y):
    raise SystemExit(0)


def hangs(x, y):
    while True: len(x)


def crashes(x, y):
    return ctypes.string_at(8)


def hungry(x, y):
    kept = []
    while True:
        kept.append(np.ones(1 << 20))


def breaks_later(x, y):
    if len(x) == 10_000:
        raise KeyError("too long")
    return right(x, y)
"""
LINES = MINE.splitlines()


def line(code: str) -> int:
    """The number of the line in the file."""
    (found,) = (i for i, text in enumerate(LINES, 1) if text.strip() == code)
    return found


@pytest.fixture
def mine(tmp_path, monkeypatch, brief):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(MINE)


def bench(capsys, only: str, *rungs: str, suites: str = "ladder") -> tuple[int, str, list]:
    """The exit code, what was printed, and the measurements."""
    given = [option for rung in rungs for option in ("--rung", rung)]
    options = ["--quick", "--only", only, "--suites", suites, "--threads", "1", "--wait-quiet", "0", "--output", "out"]
    code = main(["bench", *options, *given])
    return code, capsys.readouterr().out, read("out/results.json").measurements


def test_what_a_function_does_is_its_own_affair(mine, monkeypatch, capsys):
    """Whatever goes wrong is told, with its place; the others are measured, and the exit code says that it did."""
    monkeypatch.setattr(race, "LONGEST", 5.0)
    monkeypatch.setattr(race, "MEMORY", 400 << 20)
    faults = ("wrong", "raises", "exits", "hangs", "crashes", "hungry", "breaks_later", "not_there")
    code, out, (m,) = bench(capsys, "vector_dot", "mine.py:right", *(f"mine.py:{fault}" for fault in faults))
    assert code == race.FAILED
    assert m.names(OWN) == ["right"]
    assert [*m.contestants] == [*LADDER["vector_dot"], "NumPy", "right"]
    told = {fault: next(text for text in out.splitlines() if f" {fault}" in f" {text}") for fault in faults}
    assert "vector_dot 3 · 3: the result is wrong: it is" in told["wrong"] and "off by 1 " in told["wrong"]
    assert "vector_dot 1 · 1: IndexError: index 3 is out of bounds" in told["raises"]
    assert f"(mine.py:{line('return x[3] * y[99]')}, `return x[3] * y[99]`)" in told["raises"]
    assert "SystemExit: 0" in told["exits"]
    assert "not answered for 5 seconds" in told["hangs"] and f"mine.py:{line('while True: len(x)')}" in told["hangs"]
    assert "ended with SIGSEGV: vector_dot 1 · 1" in told["crashes"]
    assert f"mine.py:{line('return ctypes.string_at(8)')}" in told["crashes"]
    assert "more memory than 0.391 GiB (mine.py:" in told["hungry"]
    assert "vector_dot 10000 · 10000: KeyError: 'too long'" in told["breaks_later"]
    assert "mine.py has no not_there; it has: right, wrong," in told["not_there"]
    assert out.count("right, vector_dot 10000 · 10000: ") == 1
    assert "largest error" in out and " times as fast as naive" in out


def test_it_is_in_every_table_picture_and_page(mine, capsys):
    Path("mine.py").write_text("import numpy as np\ndef my_sum(x, y):\n    return np.maximum(x + y, 0)\n")
    code, out, found = bench(capsys, "add_relu", "mine.py:my_sum", suites="ladder,sweep,scaling")
    assert code == 0
    assert all(m.contestants["my_sum"].kind == OWN for m in found)
    assert {m.suite for m in found} == {"ladder", "sweep", "scaling"}
    assert out.count("\nmy_sum ") == 1 and "my_sum, GB/s" in out and " my_sum " in out.partition("Strong scaling")[2]
    for name in ("tables.md", "results.csv", "report.html", "ladder.svg", "sweep_add_relu_rate.svg"):
        assert "my_sum" in Path("out", name).read_text(), name


FORKS = """
import fcntl, os, time
import numpy as np

kept = open("lock", "w")
fcntl.flock(kept, fcntl.LOCK_EX)  # its children hold it, too


def comes_back(x, y):
    os.fork()
    return float(np.dot(x, y))


def stays(x, y):
    if os.fork() == 0:
        time.sleep(1000)
    return float(np.dot(x, y))
"""


@pytest.mark.parametrize("name", ["comes_back", "stays"])
def test_what_it_forks_computes_nothing_and_ends(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path("forks.py").write_text(FORKS)
    with closing(race.Own(name, Named(f"forks.py:{name}"), 1)) as worker:
        for size in (9, 99):
            assert isinstance(worker.call("prepare", Case("vector_dot", ((size,), (size,)))).value, race.Ready)
            assert 0 < worker.turn("turn").value < 1
    with Path("lock").open() as file:
        for _ in range(100):  # a killed process takes a moment to end
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            time.sleep(0.1)
    pytest.fail("a process runs on")


def test_it_does_not_fill_the_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("loud.py").write_text("def loud(x, y):\n    while True: print('x' * (1 << 24))\n")
    with closing(race.Own("loud", Named("loud.py:loud"), 1)) as worker:
        assert "File too large (loud.py:2" in worker.call("prepare", Case("vector_dot", ((9,), (9,)))).value.why


def test_what_an_exception_says_is_one_line(tmp_path, monkeypatch, capsys):
    notes: list[str] = []
    note(notes, "ValueError: \x1b[31mred\n")
    assert notes == [r"ValueError: \x1b[31mred\n"]
    monkeypatch.chdir(tmp_path)
    Path("crash.py").write_text("import ctypes\nctypes.string_at(8)\n")
    assert main(["explain", "relu", "--results", str(PUBLISHED), "--rung", "crash.py:f"]) == race.FAILED
    out = capsys.readouterr().out
    assert "cannot be shown: f: its process ended with SIGSEGV: when loaded, at crash.py:2." in " ".join(out.split())


def test_a_wrong_one_leaves_each_number_of_threads(mine, capsys):
    """Each has a process of it."""
    options = ["--quick", "--only", "add_relu", "--suites", "scaling", "--wait-quiet", "0", "--output", "out"]
    assert main(["bench", *options, "--threads", "2", "--oversubscribe", "--rung", "mine.py:wrong"]) == race.FAILED
    assert "wrong is left out: add_relu " in capsys.readouterr().out


def test_sizes_that_would_take_too_long_are_left_out(mine, monkeypatch, capsys):
    monkeypatch.setattr(race, "SLOWEST", 0.2)
    Path("slow.py").write_text(
        "import time\nimport numpy as np\n"
        "def slow(x, y):\n    time.sleep(2e-6 * x.size * y.shape[1])\n    return np.dot(x, y)\n"
    )
    worker = race.Own("slow", Named("slow.py:slow"), 1)
    try:
        assert isinstance(worker.call("prepare", Case("dot", ((4, 4),) * 2)).value, race.Ready)
        left = worker.call("prepare", Case("dot", ((128, 128),) * 2)).value
    finally:
        worker.close()
    assert not left.fault and not left.everywhere
    assert "dot 128x128 · 128x128: a call would take about 4" in left.why  # 4.2 s


def test_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.py", "b.py"):
        Path(name).touch()
    assert [*named(["a.py:f", "b.py:f", "a.py", "os.path:join", "a.py:naive"], ["naive"])] == [
        "f", "b.f", "a", "join", "a.naive",
    ]  # fmt: skip
    for given in (
        ["c.py:f"],
        ["a.py:f", "a.py:f", "a.py:f"],
        ["./a"],
        ["a.py:"],
        [":"],
        [""],
        ["a.py:f\n"],
        ["a.py:=f"],
    ):
        with pytest.raises(UserError):
            named([*given, *given], ())


def test_a_module_and_what_stands_beside_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])  # load adds to it
    (tmp_path / "beside.py").write_text("two = 2\n")
    (tmp_path / "json.py").write_text("import beside\n\ndef f():\n    return beside.two\n")
    assert load(Named(f"{tmp_path / 'json.py'}:f"))[1]() == 2
    assert importlib.import_module("json").dumps(1) == "1"  # another of that name stays
    assert load(Named("os.path:join"))[1] is __import__("os").path.join


def test_rung_needs_only(capsys):
    assert main(["bench", "--rung", "a:b"]) == 2
    assert "--rung needs --only" in capsys.readouterr().err


def explained(capsys, rung: str) -> str:
    assert main(["explain", "vector_dot", "--assembly", "--results", "out/results.json", "--rung", rung]) == 0
    return capsys.readouterr().out.partition(f"({rung})")[2]


def test_numba_is_raced_and_explained(mine, capsys):
    pytest.importorskip("numba")
    Path("jit.py").write_text(
        "from numba import njit\n@njit(fastmath=True)\ndef jitted(x, y):\n    s = 0.0\n"
        "    for i in range(len(x)):\n        s += x[i] * y[i]\n    return s\n"
    )
    code, _, (m,) = bench(capsys, "vector_dot", "jit.py:jitted")
    assert code == 0 and m.faster("jitted", "naive").value > 10
    shown = explained(capsys, "jit.py:jitted")
    assert "times as fast as naive" in shown and "s += x[i] * y[i]" in shown
    assert "in jitted.o: " in shown and "\nvector  v" in shown


def test_cython_and_ctypes_are_raced_and_explained(mine, capsys):
    assert main(["new-rung", "vector_dot", "--cython"]) == 0
    Path("c.c").write_text(
        "float c_sum(const float *x, const float *y, long n)"
        "{ float s = 0; for (long i = 0; i < n; i++) s += x[i] * y[i]; return s; }"
    )
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "c.c", "-o", "libc_sum.so"], check=True)
    Path("c.py").write_text(
        "import ctypes\nimport numpy as np\nlib = ctypes.CDLL('./libc_sum.so')\n"
        "vector = np.ctypeslib.ndpointer(np.float32, 1, flags='C')\n"
        "lib.c_sum.argtypes, lib.c_sum.restype = [vector, vector, ctypes.c_long], ctypes.c_float\n"
        "def c_dot(x, y):\n    return lib.c_sum(x, y, len(x))\n"
    )
    code, out, (m,) = bench(capsys, "vector_dot", "my_vector_dot.pyx:my_vector_dot", "c.py:c_dot")
    assert code == 0, out
    assert all(m.faster(name, "naive").value > 10 for name in ("my_vector_dot", "c_dot"))
    shown = explained(capsys, "my_vector_dot.pyx:my_vector_dot")
    assert ("total += x[i] * y[i]" in shown and "mulss" in shown) or "fmadd" in shown
    shown = explained(capsys, "c.py:c_dot")
    assert "c_sum in libc_sum.so: " in shown


def test_a_pyx_that_does_not_compile_says_where(tmp_path):
    (tmp_path / "bad.pyx").write_text("def bad(x):\n    return nothing\n")
    with pytest.raises(ImportError, match=r"bad.pyx:2:11: undeclared name"):
        load(Named(f"{tmp_path / 'bad.pyx'}:bad"))
