"""Names: of things that a string may stand for, and of layers that were given none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

_used: Counter[str] = Counter()


def lookup(kind: str, name: Any, known: Mapping[str, Any]) -> Any:
    """The thing called `name`; the error lists what is known."""
    if isinstance(name, str) and name in known:
        return known[name]
    raise ValueError(f"Could not interpret {kind} identifier: {name!r}. Known: {', '.join(known)}")


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


def auto_name(cls: type) -> str:
    """dense, dense_1, dense_2, ..."""
    base = snake_case(cls.__name__)
    _used[base] += 1
    return base if _used[base] == 1 else f"{base}_{_used[base] - 1}"
