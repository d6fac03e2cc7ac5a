"""Nests: lists, tuples and dicts inside each other, as TensorFlow's `tf.nest` walks them. Dicts go by sorted keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any


def is_nested(value: Any) -> bool:
    """Whether value is a list, tuple or dict (all else is a leaf)."""
    return isinstance(value, (list, tuple, dict))


def flatten(structure: Any) -> list[Any]:
    """The leaves, in order; of a leaf, the list of it alone."""
    if isinstance(structure, dict):
        structure = [structure[key] for key in sorted(structure)]
    elif not isinstance(structure, (list, tuple)):
        return [structure]
    leaves: list[Any] = []
    for item in structure:
        leaves += flatten(item)
    return leaves


def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """The leaves in the structure's form. ValueError: too few or too many of them."""
    leaves = list(flat_sequence)
    count = len(flatten(structure))
    if count != len(leaves):
        raise ValueError(f"The structure has {count} leaves, but {len(leaves)} were given")
    return _packed(structure, iter(leaves))


def _packed(structure: Any, leaves: Iterator[Any]) -> Any:
    return map_items(lambda item: _packed(item, leaves), structure) if is_nested(structure) else next(leaves)


def map_items(func: Callable[[Any], Any], structure: Any) -> Any:
    """func of each item of the outermost list, tuple or dict, in its form."""
    if isinstance(structure, dict):
        made = copy(structure)  # of its type, in its own order
        for key in sorted(structure):
            made[key] = func(structure[key])
        return made
    items = [func(item) for item in structure]
    return type(structure)(*items) if hasattr(structure, "_fields") else type(structure)(items)


def flatten_up_to(shallow: Any, structure: Any, check_types: bool = True) -> list[Any]:
    """The parts of the structure that stand where the leaves of `shallow` do. TypeError, ValueError: another form.

    check_types False: a list may stand for a tuple.
    """
    if not is_nested(shallow):
        return [structure]
    pairs = _pairs(shallow, structure, check_types)
    return [part for first, second in pairs for part in flatten_up_to(first, second, check_types)]


def _pairs(first: Any, second: Any, check_types: bool = True) -> list[tuple[Any, Any]]:
    """The items of two nests that stand at the same place. TypeError, ValueError: other types, other keys."""
    kinds = (dict, list) if check_types else (dict,)
    if not is_nested(second) or any(isinstance(first, k) != isinstance(second, k) for k in kinds):
        raise TypeError(f"The two structures don't have the same types: {first!r} and {second!r}")
    keys, others = (sorted(each) if isinstance(each, dict) else range(len(each)) for each in (first, second))
    if keys != others:
        raise ValueError(f"The two structures don't have the same nested structure: {first!r} and {second!r}")
    return [(first[key], second[key]) for key in keys]


def map_structure(func: Callable[..., Any], *structures: Any) -> Any:
    """func of the leaves that stand at the same place, in the first structure's form. ValueError: different forms."""
    for other in structures[1:]:
        assert_same_structure(structures[0], other)
    return pack_sequence_as(structures[0], map(func, *map(flatten, structures)))


def assert_same_structure(nest1: Any, nest2: Any) -> None:
    """TypeError or ValueError where the two differ in form."""
    if is_nested(nest1) != is_nested(nest2):
        raise ValueError(f"The two structures don't have the same nested structure: {nest1!r} and {nest2!r}")
    for first, second in _pairs(nest1, nest2) if is_nested(nest1) else ():
        assert_same_structure(first, second)
