"""What every layer's constructor takes and hands on to Layer's."""

from __future__ import annotations

from typing import Any, TypedDict


class LayerOptions(TypedDict, total=False):
    """Keyword arguments; Layer says what they mean."""

    name: str | None
    trainable: bool
    dtype: Any
    activity_regularizer: Any
    input_shape: Any
    input_dim: int | None
    batch_input_shape: Any
