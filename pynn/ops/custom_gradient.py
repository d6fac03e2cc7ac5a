"""custom_gradient: a function with a gradient of one's own."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..engine import nest
from ..engine.convert import convert_to_tensor, operand
from ..engine.tape import GradientTape, record
from ..engine.tensor import Operators, Tensor

_OPERANDS = Operators, np.ndarray, np.generic, int, float, str  # what TensorFlow makes a tensor of


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorates f(*args), which returns (value, grad): grad(*gradients of the value) gives one for each argument.

    Arguments in nests count one by one, numbers and arrays too; those by keyword have no gradient. Where f uses other
    variables, grad takes them as `variables` and returns (gradients of args, gradients of them). grad may itself be
    differentiated. TypeError: f uses variables and grad does not take them. ValueError: more or fewer gradients.
    """

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        with GradientTape() as watcher:
            value, grad = f(*args, **kwargs)
        given = [x for x in nest.flatten(list(args)) if isinstance(x, _OPERANDS)]  # a method's self is none
        variables = [v for v in watcher.watched_variables() if not any(v is x for x in nest.flatten([given, kwargs]))]
        accepted = inspect.signature(grad).parameters
        if variables and "variables" not in accepted and all(p.kind != p.VAR_KEYWORD for p in accepted.values()):
            raise TypeError(f"grad must accept keyword argument 'variables', since the function uses {variables}")
        inputs = tuple(operand(x) for x in (*given, *variables) if isinstance(x, Operators))
        results = [convert_to_tensor(y) for y in nest.flatten(value)]

        def slopes(g: Tensor) -> list[Any]:
            upstream = _apart(g, results)
            found = grad(*upstream, variables=variables) if variables else grad(*upstream)
            found, of_variables = found if variables else (found, ())
            found = nest.flatten(found)
            if len(found) != len(given) or len(of_variables) != len(variables):
                raise ValueError(
                    f"grad must give {len(given)} gradients of arguments and {len(variables)} of variables, "
                    f"got {len(found)} and {len(of_variables)}"
                )
            wanted = [slope for x, slope in zip(given, found, strict=True) if isinstance(x, Operators)]
            return [None if slope is None else convert_to_tensor(slope) for slope in (*wanted, *of_variables)]

        def gradient(g: Tensor) -> list[Any]:
            cache: list[Any] = []  # grad is called once, for all that is wanted of it

            def slope(i: int) -> Any:
                cache.extend(() if cache else slopes(g))
                return cache[i]

            return [functools.partial(slope, i) for i in range(len(inputs))]

        if len(results) == 1:
            outs = [record(results[0]._array, inputs, gradient)]
        else:  # one record for all: laid out flat, one after the other
            together = record(_together(results)._array, inputs, gradient)
            outs = _apart(together, results)
        return nest.pack_sequence_as(value, outs)

    return decorated


def _together(tensors: list[Tensor]) -> Tensor:
    return ops.concat([ops.reshape(t, -1) for t in tensors], 0)


def _apart(flat: Tensor, like: list[Tensor]) -> list[Tensor]:
    """The pieces of a flat tensor in the shapes of `like`."""
    if len(like) == 1:
        return [flat]
    pieces = ops.split(flat, [t._array.size for t in like])
    return [ops.reshape(piece, t._array.shape) for piece, t in zip(pieces, like, strict=True)]
