"""How many bytes pip installed for a package and all that it requires, without extras.

Needs `packaging`, for the markers of requirements; it comes with pooch and pytest.
"""

from __future__ import annotations

from importlib.metadata import Distribution, PackageNotFoundError, distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pynn.support.extras import DISTRIBUTION

# The libraries for NVIDIA's GPUs that PyTorch's wheel requires on Linux.
GPU = ("nvidia-", "cuda-", "triton")


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
        waiting += [Requirement(text) for text in found[name].requires or ()]
    return found


def files_size(found: Distribution) -> int:
    paths = (Path(str(file.locate())) for file in found.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file())


def own_size() -> int:
    """This project's packages, as a wheel holds them: without the C files that Cython writes and without caches."""
    folders = [Path(find_spec(package).origin).parent for package in ("kernels", "pynn", "pynn.bench")]
    paths = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    generated = {path.with_suffix(".c") for path in paths if path.suffix == ".pyx"}
    return sum(path.stat().st_size for path in paths if path not in generated and path.parent.name != "__pycache__")


def installed(package: str) -> tuple[int, int]:
    """Bytes in all, and those of GPU libraries; (0, 0) where pip does not know of `package`, which is importable."""
    if package == "pynn":
        found = closure([DISTRIBUTION])
        return (own_size() + sum(files_size(d) for name, d in found.items() if name != DISTRIBUTION) if found else 0), 0
    sizes = {name: files_size(found) for name, found in closure(packages_distributions().get(package, [])).items()}
    return sum(sizes.values()), sum(size for name, size in sizes.items() if name.startswith(GPU))
