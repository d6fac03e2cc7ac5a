"""Pictures of digits and of training. Each function returns matplotlib's Figure and saves it where asked.

matplotlib comes with the extra: pip install 'pynn[plot]'. The figures are made without pyplot, so they keep
no global state, open no window and need no display; a notebook shows the figure that a cell returns.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ._atomic import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FilePath = str | os.PathLike[str]


def digits(images: Any, labels: Sequence[Any] | None = None, columns: int = 10, path: FilePath | None = None) -> Figure:
    """A sheet of all images, dark on light, row by row, each under its label.

    images: (n, h, w), (n, h, w, 1), or flat (n, h * h), any real dtype. labels: n of anything that prints.
    ValueError: other shapes, no image, as many labels as images there are not. path: also save it there.
    """
    pictures = _pictures(images)
    if labels is not None and len(labels) != len(pictures):
        raise ValueError(f"{len(pictures)} images, but {len(labels)} labels")
    return _sheet(pictures, None if labels is None else [str(label) for label in labels], columns, "", path)


def mistakes(
    images: Any, labels: Any, probabilities: Any, count: int = 40, columns: int = 10, path: FilePath | None = None
) -> Figure:
    """A sheet of the `count` misclassified images of which the model was most certain.

    images: n, as in digits. labels: (n,) integers. probabilities: (n, classes), as from model.predict.
    Each caption reads: true > predicted, and the probability that the model gave to its prediction.
    """
    pictures = _pictures(images)
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    if labels.shape != (len(pictures),) or probabilities.ndim != 2 or len(probabilities) != len(pictures):
        raise ValueError(
            f"{len(pictures)} images, labels {labels.shape} and probabilities {probabilities.shape} do not "
            "match: give (n,) and (n, classes)"
        )
    predicted, certainty = probabilities.argmax(axis=1), probabilities.max(axis=1)
    if count < 1:
        raise ValueError(f"count must be 1 or more, not {count}")
    wrong = np.flatnonzero(predicted != labels)
    shown = wrong[np.argsort(-certainty[wrong], kind="stable")][:count]
    captions = [f"{labels[i]} > {predicted[i]}  {certainty[i]:.0%}" for i in shown]
    title = f"{len(wrong)} of {len(pictures)} misclassified"
    if len(shown) < len(wrong):
        title += f"; the {len(shown)} most certain (true > predicted, its probability)"
    return _sheet(pictures[shown], captions, columns, title, path)


def history(history: Any, path: FilePath | None = None) -> Figure:
    """Learning curves: one panel per quantity over the epochs, the validation's beside the training's.

    history: what fit returns, or its dict {"loss": [...], "val_loss": [...], ...}.
    """
    curves: Mapping[str, Sequence[float]] = getattr(history, "history", history)
    names = [name for name in curves if not name.startswith("val_")]
    if not names:
        raise ValueError("this history is empty: fit has not finished an epoch")
    names.sort(key=lambda name: name != "loss")
    figure = _new_figure(4.5 * len(names), 3.4)
    figure.set_layout_engine("constrained")
    for i, name in enumerate(names):
        axes = figure.add_subplot(1, len(names), i + 1)
        for key, label, style in ((name, "training", "o-"), (f"val_{name}", "validation", "s--")):
            if key in curves:
                axes.plot(range(1, len(curves[key]) + 1), curves[key], style, markersize=4, label=label)
        axes.set(xlabel="epoch", ylabel=name)
        axes.locator_params(axis="x", integer=True)
        axes.grid(alpha=0.3)
        axes.legend()
    return _saved(figure, path)


def _pictures(images: Any) -> np.ndarray:
    x = np.asarray(images)
    if x.ndim == 4 and x.shape[3] == 1:
        x = x[..., 0]
    elif x.ndim == 2 and math.isqrt(x.shape[1]) ** 2 == x.shape[1]:
        x = x.reshape(len(x), math.isqrt(x.shape[1]), -1)
    if x.ndim != 3 or not x.size:
        raise ValueError(f"images must be (n, h, w), (n, h, w, 1) or (n, h * h) with n >= 1, not {x.shape}")
    return x


def _sheet(
    pictures: np.ndarray, captions: Sequence[str] | None, columns: int, title: str, path: FilePath | None
) -> Figure:
    """One image of all tiles, with the captions written above them: a hundred axes would take seconds."""
    if columns < 1:
        raise ValueError(f"columns must be 1 or more, not {columns}")
    n, h, w = pictures.shape
    columns = min(columns, max(n, 1))
    rows = -(-n // columns)
    head = -(-h // 3) if captions else 0
    gap = -(-w // 7)
    tall, wide = h + head + gap, w + gap
    sheet = np.full((rows * tall, columns * wide), pictures.min() if n else 0, pictures.dtype)
    tiles = sheet.reshape(rows, tall, columns, wide)
    for i, picture in enumerate(pictures):
        tiles[i // columns, head : head + h, i % columns, :w] = picture

    inch = 0.95 / wide  # of a pixel
    top = 0.45 if title else 0.1
    width, height = max(4.0, inch * (sheet.shape[1] + gap)), inch * sheet.shape[0] + top
    figure = _new_figure(width, height)
    if n:
        axes = figure.add_axes(
            (
                (width - inch * (sheet.shape[1] - gap)) / 2 / width,
                0.0,
                inch * sheet.shape[1] / width,
                inch * sheet.shape[0] / height,
            )
        )
        axes.imshow(sheet, cmap="gray_r", interpolation="nearest", aspect="auto")
        axes.set_axis_off()
        for i, caption in enumerate(captions or ()):
            x, y = i % columns * wide + w / 2, i // columns * tall + 0.8 * head
            axes.text(x, y, caption, ha="center", va="baseline", fontsize=8)
    if title:
        figure.suptitle(title, fontsize=10)
    return _saved(figure, path)


def _new_figure(width: float, height: float) -> Figure:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError("pynn.plot needs matplotlib: pip install 'pynn[plot]'") from None
    return Figure(figsize=(width, height), dpi=150)


def _saved(figure: Figure, path: FilePath | None) -> Figure:
    if path is not None:
        with replacing(Path(path)) as file:
            figure.savefig(file, format=Path(path).suffix[1:] or "png")
    return figure
