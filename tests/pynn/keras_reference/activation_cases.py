"""Activation functions on fixed arrays, with their gradients."""

from __future__ import annotations

import numpy as np
from cases import to_numpy, uniform

X = np.concatenate([uniform(70, 40, low=-8, high=8), [0, 3, -3, 6, -6, 1, -1, 0.5, -20, 20]]).astype(np.float32)
NAMES = (
    "celu", "elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu",
    "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus",
    "softsign", "swish", "tanh",
)  # fmt: skip
OPTIONS = {
    "celu": {"alpha": 0.25},
    "elu": {"alpha": 0.25},
    "gelu": {"approximate": True},
    "leaky_relu": {"negative_slope": 0.125},
    "relu": {"negative_slope": 0.25, "max_value": 6, "threshold": 0.5},
}


def activation(tf, keras, dtype: str, name: str, options: dict) -> dict:
    """By its name where there are no options."""
    function = getattr(keras.activations, name) if options else keras.activations.get(name)
    source = tf.Variable(X.astype(dtype))
    with tf.GradientTape() as tape:
        y = function(source, **options) * uniform(71, len(X)).astype(dtype)
    return {"values": to_numpy(y), "gradient": to_numpy(tape.gradient(y, source))}


CASES = {
    **{name: lambda *a, n=name: activation(*a, n, {}) for name in NAMES},
    **{f"{name} {options}": lambda *a, n=name, o=options: activation(*a, n, o) for name, options in OPTIONS.items()},
}
