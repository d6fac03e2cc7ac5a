"""The public names of kernels and pynn, found by looking: of them the API's pages and the list of names are made."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

ROOTS = "kernels", "kernels.ladder", "kernels.naive", "pynn", "pynn.plot"
# No namespaces of TensorFlow's; the last needs scikit-learn, which need not be installed here
INSIDE = "pynn.bench", "pynn.cli", "pynn.demo", "pynn.engine", "pynn.ops", "pynn.support", "pynn.sklearn"


@dataclass
class Entry:
    """What is described once: a class, function or constant, where it is at home, and its other public names."""

    name: str  # in its module
    value: Any
    module: str
    aliases: list[str] = field(default_factory=list)  # module.name

    @property
    def full_name(self) -> str:
        return f"{self.module}.{self.name}"


def home(value: Any) -> str:
    """The module that a value comes from; of an object without a name of its own, where its class comes from."""
    return str(getattr(value, "__module__", None) or type(value).__module__)


def items(module: ModuleType) -> list[tuple[str, Any]]:
    """Its public names and values: those of `__all__`, or without an underscore what pynn and kernels define."""
    listed = getattr(module, "__all__", None)
    found = [(name, getattr(module, name)) for name in sorted(listed or vars(module)) if name[0] != "_"]
    return [(name, value) for name, value in found if listed or value is None or _ours(value)]


def _ours(value: Any) -> bool:
    if isinstance(value, ModuleType):
        return value.__name__.startswith("pynn.") and not value.__name__.startswith(INSIDE)
    return home(value).startswith(("pynn", "kernels")) and not home(value).startswith("pynn.support")


def modules() -> dict[str, ModuleType]:
    """Each public module under its own name, sorted."""
    found: dict[str, ModuleType] = {}
    waiting = [importlib.import_module(name) for name in ROOTS]
    while waiting:
        module = waiting.pop()
        if module.__name__ not in found:
            found[module.__name__] = module
            waiting += [value for _, value in items(module) if isinstance(value, ModuleType)]
    return dict(sorted(found.items()))


def entries() -> list[Entry]:
    """One for each value: under the name that it gives itself, in the module nearest to the file that defines it."""
    places: dict[Any, list[tuple[str, str, Any]]] = {}
    for path, module in modules().items():
        for name, value in items(module):
            if not isinstance(value, ModuleType):
                key = id(value) if hasattr(value, "__name__") or home(value).startswith("pynn") else (path, name)
                places.setdefault(key, []).append((path, name, value))
    found = []
    for those in places.values():
        path, name, value = max(those, key=lambda place: _rank(*place))
        others = [f"{p}.{n}" for p, n, _ in those if (p, n) != (path, name)]
        found.append(Entry(name, value, path, others))
    return sorted(found, key=lambda entry: (entry.module, entry.name.lower(), entry.name))


def _rank(path: str, name: str, value: Any) -> tuple[int, bool, int]:
    same = 0
    for mine, its in zip(path.split("."), home(value).split("."), strict=False):
        if mine != its:
            break
        same += 1
    return same, name == getattr(value, "__name__", name), -len(path)
