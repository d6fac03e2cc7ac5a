"""`python .ci/release.py v0.1.0`: the notes of this release from CHANGELOG.md, if the tag is this version's."""

import re
import sys
from pathlib import Path
from runpy import run_path

root = Path(__file__).parents[1]
version = run_path(str(root / "pynn/support/version.py"))["__version__"]
if sys.argv[1:] != [f"v{version}"]:
    sys.exit(f"the tag of version {version}, as pynn/support/version.py has it, is v{version}, not {sys.argv[1:]}")
section = rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |\Z)"
found = re.search(section, (root / "CHANGELOG.md").read_text(), re.MULTILINE | re.DOTALL)
if not found:
    sys.exit(f"CHANGELOG.md has no section `## {version} - YYYY-MM-DD`")
print(found[1].strip())
