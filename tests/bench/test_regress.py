"""`bench-check`: its verdicts on ratios made up with known changes, its errors, what it builds, and one whole run."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pynn.bench.measure.cases import CASES, RUNGS
from pynn.bench.measure.workers import Reply, WorkerFailed
from pynn.bench.regress import __main__ as command
from pynn.bench.regress import builds
from pynn.bench.regress.side import Side

import kernels
import pynn


def made_up(monkeypatch, seed: int = 0, **slowdown: float) -> list[tuple[int, int]]:
    """Ratios of pairs as measured beside neighbours: half of them 1% off, a tenth 3.5%. The calls' cases and pairs."""
    rng, calls = np.random.default_rng(seed), []

    def measure(sides, cases, threads, pairs):
        calls.append((len(cases), pairs))
        return {
            c: [slowdown.get(c.operation, 1.0) * math.exp(0.012 * x) for x in rng.standard_t(2, pairs)] for c in cases
        }

    monkeypatch.setattr(command, "builds", lambda revision: {})
    monkeypatch.setattr(command, "measure", measure)
    return calls


def scripted(monkeypatch, *ratios: list[float]) -> list[int]:
    """One case's ratios, of each call; the calls' cases."""
    left, calls = list(ratios), []

    def measure(sides, cases, threads, pairs):
        calls.append(len(cases))
        return {case: left.pop(0) for case in cases[:1]}

    monkeypatch.setattr(command, "builds", lambda revision: {})
    monkeypatch.setattr(command, "measure", measure)
    return calls


def test_a_slowdown_of_10_percent_is_found(monkeypatch, capsys):
    for seed in range(50):
        made_up(monkeypatch, seed, softmax=1.1)
        assert command.main(["HEAD"]) == 1
        slower = [line for line in capsys.readouterr().out.splitlines() if line.startswith("slower")]
        assert slower and all("  softmax " in line for line in slower)


def test_noise_alone_is_not(monkeypatch):
    for seed in range(100):
        made_up(monkeypatch, seed)
        assert command.main(["HEAD"]) == 0


def test_a_gain_is_told(monkeypatch, capsys):
    made_up(monkeypatch, softmax=0.8)
    assert command.main(["HEAD", "--only", "softmax"]) == 0
    cases = sum(case.operation == "softmax" and not case.reuse for case in CASES)
    assert capsys.readouterr().out.endswith(f"\n0 slower, {cases} faster, 0 same, 0 unsure\n")


SLOW, CALM, WIDE = [1.1] * 12, [1.0] * 12, [0.9, 1.0] * 3 + [1.2] * 6


@pytest.mark.parametrize(
    ("ratios", "word"),
    [
        ([CALM[:6]], "same"),
        ([SLOW[:6], CALM], "same"),
        ([SLOW[:6], SLOW, CALM], "same"),
        ([SLOW[:6], SLOW, SLOW], "slower"),
        ([WIDE[3:9], SLOW, SLOW], "slower"),
        ([WIDE[3:9], WIDE, WIDE], "unsure"),
    ],
)
def test_what_is_slower_or_unsure_is_measured_again(ratios, word, monkeypatch, capsys):
    calls = scripted(monkeypatch, *ratios)
    assert command.main(["HEAD", "--only", "dense"]) == int(word == "slower")
    assert calls[1:] == [1] * (len(ratios) - 1) + [0] * (3 - len(ratios))
    assert capsys.readouterr().out.splitlines()[1].startswith(word)


def test_fresh_pairs_are_twice_as_many(monkeypatch):
    calls = made_up(monkeypatch, relu=2.0)
    assert command.main(["HEAD", "--only", "relu"]) == 1
    cases = calls[0][0]
    assert calls == [(cases, 6), (cases, 12), (cases, 12)]


@pytest.mark.parametrize(
    ("low", "ratio", "high", "word"),
    [
        (1.02, 1.1, 1.2, "slower"),
        (0.99, 1.1, 1.2, "unsure"),  # beyond the threshold, within the noise
        (1.02, 1.05, 1.07, "same"),  # beyond the noise, within the threshold
        (0.9, 1.0, 1.3, "unsure"),
        (0.88, 0.9, 0.95, "faster"),
        (0.7, 0.9, 1.01, "same"),
    ],
)
def test_verdicts(low, ratio, high, word):
    assert command.verdict(low, ratio, high, 0.08) == word


@pytest.mark.parametrize(
    "arguments",
    [[], ["HEAD", "--threshold", "0"], ["HEAD", "--threshold", "nan"], ["HEAD", "--threads", "0"],
     ["HEAD", "--thread", "1"], ["HEAD", "more"], ["HEAD", "--only", "dot,gelu"]],
)  # fmt: skip
def test_wrong_arguments(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    error = capsys.readouterr().err
    assert ended.value.code == 2 and "usage: bench-check" in error
    assert ("there is no operation 'gelu'; there are: relu, add" in error) == ("dot,gelu" in arguments)


class FakeSide:
    """Answers without a process, by the kernels that are installed; its turns take what `times` says."""

    def __init__(self, name: str, times: list[float], fails: str, turns: list[str]) -> None:
        self.name, self.times, self.fails, self.turns = name, list(times), fails, turns

    def call(self, method, function, keywords, arguments):
        if function == self.fails:
            raise WorkerFailed(self.name, f"it has no {function}")
        values = Side().load(function, keywords, arguments) if self.fails != "wrong" else (np.zeros(3),)
        return Reply(values, 0.0, 0.0, False)

    def turn(self, method):
        self.turns.append(self.name)
        return Reply(self.times.pop(0), 0.0, 0.0, True)

    def close(self):
        pass


CHOSEN = [case for case in CASES if case.operation in ("sum_rows", "relu_grad")][:3]


def fake_sides(monkeypatch, base: str = "", head: str = "") -> list[str]:
    """The names of those whose turn it was."""
    turns: list[str] = []
    monkeypatch.setattr(Side, "__init__", lambda self: None)
    times = {"base": [5.0, 9, 2, 9, 9, 9] * 3, "head": [7.0, 7, 7, 7, 7, 3] * 3}
    fails = {"base": base, "head": head}
    monkeypatch.setattr(command, "_start", lambda name, *rest: FakeSide(name, times[name], fails[name], turns))
    return turns


def test_a_pair_gives_the_ratio_of_the_least_times(monkeypatch):
    turns = fake_sides(monkeypatch)
    assert command.measure({"base": Path(), "head": Path()}, CHOSEN[:1], 1, 2) == {CHOSEN[0]: [1.5, 1.5]}
    assert turns == ["base", "head", "head", "base"] * 3 + ["head", "base", "base", "head"] * 3


@pytest.mark.parametrize("fails", ["sum_rows", "wrong"])
def test_what_base_cannot_do_is_left_out(fails, monkeypatch, capsys):
    fake_sides(monkeypatch, base=fails)
    left = command.measure({"base": Path(), "head": Path()}, CHOSEN, 1, 1)
    assert {case.operation for case in left} == ({"relu_grad"} if fails == "sum_rows" else set())
    assert "left out: base" in capsys.readouterr().err


@pytest.mark.parametrize("fails", ["sum_rows", "wrong"])
def test_what_head_cannot_do_is_an_error(fails, monkeypatch, capsys):
    fake_sides(monkeypatch, head=fails)
    monkeypatch.setattr(command, "builds", lambda revision: {"base": Path(), "head": Path()})
    assert command.main(["HEAD", "--only", "sum_rows"]) == 2
    assert capsys.readouterr().err.startswith("bench-check:\n  head")


def test_nothing_to_compare(monkeypatch):
    fake_sides(monkeypatch, base="sum_rows")
    monkeypatch.setattr(command, "builds", lambda revision: {"base": Path(), "head": Path()})
    assert command.main(["HEAD", "--only", "sum_rows"]) == 2


def test_a_side_computes_and_is_timed():
    """In this process, with the kernels that are installed: results, and arrays of its own."""
    side, case = Side(""), next(case for case in CASES if case.operation == "sgd_update")
    arguments = case.inputs()
    before = arguments[0].copy()
    values = side.load("sgd_update", {}, arguments)
    assert np.array_equal(arguments[0], before) and side.turn() > 0
    np.testing.assert_allclose(values[0], before - 0.01 * arguments[1], rtol=1e-5, atol=1e-6)
    with pytest.raises(ImportError, match="was imported, not the build in /elsewhere"):
        Side("/elsewhere")


SETUP = f"""import pathlib, shutil, sys
built = pathlib.Path(sys.argv[-1].removeprefix("--build-lib="))
installed = [{str(Path(kernels.__file__).parent)!r}, {str(Path(pynn.__file__).parent)!r}]
for package in (*installed, *pathlib.Path(installed[0]).parent.glob("pynn_kernels.libs")):
    ignored = shutil.ignore_patterns("bench", "__pycache__", "*.c")
    shutil.copytree(package, built / pathlib.Path(package).name, ignore=ignored)
with open(built / "kernels" / "__init__.py", "a") as file:
    file.write(open("kernels/more.py").read())
"""
TWICE = "_sum_rows = sum_rows\ndef sum_rows(x):\n    _sum_rows(x)\n    return _sum_rows(x)\n"


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A git checkout of one commit, as the current folder; its build copies what is installed, and adds more.py."""
    folder = tmp_path / "checkout"
    (folder / "kernels").mkdir(parents=True)
    files = {"setup.py": SETUP, "pyproject.toml": "", "kernels/more.py": "", ".gitignore": "build/\n"}
    for name, text in files.items():
        (folder / name).write_text(text)
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", "")  # is set by each run
    monkeypatch.setattr(builds, "COMPILER", ["git"])
    monkeypatch.chdir(folder)
    git("init", "--quiet")
    git("add", ".")
    git("-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false", "commit", "--quiet", "-m", "first")
    return folder


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def test_a_run(checkout, monkeypatch, capsys):
    """Both sides built and timed in processes of their own: equal trees are silent, an uncommitted change is found."""
    monkeypatch.setattr(command, "PAIRS", [2])
    assert command.main(["HEAD", "--only", "sum_rows", "--threshold", "0.5"]) == 0
    assert "0 slower" in capsys.readouterr().out
    Path("kernels/more.py").write_text(TWICE)
    assert command.main(["HEAD", "--only", "sum_rows", "--threshold", "0.5"]) == 1
    assert "\nslower" in capsys.readouterr().out
    assert len(list(checkout.glob("build/bench-check/*/kernels"))) == 2


@pytest.mark.usefixtures("checkout")
def test_what_is_built():
    """The revision as committed, the working tree with changes and new files; nothing twice; old ones go."""
    Path("setup.py").write_text("import shutil, sys; shutil.copytree('.', sys.argv[-1].removeprefix('--build-lib='))")
    git("-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false", "commit", "--quiet", "-am", "second")
    same = builds.builds("HEAD")
    assert same["base"] == same["head"] and (same["base"] / "kernels" / "more.py").is_file()
    (same["base"] / "mark").touch()

    Path("kernels/more.py").write_text("# changed\n")
    Path("kernels", "new.py").write_text("# new\n")
    staged = git("status", "--porcelain")
    changed = builds.builds("HEAD")
    assert changed["base"] == same["base"] and (changed["base"] / "mark").exists()  # not built again
    assert (changed["head"] / "kernels" / "more.py").read_text() == "# changed\n"
    assert (changed["head"] / "kernels" / "new.py").read_text() == "# new\n"
    assert not (changed["base"] / "kernels" / "new.py").exists()
    assert git("status", "--porcelain") == staged  # the index is as it was

    for n in range(builds.KEPT):
        Path("kernels/more.py").write_text(f"# {n}\n")
        last = builds.builds("HEAD")
    kept = list(last["head"].parent.iterdir())
    assert len(kept) == builds.KEPT and set(last.values()) <= set(kept) and changed["head"] not in kept


def test_a_revision_that_is_not_there(checkout, capsys):
    assert command.main(["no-such-branch"]) == 2
    error = capsys.readouterr().err
    assert f"fails in {checkout}" in error and "'no-such-branch'" in error


def test_not_a_checkout(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert command.main(["HEAD"]) == 2
    assert "not a git repository" in capsys.readouterr().err


def test_what_does_not_build(checkout, capsys):
    Path("setup.py").write_text("import sys; sys.exit('no compiler')")
    assert command.main(["HEAD"]) == 2
    error = capsys.readouterr().err
    assert "setup.py --quiet build" in error and "  no compiler" in error
    assert len(list(checkout.glob("build/bench-check/*"))) == 1  # the revision's
    Path("setup.py").unlink()
    assert command.main(["HEAD"]) == 2
    assert "setup.py" in capsys.readouterr().err


def test_every_operation_has_cases():
    small = {case.operation for case in CASES if case.bytes() <= command.LARGEST and not case.reuse}
    assert small == set(RUNGS)
