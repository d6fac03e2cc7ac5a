"""The operations in other libraries, as a careful user of each calls them; none is needed, none imported here."""

from __future__ import annotations

from ..measure.workers import Contestant

# Not scattered: those whose caller only waits for its pool's threads.
CONTESTANTS = {
    "numexpr": Contestant("numexpr", "peers.numexpr:Numexpr", scattered=False),
    "Numba": Contestant("numba", "peers.numba:Numba"),
    "PyTorch": Contestant("torch", "peers.torch:Torch"),
    "JAX": Contestant("jax", "peers.jax:Jax", scattered=False),
    "TensorFlow": Contestant("tensorflow", "peers.tensorflow:Tensorflow", scattered=False),
}
