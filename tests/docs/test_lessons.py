"""The lessons: a page for each operation, its pictures' numbers against a cache that is simulated, its machine code."""

from __future__ import annotations

import itertools
import math
import re
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pynn.bench.code.assembly import Loop, inner_loop

import kernels
from kernels.ladder import LADDER

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs/extensions"))

import passes  # noqa: E402
import stored  # noqa: E402
from drawing import picture  # noqa: E402
from traffic import ITEM, LINE, Array, Nest, moved  # noqa: E402

RUNGS = [(operation, rung) for operation, rungs in LADDER.items() for rung in rungs]
DRAWN = [(operation, rung) for operation, rung in RUNGS if passes.drawn(operation, rung, "avx2")]
COMPILED = [(operation, rung) for operation, rung in RUNGS if LADDER[operation][rung].compiled]
CONFIG = kernels.show_config()
X86 = "avx2" in CONFIG["instruction sets available"] and sys.platform == "linux" and "GCC" in str(CONFIG["compiler"])
CACHES = {"L1": 32 << 10, "L2": 1 << 20, "L3": 32 << 20}


@pytest.mark.parametrize("operation", LADDER)
def test_each_operation_has_its_page(operation):
    page = ROOT / f"docs/vectorization/{operation}.md"
    text = page.read_text(encoding="utf-8")
    assert f"```{{ladder}} {operation}\n```" in text and "```{conditions}\n```" in text
    assert re.search(r"\(exercises\.md|(\w+\.md#questions)", text) and text.count("{dropdown}") >= 2
    assert operation in (page.parent / "index.md").read_text(encoding="utf-8").split("{toctree}")[-1].split()


@pytest.mark.skipif(not X86, reason="machine code that GCC makes for x86-64")
@pytest.mark.parametrize(("operation", "rung"), COMPILED)
def test_each_compiled_rung_shows_its_loop(operation, rung):
    assert isinstance(stored.found_loop(operation, rung), Loop)


@pytest.mark.skipif(not X86, reason="machine code that GCC makes for x86-64")
@pytest.mark.parametrize("isa", passes.VECTOR)
@pytest.mark.parametrize("operation", ["dot", "dense"])
@pytest.mark.parametrize("rung", ["simd", "tiled", "blocked", "packed", "parallel", "sparse"])
def test_the_drawn_turn_is_the_compiled_one(operation, rung, isa):
    nest, loop = passes.drawn(operation, rung, isa).nests[0], inner_loop(operation, rung, isa=isa)
    multiply_adds = math.prod(turns for _, turns in nest.loops[nest.inner + 1 :])
    assert multiply_adds == loop.sums * loop.lanes


def test_why_a_rung_is_not_in_the_stored_run(monkeypatch):
    monkeypatch.setitem(LADDER["dot"], "new", replace(LADDER["dot"]["lists"], most_steps=5e6))
    assert stored.why_absent("dot", "new") == "the rung is newer"
    monkeypatch.setitem(LADDER["dot"], "new", replace(LADDER["dot"]["lists"], most_steps=5e3))
    assert stored.why_absent("dot", "new") == "a call takes too long"


def test_what_nobody_has_described_is_not_drawn():
    assert passes.drawn("vector_dot", "builtins", "avx2") is None and passes.drawn("softmax", "blocked", "avx2") is None
    known = [(operation, rung) for operation, rungs in passes.KNOWN.items() for rung in rungs.split()]
    assert set(known) <= set(RUNGS) and passes.KNOWN.keys() == LADDER.keys()


@pytest.mark.parametrize("isa", passes.VECTOR)
@pytest.mark.parametrize(("operation", "rung"), DRAWN)
def test_each_described_rung_is_drawn(operation, rung, isa):
    drawn = passes.drawn(operation, rung, isa)
    assert drawn.threads == LADDER[operation][rung].threads
    svg = ElementTree.fromstring(picture(drawn, CACHES))
    label = svg.get("aria-label")
    assert all(array.name in label for nest in drawn.nests for array in nest.arrays)
    assert drawn.size in label and "from memory to L3" in label and "nan" not in label
    came = [moved(drawn.nests, size)[0] for size in CACHES.values()]
    once = {a.name: ITEM * math.prod(a.shape) for a in drawn.nests[0].arrays if a.read}
    if rung == "sparse":
        once["nonzeros"] *= 2 * (1 - passes.ZEROS)
    assert came == sorted(came, reverse=True) and came[-1] >= sum(once.values()) * 0.999


def test_what_blocks_and_tiles_save():
    """The numbers that the lesson of dot speaks of."""

    def bytes_of(rung: str, size: int | None) -> float:
        drawn = passes.drawn("dot", rung, "avx512")
        return moved(drawn.nests, size)[0] / drawn.units

    assert bytes_of("ijp", None) == 8 < bytes_of("ipj", None) < 8.01
    assert bytes_of("ijp", CACHES["L1"]) > 64 > 15 * bytes_of("ipj", CACHES["L1"])
    assert bytes_of("tiled", None) < 1 < bytes_of("simd", None)
    assert bytes_of("blocked", CACHES["L2"]) < bytes_of("tiled", CACHES["L2"]) / 10


Part = Callable[[dict[str, int]], object]  # of the indices i, j and p


def accesses(nests: tuple[Nest, ...], part: Part) -> Iterator[tuple[object, int, bool]]:
    """Each access's part, cache line, and whether it writes, in the order of the loops. No two arrays share a line."""
    starts = itertools.accumulate(itertools.repeat(1 << 20))
    bases = {array.name: next(starts) for nest in nests for array in nest.arrays}
    for nest in nests:
        turns = [int(turns) for _, turns in nest.loops]
        steps = [
            math.prod(n for (other, _), n in zip(nest.loops[at + 1 :], turns[at + 1 :], strict=True) if other == axis)
            for at, (axis, _) in enumerate(nest.loops)
        ]
        for turn in itertools.product(*map(range, turns)):
            index = dict.fromkeys("ijp", 0)
            for (axis, _), step, i in zip(nest.loops, steps, turn, strict=True):
                index[axis] += i * step
            ends = turn[nest.inner] == turns[nest.inner] - 1
            for array in nest.arrays:
                if ends or nest.loops[nest.inner][0] in array.axes:  # else it stays in a register meanwhile
                    place = 0
                    for axis, length in zip(array.axes, array.shape, strict=True):
                        place = place * length + index[axis]
                    yield part(index), (bases[array.name] + place * array.item) // LINE, array.written


def simulated(nests: tuple[Nest, ...], size: int, part: Part = lambda index: 0) -> tuple[int, int]:
    """Bytes that come into a cache of this size that gives up the least recently used line, and that leave it.

    part: what passes through all nests before the next part does
    """
    lines: OrderedDict[int, bool] = OrderedDict()
    came = left = 0
    for _, line, writes in sorted(accesses(nests, part), key=itemgetter(0)):
        if line not in lines:
            came += LINE
            if len(lines) * LINE >= size:
                left += LINE * lines.popitem(last=False)[1]
        lines[line] = lines.get(line, False) or writes
        lines.move_to_end(line)
    return came, left + LINE * sum(lines.values())


@pytest.mark.parametrize("size", [1 << 10, 1 << 12, 1 << 14])
@pytest.mark.parametrize("rung", ["ijp", "ipj", "tiled", "blocked"])
def test_the_rule_counts_as_a_simulated_cache_does(rung, size):
    nests = passes._product(rung, "avx2", (288, 32, 8) if rung == "blocked" else (36, 32, 48)).nests
    came, left = moved(nests, size)
    true_came, true_left = simulated(nests, size)
    assert came == pytest.approx(true_came, rel=0.2)
    assert left == pytest.approx(true_left, rel=0.2)


@pytest.mark.parametrize("size", [1 << 10, 12 << 10, 1 << 16])
@pytest.mark.parametrize(
    ("operation", "rung", "shape", "rows"),  # rows: so many of them pass through all nests before the next ones do
    [
        ("dot", "rows", (16, 32, 32), None),
        ("softmax", "typed", (32, 96), 1),
        ("softmax", "simd", (32, 96), 1),
        ("softmax", "batched", (96, 128), passes.constant("losses.pyx", "BLOCK") // 128),
        ("dense", "simd", (36, 16, 24), 36),
        ("dense", "blocked", (288, 16, 2), passes.constant("_plan.pxd", "ROWS")),
    ],
)
def test_passes_find_what_a_simulated_cache_holds(operation, rung, shape, rows, size, monkeypatch):
    monkeypatch.setattr(passes, {"dot": "SQUARE", "softmax": "MATRIX", "dense": "DENSE"}[operation], shape)
    nests = (
        passes._product(rung, "avx2", shape) if operation == "dot" else passes.drawn(operation, rung, "avx2")
    ).nests
    part = (lambda index: index["i"] // rows) if rows else (lambda index: (index["i"], index["p"]))
    for rule, true in zip(moved(nests, size), simulated(nests, size, part), strict=True):
        assert rule == pytest.approx(true, rel=0.2, abs=4 * LINE)


def test_a_second_pass_finds_what_a_cache_still_holds():
    x = Array("x", "ij", (64, 64))
    for near, times in ((1 << 10, 1), (1 << 20, 2)):
        first = Nest((("i", 64), ("j", 64)), (x,), 1)
        second = Nest((("i", 64), ("j", 64)), (Array("x", "ij", (64, 64), near=near),), 1)
        assert moved((first, second), 1 << 12)[0] == times * 64 * 64 * ITEM


def test_the_paragraph_for_a_paper(run_python):
    """As docs/measure/paper.md has it, of the stored run."""
    text = (ROOT / "docs/measure/paper.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```\{code-block\} python\n:caption: paragraph\.py\n\n(.*?)^```", text, re.M | re.S)
    done = run_python(f"import sys\nsys.argv[1:] = [{str(stored.RESULTS)!r}]\n{program}")
    assert done.returncode == 0, done.stderr
    machine = stored.stored().machine
    assert all(str(machine[key]) in done.stdout for key in ("cpu", "compiler", "flags", "numpy", "instruction set"))
    assert "dot 512x512 · 512x512, float32: " in done.stdout and "times as fast as NumPy: " in done.stdout
