"""Layer: holds weights, and computes outputs from inputs in `call`."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ... import ops
from ...convert import as_array, convert_to_tensor
from ...dtypes import as_dtype
from ...tape import unrecorded
from ...tensor import Operators, Tensor
from ...variable import Variable
from .. import initializers
from .._names import auto_name


class _Scope(threading.local):
    training: bool | None = None  # of the outermost call, for the layers inside it


_scope = _Scope()


class Layer:
    """Base class of layers and models.

    A subclass makes weights with `add_weight` in `build(input_shape)`, which runs on the first call, and computes
    in `call(inputs)`; `call` may also take `training`. Variables and layers that are attributes, also in lists
    and dicts, are found by `weights` and `trainable_variables`. Float inputs are cast to `dtype`.
    """

    built = False
    _takes_training = False

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = "float32",
        input_shape: Any = None,
        input_dim: int | None = None,
    ) -> None:
        self.name = name or auto_name(type(self))
        self._trainable = trainable
        self._dtype = as_dtype(dtype or "float32").dtype
        self._weights: list[Variable] = []
        self._first_shape = (input_dim,) if input_dim is not None else input_shape
        self._build_shape: Any = None

    def __init_subclass__(cls) -> None:
        cls._takes_training = "training" in inspect.signature(cls.call).parameters
        if "build" in vars(cls):
            cls.build = _noting(cls.build)  # type: ignore[method-assign]

    def build(self, input_shape: Any) -> None:
        """Makes the weights for inputs of this shape (the first size, of the batch, may be None)."""
        self.built, self._build_shape = True, input_shape

    def _build_for(self, input_shape: Any) -> None:
        """Called with the shape of the first inputs."""
        self.build(input_shape)

    def call(self, inputs: Any) -> Any:
        """The outputs; a subclass writes it."""
        raise NotImplementedError(f"Layer {type(self).__name__} does not have a `call()` method")

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """`call` on Tensors of the layer's dtype, after `build`; `training` also reaches the layers inside."""
        if type(inputs) is not Tensor or inputs._array.dtype is not self._dtype:
            inputs = self._cast(inputs)
        if not self.built:
            self._build_for(_shapes(inputs))
            self.built = True
        outer = _scope.training
        if args and self._takes_training:
            bound = inspect.signature(self.call).bind(inputs, *args, **kwargs)
            training = bound.arguments.get("training", outer)
        else:
            training = kwargs.pop("training", None)
            training = outer if training is None else training
            if self._takes_training and training is not None:
                kwargs["training"] = training
        if training is outer:
            return self.call(inputs, *args, **kwargs)
        _scope.training = training
        try:
            return self.call(inputs, *args, **kwargs)
        finally:
            _scope.training = outer

    def _cast(self, x: Any) -> Any:
        if type(x) is not Tensor:
            if isinstance(x, dict):
                return {key: self._cast(item) for key, item in x.items()}
            if isinstance(x, (list, tuple)) and any(isinstance(i, (Operators, np.ndarray)) for i in x):
                return type(x)(self._cast(item) for item in x)
            if isinstance(x, Layer):
                raise TypeError(f"Layer {self.name!r} was called on the layer {x.name!r}; use keras.Sequential")
            x = convert_to_tensor(x)
        if x._array.dtype.kind == "f" and x._array.dtype != self._dtype:
            return ops.cast(x, self._dtype)
        return x

    def add_weight(
        self,
        shape: Any = (),
        initializer: Any = "glorot_uniform",
        dtype: Any = None,
        trainable: bool = True,
        *,
        name: str = "variable",
    ) -> Variable:
        """A new variable of the layer; the initializer: a name, or anything that keras.initializers.get takes."""
        dtype = as_dtype(dtype or self._dtype).dtype
        value = initializers.get(initializer)(tuple(shape), dtype=dtype)
        self._weights.append(Variable(value, trainable=trainable, name=name, dtype=dtype))
        return self._weights[-1]

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The shape of the output, found by calling the layer on zeros."""
        zeros = Tensor(np.zeros([n or 1 for n in input_shape], self._dtype))
        with unrecorded():
            return (input_shape[0], *self(zeros, training=False)._array.shape[1:])

    def _parts(self) -> tuple[list[Variable], list[Layer]]:
        """The variables and the layers among the attributes, each once."""
        variables: dict[int, Variable] = {}
        layers: dict[int, Layer] = {}
        _find(vars(self).values(), variables, layers)
        return list(variables.values()), list(layers.values())

    def _collect(self, trainable: bool | None) -> list[Variable]:
        """Variables of the layer and, after them, of the layers inside; all or (non-)trainable ones."""
        if trainable and not self._trainable:
            return []
        own, layers = self._parts()
        own.sort(key=lambda v: not v.trainable)
        if trainable is not None:
            own = [v for v in own if (v.trainable and self._trainable) == trainable]
        for layer in layers:
            own += layer._collect(trainable)
        return list({id(v): v for v in own}.values())

    @property
    def weights(self) -> list[Variable]:
        """The variables of the layer, trainable ones first, and after them those of the layers inside."""
        return self._collect(None)

    variables = weights

    @property
    def trainable_weights(self) -> list[Variable]:
        """What training changes: none if the layer is not trainable."""
        return self._collect(True)

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The other weights."""
        return self._collect(False)

    non_trainable_variables = non_trainable_weights

    @property
    def trainable(self) -> bool:
        """Whether training changes the layer; setting it sets it for the layers inside as well."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = value
        for layer in self._parts()[1]:
            layer.trainable = value

    def count_params(self) -> int:
        """The number of weights."""
        if not self.built:
            raise ValueError(f"Layer {self.name!r} isn't built: call it on data or `build(input_shape)` first.")
        return sum(v._array.size for v in self.weights)

    def get_weights(self) -> list[np.ndarray]:
        """Copies of the weights."""
        return [v._array.copy() for v in self.weights]

    def set_weights(self, weights: Any) -> None:
        """Takes weights as `get_weights` gives them; if one does not fit, none is changed."""
        variables = self.weights
        if len(weights) != len(variables):
            raise ValueError(
                f"You called `set_weights(weights)` on layer {self.name!r} with a weight list of length "
                f"{len(weights)}, but the layer was expecting {len(variables)} weights."
            )
        arrays = [as_array(w) for w in weights]
        for v, array in zip(variables, arrays, strict=True):
            if v.shape != array.shape:
                raise ValueError(
                    f"Layer {self.name} weight shape {v.shape} is not compatible with provided weight "
                    f"shape {array.shape}."
                )
        for v, array in zip(variables, arrays, strict=True):
            v.assign(array)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _noting(build: Callable[..., None]) -> Callable[..., None]:
    """A subclass's `build` that also notes that the layer is built, and for which shape."""

    @functools.wraps(build)
    def wrapped(self: Layer, input_shape: Any) -> None:
        build(self, input_shape)
        self.built, self._build_shape = True, input_shape

    return wrapped


def _find(values: Iterable[Any], variables: dict[int, Variable], layers: dict[int, Layer]) -> None:
    for value in values:
        kind = type(value)
        if kind is Variable:
            variables[id(value)] = value
        elif kind is list or kind is tuple:
            _find(value, variables, layers)
        elif kind is dict:
            _find(value.values(), variables, layers)
        elif isinstance(value, Layer):
            layers[id(value)] = value


def _shapes(x: Any) -> Any:
    if isinstance(x, dict):
        return {key: _shapes(item) for key, item in x.items()}
    return [_shapes(item) for item in x] if isinstance(x, (list, tuple)) else x._array.shape
