"""How a missing extra is installed, by where pynn runs."""

import shlex
from pathlib import Path

DISTRIBUTION = "pynn-kernels"


def install(extra: str) -> str:
    """The command that adds the packages of an extra: pip keeps an installed pynn, which no index needs to know."""
    from importlib.metadata import distributions  # here, where something is missing: it is slow to import

    # a source folder, too, may hold metadata, but no record of installed files
    installed = any(found.read_text("RECORD") for found in distributions(name=DISTRIBUTION))
    source = Path(__file__).resolve().parents[2]
    where = source if not installed and (source / "pyproject.toml").exists() else DISTRIBUTION
    return f"pip install {shlex.quote(f'{where}[{extra}]')}"
