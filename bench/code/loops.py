"""The innermost loops of a function, found in its flow of control, wherever the compiler has placed their parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .instructions import Instruction

_ENDS = ("jmp", "ret", "b", "br")  # after these the next instruction is not reached
_PADDING = re.compile(r"nop\b|xchg +ax, ax$")  # fills the place behind a jump, so that what follows is aligned
Graph = dict[int, set[int]]  # for each block of straight code, by its first instruction, those that may follow it


def innermost(code: Sequence[Instruction]) -> list[tuple[Instruction, ...]]:
    """The loops that hold no other loop, each with all its instructions in the order of their addresses.

    A loop is a set of blocks each of which leads to each, whatever way in, so a jump into its middle, several exits, or
    a rare branch that stands behind the function's end do no harm. Ways through other functions, and through a jump
    whose target is computed, are not seen.
    """
    blocks, after = _blocks(code)
    before: Graph = {block: set() for block in blocks}
    for block, following in after.items():
        for other in following:
            before[other].add(block)
    return [
        tuple(code[i] for block in sorted(loop) for i in blocks[block]) for loop in _loops(set(blocks), after, before)
    ]


def _blocks(code: Sequence[Instruction]) -> tuple[dict[int, range], Graph]:
    """The pieces of straight code, and which may follow which."""
    at = {instruction.address: i for i, instruction in enumerate(code)}
    jumps = [i for i, instruction in enumerate(code) if instruction.kind == "jump"]
    starts = sorted({0, *(i + 1 for i in jumps), *(at.get(code[i].target or 0, 0) for i in jumps)} - {len(code)})
    blocks = {start: range(start, end) for start, end in zip(starts, [*starts[1:], len(code)], strict=True)}
    after: Graph = {}
    for start, block in blocks.items():
        last = code[block[-1]]
        after[start] = {at[last.target]} if last.kind == "jump" and last.target in at else set()
        if block.stop in blocks and not (last.kind == "jump" and last.mnemonic in _ENDS):
            after[start].add(block.stop)
    reached = set().union(*after.values())
    for start, block in blocks.items():
        if start not in reached and all(_PADDING.match(code[i].text) for i in block):
            after[start] = set()  # no way leads through it
    return blocks, after


def _loops(within: set[int], after: Graph, before: Graph) -> Iterator[set[int]]:
    """The innermost loops among these blocks: without the block through which one is entered, no other remains."""
    while within:
        block = min(within)
        loop = _reached(block, after, within) & _reached(block, before, within)
        within = within - loop - {block}
        if loop:
            entry = next((b for b in sorted(loop) if before[b] - loop), block)
            yield from list(_loops(loop - {entry}, after, before)) or [loop]


def _reached(block: int, graph: Graph, within: set[int]) -> set[int]:
    """The blocks that are reached from this one, by ways within these."""
    found: set[int] = set()
    waiting = graph[block] & within
    while waiting:
        found |= waiting
        waiting = set().union(*(graph[other] for other in waiting)) & within - found
    return found
