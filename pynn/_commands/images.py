"""Images from PNG, IDX or npy files, told apart by how they begin."""

from __future__ import annotations

import math

import numpy as np

from .._extras import install
from ..keras.datasets._idx import read_idx
from . import UserError, reading


def read_images(name: str, pixels: int, count: int) -> tuple[np.ndarray, int]:
    """The first `count` images as (n, height * width) float32 from 0 to 1, and how many there are.

    UserError: unreadable, or height * width is not `pixels`.
    """
    with reading(name, "a PNG, IDX or npy file"):
        array = _read(name, pixels)
        for rank in (1, 2):  # an image may be flat or (height, width); one more axis counts images
            if array.size and array.ndim in (rank, rank + 1) and math.prod(array.shape[-rank:]) == pixels:
                several = array.ndim > rank
                first = np.asarray(array[:count] if several else array).reshape(-1, pixels)
                return _scaled(first, name), len(array) if several else 1
    raise UserError(_size_error(name, array.shape, pixels))


def _read(name: str, pixels: int) -> np.ndarray:
    with open(name, "rb") as file:
        start = file.read(8)
    if start.startswith(b"\x89PNG"):
        return _read_png(name, pixels)
    if start.startswith(b"\x93NUMPY"):
        return np.load(name, allow_pickle=False, mmap_mode="r")  # mapped: a lying header costs no memory
    if start.startswith((b"\0\0", b"\x1f\x8b")):
        return read_idx(name)
    raise ValueError(f"it starts with {start.hex(' ') or 'nothing'}")


def _read_png(name: str, pixels: int) -> np.ndarray:
    try:
        from PIL import PngImagePlugin
    except ImportError:
        raise UserError(f"reading PNG needs pillow: {install('plot')}") from None
    with PngImagePlugin.PngImageFile(name) as picture:  # its header only: the picture may be a bomb
        if math.prod(picture.size) != pixels:
            raise UserError(_size_error(name, picture.size[::-1], pixels))
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


def _scaled(x: np.ndarray, name: str) -> np.ndarray:
    if x.dtype == np.uint8:
        return x.astype(np.float32) / 255
    if x.dtype.kind != "f":
        raise UserError(f"{name}: dtype {x.dtype}; give uint8 from 0 to 255, or floats from 0 to 1")
    if not ((x >= 0) & (x <= 1)).all():
        raise UserError(f"{name}: floats must lie from 0 to 1; for 0 to 255 save x.astype(np.uint8)")
    return x.astype(np.float32)
