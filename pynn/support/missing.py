"""Names of TensorFlow that are not here: each public module's `__getattr__` comes from `missing`."""

from __future__ import annotations

import difflib
import dis
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

SHORT = 80  # a module with so many names or fewer is listed as a whole


def missing(module: str) -> Callable[[str], NoReturn]:
    """A module's `__getattr__`: an error that names what is not there, and lists what is, the nearest first.

    In `from module import name` it is an ImportError, as Python replaces an AttributeError's message there.
    """

    def getattr_(name: str) -> NoReturn:
        names = _public(vars(sys.modules[module]))
        near = _near(name, names)
        if near:
            hint = f"Near names: {', '.join(near)}."
        elif len(names) <= SHORT:
            hint = f"It has: {', '.join(names)}."
        else:
            hint = f"See dir({module})."
        text = f"{module} has no {name!r}: pynn holds what dense networks need of TensorFlow and Keras. {hint}"
        if not name.startswith("__") and _imports(sys._getframe(1)):
            raise ImportError(text, name=module)
        raise AttributeError(text, name=name, obj=sys.modules[module])

    return getattr_


def _public(names: dict[str, Any]) -> list[str]:
    """What the module is for: its `__all__`, or whatever in it is ours."""
    return sorted(
        names.get("__all__") or (n for n, value in names.items() if n[0] != "_" and n != "missing" and _is_ours(value))
    )


def _is_ours(value: Any) -> bool:
    return str(getattr(value, "__module__", None) or getattr(value, "__name__", "")).startswith("pynn")


def _near(name: str, names: list[str]) -> list[str]:
    """Names spelled alike, or that contain the name or are contained in it."""
    lower = {n.lower(): n for n in names}
    close = difflib.get_close_matches(name.lower(), lower, n=5, cutoff=0.7)
    inside = [n for n in lower if len(n) > 3 and (n in name.lower() or name.lower() in n)]
    return [lower[n] for n in dict.fromkeys([*close, *inside])]


def _imports(frame: FrameType | None) -> bool:
    """Whether the frame stands at the `name` of a `from module import name`."""
    return frame is not None and dis.opname[frame.f_code.co_code[frame.f_lasti]] == "IMPORT_FROM"
