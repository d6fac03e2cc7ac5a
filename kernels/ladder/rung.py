"""What is known of a rung, in one record: tests, benchmarks, tables, pictures and explanations are made from it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kernels import _simd


@dataclass(frozen=True)
class Rung:
    """One version of an operation, called as the operation is.

    A function in Python needs no more than its idea. One with machine code of its own names the inner loop: then its
    instructions are shown, too.
    """

    function: Callable[..., Any]
    idea: str  # what it changes, in one line
    # Why that makes it faster than the rung below, one sentence without its full stop; {instructions} and the like are
    # counted in the machine code, see bench/code/reasons.py
    reason: str = ""
    # What to read, the most important first: file:definition, below kernels/; of a Python function nothing
    source: tuple[str, ...] = ()
    # Where the inner loop was compiled: module:function of a .pyx, or leaf:function of a .inc in simd/; behind each |
    # a function of the module that the compiler may have put it into
    loop: str = ""
    # What tells it from the function's other loops: the sums that a turn adds products to; that elements of an operand
    # do not lie side by side
    sums: int = 0
    strided: bool = False
    threads: bool = False  # does it use as many as set_num_threads says?
    most_steps: float = float("inf")  # of the innermost loop; above them a call takes longer than a second or so

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self.function(*arguments, **keywords)

    @property
    def compiled(self) -> bool:
        """Has it machine code of its own?"""
        return bool(self.loop)

    @property
    def instruction_set(self) -> str:
        """What the inner loop was compiled for: the leaves once for each, the modules for every CPU; "" for Python."""
        return (_simd.isa if self.loop.startswith("leaf:") else "baseline") if self.compiled else ""

    @cached_property
    def takes_out(self) -> bool:
        """Has it the argument `out`?"""
        try:
            return "out" in inspect.signature(self.function).parameters
        except ValueError:  # a function in C that does not tell
            return False
