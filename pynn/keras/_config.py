"""Configurations: objects as JSON, and back. One mechanism for layers, models, optimizers, losses, initializers, ..."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Self

import numpy as np

from ..dtypes import DType
from ..tensor import Operators
from ._names import lookup

_PLACES = (
    "layers", "layers.operation", "models", "optimizers", "optimizers.schedules", "losses", "metrics",
    "initializers", "regularizers", "constraints", "activations",
)  # fmt: skip
_registered: dict[str, Any] = {}
_scopes: list[Mapping[str, Any]] = []


class UnknownObject(TypeError):
    """A configuration names a class or function that the program does not have."""


class Configured:
    """Base of what a configuration describes: the arguments of the constructor, noted when it is called."""

    _arguments: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        new = super().__new__(cls)
        new._arguments = args, kwargs
        return new

    def __init__(self) -> None:
        """Takes no arguments: object's own would take any, beside a `__new__` that does."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, defaults included, in the types that JSON has."""
        signature = inspect.signature(type(self).__init__)
        args, kwargs = self._arguments
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        config: dict[str, Any] = {}
        for name, value in list(bound.arguments.items())[1:]:
            kind = signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                config |= value
            elif kind is not inspect.Parameter.VAR_POSITIONAL:
                config[name] = value
        return {name: serialize(value) for name, value in self._meant(config).items()}

    def _meant(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """What stands in the configuration for the arguments."""
        return arguments

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A new object from what `get_config` gave; options that are not here may stand there if they are off."""
        known = _parameters(cls)
        return cls(**{name: deserialize(value) for name, value in config.items() if name in known or _on(name, config)})


def resolve(kind: str, identifier: Any, known: Mapping[str, Any]) -> Any:
    """What `get` gives for a name, class or configuration: an object of it, or a function; all else as it is."""
    if isinstance(identifier, dict):
        identifier = deserialize(identifier)
    found = identifier if identifier is None or callable(identifier) else lookup(kind, identifier, known)
    return found() if isinstance(found, type) else found


def _on(name: str, config: dict[str, Any]) -> bool:
    """Whether an option does something: `renorm_momentum` does nothing without `renorm`."""
    return not (config[name] is None or config[name] is False or config.get(name.split("_")[0]) is False)


def _parameters(cls: type) -> set[str]:
    """The names that the constructor takes, with those that **options hand on to the base class."""
    names: set[str] = set()
    for base in cls.__mro__:
        if "__init__" in vars(base):
            parameters = inspect.signature(base.__init__).parameters.values()  # type: ignore[misc]
            names |= {p.name for p in parameters}
            if not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
                break
    return names


def serialize(value: Any) -> Any:
    """The value in JSON's types. TypeError: nothing there describes it, like a lambda."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, slice):
        ends = {"start": value.start, "stop": value.stop, "step": value.step}
        return {"class_name": "__slice__", "config": serialize(ends)}
    if value is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(value, (list, tuple)):
        return [serialize(item) for item in value]
    if isinstance(value, dict):
        return {str(key): serialize(item) for key, item in value.items()}
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, Operators):
        return value.numpy().tolist()
    if isinstance(value, DType) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np.dtype(value).name
    if hasattr(value, "get_config"):
        return _described(type(value), {"config": value.get_config()})
    if isinstance(value, type):
        return _described(value, {"config": {}})
    name = getattr(value, "__name__", "<lambda>")
    if callable(value) and name != "<lambda>":
        if _ours(name) is value:
            return name
        return {"class_name": "function", "config": name, "module": "builtins", "registered_name": _registration(value)}
    raise TypeError(f"{value!r} has no configuration: give it a get_config() method, or use a named function")


def _described(cls: type, more: dict[str, Any]) -> dict[str, Any]:
    ours = cls.__module__.startswith("pynn.")
    module = "keras" if ours else cls.__module__
    return {"module": module, "class_name": cls.__name__, **more, "registered_name": _registration(cls)}


def _registration(thing: Any) -> str | None:
    return next((name for name, known in _registered.items() if known is thing), None)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The object that `serialize` described. TypeError: a class that is neither ours nor registered nor given.

    Nothing is imported by name: a file cannot make it run code that the program does not have.
    """
    if custom_objects:
        with custom_object_scope(custom_objects):
            return deserialize(config)
    if isinstance(config, list):
        return [deserialize(item) for item in config]
    if not isinstance(config, dict):
        return config
    if "class_name" not in config or "config" not in config:
        return {key: deserialize(item) for key, item in config.items()}
    if config["class_name"] == "__ellipsis__":
        return Ellipsis
    if config["class_name"] == "__slice__":
        return slice(*(config["config"][end] for end in ("start", "stop", "step")))
    if str(config.get("module")).startswith("keras.src.ops"):
        return import_module("pynn.keras.layers.operation").of_keras(config["class_name"], config["config"])
    is_function = config["class_name"] == "function"
    name = config["config"] if is_function else config["class_name"]
    found = _find(config.get("registered_name")) or _find(name)
    if config["class_name"] == "DTypePolicy":
        return config["config"]["name"]
    if found is None:
        raise UnknownObject(
            f"Could not locate {name!r} ({config.get('registered_name') or 'not registered'}). Decorate it with "
            "@keras.saving.register_keras_serializable(), or pass custom_objects={name: class}."
        )
    return found if is_function else found.from_config(config["config"])


def _find(name: Any) -> Any:
    """What a name stands for: in the scopes, registered, or ours."""
    for known in (*reversed(_scopes), _registered):
        if name in known:
            return known[name]
    return _ours(name)


def _ours(name: Any) -> Any:
    """A public class, or a function that takes tensors: no other of our functions can be named by a file."""
    for place in _PLACES if isinstance(name, str) else ():
        module = import_module(f"pynn.keras.{place}")
        if name not in module.__all__ or name in ("deserialize", "get", "serialize"):
            continue
        found = getattr(module, name)
        if isinstance(found, type) or place in ("activations", "losses", "metrics"):
            return found
    return None


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Any], Any]:
    """A decorator: the class or function can be loaded from a saved model under "package>name"."""

    def decorate(thing: Any) -> Any:
        if inspect.isclass(thing) and not hasattr(thing, "get_config"):
            raise ValueError("Cannot register a class that does not have a get_config() method.")
        _registered[f"{package}>{name or thing.__name__}"] = thing
        return thing

    return decorate


@contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any]) -> Iterator[None]:
    """Names for classes and functions that are loaded inside this context."""
    _scopes.append(custom_objects)
    try:
        yield
    finally:
        _scopes.pop()
