"""keras.common and keras.activations import no layers and no models, not even inside functions."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pynn import keras

FOLDER = Path(keras.__file__).parent
BELOW = [FOLDER / "activations.py", *sorted((FOLDER / "common").glob("*.py"))]


def imported(path: Path) -> set[str]:
    """The modules that a file below pynn/keras imports, without those for types alone."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    package = ["pynn", "keras", *path.relative_to(FOLDER).parent.parts]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1], node.module or ""] if node.level else [node.module or ""]
            found |= {".".join(filter(None, [*base, alias.name])) for alias in node.names}
    return found


@pytest.mark.parametrize("path", BELOW, ids=lambda path: path.stem)
def test_layers_are_not_imported_below(path):
    assert not [name for name in imported(path) if name.startswith(("pynn.keras.layers", "pynn.keras.models"))]


def test_imports_are_seen():
    assert "pynn.keras.activations" in imported(FOLDER / "layers" / "core.py")
    assert "pynn.keras.layers.Layer" in imported(FOLDER / "models" / "cloning.py")
