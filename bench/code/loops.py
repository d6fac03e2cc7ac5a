"""The innermost loops of a function, found in its flow of control, wherever the compiler has placed their parts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from .instructions import Instruction

_ENDS = ("jmp", "ret", "b", "br")  # after these the next instruction is not reached
_PADDING = re.compile(r"nop\b|xchg +ax, ax$")  # fills the place behind a jump, so that what follows is aligned
Graph = list[list[int]]  # for each block of straight code, those that may follow it


def innermost(code: Sequence[Instruction]) -> list[tuple[Instruction, ...]]:
    """The loops that hold no other loop, each with all its instructions in the order of their addresses.

    A loop is what leads back to a block that every way into it passes (a natural loop: Aho, Lam, Sethi and Ullman,
    "Compilers", 9.6). So a jump into its middle, several exits, or a rare branch that stands behind the function's end
    do no harm. Ways through other functions, and through a jump whose target is computed, are not seen.
    """
    blocks, successors = _blocks(code)
    predecessors: Graph = [[] for _ in blocks]
    for block, following in enumerate(successors):
        for other in following:
            predecessors[other].append(block)
    dominators = _dominators(successors, predecessors)
    loops: dict[int, set[int]] = defaultdict(set)
    for block, following in enumerate(successors):
        for head in following:
            if head in dominators[block]:
                loops[head] |= {head} | _reached([block], predecessors, {head})
    return [
        tuple(code[i] for block in sorted(body) for i in blocks[block])
        for head, body in loops.items()
        if not any(other != head and other in body for other in loops)
    ]


def _blocks(code: Sequence[Instruction]) -> tuple[list[range], Graph]:
    """The pieces of straight code, and which may follow which."""
    at = {instruction.address: i for i, instruction in enumerate(code)}
    jumps = [i for i, instruction in enumerate(code) if instruction.kind == "jump"]
    starts = sorted({0, *(i + 1 for i in jumps), *(at.get(code[i].target, 0) for i in jumps)} - {len(code)})
    blocks = [range(start, end) for start, end in zip(starts, [*starts[1:], len(code)], strict=True)]
    number, successors = {start: block for block, start in enumerate(starts)}, []
    for block in blocks:
        last = code[block[-1]]
        following = [number[at[last.target]]] if last.kind == "jump" and last.target in at else []
        if block.stop in number and not (last.kind == "jump" and last.mnemonic in _ENDS):
            following.append(number[block.stop])
        successors.append(following)
    reached = {other for following in successors for other in following}
    for i, block in enumerate(blocks):
        if i not in reached and all(_PADDING.match(code[j].text) for j in block):
            successors[i] = []  # no way leads through it
    return blocks, successors


def _dominators(successors: Graph, predecessors: Graph) -> list[set[int]]:
    """For each block those that every way to it passes.

    Ways begin at the first block, at those that nothing leads to (the cases of a switch), and in what is reached from
    none of these.
    """
    entries, seen = set(), set()
    for block in (0, *(i for i, before in enumerate(predecessors) if not before), *range(len(successors))):
        if block not in seen:
            entries.add(block)
            seen |= _reached([block], successors, seen)
    dominators = [{block} if block in entries else set(range(len(successors))) for block in range(len(successors))]
    changed = True
    while changed:
        changed = False
        for block, before in enumerate(predecessors):
            if block not in entries:
                common = set.intersection(*(dominators[other] for other in before)) | {block}
                changed |= common != dominators[block]
                dominators[block] = common
    return dominators


def _reached(start: Iterable[int], graph: Graph, without: Iterable[int]) -> set[int]:
    """The blocks that are reached from these, not passing those `without`."""
    found, waiting = set(without), list(start)
    while waiting:
        block = waiting.pop()
        if block not in found:
            found.add(block)
            waiting += graph[block]
    return found
