"""A picture of one digit, normalized as MNIST's makers did theirs (LeCun, Bottou, Bengio and Haffner, 1998)."""

from __future__ import annotations

import numpy as np

from .checks import UserError

_SIDE = 256  # the longer side of what is looked at: the digit becomes 20 high, and averaging takes noise away
_CONTRAST = 0.1  # between black, 0, and white, 1: paper alone has less, a faint pencil more
_UNEXPLAINED = 0.25  # of the border's variance: light that falls unevenly leaves less to its fit, a digit there more


def normalize(picture: np.ndarray, side: int, invert: bool, name: str) -> tuple[np.ndarray, bool]:
    """The digit of a float32 picture (height, width), as `centred` gives it, and whether it was dark on light.

    invert: it is dark on light, whatever the border says. UserError: there is no digit, only background.
    """
    from PIL import Image

    image = Image.fromarray(picture)
    image.thumbnail((_SIDE, _SIDE))
    ink, inverted = _ink(np.asarray(image, np.float64), invert)
    field = centred(ink, side)
    if field is None:
        raise UserError(f"{name}: there is no digit in it, only background")
    return field, inverted


def centred(ink: np.ndarray, side: int) -> np.ndarray | None:
    """Ink from 0 to 1 (height, width), float32, as light on dark in (side, side); None if there is none.

    Its aspect ratio is kept, its longer side becomes 20/28 of `side`, its centre of mass comes to the centre.
    """
    from PIL import Image

    box = Image.fromarray(ink > 0.5).getbbox()
    if box is None:
        return None
    width, height = box[2] - box[0], box[3] - box[1]
    scale = side * 20 / 28 / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    digit = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BILINEAR, box))  # averages what it shrinks
    field = np.zeros((side, side), np.float32)
    mass = np.indices(digit.shape).reshape(2, -1) @ digit.ravel() / digit.sum()  # its centre, from the digit's corner
    y, x = (min(max(0, round(side / 2 - m)), side - n) for m, n in zip(mass, digit.shape, strict=True))
    field[y : y + digit.shape[0], x : x + digit.shape[1]] = digit / digit.max()  # thin lines became faint
    return field


def _ink(x: np.ndarray, invert: bool) -> tuple[np.ndarray, bool]:
    """How much ink each pixel has, from 0 to 1, none at all without contrast; whether it is darker than the ground."""
    border = np.ones(x.shape, bool)
    width = max(1, min(x.shape) // 20)
    border[width:-width, width:-width] = False
    # Light falls unevenly on paper: the digit is what differs from a quadratic fitted to the picture's border.
    i, j = np.ogrid[-1 : 1 : x.shape[0] * 1j, -1 : 1 : x.shape[1] * 1j]
    terms = np.stack(np.broadcast_arrays(1, i, j, i * i, i * j, j * j), axis=-1)
    flat = x - terms @ np.linalg.lstsq(terms[border], x[border])[0]
    if flat[border].var() > _UNEXPLAINED * x[border].var():
        flat = x
    light = flat > _threshold(flat)
    inverted = invert or bool(light[border].mean() > 0.5)
    ground = light == inverted
    contrast = 0 if ground.all() else flat[~ground].mean() - flat[ground].mean()
    if abs(contrast) < _CONTRAST:
        return np.zeros(x.shape, np.float32), inverted
    # soft around the middle between ground and ink: noise and the paper's grey become 0, edges stay smooth
    ink = 2 * (flat - flat[ground].mean()) / contrast - 0.5
    return ink.clip(0, 1).astype(np.float32), inverted


def _threshold(x: np.ndarray) -> float:
    """Otsu's: it parts x into two classes with the largest variance between them."""
    counts, edges = np.histogram(x, 256)
    below, sums = counts.cumsum(), (counts * (edges[1:] + edges[:-1])).cumsum()
    between = (sums * x.size - sums[-1] * below) ** 2 / (below * (x.size - below)).clip(1)
    return float(edges[1:-1][between[:-1].argmax()])
