"""`pynn train` under mpirun: rank 0 reads, prints and saves, and an error of any rank ends all."""

from __future__ import annotations

import atexit
import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import kernels

from ..distribute import MultiWorkerMirroredStrategy, launched
from ..engine import replicas
from .checks import UserError
from .stopping import exit_code

T = TypeVar("T")


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Inside, models train on all ranks, if mpirun has started several. UserError: it has, but they do not meet."""
    if launched() == 1:
        yield
        return
    try:
        strategy = MultiWorkerMirroredStrategy()
    except (ImportError, RuntimeError) as error:
        raise UserError(str(error)) from None
    ranks = strategy._world
    try:
        with strategy.scope(), contextlib.redirect_stdout(None if ranks.rank else sys.stdout):
            yield
    except BaseException as error:
        # at the end of this process, after it has said what was wrong
        atexit.register(ranks.abort, exit_code(error) if isinstance(error, KeyboardInterrupt) else 2)
        if isinstance(error, UserError):
            raise UserError(f"{ranks.name}: {error.args[0]}", *error.args[1:]) from None
        if ranks.rank:
            error.add_note(ranks.name)
            if isinstance(error, KeyboardInterrupt):
                time.sleep(1)  # rank 0 first says what it has kept
        raise


def of_first(make: Callable[[], T]) -> T:
    """What rank 0 makes, on all ranks."""
    ranks = replicas.scoped
    return ranks.broadcast(None if ranks.rank else make()) if ranks else make()


def described() -> str:
    """A line for each rank: where it runs, and its threads; "" without ranks."""
    ranks = replicas.scoped
    if ranks is None:
        return ""
    each = enumerate(zip(ranks.names, ranks.allgather(kernels.get_num_threads()), strict=True))
    return "".join(f"rank {i}: {name}, {n} thread{'s' * (n > 1)}\n" for i, (name, n) in each)
