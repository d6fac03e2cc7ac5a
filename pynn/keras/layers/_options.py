"""The options that each layer's constructor passes on to Layer's."""

from __future__ import annotations

from typing import Any, TypedDict


class LayerOptions(TypedDict, total=False):
    """Keyword arguments, described in Layer."""

    name: str | None
    trainable: bool
    dtype: Any
    activity_regularizer: Any
    input_shape: Any
    input_dim: int | None
    batch_input_shape: Any
