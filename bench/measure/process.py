"""A contestant, and the process that it gets to itself. Imports nothing of pynn, which only pynn's own loads."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .quiet import cpus

# Read by OpenMP, OpenBLAS, MKL and Numba when they are loaded, so set before the process starts.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
# TensorFlow is quiet, nobody uses a GPU, and Keras is that on TensorFlow.
VARIABLES = {
    "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "KERAS_BACKEND": "tensorflow",
}  # fmt: skip


@dataclass(frozen=True)
class Library:
    """Who takes part: the package that must be installed, and the class that its process makes an object of.

    `make` is sent by its name, so it is defined at the top of a module; only when called does it import the package.
    """

    package: str
    make: Callable[..., Any]
    # Its callers compute along with its pool's threads (OpenMP, OpenBLAS), so each thread gets a CPU for a timed turn;
    # see quiet.scattered, without which PyTorch's sum of 1e5 floats takes 500 us instead of 10 after a pause.
    scattered: bool = True
    threaded: bool = True  # does it use as many threads as it may?


def confined(n: int) -> dict[str, str]:
    """The environment of a process of n threads. Its CPUs are set by `confine`, before it imports a library."""
    return {**os.environ, **VARIABLES, **dict.fromkeys(THREAD_VARIABLES, str(n))}


def confine(n: int) -> None:
    """n of our CPUs, the last ones (the first serves more interrupts): XLA makes a thread for each CPU it may use."""
    if n < len(cpus()) and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(cpus())[-n:])
