"""The operations in other libraries, as a careful user of each calls them; none is needed, none imported here."""

from __future__ import annotations

from ..measure.process import Library
from .jax import Jax
from .numba import Numba
from .tensorflow import Tensorflow
from .torch import Torch

# Not scattered: those whose caller only waits for its pool's threads.
CONTESTANTS = {
    "Numba": Library("numba", Numba),
    "PyTorch": Library("torch", Torch),
    "JAX": Library("jax", Jax, scattered=False),
    "TensorFlow": Library("tensorflow", Tensorflow, scattered=False),
}
