"""Keras's names: layers, models, and what trains them."""

from . import activations, callbacks, datasets, initializers, layers, losses, metrics, models, optimizers, utils
from .layers import Input, Layer
from .models import Model, Sequential

__all__ = [
    "Input",
    "Layer",
    "Model",
    "Sequential",
    "activations",
    "callbacks",
    "datasets",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "utils",
]
