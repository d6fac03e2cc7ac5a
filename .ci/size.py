"""How large is the wheel, and how long does an import take? Exit code 1 for a wheel above 5 MB."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[1]
MOST = 5e6


def seconds(statement: str) -> float:
    """CPU seconds in which a fresh Python runs a statement: of 15 times the least, which neighbours disturb least."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}  # as users have it

    def once() -> float:
        child = subprocess.Popen([sys.executable, "-P", "-c", statement], cwd=ROOT, env=environment)
        _, status, used = os.wait4(child.pid, 0)
        if status:
            sys.exit(f"`{statement}` fails")
        return used.ru_utime + used.ru_stime

    return min(once() for _ in range(15))


with tempfile.TemporaryDirectory() as folder:
    build = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT]
    subprocess.run([sys.executable, "-m", *build], check=True)
    [wheel] = Path(folder).glob("*.whl")
    size, installed = wheel.stat().st_size, sum(file.file_size for file in ZipFile(wheel).infolist())
    print(f"{wheel.name}: {size / 1e6:.2f} MB, {installed / 1e6:.2f} MB installed")

start = seconds("pass")
for package in ("numpy", "kernels", "pynn"):
    print(f"import {package}: {1e3 * (seconds(f'import {package}') - start):.0f} ms of CPU time")
sys.exit(f"the wheel is above {MOST / 1e6:.0f} MB" if size > MOST else 0)
