"""Operations on KerasTensors as layers of the functional API: `x + y`, `x[:, 0]`, keras.ops.sum(x), ..."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from types import EllipsisType
from typing import Any

from ... import ops
from ...engine.shapes import TensorShape
from ...engine.tensor import Tensor
from ...engine.typing import TensorLike
from ..common import configuration
from ..common.about_ops import ABOUT
from ..common.registry import OURS
from ..common.symbolic import is_symbolic
from .base import Layer


class Operation(Layer):
    """Calls the function of its class with options, which are in its configuration."""

    _module = "keras.src.ops.numpy"
    _function: Callable[..., Any]

    def __init__(self, name: str | None = None, **options: Any) -> None:
        super().__init__(name=name)
        self.options = options

    def _cast(self, x: TensorLike) -> Any:
        return x if isinstance(x, (int, float)) else super()._cast(x)  # it takes the type of the other operand

    def _inferred(self, args: list[Any], kwargs: dict[str, Any]) -> Any:
        ones = [ops.ones_like(x) if isinstance(x, Tensor) else x for x in args]  # integers cannot be divided by zeros
        return super()._inferred(ones, kwargs)

    def call(self, *inputs: Any) -> Any:
        return type(self)._function(*inputs, **self.options)

    def get_config(self) -> dict[str, Any]:
        """The name and the options."""
        return {"name": self.name} | {name: configuration.serialize(value) for name, value in self.options.items()}

    def get_build_config(self) -> None:
        """None: there is nothing to build."""

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Operation:
        """A new one. An older file names this class and an operation. ValueError: no operation of those below."""
        if cls is not Operation:
            return cls(**config)
        for title, function in _FUNCTIONS.items():
            if function.__name__ == config["operation"]:
                return operation_class(title, function)(config["name"])
        raise ValueError(f"There is no operation {config['operation']!r} on KerasTensors")


def operation_class(title: str, function: Callable[..., Any], module: str = "numpy") -> type[Operation]:
    """The class of a function; title, module: the class's name and module in Keras's files."""
    place = f"keras.src.ops.{module}"
    if (place, title) not in OURS:
        about = {"_module": place, "_function": staticmethod(function), "__doc__": function.__doc__}
        globals()[title] = type(title, (Operation,), about)  # among the module's names, where pickle looks for it
    return OURS[place, title]


def operation(name: str, function: Callable[..., Any], inputs: int = 1, module: str = "numpy") -> Callable[..., Any]:
    """The operation of this name in Keras: a layer's call where one of its first `inputs` arguments is a KerasTensor.

    module: Keras's file of the layer's class
    """
    layer = operation_class("".join(part.capitalize() for part in name.split("_")), function, module)
    layer._function = staticmethod(function)  # of `x + y`, too: here dtypes may differ, as there in Keras
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
    call.__doc__ = ABOUT[name]
    return call


class GetItem(Operation):
    """x[key]: numbers, slices, None and `...`"""

    _function = staticmethod(ops.getitem)

    def _symbolic_call(self, x: Any, key: Any) -> Any:
        output = super()._symbolic_call(x, key)
        axes, sizes = list(x.shape), list(output.shape)
        keys = list(key) if isinstance(key, (tuple, list)) else [key]  # in files it is a list
        if not all(part is None or isinstance(part, (int, slice, EllipsisType)) for part in keys):
            return output
        if Ellipsis in keys:
            i = keys.index(Ellipsis)
            keys[i : i + 1] = [slice(None)] * (len(axes) - len(keys) + 1 + keys.count(None))
        place = 0  # among the sizes of the output
        for part in keys:
            if part is not None and axes.pop(0) is None and isinstance(part, slice):
                sizes[place] = None  # how much of an unknown size a slice holds is not known
            place += part is None or isinstance(part, slice)
        output.shape = TensorShape(sizes)
        return output


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Absolute": ops.abs, "Add": ops.add, "FloorDivide": ops.floordiv, "GetItem": ops.getitem, "Greater": ops.greater,
    "GreaterEqual": ops.greater_equal, "Less": ops.less, "LessEqual": ops.less_equal, "LogicalAnd": ops.logical_and,
    "LogicalNot": ops.logical_not, "LogicalOr": ops.logical_or, "LogicalXor": ops.logical_xor, "Matmul": ops.matmul,
    "Mod": ops.mod, "Multiply": ops.multiply, "Negative": ops.negative, "Power": ops.pow, "Subtract": ops.subtract,
    "TrueDivide": ops.divide,
}  # fmt: skip
for _title, _function in _FUNCTIONS.items():
    operation_class(_title, _function)
