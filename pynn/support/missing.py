"""Names of TensorFlow that are not here: each public module's `__getattr__` comes from `missing`."""

from __future__ import annotations

import difflib
import dis
import sys
from collections.abc import Callable
from typing import Any, NoReturn

SHORT = 80  # a module with so many names or fewer is listed as a whole


def missing(module: str) -> Callable[[str], NoReturn]:
    """A module's `__getattr__`: an error that names what is not there, and lists what is, the nearest first.

    In `from module import name` it is an ImportError, as Python replaces an AttributeError's message there.
    """

    def getattr_(name: str) -> NoReturn:
        known = vars(sys.modules[module])
        names = sorted(
            known.get("__all__") or (n for n in known if n[0] != "_" and n != "missing" and _is_ours(known[n]))
        )
        lower = {n.lower(): n for n in names}
        near = difflib.get_close_matches(name.lower(), lower, n=5, cutoff=0.7)
        near += [n for n in lower if len(n) > 3 and (n in name.lower() or name.lower() in n)]
        if near:
            hint = f"Near names: {', '.join(lower[n] for n in dict.fromkeys(near))}."
        else:
            hint = f"It has: {', '.join(names)}." if len(names) <= SHORT else f"See dir({module})."
        text = f"{module} has no {name!r}: pynn holds what dense networks need of TensorFlow and Keras. {hint}"
        caller = sys._getframe(1)
        if not name.startswith("__") and dis.opname[caller.f_code.co_code[caller.f_lasti]] == "IMPORT_FROM":
            raise ImportError(text, name=module)
        raise AttributeError(text, name=name, obj=sys.modules[module])

    return getattr_


def _is_ours(value: Any) -> bool:
    return str(getattr(value, "__module__", None) or getattr(value, "__name__", "")).startswith("pynn")
