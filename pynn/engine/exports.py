"""A tensor's array for NumPy and for other libraries: in its own memory, where they can be told not to write."""

from __future__ import annotations

from typing import Any

import numpy as np


def read_only(array: np.ndarray, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    """A view of array that cannot be written; of another dtype a copy, which can. ValueError: copy=False forbids it."""
    view = array[...]
    view.setflags(False)  # type: ignore[call-arg]  # by keyword it takes twice as long
    return view if dtype is None else np.asarray(view, dtype, copy=copy)


def capsule(array: np.ndarray, **asked: Any) -> Any:
    """What `__dlpack__` returns; asked: what np.ndarray.__dlpack__ takes.

    Who speaks DLPack 1.0 is told that the array is read-only; others, such as JAX, must not write. Steps between
    elements, which not all libraries can read, are copied away where copy=False does not forbid it.
    """
    marks = (asked.get("max_version") or (0,)) >= (1,)
    if asked.get("copy") is None and not (array.flags.forc and (marks or array.flags.writeable)):
        array = array.copy()
    elif marks:
        array = read_only(array)
    return array.__dlpack__(**asked)
