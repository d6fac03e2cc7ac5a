"""Sheets of digits: as they are, with a model's predictions, and its mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._figure import FilePath
from ._sheet import as_pictures, sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LEGEND = "true > predicted, its probability"


def digits(images: Any, labels: Sequence[Any] | None = None, columns: int = 10, path: FilePath | None = None) -> Figure:
    """A sheet of all images, dark on light, row by row, each under its label.

    images: (n, h, w), (n, h, w, 1), or flat (n, h * h), any real dtype. labels: n of anything that prints.
    ValueError: other shapes, no image, another number of labels than of images. path: also save it there.
    """
    pictures = as_pictures(images)
    if labels is not None and len(labels) != len(pictures):
        raise ValueError(f"{len(pictures)} images, but {len(labels)} labels")
    return sheet(pictures, None if labels is None else [str(label) for label in labels], columns, "", path)


def predictions(
    images: Any, labels: Any, probabilities: Any, columns: int = 10, path: FilePath | None = None
) -> Figure:
    """A sheet of all images, each under its label and what the model makes of it; the misclassified ones are framed.

    images: n, as in digits. labels: (n,) integers. probabilities: (n, classes), as from model.predict.
    Each caption reads: true > predicted, and the probability that the model gave to its prediction.
    ValueError: their numbers differ, or these are no probabilities (logits, for example).
    """
    pictures, labels, predicted, certainty = _judged(images, labels, probabilities)
    wrong = np.flatnonzero(predicted != labels)
    title = f"{len(wrong)} of {len(pictures)} misclassified{', framed' if len(wrong) else ''}\n{_LEGEND}"
    captions = [_caption(*each) for each in zip(labels, predicted, certainty, strict=True)]
    return sheet(pictures, captions, columns, title, path, framed=set(wrong.tolist()))


def mistakes(
    images: Any, labels: Any, probabilities: Any, count: int = 40, columns: int = 10, path: FilePath | None = None
) -> Figure:
    """A sheet of the `count` misclassified images of which the model was most certain.

    images, labels, probabilities, captions: as in predictions.
    """
    pictures, labels, predicted, certainty = _judged(images, labels, probabilities)
    if count < 1:
        raise ValueError(f"count must be 1 or more, not {count}")
    wrong = np.flatnonzero(predicted != labels)
    shown = wrong[np.argsort(-certainty[wrong], kind="stable")][:count]
    captions = [_caption(labels[i], predicted[i], certainty[i]) for i in shown]
    title = f"{len(wrong)} of {len(pictures)} misclassified"
    if len(shown) < len(wrong):
        title += f"; the {len(shown)} most certain"
    if len(shown):
        title += f"\n{_LEGEND}"
    return sheet(pictures[shown], captions, columns, title, path)


def _judged(images: Any, labels: Any, probabilities: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The pictures, their labels, the most probable classes and their probabilities, all of one length."""
    pictures = as_pictures(images)
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    if labels.shape != (len(pictures),) or probabilities.ndim != 2 or len(probabilities) != len(pictures):
        raise ValueError(
            f"{len(pictures)} images, labels {labels.shape} and probabilities {probabilities.shape} do not "
            "match: give (n,) and (n, classes)"
        )
    low, high = probabilities.min(), probabilities.max()
    if low < 0 or high > 1.001:  # softmax in float32 may round above 1; NaN, of a model that diverged, is shown
        raise ValueError(f"probabilities from {low:.3g} to {high:.3g}: tf.nn.softmax makes probabilities of logits")
    return pictures, labels, probabilities.argmax(axis=1), probabilities.max(axis=1)


def _caption(label: Any, predicted: Any, certainty: Any) -> str:
    return f"{label} > {predicted}  {certainty:.0%}"
