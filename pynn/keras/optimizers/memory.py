"""How training gets along with malloc."""

import numpy as np

LARGEST = 2**25 - 2**16  # bytes; glibc's malloc learns nothing from larger blocks


def keep_freed_memory() -> None:
    """Has glibc's malloc keep blocks up to this size when they are freed.

    It does after one was freed. A step's gradients are freed and asked for again in the next step; by chance of the
    heap's layout they would go back to the system each time, and the page faults make an epoch of MNIST three times
    as long.
    """
    np.empty(LARGEST, np.uint8)
