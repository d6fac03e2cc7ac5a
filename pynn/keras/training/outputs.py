"""Outputs: assigns losses, metrics, targets and weights to the outputs of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...engine import nest


class Outputs:
    """The structure of a model's outputs; its methods return one entry for each output, in the order of nest.flatten.

    names: of the output layers, or output_0, output_1, ...; labels: in a nest, each output's path of keys, "v/dense";
    prefixes: what the metrics' names begin with. The last two are empty where Keras reports no output's name.
    """

    def __init__(self, y_pred: Any, names: list[str] | None) -> None:
        self._kind = type(y_pred)
        form: Any = nest.map_structure(lambda _: None, y_pred)
        self._form: Any = form if nest.is_nested(form) else [form]
        paths = _paths(y_pred)
        known = names is not None and len(names) == len(paths)
        layers = names if names is not None and known else [f"output_{i}" for i in range(len(paths))]
        flat = isinstance(y_pred, dict) and all(len(path) == 1 for path in paths)
        self.names = [str(path[0]) for path in paths] if flat else layers
        self.labels = [
            "/".join(map(str, path if path and not isinstance(path[-1], int) else (*path[:-1], name)))
            for path, name in zip(paths, layers, strict=True)
        ] if known or isinstance(y_pred, dict) else []  # fmt: skip
        self.prefixes = [] if len(paths) == 1 else self.names if flat else layers if known else []

    def fits(self, y_pred: Any) -> bool:
        """Whether outputs with the same number of leaves have this structure; only the outermost nest is compared."""
        return type(y_pred) is self._kind and (self._kind is not dict or y_pred.keys() == self._form.keys())

    def each(self, value: Any, what: str, partial: bool = True) -> list[Any]:
        """The value for each output: one for all, or from a nest by key, name or place. ValueError: another structure.

        partial: an output that a dict does not name has None; else it is an error.
        """
        if not nest.is_nested(value):
            return [value] * len(self.names)
        return self._matched(value, self._form, what, partial)

    def targets(self, y: Any, functions: Sequence[Any] = ()) -> list[Any]:
        """The targets by output; a list may leave out those of outputs that have no loss."""
        if y is None or isinstance(y, dict):
            return self.each(y, "y")
        used = [i for i, f in enumerate(functions) if f]
        given = list(y) if isinstance(y, (list, tuple)) else [y]
        if len(given) == len(self.names) or len(given) != len(used):
            return self.each(given, "y")
        placed = dict(zip(used, given, strict=True))
        return [placed.get(i) for i in range(len(self.names))]

    def _matched(self, value: Any, outputs: Any, what: str, partial: bool) -> list[Any]:
        if not nest.is_nested(outputs):
            return [value]
        leaves = len(nest.flatten(outputs))
        if value is None or (leaves == 1 and not nest.is_nested(value)):
            return [value] * leaves
        if isinstance(value, dict):
            parts = outputs if isinstance(outputs, dict) else dict(zip(self.names, outputs, strict=False))
            unknown = [key for key in value if key not in parts]
            missing = [] if partial else [key for key in parts if key not in value]
            if unknown or missing:
                does = f"names {unknown}" if unknown else f"does not name {missing}"
                raise ValueError(f"`{what}` {does}, but the model's outputs are {list(parts)}")
            pairs = [(value.get(key), parts[key]) for key in (sorted(parts) if parts is outputs else parts)]
        else:
            ordered = [outputs[key] for key in sorted(outputs)] if isinstance(outputs, dict) else outputs
            if not isinstance(value, (list, tuple)) or len(value) not in (len(ordered), leaves):
                count = len(value) if isinstance(value, (list, tuple)) else 1
                raise ValueError(f"`{what}` has {count} entries, but the model has {leaves} outputs")
            if len(value) != len(ordered):
                return list(value)
            pairs = list(zip(value, ordered, strict=True))
        return [found for pair in pairs for found in self._matched(*pair, what, partial)]


def _paths(outputs: Any) -> list[tuple[Any, ...]]:
    """The keys and places that lead to each leaf, in the order of nest.flatten."""
    if not nest.is_nested(outputs):
        return [()]
    keys = sorted(outputs) if isinstance(outputs, dict) else range(len(outputs))
    return [(key, *path) for key in keys for path in _paths(outputs[key])]
