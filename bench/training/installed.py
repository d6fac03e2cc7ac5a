"""How many bytes pip installed for a package and all that it requires, without extras.

Needs `packaging`, for the markers of requirements; it comes with pooch and pytest.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pynn.support.extras import DISTRIBUTION

GPU = ("nvidia-", "cuda-", "triton")  # the libraries that PyTorch's wheel requires on Linux


def closure(requirements: list[str]) -> dict[str, Distribution]:
    """Name -> distribution: what these requirements bring along, here and now; what is not installed is not counted."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found or not (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue
        waiting += map(Requirement, found[name].requires or ())
    return found


def size(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())


def own() -> set[Path]:
    """This project's files, as a wheel holds them: without the C files that Cython writes and without caches."""
    folders = [Path(find_spec(package).origin).parent for package in ("kernels", "pynn", "pynn.bench")]
    paths = {path for folder in folders for path in folder.rglob("*") if path.parent.name != "__pycache__"}
    return paths - {path.with_suffix(".c") for path in paths if path.suffix == ".pyx"}


def installed(package: str) -> tuple[int, int]:
    """Bytes in all, and those of GPU libraries; (0, 0) where pip does not know of `package`, which is importable."""
    names = [DISTRIBUTION] if package == "pynn" else packages_distributions().get(package, [])
    sizes = {
        name: size(own() if name == DISTRIBUTION else (Path(str(f.locate())) for f in found.files or ()))
        for name, found in closure(names).items()
    }
    return sum(sizes.values()), sum(n for name, n in sizes.items() if name.startswith(GPU))
