"""tf.print: values as TensorFlow prints them."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ..engine import nest
from ..engine.tensor import Operators


def print(*inputs: Any, output_stream: Any = None, summarize: int = 3, sep: str = " ", end: str = "\n") -> None:
    """The inputs, one after the other, to standard error or to an open stream.

    summarize: elements at each end of an axis that are printed of a longer one; -1: all.
    """
    stream = sys.stderr if output_stream is None else output_stream
    stream.write(sep.join(_text(x, summarize) for x in inputs) + end)


def _text(x: Any, summarize: int) -> str:
    if isinstance(x, Operators):
        return _array(np.asarray(x), summarize, 1)
    if nest.is_nested(x):
        return str(nest.map_structure(lambda leaf: _Plain(_text(leaf, summarize), isinstance(leaf, str)), x))
    return x if isinstance(x, str) else repr(x)


class _Plain:
    """Text that a list shows as it is, but for strings, in quotes."""

    def __init__(self, text: str, quoted: bool) -> None:
        self.text = repr(text) if quoted else text

    def __repr__(self) -> str:
        return self.text


def _array(a: np.ndarray, summarize: int, depth: int) -> str:
    if not a.ndim:
        return _number(a[()])
    items: list[Any] = list(a)
    parts = [_array(np.asarray(item), summarize, depth + 1) for item in items]
    if 0 <= 2 * summarize < len(parts):
        parts = [*parts[:summarize], "...", *parts[len(parts) - summarize :]]
    gap = " " if a.ndim == 1 else "\n" * (a.ndim - 1) + " " * depth
    return f"[{gap.join(parts)}]"


def _number(x: Any) -> str:
    """In C's %g, with so many digits that the text gives the number again."""
    if x.dtype.kind != "f":
        return str(int(x))
    if not np.isfinite(x):
        return str(x)
    few, enough = (6, 9) if x.dtype.itemsize <= 4 else (15, 17)
    text = f"{float(x):.{few}g}"
    return text if x.dtype.type(text) == x else f"{float(x):.{enough}g}"
