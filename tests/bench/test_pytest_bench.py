"""`pytest bench`: pytest-benchmark's tables, with NumPy in each group and every contestant's ratio to it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pynn.bench import readme

from pynn.cli.checks import UserError

ROOT = Path(__file__).resolve().parents[2]
pytest.importorskip("pytest_benchmark")


def test_tables_and_saved_runs(tmp_path):
    saved = tmp_path / "run.json"
    command = [sys.executable, "-P", "-m", "pytest", "bench", "-p", "no:cacheprovider", "-k", "add_relu20x100",
               f"--benchmark-json={saved}", f"--benchmark-histogram={tmp_path / 'histogram'}"]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "benchmark 'add_relu 20x100': " in done.stdout and "(inf)" not in done.stdout
    shown = dict(re.findall(r"^(\w+) +([\d.,]+) times NumPy ", done.stdout, re.M))
    benchmarks = json.loads(saved.read_text())["benchmarks"]
    assert shown.keys() == {one["extra_info"]["contestant"] for one in benchmarks} >= {"naive", "parallel", "NumPy"}
    assert float(shown["NumPy"]) == 1
    assert float(shown["naive"]) < float(shown["parallel"])
    assert all(one["extra_info"]["error"] <= 1 and one["group"] == "add_relu 20x100" for one in benchmarks)
    assert list(tmp_path.glob("histogram*.svg"))
    for seconds in (["fast"], [0.0], []):
        content = json.loads(saved.read_text())
        content["benchmarks"][0]["stats"]["data"] = seconds
        (tmp_path / "other.json").write_text(json.dumps(content))
        with pytest.raises(UserError, match=r"other\.json: not a JSON of .*, or damaged"):
            readme.load(str(tmp_path / "other.json"))
    results = readme.load(str(saved))
    (m,) = results.measurements
    assert next(iter(m.contestants)) == "naive" and m.names("numpy") == ["NumPy"] and m.suite == "ladder"
    for one in benchmarks:
        contestant = m.contestants[one["extra_info"]["contestant"]]
        assert contestant.median == pytest.approx(one["stats"]["median"], rel=5e-5)  # of turns with five digits
    assert m.faster("parallel", "naive").value > 1
    assert readme.beside(results).rows == []
    content = json.loads(saved.read_text())
    content["machine_info"]["pynn"]["instruction set"] = "neon"
    saved.write_text(json.dumps(content))
    (m,) = readme.load(str(saved)).measurements
    sets = {name: m.contestants[name].instruction_set for name in ("naive", "typed", "simd")}
    assert m.instruction_set == "neon" and sets == {"naive": "", "typed": "baseline", "simd": "neon"}  # of that machine
