"""Input: where a model's data comes in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...engine.tensor import Tensor
from ...engine.typing import DTypeLike
from ...support.neutral import neutral
from ..common.symbolic import KerasTensor, Node
from .base import Layer


class InputLayer(Layer):
    """The shape of one sample, as the first layer of a model.

    shape: sizes of one sample, None for any; n stands for (n,)
    batch_size: number of samples; None for any
    dtype: type of the samples; None for keras.config.floatx()
    batch_shape: (batch_size, *shape), in place of both; None: not given
    input_shape: older name of shape; None: not given
    """

    @neutral(sparse=False, ragged=False, optional=False, input_tensor=None)
    def __init__(
        self,
        shape: Sequence[int | None] | int | None = None,
        batch_size: int | None = None,
        dtype: DTypeLike = None,
        *,
        batch_shape: Sequence[int | None] | None = None,
        input_shape: Sequence[int | None] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        shape = input_shape if shape is None else shape
        if batch_shape is not None and (shape is not None or batch_size is not None):
            other = "batch_size" if shape is None else "shape"
            raise ValueError(f"You cannot pass both `{other}` and `batch_shape` at the same time.")
        if batch_shape is None and shape is None:
            raise ValueError("You must pass a `shape` argument: the sizes of one sample, without the batch.")
        sample = (shape,) if isinstance(shape, int) else shape or ()
        self.batch_shape = (batch_size, *sample) if batch_shape is None else tuple(batch_shape)
        self.built, self._build_shape = True, self.batch_shape
        Node(self, (), {}, KerasTensor(self.batch_shape, self._dtype, self.name))

    def call(self, inputs: Tensor) -> Tensor:
        return inputs

    def get_config(self) -> dict[str, Any]:
        """The shape with the batch, the dtype and the name."""
        return {"batch_shape": list(self.batch_shape), "dtype": self._dtype.name, "name": self.name}


@neutral(sparse=False, ragged=False, optional=False, tensor=None)
def Input(
    shape: Sequence[int | None] | int | None = None,
    batch_size: int | None = None,
    dtype: DTypeLike = None,
    *,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
) -> KerasTensor:
    """A KerasTensor for samples of this shape: layers called on it make a graph for `Model(inputs, outputs)`.

    It may also be the first entry of a Sequential. `batch_shape` is the shape with the size of the batch (or None).
    """
    return InputLayer(shape, batch_size, dtype, batch_shape=batch_shape, name=name).output
