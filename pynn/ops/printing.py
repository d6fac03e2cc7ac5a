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
        edge, most = (summarize, 0) if summarize >= 0 else (sys.maxsize, sys.maxsize)
        return np.array2string(
            x._array, sys.maxsize, separator=" ", formatter={"all": _number}, threshold=most, edgeitems=edge
        )
    if nest.is_nested(x):
        return str(
            nest.map_structure(lambda leaf: _Plain(repr(leaf) if isinstance(leaf, str) else _text(leaf, summarize)), x)
        )
    return x if isinstance(x, str) else repr(x)


class _Plain(str):
    """Text that a list shows as it is."""

    __repr__ = str.__str__


def _number(x: Any) -> str:
    """In C's %g, with so many digits that the text gives the number again."""
    if x.dtype.kind != "f":
        return str(int(x))
    if not np.isfinite(x):
        return str(x)
    few, enough = (6, 9) if x.dtype.itemsize <= 4 else (15, 17)
    text = f"{float(x):.{few}g}"
    return text if x.dtype.type(text) == x else f"{float(x):.{enough}g}"
