"""Loads the compiled modules: the first import of them, and with it of OpenMP's run time, happens here.

In a source folder that is not compiled, which Python finds first where it is started beside it, they are those of the
installed package, if that was built from the same sources.
"""

import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import kernels


def _compiled(folder: Path) -> bool:
    return any((folder / f"_simd{suffix}").exists() for suffix in EXTENSION_SUFFIXES)


def _installed_build(here: Path) -> Path:
    """The first compiled `kernels` on sys.path. ImportError: there is none, or its sources are not those of `here`."""
    found = next((folder for entry in sys.path if _compiled(folder := Path(entry, "kernels"))), None)
    if found is None:
        raise ImportError(
            f"kernels is not compiled in {here}: this is its source folder; run `pip install .` in that folder's "
            "parent, or `make build` to work on it"
        )
    # not the .c files of Cython
    patterns = "*.py", "*.pyi", "*.pyx", "*.pxd", "*.h", "ladder/*.py", "simd/*.[ch]", "simd/*.inc"
    for source in (path for pattern in patterns for path in here.glob(pattern)):
        name = source.relative_to(here)
        if not (found / name).is_file() or source.read_bytes() != (found / name).read_bytes():
            raise ImportError(
                f"the sources in {here} are not those of the installed build in {found} ({name} differs): "
                "run `pip install .` again in the parent of the first, or `make build` to work on it"
            )
    return found


_here = Path(__file__).parent
if not _compiled(_here):
    kernels.__path__[:] = [str(_installed_build(_here))]  # here all other modules come from

# libgomp's threads spin before they sleep, by default for 300,000 turns: some 15 ms in which, on a shared machine,
# they keep the CPU from the very thread that they wait for (beside busy neighbours an epoch took 5 to 15 times as
# long). 10,000 turns, 0.25 to 0.5 ms, still bridge the gap between two operations. libgomp reads this once, as
# it is loaded; what the user set stands, and neither child processes nor libraries loaded later see it.
_user_decides = "GOMP_SPINCOUNT" in os.environ or "OMP_WAIT_POLICY" in os.environ
if not _user_decides:
    os.environ["GOMP_SPINCOUNT"] = "10000"
try:
    import kernels._simd as _simd
    import kernels._threads as _threads
finally:
    if not _user_decides:
        del os.environ["GOMP_SPINCOUNT"]

__all__ = ["_simd", "_threads"]
