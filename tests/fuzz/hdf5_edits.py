"""Edits of an HDF5 file that h5py makes: each is a well-formed file which says more than it holds."""

from __future__ import annotations

import functools
import io
import random
import struct
import zlib
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
from watch import ELSEWHERE, OTHERS

from pynn.keras.saving.heaps import check_heaps

HUGE = [0, 1, 3, 1000, 2**20, 2**31, 2**40, 2**60]
KINDS = ["f2", "f4", "f8", ">f4", "f16", "i1", "u8", "?", "c8", "S5", "S0", "V3", "(3,)f4", h5py.string_dtype(),
         h5py.vlen_dtype("f4"), h5py.ref_dtype, h5py.regionref_dtype, h5py.enum_dtype({"a": 1, "b": 2}, "i1"),
         np.dtype([("a", "f4"), ("b", "i8")]), h5py.opaque_dtype("M8[s]")]  # fmt: skip
SECRET = f"{ELSEWHERE}/{OTHERS[0]}", f"{ELSEWHERE}/{OTHERS[1]}"


def edited(data: bytes, rng: random.Random) -> bytes | None:
    """None: the data cannot be edited."""
    return _opened(data, lambda file: [_edit(file, rng) for _ in range(rng.choice([1, 1, 1, 2, 3]))], rng)


def with_texts(data: bytes, change: Callable[[bytes], bytes], rng: random.Random) -> bytes | None:
    """A text attribute of the outermost group is changed."""

    def edit(file: h5py.File) -> None:
        name = rng.choice([name for name in file.attrs if name.endswith("config")])
        file.attrs[name] = change(file.attrs[name].encode()).decode(errors="replace").replace("\0", "")

    return _opened(data, edit, rng)


def _opened(data: bytes, edit: Callable[[h5py.File], Any], rng: random.Random) -> bytes | None:
    try:
        check_heaps(io.BytesIO(data), 1 << 24)  # else h5py might take gigabytes
        with h5py.File.in_memory(data, libver=rng.choice(["earliest", "latest"])) as file:
            edit(file)
            file.flush()
            return file.id.get_file_image()
    except Exception:  # whatever HDF5 says of damaged or strange files
        return None


def _edit(file: h5py.File, rng: random.Random) -> None:
    names: list[str] = []
    file.visit(names.append)
    name = rng.choice(names)
    item = file[name]
    match rng.randrange(8):
        case 0:
            _link(file, name, rng)
        case 1 | 2:
            _attribute(item, rng)
        case 3 if isinstance(item, h5py.Group):
            for _ in range(rng.choice([1, 10, 400])):
                item = item.create_group(rng.choice(["a", "vars", "0", "é", "a/b/c"]))
        case _:
            if isinstance(item, h5py.Group) and rng.random() < 0.7:
                name = rng.choice([n for n in names if isinstance(file.get(n), h5py.Dataset)])
            _dataset(file, name, rng)


def _link(file: h5py.File, name: str, rng: random.Random) -> None:
    other = rng.choice(["/", name, f"{name}/{name}", *file])
    links = [h5py.SoftLink(other), h5py.ExternalLink(SECRET[0], "/a"), h5py.ExternalLink(SECRET[1], other), file[other]]
    if rng.random() < 0.7:
        del file[name]
        file[name] = rng.choice(links)
    else:
        file[f"{name}_{rng.randrange(9)}"] = rng.choice([*links, np.dtype("f4")])


def _attribute(item: Any, rng: random.Random) -> None:
    name = rng.choice([*item.attrs, "layer_names", "weight_names", "model_config", "training_config"])
    count = rng.choice([0, 1, 2, 1000, 4000])
    text = rng.choice(["", "dense", "/", "..", "a" * 60_000, "é"])
    match rng.randrange(7):
        case 0:
            item.attrs[name] = rng.choice([0, 1.5, True, text, text.encode()])
        case 1:
            item.attrs.create(name, [text] * max(1, count if len(text) < 10 else 9), dtype=h5py.string_dtype())
        case 2:
            item.attrs[name] = np.zeros(rng.choice([(), (0,), (3,), (2, 2)]), rng.choice(["f4", "i8", "S3", "?", "c8"]))
        case 3:
            item.attrs[name] = h5py.Empty(rng.choice(["f4", h5py.string_dtype()]))
        case 4:
            item.attrs[name] = item.ref
        case 5 if name in item.attrs:
            del item.attrs[name]
        case _:
            kind = h5py.vlen_dtype(rng.choice([np.dtype("u1"), np.dtype("f8")]))
            item.attrs.create(name, np.array([np.zeros(3)] * 2 + [None], object)[:2], dtype=kind)


def _dataset(file: h5py.File, name: str, rng: random.Random) -> None:
    old = file[name]
    shape = getattr(old, "shape", None) or (2,)
    if rng.random() < 0.3:
        shape = tuple(rng.choice(HUGE) for _ in range(rng.randrange(4)))
    kind = "f4" if rng.random() < 0.6 else rng.choice(KINDS)
    del file[name]
    match rng.randrange(6):
        case 0:
            file.create_dataset(name, shape, kind, external=[(rng.choice(SECRET), 0, h5py.h5f.UNLIMITED)])
        case 1:
            layout = h5py.VirtualLayout(shape, kind)
            layout[...] = h5py.VirtualSource(rng.choice([SECRET[0], "."]), rng.choice(["a", name]), shape)
            file.create_virtual_dataset(name, layout)
        case 2:
            file.create_dataset(name, rng.choice([None, (), shape]), kind)
        case 3:
            file.create_dataset(name, shape, kind, fillvalue=1, maxshape=(None,) * len(shape))
        case _:
            _chunked(file, name, shape, kind, rng)


def _chunked(file: h5py.File, name: str, shape: tuple[int, ...], kind: Any, rng: random.Random) -> None:
    """Filters, several of them, and chunks that do not hold what these expect."""
    shape = shape or (1,)
    space = h5py.h5s.create_simple(shape, (h5py.h5s.UNLIMITED,) * len(shape))  # else it lists all chunks there may be
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk(tuple(max(1, min(n, 32)) for n in shape))
    for _ in range(rng.choice([0, 1, 1, 2, 3])):
        rng.choice([lambda: plan.set_deflate(rng.randrange(10)), plan.set_shuffle, plan.set_fletcher32,
                    lambda: plan.set_filter(h5py.h5z.FILTER_LZF, 0, (4, 0x105, 4096)),
                    lambda: plan.set_filter(rng.choice([4, 5, 6, 307, 32_000, 65_535]), rng.randrange(2), (1, 2, 3)),
                    lambda: plan.set_scaleoffset(h5py.h5z.SO_INT, 3)])()  # fmt: skip
    dtype = h5py.h5t.py_create(np.dtype(kind) if isinstance(kind, str) else kind, logical=True)
    dataset = h5py.h5d.create(file.id, name.encode(), dtype, space, plan, h5py.h5p.create(h5py.h5p.LINK_CREATE))
    content = rng.choice([b"", bytes(24), zlib.compress(bytes(24)), rng.randbytes(99), *bombs()])
    dataset.write_direct_chunk((0,) * len(shape), content, rng.choice([0, 0, 0, 1, 3, 2**32 - 1]))


@functools.cache
def bombs() -> tuple[bytes, ...]:
    """Zeros packed, 16 MiB and 1.25 GiB, and the latter packed again."""
    packer = zlib.compressobj(9, wbits=-15)
    piece = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)
    many = b"x\xda" + 80 * piece + b"\x03\0" + struct.pack(">HH", 80 * 2**24 % 65521, 1)
    return zlib.compress(bytes(2**24)), many, zlib.compress(many, 9)
