"""Losses and metrics of a function: the class takes the function's options, with their defaults, in its constructor."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import EllipsisType
from typing import Any

from ...support.neutral import neutral
from .configuration import Configured
from .names import snake_case


class OfFunction(Configured):
    """Mixin before a wrapper class, whose constructor takes a function (y_true, y_pred, **options), then keywords.

    `class Huber(FunctionLoss, function=huber, name="huber_loss")` takes what the wrapper takes beside the function, and
    huber's options, in `order`, where `...` stands for all options. An option that `order` leaves out is not taken.
    """

    _function: Callable[..., Any]
    _order: tuple[str | EllipsisType, ...]

    def __init_subclass__(
        cls,
        function: Callable[..., Any] | None = None,
        name: str | None = None,
        order: tuple[str | EllipsisType, ...] | None = None,
        **keywords: Any,
    ) -> None:
        cls.__doc__ = cls.__doc__ or (function.__doc__ if function else None)
        super().__init_subclass__(**keywords)
        cls._order = order or cls._order
        if function is not None:
            cls._function = staticmethod(function)
            cls.__init__ = _constructor(cls, function, name or snake_case(cls.__name__))  # type: ignore[method-assign]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("the class declares no function")


def _constructor(cls: type[OfFunction], function: Callable[..., Any], name: str) -> Callable[..., None]:
    wrapper: Callable[..., None] = super(OfFunction, cls).__init__
    options = dict(list(inspect.signature(function).parameters.items())[2:])  # after y_true and y_pred
    known = inspect.signature(wrapper).parameters | options
    known["name"] = known["name"].replace(default=name)
    names = [n for part in cls._order for n in (options if isinstance(part, EllipsisType) else [part])]
    signature = inspect.Signature([known[n] for n in ("self", *names)], return_annotation="None")

    def __init__(self: OfFunction, *args: Any, **kwargs: Any) -> None:
        try:
            bound = signature.bind(self, *args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{cls.__name__}.__init__() {error}") from None
        bound.apply_defaults()
        arguments = {n: bound.arguments[n] for n in names}
        wrapper(self, function, **arguments)
        vars(self).update((n, arguments[n]) for n in names if n in options)

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    __init__.__qualname__ = f"{cls.__qualname__}.__init__"
    return neutral(**getattr(function, "neutral", {}))(__init__)
