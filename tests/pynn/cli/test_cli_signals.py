"""Signals stop a command once, and what then ends is not disturbed; the shell may have closed the output."""

import signal

import pytest

from pynn.cli import stopping

NUMBERS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture
def default():
    """SIGHUP as outside nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("default")
@pytest.mark.parametrize("second", NUMBERS)
@pytest.mark.parametrize("first", NUMBERS)
def test_a_second_signal_at_once_does_not_cut_short_what_the_first_began(first, second):
    before, done = [signal.getsignal(number) for number in NUMBERS], []
    with pytest.raises(KeyboardInterrupt) as stop, stopping.stoppable():
        try:
            signal.raise_signal(first)
        finally:
            signal.raise_signal(second)
            done.append("cleaned up")
    assert done and stopping.exit_code(stop.value) == 128 + first
    assert [signal.getsignal(number) for number in NUMBERS] == before


@pytest.mark.usefixtures("default")
def test_a_later_signal_stops_what_the_first_did_not(monkeypatch):
    monkeypatch.setattr(stopping, "_SAME", -1)
    with stopping.stoppable():
        for number in NUMBERS:
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(number)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_end_of_the_process_is_not_disturbed(run_python, number):
    """From the end of the command on, the interpreter's own end included."""
    done = run_python(f"""
import atexit, signal, sys
from pynn.cli import main as cli

signal.signal({int(number)}, signal.default_int_handler if {int(number)} == signal.SIGINT else signal.SIG_DFL)
say, end = cli._say, lambda: signal.raise_signal({int(number)})
cli._say = lambda *lines: (end(), say(*lines))
cli._command = lambda name: end()
atexit.register(end)
sys.argv[1:] = ["info"]
sys.exit(cli.main())
""")
    what = "" if number == signal.SIGINT else f" by {number.name}"
    assert (done.returncode, done.stderr) == (128 + number, f"pynn info: interrupted{what}\n")


@pytest.mark.parametrize("closed", [[1], [2], [1, 2], [0, 1, 2]])
def test_no_file_takes_the_place_of_a_closed_output(run_python, closed):
    done = run_python(f"""
import os, sys
from pynn.cli.main import main
for number in {closed}:
    os.close(number)
    setattr(sys, ("stdin", "stdout", "stderr")[number], None)
code = main(["predict", "none", "--weights", "none"])
os._exit(code if all(os.path.samestat(os.fstat(n), os.stat(os.devnull)) for n in {closed}) and sys.stderr else 99)
""")
    assert (done.returncode, done.stdout) == (2, "")
    assert (2 in closed) != ("no weights at none" in done.stderr)
