"""Variables under Keras's plain names; TensorFlow's own end in ":0"."""

from __future__ import annotations

from typing import Any

from ..variable import Variable


def plain(value: Any, name: str, trainable: bool = False, dtype: Any = None) -> Variable:
    """A Variable whose `name` is just that."""
    variable = Variable(value, trainable, dtype=dtype)
    variable.name = name
    return variable
