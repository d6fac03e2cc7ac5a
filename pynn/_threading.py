"""TensorFlow's `tf.config.threading`: the number of threads of the kernels."""

from __future__ import annotations

import kernels

from .support.missing import missing

_given = 0
_default = kernels.get_num_threads()


def set_intra_op_parallelism_threads(num_threads: int) -> None:
    """Threads of one operation; 0: the number that they had at the start."""
    global _given
    kernels.set_num_threads(num_threads or _default)
    _given = num_threads


def get_intra_op_parallelism_threads() -> int:
    """The number that was set; 0: none was."""
    return _given


__getattr__ = missing(__name__)
