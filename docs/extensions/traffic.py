"""How many bytes a rung's loops move between memory, caches and registers: a model, by one rule.

A cache keeps what one turn of a loop touches, if it has room for that. So the outermost loop whose turn fits finds in
the cache what its last turn left there, and loads the rest: all that it touches, once. The loops around it load that
again in each of their turns. What is touched is counted in cache lines of 64 bytes, of registers in elements.

Left out: that a cache holds only a few lines of the same set, that arrays begin within a line, prefetching, copies of
operands, other processes. It is what a cache does that gives up the line that was used least recently:
tests/docs/test_lessons.py counts that, access by access.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, prod

ITEM, LINE = 4, 64  # bytes, of a float32 and of a cache line
Loop = tuple[str, float]  # its axis and its turns, which need not be whole where the last turn is shorter


@dataclass(frozen=True)
class Array:
    name: str
    axes: str  # those that its indices run along, the last one with adjacent elements
    shape: tuple[int, ...]
    read: bool = True
    written: bool = False
    streamed: bool = False  # written past the caches
    near: float = inf  # bytes: caches of this size still hold it from the pass before
    item: int = ITEM
    spread: float = 1.0  # each turn of a loop that is not of its axes reads other rows, in all so many times as many

    def extents(self, loops: Sequence[Loop]) -> list[float]:
        """How far these loops run along its axes."""
        return [prod(turns for axis, turns in loops if axis == mine) for mine in self.axes]

    def touched(self, loops: Sequence[Loop], line: int) -> float:
        """Bytes, in whole lines; rows that are touched whole lie side by side."""
        *outer, last = self.extents(loops) or [1.0]
        if outer and last == self.shape[-1]:
            outer, last = [], prod(outer) * last
        found = prod(outer) * ceil(last * self.item / line - 1e-6) * line
        return found * self.spread if any(axis not in self.axes for axis, _ in loops) else found


@dataclass(frozen=True)
class Nest:
    """A pass over arrays: loops, outermost first; an axis that is cut into pieces stands there twice."""

    loops: tuple[Loop, ...]
    arrays: tuple[Array, ...]
    inner: int  # the place of the inner loop; what a turn of it uses is in registers

    def moved(self, size: int | None) -> tuple[float, float]:
        """Bytes that come into a cache of this size, and that leave it for good; None: registers."""
        if size is None:
            return self._registers()
        fits = (at for at in range(len(self.loops)) if self._touched(at + 1) <= size)
        at = next(fits, len(self.loops))
        again = prod(turns for _, turns in self.loops[:at])
        far = [(array, again * array.touched(self.loops[at:], LINE)) for array in self.arrays if array.near > size]
        return sum(n for a, n in far if not a.streamed), sum(n for a, n in far if a.written)

    def _touched(self, at: int) -> float:
        return sum(array.touched(self.loops[at:], LINE) for array in self.arrays)

    def _registers(self) -> tuple[float, float]:
        loads = stores = 0.0
        outer, inner = self.loops[: self.inner], self.loops[self.inner :]
        for array in self.arrays:
            moved = prod(turns for _, turns in outer) * array.touched(inner, array.item)
            visits = prod(turns for axis, turns in outer if axis not in array.axes)
            stores += moved * array.written
            loads += moved * (array.read or visits > 1)
        return loads, stores


def moved(nests: Sequence[Nest], size: int | None) -> tuple[float, float]:
    """Of all passes."""
    each = [nest.moved(size) for nest in nests]
    return sum(came for came, _ in each), sum(left for _, left in each)
