"""The dtype in which the tensors of an operation of keras.ops meet (Keras 3: backend/common/dtypes.py, after JAX's)."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from ... import ops
from ...engine.convert import operand
from .. import config

_KINDS = {"b": 0, "u": 1, "i": 1, "f": 2}


def promoted(*values: Any) -> Any:
    """The values in the largest of their dtypes: floats are larger than integers, and these than bools.

    Beside tensors Python's numbers stay as they are, and count by their kind alone; NumPy's arrays and numbers count as
    tensors do.
    """
    weak = {bool: np.dtype(bool), int: np.dtype(np.int32), float: np.dtype(config.floatx())}
    if all(type(x) in weak for x in values):
        weak = {}
    tensors = [x if type(x) in weak else operand(x) for x in values]
    own = [x._array.dtype for x in tensors if type(x) not in weak]
    every = own + [weak[type(x)] for x in tensors if type(x) in weak]
    kind = max((_KINDS[dtype.kind] for dtype in every), default=0)
    own, every = ([dtype for dtype in dtypes if _KINDS[dtype.kind] == kind] for dtypes in (own, every))
    common = reduce(np.promote_types, own or every or [np.dtype(bool)])
    if common.kind == "f" and kind < 2:  # uint64 and a signed integer
        common = weak[float]
    return [x if type(x) in weak else ops.cast(x, common) for x in tensors]
