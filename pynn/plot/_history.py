"""Learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._figure import BLUE, VERMILION, FilePath, new_figure, saved

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKED = 30  # epochs; markers on more of them would run into one another


def history(history: Any, path: FilePath | None = None) -> Figure:
    """Learning curves: one panel per quantity over the epochs, the validation's beside the training's.

    history: what fit returns, or its dict {"loss": [...], "val_loss": [...], ...}. Values of fewer validations stand at
    the epochs of the smallest validation_freq that gives as many. ValueError: no epoch in it.
    """
    curves: Mapping[str, Sequence[float]] = getattr(history, "history", history)
    names = [name for name in curves if not name.startswith("val_")]
    if not names:
        raise ValueError("this history is empty: fit has not finished an epoch")
    names.sort(key=lambda name: name != "loss")
    columns = min(len(names), 3)
    rows = -(-len(names) // columns)
    figure = new_figure(4.5 * columns, 3.4 * rows, "constrained")
    for i, name in enumerate(names):
        axes = figure.add_subplot(rows, columns, i + 1)
        n = len(curves[name])
        epochs = getattr(history, "epoch", ())  # counts from 0; a later fit may have gone on from another
        epochs = [epoch + 1 for epoch in epochs] if len(epochs) == n else list(range(1, n + 1))
        for key, label, marker, line, color in (
            (name, "training", "o", "-", BLUE),
            (f"val_{name}", "validation", "s", "--", VERMILION),
        ):
            if curve := curves.get(key):
                at, marker = _validated(epochs, len(curve)), marker if n <= _MARKED else ""
                axes.plot(at, curve, color=color, linestyle=line, marker=marker, markersize=4, label=label)
        axes.set(xlabel="epoch", ylabel=name)
        axes.locator_params(axis="x", integer=True, min_n_ticks=1)
        axes.grid(alpha=0.3)
        axes.legend()
    return saved(figure, path)


def _validated(epochs: list[int], number: int) -> list[int]:
    """The epochs of `number` validations: multiples of a validation_freq; if none fits (fit had a list), the last."""
    for frequency in range(1, epochs[-1] + 1):
        chosen = [epoch for epoch in epochs if epoch % frequency == 0]
        if len(chosen) == number:
            return chosen
    return epochs[-number:]
