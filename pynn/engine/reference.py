"""A key of dicts and sets for a Tensor or Variable."""

from __future__ import annotations

from typing import Any


class Reference:
    """Stands for one Tensor or Variable, and equals another reference of the same one; `deref()` gives it."""

    __slots__ = ("_referent",)

    def __init__(self, referent: Any) -> None:
        self._referent = referent

    def deref(self) -> Any:
        """The Tensor or Variable."""
        return self._referent

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self._referent is other._referent

    def __hash__(self) -> int:
        return id(self._referent)

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._referent!r}>"
