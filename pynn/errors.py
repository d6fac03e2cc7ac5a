"""TensorFlow's `tf.errors`: what operations raise."""
# ruff: noqa: F401, I001

from .engine.errors import (
    FailedPreconditionError, InvalidArgumentError, NotFoundError, OpError, OutOfRangeError, ResourceExhaustedError,
    UnimplementedError,
)  # fmt: skip
from .support.missing import missing

__getattr__ = missing(__name__)
