"""Keras's names: layers, models, and what trains them."""
# ruff: noqa: I001

from ..support.missing import missing
from ..support.version import __version__
from . import activations, backend, callbacks, config, constraints, datasets, initializers, layers, losses, metrics
from . import models, ops, optimizers, random, regularizers, saving, utils
from .common.symbolic import KerasTensor
from .initializers import Initializer
from .layers import Input, Layer
from .losses import Loss
from .metrics import Metric
from .models import Model, Sequential
from .optimizers import Optimizer
from .regularizers import Regularizer
from .variables import Variable

__all__ = [
    "Initializer", "Input", "KerasTensor", "Layer", "Loss", "Metric", "Model", "Optimizer", "Regularizer", "Sequential",
    "Variable", "__version__", "activations", "backend", "callbacks", "config", "constraints", "datasets",
    "initializers", "layers", "losses", "metrics", "models", "ops", "optimizers", "random", "regularizers", "saving",
    "utils",
]  # fmt: skip
__getattr__ = missing(__name__)
