"""Sheets of digits: as they are, with a model's predictions, and its mistakes."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..engine.typing import TensorLike
from ._figure import VERMILION, FilePath, new_figure, saved

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LEGEND = "true > predicted, its probability"


def digits(
    images: TensorLike, labels: Sequence[object] | None = None, columns: int = 10, path: FilePath | None = None
) -> Figure:
    """A sheet of all images, dark on light, row by row, each under its label.

    images: (n, h, w), (n, h, w, 1), or flat (n, h * h), any real dtype. labels: n of anything that prints.
    ValueError: other shapes, no image, another number of labels than of images. path: also save it there.
    """
    pictures = _pictures(images)
    if labels is not None and len(labels) != len(pictures):
        raise ValueError(f"{len(pictures)} images, but {len(labels)} labels")
    return _sheet(pictures, [] if labels is None else list(map(str, labels)), columns, "", path)


def predictions(
    images: TensorLike, labels: TensorLike, probabilities: TensorLike, columns: int = 10, path: FilePath | None = None
) -> Figure:
    """A sheet of all images, each under its label and what the model makes of it; the misclassified ones are framed.

    images: n, as in digits. labels: (n,) integers. probabilities: (n, classes), as from model.predict.
    Each caption reads: true > predicted, and the probability that the model gave to its prediction.
    ValueError: their numbers differ, or these are no probabilities (logits, for example).
    """
    pictures, captions, wrong, _ = _judged(images, labels, probabilities)
    title = f"{len(wrong)} of {len(pictures)} misclassified{', framed' if len(wrong) else ''}\n{_LEGEND}"
    return _sheet(pictures, captions, columns, title, path, framed=set(wrong.tolist()))


def mistakes(
    images: TensorLike,
    labels: TensorLike,
    probabilities: TensorLike,
    count: int = 40,
    columns: int = 10,
    path: FilePath | None = None,
) -> Figure:
    """A sheet of the `count` misclassified images of which the model was most certain.

    images, labels, probabilities, captions: as in predictions.
    """
    pictures, captions, wrong, certainty = _judged(images, labels, probabilities)
    if count < 1:
        raise ValueError(f"count must be 1 or more, not {count}")
    shown = wrong[np.argsort(-certainty[wrong], kind="stable")][:count]
    most_certain = f"; the {len(shown)} most certain" if len(shown) < len(wrong) else ""
    title = f"{len(wrong)} of {len(pictures)} misclassified{most_certain}" + (f"\n{_LEGEND}" if len(shown) else "")
    return _sheet(pictures[shown], [captions[i] for i in shown], columns, title, path)


def _pictures(images: TensorLike) -> np.ndarray:
    """(n, h, w) of the images that digits takes. ValueError for other shapes."""
    x = np.asarray(images)
    if x.ndim == 4 and x.shape[3] == 1:
        x = x[..., 0]
    elif x.ndim == 2 and math.isqrt(x.shape[1]) ** 2 == x.shape[1]:
        x = x.reshape(len(x), math.isqrt(x.shape[1]), -1)
    if x.ndim != 3 or not x.size:
        raise ValueError(f"images must be (n, h, w), (n, h, w, 1) or (n, h * h) with n >= 1, not {x.shape}")
    return x


def _judged(
    images: TensorLike, labels: TensorLike, probabilities: TensorLike
) -> tuple[np.ndarray, list[str], np.ndarray, np.ndarray]:
    """The pictures, their captions, the numbers of the misclassified ones, and the probabilities of all predictions."""
    pictures = _pictures(images)
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    if labels.shape != (len(pictures),) or probabilities.ndim != 2 or len(probabilities) != len(pictures):
        raise ValueError(
            f"{len(pictures)} images, labels {labels.shape} and probabilities {probabilities.shape} do not "
            "match: give (n,) and (n, classes)"
        )
    low, high = probabilities.min(), probabilities.max()
    if low < 0 or high > 1.001:  # softmax in float32 may round above 1; NaN, of a model that diverged, is shown
        raise ValueError(f"probabilities from {low:.3g} to {high:.3g}: tf.nn.softmax makes probabilities of logits")
    predicted, certainty = probabilities.argmax(axis=1), probabilities.max(axis=1)
    judged = zip(labels, predicted, certainty, strict=True)
    captions = [f"{label} > {prediction}  {share:.0%}" for label, prediction, share in judged]
    return pictures, captions, np.flatnonzero(predicted != labels), certainty


def _sheet(
    pictures: np.ndarray,
    captions: Sequence[str],
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
    across, down = inch * image.shape[1], inch * image.shape[0]
    width, height = max(4.0, across + inch * gap), down + (0.55 if title else 0.1)
    figure = new_figure(width, height)
    if n:
        axes = figure.add_axes(((width - across + inch * gap) / 2 / width, 0.0, across / width, down / height))
        axes.imshow(image, cmap="gray_r", interpolation="nearest", aspect="auto")
        axes.set_axis_off()
        for i, caption in enumerate(captions):
            x, y = i % columns * wide, i // columns * tall
            text = axes.text(x + w / 2, y + 0.8 * head, caption, ha="center", va="baseline", fontsize=8)
            if i in framed:
                from matplotlib.patches import Rectangle

                text.set(weight="bold", color=VERMILION)
                corner = x - 0.5, y + head - 0.5
                axes.add_patch(Rectangle(corner, w, h, fill=False, edgecolor=VERMILION, linewidth=2.5, clip_on=False))
    if title:
        figure.suptitle(title, fontsize=10)
    return saved(figure, path)
