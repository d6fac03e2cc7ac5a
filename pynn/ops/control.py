"""Control flow by functions: pynn runs eagerly, so these are Python's own, with TensorFlow's names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import ops
from ..engine import nest
from ..engine.convert import convert_to_tensor
from ..engine.errors import InvalidArgumentError
from ..support.neutral import neutral


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """true_fn() where pred, else false_fn()."""
    if not callable(true_fn) or not callable(false_fn):
        raise TypeError("true_fn and false_fn must be callable")
    return true_fn() if pred else false_fn()


@neutral(exclusive=..., strict=...)
def case(pred_fn_pairs: Sequence[tuple[Any, Callable[[], Any]]], default: Callable[[], Any] | None = None) -> Any:
    """The function() of the first predicate that holds, else default()."""
    for pred, function in pred_fn_pairs:
        if pred:
            return function()
    if default is None:
        raise ValueError("No predicate holds, and there is no default")
    return default()


def switch_case(branch_index: Any, branch_fns: Sequence[Callable[[], Any]], default: Any = None) -> Any:
    """branch_fns[branch_index](), else default(), which is the last of them if not given."""
    i = int(branch_index)
    return branch_fns[i]() if 0 <= i < len(branch_fns) else (default or branch_fns[-1])()


@neutral(parallel_iterations=..., back_prop=True, swap_memory=False, shape_invariants=None)
def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """loop_vars = body(*loop_vars) while cond(*loop_vars); the last ones, as a list or tuple like loop_vars."""
    if not loop_vars:
        raise ValueError("No loop variables provided")
    done = 0
    state = nest.map_structure(convert_to_tensor, loop_vars)
    while cond(*state) and (maximum_iterations is None or done < maximum_iterations):
        new = body(*state)
        new = new if isinstance(new, (list, tuple)) else (new,)
        state = nest.pack_sequence_as(loop_vars, [convert_to_tensor(x) for x in nest.flatten(new)])
        done += 1
    return state


@neutral(parallel_iterations=..., back_prop=True, swap_memory=False, infer_shape=True)
def map_fn(fn: Callable[[Any], Any], elems: Any, dtype: Any = None, fn_output_signature: Any = None) -> Any:
    """fn of each row of a tensor, or of the rows of a nest of tensors, its results stacked.

    fn_output_signature (dtype is its older name): the dtypes of the results, if they are not those of elems.
    InvalidArgumentError: the results have others.
    """
    wanted = fn_output_signature if fn_output_signature is not None else dtype
    tensors = nest.map_structure(convert_to_tensor, elems)
    results = _stacked([fn(row) for row in _rows(tensors)])
    for x, kind in zip(nest.flatten(results), nest.flatten(tensors if wanted is None else wanted), strict=False):
        if x.dtype != getattr(kind, "dtype", kind):
            raise InvalidArgumentError(f"fn returned {x.dtype!r}: write fn_output_signature={x.dtype!r}")
    return results


@neutral(fallback_to_while_loop=..., warn=...)
def vectorized_map(fn: Callable[[Any], Any], elems: Any) -> Any:
    """fn of each row of a tensor, or of the rows of a nest of tensors, its results stacked."""
    return _stacked([fn(row) for row in _rows(elems)])


def _rows(elems: Any) -> list[Any]:
    """The rows of a tensor, or of a nest of tensors, each in the form of the nest."""
    columns = [ops.unstack(convert_to_tensor(x)) for x in nest.flatten(elems)]
    return [nest.pack_sequence_as(elems, row) for row in zip(*columns, strict=True)]


def _stacked(results: list[Any]) -> Any:
    if not results:
        raise ValueError("elems has no rows, so what fn gives is not known")
    columns = zip(*map(nest.flatten, results), strict=True)
    return nest.pack_sequence_as(results[0], [ops.stack(list(column)) for column in columns])


@neutral(parallel_iterations=..., back_prop=True, swap_memory=False, infer_shape=True)
def scan(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, reverse: bool = False) -> Any:
    """a = fn(a, row) over the rows of a tensor or nest of them, every a stacked; a starts as initializer or row 0."""
    rows = _rows(elems)[:: -1 if reverse else 1]
    states = [rows.pop(0)] if initializer is None else []
    state = states[0] if states else nest.map_structure(convert_to_tensor, initializer)
    for row in rows:
        state = fn(state, row)
        states.append(state)
    return _stacked(states[:: -1 if reverse else 1])


@neutral(parallel_iterations=..., back_prop=True, swap_memory=False)
def foldl(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None) -> Any:
    """The last a of a = fn(a, row) over the rows; a starts as initializer, or the first row."""
    rows = _rows(elems)
    state = rows.pop(0) if initializer is None else initializer
    for row in rows:
        state = fn(state, row)
    return nest.map_structure(convert_to_tensor, state)
