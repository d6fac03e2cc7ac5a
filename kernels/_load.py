"""Loads the compiled modules: the first import of them, and with it of OpenMP's run time, happens here."""

import os
from pathlib import Path

# libgomp's threads spin before they sleep, by default for 300,000 turns: some 15 ms in which, on a shared machine,
# they keep the CPU from the very thread that they wait for (beside busy neighbours an epoch took 5 to 15 times as
# long). 10,000 turns, half a millisecond, still bridge the gap between two operations. libgomp reads this once, as
# it is loaded; what the user set stands, and neither child processes nor libraries loaded later see it.
_user_decides = "GOMP_SPINCOUNT" in os.environ or "OMP_WAIT_POLICY" in os.environ
if not _user_decides:
    os.environ["GOMP_SPINCOUNT"] = "10000"
try:
    import kernels._simd as _simd
    import kernels._threads as _threads
except ModuleNotFoundError as error:
    if error.name not in ("kernels._simd", "kernels._threads"):
        raise
    raise ImportError(
        f"kernels is not compiled in {Path(__file__).parent}: this is its source folder. Build it with "
        "`pip install .` in that folder's parent, then run Python from another folder (or work on it with "
        "`pip install -e .`)"
    ) from None
finally:
    if not _user_decides:
        del os.environ["GOMP_SPINCOUNT"]

__all__ = ["_simd", "_threads"]
