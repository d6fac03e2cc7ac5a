"""Activation functions as layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Unpack

from ... import ops
from ...engine.tensor import Tensor
from .. import activations
from ._weighted import Weighted
from .base import Layer, LayerOptions


class Activation(Layer):
    """Applies an activation function.

    activation: name in keras.activations, function, or None for none
    """

    def __init__(self, activation: str | Callable[[Any], Any] | None, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.activation = activations.get(activation)

    def call(self, inputs: Tensor) -> Tensor:
        return self.activation(inputs)


class ReLU(Layer):
    """max(x, 0), or as keras.activations.relu with the given arguments.

    max_value: upper limit of the outputs, 0 or more; None for none
    negative_slope: outputs below threshold are negative_slope * (x - threshold); 0 or more
    threshold: 0 or more
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.max_value = None if max_value is None else _not_negative(self, "max_value", max_value)
        self.negative_slope = _not_negative(self, "negative_slope", negative_slope)
        self.threshold = _not_negative(self, "threshold", threshold)

    def call(self, inputs: Tensor) -> Tensor:
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(Layer):
    """x, and negative_slope * x where x is not positive.

    negative_slope: 0 or more
    alpha: older name of negative_slope, which it replaces; None: not given
    """

    def __init__(
        self, negative_slope: float = 0.3, *, alpha: float | None = None, **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**options)
        self.negative_slope = _not_negative(self, "negative_slope", negative_slope if alpha is None else alpha)

    def call(self, inputs: Tensor) -> Tensor:
        return ops.leaky_relu(inputs, self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, under their newer names."""
        config = super().get_config() | {"negative_slope": self.negative_slope}
        del config["alpha"]
        return config


class ELU(Layer):
    """x, and alpha * (exp(x) - 1) where x is not positive (Clevert et al. 2016).

    alpha: minus the limit for very negative x
    """

    def __init__(self, alpha: float = 1.0, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.alpha = alpha

    def call(self, inputs: Tensor) -> Tensor:
        return activations.elu(inputs, self.alpha)


class PReLU(Weighted):
    """x, and alpha * x where x is negative, with a learned alpha for each entry of a sample (He et al. 2015).

    alpha_initializer: name or object of keras.initializers, function (shape, dtype) or array
    alpha_regularizer: adds to the loss: name or object of keras.regularizers, function, or None
    alpha_constraint: after each update: name or object of keras.constraints, function, or None
    shared_axes: axis or list of axes along which one alpha serves all (the first of a sample is 1); None for none
    """

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self._resolve(locals())
        self.shared_axes = [shared_axes] if isinstance(shared_axes, int) else list(shared_axes or ())

    def build(self, input_shape: Sequence[int | None]) -> None:
        shape = [1 if axis in self.shared_axes else n for axis, n in enumerate(input_shape)]
        self.alpha = self._add("alpha", shape[1:])

    def call(self, inputs: Tensor) -> Tensor:
        return ops.relu(inputs) - self.alpha * ops.relu(-inputs)


class Softmax(Layer):
    """Probabilities along the axis.

    axis: the axis along which they add up to 1
    """

    def __init__(self, axis: int = -1, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.axis = axis

    def call(self, inputs: Tensor) -> Tensor:
        return activations.softmax(inputs, self.axis)


def _not_negative(layer: Layer, argument: str, value: float) -> float:
    if value is None or value < 0:
        kind = type(layer).__name__
        raise ValueError(f"The {argument} of a {kind} layer cannot be a negative value or None, got {value}")
    return value
