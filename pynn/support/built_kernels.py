"""Imports `kernels`, which must be the one that was built with this pynn: other projects have that name, too."""

import sys
from importlib.util import find_spec
from pathlib import Path

from .version import __version__

PACKAGES = Path(__file__).resolve().parents[2]


def _import_kernels() -> None:
    """ImportError: Python finds another one. It says where that lies, and what to do."""
    version = None
    try:
        import kernels

        version = getattr(kernels, "__version__", None)
        if version == __version__ and hasattr(kernels, "show_config"):
            return
    except Exception:  # anything may happen in a stranger's
        if _is_ours(_place()):
            raise
    place = _place()
    if _is_ours(place):
        what = f"it is for {version}: remove it, or install both again (`pip install .` or `make build`)"
    elif PACKAGES in place.parents or {"site-packages", "dist-packages"} & set(place.parts):
        what = "run `pip uninstall kernels pynn-kernels`, then `pip install .` in the source folder"
    else:
        what = "rename or remove it"
    message = f"pynn {__version__} needs the `kernels` that was built with it, which {place} is not: {what}"
    raise ImportError(message, name="kernels") from None


def _place() -> Path:
    """Its __init__.py, its only file, or its folder: where that has no __init__.py, or where it should be."""
    if (spec := find_spec("kernels")) is None:
        return PACKAGES / "kernels"
    return Path(spec.origin or next(iter(spec.submodule_search_locations or ()))).resolve()


def _is_ours(place: Path) -> bool:
    return place.name == "__init__.py" and "kernels._load" in place.read_text(encoding="utf-8", errors="replace")


try:
    _import_kernels()
except ImportError as error:
    # of `pynn info`, and of `python -m pynn info`, sys.orig_argv holds the name before the arguments
    if [Path(word).name for word in sys.orig_argv[-len(sys.argv) :][:1]] != ["pynn"]:
        raise
    print(f"pynn: error: {error}", file=sys.stderr)
    sys.exit(2)
