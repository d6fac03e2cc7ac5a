"""Images from PNG, IDX or npy files, told apart by how they begin."""

from __future__ import annotations

import math
import struct

import numpy as np

from ..keras.datasets._idx import read_idx
from . import UserError


def read_images(name: str, pixels: int) -> np.ndarray:
    """(n, height * width) float32 from 0 to 1. UserError: unreadable, or height * width is not `pixels`."""
    try:
        with open(name, "rb") as file:
            start = file.read(24)
        if start.startswith(b"\x89PNG"):
            # before pillow unpacks anything: the picture may be a bomb
            if len(start) == 24 and math.prod(size := struct.unpack(">II", start[16:])) != pixels:
                raise UserError(_size_error(name, size[::-1], pixels))
            array = _read_png(name)
        elif start.startswith(b"\x93NUMPY"):
            array = np.load(name, allow_pickle=False, mmap_mode="r")  # mapped: a lying header costs no memory
        elif start.startswith((b"\0\0", b"\x1f\x8b")):
            array = read_idx(name)
        else:
            raise UserError(f"{name}: not a PNG, IDX or npy file")
    except OSError as error:
        raise UserError(f"{name}: {error.strerror or error}") from None
    except (ValueError, SyntaxError) as error:  # SyntaxError: pillow's word for a broken PNG
        raise UserError(f"{error}" if name in str(error) else f"{name}: {error}") from None
    return _scaled(_rows(array, name, pixels), name)


def _read_png(name: str) -> np.ndarray:
    try:
        from PIL import Image
    except ImportError:
        raise UserError("reading PNG needs pillow: pip install 'pynn[plot]'") from None
    with Image.open(name, formats=["PNG"]) as picture:
        if picture.mode.startswith("I"):
            raise UserError(f"{name}: 16-bit grey; save it as an 8-bit PNG")
        transparent = "A" in picture.getbands() or "transparency" in picture.info
        if transparent and np.asarray(picture.convert("RGBA"))[..., 3].min() < 255:
            raise UserError(f"{name}: has transparent parts; save it without an alpha channel")
        return np.asarray(picture.convert("L"))


def _size_error(name: str, shape: tuple[int, ...], pixels: int) -> str:
    side = round(pixels**0.5)
    wanted = f"{side}x{side}" if side * side == pixels else f"{pixels} pixels"
    return f"{name}: its size is {'x'.join(map(str, shape))}, but these weights read images of {wanted}"


def _rows(array: np.ndarray, name: str, pixels: int) -> np.ndarray:
    for rank in (1, 2):  # an image may be flat or (height, width); one more axis counts images
        if array.size and array.ndim in (rank, rank + 1) and math.prod(array.shape[-rank:]) == pixels:
            return array.reshape(-1, pixels)
    raise UserError(_size_error(name, array.shape, pixels))


def _scaled(x: np.ndarray, name: str) -> np.ndarray:
    if x.dtype == np.uint8:
        return x.astype(np.float32) / 255
    if x.dtype.kind != "f":
        raise UserError(f"{name}: dtype {x.dtype}; give uint8 from 0 to 255, or floats from 0 to 1")
    if not ((x >= 0) & (x <= 1)).all():
        raise UserError(f"{name}: floats must lie from 0 to 1; for 0 to 255 save x.astype(np.uint8)")
    return x.astype(np.float32)
