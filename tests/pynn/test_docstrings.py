"""What `help` and editors show of a class: its arguments, and a line about each in the class's own docstring."""

from __future__ import annotations

import enum
import inspect
import re
from types import ModuleType

import kernels
import pynn as tf
import pynn.sklearn  # which is among the modules, once it is imported
from pynn.keras import layers, optimizers

MADE_BY_FUNCTIONS = {  # their docstrings name the functions; nobody calls the constructors
    tf.data.Dataset, tf.data.Iterator, tf.Tensor, tf.engine.tensor.Reference, tf.summary.SummaryWriter
}  # fmt: skip
# Packages under pynn that are no namespaces of TensorFlow's, and what other tests may have imported: programs
INSIDE = ("pynn.engine", "pynn.ops", "pynn.support", "pynn.bench", "pynn.cli")
LINE = re.compile(r"((?:\w+, )*\w+): ")


def public_classes(module: ModuleType, seen: set[str]) -> set[type]:
    """Of a module and the public ones in it: what its `__all__` names, else what public modules define.

    Without exceptions, which operations raise, and enumerations, whose members are used.
    """
    seen.add(module.__name__)
    found = set()
    for name in getattr(module, "__all__", None) or [name for name in dir(module) if name[0] != "_"]:
        value = getattr(module, name)
        home = value.__name__ if isinstance(value, ModuleType) else str(getattr(value, "__module__", ""))
        if isinstance(value, ModuleType) and home.startswith(INSIDE):
            continue
        if home.partition(".")[0] not in ("pynn", "kernels") or ("._" in home and not hasattr(module, "__all__")):
            continue
        if isinstance(value, ModuleType) and home not in seen:
            found |= public_classes(value, seen)
        elif isinstance(value, type) and not issubclass(value, (BaseException, enum.Enum)):
            found.add(value)
    return found


def described(cls: type) -> list[str]:
    """The names before the colons: `name: ...` or `name, name: ...`; more indented lines go on with the one before."""
    text = inspect.cleandoc(cls.__doc__ or "").replace("\n    ", " ")
    matches = [LINE.match(line) for line in text.splitlines()[1:]]
    names = [name for match in matches if match for name in match[1].split(", ")]
    return [name for name in names if not name.endswith("Error")]


def test_each_argument_has_a_line():
    seen: set[str] = set()
    classes = (public_classes(tf, seen) | public_classes(kernels, seen)) - MADE_BY_FUNCTIONS
    assert {layers.Dense, optimizers.schedules.CosineDecay, tf.Variable, tf.keras.utils.PyDataset} <= classes
    wrong = []
    for cls in sorted(classes, key=str):
        names, arguments = described(cls), list(inspect.signature(cls).parameters)
        if sorted(names) != sorted(arguments):
            lacking, unknown = [a for a in arguments if a not in names], [n for n in names if n not in arguments]
            wrong.append(f"{cls.__module__}.{cls.__name__}: no line for {lacking}, no argument {unknown}")
    assert not wrong, f"{len(wrong)} of {len(classes)} classes, or a line given twice:\n" + "\n".join(wrong)


def test_signatures_show_the_options():
    """`**options: Unpack[...]` as the names in it, but for those that the class has; with the base class's defaults."""
    shown = inspect.signature(layers.Dense).parameters
    assert {"units", "name", "trainable", "dtype", "input_shape"} < shown.keys() and "options" not in shown
    assert shown["trainable"].default is True and shown["name"].kind is inspect.Parameter.KEYWORD_ONLY
    decay = inspect.signature(optimizers.AdamW).parameters["weight_decay"]
    assert decay.default == 0.004 and decay.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    assert not inspect.signature(tf.keras.constraints.NonNeg).parameters


def test_signatures_of_classes_of_ones_own():
    class Own(layers.Dense):
        def __init__(self, units, more=2, **options):
            super().__init__(units, **options)

    class New(layers.Dense):
        def __new__(cls, units):
            return super().__new__(cls, units)

    class Mixin:
        def __init__(self, mixed):
            pass

    class Mixed(Mixin, layers.Dense):
        pass

    class Inherits(layers.Dense):
        pass

    assert [list(inspect.signature(cls).parameters) for cls in (Own, New, Mixed)] == [
        ["units", "more", "options"], ["units"], ["mixed"]
    ]  # fmt: skip
    assert inspect.signature(Inherits) == inspect.signature(layers.Dense)
    assert Inherits.__doc__ is None and type("Loss", (tf.keras.losses.Huber,), {}).__doc__ is None
    for layer in (layers.Dense(1), Own(1)):  # what calling the object takes
        assert inspect.signature(layer) == inspect.signature(layer.__call__)


def test_without_docstrings(run_python):
    done = run_python("from pynn import keras; keras.Sequential([keras.layers.Dense(1)])", PYTHONOPTIMIZE="2")
    assert done.returncode == 0, done.stderr
