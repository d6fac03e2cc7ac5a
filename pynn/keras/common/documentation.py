"""What `help` and editors show of our classes: all arguments, each with a line about it."""

from __future__ import annotations

import inspect
import re
from typing import Any

_ARGUMENT = re.compile(r"((?:\w+, )*\w+): ")  # a line about arguments in a docstring


def is_ours(cls: type) -> bool:
    return cls.__module__.startswith("pynn.")


class Signature:
    """What `inspect.signature` shows of a class: the names that `**options: Unpack[SomeTypedDict]` stands for, too.

    None, so that inspect looks further, for an object, and for a program's class with its own constructor.
    """

    def __get__(self, instance: Any, cls: type) -> inspect.Signature | None:
        constructed_by = next(base for base in cls.__mro__ if vars(base).keys() & {"__new__", "__init__"})
        if instance is not None or not is_ours(constructed_by):
            return None
        known: dict[str, inspect.Parameter] = {}  # of the constructors that the options reach, with their defaults
        for base in reversed(cls.__mro__[:-1]):  # object's takes none
            known |= inspect.signature(vars(base)["__init__"]).parameters if "__init__" in vars(base) else {}
        function = inspect.unwrap(cls.__init__)  # type: ignore[misc]
        signature = inspect.signature(function)
        shown: list[inspect.Parameter] = []
        for parameter in list(signature.parameters.values())[1:]:
            annotation = str(parameter.annotation)
            if annotation.startswith("Unpack["):
                options = function.__globals__[annotation[len("Unpack[") : -1]].__annotations__
                others = [known[name] for name in options if name not in signature.parameters]
                shown += [other.replace(kind=inspect.Parameter.KEYWORD_ONLY) for other in others]
            elif parameter.name != "unknown":  # what Layer refuses by name
                shown.append(parameter)
        return signature.replace(parameters=shown)


class Documentation:
    """A class's docstring, and for each argument that it has no line for, the line of the function that it declares
    (common/of_function.py), or of the nearest base class.

    Made when it is asked for: to make all takes a tenth of the time of `import pynn`.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def __get__(self, instance: Any, cls: type) -> str:
        lines = inspect.cleandoc(self.text).splitlines()
        described = _argument_lines(lines)
        inherited: dict[str, str] = {}
        texts = [vars(base).get("__doc__") for base in reversed(cls.__mro__[1:])]
        for text in (*texts, getattr(getattr(cls, "_function", None), "__doc__", None)):
            text = text.text if isinstance(text, Documentation) else text or ""
            inherited |= _argument_lines(inspect.cleandoc(text).splitlines())
        added = [name for name in inspect.signature(cls).parameters if name in inherited and name not in described]
        if added:
            lines += [] if described else [""]
            lines += dict.fromkeys(map(inherited.__getitem__, added))
        return "\n".join(lines)


def _argument_lines(lines: list[str]) -> dict[str, str]:
    """The lines `name: ...` or `name, name: ...` of a docstring by name, each with the more indented ones after it."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in lines[1:]:
        match = _ARGUMENT.match(line)
        if match:
            names = match[1].split(", ")
            found |= dict.fromkeys(names, line)
        elif line.startswith(" ") and names:
            found |= dict.fromkeys(names, f"{found[names[0]]}\n{line}")
        else:
            names = []
    return found
