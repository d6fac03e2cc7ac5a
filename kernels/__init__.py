"""Tensor operations from naive Python loops to SIMD and threads.

The public operations are the top rungs; `kernels.ladder.LADDER` holds every rung, and `kernels.naive` the loops in
pure Python. They take float32 and float64 arrays of any strides. Each call checks its arguments, allocates, and
chooses its way in Cython, because on small arrays a Python wrapper would cost more than the work.

Overflow, division by zero and invalid operations give IEEE's inf and NaN, silently: np.errstate does not apply.
Masked arrays are refused; other subclasses of np.ndarray count as plain arrays, and results are plain.
"""

from kernels._load import _simd, _threads  # isort: skip  before all other compiled modules
from kernels import naive
from kernels._threads import get_num_threads, set_num_threads
from kernels.elementwise import add, add_relu, maximum, relu, relu_grad
from kernels.losses import softmax, softmax_cross_entropy
from kernels.optimizers import adam_update, momentum_update, rmsprop_update, sgd_update
from kernels.products import dense, dot
from kernels.reductions import sum_rows, top_matches, total
from kernels.rows import take_rows

__all__ = [
    "adam_update", "add", "add_relu", "dense", "dot", "get_num_threads", "maximum", "momentum_update", "naive",
    "relu", "relu_grad", "rmsprop_update", "set_num_threads", "sgd_update", "show_config", "softmax",
    "softmax_cross_entropy", "sum_rows", "take_rows", "top_matches", "total",
]  # fmt: skip

__version__: str = _threads.VERSION


def show_config() -> dict[str, object]:
    """How this build was compiled and what it uses now: compiler, flags, OpenMP, instruction set, threads."""
    return {
        **_threads.build_info(),
        "instruction set": _simd.isa,
        "instruction sets available": _simd.available,
        "threads": get_num_threads(),
    }
