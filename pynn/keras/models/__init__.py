"""Models under Keras's names."""

from ...support.missing import missing
from ..saving.files import load_model, model_from_json, save_model
from .cloning import clone_model
from .model import Functional, Model
from .sequential import Sequential

__all__ = ["Functional", "Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]

__getattr__ = missing(__name__)
