"""Where a warning belongs: to the program's line, however deep inside the package it comes from."""

from __future__ import annotations

import sys


def outside() -> int:
    """The `stacklevel` with which the function that asks warns of what was called from outside of the package."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("pynn."):
        level, frame = level + 1, frame.f_back
    return level
