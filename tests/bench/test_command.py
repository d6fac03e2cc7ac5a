"""`pynn bench`, `pynn bench compare`, `pynn explain` and the README's blocks, as a user meets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fake_results import fake_results, without
from pynn.bench import command, readme, suites
from pynn.bench.measure.quiet import busy_process
from pynn.bench.results.store import Results, read, replace

from kernels.cpus import cpu_count
from kernels.ladder import LADDER
from pynn.cli.main import main
from pynn.support.extras import install

ROOT = Path(__file__).resolve().parents[2]


def said(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def test_a_run_saves_what_it_prints(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(suites.machine, "RUNS", 3)
    folder = tmp_path / "out"
    options = ("--quick", "--only", "vector_dot,ADD_RELU", "--suites", "ladder,scaling", "--threads", "1")
    options += ("--wait-quiet", "0")
    code, out, _ = said(capsys, "bench", *options, "--output", str(folder))
    assert code == 0
    found = read(str(folder / "results.json"))
    assert found.quick
    assert {m.operation for m in found.suite("ladder")} == {"add_relu", "vector_dot"}
    assert {m.suite for m in found.measurements} == {"ladder", "scaling"}
    for m in found.suite("ladder"):
        assert [*m.contestants] == [*LADDER[m.operation], "NumPy"]
        assert all(p.error <= (0.5 if p.error_unit == "ulp" else 1) for p in m.contestants.values())
        assert m.faster("simd", "naive").value > 10
    for name in ("report.html", "results.csv", "tables.md", "ladder.png", "ladder.svg"):
        assert (folder / name).stat().st_size > 1000
    assert f"open {folder / 'report.html'}" in out
    assert "add_relu 20x100" in out and "add_relu 20x100" in (folder / "tables.md").read_text()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--only", "dott"), "there is no operation 'dott'"),
        (("--suites", "ladders"), "there is no suite 'ladders'"),
        (("--peers", "tf"), "there is no library 'tf'"),
        (("--suites", ","), "there is no suite ','"),
        (("--only", "none"), "there is no operation 'none'"),
        (("--only", ""), "there is no operation ''"),
        (("--only", "dot", "--suites", "training"), "--only does not choose among training"),
        (("--only", "relu", "--suites", "sweep"), "no case of relu"),
    ],
)
def test_names_that_are_not_there(tmp_path, capsys, options, says):
    code, _, err = said(capsys, "bench", *options, "--output", str(tmp_path))
    assert code == 2
    assert says in err


def test_a_folder_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    code, _, err = said(capsys, "bench", "--output", str(tmp_path / "file" / "x"))
    assert code == 2
    assert "cannot write in --output" in err


@pytest.mark.parametrize("threads", ["0", "-1", "many"])
def test_threads_are_a_number(threads):
    with pytest.raises(SystemExit) as ended:
        main(["bench", "--threads", threads])
    assert ended.value.code == 2


@pytest.mark.parametrize("forced", [(), ("--oversubscribe",)])
def test_no_more_threads_than_cpus_but_by_force(tmp_path: Path, monkeypatch, capsys, forced):
    planned, cpus = [], cpu_count()
    monkeypatch.setattr(command, "begun", lambda plan: replace(fake_results(), measurements=[], process_runs=[]))
    monkeypatch.setattr(command, "measure", lambda plan, results: planned.append(plan.threads))
    code, _, err = said(capsys, "bench", "--output", str(tmp_path), "--threads", str(cpus + 1), *forced)
    assert code == 0 and (f"{cpus + 1} threads on {cpus} CPUs" in err) == (not forced)
    assert planned == [cpus + bool(forced)]


@pytest.mark.parametrize("missing", ["msgspec", "threadpoolctl"])
@pytest.mark.parametrize("arguments", [["bench"], ["explain", "dot"]], ids=lambda a: a[0])
def test_without_the_extra(missing, arguments):
    code = f"import sys; sys.modules[{missing!r}] = None; from pynn.cli.main import main; sys.exit(main({arguments!r}))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert install("bench") in done.stderr and done.stderr.count("\n") == 1


@pytest.fixture
def neighbours() -> Iterator[None]:
    """A process on each CPU that computes all the time."""
    with ExitStack() as stack:
        for _ in range(cpu_count()):
            stack.enter_context(busy_process())
        yield


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="this system does not tell what others take of the CPUs")
def test_beside_neighbours_a_run_ends_and_tells_what_can_be_told(tmp_path, brief, capsys, neighbours):
    options = ("--quick", "--only", "vector_dot", "--suites", "ladder", "--wait-quiet", "1")
    code, out, _ = said(capsys, "bench", *options, "--output", str(tmp_path))
    assert code == 0
    (m,) = read(str(tmp_path / "results.json")).measurements
    assert m.disturbed and "vector_dot 10000 · 10000, disturbed" in out and "Disturbed: other processes took" in out
    gain = m.faster(m.best_rung, "naive")
    assert gain.low > 5  # hundreds, on a machine of one's own
    row = next(line for line in out.splitlines() if line.startswith(m.best_rung))
    assert gain.text in row and not gain.unknown
    assert "stable" not in out.partition("Contestants take turns")[0]


def test_compare(tmp_path, capsys):
    results = fake_results()
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    results.save(a)
    content = json.loads(a.read_text())
    slowed = next(m for m in content["measurements"] if m["operation"] == "softmax" and m["suite"] == "ladder")
    contestant = slowed["contestants"]["parallel"]
    contestant["seconds"] = [2 * s for s in contestant["seconds"]]
    b.write_text(json.dumps(content))
    code, out, _ = said(capsys, "bench", "compare", str(a), str(b))
    assert code == 0
    lines = [line for line in out.splitlines() if line.startswith(("slower", "faster"))]
    assert len(lines) == 1
    assert "softmax" in lines[0] and "parallel" in lines[0] and "0.50" in lines[0]
    assert "0 faster, 1 slower" in out
    for share, fails in (("10%", 1), ("0.1", 1), ("150%", 0)):
        code, out, _ = said(capsys, "bench", "compare", str(a), str(b), "--fail-slower", share)
        assert code == fails
        last = f"beyond the interval: {'parallel in ladder: softmax ' if fails else 'nothing'}"
        assert last in out.splitlines()[-1]
    code, out, _ = said(capsys, "bench", "compare", str(a), str(a), "--fail-slower", "0")
    assert code == 0 and "0 faster, 0 slower" in out


def test_a_run_of_whole_processes_alone_is_saved(tmp_path, brief, monkeypatch, capsys):
    monkeypatch.setattr(command, "begun", lambda plan: replace(fake_results(), measurements=[]))
    monkeypatch.setattr(command, "measure", lambda plan, results: None)
    code, out, _ = said(capsys, "bench", "--suites", "processes", "--output", str(tmp_path / "out"))
    assert code == 0 and "From nothing to 98% on MNIST" in out
    assert read(str(tmp_path / "out/results.json")).process_runs


def test_fail_slower_does_not_pass_where_nothing_can_be_compared(tmp_path, capsys):
    results, path = fake_results(), tmp_path / "r.json"
    results.measurements[:] = [replace(m, others=0.9) for m in results.measurements]
    results.save(path)
    code, _, err = said(capsys, "bench", "compare", str(path), str(path), "--fail-slower", "10%")
    assert code == 2 and "nothing could be compared" in err


@pytest.mark.parametrize("share", ["ten", "10", "-1", "nan", "10%%", ""])
def test_a_share_is_a_share(share):
    with pytest.raises(SystemExit) as ended:
        main(["bench", "compare", "a", "b", f"--fail-slower={share}"])
    assert ended.value.code == 2


def test_compare_takes_no_option_of_a_run(capsys):
    code, _, err = said(capsys, "bench", "--quick", "compare", "a", "b")
    assert code == 2
    assert "leave out --quick" in err


@pytest.mark.parametrize("command", [("bench", "compare", "bad"), ("explain", "dot", "--results")], ids=lambda c: c[0])
@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda path: None, "No such file"),
        (Path.mkdir, "Is a directory"),
        (lambda path: path.symlink_to(path), "symbolic link"),
        (os.mkfifo, "pipe"),
        (lambda path: path.symlink_to("/dev/zero"), "device"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "not a results.json"),
        (lambda path: path.write_text("[" * 100_000), "not a results.json"),
        (lambda path: path.write_bytes(bytes(9 << 20)), "9 MiB"),
        (lambda path: path.write_text('{"schema": "' + "a\\n" * 100_000 + '"}'), "schema"),
    ],
)  # fmt: skip
def test_files_that_are_not_there_or_something_else(tmp_path, monkeypatch, capsys, command, made, says):
    monkeypatch.chdir(tmp_path)
    made(Path("bad"))
    code, _, err = said(capsys, *command, "bad")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith(f"pynn {command[0]}: error: bad: ") and len(err) < 500
    assert says in err


@pytest.mark.parametrize("operation", LADDER)
def test_explain_shows_each_rung_beside_the_one_below(tmp_path, capsys, operation):
    path = tmp_path / "r.json"
    fake_results().save(path)
    results = read(path)  # with times as they are rounded in the file
    code, out, _ = said(capsys, "explain", operation, "--results", str(path))
    assert code == 0
    rungs = list(LADDER[operation])
    at = [out.index(f"{operation}: {rung} (") for rung in rungs]
    assert at == sorted(at)
    for below, rung, start in zip(rungs, rungs[1:], at[1:], strict=False):
        part = out[start:]
        assert f"--- {operation} {below}" in part
        for m in results.suite("ladder"):
            ratio = m.operation == operation and m.faster(rung, below)
            if ratio and not ratio.tie and not ratio.unknown:
                assert f"{ratio} times as fast as {below}" in part
    assert "def naive_" in out


def test_explain_names_what_there_is(tmp_path, capsys):
    code, out, _ = said(capsys, "explain", "list")
    assert (code, len(out.splitlines())) == (0, len(LADDER))
    code, _, err = said(capsys, "explain", "sofmax")
    assert code == 2
    assert "did you mean softmax?" in err
    without(fake_results(), "ladder").save(tmp_path / "r.json")
    code, _, err = said(capsys, "explain", "dot", "--results", str(tmp_path / "r.json"))
    assert code == 2
    assert "holds no ladder of dot" in err


def test_explain_shows_machine_code(tmp_path, capsys):
    fake_results().save(tmp_path / "r.json")
    _, out, _ = said(capsys, "explain", "dot", "--results", str(tmp_path / "r.json"), "--assembly")
    assert "gemm_panel_f32 in _simd" in out


def whole_results() -> Results:
    """All that README.md's table has."""
    results = fake_results()
    (run,) = results.process_runs
    runs = [replace(run, name=name) for name in readme.BESIDE]
    return replace(results, process_runs=runs, versions=results.versions | {"Keras": "Keras 1.0 on TensorFlow 1.0"})


def test_the_readme_is_written_between_its_markers(tmp_path, brief, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bench").mkdir()
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    readme.publish(whole_results())
    new = (tmp_path / "README.md").read_text(encoding="utf-8")
    begin, end = "<!-- measured: begin -->", "<!-- measured: end -->"
    assert new.partition(begin)[0] == text.partition(begin)[0]
    assert new.partition(end)[2] == text.partition(end)[2]
    block = new.partition(begin)[2].partition(end)[0]
    rows = [line.split(" | ") for line in block.splitlines() if line.startswith("| ")]
    assert [row[0] for row in rows[1:]] == [
        "| cold start to 98% on MNIST", "| one epoch of it", "| installed", "| import", f"| {readme.DOT}"
    ]  # fmt: skip
    assert rows[2][1].startswith("4") and rows[2][3].startswith("1.3") and " s, ×3." in rows[2][3]
    assert rows[5][2].endswith(", tie") or ", ×1.0" in rows[5][2]
    assert "(bench/published/ladder.svg)" in block and "(docs/measure/performance.md)" in block
    page = (tmp_path / "docs/measure/performance.md").read_text(encoding="utf-8")
    assert "| dot 512x512 · 512x512 | sparse |" in page and "(../../bench/published/roofline.svg)" in page
    for picture in readme.PAGE:
        assert (tmp_path / f"bench/published/{picture}.svg").exists()
    assert read(str(tmp_path / "bench/published/results.json")).measurements


def test_a_readme_without_markers_is_left_alone(tmp_path, brief, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text("nothing here")
    with pytest.raises(ValueError, match="put the line <!-- measured: begin -->"):
        readme.publish(without(whole_results(), "sweep", "scaling"))
    assert [p.name for p in tmp_path.iterdir()] == ["README.md"]


FEW = without(whole_results(), "sweep", "scaling")  # pictures to draw


@pytest.mark.parametrize(
    "results",
    [
        replace(FEW, process_runs=fake_results().process_runs),
        replace(FEW, measurements=without(fake_results(peers=()), "sweep", "scaling").measurements),
        replace(FEW, versions=fake_results().versions),
        without(FEW, "training"),
    ],
    ids=["no whole runs of others", "no libraries' dot", "no version of Keras", "no epochs"],
)
def test_a_run_with_gaps_leaves_the_readme_and_its_picture_alone(tmp_path, brief, monkeypatch, capsys, results):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text("nothing here")
    readme.publish(results)
    assert (tmp_path / "README.md").read_text() == "nothing here"
    assert "README.md and its picture stay" in capsys.readouterr().out
    page = (tmp_path / "docs/measure/performance.md").read_text(encoding="utf-8")
    assert "## dot" in page and "published/roofline.svg" in page and "ladder.svg" not in page
    assert not (tmp_path / "bench/published/ladder.svg").exists()


@pytest.mark.parametrize("text", ["", "B E B E", "E B", "B", "E", "B B E"])
def test_markers_must_be_there_once(text):
    text = text.replace("B", "<!-- x: begin -->").replace("E", "<!-- x: end -->")
    with pytest.raises(ValueError, match="once each"):
        readme.replaced(text, "x", "new")
