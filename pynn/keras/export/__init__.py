"""Models as files for other programs."""

from __future__ import annotations

import os
from typing import Any

from ...support.neutral import neutral


@neutral(input_signature=None, opset_version=13)
def export(
    self: Any, filepath: str | os.PathLike[str], format: str = "tf_saved_model", verbose: bool | None = None
) -> None:
    """Writes what `predict` computes for other programs, all or nothing. format: "onnx" is what there is.

    Inputs and outputs have the model's names; the batch is of any size. verbose False: nothing is printed.
    ValueError: another format, a model that does not know its inputs yet, or a layer without a form in ONNX.
    """
    if format != "onnx":
        raise ValueError(f"The format {format!r} is not supported: model.export(filepath, format='onnx')")
    from .model import write  # now: it needs an extra

    write(self, filepath)
    if verbose is not False:
        print(f"Saved artifact at '{filepath}'.")
