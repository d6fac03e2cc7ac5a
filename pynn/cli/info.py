"""`pynn info`: versions, and how the kernels were built."""

from __future__ import annotations

import argparse
import platform
from importlib import metadata

from rich.table import Table
from rich.text import Text

import kernels

from ..support.version import __version__
from .table import show


def info(arguments: argparse.Namespace) -> int:
    """Prints the table; returns 0."""
    rows = {"Python": f"{platform.python_version()} on {platform.platform()}", "pynn": __version__}
    extras = "matplotlib", "pillow", "h5py", "tensorboard", "mpi4py", "scikit-learn", "onnx", "safetensors"
    for name in ("numpy", "rich", "pooch", *extras):
        rows[name] = next((found.version for found in metadata.distributions(name=name)), "not installed")
    for name, value in kernels.show_config().items():
        rows[f"kernels: {name}"] = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name, Text(value))
    show(table)
    return 0
