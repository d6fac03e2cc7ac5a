"""Keras's older `keras.backend`, as far as programs still use it."""

from ..support.missing import missing
from .common.names import clear_session
from .config import backend, epsilon, floatx, set_floatx

__all__ = ["backend", "clear_session", "epsilon", "floatx", "set_floatx"]

__getattr__ = missing(__name__)
