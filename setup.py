"""The packages, the extension list and the compiler probes; everything else is in pyproject.toml."""

import os
import platform
import shlex
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zlib import crc32

import numpy as np
from Cython.Build import cythonize
from setuptools import Extension, find_packages, setup
from setuptools.command.build_clib import build_clib
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, LinkError
from setuptools.modified import newer

if sys.platform == "win32":
    sys.exit("kernels is written for GCC and Clang (vector extensions): on Windows build it in WSL")


def choice(name, *values):
    """The value of an environment variable; "" if it is not set."""
    value = os.environ.get(name, "")
    if value not in ("", *values):
        sys.exit(f"{name} may be {' or '.join(values)}, but it is {value!r}")
    return value


# Builds that check themselves (make sanitize): bounds of lists and of C's arrays, or what a sanitizer sees
DEBUG = choice("KERNELS_DEBUG", "0", "1") == "1"
SANITIZE = choice("KERNELS_SANITIZE", "address,undefined", "thread")
CHECKS = ["-fsanitize=bounds", "-fsanitize-undefined-trap-on-error"] * DEBUG  # an illegal instruction ends the process
# Python's own flags have -fwrapv, with which an overflow is none
CHECKS += [f"-fsanitize={SANITIZE}", "-fno-sanitize-recover=all", "-fno-wrapv"] * bool(SANITIZE)

X86 = platform.machine().lower() in ("x86_64", "amd64")
# never -march=native, never fast-math; unrolled and with checks, a leaf would take minutes to compile
# -g0: Python's own flags may have -g, and what debuggers read takes twice the room of all else in a wheel
OPTIMIZE = ["-O0", "-g", "-fno-math-errno", *CHECKS] if CHECKS else ["-O3", "-g0", "-fno-math-errno"]
# Vectors are the leaves' part: without, the rungs below them would show vectors that nobody wrote
SCALAR = ["-fno-tree-vectorize", "-fno-tree-slp-vectorize"]
CHECKED = ["-Werror=incompatible-pointer-types"]  # kernels/_simd.pxd against simd/leaves.h
ALIGN = [
    "-falign-functions=64",
    "-falign-loops=32",
]  # else a leaf's speed depends on where the linker puts it: on an EPYC (Zen 4) up to twice the time
MODULES = sorted(path.stem for path in Path("kernels").glob("*.pyx"))

SETS = {"baseline": []}  # instruction set -> its flags
if X86:
    SETS["avx2"] = ["-mavx2", "-mfma"]
    SETS["avx512"] = ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma", "-mprefer-vector-width=512"]
LEAVES = sorted(str(p) for p in Path("kernels/simd").iterdir() if p.suffix in (".c", ".h", ".inc"))
INCLUDED = [path for path in LEAVES if not path.endswith(".c")]  # by the .c file of each leaf library
# Folders that the next build goes on from, after an editable install, too, whose own would be temporary
FLAGS = " ".join(filter(None, map(os.environ.get, ("CC", "CPPFLAGS", "CFLAGS", "LDFLAGS"))))
BASE = "build" + "/debug" * DEBUG + f"/{SANITIZE}" * bool(SANITIZE) + f"/{crc32(FLAGS.encode()):08x}" * bool(FLAGS)
KEPT = f"{BASE}/{{}}.{sysconfig.get_platform()}-{sys.implementation.cache_tag}{sys.abiflags}"

PROBE = """
#include <omp.h>
int main(void) {
    int n = 0;
    #pragma omp parallel reduction(+:n)
    n += omp_get_num_threads();
    %s
    return n;
}
"""


def links(compiler, statement, flags):
    """Does a program with this statement compile and link with OpenMP?"""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text(PROBE % statement)
        try:
            objects = compiler.compile([str(source)], output_dir=folder, extra_postargs=flags)
            # setuptools gives the user's flags to the compiler and to shared objects, but not to a program's link
            given = [flag for name in ("CFLAGS", "LDFLAGS") for flag in shlex.split(os.environ.get(name, ""))]
            compiler.link_executable(objects, "probe", output_dir=folder, extra_postargs=[*flags, *given])
        except (CompileError, LinkError):
            return False
        return True


class BuildLeaves(build_clib):
    """The leaves are position-independent objects for one extension, whatever the platform's default."""

    def finalize_options(self):
        super().finalize_options()
        self.build_clib = self.build_temp = KEPT.format("leaves")

    def build_libraries(self, libraries):
        self.compiler.compiler_so = [*self.compiler.compiler_so, "-fPIC", "-fvisibility=hidden"]
        build = super().build_libraries
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda library: build([library]), libraries))


class BuildExtensions(build_ext):
    def finalize_options(self):
        super().finalize_options()
        self.parallel = self.parallel or True  # as many at a time as there are CPUs
        if self.inplace:
            self.build_lib = KEPT.format("inplace")

    def run(self):
        self.run_command("build_clib")  # an in-place build would not do it
        super().run()

    def build_extensions(self):
        openmp, macros = ["-fopenmp"], []
        if links(self.compiler, "", openmp):
            if links(self.compiler, "omp_pause_resource_all(omp_pause_soft);", openmp):
                macros = [("HAVE_OMP_PAUSE", "1")]
        else:
            openmp = []
            sys.stderr.write(
                "\n" + "*" * 78 + "\nWARNING: this compiler has no OpenMP (-fopenmp does not compile and link).\n"
                "kernels is built SERIAL: every operation runs on one thread.\n" + "*" * 78 + "\n\n"
            )
        for extension in self.extensions:
            extension.extra_compile_args = [*OPTIMIZE, *SCALAR, *CHECKED, *openmp]
            extension.extra_link_args = openmp + CHECKS
            extension.define_macros += [
                *macros,
                ("KERNELS_FLAGS", f'"{" ".join(OPTIMIZE + openmp)}"'),
                ("KERNELS_VERSION", f'"{self.distribution.get_version()}"'),
            ]
        super().build_extensions()

    def copy_extensions_to_source(self):
        self.force = True  # of several builds the last one asked for, not the newest
        super().copy_extensions_to_source()


def leaf_library(isa):
    source = f"kernels/simd/{isa}.c"
    return f"kernels_{isa}", {
        "sources": [source],
        "obj_deps": {source: [*INCLUDED, "setup.py"]},
        "cflags": OPTIMIZE + ALIGN + SETS[isa],
    }


def extension(name):
    return Extension(
        f"kernels.{name}",
        [f"kernels/{name}.pyx"] + (["kernels/simd/tables.c"] if name == "_simd" else []),
        include_dirs=[np.get_include(), "kernels"],
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")] + [("HAVE_X86", "1")] * X86,
        libraries=[f"kernels_{isa}" for isa in SETS] if name == "_simd" else [],
        # beside what Cython finds: .pxd files, and headers that they name
        depends=["setup.py"] + LEAVES * (name == "_simd") + ["pynn/support/version.py"] * (name == "_threads"),
    )


PACKAGES = find_packages(include=["kernels*", "pynn*"]) + ["pynn." + p for p in find_packages(include=["bench*"])]

setup(
    packages=PACKAGES,
    package_dir={"pynn.bench": "bench"},
    ext_modules=cythonize(
        [extension(name) for name in MODULES],
        compiler_directives={
            "language_level": 3,
            "boundscheck": DEBUG,
            "wraparound": False,  # boundscheck refuses negative indices, too
            "cdivision": True,
            "initializedcheck": DEBUG,
            "embedsignature": True,
            "freethreading_compatible": True,
        },
        build_dir=BASE if DEBUG else None,
        force=any(newer("setup.py", path) for name in MODULES if Path(path := f"kernels/{name}.c").exists()),
    ),
    options={"build": {"build_base": BASE}},
    libraries=[leaf_library(isa) for isa in SETS],
    cmdclass={"build_clib": BuildLeaves, "build_ext": BuildExtensions},
)
