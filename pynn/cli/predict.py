"""`pynn predict`: the probability of each digit, for images from files."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from pathlib import Path

import numpy as np
from rich.table import Table
from rich.text import Text

from .. import keras
from ..keras.saving import arrays, state
from .checks import UserError, one_line, reading
from .images import read_images
from .results import UNFINISHED, resuming
from .table import show
from .train import network

MOST_CLASSES = 256  # labels are bytes


def predict(arguments: argparse.Namespace) -> int:
    """Prints the table; returns 0. UserError: weights or an image that cannot be read or do not fit."""
    model, pixels, classes = trained(arguments.weights)
    # all checked before any is shown
    files = [
        (one_line(name), *read_images(name, pixels, arguments.count, arguments.invert)) for name in arguments.image
    ]
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("image", "digit", *map(str, range(classes))):
        table.add_column(heading, justify="left" if heading == "image" else "right", overflow="fold")
    for name, shown, total, _ in files:
        if not arguments.invert and np.median(shown) > 0.5:
            about = "is mostly light; digits must be light on dark: try --invert"
            print(f"pynn predict: warning: {name} {about}", file=sys.stderr)
        probabilities = model.predict(shown, verbose=0)
        if not np.isfinite(probabilities).all():
            raise UserError(f"{arguments.weights} gives NaN: train again with a smaller --learning-rate")
        for i, row in enumerate(probabilities):
            best = int(row.argmax())
            cells = [Text(f"{p:.3f}", "bold" if digit == best else "") for digit, p in enumerate(row)]
            table.add_row(Text(name if total == 1 else f"{name} {i}"), Text(str(best), "bold"), *cells)
    show(table)
    for name, shown, total, done in files:
        if done:
            print(f"{name}: {', '.join(done)}")
        if total > len(shown):
            print(f"{name}: the first {len(shown)} of {total} images; more with --count")
    return 0


def trained(path: str) -> tuple[keras.Sequential, int, int]:
    """The network, its pixels and its classes, from the shapes of the saved weights."""
    if not os.path.exists(path):
        advice, unfinished = "run `pynn train` first, or give --weights FILE", Path(path).parent / UNFINISHED
        if unfinished.exists():
            resume = resuming(unfinished.parent)
            advice = f"the run there is unfinished: {resume} finishes it, or give --weights {unfinished}"
        raise UserError(f"no weights at {path}: {advice}")
    with reading(path, "a weights file of `pynn train`"):
        with arrays.opened(path, ".npz") as file:
            weights = [file[name].read() for name in state.without_optimizers(file)]
        shapes = [w.shape for w in weights]
        if any(w.dtype not in (np.float32, np.float64) or not w.size for w in weights):
            raise ValueError(f"its arrays are {[f'{w.dtype} {w.shape}' for w in weights]}")
        widths = [shape[0] for shape in shapes[:1]] + [shape[-1] for shape in shapes[::2]]
        if not shapes or shapes != [shape for m, n in itertools.pairwise(widths) for shape in ((m, n), (n,))]:
            raise ValueError(f"its shapes {shapes} are not those of a chain of Dense layers")
        if widths[-1] > MOST_CLASSES:
            raise ValueError(f"it has {widths[-1]} classes, more than {MOST_CLASSES}")
        model = network(*widths)
        model.set_weights(weights)
    return model, widths[0], widths[-1]
