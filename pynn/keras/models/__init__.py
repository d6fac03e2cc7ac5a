"""Models under Keras's names."""

from ..._missing import missing
from .model import Model
from .saving import clone_model, load_model, model_from_json
from .sequential import Sequential

__all__ = ["Model", "Sequential", "clone_model", "load_model", "model_from_json"]
Functional = Model  # the name of a model of a graph in Keras's files

__getattr__ = missing(__name__)
