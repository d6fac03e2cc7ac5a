"""TensorFlow's `tf.random`: numbers from one seeded NumPy generator, which are not TensorFlow's."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..engine import replicas, tape
from ..engine.convert import alike, operand, to_shape
from ..engine.dtypes import as_dtype
from ..engine.errors import InvalidArgumentError
from ..engine.generator import generator as generator
from ..engine.generator import set_seed as set_seed
from ..engine.tensor import Tensor
from ..engine.typing import DTypeLike, Shape, TensorLike


class Generator:
    """A separate stream of random numbers.

    seed: int: the same numbers in each run; None: different ones
    """

    def __init__(self, seed: Any) -> None:
        self._rng = np.random.default_rng(seed)

    @classmethod
    def from_seed(cls, seed: int) -> Generator:
        """The stream of this seed (not TensorFlow's numbers)."""
        return cls(seed)

    @classmethod
    def from_non_deterministic_state(cls) -> Generator:
        """A stream that differs each time."""
        return cls(None)

    def uniform(self, shape: Shape, minval: Any = 0, maxval: Any = None, dtype: DTypeLike = np.float32) -> Tensor:
        """As `tf.random.uniform`."""
        target = as_dtype(dtype)
        if target.is_integer:
            if maxval is None:
                raise ValueError("Must specify maxval for integer dtypes")
            if minval >= maxval:
                raise InvalidArgumentError(f"Need minval < maxval, got {minval} >= {maxval}")
            return Tensor(np.asarray(self._rng.integers(int(minval), int(maxval), to_shape(shape), target.dtype)))
        drawn = Tensor(_float(self._rng.random, shape, target.dtype))
        _, low, high = alike((drawn, minval, 1 if maxval is None else maxval))
        return drawn * (high - low) + low

    def normal(self, shape: Shape, mean: float = 0.0, stddev: float = 1.0, dtype: DTypeLike = np.float32) -> Tensor:
        """As `tf.random.normal`."""
        return Tensor(_float(self._rng.standard_normal, shape, _floating(dtype))) * stddev + mean

    def truncated_normal(
        self, shape: Shape, mean: float = 0.0, stddev: float = 1.0, dtype: DTypeLike = np.float32
    ) -> Tensor:
        """As `tf.random.truncated_normal`."""
        z = _float(self._rng.standard_normal, shape, _floating(dtype))
        while (far := np.abs(z) > 2).any():
            z[far] = _float(self._rng.standard_normal, (int(far.sum()),), z.dtype)
        return Tensor(z) * stddev + mean


def _stream(seed: int | None) -> Generator:
    return Generator(generator(seed))


def uniform(
    shape: Shape, minval: float = 0, maxval: float | None = None, dtype: DTypeLike = np.float32, seed: int | None = None
) -> Tensor:
    """Values in [minval, maxval); maxval is 1 for floats and must be given for integers."""
    return _stream(seed).uniform(shape, minval, maxval, dtype)


def normal(
    shape: Shape, mean: float = 0.0, stddev: float = 1.0, dtype: DTypeLike = np.float32, seed: int | None = None
) -> Tensor:
    """Normal values of this mean and standard deviation."""
    return _stream(seed).normal(shape, mean, stddev, dtype)


def truncated_normal(
    shape: Shape, mean: float = 0.0, stddev: float = 1.0, dtype: DTypeLike = np.float32, seed: int | None = None
) -> Tensor:
    """Normal values; those further than 2 stddev from the mean are drawn again."""
    return _stream(seed).truncated_normal(shape, mean, stddev, dtype)


def shuffle(value: TensorLike, seed: int | None = None) -> Tensor:
    """The rows in a random order."""
    x = operand(value)
    return ops.gather(x, generator(seed).permutation(len(x._array))) if x._array.ndim else x


def dropout(x: TensorLike, rate: Any, noise_shape: Shape | None = None, seed: int | None = None) -> Tensor:
    """x / (1 - rate), but 0 with probability `rate`; noise_shape: where 1, elements fall together along that axis."""
    x = operand(x)
    if not 0 <= rate < 1:
        raise ValueError(f"`rate` must be a scalar tensor or a float in the range [0, 1). Received: rate={rate}")
    if x._array.dtype.kind != "f":
        raise ValueError(f"`x.dtype` must be a floating point tensor as `x` will be scaled, got {x._array.dtype}")
    if not rate:
        return ops.identity(x)
    draw = generator(seed).random
    rows, shape = x._array.shape[:1], x._array.shape if noise_shape is None else to_shape(noise_shape)
    of_batch = noise_shape is None or shape[:1] == rows != (1,)
    drawn = replicas.drawn(draw, shape) if of_batch else draw(shape, np.float32)
    return ops.where(drawn >= float(rate), x * (1 / (1 - rate)), 0)


def categorical(logits: TensorLike, num_samples: int, dtype: DTypeLike = np.int64, seed: int | None = None) -> Tensor:
    """Classes drawn with probabilities softmax(logits): (m, n) -> (m, num_samples)"""
    a = operand(logits)._array
    if a.ndim != 2:
        raise InvalidArgumentError(f"logits should be a matrix, got shape {a.shape}")
    # the largest of logits + Gumbel noise falls on each class with its probability
    noise = generator(seed).gumbel(size=(len(a), int(num_samples), a.shape[1]))
    return Tensor(np.argmax(a[:, None] + noise, -1).astype(as_dtype(dtype).dtype))


def poisson(shape: Shape, lam: Any, dtype: DTypeLike = np.float32, seed: int | None = None) -> Tensor:
    """Poisson counts of mean lam: shape + lam's shape."""
    rate = operand(lam)
    counts = generator(seed).poisson(rate._array, (*to_shape(shape), *rate._array.shape))
    return tape.record(np.asarray(counts, as_dtype(dtype).dtype), (rate,), _refused("poisson by lam"))


def gamma(shape: Shape, alpha: Any, beta: Any = 1.0, dtype: DTypeLike = np.float32, seed: int | None = None) -> Tensor:
    """Gamma values of shape alpha and rate beta: shape + the shape of alpha and beta together."""
    target, alpha, beta = _floating(dtype), operand(alpha), operand(beta)
    sizes = *to_shape(shape), *np.broadcast_shapes(alpha._array.shape, beta._array.shape)
    drawn = np.asarray(generator(seed).gamma(alpha._array, size=sizes), target)
    return tape.record(drawn, (alpha,), _refused("gamma by alpha")) / ops.cast(beta, target)


def _refused(what: str) -> tape.Gradient:
    """The gradient of what has none. LookupError: it is asked for."""

    def gradient() -> Tensor:
        raise LookupError(f"There is no gradient of tf.random.{what}")

    return lambda g: (gradient,)


def _stateless(seed: Any) -> Generator:
    """The stream of a seed of two integers."""
    pair = np.asarray(seed)
    if pair.shape != (2,):
        raise InvalidArgumentError(f"seed must have shape [2], not {list(pair.shape)}")
    return Generator([int(i) % 2**64 for i in pair])


def stateless_uniform(
    shape: Shape, seed: Any, minval: Any = 0, maxval: Any = None, dtype: DTypeLike = np.float32
) -> Tensor:
    """As `uniform`, but the same for the same seed of two integers (not TensorFlow's numbers)."""
    return _stateless(seed).uniform(shape, minval, maxval, dtype)


def stateless_normal(
    shape: Shape, seed: Any, mean: float = 0.0, stddev: float = 1.0, dtype: DTypeLike = np.float32
) -> Tensor:
    """As `normal`, but the same for the same seed of two integers (not TensorFlow's numbers)."""
    return _stateless(seed).normal(shape, mean, stddev, dtype)


def _floating(dtype: DTypeLike) -> np.dtype:
    target = as_dtype(dtype)
    if not target.is_floating:
        raise InvalidArgumentError(f"Normal values are floats, not {target.name}")
    return target.dtype


def _float(draw: Any, shape: Shape, dtype: np.dtype) -> np.ndarray:
    """Drawn in float32 or float64, the types that NumPy's generators have; of float32, made smaller."""
    exact = dtype if dtype.char in "fd" else np.dtype(np.float32)
    return np.asarray(draw(to_shape(shape), dtype=exact)).astype(dtype, copy=False)
