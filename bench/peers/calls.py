"""One library's operations, checked and timed in a process of its own, and the parent's side of them (`remote`).

Each library computes as its careful user has it: fresh results; updates in place, or in the library's way to that;
threads as given. What the first call compiles is compiled before anything is timed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..measure.accuracy import exact, largest_error
from ..measure.cases import Case
from ..measure.operations import OPERATIONS
from ..measure.timing import first_guess, timer, turn
from ..measure.turns import Remote
from ..measure.workers import Worker

# What is another operation at other shapes, where a library has one function for both
GENERAL = {"add_matrix_and_vector": "add", "vector_dot": "dot", "matrix_vector_dot": "dot"}


class Calls:
    """A library, which is imported when one is made."""

    version: str
    # Operation -> what is called with a case's arguments, its arrays made the library's own; None: it has changed them
    functions: dict[str, Callable]
    strides = True  # have its arrays any? Else it gets, instead of a transposed view, the matrix itself

    def function(self, case: Case) -> Callable | None:
        """None: the library does not offer it."""
        return self.functions.get(case.operation) or self.functions.get(GENERAL.get(case.operation, ""))

    def own(self, array: np.ndarray, changed: bool) -> Any:
        """An array of the library's, which an update changes or not."""
        return array

    def numpy(self, array: Any) -> np.ndarray:
        return np.asarray(array)

    def prepare(self, case: Case) -> tuple[float, float, str] | None:
        """(a first guess of a call's seconds, largest error, its unit), or None where the library has no such call.
        AssertionError if the result is wrong."""
        function = None if case.reuse else self.function(case)
        if function is None:
            return None
        arguments = case.inputs()
        for i, a in enumerate(arguments[: len(case.shapes)]):
            mine = a if self.strides or a.flags.c_contiguous else a.T
            arguments[i] = self.own(mine, i < OPERATIONS[case.operation].written)
        value = function(*arguments)
        values = tuple(map(self.numpy, arguments[: len(case.shapes)] if value is None else (value,)))
        name = f"{case.title}, {self.version}"
        for v in values:
            if v.dtype != case.dtype:
                raise AssertionError(f"{name}: {v.dtype} instead of {case.dtype}")
        error, unit = largest_error(case.operation, values, exact(case), name)
        self.timer = timer(function, arguments)
        self.once = first_guess(self.timer)
        return self.once, error, unit

    def turn(self) -> float:
        """Seconds per call."""
        return turn(self.timer, self.once)


def remote(workers: dict[str, Worker], case: Case) -> dict[str, Remote]:
    """The libraries that offer the case's operation. WorkerFailed names the one that cannot go on."""
    prepared = {name: worker.call("prepare", case).value for name, worker in workers.items()}
    return {
        name: Remote(workers[name], "turn", once=values[0], error=values[1], error_unit=values[2])
        for name, values in prepared.items()
        if values is not None
    }
