"""Mutators that know a format: what is packed is unpacked, changed and packed again, with right checksums and lies.

Each takes (data, rng, bytewise) and returns other data; bytewise is the fuzzer's own mutator. Data that cannot be taken
apart are changed byte by byte.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import hdf5_edits

from pynn.keras.common.registry import OURS

Bytewise = Callable[[bytes], bytes]
Mutator = Callable[[bytes, random.Random, Bytewise], bytes]
NUMBERS = [0, 1, -1, 2, 3, 7, 255, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**53, 2**60, 2**63 - 1, 2**64, 10**30]
NUMBERS += [-(2**31), -(2**63), 0.5, -0.0, 1e-12, 1e300, 1e18, float("nan"), float("inf")]
CLASSES = [
    {"module": module, "class_name": name, "config": {}, "registered_name": None}
    if isinstance(thing, type)
    else {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}
    for (module, name), thing in OURS.items()
]
VALUES = [None, True, False, "", "a", "os.system", "../../secret", "\x1b[2J", "\ud800", [], {}, [[]], [None], *NUMBERS]
VALUES += [{"class_name": "__numpy__", "config": {"value": [1.0], "dtype": "float32"}}]
VALUES += [{"class_name": "__lambda__", "config": {"value": "4wAA", "defaults": None, "closure": None}}]
MOST = 1 << 22  # bytes that are unpacked here
BOMB = 1 << 24


def idx(data: bytes, rng: random.Random, bytewise: Bytewise) -> bytes:
    if data[:2] == b"\x1f\x8b":
        return _gzipped(data, idx, rng, bytewise)
    if rng.random() < 0.1:
        return gzip.compress(data, mtime=0)
    if rng.random() < 0.5 or len(data) < 8:
        return bytewise(data)
    place = 4 * rng.randrange(1, 4)
    return data[:place] + struct.pack(">I", rng.choice([0, 1, 2, 255, 2**16, 2**31, 2**32 - 1])) + data[place + 4 :]


def tarred(data: bytes, rng: random.Random, bytewise: Bytewise) -> bytes:
    if data[:2] == b"\x1f\x8b":
        return _gzipped(data, tarred, rng, bytewise)
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            members = [(info, archive.extractfile(info).read() if info.isfile() else b"") for info in archive]
    except Exception:
        return bytewise(data)
    if not members or rng.random() < 0.2:
        return bytewise(data)
    i = rng.randrange(len(members))
    info, content = members[i]
    match rng.randrange(6):
        case 0:
            info.name = rng.choice(["../../secret", "/dev/shm/secret", "a" * 300, "", members[0][0].name])
        case 1:
            info.type = rng.choice([bytes([rng.randrange(256)]), *b"0 1 2 3 4 5 6 7 x g L K S V".split()])
            info.linkname = rng.choice([members[0][0].name, "../../secret", info.name])
        case 2:
            keys = ["size", "path", "mtime", "hdrcharset", "GNU.sparse.map", "GNU.sparse.size", "GNU.sparse.major"]
            info.pax_headers = {rng.choice(keys): rng.choice(["-1", "1" * 30, "0,9,9", "x", "\0"])}
        case 3:
            members.append(members[i])
        case _:
            content = idx(content, rng, bytewise)
    members[i] = info, content
    try:
        with tarfile.open(fileobj=(file := io.BytesIO()), mode="w", format=rng.choice([0, 1, 2])) as archive:
            for info, content in members:
                info.size = len(content) if info.isreg() else 0
                archive.addfile(info, io.BytesIO(content))
    except Exception:
        return bytewise(data)
    return file.getvalue()


def zipped(data: bytes, rng: random.Random, bytewise: Bytewise) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(i.filename, i.compress_type, archive.open(i).read(MOST)) for i in archive.infolist()]
    except Exception:
        return bytewise(data)
    if not members or rng.random() < 0.15:
        return bytewise(data)
    i = rng.randrange(len(members))
    name, packing, content = members[i]
    match rng.randrange(12):
        case 0:
            name = rng.choice(["../../secret", "/secret", "", "a.npy", members[0][0], members[-1][0], name[:-4]])
        case 1:
            packing = rng.choice([0, 8, 12, 14])
        case 2:
            members.append(members[i])
        case 3:
            content, packing = content + bytes(rng.choice([1, 1 << 16, BOMB])), zipfile.ZIP_DEFLATED
        case _:
            content = _member(name)(content, rng, bytewise)
    members[i] = name, packing, content
    if rng.random() < 0.05:
        del members[i]
    try:
        with zipfile.ZipFile(file := io.BytesIO(), "w") as archive:
            for name, packing, content in members:
                archive.writestr(name, content, packing)
    except Exception:
        return bytewise(data)
    return bytewise(file.getvalue()) if rng.random() < 0.1 else file.getvalue()


def _member(name: str) -> Mutator:
    endings = {".json": json_text, "training.json.npy": noted, ".npy": npy, ".h5": hdf5, ".npz": zipped}
    return next((found for ending, found in sorted(endings.items(), key=lambda e: -len(e[0])) if name.endswith(ending)),
                lambda data, rng, bytewise: bytewise(data))  # fmt: skip


def npy(data: bytes, rng: random.Random, bytewise: Bytewise) -> bytes:
    if rng.random() < 0.4 or len(data) < 12:
        return bytewise(data)
    length = 10 + struct.unpack("<H", data[8:10])[0]
    header, body = data[10:length].rstrip().decode("latin1"), data[length:]
    match rng.randrange(4):
        case 0:
            shape = ", ".join(str(rng.choice(NUMBERS[:18])) for _ in range(rng.randrange(4)))
            header = re.sub(r"\([^)]*\)", lambda _: f"({shape},)" if shape else "()", header)
        case 1:
            kinds = ["|O", "<f8", ">f4", "<f2", "|b1", "<U4", "|S0", "|V8", "<M8[s]", "<c16", "<i8", "<f16",
                     "[('a','<f4')]"]  # fmt: skip
            header = re.sub(r"'descr': ('[^']*'|\[.*?\])", lambda _: f"'descr': {rng.choice(kinds)!r}", header)
        case 2:
            header = header.replace("False", "True") if "False" in header else header.replace("True", "False")
        case _:
            header = bytewise(header.encode("latin1", "replace")).decode("latin1")
    header += " " * (-len(header) % 16) + "\n"
    version = rng.choice([1, 1, 1, 2, 3, 4])
    start = b"\x93NUMPY" + bytes([version, 0])
    return start + struct.pack("<H" if version == 1 else "<I", len(header) & 0xFFFF) + header.encode("latin1") + body


def noted(data: bytes, rng: random.Random, bytewise: Bytewise) -> bytes:
    """The text of a state of a training, as an array of bytes."""
    if data[:8] != b"\x93NUMPY\x01\x00" or rng.random() < 0.1:
        return npy(data, rng, bytewise)
    text = json_text(data[10 + struct.unpack("<H", data[8:10])[0] :], rng, bytewise)
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({len(text)},), }}\n".encode()
    return data[:8] + struct.pack("<H", len(header)) + header + text


def json_text(data: bytes, rng: random.Random, bytewise: Bytewise) -> bytes:
    try:
        value = json.loads(data)
        nodes = list(_nodes(value))
    except (ValueError, RecursionError):
        return bytewise(data)
    if not nodes or rng.random() < 0.15:
        return bytewise(data)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        holder, key = rng.choice(nodes)
        other, other_key = rng.choice(nodes)
        match rng.randrange(9):
            case 0 | 1:
                new = rng.choice(VALUES)
            case 2:
                new = rng.choice(NUMBERS)
            case 3:
                new = rng.choice(CLASSES)
            case 4:
                new = [holder[key]] * rng.choice([1, 2, 100]) if key in _keys(holder) else None
            case 5 if isinstance(holder, dict) and key in holder and len(holder) > 1:
                del holder[key]
                continue
            case 6 if isinstance(holder, list):
                holder.insert(rng.randrange(len(holder) + 1), rng.choice(VALUES))
                continue
            case _:
                new = json.loads(json.dumps(other[other_key])) if other_key in _keys(other) else None
        if key in _keys(holder):
            holder[key] = new
    return json.dumps(value).encode()


def _keys(holder: Any) -> Any:
    return holder if isinstance(holder, dict) else range(len(holder))


def _nodes(value: Any) -> Any:
    for key in _keys(value) if isinstance(value, (dict, list)) else ():
        yield value, key
        yield from _nodes(value[key])


def hdf5(data: bytes, rng: random.Random, bytewise: Bytewise) -> bytes:
    if rng.random() < 0.5 and len(data) > 16:  # the older format has no checksums
        place, size = rng.randrange(len(data) - 8), rng.choice([1, 2, 4, 8])
        number = rng.choice([0, 1, len(data), 2**15, 2**28 + 1, 2**32 - 1, 2**40, 2**64 - 1, rng.randrange(len(data))])
        return data[:place] + (number % 256**size).to_bytes(size, "little") + data[place + size :]
    return hdf5_edits.edited(data, rng) or bytewise(data)


def safetensors(data: bytes, rng: random.Random, bytewise: Bytewise) -> bytes:
    end = 8 + int.from_bytes(data[:8], "little")
    if end > len(data) or rng.random() < 0.3:
        return bytewise(data)
    header = json_text(data[8:end], rng, bytewise)
    return struct.pack("<Q", len(header)) + header + data[end:]


def older_hdf5(data: bytes, rng: random.Random, bytewise: Bytewise) -> bytes:
    """Whose configurations are texts in attributes."""
    if rng.random() < 0.4:
        changed = hdf5_edits.with_texts(data, lambda text: json_text(text, rng, bytewise), rng)
        return changed or bytewise(data)
    return hdf5(data, rng, bytewise)


def picture(data: bytes, rng: random.Random, bytewise: Bytewise) -> bytes:
    if data[:6] == b"\x93NUMPY":
        return npy(data, rng, bytewise)
    if data[:2] in (b"\0\0", b"\x1f\x8b"):
        return idx(data, rng, bytewise)
    if data[:8] != b"\x89PNG\r\n\x1a\n" or rng.random() < 0.1:
        return bytewise(data)
    chunks, place = [], 8
    while place + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        chunks.append((kind, data[place + 8 : place + 8 + length]))
        place += 12 + length
    if not chunks:
        return bytewise(data)
    i = rng.randrange(len(chunks))
    kind, content = chunks[i]
    if kind == b"IHDR" and len(content) == 13 and rng.random() < 0.7:
        sizes = [*struct.unpack(">II", content[:8])]
        sizes[rng.randrange(2)] = rng.choice([1, 2, 5, 28, 60, 4000, 70_000, 2**31 - 1, 2**32 - 1])
        depth, colour, interlaced = rng.choice([1, 2, 4, 8, 16]), rng.choice([0, 2, 3, 4, 6]), rng.randrange(2)
        content = struct.pack(">II5B", *sizes, depth, colour, 0, 0, interlaced)
    elif kind in (b"IDAT", b"zTXt", b"iCCP") and rng.random() < 0.6:
        start = 0 if kind == b"IDAT" else content.find(b"\0") + 2
        try:
            raw = zlib.decompressobj().decompress(content[start:], MOST)
            raw = raw + bytes(BOMB) if rng.random() < 0.05 else bytewise(raw)
            content = content[:start] + zlib.compress(raw)
        except zlib.error:
            content = bytewise(content)
    elif rng.random() < 0.3:
        packed = b"a\0\0" + zlib.compress(bytes(rng.choice([10, MOST])))
        kinds = {b"tRNS": bytes(6), b"PLTE": bytes(768), b"zTXt": packed, b"iCCP": packed, b"eXIf": EXIF,
                 b"acTL": bytes(8), b"fcTL": bytes(26), b"fdAT": bytes(20), b"iTXt": b"a\0\1\0\0\0" + packed[3:],
                 b"pHYs": bytes(9), b"gAMA": bytes(4), b"sRGB": b"\0", b"IEND": b"", b"IDAT": b""}  # fmt: skip
        chunks.insert(i, rng.choice([*kinds.items()]))
        kind, content = chunks[i]
    else:
        content = bytewise(content)
    chunks[i] = kind, content
    whole = [struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in chunks]
    return data[:8] + b"".join(whole)


EXIF = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x0112, 3, 1, 6, 0)


def _gzipped(data: bytes, inner: Mutator, rng: random.Random, bytewise: Bytewise) -> bytes:
    try:
        raw = zlib.decompressobj(31).decompress(data, MOST)
    except zlib.error:
        return bytewise(data)
    match rng.randrange(12):
        case 0:
            return bytewise(data)
        case 1:
            return data + gzip.compress(raw, mtime=0)
        case 2:
            return gzip.compress(raw + bytes(BOMB), mtime=0)
        case 3:
            return raw
    return gzip.compress(inner(raw, rng, bytewise), mtime=0)
