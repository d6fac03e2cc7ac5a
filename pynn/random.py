"""TensorFlow's `tf.random`: numbers from one seeded NumPy generator."""

from __future__ import annotations

from typing import Any

import numpy as np

from .convert import to_shape
from .dtypes import as_dtype
from .tensor import Tensor

_shared = np.random.default_rng()


def set_seed(seed: int) -> None:
    """Everything random after this repeats: values, initial weights, shuffling, dropout."""
    global _shared
    _shared = np.random.default_rng(seed)


def generator(seed: int | None = None) -> np.random.Generator:
    """The shared generator, or a new one from a seed of its own."""
    return _shared if seed is None else np.random.default_rng(seed)


def uniform(
    shape: Any, minval: float = 0, maxval: float | None = None, dtype: Any = np.float32, seed: int | None = None
) -> Tensor:
    """Values in [minval, maxval); maxval is 1 for floats and must be given for integers."""
    target, rng = as_dtype(dtype), generator(seed)
    if target.is_integer:
        if maxval is None:
            raise ValueError("Must specify maxval for integer dtypes")
        return Tensor(np.asarray(rng.integers(int(minval), int(maxval), to_shape(shape), target.dtype)))
    scale = (1 if maxval is None else maxval) - minval
    return Tensor((_float(rng.random, shape, target.dtype) * scale + minval).astype(target.dtype, copy=False))


def normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = np.float32, seed: int | None = None
) -> Tensor:
    """Normal values of this mean and standard deviation."""
    target = as_dtype(dtype).dtype
    z = _float(generator(seed).standard_normal, shape, target)
    return Tensor((z * stddev + mean).astype(target, copy=False))


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = np.float32, seed: int | None = None
) -> Tensor:
    """Normal values; those further than 2 stddev from the mean are drawn again."""
    target, rng = as_dtype(dtype).dtype, generator(seed)
    z = _float(rng.standard_normal, shape, target)
    while (far := np.abs(z) > 2).any():
        z[far] = _float(rng.standard_normal, (int(far.sum()),), target)
    return Tensor((z * stddev + mean).astype(target, copy=False))


def _float(draw: Any, shape: Any, dtype: np.dtype) -> np.ndarray:
    """Drawn in float32 or float64, the types that NumPy's generators have."""
    exact = dtype if dtype.char in "fd" else np.dtype(np.float32)
    return np.asarray(draw(to_shape(shape), dtype=exact))
