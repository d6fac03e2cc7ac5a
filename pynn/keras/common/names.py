"""Names: look-up of objects by name, and automatic names of layers."""

from __future__ import annotations

import difflib
import re
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ...support.neutral import neutral

_used: Counter[str] = Counter()
_counting = threading.Lock()


def lookup(kind: str, name: Any, known: Mapping[str, Any]) -> Any:
    """The value for a name. ValueError: it is unknown; the message lists the known names, and similar ones."""
    if isinstance(name, str) and name in known:
        return known[name]
    if isinstance(name, type):
        raise ValueError(f"{name.__name__} is a class: pass an object of it as the {kind}, {name.__name__}(...)")
    near = difflib.get_close_matches(str(name), known, n=3)
    hint = f". Did you mean {' or '.join(map(repr, near))}?" if near else ""
    raise ValueError(f"Could not interpret {kind} identifier: {name!r}. Known: {', '.join(known)}{hint}")


def unique(names: Iterable[str]) -> list[str]:
    """a, b, a -> a, b, a_1"""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        found.append(f"{name}_{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return found


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def function_name(function: Any) -> str | None:
    """The name of a function, under which its values are reported."""
    name = getattr(function, "__name__", None)
    return "lambda" if name == "<lambda>" else name


def auto_name(cls: type | str) -> str:
    """dense, dense_1, dense_2, ... for a class or a name."""
    base = snake_case(cls if isinstance(cls, str) else cls.__name__)
    with _counting:
        number = _used[base]
        _used[base] += 1
    return f"{base}_{number}" if number else base


@neutral(free_memory=...)
def clear_session() -> None:
    """Automatic names start again without a number: dense, dense_1, ..."""
    _used.clear()
