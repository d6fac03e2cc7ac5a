"""The table that Model.summary prints, laid out as Keras does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...engine import nest
from ..layers import Layer

if TYPE_CHECKING:
    from .model import Model


def print_summary(
    model: Model, line_length: int | None, positions: Sequence[float] | None, print_fn: Callable[[str], Any] | None
) -> None:
    """Prints it, or hands it to `print_fn` as one text.

    line_length: by default the terminal's, at most 88. positions: where the columns end, as shares of a line
    (or as characters, where they are larger than 1).
    """
    # in a notebook, plain text: rich's own way of showing things there would leave an empty output beside it
    console = Console(highlight=False, force_jupyter=False, color_system="auto" if print_fn is None else None)
    width = line_length or min(88, console.width)
    table = Table(width=width, show_lines=True)
    ends = [int(p * width) if p <= 1 else int(p) for p in (positions or (0.45, 0.80, 1.0))[:3]]
    table.add_column("Layer (type)", width=ends[0])
    table.add_column("Output Shape", width=ends[1] - ends[0])
    table.add_column("Param #", width=ends[2] - ends[1], justify="right")
    for layer in model.operations:
        params = f"[green]{layer.count_params():,}[/]" if layer.built else "[green]0[/] (unbuilt)"
        table.add_row(f"{escape(layer.name)} ([blue]{type(layer).__name__}[/])", output_shape(layer), params)
    console.begin_capture()
    console.print(f'[bold]Model: "{escape(model.name)}"[/]', table)
    # as Keras counts it: with its steps and its learning rate, once it is built
    optimizer = model.optimizer.variables if model.compiled and model.optimizer.built else []
    rows = {
        "Total params": [*model.weights, *optimizer],
        "Trainable params": model.trainable_weights,
        "Non-trainable params": model.non_trainable_weights,
    } | ({"Optimizer params": optimizer} if optimizer else {})
    for title, variables in rows.items():
        arrays = [v._array for v in variables]
        size, unit = float(sum(a.nbytes for a in arrays)), "B"
        for larger in ("KB", "MB", "GB"):
            if size >= 1024:
                size, unit = size / 1024, larger
        console.print(f"[bold] {title}: [/][green]{sum(a.size for a in arrays):,}[/] ({size:.2f} {unit})")
    text = console.end_capture()
    if print_fn is None:
        print(text, end="")
    else:
        print_fn(text)


def output_shape(layer: Layer) -> str:
    """(None, ...): what the layer gives in the model, or for the shape that it was built for; ? before that."""
    if layer._nodes:
        shapes = [tuple(x.shape) for x in nest.flatten(layer._nodes[0].outputs)]
        return ", ".join(map(str, shapes)).replace(",)", ")")
    if not isinstance(layer._build_shape, tuple):
        return "?"
    return str((None, *layer.compute_output_shape(layer._build_shape)[1:])).replace(",)", ")")
