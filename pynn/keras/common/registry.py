"""What a name in a configuration may stand for: our classes by Keras's module and name, or what a program registered.

Nothing is imported by name: a file cannot make it run code that the program does not have.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

OURS: dict[tuple[str | None, str], Any] = {}  # (module, name), filled where classes and functions are defined
_registered: dict[str, Any] = {}


class _Scopes(threading.local):
    open: tuple[Mapping[str, Any], ...] = ()  # the innermost first


_scopes = _Scopes()


class UnknownObject(TypeError):
    """A configuration names a class or function that the program does not have."""


def find_class(config: dict[str, Any], family: str | None) -> Any:
    """The class that a configuration names; family: the module for names without one, like "keras.losses".

    UnknownObject: neither of Keras nor registered nor in custom_objects. ValueError: Keras's under a registered name.
    """
    name, registered, module = config["class_name"], config.get("registered_name"), config.get("module")
    ours = isinstance(module, str) and module.split(".")[0] == "keras"
    found = None if ours else _find_custom(registered, name)
    if found is None and (ours or "module" not in config):
        found = _find_ours(module, name, family)
        if found is not None and registered not in (None, name):
            raise ValueError(f"{module}.{name} has no registered name, but the configuration says {registered!r}")
    if found is None:
        raise _unknown(name, registered)
    return found


def find_function(config: dict[str, Any], family: str | None) -> Any:
    """The function that a configuration names. UnknownObject: neither of Keras nor registered nor in custom_objects."""
    name, registered = config["config"], config.get("registered_name")
    found = _find_custom(name, None if registered == "function" else registered)
    if found is None:
        modules = (family, "keras.activations", "keras.losses", "keras.metrics")
        found = next((OURS[module, name] for module in modules if (module, name) in OURS), None)
    if found is None or isinstance(found, type):
        raise _unknown(name, registered)
    return found


def _find_ours(module: str | None, name: Any, family: str | None) -> Any:
    """By module and name; where the module names no family ("keras" in older files), by family, then by name alone."""
    for place in (module, family):
        if (place, name) in OURS:
            return OURS[place, name]
    if module in (None, "keras", "keras.models"):
        return next((thing for (_, known), thing in OURS.items() if known == name and isinstance(thing, type)), None)
    return None


def _find_custom(*names: Any) -> Any:
    """In the scopes, the innermost first, or registered."""
    known = (*_scopes.open, _registered)
    return next((place[name] for name in names if isinstance(name, str) for place in known if name in place), None)


def _unknown(name: Any, registered: Any) -> UnknownObject:
    return UnknownObject(
        f"Could not locate {name!r} ({registered or 'not registered'}). Decorate it with "
        "@keras.saving.register_keras_serializable(), or pass custom_objects={name: class}."
    )


def registered_name(thing: Any) -> str | None:
    """The name under which it was registered."""
    return next((name for name, known in _registered.items() if known is thing), None)


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Any], Any]:
    """A decorator: the class or function can be loaded from a saved model under "package>name"."""

    def decorate(thing: Any) -> Any:
        if inspect.isclass(thing) and not hasattr(thing, "get_config"):
            raise ValueError("Cannot register a class that does not have a get_config() method.")
        _registered[f"{package}>{name or thing.__name__}"] = thing
        return thing

    return decorate


@contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any] | None) -> Iterator[None]:
    """Names for classes and functions that this thread loads inside this context."""
    outer, _scopes.open = _scopes.open, (custom_objects or {}, *_scopes.open)
    try:
        yield
    finally:
        _scopes.open = outer
