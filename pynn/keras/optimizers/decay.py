"""Weight decay beside the gradient: w -= learning_rate * weight_decay * w."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...engine.variable import Variable


class WeightDecay:
    """Decays variables but for those that are excluded, themselves or by a regular expression in their name."""

    def __init__(self) -> None:
        self._excluded: list[Variable] = []
        self._pattern: str | None = None

    def exclude(self, variables: Iterable[Variable], patterns: Iterable[str]) -> None:
        """Variables, and regular expressions."""
        self._excluded, self._pattern = list(variables), "|".join(patterns) or None

    def __call__(self, variables: list[Variable], rate: float) -> None:
        ids = set(map(id, self._excluded))
        for v in variables:
            if not (id(v) in ids or (self._pattern and re.search(self._pattern, v.name))):
                w = v._writable()
                w -= w * rate
