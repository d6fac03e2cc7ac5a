"""Functions that take functions: tf.function, control flow, custom gradients. They run eagerly, as Python does."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from .. import ops
from ..engine import nest
from ..engine.convert import convert_to_tensor, operand
from ..engine.errors import InvalidArgumentError
from ..engine.spec import TensorSpec
from ..engine.tape import GradientTape, record
from ..engine.tensor import Operators, Tensor
from ..engine.typing import DTypeLike, TensorLike
from ..engine.variable import Variable
from ..support.neutral import neutral

_ARRAYS = np.ndarray, np.generic
_OPERANDS = Operators, *_ARRAYS, int, float, str  # what TensorFlow makes a tensor of


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
            inputs = args[method:]
            inputs += tuple(kwargs.pop(name) for name in names[method + len(inputs) :] if name in kwargs)
            if kwargs or len(inputs) != len(input_signature):
                raise TypeError(f"{func.__name__} takes {len(input_signature)} arguments, by its input_signature")
            args = args[:method] + tuple(_fitted(s, x) for s, x in zip(input_signature, inputs, strict=True))
        args, kwargs = _tensors((args, kwargs), _ARRAYS)
        return _tensors(func(*args, **kwargs), (int, float, *_ARRAYS, Variable))

    wrapped.python_function = func  # type: ignore[attr-defined]
    return wrapped


def _tensors(structure: Any, kinds: tuple[type, ...]) -> Any:
    return nest.map_structure(lambda x: convert_to_tensor(x) if isinstance(x, kinds) else x, structure)


def _fitted(specs: Any, value: TensorLike) -> Any:
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
def map_fn(fn: Callable[[Any], Any], elems: Any, dtype: DTypeLike = None, fn_output_signature: Any = None) -> Any:
    """fn of each row of a tensor, or of the rows of a nest of tensors, its results stacked.

    fn_output_signature (dtype is its older name): the dtypes of the results, if they are not those of elems.
    InvalidArgumentError: the results have others.
    """
    dtypes = fn_output_signature if fn_output_signature is not None else dtype
    tensors = nest.map_structure(convert_to_tensor, elems)
    results = vectorized_map(fn, tensors)
    for x, spec in zip(nest.flatten(results), nest.flatten(tensors if dtypes is None else dtypes), strict=False):
        if x.dtype != getattr(spec, "dtype", spec):
            raise InvalidArgumentError(f"fn returned {x.dtype!r}: write fn_output_signature={x.dtype!r}")
    return results


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


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorates f(*args), which returns (value, grad): grad(*gradients of the value) gives one for each argument.

    Arguments in nests count one by one, numbers and arrays too; those by keyword have no gradient. Where f uses other
    variables, grad takes them as `variables` and returns (gradients of args, gradients of them). grad may itself be
    differentiated. TypeError: f uses variables and grad does not take them. ValueError: more or fewer gradients.
    """

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        with GradientTape() as tape:
            value, grad = f(*args, **kwargs)
        operands = [x for x in nest.flatten(list(args)) if isinstance(x, _OPERANDS)]  # a method's self is none
        variables = [v for v in tape.watched_variables() if not any(v is x for x in nest.flatten([operands, kwargs]))]
        accepted = inspect.signature(grad).parameters
        if variables and "variables" not in accepted and all(p.kind != p.VAR_KEYWORD for p in accepted.values()):
            raise TypeError(f"grad must accept keyword argument 'variables', since the function uses {variables}")
        inputs = tuple(operand(x) for x in (*operands, *variables) if isinstance(x, Operators))
        results = [convert_to_tensor(y) for y in nest.flatten(value)]

        def gradients(g: Tensor) -> list[Any]:
            by_operands = grad(*_apart(g, results), **({"variables": variables} if variables else {}))
            by_operands, by_variables = by_operands if variables else (by_operands, ())
            by_operands = nest.flatten(by_operands)
            if len(by_operands) != len(operands) or len(by_variables) != len(variables):
                raise ValueError(
                    f"grad must give {len(operands)} gradients of arguments and {len(variables)} of variables, "
                    f"got {len(by_operands)} and {len(by_variables)}"
                )
            by_tensors = [g for x, g in zip(operands, by_operands, strict=True) if isinstance(x, Operators)]
            return [None if g is None else convert_to_tensor(g) for g in (*by_tensors, *by_variables)]

        def gradient(g: Tensor) -> list[Any]:
            all_gradients = functools.cache(lambda: gradients(g))  # one call of grad for all inputs
            return [lambda i=i: all_gradients()[i] for i in range(len(inputs))]

        together = results[0] if len(results) == 1 else ops.concat([ops.reshape(t, -1) for t in results], 0)
        return nest.pack_sequence_as(value, _apart(record(together._array, inputs, gradient), results))

    return decorated


def _apart(flat: Tensor, like: list[Tensor]) -> list[Tensor]:
    """The pieces of a flat tensor in the shapes of `like`; one tensor is itself."""
    if len(like) == 1:
        return [flat]
    pieces = ops.split(flat, [t._array.size for t in like])
    return [ops.reshape(piece, t._array.shape) for piece, t in zip(pieces, like, strict=True)]
