"""Nests: lists, tuples and dicts inside each other, as TensorFlow's `tf.nest` walks them. Dicts go by sorted keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    if isinstance(structure, dict):
        filled = {key: _packed(structure[key], leaves) for key in sorted(structure)}
        return type(structure)((key, filled[key]) for key in structure)  # in the structure's own order
    if isinstance(structure, (list, tuple)):
        items = [_packed(item, leaves) for item in structure]
        return type(structure)(*items) if hasattr(structure, "_fields") else type(structure)(items)
    return next(leaves)


def map_structure(func: Callable[..., Any], *structures: Any) -> Any:
    """func of the leaves that stand at the same place, in the first structure's form. ValueError: different forms."""
    for other in structures[1:]:
        assert_same_structure(structures[0], other)
    return pack_sequence_as(structures[0], map(func, *map(flatten, structures)))


def assert_same_structure(nest1: Any, nest2: Any) -> None:
    """TypeError or ValueError where the two differ in form."""
    if is_nested(nest1) != is_nested(nest2):
        raise ValueError(f"The two structures don't have the same nested structure: {nest1!r} and {nest2!r}")
    if not is_nested(nest1):
        return
    if isinstance(nest1, dict) != isinstance(nest2, dict) or isinstance(nest1, list) != isinstance(nest2, list):
        raise TypeError(f"The two structures don't have the same types: {type(nest1)} and {type(nest2)}")
    same = sorted(nest1) == sorted(nest2) if isinstance(nest1, dict) else len(nest1) == len(nest2)
    if not same:
        raise ValueError(f"The two structures don't have the same nested structure: {nest1!r} and {nest2!r}")
    for key in sorted(nest1) if isinstance(nest1, dict) else range(len(nest1)):
        assert_same_structure(nest1[key], nest2[key])
