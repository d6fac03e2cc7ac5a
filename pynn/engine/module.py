"""tf.Module: a class whose variables can be listed."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from . import nest
from .scope import name_scope
from .variable import Variable


class Module:
    """Finds the variables and modules among its attributes, also in lists, tuples and dicts.

    Attributes go by their names in order, the variables of a module before those of its submodules.

    name: of the module; None: the class's in snake case
    """

    def __init__(self, name: str | None = None) -> None:
        self._name = name

    @property
    def name(self) -> str:
        """The constructor's argument, or the class's name in snake case."""
        name = getattr(self, "_name", None)
        return name or re.sub(r"(?<!^)(?=[A-Z][a-z])|(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()

    @property
    def name_scope(self) -> AbstractContextManager[str]:
        """A scope of the module's name, for the variables made inside it."""
        return name_scope(self.name)

    @classmethod
    def with_name_scope(cls, method: Callable[..., Any]) -> Callable[..., Any]:
        """A decorator of methods that make variables: their names begin with the module's."""

        @functools.wraps(method)
        def scoped(self: Module, *args: Any, **kwargs: Any) -> Any:
            with self.name_scope:
                return method(self, *args, **kwargs)

        return scoped

    @property
    def variables(self) -> tuple[Variable, ...]:
        """All variables."""
        return tuple(x for x in self._found(set()) if isinstance(x, Variable))

    @property
    def trainable_variables(self) -> tuple[Variable, ...]:
        """The variables that are trained."""
        return tuple(v for v in self.variables if v.trainable)

    @property
    def submodules(self) -> tuple[Module, ...]:
        """All modules inside of this one."""
        return tuple(x for x in self._found(set()) if isinstance(x, Module) and x is not self)

    def _found(self, seen: set[int]) -> Iterator[Any]:
        """This module, its variables, and the same of its submodules, without duplicates."""
        seen.add(id(self))
        yield self
        modules = []
        for name in sorted(vars(self)):
            for leaf in nest.flatten(vars(self)[name]):
                if isinstance(leaf, (Variable, Module)) and id(leaf) not in seen:
                    seen.add(id(leaf))
                    if isinstance(leaf, Module):
                        modules.append(leaf)
                    else:
                        yield leaf
        for module in modules:
            yield from module._found(seen)
