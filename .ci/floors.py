"""The oldest releases that pyproject.toml allows, as pip's constraints: of what builds, of what runs, of what tests."""

import re
import tomllib
from pathlib import Path

about = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
project = about["project"]
requirements = [*about["build-system"]["requires"], *project["dependencies"]]
for extra in project["optional-dependencies"].values():
    requirements += extra
print(
    *sorted({found[0].replace(">=", "==") for r in requirements if (found := re.match(r"[\w-]+>=[\w.]+", r))}), sep="\n"
)
