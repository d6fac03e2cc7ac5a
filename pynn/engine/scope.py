"""Name scopes: prefixes of the names of variables that are made inside."""

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
    """Prefixes the names of variables and scopes made inside with "name/"; yields the whole prefix."""
    return _inside(name, None)


def scope_of(owner: Any) -> AbstractContextManager[str]:
    """The name scope of the owner; directly inside itself it adds no second prefix."""
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
    """The name with the prefix of the current scope."""
    return _scope.prefix + name
