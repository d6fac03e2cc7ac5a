"""Configurations: objects as JSON, and back. One mechanism for layers, models, optimizers, losses, initializers, ..."""

from __future__ import annotations

import inspect
import itertools
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import numpy as np

from ...engine.dtypes import DType, as_dtype
from ...engine.tensor import Operators, Tensor
from ...support.neutral import neutral, neutral_names
from . import registry
from .documentation import Documentation, Signature, is_ours
from .names import lookup

DEEPEST = 256  # levels of nesting: the parser uses stack for each, and a thread may have little


def parsed(text: str | bytes) -> Any:
    """The value of a JSON text (bytes: UTF-8). ValueError: no JSON, or nested deeper than DEEPEST levels."""
    text = text if isinstance(text, str) else text.decode()
    brackets = re.sub(r'"[^"]*"|[^][{}"]+', "", text.replace(r"\\", "").replace(r"\"", ""))
    if max(itertools.accumulate(1 if bracket in "[{" else -1 for bracket in brackets), default=0) > DEEPEST:
        raise ValueError(f"the text is nested deeper than {DEEPEST} levels")
    return json.loads(text)


class Configured:
    """Base of classes with a configuration: the constructor's arguments, stored when it is called."""

    _module: str  # the module under which Keras has the classes of this family, like "keras.layers"
    _arguments: tuple[tuple[Any, ...], dict[str, Any]]
    __signature__ = Signature()

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)  # typing.Generic's, or another base's beside ours
        if is_ours(cls) and hasattr(cls, "_module") and not cls.__name__.startswith("_"):
            registry.OURS[cls._module, cls.__name__] = cls
            if text := vars(cls).get("__doc__"):  # none with `python -OO`
                cls.__doc__ = Documentation(text)  # type: ignore[assignment]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        new = super().__new__(cls)
        new._arguments = args, kwargs
        return new

    def __init__(self) -> None:  # object's own would take any arguments, beside a `__new__` that does
        pass

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if "_dtype" in state:  # a copy's is another object; quick checks compare with the one that NumPy gives
            self._dtype = np.dtype(state["_dtype"].name)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, defaults included, in the types that JSON has."""
        signature = inspect.signature(type(self).__init__)
        args, kwargs = self._arguments
        omitted = neutral_names(type(self)) - signature.parameters.keys()
        bound = signature.bind(self, *args, **{name: value for name, value in kwargs.items() if name not in omitted})
        bound.apply_defaults()
        config: dict[str, Any] = {}
        theirs = self._only_theirs(signature)
        for name, value in list(bound.arguments.items())[1:]:
            kind = signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                config |= value
            elif kind is not inspect.Parameter.VAR_POSITIONAL and name not in theirs:
                config[name] = value
        if "name" in config and config["name"] is None:
            config["name"] = getattr(self, "name", None)  # the name made for it
        return {name: serialize(value) for name, value in self._for_config(config).items()}

    def _only_theirs(self, signature: inspect.Signature) -> set[str]:
        """The arguments that only a user's subclass with a `get_config` has: it adds them itself, as in Keras."""
        writer = next(base for base in type(self).__mro__ if "get_config" in vars(base))
        if is_ours(writer):
            return set()
        ours = [vars(base)["__init__"] for base in type(self).__mro__ if is_ours(base) and "__init__" in vars(base)]
        return set(signature.parameters).difference(*(inspect.signature(one).parameters for one in ours))

    def _for_config(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments as the configuration has them."""
        return arguments

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Self:
        """A new object from what `get_config` returned; custom_objects: a user's classes and functions by name."""
        return cls(**{name: deserialize(value, custom_objects) for name, value in config.items()})


def resolve(family: str, kind: str, identifier: Any, known: Mapping[str, Any]) -> Any:
    """What `get` gives for a name, class or configuration: an object of it, or a function; all else as it is."""
    if isinstance(identifier, dict):
        identifier = deserialize(identifier, family=family)
    found = identifier if identifier is None or callable(identifier) else lookup(kind, identifier, known)
    return found() if isinstance(found, type) else found


_objects = threading.local()


@contextmanager
def _shared(name: str) -> Iterator[dict[Any, Any]]:
    """The objects "written" or "read" so far in the outermost call, which may refer to them again."""
    if outermost := not hasattr(_objects, name):
        setattr(_objects, name, {})
    try:
        yield getattr(_objects, name)
    finally:
        if outermost:
            delattr(_objects, name)


def serialize(obj: Any) -> Any:
    """The object in JSON's types. TypeError: nothing there describes it, like a lambda."""
    if obj is None or isinstance(obj, (bool, int, float, str)):
        return obj
    if isinstance(obj, slice):
        ends = {"start": obj.start, "stop": obj.stop, "step": obj.step}
        return {"class_name": "__slice__", "config": serialize(ends)}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, (list, tuple)):
        return [serialize(item) for item in obj]
    if isinstance(obj, dict):
        return {str(key): serialize(item) for key, item in obj.items()}
    if isinstance(obj, np.generic):
        return obj.item()
    if isinstance(obj, (np.ndarray, Operators)):
        name = "__numpy__" if isinstance(obj, np.ndarray) else "__tensor__"
        array = np.asarray(obj)
        return {"class_name": name, "config": {"value": array.tolist(), "dtype": array.dtype.name}}
    if isinstance(obj, (DType, np.dtype)) or (isinstance(obj, type) and issubclass(obj, np.generic)):
        return np.dtype(obj).name
    if hasattr(obj, "get_config") or isinstance(obj, type):
        return _described(obj)
    if not callable(obj) or getattr(obj, "__name__", "<lambda>") == "<lambda>":
        raise TypeError(f"{obj!r} has no configuration: give it a get_config() method, or use a named function")
    name = registry.registered_name(obj) or obj.__name__
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


def _described(value: Any) -> dict[str, Any]:
    """A class, or an object: its class and configuration, the shape it was built for, how it was compiled."""
    cls = value if isinstance(value, type) else type(value)
    ours = is_ours(cls)
    with _shared("written") as written:
        # a user's configuration may hold objects; descriptions stay themselves: they may yet be marked as shared
        config = {} if cls is value else value.get_config()
        described: dict[str, Any] = {
            "module": getattr(cls, "_module", None) if ours else cls.__module__,
            "class_name": cls.__name__,
            "config": {name: v if isinstance(v, (dict, list)) else serialize(v) for name, v in config.items()},
            "registered_name": None if ours else registry.registered_name(cls) or cls.__name__,
        }
        if cls is not value:
            for part in ("build_config", "compile_config"):
                about: Any = getattr(value, f"get_{part}", dict)()
                if about:
                    described[part] = serialize(about)
            _, first = written.setdefault(id(value), (value, described))
            if first is not described:
                first["shared_object_id"] = described["shared_object_id"] = id(value)
    return described


@neutral(safe_mode=True)
def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None, *, family: str | None = None) -> Any:
    """The object that `serialize` described; family: the module for names without one, like "keras.losses".

    TypeError: a class neither of Keras, registered, nor in custom_objects. Other errors name the object that failed.
    """
    if custom_objects:
        with registry.custom_object_scope(custom_objects):
            return deserialize(config, family=family)
    if isinstance(config, list):
        return [deserialize(item, family=family) for item in config]
    if not isinstance(config, dict):
        return config
    if "class_name" not in config or "config" not in config:
        return {key: deserialize(item, family=family) for key, item in config.items()}
    name, inner = config["class_name"], config["config"]
    if name == "__ellipsis__":
        return Ellipsis
    if name == "__slice__":
        return slice(*(inner[end] for end in ("start", "stop", "step")))
    if name in ("__numpy__", "__tensor__"):
        array = np.array(inner["value"], as_dtype(inner["dtype"]).dtype)
        return array if name == "__numpy__" else Tensor(array)
    if name == "DTypePolicy":
        return inner["name"]
    if name == "function":
        return registry.find_function(config, family)
    with _shared("read") as read:
        key = config.get("shared_object_id")
        if key is None:
            return _made(config, family)
        if key not in read:
            read[key] = _made(config, family)
        return read[key]


def _made(config: dict[str, Any], family: str | None) -> Any:
    cls, inner = registry.find_class(config, family), config["config"]
    if not isinstance(inner, dict):
        raise TypeError(f"The config of {config['class_name']} is a dict, got {inner!r}")
    try:
        made = cls.from_config(inner)
        if config.get("build_config") and not made.built:
            made.build_from_config(config["build_config"])
        if config.get("compile_config"):
            made.compile_from_config(config["compile_config"])
    except (TypeError, ValueError) as error:
        if isinstance(error, registry.UnknownObject):
            raise
        about = f"{config['class_name']} {inner['name']!r}" if "name" in inner else config["class_name"]
        kind = TypeError if isinstance(error, TypeError) else ValueError  # not a subclass: it may take more arguments
        raise kind(f"{about} cannot be made of its configuration: {error}") from None
    return made
