"""Functions that are layers of the model where they are called on KerasTensors."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from ..common import configuration, registry
from ..common.symbolic import is_symbolic
from .operation import Operation


class _Call(Operation):
    """An operation of KerasTensors with options, which are in its configuration."""

    def __init__(self, name: str | None = None, **options: Any) -> None:
        super().__init__(name)
        self.options = options

    def call(self, *inputs: Any) -> Any:
        return type(self)._function(*inputs, **self.options)

    def get_config(self) -> dict[str, Any]:
        """The name and the options."""
        return super().get_config() | {name: configuration.serialize(value) for name, value in self.options.items()}


def operation(name: str, function: Callable[..., Any], inputs: int = 1, module: str = "numpy") -> Callable[..., Any]:
    """The operation of this name in Keras: a layer's call where one of its first `inputs` arguments is a KerasTensor.

    module: Keras's file of the layer's class
    """
    title, place = "".join(part.capitalize() for part in name.split("_")), f"keras.src.ops.{module}"
    layer = registry.OURS.get((place, title))
    if layer is None:
        layer = type(title, (_Call,), {"_module": place, "_function": staticmethod(function), "__module__": __name__})
        globals()[title] = layer  # where pickle looks for it
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
