"""Settings of the whole library: there is one float type and one epsilon, and they can be asked for."""

from __future__ import annotations

from .._missing import missing

__all__ = ["backend", "epsilon", "floatx"]


def backend() -> str:
    """The library that computes."""
    return "pynn"


def floatx() -> str:
    """The float type of layers that are not given one."""
    return "float32"


def epsilon() -> float:
    """The small number that keeps probabilities from 0 and 1."""
    return 1e-7


__getattr__ = missing(__name__)
