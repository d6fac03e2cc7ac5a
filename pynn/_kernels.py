"""Is the `kernels` that Python finds the one that was built with this pynn? Other projects have that name, too."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from ._version import __version__


def _import_kernels() -> None:
    """ImportError, which says where the other one lies, and what to do."""
    try:
        import kernels

        version, ours = getattr(kernels, "__version__", None), hasattr(kernels, "show_config")
        if version == __version__ and ours:
            return
    except Exception:  # anything may happen in a stranger's
        version, ours = None, False
        if _beside(_place()):
            raise
    place = _place()
    if ours:
        what = f"was built for version {version}: remove it, or install both again (`pip install .`, `make build`)"
    elif _beside(place):
        what = "is another project's, or left by one: `pip uninstall kernels`, then install pynn's source folder again"
    else:
        what = "is something else: rename or remove it"
    raise ImportError(f"pynn {__version__} needs its own `kernels`, and {place} {what}", name="kernels")


def _place() -> str:
    spec = find_spec("kernels")  # of a folder without __init__.py only the search locations are known
    return "" if spec is None else spec.origin or next(iter(spec.submodule_search_locations or [""]))


def _beside(place: str) -> bool:
    """Is it in the folder that pynn is in, or nowhere?"""
    return not place or Path(__file__).resolve().parents[1] in Path(place).resolve().parents


def _is_command() -> bool:
    """Does `pynn`, or `python -m pynn`, import this, and not a program?"""
    name = os.path.basename("".join(sys.argv[:1]))
    return name == "pynn" or (name == "-m" and "pynn" in sys.orig_argv)


try:
    _import_kernels()
except ImportError as error:
    if not _is_command():
        raise
    print(f"pynn: error: {error}", file=sys.stderr)
    sys.exit(2)
