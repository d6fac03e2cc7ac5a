"""Global settings: the default float type, and the smallest probability."""

from __future__ import annotations

from ..engine.dtypes import as_dtype
from ..engine.typing import DTypeLike
from ..support.missing import missing

__all__ = ["backend", "dtype_policy", "epsilon", "floatx", "set_dtype_policy", "set_floatx"]

_floatx = "float32"


def backend() -> str:
    """The library that computes."""
    return "pynn"


def floatx() -> str:
    """The default float type of layers, and that of the arrays that fit reads."""
    return _floatx


def set_floatx(value: str) -> None:
    """Sets the default float type, "float32" or "float64", of objects that are made after this."""
    global _floatx
    if value not in ("float32", "float64"):
        raise ValueError(f"Unknown `floatx` value: {value}. Expected 'float32' or 'float64'")
    _floatx = value


def dtype_policy() -> str:
    """The same as floatx: computations and weights have one type."""
    return _floatx


def set_dtype_policy(policy: DTypeLike) -> None:
    """As set_floatx. ValueError: a mixed policy."""
    set_floatx(policy if isinstance(policy, str) else as_dtype(policy).name)


def epsilon() -> float:
    """The small number that keeps probabilities from 0 and 1."""
    return 1e-7


__getattr__ = missing(__name__)
