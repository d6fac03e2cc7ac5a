"""The operations in other libraries, as a careful user of each calls them; none is needed, none imported here."""

from __future__ import annotations

from ..measure.process import Library
from .blas import Blis, Mkl
from .libraries import Jax, Tensorflow, Torch
from .numba import Numba

# Not scattered: those whose caller only waits for its pool's threads.
CONTESTANTS = {
    "Numba": Library("numba", Numba),
    "PyTorch": Library("torch", Torch),
    "JAX": Library("jax", Jax, scattered=False),
    "TensorFlow": Library("tensorflow", Tensorflow, scattered=False),
    "BLIS": Library("blis", Blis, scattered=False, threaded=False),
    "MKL": Library("mkl", Mkl),
}
