"""Layers under Keras's names."""

from .base import Layer
from .core import Activation, Dense, Dropout, Flatten, Input, InputLayer, ReLU, Softmax

__all__ = ["Activation", "Dense", "Dropout", "Flatten", "Input", "InputLayer", "Layer", "ReLU", "Softmax"]
