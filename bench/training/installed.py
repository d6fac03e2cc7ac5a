"""How many bytes pip installed for a package and all that it requires, without extras."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import Distribution, PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement

from pynn.support.extras import DISTRIBUTION

GPU = ("nvidia-", "cuda-", "triton")  # the libraries that PyTorch's wheel requires on Linux


def installed(package: str) -> tuple[int, int]:
    """Bytes in all, and those of GPU libraries; (0, 0) where pip does not know of `package`, which is importable."""
    sizes: dict[str, int] = {}
    waiting = [DISTRIBUTION] if package == "pynn" else list(packages_distributions().get(package, []))
    while waiting:
        requirement = Requirement(waiting.pop())
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = distribution(requirement.name)
        except PackageNotFoundError:
            continue  # it is not counted
        if found.name not in sizes:
            sizes[found.name] = sum(path.stat().st_size for path in files(found) if path.is_file())
            waiting += found.requires or ()
    return sum(sizes.values()), sum(size for name, size in sizes.items() if name.startswith(GPU))


def files(found: Distribution) -> Iterable[Path]:
    """As in a wheel, this project's without the C files that Cython writes: of an editable install pip knows none."""
    if found.name != DISTRIBUTION:
        return [Path(str(file.locate())) for file in found.files or ()]
    folders = [Path(str(import_module(package).__file__)).parent for package in ("kernels", "pynn", "pynn.bench")]
    paths = [path for folder in folders for path in folder.rglob("*") if path.parent.name != "__pycache__"]
    return {path for path in paths if not (path.suffix == ".c" and path.with_suffix(".pyx").exists())}
