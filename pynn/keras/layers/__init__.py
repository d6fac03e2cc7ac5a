"""Layers under Keras's names: objects that are called on tensors (batch, ...), or on KerasTensors to make a graph.

Weights are made at the first call, of floatx() or the layer's `dtype`, to which float inputs are cast. ValueError: an
input that does not fit the weights; TypeError: an unknown argument.
"""
# ruff: noqa: I001

from typing import Any

from ...support.missing import missing
from ..common import configuration
from .activation import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax
from .base import Layer
from .core import Dense, Embedding
from .input import Input, InputLayer
from .merging import Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract
from .merging import add, average, concatenate, dot, maximum, minimum, multiply, subtract
from .noise import AlphaDropout, Dropout, GaussianDropout, GaussianNoise
from .normalization import BatchNormalization, LayerNormalization, UnitNormalization
from .preprocessing import CategoryEncoding, Normalization, Rescaling
from .shaping import ActivityRegularization, Flatten, Identity, Lambda, Permute, RepeatVector, Reshape

__all__ = [
    "ELU", "Activation", "ActivityRegularization", "Add", "AlphaDropout", "Average", "BatchNormalization",
    "CategoryEncoding", "Concatenate", "Dense", "Dot", "Dropout", "Embedding", "Flatten", "GaussianDropout",
    "GaussianNoise", "Identity", "Input", "InputLayer", "Lambda", "Layer", "LayerNormalization", "LeakyReLU",
    "Maximum", "Minimum", "Multiply", "Normalization", "PReLU", "Permute", "ReLU", "RepeatVector", "Rescaling",
    "Reshape", "Softmax", "Subtract", "UnitNormalization", "add", "average", "concatenate", "deserialize", "dot",
    "maximum", "minimum", "multiply", "serialize", "subtract",
]  # fmt: skip


def serialize(layer: Any) -> Any:
    """What describes the layer in a configuration, in JSON's types."""
    return configuration.serialize(layer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """A layer, with new weights, from what `serialize` returned; custom_objects: a user's classes by name."""
    return configuration.deserialize(config, custom_objects, family="keras.layers")


__getattr__ = missing(__name__)
