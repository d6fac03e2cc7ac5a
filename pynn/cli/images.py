"""Images from PNG, JPEG, IDX or npy files, told apart by how they begin."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..keras.datasets.idx import read_idx
from ..support.extras import install
from .checks import UserError, reading
from .digit import normalize

_MOST_PIXELS = 64_000_000  # of one picture: more than most cameras have, and about 600 MB while it is read
_PAGES, _MOST_MAPPED = 2**16, 2**28  # bytes: mapped where one is read, and read in all
_FEWEST = 5  # a side of a picture; 3 or 4 at an array's end are its colours


class Images(NamedTuple):
    """The first images of a file as the network reads them, how many the file has, and what was done to them."""

    shown: np.ndarray  # (n, pixels) float32 from 0 to 1
    total: int
    done: list[str]


def read_images(name: str, pixels: int, count: int, invert: bool) -> Images:
    """The first `count` images; a square of `pixels` is taken as it is, grey pictures of other sizes are normalized.

    invert: they are dark on light. UserError: unreadable, or of a shape that fits neither.
    """
    with reading(name, "a PNG, JPEG, IDX or npy file"):
        try:
            array, done = _read(name)
            return _fit(array, done, name, pixels, count, invert)
        except ImportError:
            raise UserError(f"reading and scaling pictures needs pillow: {install('plot')}") from None


def _fit(array: np.ndarray, done: list[str], name: str, pixels: int, count: int, invert: bool) -> Images:
    side, size = math.isqrt(pixels), array.shape[-2:]
    square = side * side == pixels
    flat = array.ndim in (1, 2) and array.shape[-1] == pixels
    exact = array.ndim in (2, 3) and (size == (side, side) if square else math.prod(size) == pixels)
    several = array.ndim > (1 if flat else 2)
    images, total = (array[:count], len(array)) if several else (array[None], 1)
    if min(array.nbytes, math.prod(array.shape[1:]) * _PAGES) > _MOST_MAPPED and several and array.flags.fnc:
        raise UserError(f"{name}: the images lie mixed in Fortran order: save numpy.ascontiguousarray(x)")
    if array.size and (flat or exact):
        x = _scaled(np.asarray(images).reshape(-1, pixels), name)
        return Images(1 - x if invert else x, total, done)
    if not (square and array.size and array.ndim in (2, 3) and min(size) >= _FEWEST):
        wanted = f"{side}x{side}, or grey ones (height, width) that can be scaled" if square else f"{pixels} pixels"
        shape = "x".join(map(str, array.shape)).removeprefix("1x") or "one value"
        raise UserError(f"{name}: its size is {shape}, but these weights read images of {wanted}")
    _check_size(name, *size)
    digits, dark = [], 0
    for i, image in enumerate(images):
        one = f"{name} {i}" if total > 1 else name
        digit, inverted = normalize(_scaled(image, one), side, invert, one)
        digits.append(digit.ravel())
        dark += inverted
    some = "" if dark == len(digits) else f"{dark} of {len(digits)} "
    ground = f"{some}dark on light: inverted" if dark else "light on dark"
    box = round(side * 20 / 28)
    done = [f"{size[1]}x{size[0]}", *done, ground, f"scaled to {box}x{box}", "centred as MNIST's digits are"]
    return Images(np.stack(digits), total, done)


def _read(name: str) -> tuple[np.ndarray, list[str]]:
    """The array of a file, and what was done to it."""
    with open(name, "rb") as file:
        start = file.read(8)
    if start.startswith((b"\x89PNG", b"\xff\xd8\xff")):
        return _read_picture(name, jpeg=start[:1] == b"\xff")
    if start.startswith(b"\x93NUMPY"):
        return np.lib.format.open_memmap(name, mode="r"), []  # mapped: a lying header costs no memory
    if start.startswith((b"\0\0", b"\x1f\x8b")):
        return read_idx(name), []
    raise ValueError(f"it starts with {start.hex(' ') or 'nothing'}")


def _read_picture(name: str, jpeg: bool) -> tuple[np.ndarray, list[str]]:
    """Its grey, as uint8 (1, height, width), turned as its EXIF says, and what was done to it."""
    from PIL import Image, ImageOps, JpegImagePlugin, PngImagePlugin

    with (JpegImagePlugin.JpegImageFile if jpeg else PngImagePlugin.PngImageFile)(name) as picture:
        _check_size(name, picture.height, picture.width)  # only the header is read yet: the picture may be a bomb
        transparent = "A" in picture.getbands() or "transparency" in picture.info
        ImageOps.exif_transpose(picture, in_place=True)
        if picture.mode.startswith("I") and not transparent:  # 16 bits a pixel
            return (np.asarray(picture) >> 8).astype(np.uint8)[None], []
        grey, done = picture.convert("L"), []
        if transparent:
            # what is drawn on a transparent ground is seen on white; if it is light itself, on black
            alpha = picture.convert("RGBA").getchannel("A")
            opaque = np.asarray(alpha) > 127
            ground = "black" if np.asarray(grey)[opaque].min(initial=255) > 127 else "white"
            done = [] if opaque.all() else [f"transparent taken as {ground}"]
            grey = Image.composite(grey, Image.new("L", grey.size, ground), alpha)
        return np.asarray(grey)[None], done


def _check_size(name: str, height: int, width: int) -> None:
    if height * width > _MOST_PIXELS:
        most = f"{_MOST_PIXELS // 10**6} million pixels"
        raise UserError(f"{name}: its size is {width}x{height}; pictures of at most {most} are read")


def _scaled(x: np.ndarray, name: str) -> np.ndarray:
    if x.dtype == np.uint8:
        return np.divide(x, 255, dtype=np.float32)
    if x.dtype.kind != "f":
        raise UserError(f"{name}: dtype {x.dtype}; give uint8 from 0 to 255, or floats from 0 to 1")
    if not 0 <= x.min() <= x.max() <= 1:  # nor NaN
        raise UserError(f"{name}: floats must lie from 0 to 1; for 0 to 255 save x.astype(np.uint8)")
    return x.astype(np.float32)
