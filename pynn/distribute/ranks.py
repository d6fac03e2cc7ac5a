"""The ranks of an MPI job, through mpi4py: sums in their order, what one has for all, and an end for all."""

from __future__ import annotations

import atexit
import contextlib
import functools
import math
import os
import pickle
import socket
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import numpy as np

import kernels
from kernels.cpus import cpu_quota

from ..engine import replicas
from ..engine.generator import generator
from ..support.extras import install
from . import launched

try:
    import mpi4py

    mpi4py.rc(initialize=False, finalize=True)  # `world` begins, where an error can say what is wrong
    from mpi4py import MPI
except ImportError as missing:
    needs = f"mpi4py: {install('mpi')}; and an MPI, if there is none: `pip install mpich`"
    raise ImportError(f"training on several processes needs {needs}") from missing
except RuntimeError as missing:
    found = f"{str(missing).splitlines()[0]}; MPI4PY_LIBMPI is {os.environ.get('MPI4PY_LIBMPI', 'not set')}"
    raise ImportError(f"mpi4py finds no MPI ({found}): install one, for example `pip install mpich`") from missing

SMALL = 4096  # bytes, up to which one exchange of all was faster than two of parts, with 3 and 4 ranks on one host
GRACE = 5  # seconds in which what an ended rank has sent arrives
_LIBRARY = " ".join(MPI.Get_library_version().splitlines()[0].partition(",")[0].strip("\0").split())  # name, version
_ALIKE = "all must call fit, evaluate, train_on_batch and test_on_batch alike, with the same number of batches"


class Ranks:
    """All processes of the job.

    Sums are made in the order of the ranks, which MPI's own do not promise, so that the same number of ranks gives the
    same bits wherever they run; by bytes, since MPI does not know every dtype.

    rank, size, names: this process' number, how many there are, and each one's host and process
    batch: this rank's first row of the batch at work, the row after its last, and how many the batch has
    """

    batch = 0, 0, 0

    def __init__(self, comm: MPI.Intracomm) -> None:
        self._comm, self._ends, self._pid = comm, comm.Dup(), os.getpid()
        self.rank, self.size = comm.rank, comm.size
        self.names = self.allgather(f"{socket.gethostname()} (PID {os.getpid()})")
        self.name = f"rank {self.rank} of {self.size} on {self.names[self.rank]}"

    def __reduce__(self) -> tuple[Any, ...]:  # models, which hold it, are copied and pickled
        return world, ()

    def own(self, start: int, stop: int) -> tuple[int, int]:
        """This rank's rows of a batch of the rows start:stop, which is at work from now on."""
        count = stop - start
        first, last = (count * rank // self.size for rank in (self.rank, self.rank + 1))
        self.batch = first, last, count
        return start + first, start + last

    @property
    def share(self) -> float:
        """The part of the batch's rows that are this rank's."""
        first, last, count = self.batch
        return (last - first) / count if count else 1 / self.size

    def sum(self, arrays: Sequence[Any], weight: float = 1.0) -> list[np.ndarray]:
        """The arrays times the weight, each added up over the ranks; with weight 0, a rank's do not count.

        A pair of matrices stands for their product.
        """
        pairs = [a if type(a) is tuple else (a, None) for a in arrays]
        shapes = [a.shape if b is None else (len(a), b.shape[1]) for a, b in pairs]
        sizes = list(map(math.prod, shapes))
        dtype = np.result_type(*(a for a, _ in pairs)) if pairs else np.dtype(np.float32)
        is_small = self.size == 2 or sum(sizes) * dtype.itemsize <= SMALL  # for two ranks a whole is no more bytes
        part = sum(sizes) if is_small else -(-sum(sizes) // self.size)
        self._meet(sum(sizes))
        every = np.zeros((self.size, part), dtype)
        mine = every[self.rank] if is_small else every.ravel()
        for (a, b), shape, x in zip(pairs, shapes, np.split(mine, np.cumsum(sizes)), strict=False) if weight else ():
            view = x.reshape(shape)
            if b is None:
                np.multiply(a, weight, out=view, casting="same_kind")
            elif b.dtype == dtype:
                kernels.dot(a, b * dtype.type(weight), out=view)
            else:
                view[...] = kernels.dot(a, b) * weight
        if is_small:  # each rank adds up all
            self._wait(self._comm.Iallgather(MPI.IN_PLACE, every.view(np.uint8)))
            total = _added(every)
        else:  # each adds up a part for all
            parts = np.empty_like(every)
            self._wait(self._comm.Ialltoall(every.view(np.uint8), parts.view(np.uint8)))
            self._wait(self._comm.Iallgather(_added(parts).view(np.uint8), every.view(np.uint8)))
            total = every.ravel()
        found = zip(pairs, shapes, np.split(total, np.cumsum(sizes)), strict=False)
        return [x.reshape(shape).astype(a.dtype, copy=False) for (a, _), shape, x in found]

    def allgather(self, value: Any) -> list[Any]:
        """What each rank has, in their order."""
        text = np.frombuffer(pickle.dumps(value), np.uint8)
        sizes = -self._meet(-len(text))
        every = np.empty(sizes.sum(), np.uint8)
        self._wait(self._comm.Iallgatherv(text, (every, sizes)))
        return [pickle.loads(part.tobytes()) for part in np.split(every, np.cumsum(sizes)[:-1])]

    def broadcast(self, value: Any) -> Any:
        """What rank 0 has."""
        return self.allgather(None if self.rank else value)[0]

    def _meet(self, number: int) -> np.ndarray:
        """The number of each rank. RuntimeError: they are neither equal nor all below 0: ranks do different things."""
        every = np.empty(self.size, np.int64)
        self._wait(self._comm.Iallgather(np.array([number]), every))
        if (every != every[0]).any() and (every >= 0).any():
            raise RuntimeError(f"the ranks do not do the same; {_ALIKE}")
        return every

    def _wait(self, request: MPI.Request) -> None:
        """Until it is done. RuntimeError: another rank's program has ended, and without it that will never be."""
        status, late = MPI.Status(), 0.0
        while not request.Test():
            if not late and self._ends.Iprobe(status=status):
                late = time.monotonic() + GRACE
            if late and time.monotonic() > late:
                ended = f"rank {status.source} on {self.names[status.source]}"
                raise RuntimeError(f"{ended} has ended its program, and this one waits for it; {_ALIKE}")
            os.sched_yield()  # there may be more ranks than CPUs

    def abort(self, code: int) -> None:
        """Ends all processes of the job."""
        with contextlib.suppress(OSError):  # nobody may read it any more
            sys.stdout.flush()
        self._comm.Abort(code)

    def _end(self) -> None:
        """Tells all, and waits until all have ended, since MPI lets no process go before."""
        if os.getpid() != self._pid:  # a child
            return
        calls = [call(bytearray(), rank) for rank in range(self.size) for call in (self._ends.Isend, self._ends.Irecv)]
        while not MPI.Request.Testall(calls):
            time.sleep(0.01)

    def _failed(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """An error that ends one rank's program ends the job: the others would wait for ever."""
        print(f"{self.name} has failed:", file=sys.stderr)
        sys.__excepthook__(kind, error, trace)
        self.abort(1)


def _added(every: np.ndarray) -> np.ndarray:
    """The sum of the rows, in place of the first."""
    for row in every[1:]:
        every[0] += row
    return every[0]


@functools.cache
def world() -> Ranks:
    """All ranks; at the first call, which all make, they agree on random numbers and share the CPUs of their host."""
    is_other = "OMPI_COMM_WORLD_SIZE" in os.environ and "Open MPI" not in _LIBRARY  # which would end the process
    if not (is_other or MPI.Is_initialized()):
        MPI.Init_thread()
    if is_other or MPI.COMM_WORLD.size < launched():
        raise RuntimeError(
            f"{launched()} processes were started, but each is alone: this mpirun is not that of mpi4py's MPI, "
            f"{_LIBRARY}. Use the mpirun of that one, or name the other's library in MPI4PY_LIBMPI"
        )
    ranks = Ranks(MPI.COMM_WORLD.Dup())
    if ranks.size > 1:
        generator().bit_generator.state = ranks.broadcast(generator().bit_generator.state)
        if "OMP_NUM_THREADS" not in os.environ:
            kernels.set_num_threads(_threads(MPI.COMM_WORLD.Split_type(MPI.COMM_TYPE_SHARED)))
        sys.excepthook, replicas.started = ranks._failed, ranks
        atexit.register(ranks._end)
    return ranks


def _threads(here: MPI.Comm) -> int:
    """This rank's share of the CPUs that those on its host may use."""
    own = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    every = here.allgather(own)
    share = sum(1 / sum(cpu in cpus for cpus in every) for cpu in own)
    return max(1, int(min(share, (cpu_quota() or np.inf) / len(every)) + 1e-6))
