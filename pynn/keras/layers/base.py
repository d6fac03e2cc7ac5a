"""Layer: holds weights, and computes outputs from inputs in `call`."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from ...engine import budget, nest, replicas
from ...engine.convert import convert_to_tensor, operand, to_shape
from ...engine.dtypes import DType, as_dtype
from ...engine.scope import scope_of
from ...engine.tensor import Operators, Tensor
from ...engine.typing import DTypeLike, Shape, TensorLike
from ...engine.variable import Variable
from ...support.neutral import neutral
from .. import config, constraints, initializers, regularizers
from ..common.configuration import Configured
from ..common.names import auto_name
from ..common.symbolic import Node, as_shapes, is_symbolic
from ..variables import owned, penalties
from . import _symbolic, _weights
from ._options import LayerOptions as LayerOptions
from .outermost import OUTSIDE, scope

_BY_NAME: Any = object()  # the inputs are among the keyword arguments


class _Missing:
    """In place of an attribute that Layer's constructor sets: an error where a subclass's did not call it."""

    def __get__(self, layer: Any, cls: type) -> Any:
        if layer is not None:  # a class may be asked, as inspect does
            raise RuntimeError(f"In {cls.__name__}, you forgot to call `super().__init__()` first in `__init__()`.")


class Layer(Configured):
    """Base class of layers and models.

    A subclass makes weights by `add_weight` in `build(input_shape)`, before its first call, and computes in
    `call(inputs)` or `call(inputs, training)`. Its variables and layers are attributes, also in lists and dicts.

    name: of the layer; None for one made of the class's: dense, dense_1, ...
    trainable: False: no weight of the layer, or of those inside, is trained
    dtype: type of the weights, to which float inputs are cast; None for keras.config.floatx()
    activity_regularizer: of the outputs, per sample: name or object of keras.regularizers, function, or None
    input_shape: sizes of one sample, if the layer is the first of a Sequential, which then is built; None: not known
    input_dim: the same: n stands for (n,)
    batch_input_shape: the same, with the batch's size before it, which is not used
    """

    _parts, count_params, _own_weights = _weights.parts, _weights.count_params, _weights.own_weights
    get_weights, set_weights = _weights.get_weights, _weights.set_weights
    save_own_variables, load_own_variables = _weights.save_own_variables, _weights.load_own_variables
    compute_output_shape = _symbolic.compute_output_shape
    _symbolic_call, _inferred = _symbolic.symbolic_call, _symbolic.inferred

    built, _trainable = False, True
    _module = "keras.layers"
    _dtype: Any = _Missing()
    _takes_training = _has_own_build = _is_of_layers = False

    @neutral(autocast=True)
    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: DTypeLike = None,
        name: str | None = None,
        input_shape: Any = None,
        input_dim: int | None = None,
        batch_input_shape: Any = None,
        **unknown: Any,
    ) -> None:
        for argument in unknown:  # Python itself would name Layer instead of the class
            raise TypeError(f"{type(self).__name__}.__init__() got an unexpected keyword argument {argument!r}")
        self.name = name or auto_name(type(self))
        self.activity_regularizer: Any = regularizers.get(activity_regularizer)
        if not isinstance(trainable, bool):
            raise ValueError(f"Expected `trainable` to be a boolean. Received: {trainable!r}")
        self._trainable = trainable
        self._dtype = as_dtype(dtype or config.floatx()).dtype
        self._weights: list[Variable] = []
        input_shape = input_shape if batch_input_shape is None else tuple(batch_input_shape)[1:]
        self._first_shape = (input_dim,) if input_dim is not None else input_shape
        self._build_shape: Any = None
        self._nodes: list[Node] = []
        self._call_losses: list[Tensor] = []  # of the last outermost call that reached this layer
        self._own_losses: tuple[list[Tensor] | None, list[Tensor]] = None, []  # such a list, what this layer added

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls._takes_training = "training" in inspect.signature(cls.call).parameters
        cls._has_own_build = vars(cls).get("_has_own_build", cls._has_own_build or "build" in vars(cls))
        if "build" in vars(cls):
            cls.build = _marking_built(cls.build)  # type: ignore[method-assign]

    def build(self, input_shape: Any) -> None:
        """Makes the weights for inputs of this shape (the first size, of the batch, may be None)."""
        self.built, self._build_shape = True, input_shape

    def _build_for(self, input_shape: Any) -> None:
        """`build` with the shape of the first inputs; Model overrides it."""
        self.build(input_shape)

    def call(self, inputs: Any) -> Any:
        """The outputs; a subclass writes it."""
        raise NotImplementedError(f"Layer {type(self).__name__} does not have a `call()` method")

    def __call__(self, inputs: Any = _BY_NAME, /, *args: Any, **kwargs: Any) -> Any:
        """`call` on Tensors of the layer's dtype, after `build`; `training` also reaches the layers inside."""
        if inputs is _BY_NAME:
            inputs = self._inputs_by_name(kwargs)
        if type(inputs) is not Tensor or inputs._array.dtype is not self._dtype:
            if is_symbolic(inputs, *args, *kwargs.values()):
                return self._symbolic_call(inputs, *args, **kwargs)
            inputs = self._cast(inputs)
        if not self.built:
            with scope_of(self):
                self._build_for(nest.map_structure(lambda x: x._array.shape, inputs))
                self.built = True
                try:
                    return self(inputs, *args, **kwargs)  # in which the layers inside are built
                except BaseException:
                    self.built = self._has_own_build  # else a later call builds inner layers outside the name scope
                    raise
        outer = scope.training
        if args and self._takes_training:
            training = inspect.signature(self.call).bind(inputs, *args, **kwargs).arguments.get("training", outer)
        else:
            training = kwargs.pop("training", None)
            training = outer if training is None else training
            if "mask" in kwargs and kwargs["mask"] is None and "mask" not in inspect.signature(self.call).parameters:
                del kwargs["mask"]  # there is no masking; Keras's files have mask=None in each call
            if self._takes_training and training is not None and training is not OUTSIDE:
                kwargs["training"] = training
        if training is not outer or outer is OUTSIDE:
            return self._call_in_scope(None if training is OUTSIDE else training, inputs, *args, **kwargs)
        self._call_losses = scope.losses
        outputs = self.call(inputs, *args, **kwargs)
        if self.activity_regularizer is not None:
            self._regularize(outputs)
        return outputs

    def _call_in_scope(self, training: Any, /, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """`call`, where this layer is the outermost, or changes what `training` is for the layers inside."""
        outer = scope.training, scope.losses
        scope.training, scope.losses = training, [] if outer[0] is OUTSIDE else scope.losses
        self._call_losses = scope.losses
        try:
            outputs = self.call(inputs, *args, **kwargs)
            if self.activity_regularizer is not None:
                self._regularize(outputs)
        finally:
            scope.training, scope.losses = outer
        return outputs

    def _regularize(self, outputs: Any) -> None:
        """Adds the activity regularizer's value, divided by the batch's size as in Keras."""
        for output in nest.flatten(outputs):
            loss = self.activity_regularizer(output)
            self.add_loss(loss / max(output.shape[0], 1) if output.ndim else loss)

    def _inputs_by_name(self, kwargs: dict[str, Any]) -> Any:
        """The first argument of `call`, which was given by its name. TypeError: it was not."""
        name = next(iter(inspect.signature(self.call).parameters))
        if name not in kwargs:
            raise TypeError(f"Layer {self.name!r} was called without its first argument, {name!r}")
        return kwargs.pop(name)

    def _cast(self, x: TensorLike) -> Any:
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

    @neutral(autocast=True, aggregation="none", synchronization="auto", overwrite_with_gradient=False)
    def add_weight(
        self,
        shape: Shape = (),
        initializer: Any = None,
        dtype: DTypeLike = None,
        trainable: bool = True,
        *,
        regularizer: Any = None,
        constraint: Any = None,
        name: str = "variable",
    ) -> Variable:
        """A new variable of the layer; initializer, regularizer and constraint: names, objects or functions.

        Without an initializer, floats are drawn by "glorot_uniform", integers are 0 and bools False. The regularizer's
        value joins the layer's `losses`; optimizers apply the constraint after each update.
        """
        if isinstance(shape, str):
            raise TypeError(f"The first argument is the shape: add_weight(shape, name={shape!r})")
        dtype, sizes = as_dtype(dtype or self._dtype).dtype, to_shape(shape or ())
        budget.spend(math.prod(sizes))
        default = "glorot_uniform" if dtype.kind == "f" else "zeros"
        value = initializers.get(default if initializer is None else initializer)(sizes, dtype=dtype)
        if replicas.active:  # a layer that is built in fit
            value = replicas.active.broadcast(np.asarray(value))
        variable = owned(self, value, name, trainable, dtype)
        variable.regularizer, variable.constraint = regularizers.get(regularizer), constraints.get(constraint)
        self._weights.append(variable)
        return variable

    @property
    def weights(self) -> list[Variable]:
        """The variables of the layer, trainable ones first, and after them those of the layers inside."""
        return _weights.of_layer(self, Layer)

    @property
    def trainable_weights(self) -> list[Variable]:
        """What training changes: none if the layer is not trainable."""
        return _weights.of_layer(self, Layer, True)

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The other weights."""
        return _weights.of_layer(self, Layer, False)

    variables, trainable_variables, non_trainable_variables = weights, trainable_weights, non_trainable_weights

    @property
    def trainable(self) -> bool:
        """Whether training changes the layer; setting it sets it for the layers inside as well."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._tree():
            layer._trainable = bool(value)

    def _tree(self) -> list[Layer]:
        """This and all layers inside it, without duplicates, outer ones first."""
        return _weights.tree(self, Layer)

    def add_loss(self, loss: Any) -> None:
        """In `call`: adds a scalar, or a list of them, to what training minimizes for this call."""
        losses = [operand(item) for item in (loss if isinstance(loss, (list, tuple)) else [loss])]
        if self._own_losses[0] is not scope.losses:
            self._own_losses = scope.losses, []
        self._own_losses[1].extend(losses)
        scope.losses.extend(losses)

    @property
    def losses(self) -> list[Tensor]:
        """The losses that the last call added, then the regularizers' values of the trainable weights."""
        added = [loss for x in self._tree() if x._own_losses[0] is self._call_losses for loss in x._own_losses[1]]
        return added + penalties(self.trainable_weights)

    def get_build_config(self) -> dict[str, Any] | None:
        """What `build_from_config` needs to make the weights: the shape of the inputs; None before `build`."""
        return {"input_shape": self._build_shape} if self._build_shape is not None else None

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Makes the weights for inputs of the shape that `get_build_config` returned."""
        if (shape := config.get("input_shape")) is not None:
            self.build(as_shapes(shape))
            self.built = True

    @property
    def dtype(self) -> DType:
        """The type of the weights, and of the inputs that `call` gets."""
        return as_dtype(self._dtype)

    @property
    def input(self) -> Any:
        """The KerasTensors on which the layer was first called."""
        args = _symbolic.first_node(self).args
        return args[0] if len(args) == 1 else list(args)

    @property
    def output(self) -> Any:
        """The KerasTensors that the first call on KerasTensors returned."""
        return _symbolic.first_node(self).outputs

    def _for_config(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if not type(self).__init__.__module__.startswith("pynn."):
            return arguments
        # as in Keras, the object in place of a name like "glorot_uniform"
        named = {n for n, value in arguments.items() if isinstance(value, str) and n != "activation"}
        return {n: getattr(self, n, value) if n in named else value for n, value in arguments.items()}

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, with the name and dtype that the layer really has."""
        accepted = inspect.signature(type(self).__init__).parameters
        own = accepted.keys() if type(self).__init__ is not Layer.__init__ else set()
        older = {"input_shape", "batch_input_shape", "input_dim"} - own  # unless a subclass has them
        config = {name: value for name, value in super().get_config().items() if name not in older}
        if "activity_regularizer" in config and config["activity_regularizer"] is None:
            del config["activity_regularizer"]  # Keras's layers without one do not take the argument
        base = {"name": self.name, "trainable": self._trainable, "dtype": self._dtype.name}
        open_ended = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in accepted.values())
        return config | {key: value for key, value in base.items() if open_ended or key in accepted}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _marking_built(build: Callable[..., None]) -> Callable[..., None]:
    """A subclass's `build`, after which `built` is True and the shape is stored."""

    @functools.wraps(build)
    def wrapped(self: Layer, input_shape: Any = None) -> None:
        with scope_of(self):
            build(self, input_shape)
        self.built, self._build_shape = True, input_shape

    return wrapped
