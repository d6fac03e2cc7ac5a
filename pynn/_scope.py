"""Scopes: names before the names of the variables that are made inside."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Scope(threading.local):
    prefix = ""
    owner: Any = None


_scope = _Scope()


@contextmanager
def name_scope(name: str, owner: Any = None) -> Iterator[str]:
    """Variables made inside are called "name/...", and scopes inside too; gives the whole name with a slash.

    owner: what the scope is for; inside its own scope it does not begin another.
    """
    outer = _scope.prefix, _scope.owner
    if owner is None or owner is not _scope.owner:
        _scope.prefix, _scope.owner = f"{outer[0]}{name.rstrip('/')}/", owner
    try:
        yield _scope.prefix
    finally:
        _scope.prefix, _scope.owner = outer


def scoped(name: str) -> str:
    """The name of a new variable."""
    return _scope.prefix + name
