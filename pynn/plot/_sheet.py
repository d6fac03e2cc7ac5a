"""A sheet of pictures, row by row, with captions above them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._figure import VERMILION, FilePath, new_figure, saved

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def as_pictures(images: Any) -> np.ndarray:
    """(n, h, w) of whatever digits takes. ValueError for other shapes."""
    x = np.asarray(images)
    if x.ndim == 4 and x.shape[3] == 1:
        x = x[..., 0]
    elif x.ndim == 2 and math.isqrt(x.shape[1]) ** 2 == x.shape[1]:
        x = x.reshape(len(x), math.isqrt(x.shape[1]), -1)
    if x.ndim != 3 or not x.size:
        raise ValueError(f"images must be (n, h, w), (n, h, w, 1) or (n, h * h) with n >= 1, not {x.shape}")
    return x


def sheet(
    pictures: np.ndarray,
    captions: Sequence[str] | None,
    columns: int,
    title: str,
    path: FilePath | None,
    framed: Collection[int] = (),
) -> Figure:
    """One image of all tiles, with the captions written above them: a hundred axes would take seconds.

    framed: the pictures that get a frame and a bold caption.
    """
    if columns < 1:
        raise ValueError(f"columns must be 1 or more, not {columns}")
    n, h, w = pictures.shape
    columns = min(columns, max(n, 1))
    rows = -(-n // columns)
    head = -(-h // 3) if captions else 0
    gap = -(-w // 7)
    tall, wide = h + head + gap, w + gap
    image = np.full((rows * tall, columns * wide), pictures.min() if n else 0, pictures.dtype)
    tiles = image.reshape(rows, tall, columns, wide)
    for i, picture in enumerate(pictures):
        tiles[i // columns, head : head + h, i % columns, :w] = picture

    inch = 0.95 / wide  # of a pixel
    top = 0.55 if title else 0.1
    width, height = max(4.0, inch * (image.shape[1] + gap)), inch * image.shape[0] + top
    figure = new_figure(width, height)
    if n:
        axes = figure.add_axes(
            (
                (width - inch * (image.shape[1] - gap)) / 2 / width,
                0.0,
                inch * image.shape[1] / width,
                inch * image.shape[0] / height,
            )
        )
        axes.imshow(image, cmap="gray_r", interpolation="nearest", aspect="auto")
        axes.set_axis_off()
        for i, caption in enumerate(captions or ()):
            x, y = i % columns * wide + w / 2, i // columns * tall + 0.8 * head
            text = axes.text(x, y, caption, ha="center", va="baseline", fontsize=8)
            if i in framed:
                text.set(weight="bold", color=VERMILION)
                axes.add_patch(_frame((x - w / 2 - 0.5, i // columns * tall + head - 0.5), w, h))
    if title:
        figure.suptitle(title, fontsize=10)
    return saved(figure, path)


def _frame(corner: tuple[float, float], width: float, height: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(corner, width, height, fill=False, edgecolor=VERMILION, linewidth=2.5, clip_on=False)
