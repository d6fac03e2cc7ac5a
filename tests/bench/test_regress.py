"""`bench-check`: its verdicts on times made up with known changes, its errors, and what it builds."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pynn.bench.measure.cases import CASES, RUNGS
from pynn.bench.regress import __main__ as command
from pynn.bench.regress import builds, pairs
from pynn.bench.regress.verdicts import FASTER, FEWEST, SAME, SLOWER, UNSURE, Change, change, rank

THRESHOLD, ROUNDS = 0.08, 5


def made_up(slowdown: float, pairs: int, seed: int, own: float = 0.04, turn: float = 0.03) -> list[dict]:
    """Times as measured on a shared machine: the processes of a pair differ by `own`, their turns by `turn`, and slow
    seconds hit all three alike."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(pairs):
        machine = rng.choice([1.0, 1.0, 1.4], ROUNDS)
        level = {"base": 1e-5, "head": 1e-5 * slowdown * math.exp(rng.normal(0, own)), "NumPy": 3e-5}
        found.append({name: t * machine * np.exp(rng.normal(0, turn, ROUNDS)) for name, t in level.items()})
    return found


def verdict(slowdown: float, seed: int, own: float = 0.04) -> str:
    """As the command comes to it: what is suspect in six pairs is decided by twelve fresh ones, twice."""
    found = change(made_up(slowdown, FEWEST, seed, own))
    for again in range(1, command.CONFIRMED + 1):
        if found.suspect(THRESHOLD):
            found = change(made_up(slowdown, command.AGAIN * FEWEST, seed + 1000 * again, own))
    return found.verdict(THRESHOLD)


def test_a_slowdown_of_15_percent_is_found():
    assert [verdict(1.15, seed) for seed in range(200)].count(SLOWER) >= 190


@pytest.mark.parametrize(("own", "most"), [(0.04, 0), (0.1, 2)])
def test_noise_alone_is_not(own, most):
    assert [verdict(1.0, seed, own) for seed in range(500)].count(SLOWER) <= most


def test_a_gain_is_told():
    assert [verdict(0.8, seed) for seed in range(100)].count(FASTER) >= 95


def test_without_noise_the_change_is_exact():
    found = change(made_up(1.15, FEWEST, 0, own=0, turn=0))
    assert (found.value, found.low, found.high) == pytest.approx((1.15,) * 3)
    assert found.verdict(THRESHOLD) == SLOWER and found.suspect(THRESHOLD)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Change(1.1, 1.02, 1.2), SLOWER),
        (Change(1.1, 0.99, 1.2), UNSURE),  # beyond the threshold, within the noise
        (Change(1.05, 1.02, 1.07), SAME),  # beyond the noise, within the threshold
        (Change(1.0, 0.9, 1.3), UNSURE),
        (Change(0.9, 0.88, 0.95), FASTER),
        (Change(0.9, 0.7, 1.01), SAME),
    ],
)
def test_verdicts(found, expected):
    assert found.verdict(THRESHOLD) == expected


def test_one_strange_pair_of_twelve_changes_nothing():
    times = made_up(1.0, 12, 3, own=0.01)
    times[4]["head"] = times[4]["head"] * 3
    assert change(times).verdict(THRESHOLD) == SAME


def test_turns_without_a_time_do_not_count():
    times = made_up(1.15, FEWEST, 0, own=0, turn=0)
    times[0]["head"][1:] = math.nan
    times[1]["NumPy"][0] = math.nan
    assert change(times).value == pytest.approx(1.15)
    times[2]["base"][:] = math.nan
    with pytest.raises(ValueError, match="5 pairs of processes instead of 6"):
        change(times)


def test_too_few_pairs():
    with pytest.raises(ValueError, match="0 pairs"):
        change([])


def test_the_interval_holds_the_median_often_enough():
    rng = np.random.default_rng(0)
    for n in (6, 12, 13):
        k = rank(n)
        sample = np.sort(rng.exponential(size=(20_000, n)), axis=1)
        held = (sample[:, k - 1] <= math.log(2)) & (math.log(2) <= sample[:, -k])
        assert held.mean() > 0.945
        inner = (sample[:, k] <= math.log(2)) & (math.log(2) <= sample[:, -k - 1])
        assert inner.mean() < 0.95  # a narrower one would not do
    assert rank(FEWEST - 1) == 0


def test_every_operation_has_cases():
    assert {case.operation for case in command._cases(None)} == set(RUNGS)
    assert {case.operation for case in command._cases("dot, relu")} == {"dot", "relu"}


@pytest.mark.parametrize(
    "arguments",
    [[], ["HEAD", "--pairs", "5"], ["HEAD", "--threshold", "0"], ["HEAD", "--threshold", "nan"],
     ["HEAD", "--threads", "0"], ["HEAD", "--pair", "6"], ["HEAD", "more"]],
)  # fmt: skip
def test_wrong_arguments(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2 and "usage: bench-check" in capsys.readouterr().err


def test_an_operation_that_is_not_there(capsys):
    assert command.main(["HEAD", "--only", "dot,gelu"]) == 2
    assert "there is no operation 'gelu'; there are: relu, add" in capsys.readouterr().err


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A git checkout of one commit, as the current folder."""
    folder = tmp_path / "checkout"
    (folder / "kernels").mkdir(parents=True)
    for name in ("setup.py", "pyproject.toml", "kernels/naive.py"):
        (folder / name).write_text(f"# {name}\n")
    (folder / ".gitignore").write_text("build/\n")
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder)
    git("init", "--quiet")
    git("add", ".")
    git("-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false", "commit", "--quiet", "-m", "first")
    return folder


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def test_a_revision_that_is_not_there(checkout, capsys):
    assert command.main(["no-such-branch"]) == 2
    assert f"there is no revision 'no-such-branch' in {checkout}" in capsys.readouterr().err


def test_not_a_checkout(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert command.main(["HEAD"]) == 2
    assert f"{tmp_path} is not in a git checkout" in capsys.readouterr().err


@pytest.mark.usefixtures("checkout")
def test_a_revision_without_kernels(capsys):
    git("rm", "--quiet", "setup.py")
    git("-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false", "commit", "--quiet", "-m", "second")
    Path("setup.py").write_text("# again\n")
    assert command.main(["HEAD"]) == 2
    assert "HEAD cannot be built: it lacks kernels, setup.py or pyproject.toml" in capsys.readouterr().err


def test_what_does_not_build(checkout, monkeypatch, capsys):
    def broken(source: Path, target: Path) -> subprocess.Popen:
        assert (source / "kernels" / "naive.py").is_file()
        return subprocess.Popen(["sh", "-c", "echo no compiler; exit 3"], stdout=subprocess.PIPE, text=True)

    monkeypatch.setattr(builds, "_pip", broken)
    assert command.main(["HEAD"]) == 2
    error = capsys.readouterr().err
    assert "HEAD does not build; the last lines:" in error and "no compiler" in error
    assert not list(checkout.glob("build/bench-check/*"))


@pytest.mark.usefixtures("checkout")
def test_what_is_built(monkeypatch):
    """The revision as committed, the working tree with changes and new files; nothing twice; old ones go."""
    made = []

    def copied(source: Path, target: Path) -> subprocess.Popen:
        made.append(sorted(str(p.relative_to(source)) for p in source.rglob("*.py")))
        return subprocess.Popen(["cp", "-r", str(source), str(target)], stdout=subprocess.PIPE, text=True)

    monkeypatch.setattr(builds, "_pip", copied)
    same = builds.builds("HEAD")
    assert same["base"] == same["head"] and len(made) == 1

    Path("setup.py").write_text("# changed\n")
    Path("kernels", "new.py").write_text("# new\n")
    staged = git("status", "--porcelain")
    changed = builds.builds("HEAD")
    assert changed["base"] == same["base"] and changed["head"] != same["base"]
    assert made[1:] == [["kernels/naive.py", "kernels/new.py", "setup.py"]]
    assert (changed["head"] / "setup.py").read_text() == "# changed\n"
    assert (changed["base"] / "setup.py").read_text() == "# setup.py\n"
    assert git("status", "--porcelain") == staged  # the index is as it was

    for n in range(builds.KEPT):
        Path("setup.py").write_text(f"# {n}\n")
        last = builds.builds("HEAD")
    kept = list(last["head"].parent.iterdir())
    assert len(kept) == builds.KEPT and set(last.values()) <= set(kept) and changed["head"] not in kept


class FakeWorker:
    """Side's answers without a process: the function it may lack, or get wrong."""

    def __init__(self, values) -> None:
        self.values = values

    def call(self, method, operation, function, keywords, arguments):
        from pynn.bench.measure.workers import Reply

        import kernels

        values = self.values
        if values == "right":
            values = (getattr(kernels, function)(*arguments, **keywords),)
        return Reply(values, 0.0, 0.0, False)


CASE = next(case for case in CASES if case.operation == "dense")
ZEROS = (np.zeros(CASE.result_shape, np.float32),)


@pytest.mark.parametrize(
    ("base", "expected"),
    [("right", ""), (None, "dense is left out: base has no dense."), (ZEROS, "Left out, wrong values: base, dense")],
)
def test_what_cannot_be_compared_is_named(base, expected):
    why = pairs._loaded({"base": FakeWorker(base), "head": FakeWorker("right")}, CASE, checked=False)
    assert why.startswith(expected) and bool(why) == bool(expected)


def test_wrong_values_of_the_working_tree_are_an_error():
    with pytest.raises(pairs.UserError, match="wrong values, head, dense"):
        pairs._loaded({"base": FakeWorker("right"), "head": FakeWorker(ZEROS)}, CASE, checked=False)


def test_a_side_computes_and_is_timed():
    """In this process, with the kernels that are installed: results, and arrays of its own."""
    from pynn.bench.regress.side import Side

    side, case = Side(), next(case for case in CASES if case.operation == "sgd_update")
    arguments = case.inputs()
    before = arguments[0].copy()
    values = side.load(case.operation, "sgd_update", {}, arguments)
    assert np.array_equal(arguments[0], before) and not np.array_equal(values[0], before)
    np.testing.assert_allclose(values[0], before - 0.01 * arguments[1], rtol=1e-5, atol=1e-6)
    assert side.turn("kernels") > 0 and side.turn("NumPy") > 0
    assert side.load("relu", "no_such_function", {}, arguments) is None


def fake_measure(slower: dict[str, float]):
    def measure(sides, cases, threads, count, rounds, notes):
        return {case: made_up(slower.get(case.operation, 1.0), count, i) for i, case in enumerate(cases)}

    return measure


@pytest.mark.parametrize(("slower", "code"), [({}, 0), ({"softmax": 1.15}, 1), ({"softmax": 0.7}, 0)])
def test_exit_codes(slower, code, monkeypatch, capsys):
    monkeypatch.setattr(command, "builds", lambda revision: {})
    monkeypatch.setattr(command, "measure", fake_measure(slower))
    assert command.main(["HEAD"]) == code
    out = capsys.readouterr().out
    named = out.splitlines()[-1].partition("head / base: ")[2]
    assert bool(named) == bool(code)
    assert all(part.startswith("softmax ") for part in named.split("; ") if named)
    assert len([line for line in out.splitlines() if line.startswith("| ")]) == len(command._cases(None)) + 1
