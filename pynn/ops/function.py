"""tf.function: here, the function itself, with its arguments and results as tensors."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine import nest
from ..engine.convert import convert_to_tensor
from ..engine.spec import TensorSpec
from ..engine.variable import Variable
from ..support.neutral import neutral


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
        args, kwargs = nest.map_structure(_argument, (args, kwargs))
        return nest.map_structure(_result, func(*args, **kwargs))

    wrapped.python_function = func  # type: ignore[attr-defined]
    return wrapped


def _argument(x: Any) -> Any:
    return convert_to_tensor(x) if isinstance(x, (np.ndarray, np.generic)) else x


def _result(x: Any) -> Any:
    return convert_to_tensor(x) if isinstance(x, (int, float, np.ndarray, np.generic, Variable)) else x


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
