"""VarianceScaling: random first values whose variance follows from the sizes of the weight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...engine.convert import to_shape
from ...engine.tensor import Tensor
from ...ops import random
from .base import RandomInitializer, as_type


class VarianceScaling(RandomInitializer):
    """Values of mean 0 and variance scale / fan.

    Of a shape (..., fan_in, fan_out) both fans are multiplied by the sizes before them; of (n,), both are n; of (), 1.

    scale: a number above 0
    mode: the fan: "fan_in", "fan_out" or their mean, "fan_avg"
    distribution: "uniform" up to sqrt(3 * variance); "truncated_normal" or "normal", cut at 2 stddev before the cut,
        which keeps the variance; "untruncated_normal"
    seed: an int; None draws one from the global random numbers (keras.utils.set_random_seed)
    input_axes, output_axes: axes whose sizes make the fans, given together; None for the last two, times the others
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(seed)
        if scale <= 0:
            raise ValueError(f"Argument `scale` must be positive float. Received: scale={scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"Invalid `mode` argument: {mode}. Please use 'fan_in', 'fan_out' or 'fan_avg'")
        distribution = distribution.lower()
        if distribution not in ("uniform", "normal", "truncated_normal", "untruncated_normal"):
            raise ValueError(
                f"Invalid `distribution` argument: {distribution}. "
                "Please use 'uniform', 'truncated_normal' or 'untruncated_normal'"
            )
        self.scale, self.mode = scale, mode
        self.distribution = "truncated_normal" if distribution == "normal" else distribution
        self.input_axes, self.output_axes = input_axes, output_axes

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        shape = to_shape(shape)
        fan_in, fan_out = self._fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return random.uniform(shape, -limit, limit, as_type(dtype), self.seed)
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, math.sqrt(variance), as_type(dtype), self.seed)
        # a normal distribution cut at 2 stddev keeps 0.8796 of its stddev
        return random.truncated_normal(shape, 0.0, math.sqrt(variance) / 0.87962566103423978, as_type(dtype), self.seed)

    def _fans(self, shape: tuple[int, ...]) -> tuple[int, int]:
        if self.input_axes is not None and self.output_axes is not None:
            return math.prod(shape[i] for i in self.input_axes), math.prod(shape[i] for i in self.output_axes)
        if len(shape) < 2:
            return math.prod(shape), math.prod(shape)
        field = math.prod(shape[:-2])
        return shape[-2] * field, shape[-1] * field


class _Scaled(VarianceScaling):
    """VarianceScaling under the name of those who proposed its scale, mode and distribution."""

    _arguments_of_base: tuple[float, str, str]

    def __init__(
        self, seed: int | None = None, input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
    ) -> None:
        super().__init__(*self._arguments_of_base, seed, input_axes, output_axes)


class GlorotUniform(_Scaled):
    """Uniform, variance 2 / (fan_in + fan_out): Glorot and Bengio 2010.

    seed: an int; None draws one from the global random numbers (keras.utils.set_random_seed)
    input_axes, output_axes: axes whose sizes make the fans, given together; None for the last two, times the others
    """

    _arguments_of_base = 1.0, "fan_avg", "uniform"


class GlorotNormal(_Scaled):
    """Truncated normal, variance 2 / (fan_in + fan_out): Glorot and Bengio 2010.

    seed: an int; None draws one from the global random numbers (keras.utils.set_random_seed)
    input_axes, output_axes: axes whose sizes make the fans, given together; None for the last two, times the others
    """

    _arguments_of_base = 1.0, "fan_avg", "truncated_normal"


class HeUniform(_Scaled):
    """Uniform, variance 2 / fan_in: He et al. 2015.

    seed: an int; None draws one from the global random numbers (keras.utils.set_random_seed)
    input_axes, output_axes: axes whose sizes make the fans, given together; None for the last two, times the others
    """

    _arguments_of_base = 2.0, "fan_in", "uniform"


class HeNormal(_Scaled):
    """Truncated normal, variance 2 / fan_in: He et al. 2015.

    seed: an int; None draws one from the global random numbers (keras.utils.set_random_seed)
    input_axes, output_axes: axes whose sizes make the fans, given together; None for the last two, times the others
    """

    _arguments_of_base = 2.0, "fan_in", "truncated_normal"


class LecunUniform(_Scaled):
    """Uniform, variance 1 / fan_in: LeCun et al. 1998, Klambauer et al. 2017.

    seed: an int; None draws one from the global random numbers (keras.utils.set_random_seed)
    input_axes, output_axes: axes whose sizes make the fans, given together; None for the last two, times the others
    """

    _arguments_of_base = 1.0, "fan_in", "uniform"


class LecunNormal(_Scaled):
    """Truncated normal, variance 1 / fan_in: LeCun et al. 1998, Klambauer et al. 2017.

    seed: an int; None draws one from the global random numbers (keras.utils.set_random_seed)
    input_axes, output_axes: axes whose sizes make the fans, given together; None for the last two, times the others
    """

    _arguments_of_base = 1.0, "fan_in", "truncated_normal"
