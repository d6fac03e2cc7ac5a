"""Scopes: names before the names of the variables that are made inside."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any


class _Scope(threading.local):
    prefix = ""
    owner: Any = None


_scope = _Scope()


def name_scope(name: str) -> AbstractContextManager[str]:
    """Variables made inside are called "name/...", and scopes inside too; gives the whole name with a slash."""
    return _inside(name, None)


def scope_of(owner: Any) -> AbstractContextManager[str]:
    """The scope of the owner's name; inside its own scope it does not begin another."""
    return _inside(owner.name, owner)


@contextmanager
def _inside(name: str, owner: Any) -> Iterator[str]:
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
