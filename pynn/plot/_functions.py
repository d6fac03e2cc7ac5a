"""Activation functions as curves, and softmax as bars, both computed by pynn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..engine.typing import TensorLike
from ..keras.activations import get
from ..ops import softmax as _softmax
from ._figure import BLUE, VERMILION, FilePath, new_figure, saved

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_AGREE = 1e-6  # a softmax in float32 may be off by so much


def activations(*functions: str | Callable[[np.ndarray], TensorLike], path: FilePath | None = None) -> Figure:
    """Curves of activation functions from -6 to 6, one panel each; of none: linear, sigmoid and relu.

    functions: names, as Dense takes them, or functions of an array. ValueError: one that changes the array's shape.
    """
    functions = functions or ("linear", "sigmoid", "relu")
    z = np.linspace(-6, 6, 601, dtype=np.float32)
    figure = new_figure(3.6 * len(functions), 3.2, "constrained")
    for i, each in enumerate(functions):
        name = each if isinstance(each, str) else getattr(each, "__name__", "function")
        y = np.asarray(get(each)(z))
        if y.shape != z.shape:
            raise ValueError(f"{name} is not element-wise: of {z.shape} it made {y.shape}")
        axes = figure.add_subplot(1, len(functions), i + 1)
        axes.axhline(0, color="0.4", linewidth=1)
        axes.axvline(0, color="0.4", linewidth=1)
        axes.plot(z, y, color=BLUE, linewidth=3)
        axes.set(title=name, xlabel="z", ylabel="g(z)" if i == 0 else "")
        axes.grid(alpha=0.3)
    return saved(figure, path)


def softmax(
    z: TensorLike, function: Callable[[np.ndarray], TensorLike] | None = None, path: FilePath | None = None
) -> Figure:
    """Bars of n logits z, of their exponentials, and of the probabilities that softmax makes of them.

    function: a softmax of one's own, to be checked: its results stand beside pynn's.
    ValueError: z is not a vector of finite numbers, or the function's result is not of its shape.
    """
    z = np.asarray(z, np.float64)
    if z.ndim != 1 or not z.size or not np.isfinite(z).all():
        raise ValueError(f"z must be a vector (n,) of finite logits, not {z if z.ndim == 1 else z.shape}")
    right = np.asarray(_softmax(z))
    shift, powers = 0.0, r"exponentials $e^z$"
    if abs(z.max()) > 700:  # e^z would overflow, or all of them vanish
        shift, powers = z.max(), r"exponentials $e^{z - \max z}$"
    exponentials = np.exp(z - shift)

    at = np.arange(len(z))
    figure = new_figure(11, 1.3 + len(z) * (0.34 if function is None else 0.5))
    figure.set_layout_engine("constrained", h_pad=0.1)
    left, middle, last = figure.subplots(1, 3, sharey=True)
    left.axvline(0, color="0.4", linewidth=1)
    _bars(left, at, z, BLUE)
    left.set(title="logits $z$", ylabel="class", yticks=at)
    left.invert_yaxis()
    _bars(middle, at, exponentials, BLUE)
    middle.set(title=powers, xlabel=f"sum {exponentials.sum():.4g}")
    title, total = "probabilities", f"sum {right.sum():.4g}"
    if function is None:
        _bars(last, at, right, BLUE)
    else:
        yours = np.asarray(function(z.copy()), np.float64)
        if yours.shape != z.shape:
            raise ValueError(f"your softmax makes {yours.shape} of {z.shape}: it must keep the shape")
        _bars(last, at - 0.2, right, BLUE, 0.38, "tf.nn.softmax")
        _bars(last, at + 0.2, yours, VERMILION, 0.38, "yours", "///")
        last.legend()
        difference = np.abs(yours - right).max()
        title += ": yours agree" if difference <= _AGREE else f": yours differ by {difference:.2g}"
        total += f", yours {yours.sum():.4g}"
    last.set(title=title, xlabel=total)
    return saved(figure, path)


def _bars(
    axes: Axes, at: np.ndarray, values: np.ndarray, color: str, thickness: float = 0.8, label: str = "", hatch: str = ""
) -> None:
    """Horizontal bars, each with its value; what is not finite has no length."""
    lengths = np.where(np.isfinite(values), values, 0)
    bars = axes.barh(at, lengths, thickness, color=color, edgecolor="white", label=label, hatch=hatch)
    axes.bar_label(bars, [f"{value:.4g}" for value in values], padding=3, fontsize=9)
    axes.margins(x=0.25)
    axes.locator_params(axis="x", nbins=5)
