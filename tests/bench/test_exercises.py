"""`pynn exercise`: each file fails its check as it is written, and passes it when it is mended as in solutions/."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pynn.bench.exercises.checks import CHECKS
from pynn.bench.exercises.command import FILES
from pynn.bench.own.functions import built

from pynn.cli.main import main

SOLUTIONS = Path(__file__).parent / "solutions"
HINTS = {
    "lost_nan": "relu(nan) is 0.0",
    "missed_tail": "Of 1, 2, ... 1 it is 0 instead of 1",
    "needless_copy": "memory for 2.0 more arrays",
    "column_walk": "times as long as a loop along rows",
    "racy_sum": "who else writes to that number?",
    "false_sharing": "share a line of 64 bytes",
}


def quickly_compiled(path: Path, text: str) -> None:
    """Writes the file so that its compilation takes less than half of the time. column_walk's is compared with -O3."""
    path.write_text(text.replace("-O2", "-O1" if "walk" in path.name else "-O0"))


@pytest.mark.parametrize("name", CHECKS)
def test_the_check_fails_until_it_is_mended(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")  # four threads on fewer CPUs wait for each other asleep
    Path("pyproject.toml").write_text('[project]\nname = "another"\nversion = "1"\n')  # as in the checkout
    Path("one").mkdir()
    Path("two").mkdir()
    file = FILES[name].name
    assert main(["exercise", name]) == 0
    assert f"--check {file}" in capsys.readouterr().out
    Path("mended").mkdir()
    quickly_compiled(Path(file), FILES[name].read_text())
    quickly_compiled(Path("mended", file), (SOLUTIONS / file).read_text())
    if file.endswith(".pyx"):  # both at once: a compiler takes seconds for each
        with ThreadPoolExecutor() as pool:
            list(pool.map(built, [Path(file), Path("mended", file)]))
    assert main(["exercise", name, "--check", file]) == 1
    assert HINTS[name].casefold() in capsys.readouterr().out.casefold()
    assert main(["exercise", name, "--check", f"mended/{file}"]) == 0, capsys.readouterr().out
    assert capsys.readouterr().out == f"{name}: mended.\n"


@pytest.mark.parametrize("name", CHECKS)
def test_a_file_says_what_is_to_be_done(name):
    text = FILES[name].read_text()
    assert "Mend " in text or "mend " in text
    assert max(map(len, text.splitlines())) <= 88
    assert f"def {CHECKS[name][0]}(" in text


def test_they_are_listed(capsys):
    assert main(["exercise"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [text.split()[0] for text in lines[: len(CHECKS)]] == [*CHECKS]


def test_names_and_files_that_are_not_there(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["exercise", "lost"]) == 2
    assert "did you mean lost_nan?" in capsys.readouterr().err
    assert main(["exercise", "lost_nan", "--check", "none.py"]) == 2
    Path("empty.py").touch()
    assert main(["exercise", "lost_nan", "--check", "empty.py"]) == 1
    assert "empty.py has no relu" in capsys.readouterr().out
    for options in (
        ["--check", "empty.py"],
        ["lost_nan", "--check", "."],
        ["lost_nan", "--check", "empty.py", "-o", "x.py"],
    ):
        assert main(["exercise", *options]) == 2


def test_a_sum_that_one_thread_computes_is_not_the_mended_one(tmp_path, capsys):
    text = (SOLUTIONS / "racy_sum.pyx").read_text().replace("num_threads=4", "num_threads=1")
    quickly_compiled(tmp_path / "alone.pyx", text)
    assert main(["exercise", "racy_sum", "--check", str(tmp_path / "alone.pyx")]) == 1
    assert "one thread computes it alone" in capsys.readouterr().out


def test_solutions_are_not_shipped():
    assert {path.stem for path in SOLUTIONS.iterdir()} >= set(CHECKS)
    for path in SOLUTIONS.glob("*.py"):
        assert ast.dump(ast.parse(path.read_text())) != ast.dump(ast.parse(FILES[path.stem].read_text()))
