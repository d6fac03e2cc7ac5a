"""tf.name_scope: names before the names of the variables that are made inside."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Scope(threading.local):
    prefix = ""


_scope = _Scope()


@contextmanager
def name_scope(name: str) -> Iterator[str]:
    """Variables made inside are called "name/...", and scopes inside too; gives the whole name with a slash."""
    outer = _scope.prefix
    _scope.prefix = f"{outer}{name.rstrip('/')}/"
    try:
        yield _scope.prefix
    finally:
        _scope.prefix = outer


def scoped(name: str) -> str:
    """The name of a new variable."""
    return _scope.prefix + name
