"""TensorFlow's `tf.distribute`: one model trained by the processes of an MPI job, `mpirun -n 4 python program.py`.

Each process, a *rank*, runs the program. `fit` and `evaluate` share the work: every rank computes its rows of each
batch, the gradients are added up, and all ranks make the same step. Losses, metrics and weights are those of one
process with the same batches, to rounding, and for the same number of ranks the same bits each time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import NoReturn, Self

from ..engine import replicas
from ..support.missing import missing
from ..support.neutral import neutral

__all__ = ["MultiWorkerMirroredStrategy"]


class MultiWorkerMirroredStrategy:
    """The ranks of this MPI job; one process alone trains as without it.

    Make it at the start of the program, before what draws random numbers: the ranks then draw the same.
    ImportError: there is no mpi4py (the extra `mpi`), or no MPI. RuntimeError: mpirun belongs to another MPI.
    """

    @neutral(cluster_resolver=None, communication_options=None)
    def __init__(self) -> None:
        from .ranks import world  # now, since it starts MPI

        self._world = world()

    @property
    def num_replicas_in_sync(self) -> int:
        """The number of ranks."""
        return self._world.size

    @property
    def cluster_resolver(self) -> SimpleNamespace:
        """`task_id`, the number of this rank, and `task_type`, "worker"."""
        return SimpleNamespace(task_type="worker", task_id=self._world.rank)

    @contextmanager
    def scope(self) -> Iterator[Self]:
        """Models that are made or compiled inside train on all ranks together."""
        before, replicas.scoped = replicas.scoped, self._world if self._world.size > 1 else None
        try:
            yield self
        finally:
            replicas.scoped = before

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"MultiWorkerMirroredStrategy has no {name!r}: fit and evaluate share the work among the ranks. It has "
            "scope, num_replicas_in_sync and cluster_resolver",
            name=name,
            obj=self,
        )


def launched() -> int:
    """How many processes mpirun, mpiexec or srun has started with this one; 1 without them."""
    found = (os.environ.get(name, "") for name in ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"))
    return next((int(text) for text in found if text.isdecimal()), 1)


__getattr__ = missing(__name__)
