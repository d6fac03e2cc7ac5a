"""Optimizers: `apply_gradients` updates variables in place. `schedules`: learning rates that change with the steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...support.missing import missing
from ..common import configuration
from ..common.names import lookup
from ..common.registry import custom_object_scope
from . import schedules
from .adagrad import Adadelta, Adagrad, Ftrl, Lion
from .adam import Adam, Adamax, AdamW, Nadam
from .base import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD

__all__ = ["SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lion", "Nadam", "Optimizer", "RMSprop",
           "deserialize", "get", "schedules", "serialize"]  # fmt: skip
_CLASSES = (SGD, RMSprop, Adam, AdamW, Adagrad, Adadelta, Adamax, Nadam, Ftrl, Lion)
_KNOWN = {c.__name__.lower(): c for c in _CLASSES}


def get(identifier: Any) -> Any:
    """An optimizer for a name in any case (with the default settings), a configuration, or an Optimizer."""
    if isinstance(identifier, dict):
        known = _KNOWN.get(str(identifier.get("class_name")).lower())  # in any case, as in Keras
        named = {"class_name": known.__name__} if known else {}
        identifier = configuration.deserialize(identifier | named, family="keras.optimizers")
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    name = identifier.lower() if isinstance(identifier, str) else None
    return (_KNOWN[name] if name in _KNOWN else lookup("optimizer", identifier, _KNOWN))()


def serialize(optimizer: Any) -> Any:
    """What describes the optimizer in a configuration, in JSON's types."""
    return configuration.serialize(optimizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The optimizer that `serialize` described; custom_objects: a user's classes by name."""
    with custom_object_scope(custom_objects):
        return get(config)


__getattr__ = missing(__name__)
