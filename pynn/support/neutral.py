"""Options of TensorFlow and Keras that do nothing at one value, and are not there at any other."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])


def neutral(**options: Any) -> Callable[[Function], Function]:
    """A decorator: the function, or the class's constructor, also takes these options, each at this value or None.

    That is how TensorFlow's programs and Keras's files write them where they ask for what is done anyway; `...`: at any
    value, which changes no result. TypeError: another value.
    """

    def decorate(function: Function) -> Function:
        if isinstance(function, type):
            function.__init__ = decorate(function.__init__)  # type: ignore[misc]
            return function

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            for name in options.keys() & kwargs.keys() if kwargs else ():
                value = kwargs.pop(name)
                wanted = options[name]
                # equal, also 0.0 and 0, or tf.int32 and NumPy's; but True is not 1, and no array is meant
                same = isinstance(value, bool) == isinstance(wanted, bool) and not np.ndim(value) and value == wanted
                if value is not None and wanted is not ... and not same:
                    raise TypeError(
                        f"{function.__qualname__.removesuffix('.__init__')}: {name}={value!r} is not supported; "
                        f"{name} can only be {wanted!r}"
                    )
            return function(*args, **kwargs)

        wrapper.neutral = options  # type: ignore[attr-defined]
        return cast(Function, wrapper)

    return decorate


def neutral_names(cls: type) -> set[str]:
    """The options of this kind that the class's constructors take."""
    return {name for base in cls.__mro__ for name in getattr(vars(base).get("__init__"), "neutral", ())}
