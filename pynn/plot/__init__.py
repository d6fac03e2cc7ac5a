"""Pictures of digits, of training, and of functions. Each returns matplotlib's Figure and saves it where asked.

matplotlib comes with the extra `plot`; the error without it says how. The figures are made without pyplot, so they keep
no global state, open no window and need no display; a notebook shows the figure that a cell returns.
Colours are told apart by colour-blind people, and nothing is said by colour alone.
"""
# ruff: noqa: F401

from ..support.missing import missing
from ._digits import digits, mistakes, predictions
from ._functions import activations, softmax
from ._history import history

__getattr__ = missing(__name__)
