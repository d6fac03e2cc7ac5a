"""Models under Keras's names."""

from ..._missing import missing
from .model import Functional, Model
from .saving import clone_model, load_model, model_from_json
from .sequential import Sequential

__all__ = ["Functional", "Model", "Sequential", "clone_model", "load_model", "model_from_json"]

__getattr__ = missing(__name__)
