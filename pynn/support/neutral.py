"""Arguments of TensorFlow and Keras that cannot change a result here: the values that mean this are accepted."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])


def neutral(**options: Any) -> Callable[[Function], Function]:
    """Decorates a function or a class: it accepts these keyword arguments as well, and does not pass them on.

    Each option gives the one value of an argument that asks for what is done here anyway; None is accepted as well.
    `...`: any value is accepted, as none changes a result (parallel_iterations). TypeError: another value.
    """

    def decorate(function: Function) -> Function:
        if isinstance(function, type):
            function.__init__ = decorate(function.__init__)  # type: ignore[misc]
            return function

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            for name in options.keys() & kwargs.keys() if kwargs else ():
                value, accepted = kwargs.pop(name), options[name]
                if value is not None and accepted is not ... and not _equal(value, accepted):
                    raise TypeError(
                        f"{function.__qualname__.removesuffix('.__init__')}: {name}={value!r} is not supported; "
                        f"{name} can only be {accepted!r}"
                    )
            return function(*args, **kwargs)

        wrapper.neutral = options  # type: ignore[attr-defined]
        return cast(Function, wrapper)

    return decorate


def _equal(value: Any, accepted: Any) -> bool:
    """Whether they are equal, as 0.0 and 0 are, or tf.int32 and np.int32; True is not 1, and no array is equal."""
    return isinstance(value, bool) == isinstance(accepted, bool) and not np.ndim(value) and value == accepted


def neutral_names(cls: type) -> set[str]:
    """The arguments that `neutral` added to the constructors of the class and its bases."""
    return {name for base in cls.__mro__ for name in getattr(vars(base).get("__init__"), "neutral", ())}
