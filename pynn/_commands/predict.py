"""`pynn predict`: the probability of each digit, for images from files."""

from __future__ import annotations

import argparse
import sys
import zipfile
import zlib

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .. import keras
from . import UserError
from .images import read_images

MOST_BYTES = 1 << 30  # of weights


def predict(arguments: argparse.Namespace) -> int:
    """Prints the table; returns 0. UserError: weights or an image that cannot be read or do not fit."""
    model, pixels, classes = _network(arguments.weights)
    files = [(name, read_images(name, pixels)) for name in arguments.image]  # all checked before any is shown
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("image", "digit", *map(str, range(classes))):
        table.add_column(heading, justify="left" if heading == "image" else "right", overflow="fold")
    for name, x in files:
        shown = x[: arguments.count]
        if not arguments.invert and np.median(shown) > 0.5:
            print(
                f"pynn predict: warning: {name} is mostly light; digits must be light on dark: try --invert",
                file=sys.stderr,
            )
        probabilities = model.predict(1 - shown if arguments.invert else shown, verbose=0)
        if not np.isfinite(probabilities).all():
            raise UserError(f"{arguments.weights} gives NaN: train again with a smaller --learning-rate")
        for i, row in enumerate(probabilities):
            best = int(row.argmax())
            cells = [Text(f"{p:.3f}", "bold" if digit == best else "") for digit, p in enumerate(row)]
            table.add_row(Text(name if len(x) == 1 else f"{name} {i}"), Text(str(best), "bold"), *cells)
    # not folded where it is not a terminal's width that counts
    Console(width=None if sys.stdout.isatty() else 10_000).print(table)
    for name, x in files:
        if len(x) > arguments.count:
            print(f"{name}: the first {arguments.count} of {len(x)} images; more with --count")
    return 0


def _network(path: str) -> tuple[keras.Sequential, int, int]:
    """The network, its pixels and its classes, from the shapes of the saved weights."""
    try:
        with zipfile.ZipFile(path) as archive:  # a small file may unpack to a huge one
            if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
                raise ValueError
        with np.load(path, allow_pickle=False) as saved:
            weights = [saved[name] for name in saved.files]
        if any(w.dtype not in (np.float32, np.float64) or not w.size for w in weights):
            raise ValueError
    except FileNotFoundError:
        raise UserError(f"no weights at {path}: run `pynn train` first, or give --weights FILE") from None
    except (OSError, ValueError, TypeError, EOFError, MemoryError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        raise UserError(f"{path}: not a weights file of `pynn train`, or damaged") from None
    shapes = [w.shape for w in weights]
    kernels, biases = shapes[::2], shapes[1::2]
    if (
        not shapes
        or len(kernels) != len(biases)
        or any(
            len(w) != 2 or b != w[1:] or (i and w[0] != biases[i - 1][0])
            for i, (w, b) in enumerate(zip(kernels, biases, strict=True))
        )
    ):
        raise UserError(f"{path}: its shapes {shapes} are not those of a chain of Dense layers")
    model = keras.Sequential(
        [
            keras.Input((kernels[0][0],)),
            *(keras.layers.Dense(width, activation="relu") for (width,) in biases[:-1]),
            keras.layers.Dense(biases[-1][0], activation="softmax"),
        ]
    )
    model.set_weights(weights)
    return model, kernels[0][0], biases[-1][0]
