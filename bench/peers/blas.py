"""Products of matrices by BLIS and by MKL: what BLAS libraries that NumPy is not built with make of the same CPU."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import CDLL, c_double, c_float, c_int, c_void_p
from functools import partial
from importlib.metadata import files, version
from typing import Any

import numpy as np

from ..measure.cases import Case
from .calls import Calls

ROWS, PLAIN, TRANSPOSED = 101, 111, 112  # CblasRowMajor, CblasNoTrans, CblasTrans


class Blis(Calls):
    """The package's build: one thread, and on a CPU that it does not know (AMD's from Zen 3 on) generic kernels, which
    are a third as fast."""

    strides = False

    def __init__(self, threads: int) -> None:
        from blis.py import gemm

        self.functions, self.version = {"dot": gemm}, f"BLIS {version('blis')}"

    def function(self, case: Case) -> Callable | None:
        gemm = self.functions.get(case.operation)
        return gemm and partial(gemm, trans1="x" in case.transposed, trans2="y" in case.transposed, beta=0.0)


class Mkl(Calls):
    """By ctypes, which takes 2 us for a call's 14 arguments."""

    strides = False

    def __init__(self, threads: int) -> None:
        path = next(file.locate() for file in files("mkl") or () if "mkl_rt" in file.name)
        self.library, self.version = CDLL(str(path)), f"MKL {version('mkl')}"
        self.functions = {"dot": self.library.cblas_sgemm}

    def function(self, case: Case) -> Callable | None:
        if case.operation not in self.functions:
            return None
        of_type = {"float32": ("cblas_sgemm", c_float), "float64": ("cblas_dgemm", c_double)}
        name, real = of_type[case.dtype]
        gemm = getattr(self.library, name)
        gemm.argtypes = [*[c_int] * 6, real, c_void_p, c_int, c_void_p, c_int, real, c_void_p, c_int]
        gemm.restype = None
        (m, k), (_, n) = case.shapes
        turned = [TRANSPOSED if axis in case.transposed else PLAIN for axis in "xy"]
        x_row, y_row = (m if "x" in case.transposed else k), (k if "y" in case.transposed else n)

        def call(x: Any, y: Any) -> np.ndarray:
            out = np.empty((m, n), case.dtype)
            gemm(ROWS, *turned, m, n, k, 1.0, x, x_row, y, y_row, 0.0, out.ctypes.data, n)
            return out

        return call

    def own(self, array: np.ndarray, changed: bool) -> Any:
        return array.ctypes.data_as(c_void_p)  # which keeps the array
