"""Random arrays: shapes, layouts and values, in one piece of memory that is compared byte for byte afterwards."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import kernels

DTYPES = st.sampled_from(["float32", "float64"])
THREADS = st.sampled_from([2, 1, 3, 8])
LENGTHS = st.one_of(st.integers(1, 6), st.sampled_from([1, 0, 17, 64, 403]))
LAST = st.one_of(*[st.integers(0, 130)] * 7, st.sampled_from([2049, 50_001]))  # every tail; enough for threads
ELEMENTS, BYTES = 60_000, 2_000_000
VALUES = ["normal", "integers", "special", "one NaN", "zeros", "subnormal", "huge", "any bits"]


@st.composite
def shapes(draw: Callable, least: int = 0, most: int = 5) -> tuple[int, ...]:
    """Of `least` to `most` axes."""
    axes = draw(st.integers(least, most))
    if axes == 0:
        return ()
    last = draw(LAST)
    sizes, left = [], ELEMENTS // max(last, 1)
    for n in draw(st.lists(LENGTHS, min_size=axes - 1, max_size=axes - 1)):
        sizes.append(min(n, left))
        left //= max(sizes[-1], 1)
    return (*sizes, last)


@st.composite
def broadcast_to(draw: Callable, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that broadcasts to this one: without some axes in front, and with some of length 1."""
    start = draw(st.one_of(st.just(0), st.integers(0, len(shape))))
    ones = draw(st.one_of(st.just(0), st.integers(0, 2 ** len(shape) - 1)))
    return tuple(1 if ones >> axis & 1 else n for axis, n in enumerate(shape))[start:]


def bits(x: np.ndarray) -> np.ndarray:
    return x.view(f"u{x.itemsize}")


def special(dtype: str) -> np.ndarray:
    limits = np.finfo(dtype)
    tiny = limits.smallest_subnormal
    nans = bits(np.full(4, np.nan, dtype)) + np.array([0, 1, 2**21 + 5, 1 << limits.bits - 1], f"u{limits.bits // 8}")
    numbers = [0, -0.0, np.inf, -np.inf, tiny, -tiny, limits.tiny, limits.max, limits.min, 1, -1]
    return np.concatenate([np.array(numbers, dtype), nans.view(dtype)])


def values(rng: np.random.Generator, kind: str, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Numbers of a kind of VALUES, native and in C order."""
    limits, size = np.finfo(dtype), math.prod(shape)
    if kind == "any bits":  # any exponent, NaN that are quiet or signal, of any payload
        return np.frombuffer(rng.bytes(size * limits.bits // 8), dtype).reshape(shape)
    x = np.asarray(rng.standard_normal(shape, dtype))
    if kind == "integers":
        x = np.asarray(np.rint(2 * x))  # many that are equal
    elif kind == "special":
        some = rng.random(shape) < rng.choice([0.02, 0.5])
        x[some] = rng.choice(special(dtype), np.count_nonzero(some))
    elif kind == "one NaN" and size:
        x.reshape(-1)[rng.integers(size)] = rng.choice(special(dtype)[-4:])
    elif kind == "zeros":
        x[rng.random(shape) < 0.8] = rng.choice([0.0, -0.0])
    elif kind == "subnormal":
        x *= 8 * limits.tiny
    elif kind == "huge":
        x *= limits.max / 8
    return x


class Place(NamedTuple):
    """Where an array lies in memory, and what is there."""

    shape: tuple[int, ...]
    dtype: np.dtype
    strides: tuple[int, ...]
    offset: int
    writeable: bool
    kind: str

    def start(self) -> int:
        """Its first byte."""
        return self.offset + sum(min(s * (n - 1), 0) for s, n in zip(self.strides, self.shape, strict=True) if n)

    def view(self, memory: np.ndarray) -> np.ndarray:
        x = np.ndarray(self.shape, self.dtype, memory, self.offset, self.strides)
        x.flags.writeable = self.writeable
        return x


class Memory:
    """One piece of memory in which arrays are placed, one after the other or over one another; then it is filled."""

    def __init__(self, draw: Callable) -> None:
        self.draw, self.size, self.places = draw, 64, []

    def place(
        self,
        shape: tuple[int, ...],
        dtype: str,
        plain: bool = False,
        apart: bool = False,
        kinds: Sequence[str] = VALUES,
    ) -> Place:
        """A place for an array of this shape, of any layout, perhaps over others; or plain: in C order, aligned and
        native; or apart from the others."""
        draw, size = self.draw, np.dtype(dtype).itemsize
        order, steps, swapped = list(range(len(shape))), [1] * len(shape), False
        unit, gap, shift, base, writeable = size, 0, 0, self.size, True
        if not plain and draw(st.booleans()):
            order = draw(st.permutations(order))
            steps = draw(st.lists(st.sampled_from([1, -1, 1, 2, -3, 0]), min_size=len(shape), max_size=len(shape)))
            unit += draw(st.sampled_from([0, 0, 0, 1, size]))  # 1: a field of a packed record
            gap = draw(st.sampled_from([0, 0, size, 5 * size]))
            shift = draw(st.sampled_from([0, 0, 0, 1, size // 2]))  # not aligned
            swapped = draw(st.sampled_from([False] * 7 + [True]))
            writeable = draw(st.sampled_from([True] * 3 + [False]))
        if not plain and not apart and self.places:
            below = draw(st.sampled_from([None, None, self.places[-1], *self.places]))
            base = below.start() // size * size if below else base
        strides, extent, low, high = [0] * len(shape), unit, 0, size
        for axis in reversed(order):
            if abs(steps[axis]) * shape[axis] * extent > BYTES:
                steps[axis] = 1
            strides[axis] = steps[axis] * extent
            reach = strides[axis] * max(shape[axis] - 1, 0)
            low, high = low + min(reach, 0), high + max(reach, 0)
            extent = max(abs(steps[axis]) * shape[axis], 1) * extent + gap
        offset = base + draw(st.integers(-3, 20)) * size + shift - low  # vectors are not aligned
        end = (offset + high + size) // size * size
        self.size = max(self.size, end + 32 - end % 8)
        kind = draw(st.sampled_from(kinds))
        described = np.dtype(dtype).newbyteorder("S") if swapped else np.dtype(dtype)
        self.places.append(Place(shape, described, tuple(strides), offset, writeable, kind))
        return self.places[-1]

    def outs(self, shape: tuple[int, ...], dtype: str) -> list[Place]:
        """Places for a result: perhaps that of an array of its shape and type, and others, which are not filled."""
        arrays = list(self.places)
        same = [p for p in arrays if p.shape == shape and p.dtype == dtype]
        outs = [self.draw(st.sampled_from(same))] if same else []
        while len(outs) < 3:
            outs.append(self.place(shape, dtype))
            self.places = list(arrays)
        return [p._replace(writeable=True) for p in outs]

    def filled(self) -> np.ndarray:
        """The bytes: values in the places, and around them what reads as NaN."""
        raw = np.full(self.size + 128, 0xFF, np.uint8)
        memory = raw[-raw.ctypes.data % 64 :][: self.size + 64]
        rng = np.random.default_rng(self.draw(st.integers(0, 2**32 - 1)))
        for p in self.places:
            p._replace(writeable=True).view(memory)[...] = values(rng, p.kind, p.shape, native(p.dtype).name)
        return memory


def native(dtype: np.dtype) -> np.dtype:
    return dtype.newbyteorder("=")


def read(x: np.ndarray) -> np.ndarray:
    """The values in an array of their own, native and in one piece, with the axes in the order that they have."""
    return np.array(x, native(x.dtype))


def same(x: np.ndarray, y: np.ndarray) -> bool:
    """Bit for bit, but for the payload of NaN."""
    x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)
    return bool(x.shape == y.shape and ((bits(x) == bits(y)) | ((x != x) & (y != y))).all())


def call(memory: Memory, function: Callable, arguments: list[Any], check: Callable, outs: Sequence[Place] = ()) -> None:
    """check(result, *arguments) asserts that the function's result is right, with one thread and without out=. With
    any number of threads, and in any out, it is the same; nothing else changes.

    Arguments are places, or what the function takes beside arrays.
    """
    data = memory.filled()
    before = data.copy()

    def run(out: Place | None = None) -> Any:
        views = {p: p.view(data) for p in (*arguments, out) if isinstance(p, Place)}
        into = {"out": views[out]} if out else {}  # perhaps the very object that is read
        with np.errstate(all="raise"):  # of which kernels know nothing
            result = function(*[views[p] if isinstance(p, Place) else p for p in arguments], **into)
        assert not out or result is views[out]
        return result

    kernels.set_num_threads(1)
    first = run()
    with np.errstate(all="ignore"):
        check(first, *[read(p.view(before)) if isinstance(p, Place) else p for p in arguments])
    assert np.array_equal(data, before)
    kernels.set_num_threads(memory.draw(THREADS))
    for x, y in zip(*[z if isinstance(z, tuple) else (z,) for z in (run(), first)], strict=True):
        assert same(np.asarray(x), np.asarray(y))
    for out in outs:
        data[:] = before
        into, expected = run(out), before.copy()
        out.view(expected)[...] = first
        assert same(read(into), read(out.view(expected)))
        out.view(expected)[...] = into  # the payloads of NaN
        assert np.array_equal(data, expected)
