"""How operations call NumPy and the kernels."""
# ruff: noqa: F401

from ..engine.call import fast, quiet, run
from ..engine.convert import floats
