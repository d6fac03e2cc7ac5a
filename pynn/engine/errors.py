"""TensorFlow's `tf.errors`: what operations raise."""

from __future__ import annotations

from typing import Any


class OpError(Exception):
    """An error of an operation; `message` says which. node_def and op are None: there are no graphs here."""

    error_code = 2

    def __init__(self, *arguments: Any) -> None:
        """(message), or (node_def, op, message) as TensorFlow has it."""
        self.message = str(arguments[-1]) if arguments else ""
        self.node_def, self.op = arguments[:2] if len(arguments) > 2 else (None, None)
        super().__init__(self.message)


class InvalidArgumentError(OpError, ValueError):
    """Shapes, dtypes or values that an operation cannot take together.

    It is a ValueError as well: inside of a `tf.function`, TensorFlow raises one for the same reasons.
    """

    error_code = 3


class NotFoundError(OpError):
    """Something that was asked for is not there."""

    error_code = 5


class ResourceExhaustedError(OpError):
    """There is no room left."""

    error_code = 8


class FailedPreconditionError(OpError):
    """It is too early, or too late, for the operation."""

    error_code = 9


class OutOfRangeError(OpError):
    """An iteration goes past the end."""

    error_code = 11


class UnimplementedError(OpError):
    """The operation does not have this."""

    error_code = 12
