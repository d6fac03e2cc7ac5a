"""tf.function and control flow: pynn runs eagerly, so these are Python's own, with TensorFlow's names."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from .. import ops
from ..engine import nest
from ..engine.convert import convert_to_tensor
from ..engine.errors import InvalidArgumentError
from ..engine.spec import TensorSpec
from ..engine.variable import Variable
from ..support.neutral import neutral

_ARRAYS = np.ndarray, np.generic


@neutral(autograph=..., jit_compile=..., reduce_retracing=...)
def function(func: Callable[..., Any] | None = None, input_signature: Sequence[Any] | None = None) -> Any:
    """Runs func as it stands, at every call, so that its Python code (print, append) acts each time.

    Arrays among the arguments become tensors, and so do numbers and arrays among the results. input_signature:
    the TensorSpecs that the arguments are converted to and must fit (TypeError). The options that say how
    TensorFlow compiles a function change no result.
    """
    if func is None:
        return functools.partial(function, input_signature=input_signature)
    if not callable(func):
        raise TypeError(f"{func!r} is not a callable object.")
    names = list(inspect.signature(func).parameters) if input_signature is not None else []
    method = names[:1] == ["self"]

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if input_signature is not None:
            given = args[method:]
            given += tuple(kwargs.pop(name) for name in names[method + len(given) :] if name in kwargs)
            if kwargs or len(given) != len(input_signature):
                raise TypeError(f"{func.__name__} takes {len(input_signature)} arguments, by its input_signature")
            args = args[:method] + tuple(_fitted(s, x) for s, x in zip(input_signature, given, strict=True))
        args, kwargs = _tensors((args, kwargs), _ARRAYS)
        return _tensors(func(*args, **kwargs), (int, float, *_ARRAYS, Variable))

    wrapped.python_function = func  # type: ignore[attr-defined]
    return wrapped


def _tensors(structure: Any, kinds: tuple[type, ...]) -> Any:
    return nest.map_structure(lambda x: convert_to_tensor(x) if isinstance(x, kinds) else x, structure)


def _fitted(specs: Any, value: Any) -> Any:
    """The value as tensors that meet the specs."""
    if not isinstance(specs, TensorSpec):
        return nest.map_structure(_fitted, specs, value)
    try:
        tensor = convert_to_tensor(value, specs.dtype)
    except ValueError as error:
        raise TypeError(f"Can not cast {value!r} to {specs!r}: {error}") from None
    if not specs.is_compatible_with(tensor):
        raise TypeError(f"Can not cast a tensor of shape {tensor.shape} and {tensor.dtype!r} to {specs!r}")
    return tensor


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """true_fn() where pred, else false_fn()."""
    if not callable(true_fn) or not callable(false_fn):
        raise TypeError("true_fn and false_fn must be callable")
    return true_fn() if pred else false_fn()


@neutral(exclusive=..., strict=...)
def case(pred_fn_pairs: Sequence[tuple[Any, Callable[[], Any]]], default: Callable[[], Any] | None = None) -> Any:
    """The function() of the first predicate that holds, else default()."""
    chosen = next((function for pred, function in pred_fn_pairs if pred), default)
    if chosen is None:
        raise ValueError("No predicate holds, and there is no default")
    return chosen()


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
    done, state = 0, nest.map_structure(convert_to_tensor, loop_vars)
    while cond(*state) and done != maximum_iterations:
        new = body(*state)
        new = new if isinstance(new, (list, tuple)) else (new,)
        done, state = done + 1, nest.pack_sequence_as(loop_vars, list(map(convert_to_tensor, nest.flatten(new))))
    return state


@neutral(parallel_iterations=..., back_prop=True, swap_memory=False, infer_shape=True)
def map_fn(fn: Callable[[Any], Any], elems: Any, dtype: Any = None, fn_output_signature: Any = None) -> Any:
    """fn of each row of a tensor, or of the rows of a nest of tensors, its results stacked.

    fn_output_signature (dtype is its older name): the dtypes of the results, if they are not those of elems.
    InvalidArgumentError: the results have others.
    """
    wanted = fn_output_signature if fn_output_signature is not None else dtype
    tensors = nest.map_structure(convert_to_tensor, elems)
    results = vectorized_map(fn, tensors)
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
        raise ValueError("elems has no rows: the results of fn are unknown")
    columns = zip(*map(nest.flatten, results), strict=True)
    return nest.pack_sequence_as(results[0], [ops.stack(list(column)) for column in columns])


@neutral(parallel_iterations=..., back_prop=True, swap_memory=False, infer_shape=True)
def scan(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, reverse: bool = False) -> Any:
    """a = fn(a, row) over the rows of a tensor or nest of them, every a stacked; a starts as initializer or row 0."""
    order, rows = slice(None, None, -1 if reverse else 1), _rows(elems)
    first = [] if initializer is None else [nest.map_structure(convert_to_tensor, initializer)]
    return _stacked(list(accumulate([*first, *rows[order]], fn))[len(first) :][order])


@neutral(parallel_iterations=..., back_prop=True, swap_memory=False)
def foldl(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None) -> Any:
    """The last a of a = fn(a, row) over the rows; a starts as initializer, or the first row."""
    first = () if initializer is None else (initializer,)
    return nest.map_structure(convert_to_tensor, functools.reduce(fn, [*first, *_rows(elems)]))
