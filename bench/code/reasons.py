"""Why each rung is faster than the rung below, one sentence each; numbers come from the machine code in use."""

from __future__ import annotations

import kernels

from .assembly import Loop, inner_loop
from .bytecode import bytecode
from .objects import NoAssembly

IDEAS = {
    "naive": "pure Python loops",
    "typed": "C types instead of Python objects",
    "ijp": "C types instead of Python objects",
    "ipj": "the inner loop along rows",
    "simd": "the widest vectors of this CPU",
    "blocked": "a tile of the result in registers, blocks in the caches",
    "parallel": "threads share out the result",
    "sparse": "zeros are skipped",
}

_NAIVE = (
    "The yardstick: for each turn of the inner loop the interpreter goes through {bytecodes} bytecodes, makes an "
    "object of every number and looks up its type again"
)
_TYPED = "C types turn the {bytecodes} bytecodes and the objects of a turn into machine code on the array's own memory"
_WIDER = (
    "The same loop, compiled for {isa} instead of the oldest CPU, works on {lanes} elements per instruction instead of "
    "{below}"
)
_NOT_WIDER = (
    "With the instruction set in use, {isa}, registers are no wider than those of the typed rung, which the compiler "
    "has vectorized: in the caches it is not faster"
)
_BY_ROW, _ROOTS = ", row by row, so that short rows gain little", ", roots and divisions too"
_STREAM = "; beyond the caches both wait for memory, and this one may write past them, without reading the lines first"
_TYPED_SUM = (
    "C types turn the {bytecodes} bytecodes and the objects of a turn into machine code; the products may come from "
    "vectors, but the additions stay scalar and wait for one another, since C must keep their order"
)
_ALONG_ROWS = (
    "{elements} adjacent elements in {instructions} instructions, each cache line used whole, and no addition waits "
    "for the one before"
)
_TILE = (
    "A tile of the result lives in registers: {sums} of them, of {lanes} sums each, stay there while k runs, so that "
    "{loads} loads and no store feed {sums}{fused} multiply-adds of whole registers, where ipj loads twice and stores "
    "once for each, and blocks of both operands come from the caches"
)
_SPARSE = (
    "Products with a zero of the left operand are left out: for each nonzero, {instructions} instructions add its row "
    "of {columns} columns to sums in {sums} registers; where a sample finds too few zeros the dense product runs, and "
    "this rung is not faster"
)


def _parallel(part: str, whole: str, memory: str = "") -> str:
    return (
        f"The same inner loop runs on more than one core, each with {part}; {whole} too small to pay for waking a "
        f"thread stays on one and gains nothing{memory}"
    )


_RECTANGLES = _parallel("a rectangle of the result to itself and no wait before the end", "a product")

_ELEMENTWISE = {
    "typed": _TYPED + "{vectorized}",
    "simd": _WIDER + _STREAM,
    "parallel": _parallel("whole cache lines of its own", "an array", ", and arrays in memory share its bandwidth"),
}
REASONS: dict[tuple[str, str], str] = {
    (operation, rung): text
    for operation in ("relu", "add", "add_matrix_and_vector", "maximum", "add_relu")
    for rung, text in _ELEMENTWISE.items()
} | {
    ("add_matrix_and_vector", "simd"): _WIDER + _BY_ROW + _STREAM,
    ("add_relu", "typed"): _TYPED + "{vectorized}, in one pass instead of two",
    ("vector_dot", "typed"): _TYPED_SUM,
    ("vector_dot", "simd"): (
        "Each turn has {sums}{fused} multiply-adds of {lanes} elements, each for sums of its own: they are under way "
        "at the same time, where the typed rung's additions wait for one another; beyond the caches memory sets the "
        "pace"
    ),
    ("vector_dot", "parallel"): _parallel(
        "chunks whose sums are added in order", "a vector", ", and vectors in memory share its bandwidth"
    ),
    ("matrix_vector_dot", "typed"): _TYPED_SUM,
    ("matrix_vector_dot", "simd"): (
        "Each turn has {sums}{fused} multiply-adds of {lanes} elements, one for each of {sums} rows of x: they do not "
        "wait for one another, and a piece of y is loaded once for all; beyond the caches memory sets the pace"
    ),
    ("matrix_vector_dot", "parallel"): _parallel(
        "rows of its own", "a matrix", ", and a matrix in memory shares its bandwidth"
    ),
    ("dot", "ijp"): (
        "C types turn the {bytecodes} bytecodes and the objects of a multiply-add into {instructions} machine "
        "instructions; they stay scalar, as each step down a column of y is a new cache line and each addition waits "
        "for the one before"
    ),
    ("dot", "ipj"): "Only the order of the loops differs: the inner one runs along rows of y and out, " + _ALONG_ROWS,
    ("dot", "blocked"): _TILE,
    ("dot", "parallel"): _RECTANGLES,
    ("dot", "sparse"): _SPARSE,
    ("softmax", "typed"): (
        "C types turn the {bytecodes} bytecodes and the objects of a turn into {instructions} machine instructions; "
        "one of them still calls the C library's exp, in double precision, for each element"
    ),
    ("softmax", "simd"): (
        "The exponential is a polynomial in place of a call, so that a turn of {instructions} instructions gives "
        "{lanes} of them; it runs over many rows at once, as short rows fill no vector"
    ),
    ("softmax", "parallel"): _parallel("rows of its own", "an array"),
    ("dense", "ipj"): (
        "C types instead of Python objects and, where the naive layer walks down columns of w, an inner loop along "
        "rows of w and out: " + _ALONG_ROWS
    ),
    ("dense", "blocked"): _TILE + "; bias and relu pass over finished blocks while these are still there",
    ("dense", "parallel"): _RECTANGLES,
    ("dense", "sparse"): _SPARSE,
    ("rmsprop_update", "typed"): _TYPED + "{vectorized}",
    ("rmsprop_update", "simd"): _WIDER + _ROOTS + "; beyond the caches both wait for memory",
    ("rmsprop_update", "parallel"): _parallel("weights of its own", "an array"),
}


class _Facts(dict):
    """The numbers of a sentence; where machine code cannot be read, a word."""

    def __missing__(self, name: str) -> str:
        return {"fused": "", "vectorized": "", "below": "fewer"}.get(name, "several")


def reason(operation: str, rung: str) -> str:
    """Why this rung is faster than the one below, for float32 and the instruction set in use; for `naive`, which has
    none below it, what a turn of its loop costs. ValueError for a rung without an entry."""
    text = _NAIVE if rung == "naive" else REASONS.get((operation, rung))
    if text is None:
        raise ValueError(
            f"bench/code/reasons.py has no entry for the rung {rung!r} of {operation!r}: add one to REASONS"
        )
    isa = kernels.show_config()["instruction set"]
    try:
        loop = inner_loop(operation, rung)
        below = inner_loop(operation, "typed") if rung == "simd" else None
    except NoAssembly:
        loop = below = None
    facts = {"isa": isa, "bytecodes": len(bytecode(operation).instructions), **_numbers(loop)}
    if below and below.lanes:
        facts["below"] = below.lanes
    wider = facts["below"] < facts["lanes"] if "below" in facts and "lanes" in facts else isa != "baseline"
    if not wider:
        text = text.replace(_BY_ROW, "").replace(_ROOTS, "").replace(_WIDER, _NOT_WIDER)
    return text.format_map(_Facts(facts)) + "."


def _numbers(loop: Loop | None) -> dict[str, object]:
    if loop is None or loop.counts is None:
        return {}
    instructions, elements = len(loop.instructions), loop.elements or loop.lanes
    how = "vectorizes" if loop.vector else "leaves scalar"
    sums = loop.flops // (2 * loop.lanes)  # registers that take a multiply-add per turn
    return {
        "lanes": loop.lanes,
        "elements": elements,
        "instructions": instructions,
        "loads": sum(i.kind == "load" and "mm" in i.text for i in loop.instructions),  # not those of addresses
        "sums": sums,
        "columns": sums * loop.lanes,
        "fused": " fused" if loop.fma else "",
        "vectorized": f", which the compiler {how}: {elements} elements in {instructions} instructions",
    }
