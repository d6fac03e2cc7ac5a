"""How long a run waits for calm."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from .progress import progress
from .quiet import Neighbours

LOOK = 0.05  # seconds, of whether others use our CPUs


class Patience:
    """Seconds that a run may spend on waiting for other processes, and on measuring again what they disturbed."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    @contextmanager
    def spent(self) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.left -= time.perf_counter() - start

    def wait(self, what: str) -> None:
        """Until the CPUs are ours, but for a quarter of what is left at most: others wait after this one."""
        with self.spent():
            end = time.perf_counter() + self.left / 4
            while (left := end - time.perf_counter()) > 0:
                look = Neighbours()
                time.sleep(LOOK)
                if not look.disturbed:
                    return
                progress(f"{what}: waiting for other processes, {left:.0f} s at most")
