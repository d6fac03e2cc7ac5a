"""What fit trains."""

from __future__ import annotations

from ...variable import Variable
from ..layers import Layer


class Trained:
    """What an epoch of fit trains: looked for in its first step, and again when a step reads other variables.

    So a layer that is built late takes part at once; one whose `trainable` a callback sets, from the next epoch on.
    Keras asks for another `compile` there.
    """

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._read: tuple[Variable, ...] | None = None

    def variables(self, read: tuple[Variable, ...]) -> list[Variable]:
        """The layer's trainable variables, of which a step's tape saw `read`."""
        if self._read is None or list(map(id, read)) != list(map(id, self._read)):
            self._read, self._found = read, self._layer.trainable_variables
        return self._found
