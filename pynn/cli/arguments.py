"""The command line of `pynn`: what each subcommand takes, checked here."""

from __future__ import annotations

import argparse
import math
from typing import NoReturn

from ..support.version import __version__
from .checks import one_line

COMMANDS = ("train", "predict", "bench", "explain", "info")
# what a run of `pynn train` is, if nothing else is given
DEFAULTS = {
    "epochs": 5, "batch_size": 128, "hidden": 512, "optimizer": "rmsprop", "learning_rate": None, "seed": None,
    "data": None,
}  # fmt: skip
OUTPUT, BENCH_OUTPUT = "pynn-run", "pynn-bench"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {one_line(message)}\n")  # one line: argparse would print the usage as well


def parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="pynn", description="Train a digit classifier on compiled kernels, and use it.")
    parser.add_argument("--version", action="version", version=f"pynn {__version__}")
    commands = parser.add_subparsers(dest="command", metavar=f"{{{','.join(COMMANDS)}}}")

    train = commands.add_parser(
        "train",
        help="train the 784-512-10 network on MNIST",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
        description="Train pixels-HIDDEN-10 (relu, softmax) on MNIST, print its test accuracy, save it.",
    )
    train.set_defaults(defaults=DEFAULTS)
    add = train.add_argument
    add("--epochs", type=_count, metavar="N", help=f"passes over the data (default: {DEFAULTS['epochs']})")
    add("--batch-size", type=_count, metavar="N", help=f"images per step (default: {DEFAULTS['batch_size']})")
    add("--hidden", type=_count, metavar="N", help=f"width of the hidden layer (default: {DEFAULTS['hidden']})")
    rules, default = ("sgd", "rmsprop", "adam"), DEFAULTS["optimizer"]
    add("--optimizer", choices=rules, help=f"update rule (default: {default})")
    add("--learning-rate", type=_rate, metavar="R", help="step size (default: the optimizer's own)")
    add(
        "--seed",
        type=_seed,
        metavar="N",
        help="same seed, same bits, on one instruction set (default: drawn anew, and printed)",
    )
    _add_threads(train, "threads of the kernels")
    add("--data", metavar="PATH", help="your own folder of IDX files, or npz file, in MNIST's form")
    add("--output", default=OUTPUT, metavar="FOLDER", help=f"where the results go (default: {OUTPUT})")
    add("--resume", action="store_true", default=False, help="go on with the run that was stopped in that folder")

    predict = commands.add_parser(
        "predict",
        help="classify images with trained weights",
        allow_abbrev=False,
        description="Print the probability of each digit. Pictures of any size are scaled and centred as MNIST's.",
    )
    add = predict.add_argument
    add("image", nargs="+", metavar="IMAGE", help="a PNG, JPEG, IDX (gzipped or not) or npy file")
    weights = f"{OUTPUT}/weights.npz"
    add("--weights", default=weights, metavar="FILE", help=f"what train saved (default: {weights})")
    add(
        "--invert",
        action="store_true",
        help="the digits are dark on light; where pictures are scaled, that is found without it",
    )
    add("--count", type=_count, default=20, metavar="N", help="images shown of each file (default: 20)")

    _add_bench(commands)
    explain = commands.add_parser(
        "explain",
        help="the rungs of an operation: what changed in the code, and what it gained",
        allow_abbrev=False,
        description="Show each rung's source as a difference from the rung above it, with the measured gain.",
    )
    explain.add_argument(
        "operation", metavar="OPERATION", help="dot, relu, softmax, ... (`pynn explain list` names all)"
    )
    add = explain.add_argument
    add("--results", metavar="FILE", help="take the gains from this results.json instead of measuring them")
    add("--assembly", action="store_true", help="show the machine code of each inner loop, too")

    commands.add_parser("info", help="versions, and how the kernels were built", allow_abbrev=False)
    return parser


def _add_bench(commands: argparse._SubParsersAction) -> None:
    bench = commands.add_parser(
        "bench",
        help="measure the ladder beside NumPy and other libraries",
        allow_abbrev=False,
        description="Measure the machine, every rung, sweeps, scaling and training; print tables, save all of it.",
    )
    add = bench.add_argument
    add("--quick", action="store_true", help="in less than a minute: fewer cases and turns, no other libraries")
    add("--only", metavar="A,B", help="of the operations (default: all)")
    add("--suites", metavar="A,B", help="of ladder, sweep, scaling, training, lives, steps (default: all but steps)")
    add("--peers", metavar="A,B", help="of the other libraries, or none (default: those installed; with --quick none)")
    _add_threads(bench, "of each contestant")
    add("--output", default=BENCH_OUTPUT, metavar="FOLDER", help=f"where results go (default: {BENCH_OUTPUT})")
    compare = bench.add_subparsers(dest="what", metavar="compare").add_parser(
        "compare",
        help="what got faster or slower between two results.json",
        allow_abbrev=False,
        description="Say what got faster or slower beyond the noise, per instruction set and number of threads.",
    )
    for name in ("first", "second"):
        compare.add_argument(name, metavar=f"{name.upper()}.json", help="saved by `pynn bench`")


def _add_threads(parser: argparse.ArgumentParser, what: str) -> None:
    add = parser.add_argument
    add("--threads", type=_threads, default=None, metavar="N", help=f"{what} (default, and most: all CPUs)")
    add("--oversubscribe", action="store_true", default=False, help="take more --threads than there are CPUs, too")


def _count(text: str) -> int:
    return _whole(text, 1, 2**31 - 1)


def _threads(text: str) -> int:
    return _whole(text, 1, 4096)  # the kernels' bound


def _seed(text: str) -> int:
    return _whole(text, 0, 2**32 - 1)


def _whole(text: str, low: int, high: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"must be a whole number from {low} to {high}, not {text!r}")
    return value


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 3.4e38:  # it becomes a float32
        raise argparse.ArgumentTypeError(f"must be a finite number above 0, not {text!r}")
    return value
