"""Operations as one writes them in place, without a function around them, whose call small arrays would feel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Statement:
    """An expression of x and y, and one that writes into `out`: called like a function, but timed as it stands.

    A `; del z` behind it is timed too: it frees a named result at once, as that of a plain call is freed.
    """

    def __init__(self, fresh: str, into: str = "", **names: Any) -> None:
        self.fresh, self.into, self.names = fresh, into, names
        self.call = eval(
            f"lambda x, y=None, out=None: ({fresh.partition(';')[0]}) if out is None else ({into or None})", names
        )

    def bound(self, arguments: Sequence, out: Any) -> tuple[str, dict[str, Any]]:
        """The code, and what its names stand for."""
        return self.fresh if out is None else self.into, {
            **self.names, **dict(zip("xy", arguments, strict=False)), "out": out,
        }  # fmt: skip

    def __call__(self, *arguments: Any, out: Any = None) -> Any:
        return self.call(*arguments, out=out)
