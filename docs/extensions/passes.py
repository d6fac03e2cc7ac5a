"""What each rung's loops are, at the size that its lesson draws: the facts that traffic.py computes with.

Sizes of tiles and blocks are read from the sources, so that a picture shows the code as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import ceil, prod
from pathlib import Path

from traffic import ITEM, Array, Loop, Nest

import kernels
from kernels.ladder import LADDER

VECTOR = {"baseline": 4, "avx2": 8, "avx512": 16}  # float32 in a register
LARGE, MATRIX, SQUARE = (10_000, 1000), (1000, 1000), (512, 512, 512)  # no cache holds what is LARGE; m, n, k
DENSE, WEIGHTS, VECTORS, ROWS = (128, 512, 784), (784, 512), (10_000,), (128, 512)
ZEROS = 0.81  # of the left operand of what is sparse, as of MNIST's digits


@dataclass(frozen=True)
class Drawn:
    size: str
    unit: str  # for which bytes are told
    units: float
    nests: tuple[Nest, ...]
    like: str = ""  # the label of the case that was measured, where it is another size
    threads: bool = False

    @property
    def measured(self) -> str:
        return self.like or self.size


PRODUCTS = "rows ijp ipj simd tiled blocked packed parallel sparse"
KNOWN = {  # besides naive and lists, the rungs whose loops are described below
    "relu": "typed branchless simd streaming parallel", "add": "typed simd streaming parallel",
    "maximum": "typed branchless simd streaming parallel", "add_matrix_and_vector": "typed simd streaming parallel",
    "add_relu": "typed branchless simd fused streaming parallel",
    "vector_dot": "typed sums simd parallel", "matrix_vector_dot": "typed sums simd parallel",
    "dot": PRODUCTS, "dense": PRODUCTS,
    "softmax": "typed simd batched parallel", "rmsprop_update": "typed simd parallel",
}  # fmt: skip


def drawn(operation: str, rung: str, isa: str) -> Drawn | None:
    """None: nobody has described the rung's loops here. KeyError for such an operation."""
    if rung not in f"naive lists {KNOWN[operation]}".split():
        return None
    loops = {
        "dot": _product, "dense": _dense, "vector_dot": _vectors, "matrix_vector_dot": _rows, "softmax": _softmax,
        "rmsprop_update": _update, "add_matrix_and_vector": _broadcast,
    }  # fmt: skip
    elementwise = {"relu": "x", "add": "xy", "maximum": "xy", "add_relu": "xy"}
    if operation in elementwise:
        found = _elementwise(rung, isa, elementwise[operation], operation == "add_relu")
    else:
        found = loops[operation](rung, isa)
    return replace(found, threads=LADDER[operation][rung].threads)


def constant(file: str, name: str, last: bool = False) -> int:
    """The number that a file of kernels/ gives this name, the first time or the last."""
    text = (Path(kernels.__file__).parent / file).read_text(encoding="utf-8")
    found = re.findall(rf"\b{name}\b(?: =)? (?:\{{[^}}]* )?(\d+)", text)
    if not found:
        raise ValueError(f"kernels/{file} has no {name}: correct docs/extensions/passes.py")
    return int(found[-1 if last else 0])


def _lanes(rung: str, isa: str) -> int:
    return 1 if rung in ("naive", "lists", "typed", "branchless", "ijp", "ipj", "sums") else VECTOR[isa]


def _along(axes: str, shape: tuple[int, ...], lanes: float) -> tuple[Loop, ...]:
    """Loops over all axes, the innermost in steps of so many elements."""
    *outer, (axis, turns) = zip(axes, shape, strict=True)
    return (*outer, (axis, turns / lanes), (axis, lanes))


def _elementwise(rung: str, isa: str, operands: str, two: bool) -> Drawn:
    loops = _along("ij", LARGE, _lanes(rung, isa))
    out = Array("out", "ij", LARGE, read=False, written=True, streamed=rung in ("streaming", "parallel"))
    nests = [Nest(loops, (*(Array(name, "ij", LARGE) for name in operands), out), 1)]
    if two and rung not in ("fused", "streaming", "parallel"):  # relu of the sums
        sums = replace(out, name="sums")
        steps = (*nests[0].arrays[:-1], sums), (replace(sums, read=True, written=False), out)
        nests = [Nest(loops, arrays, 1) for arrays in steps]
    return Drawn("10,000x1000", "element", prod(LARGE), tuple(nests), "1000x1000")


def _broadcast(rung: str, isa: str) -> Drawn:
    loops = _along("ij", ROWS, _lanes(rung, isa))
    out = Array("out", "ij", ROWS, read=False, written=True)
    nest = Nest(loops, (Array("x", "ij", ROWS), Array("y", "j", ROWS[1:]), out), 1)
    return Drawn("128x512, 512", "element", prod(ROWS), (nest,))


def _vectors(rung: str, isa: str) -> Drawn:
    step = 4 if rung == "sums" else 1 if _lanes(rung, isa) == 1 else 64  # 256 bytes of sums, on every CPU
    loops = _along("p", VECTORS, step)
    nest = Nest(loops, (Array("x", "p", VECTORS), Array("y", "p", VECTORS)), 0)
    return Drawn("10000 · 10000", "multiply-add", VECTORS[0], (nest,))


def _rows(rung: str, isa: str) -> Drawn:
    (m, k), lanes = MATRIX, 4 if rung == "sums" else _lanes(rung, isa)
    together = 8 if rung in ("simd", "parallel") else 1
    loops = (("i", m / together), ("p", k / lanes), ("i", together), ("p", lanes))
    x, y, out = Array("x", "ip", MATRIX), Array("y", "p", (k,)), Array("out", "i", (m,), read=False, written=True)
    return Drawn("1000x1000 · 1000", "multiply-add", m * k, (Nest(loops, (x, y, out), 1),))


def _softmax(rung: str, isa: str) -> Drawn:
    m, n = MATRIX
    rows = 1 if rung in ("naive", "lists", "typed", "simd") else constant("losses.pyx", "BLOCK") // n
    loops, near = _along("ij", MATRIX, _lanes(rung, isa)), 2 * rows * n * ITEM
    x, out = Array("x", "ij", MATRIX), Array("out", "ij", MATRIX, written=True, near=near)
    again, first = replace(x, near=near), replace(out, read=False, near=float("inf"))
    passes = [(x,), (again, first)]  # the maximum; x - maximum, in C with its exponential and the sum
    passes += [(out,)] if _lanes(rung, isa) == 1 else [(out,), (replace(out, written=False),), (out,)]
    return Drawn("1000x1000", "element", m * n, tuple(Nest(loops, arrays, 1) for arrays in passes))


def _update(rung: str, isa: str) -> Drawn:
    w, v, g = (Array(name, "ij", WEIGHTS, written=name != "g") for name in "wvg")
    return Drawn("784x512", "weight", prod(WEIGHTS), (Nest(_along("ij", WEIGHTS, _lanes(rung, isa)), (w, v, g), 1),))


def _product(rung: str, isa: str, sizes: tuple[int, int, int] = SQUARE) -> Drawn:
    m, n, k = sizes
    x, y, out = Array("x", "ip", (m, k)), Array("y", "pj", (k, n)), Array("out", "ij", (m, n), True, True)
    lanes, wide = VECTOR[isa], isa == "avx512"
    panel = lanes * constant("simd/tiled.inc", "WIDEST", not wide)
    size, tile = f"{m}x{k} · {k}x{n}", constant("simd/gemm.inc", "MOST_ROWS", not wide)
    i, j, p, inner = ("i", m), ("j", n), ("p", k), 2
    loops: tuple[Loop, ...]
    if rung == "rows":
        # x[i, p] * y[p], which NumPy makes an array of, and adds to out[i] at once
        product = Array("product", "j", (n,), read=False, written=True, near=4 * n * ITEM)
        steps = (x, y, product), (replace(product, read=True, written=False), out)
        nests = [Nest((i, p, j), arrays, 2) for arrays in steps]
        return Drawn(size, "multiply-add", m * n * k, tuple(nests))
    if rung in ("naive", "lists", "ijp"):
        loops, out = (i, j, p), replace(out, read=False)
    elif rung in ("ipj", "simd"):
        loops = _along("ipj", (m, k, n), lanes if rung == "simd" else 1)
    elif rung == "tiled":
        loops = (("i", m / tile), ("j", n / panel), p, ("i", tile), ("j", panel))
        out = replace(out, read=False)
    elif rung == "sparse":
        size, depth, few = f"{size}, {ZEROS:.0%} of x is 0", constant("sparse.pxd", "SLICE"), 1 - ZEROS
        width, x, y = lanes * (4 if wide else 8), replace(x, name="nonzeros", item=2 * ITEM), replace(y, spread=1 / few)
        loops, inner = (("j", n / width), ("p", k / depth), i, ("p", depth * few), ("j", width)), 3
    else:
        blocks, slices = ceil(m / constant("_plan.pxd", "ROWS")), ceil(k * ITEM / constant("_plan.pxd", "SLICE_BYTES"))
        loops = (("i", blocks), ("p", slices), ("j", n / panel), ("i", m / blocks / tile), ("p", k / slices))
        loops, inner = (*loops, ("i", tile), ("j", panel)), 4
        out = replace(out, read=False)
    return Drawn(size, "multiply-add", m * n * k, (Nest(loops, (x, y, out), inner),))


def _dense(rung: str, isa: str) -> Drawn:
    """The product, then a pass for bias and relu: over all of it, or over each block while it is in a cache."""
    found, (m, n, k) = _product(rung, isa, DENSE), DENSE
    whole = ITEM * (m * k + k * n + m * n)
    together = rung in ("blocked", "packed", "parallel")
    near = ITEM * min(m, constant("_plan.pxd", "ROWS")) * n if together else whole
    out, bias = Array("out", "ij", (m, n), written=True, near=near), Array("bias", "j", (n,))
    loops = _along("ij", (m, n), 1 if rung in ("naive", "lists") else VECTOR[isa])
    return replace(found, nests=(*found.nests, Nest(loops, (out, bias), 1)), like=f"{m}x{k} · {k}x{n} + {n}")
