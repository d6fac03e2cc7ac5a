"""The `pynn` command: its arguments, `info` and help, and one clear line for each bad argument."""

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

import kernels
import pynn
from pynn.cli import main as cli
from pynn.cli.main import main


@pytest.mark.parametrize("option", ["--epochs", "--batch-size", "--hidden", "--threads"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "", "99999999999999999999"])
def test_bad_counts(option, value, assert_one_line):
    with pytest.raises(SystemExit) as exit:
        main(["train", f"{option}={value}"])
    assert exit.value.code == 2
    assert_one_line("train", option, "whole number", repr(value))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--learning-rate", "0"], ["--learning-rate", "above 0"]),
        (["--learning-rate", "nan"], ["--learning-rate", "'nan'"]),
        (["--learning-rate", "inf"], ["--learning-rate", "finite"]),
        (["--learning-rate=-1"], ["--learning-rate"]),
        (["--seed=-1"], ["--seed", "0"]),
        (["--seed", str(2**32)], ["--seed"]),
        (["--optimizer", "adagrad"], ["--optimizer", "sgd", "rmsprop", "adam"]),
        (["--epoch", "3"], ["--epoch"]),
        (["--hidden"], ["--hidden", "expected one argument"]),
        (["left over"], ["left over"]),
    ],
)
def test_bad_arguments(arguments, words, capsys):
    with pytest.raises(SystemExit) as exit:
        main(["train", *arguments])
    assert exit.value.code == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "error: " in err
    for word in words:
        assert word in err


def test_info(capsys):
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    for name in kernels.show_config():
        assert f"kernels: {name}" in out
    rows = dict(re.findall(r"^(\S+) +(.*\S)", out, re.M))
    assert rows["numpy"] == np.__version__
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    extras = (project["optional-dependencies"][extra] for extra in ("plot", "hdf5", "tensorboard"))
    for requirement in sum(extras, project["dependencies"]):
        name = re.match(r"[\w-]+", requirement)[0]
        version = next((found.version for found in metadata.distributions(name=name)), "not installed")
        assert rows[name] == version


def run(*arguments):
    code = f"import runpy, sys; sys.path[:] = {sys.path!r}; runpy.run_module('pynn', run_name='__main__')"
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_module_runs_as_a_command(tmp_path):
    done = run("train", "--data", str(tmp_path / "none"))
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    done = run()
    assert done.returncode == 2 and done.stderr.startswith("usage: pynn") and "train the 784-512-10" in done.stderr


def test_one_version(capsys):
    with pytest.raises(SystemExit) as exit:
        main(["--version"])
    assert exit.value.code == 0
    assert capsys.readouterr().out == f"pynn {pynn.__version__}\n"
    assert kernels.__version__ == pynn.__version__ == pynn.keras.__version__


def test_help_is_cheap():
    code = f"""
import sys
sys.path[:] = {sys.path!r}
from pynn.cli.main import main
try:
    main(["train", "--help"])
except SystemExit as stop:
    assert stop.code == 0
    assert not {{"matplotlib", "PIL", "pooch", "requests"}} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for option in ("epochs", "batch-size", "hidden", "optimizer", "seed", "data", "output"):
        assert f"--{option}" in done.stdout


def test_more_threads_than_the_kernels_take(assert_one_line):
    with pytest.raises(SystemExit) as exit:
        main(["train", "--threads", "4097"])
    assert exit.value.code == 2
    assert_one_line("train", "--threads", "4096")


@pytest.mark.parametrize("command", [["bench", "--quick"], ["explain", "dot"]])
def test_a_source_folder_has_no_bench(command, monkeypatch, assert_one_line):
    def missing(name):
        raise ModuleNotFoundError(name="pynn.bench")

    monkeypatch.setattr(cli, "_command", missing)
    assert main(command) == 2
    assert_one_line(command[0], "source folder", f"`pynn {command[0]}`", "python -P -m pynn")
