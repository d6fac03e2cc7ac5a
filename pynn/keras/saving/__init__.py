"""Saved models and configurations, under Keras's names."""

from ...support.missing import missing
from ..common.configuration import deserialize as deserialize_keras_object
from ..common.configuration import serialize as serialize_keras_object
from ..common.registry import custom_object_scope, register_keras_serializable
from .files import load_model, save_model

CustomObjectScope = custom_object_scope

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "deserialize_keras_object",
    "load_model",
    "register_keras_serializable",
    "save_model",
    "serialize_keras_object",
]

__getattr__ = missing(__name__)
