"""`pynn`: runs a subcommand, and says in one line what went wrong."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ..support.extras import install
from .arguments import parser
from .checks import UserError, one_line
from .info import info
from .predict import predict
from .stopping import exit_code, stoppable, stopped
from .train import train


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    0; 1 if `pynn bench compare --fail-slower` finds something; 2 for a bad argument or input; 3 where the loss of a
    training is no longer a number; 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP, which keep what Ctrl-C keeps.
    """
    while (free := os.open(os.devnull, os.O_RDWR)) <= 2:  # closed by the shell, `pynn train >&-`: else the next file
        os.set_inheritable(free, True)  # that is opened would take the place, and libraries' messages with it
    os.close(free)
    sys.stdout, sys.stderr = (s or open(os.devnull, "w") for s in (sys.stdout, sys.stderr))  # noqa: SIM115
    line = parser()
    arguments = line.parse_args(argv)
    if arguments.command is None:
        line.print_help(sys.stderr)
        return 2
    try:
        with stoppable(last=argv is None):
            code = _command(arguments.command)(arguments)
            sys.stdout.flush()  # here, where its failure is caught
        return code
    except UserError as error:
        return _failed(arguments.command, *error.args)
    except ModuleNotFoundError as error:
        if error.name in ("jinja2", "msgspec", "packaging", "pygments", "threadpoolctl"):
            return _failed(arguments.command, f"the benchmarks need the extra `bench`: {install('bench')}")
        if arguments.command == "demo" and error.name in ("starlette", "uvicorn", "PIL"):
            return _failed(arguments.command, f"the page needs the extra `demo`: {install('demo')}")
        if error.name != "pynn.bench":
            raise
        what = f"the source folder {Path(__file__).parents[1]} has no pynn.bench: write `pynn {arguments.command}`"
        return _failed(arguments.command, f"{what}, or python -P -m pynn")
    except MemoryError:
        return _failed(arguments.command, "not enough memory")
    except KeyboardInterrupt as stop:
        _say(f"pynn {arguments.command}: {stopped(stop)}")
        return exit_code(stop)
    except OSError as error:  # what the commands open themselves raises UserError: this is the output
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # `pynn predict ... | head`: the reader has seen enough
            return 0
        return _failed(arguments.command, f"cannot write the output: {error.strerror or error}")


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    """What runs the command; what needs an extra is imported only here, and pynn.bench is not in a source folder."""
    if name == "demo":
        from .demo.command import demo

        return demo
    if name == "bench":
        from ..bench.command import bench

        return bench
    if name == "explain":
        from ..bench.explain import explain

        return explain
    if name == "new-rung":
        from ..bench.own.start import new_rung

        return new_rung
    if name == "exercise":
        from ..bench.exercises.command import exercise

        return exercise
    return {"train": train, "predict": predict, "info": info}[name]


def _failed(command: str, error: str, *more: str) -> int:
    _say(f"pynn {command}: error: {one_line(error)}", *map(one_line, more))
    return 2


def _say(*lines: str) -> None:
    with contextlib.suppress(OSError):  # after SIGHUP there may be nobody to read it
        print(*lines, sep="\n", file=sys.stderr, flush=True)
