"""What all initializers are, and what those have in common that draw."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.dtypes import as_dtype
from ...engine.tensor import Tensor
from ...ops import random
from .. import config
from ..common import configuration


class Initializer(configuration.Configured):
    """Base class: subclasses compute values in __call__."""

    _module = "keras.initializers"

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        raise NotImplementedError

    def clone(self) -> Initializer:
        """Another one with the same arguments; without a seed among them, its values differ."""
        return type(self).from_config(self.get_config())


def as_type(dtype: Any) -> np.dtype:
    return as_dtype(dtype or config.floatx()).dtype


class RandomInitializer(Initializer):
    """Each object has one seed, given or drawn: called again with the same shape, it gives the same values.

    seed: an int; None draws one from the global random numbers (keras.utils.set_random_seed)
    """

    def __init__(self, seed: int | None = None) -> None:
        if seed is None:
            seed = int(random.generator().integers(2**31))
        elif isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise ValueError(f"`seed` argument should be an integer. Received: seed={seed!r}")
        self.seed = int(seed)
