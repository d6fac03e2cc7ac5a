"""What a user's function must do before it is timed, and the files that `pynn new-rung` writes to start from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pynn.bench.measure.cases import Case
from pynn.bench.own.functions import Named, load
from pynn.bench.own.start import start
from pynn.bench.own.trials import Wrong, checked, resized, trials

from kernels.ladder import LADDER
from pynn.cli.main import main


@pytest.mark.parametrize("operation", LADDER)
def test_every_rung_passes_the_trials(operation):
    assert len(trials(operation)) > 10
    for rung in LADDER[operation].values():
        for case, nan in trials(operation):
            checked(rung.function, case, nan)  # raises Wrong


def test_trials_are_small_odd_empty_and_with_a_nan():
    found = trials("dot")
    steps = [case.steps for case, nan in found if case.steps and not nan]
    assert steps == sorted(steps) and steps[0] == 1
    assert [nan for _, nan in found].count(True) == 1
    assert any(case.shapes[0][1] == 0 and case.result_shape[0] for case, _ in found)  # (2, 0) . (0, 3) is zeros
    assert {n % 8 for case, _ in found for shape in case.shapes for n in shape} == set(range(8))
    assert resized(Case("dot", ((4, 2), (2, 6)), "x"), lambda n: n // 2).shapes == ((2, 1), (1, 3))


def shifted(x, y):
    z = np.dot(x, y)
    if z.size > 4:
        z[-1, -1] += 1
    return z


def doubled(x, y):
    x *= 2
    return np.dot(x, y)


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (shifted, r"the result is wrong: 1 of 6 values, the first at \[1, 2\], is .* off by 1 where"),
        (doubled, "changes its argument 1"),
        (lambda x, y: None, r"returns None: an array of shape \(2, 3\) is expected"),
        (lambda x, y: np.ma.asarray(np.dot(x, y)), "returns MaskedArray: an array is expected"),
        (lambda x, y: np.dot(x, y).tolist(), "returns list: an array is expected"),
        (lambda x, y: np.dot(x, y).astype(float), "dtype float64 instead of float32"),
        (lambda x, y: np.dot(x, y).T, r"shape \(3, 2\) instead of \(2, 3\)"),
    ],
)
def test_a_wrong_result_says_what(function, says):
    with pytest.raises(Wrong, match=says):
        checked(function, Case("dot", ((2, 4), (4, 3))))


def test_a_lost_nan_and_an_update_that_is_none():
    with pytest.raises(Wrong, match=r"the first at \[1, 1\], is 0 instead of nan"):
        checked(lambda x: np.where(x > 0, x, np.float32(0)), Case("relu", ((2, 3),)), nan=True)
    with pytest.raises(Wrong, match=r"argument 1 after the call is wrong \(it is unchanged\)"):
        checked(lambda *arguments: arguments[0], Case("rmsprop_update", ((2, 3),) * 3))


@pytest.mark.parametrize("operation", LADDER)
def test_a_new_rung_works_at_once(tmp_path, operation):
    path = tmp_path / f"new_{operation}.py"
    path.write_text(start(operation, path.name, cython=False))
    _, function = load(Named(f"{path}:my_{operation}"))
    for case, nan in trials(operation):
        checked(function, case, nan)
    assert max(map(len, path.read_text().splitlines())) <= 120


def test_a_new_rung_in_cython_works_at_once(tmp_path):
    """All in one module, as a compiler takes seconds for each."""
    path = tmp_path / "all_of_them.pyx"
    texts = [start(operation, path.name, cython=True) for operation in LADDER]
    path.write_text("\n\n".join([texts[0], *(text.partition("cdivision=True\n")[2] for text in texts[1:])]))
    for operation in LADDER:
        _, function = load(Named(f"{path}:my_{operation}"))
        for case, nan in trials(operation):
            checked(function, case, nan)


def test_a_new_rung_overwrites_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new-rung", "dot"]) == 0
    text = Path("my_dot.py").read_text()
    assert main(["new-rung", "dot"]) == 2
    assert "my_dot.py is there already" in capsys.readouterr().err
    assert Path("my_dot.py").read_text() == text
    for more in (["dott"], ["dot", "-o", "x.txt"], ["dot", "-o", "no/folder/x.py"]):
        assert main(["new-rung", *more]) == 2
