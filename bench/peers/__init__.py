"""The operations in other libraries, as a careful user of each calls them; none is needed, none imported here."""

from __future__ import annotations

from ..measure.workers import Library

# Not scattered: those whose caller only waits for its pool's threads.
CONTESTANTS = {
    "numexpr": Library("numexpr", "peers.numexpr:Numexpr", scattered=False),
    "Numba": Library("numba", "peers.numba:Numba"),
    "PyTorch": Library("torch", "peers.torch:Torch"),
    "JAX": Library("jax", "peers.jax:Jax", scattered=False),
    "TensorFlow": Library("tensorflow", "peers.tensorflow:Tensorflow", scattered=False),
}
