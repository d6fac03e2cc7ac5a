"""The operations of each library as its careful user calls them; each class runs in its own process (workers.py).

`prepare` makes the arrays of a case, checks the result against NumPy in float64 and returns a first guess of the time;
`turn` then times one turn. Libraries are imported inside the classes, one per process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from accuracy import TOLERANCE, check
from cases import Case
from measure import SLOT, SLOW, SLOW_ROUNDS, threads, timer, turn
from numpy_rungs import NUMPY
from statement import Statement
from workers import Contestant, Worker, progress, take_turns

import kernels

CHECKED_ROWS = 256  # at most, evenly spaced: float64 products of the largest cases would take longer than the benchmark
PATIENCE = 1.0  # seconds of turns of one case that other processes disturbed and that are repeated


class _Calls:
    """One library: `functions` by operation, and how an array becomes one of its own."""

    functions: dict[str, Callable]
    version: str

    def __init__(self, n: int) -> None:
        """n: threads."""

    def own(self, array: np.ndarray) -> Any:
        return array

    def empty(self, array: np.ndarray) -> Any:
        """For `out=`: an array of the library's, in C order, with the shape and type of `array`."""
        return self.own(np.full(array.shape, np.nan, array.dtype))

    def prepare(self, case: Case, dtype: str) -> float:
        inputs = [x.astype(dtype) for x in case.inputs()]
        function, arguments = self.functions[case.operation], [self.own(x) for x in inputs]
        out = self.empty(np.broadcast_to(np.zeros((), dtype), result_shape(case))) if case.reuse else None
        result = np.asarray(function(*arguments) if out is None else function(*arguments, out=out))
        verify(f"{self.version}: {dtype} {case.operation} {case.label}", case, inputs, result)
        del result
        self.timer = timer(function, arguments, out)
        self.once = self.timer.timeit(1)
        if self.once < SLOT:
            self.once = self.timer.timeit(n := max(1, int(SLOT / 4 / self.once))) / n
        return self.once

    def turn(self) -> float:
        """Seconds per call."""
        return turn(self.timer, self.once)

    def forget(self) -> None:
        """Frees the arrays."""
        del self.timer


def result_shape(case: Case) -> tuple[int, ...]:
    x, *rest = case.shapes
    return (*x[:-1], *rest[0][1:]) if case.operation == "dot" else np.broadcast_shapes(*case.shapes)


def verify(name: str, case: Case, inputs: list[np.ndarray], result: np.ndarray) -> None:
    """AssertionError unless the result lies within accuracy.TOLERANCE of NumPy's float64."""
    dtype, rows = inputs[0].dtype, slice(None)
    if result.shape != result_shape(case) or result.dtype != dtype:
        raise AssertionError(f"{name}: {result.shape} {result.dtype} instead of {result_shape(case)} {dtype}")
    if case.operation == "dot":
        rows = np.unique(np.linspace(0, len(result) - 1, CHECKED_ROWS).astype(int))
        inputs = [inputs[0][rows], inputs[1]]
    wide = [x.astype(np.float64) for x in inputs]
    exact = NUMPY[case.operation](*wide)
    bound = TOLERANCE[case.operation](exact, *wide)
    if dtype == np.float64:  # both round, each with its own order of the sum
        bound = bound * (2 * np.finfo(np.float64).eps / np.finfo(np.float32).eps)
    check(name, (result[rows],), ((exact,), (bound,)))


class Kernels(_Calls):
    def __init__(self, n: int) -> None:
        kernels.set_num_threads(n)
        self.functions = {name: getattr(kernels, name) for name in ("relu", "add", "maximum", "add_relu", "dot")}
        self.version = f"kernels on {kernels.show_config()['instruction set']}"


class Numpy(_Calls):
    functions = NUMPY
    version = f"NumPy {np.__version__}"

    def __init__(self, n: int) -> None:
        self.limited = threads(n)  # kept, because its end would lift the limit
        self.limited.__enter__()


class Torch(_Calls):
    def __init__(self, n: int) -> None:
        import torch

        torch.set_num_threads(n)
        torch.set_grad_enabled(False)
        self.own, self.version = torch.from_numpy, f"PyTorch {torch.__version__}"
        self.functions = {
            # torch.relu has no out=
            "relu": Statement("relu(x)", "clamp_min(x, 0, out=out)", relu=torch.relu, clamp_min=torch.clamp_min),
            "add": torch.add,
            "maximum": torch.maximum,
            "add_relu": Statement("add(x, y).relu_()", "add(x, y, out=out).relu_()", add=torch.add),
            "dot": torch.mm,
        }


class Jax(_Calls):
    """Jitted functions, waited for. JAX has no `out=`: its results are always fresh."""

    def __init__(self, n: int) -> None:
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)
        self.jax, self.version = jax, f"JAX {jax.__version__}"
        self.operations = {
            "relu": lambda x: jnp.maximum(x, 0),
            "add": jnp.add,
            "maximum": jnp.maximum,
            "add_relu": lambda x, y: jnp.maximum(x + y, 0),
            "dot": jnp.dot,
        }

    def prepare(self, case: Case, dtype: str) -> float:
        """A JAX array has no strides: the transpose is taken inside the jitted function, where it costs no copy."""
        operation, turned = self.operations[case.operation], [axis in case.transposed for axis in "xy"]

        def call(*arrays):
            return operation(*(a.T if turn else a for a, turn in zip(arrays, turned, strict=False)))

        written = f"jitted({', '.join('xy'[: len(case.shapes)])}).block_until_ready()"
        self.functions = {case.operation: Statement(written, jitted=self.jax.jit(call))}
        return super().prepare(replace(case, reuse=False), dtype)

    def own(self, array: np.ndarray) -> Any:
        """In C order the transpose of a transposed view is the array itself."""
        return self.jax.device_put(array if array.flags.c_contiguous else array.T)


CONTESTANTS = {
    "kernels": Contestant("kernels", "kernel_contestants:Kernels"),
    "NumPy": Contestant("numpy", "kernel_contestants:Numpy"),
    "PyTorch": Contestant("torch", "kernel_contestants:Torch"),
    "JAX": Contestant("jax", "kernel_contestants:Jax", scattered=False),
}


def times(workers: dict[str, Worker], case: Case, dtype: str, rounds: int) -> tuple[dict[str, np.ndarray], float]:
    """Name -> seconds per call in each turn; and what others took of the CPUs."""
    progress(f"{dtype} {case.operation} {case.label}")
    once = max(worker.call("prepare", case, dtype).value for worker in workers.values())
    rounds = min(rounds, SLOW_ROUNDS) if once > SLOW else rounds
    replies, others = take_turns(workers, "turn", rounds, PATIENCE)
    for worker in workers.values():
        worker.call("forget")
    progress("")
    return {name: np.array([reply.value for reply in row]) for name, row in replies.items()}, others
