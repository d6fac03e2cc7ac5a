"""What every optimizer's constructor takes and hands on to Optimizer's."""

from __future__ import annotations

from typing import Any, TypedDict


class OptimizerOptions(TypedDict, total=False):
    """Keyword arguments; Optimizer says what they mean."""

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    gradient_accumulation_steps: int | None
    name: str | None
    lr: Any
    decay: float | None
