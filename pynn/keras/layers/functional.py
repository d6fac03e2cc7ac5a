"""Functions of keras.ops, which make layers of the model where they are called on KerasTensors."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from ..common.symbolic import is_symbolic
from .operation import operation_class


def operation(name: str, function: Callable[..., Any], inputs: int = 1, module: str = "numpy") -> Callable[..., Any]:
    """The operation of this name in Keras: a layer's call where one of its first `inputs` arguments is a KerasTensor.

    module: Keras's file of the layer's class
    """
    layer = operation_class("".join(part.capitalize() for part in name.split("_")), function, module)
    signature = inspect.signature(function)

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        if not is_symbolic(args, options):
            return function(*args, **options)
        bound = list(signature.bind(*args, **options).arguments.items())
        if is_symbolic(options := dict(bound[inputs:])):
            raise ValueError(f"keras.ops.{name} takes no KerasTensor as an option: write it in the `call` of a Layer")
        return layer(**options)(*[value for _, value in bound[:inputs]])

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"Keras's {name}{signature}."
    return call
