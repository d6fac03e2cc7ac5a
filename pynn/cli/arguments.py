"""The command line of `pynn`: what each subcommand takes, checked here."""

from __future__ import annotations

import argparse
import functools
import math
from typing import NoReturn

from ..support.version import __version__
from .checks import one_line

# what a run of `pynn train` is, if nothing else is given
DEFAULTS = {
    "epochs": 5, "batch_size": 128, "hidden": 512, "optimizer": "rmsprop", "learning_rate": None, "seed": None,
    "data": None,
}  # fmt: skip
OUTPUT, BENCH_OUTPUT = "pynn-run", "pynn-bench"


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: object) -> None:
        super().__init__(allow_abbrev=False, **options)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {one_line(message)}\n")  # one line: argparse would print the usage as well


def parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="pynn", description="Train a digit classifier on compiled kernels, and use it.")
    parser.add_argument("--version", action="version", version=f"pynn {__version__}")
    names = "{train,predict,demo,bench,explain,new-rung,exercise,info}"
    commands = parser.add_subparsers(dest="command", metavar=names)

    about = "Train pixels-HIDDEN-10 (relu, softmax) on MNIST, print its test accuracy, save it."
    train = commands.add_parser("train", help="train the 784-512-10 network on MNIST", description=about)
    train.set_defaults(defaults=DEFAULTS)
    # what is not given is not among the arguments: --resume takes it from the stopped run
    option = functools.partial(train.add_argument, default=argparse.SUPPRESS)
    option("--epochs", type=_count, metavar="N", help=f"passes over the data (default: {DEFAULTS['epochs']})")
    option("--batch-size", type=_count, metavar="N", help=f"images per step (default: {DEFAULTS['batch_size']})")
    option("--hidden", type=_count, metavar="N", help=f"width of the hidden layer (default: {DEFAULTS['hidden']})")
    rules = ("sgd", "rmsprop", "adam")
    option("--optimizer", choices=rules, help=f"update rule (default: {DEFAULTS['optimizer']})")
    option("--learning-rate", type=_rate, metavar="R", help="step size (default: the optimizer's own)")
    about = "same seed, same bits, on one instruction set (default: drawn anew, and printed)"
    option("--seed", type=functools.partial(_whole, low=0, high=2**32 - 1), metavar="N", help=about)
    option("--data", metavar="PATH", help="your own folder of IDX files, or npz file, in MNIST's form")
    _add_threads(train, "threads of the kernels")
    add = train.add_argument
    add("--output", default=OUTPUT, metavar="FOLDER", help=f"where the results go (default: {OUTPUT})")
    add("--resume", action="store_true", help="go on with the run that was stopped in that folder")

    about = "Print the probability of each digit. Pictures of any size are scaled and centred as MNIST's."
    add = commands.add_parser("predict", help="classify images with trained weights", description=about).add_argument
    add("image", nargs="+", metavar="IMAGE", help="a PNG, JPEG, IDX (gzipped or not) or npy file")
    weights = f"{OUTPUT}/weights.npz"
    add("--weights", default=weights, metavar="FILE", help=f"what train saved (default: {weights})")
    about = "the digits are dark on light; where pictures are scaled, that is found without it"
    add("--invert", action="store_true", help=about)
    add("--count", type=_count, default=20, metavar="N", help="images shown of each file (default: 20)")

    about = "Serve a page, to this machine alone, on which digits are drawn and recognized, and a network trains."
    add = commands.add_parser("demo", help="draw digits in a browser, and train", description=about).add_argument
    add("--weights", metavar="FILE", help=f"what train saved (default: {weights}; without it, it is trained first)")
    add("--data", metavar="PATH", help="what is trained on, as for train (default: MNIST)")
    add("--host", default="127.0.0.1", metavar="NAME", help="listen there, for others, too (default: 127.0.0.1)")
    port = functools.partial(_whole, low=0, high=65_535)
    add("--port", type=port, default=8642, metavar="N", help="listen there; 0: any that is free (default: 8642)")
    add("--no-browser", action="store_true", help="print the address, and open nothing")

    about = "Measure the machine, every rung, sweeps, scaling and training; print tables, save all of it."
    bench = commands.add_parser("bench", help="measure the ladder beside NumPy and other libraries", description=about)
    add = bench.add_argument
    part = bench.add_mutually_exclusive_group().add_argument
    part("--quick", action="store_true", help="in a minute or two: fewer cases and turns, no other libraries")
    part("--all", action="store_true", help="more cases, also such as take seconds a call and gigabytes")
    add("--only", metavar="A,B", help="of the operations (default: all)")
    about = "a function of yours beside the rungs: FILE.py:FUNCTION, FILE.pyx:FUNCTION or MODULE:FUNCTION; with --only"
    add("--rung", metavar="F", action="append", default=[], help=f"{about}; several times for several")
    about = "of ladder, sweep, scaling, training, processes, steps (default: all but steps)"
    add("--suites", metavar="A,B", help=about)
    add("--peers", metavar="A,B", help="of the other libraries, or none (default: those installed; with --quick none)")
    _add_threads(bench, "of each contestant")
    about = "seconds in all to wait for other processes and repeat what they disturbed (default: 10 or, not quick, 60)"
    seconds = functools.partial(_whole, low=0, high=86_400)
    add("--wait-quiet", type=seconds, nargs="?", const=600, metavar="S", help=f"{about}; 600 without a number")
    add("--output", default=BENCH_OUTPUT, metavar="FOLDER", help=f"where results go (default: {BENCH_OUTPUT})")
    about = "Say what got faster or slower beyond the noise, per instruction set and number of threads."
    compare = bench.add_subparsers(dest="what", metavar="compare").add_parser(
        "compare", help="what got faster or slower between two results.json", description=about
    )
    for name in ("first", "second"):
        compare.add_argument(name, metavar=f"{name.upper()}.json", help="saved by `pynn bench`")
    about = "exit with 1 if anything is slower by more than that, 10%% or 0.1, beyond its interval"
    compare.add_argument("--fail-slower", type=_share, metavar="X", help=about)

    gains = "the rungs of an operation: what changed in the code, and what it gained"
    about = "Show each rung's source as a difference from the rung below it, with the measured gain."
    add = commands.add_parser("explain", help=gains, description=about).add_argument
    add("operation", metavar="OPERATION", help="dot, relu, softmax, ... (`pynn explain list` names all)")
    add("--results", metavar="FILE", help="take the gains from this results.json instead of measuring them")
    add("--assembly", action="store_true", help="show the machine code of each inner loop, too")
    about = "show a function of yours, too, as `pynn bench` takes it"
    add("--rung", metavar="F", action="append", default=[], help=about)

    about = "a file with a function of your own to start from, which works at once"
    add = commands.add_parser("new-rung", help=about, description=f"Write {about}.").add_argument
    add("operation", metavar="OPERATION", help="dot, relu, softmax, ...")
    add("--cython", action="store_true", help="typed loops in Cython, compiled when it is raced, in place of Python's")
    add("-o", "--output", metavar="FILE", help="its name (default: my_OPERATION.py or .pyx)")

    about = "short kernels that are broken or slow, to be mended"
    add = commands.add_parser("exercise", help=about, description=f"List {about}; get one; check it.").add_argument
    add("name", nargs="?", metavar="NAME", help="write this one's file (default: list them)")
    add("--check", metavar="FILE", help="is this file mended? Exit code 0 if it is, 1 if not yet")
    add("-o", "--output", metavar="FILE", help="the name of the file to write (default: the exercise's)")

    commands.add_parser("info", help="versions, and how the kernels were built")
    return parser


def _add_threads(parser: argparse.ArgumentParser, what: str) -> None:
    threads = functools.partial(_whole, low=1, high=4096)  # the kernels' bound
    parser.add_argument("--threads", type=threads, metavar="N", help=f"{what} (default, and most: all CPUs)")
    parser.add_argument("--oversubscribe", action="store_true", help="take more --threads than there are CPUs, too")


def _whole(text: str, low: int, high: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"must be a whole number from {low} to {high}, not {text!r}")
    return value


_count = functools.partial(_whole, low=1, high=2**31 - 1)


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 3.4e38:  # it becomes a float32
        raise argparse.ArgumentTypeError(f"must be a finite number above 0, not {text!r}")
    return value


def _share(text: str) -> float:
    """ "10%" or "0.1"; not "10", which would never be reached where 10% is meant."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = math.nan
    if not 0 <= value < (math.inf if text.endswith("%") else 1):
        raise argparse.ArgumentTypeError(f"must be a share of the time as 10% or 0.1, not {text!r}")
    return value
