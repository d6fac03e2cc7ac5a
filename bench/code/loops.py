"""The innermost loops of a function, found in its flow of control, wherever the compiler has placed their parts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from .instructions import Instruction

_ENDS = ("jmp", "ret", "b", "br")  # after these the next instruction is not reached
_PADDING = re.compile(r"\bnop\b|^xchg +ax,ax$")  # fills the place behind a jump, so that what follows is aligned


def innermost(code: Sequence[Instruction]) -> list[tuple[Instruction, ...]]:
    """The loops that hold no other loop, each with all its instructions in the order of their addresses.

    A loop is what leads back to a block that every way into it passes (a natural loop: Aho, Lam, Sethi and Ullman,
    "Compilers", 9.6). So a jump into its middle, several exits, or a rare branch that stands behind the function's end
    do no harm. Ways through other functions, and through a jump whose target is computed, are not seen.
    """
    starts, successors = _blocks(code)
    dominators = _dominators(successors)
    loops: dict[int, set[int]] = defaultdict(set)
    predecessors = _reversed(successors)
    for block, following in enumerate(successors):
        for head in following:
            if dominators[block] >> head & 1:
                loops[head] |= {head} | _reaching(block, head, predecessors)
    ends = [*starts[1:], len(code)]
    return [
        tuple(code[i] for block in sorted(blocks) for i in range(starts[block], ends[block]))
        for head, blocks in loops.items()
        if not any(other != head and other in blocks for other in loops)
    ]


def _blocks(code: Sequence[Instruction]) -> tuple[list[int], list[list[int]]]:
    """Where the straight pieces of code start, and for each those that may follow it."""
    at = {instruction.address: i for i, instruction in enumerate(code)}
    starts = {0}
    for i, instruction in enumerate(code):
        if instruction.kind == "jump":
            starts.add(i + 1)
            if instruction.target in at:
                starts.add(at[instruction.target])
    starts = sorted(start for start in starts if start < len(code))
    number = {start: block for block, start in enumerate(starts)}
    successors = []
    for end in [*starts[1:], len(code)]:
        last = code[end - 1]
        following = [number[at[last.target]]] if last.target in at else []
        if end in number and not (last.kind == "jump" and last.mnemonic in _ENDS):
            following.append(number[end])
        successors.append(following)
    reached = {other for following in successors for other in following}
    for block, (start, end) in enumerate(zip(starts, [*starts[1:], len(code)], strict=True)):
        if block not in reached and all(_PADDING.search(instruction.text) for instruction in code[start:end]):
            successors[block] = []  # no way leads through it
    return starts, successors


def _reversed(successors: list[list[int]]) -> list[list[int]]:
    predecessors: list[list[int]] = [[] for _ in successors]
    for block, following in enumerate(successors):
        for other in following:
            predecessors[other].append(block)
    return predecessors


def _dominators(successors: list[list[int]]) -> list[int]:
    """For each block, as bits, those that every way to it passes."""
    predecessors = _reversed(successors)
    entries = _entries(successors, predecessors)
    everything = (1 << len(successors)) - 1
    dominators = [everything] * len(successors)
    changed = True
    while changed:
        changed = False
        for block, before in enumerate(predecessors):
            common = 0 if block in entries else everything
            for other in before:
                common &= dominators[other]
            if dominators[block] != (common := common | 1 << block):
                dominators[block], changed = common, True
    return dominators


def _entries(successors: list[list[int]], predecessors: list[list[int]]) -> set[int]:
    """The first block, those that nothing leads to (the cases of a switch), and what is reached from none of these."""
    entries, reached = set(), set()
    candidates = [0, *(block for block, before in enumerate(predecessors) if not before), *range(len(successors))]
    for block in candidates:
        if block not in reached:
            entries.add(block)
            waiting = [block]
            while waiting:
                block = waiting.pop()
                if block not in reached:
                    reached.add(block)
                    waiting += successors[block]
    return entries


def _reaching(block: int, head: int, predecessors: list[list[int]]) -> set[int]:
    """The blocks from which `block` is reached without passing `head`."""
    found, waiting = set(), [block]
    while waiting:
        block = waiting.pop()
        if block != head and block not in found:
            found.add(block)
            waiting += predecessors[block]
    return found
