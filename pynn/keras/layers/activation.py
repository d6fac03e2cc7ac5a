"""Activation layers with settings or weights of their own."""

from __future__ import annotations

from typing import Any, Unpack

from ... import ops
from ...engine.tensor import Tensor
from .. import constraints, initializers, regularizers
from .base import Layer, LayerOptions


class LeakyReLU(Layer):
    """x, and negative_slope * x where x is not positive.

    negative_slope: 0 or more
    alpha: older name of negative_slope, which it replaces; None: not given
    """

    def __init__(
        self, negative_slope: float = 0.3, *, alpha: float | None = None, **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**options)
        slope = negative_slope if alpha is None else alpha
        if slope is None or slope < 0:
            raise ValueError(f"The negative_slope of a LeakyReLU layer cannot be None or negative, got {slope}")
        self.negative_slope = slope

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
        y = ops.elu(inputs)
        return y if self.alpha == 1 else ops.where(ops.greater(inputs, 0), y, self.alpha * y)


class PReLU(Layer):
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
        shared_axes: Any = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        self.shared_axes = [shared_axes] if isinstance(shared_axes, int) else list(shared_axes or ())

    def build(self, input_shape: Any) -> None:
        shape = [1 if axis in self.shared_axes else n for axis, n in enumerate(input_shape)][1:]
        self.alpha = self.add_weight(
            shape,
            self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            name="alpha",
        )

    def call(self, inputs: Tensor) -> Tensor:
        return ops.relu(inputs) - self.alpha * ops.relu(-inputs)
