"""Optimizer, the base of all update rules: learning rate, state, clipping, decay, averages, constraints."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from functools import partial
from typing import Any, TypeVar, dataclass_transform

import numpy as np

from ...engine import replicas
from ...engine.convert import as_array, to_shape
from ...engine.dtypes import as_dtype
from ...engine.tape import GradientTape
from ...engine.tensor import Tensor
from ...engine.typing import DTypeLike, Shape, TensorLike
from ...engine.variable import Variable, writable
from ...ops import cast, floordiv
from ...ops.network import product_tn
from ...support.neutral import neutral
from .. import initializers
from ..common.configuration import Configured, serialize
from ..common.names import auto_name
from ..variables import Variable as KerasVariable
from ..variables import owned, slot_name
from .options import Arrays, GradientMeans, MovingAverages, clipped, decay_weights
from .rate import LearningRate, number
from .schedules import InverseTimeDecay

Rule = TypeVar("Rule")
KEPT_BY_MALLOC = 2**25 - 2**16  # bytes; larger freed blocks do not raise the limit of glibc's malloc


@dataclass_transform(eq_default=False)
def rule(cls: type[Rule]) -> type[Rule]:
    """A decorator: makes the class a dataclass, whose fields are the constructor's arguments."""
    return neutral(loss_scale_factor=None)(dataclass(eq=False, repr=False)(cls))


@rule
class Optimizer(Configured):
    """Base class of update rules.

    A rule defines `_slots`, and `_update` for all variables or `_update_one` for one. A user's rule defines `build`,
    with `add_optimizer_variables`, and `update_step` instead, as in Keras.

    learning_rate, lr: a number, a LearningRateSchedule, or a function without arguments; lr is the older name
    weight_decay: before the update, w -= learning_rate * weight_decay * w; None: no decay
    clipnorm: largest norm of each gradient; at most one of the three limits can be set
    clipvalue: largest absolute value in a gradient
    global_clipnorm: largest norm of all gradients as one vector
    use_ema: whether to keep average = ema_momentum * average + (1 - ema_momentum) * w of each variable
    ema_momentum: in [0, 1]
    ema_overwrite_frequency: number of updates after which w is set to its average; None: never, but at fit's end
    gradient_accumulation_steps: n: every n steps one update, of the mean of their gradients; schedules see all steps
    name: of the optimizer; None: after the class
    decay: the learning rate is learning_rate / (1 + decay * steps); None: no decay
    """

    _module = "keras.optimizers"
    _has_own_step = False

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls._has_own_step = cls.update_step is not Optimizer.update_step

    learning_rate: LearningRate = LearningRate(0.01)
    _: KW_ONLY
    weight_decay: float | None = None
    clipnorm: float | None = None
    clipvalue: float | None = None
    global_clipnorm: float | None = None
    use_ema: bool = False
    ema_momentum: float = 0.99
    ema_overwrite_frequency: int | None = None
    gradient_accumulation_steps: int | None = None
    name: str | None = None
    lr: LearningRate = LearningRate(None)
    decay: float | None = None

    def __post_init__(self) -> None:
        self._check()
        if sum(limit is not None for limit in (self.clipnorm, self.clipvalue, self.global_clipnorm)) > 1:
            raise ValueError("Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set.")
        self.name, self.built = self.name or auto_name(type(self)), False
        self._means = GradientMeans(self.gradient_accumulation_steps) if self.gradient_accumulation_steps else None
        self._averages = MovingAverages(self.ema_momentum, self.ema_overwrite_frequency) if self.use_ema else None
        self._rate: Any = InverseTimeDecay(number(self._rate), 1, self.decay) if self.decay else self._rate
        if not callable(self._rate):
            self._rate = owned(self, number(self._rate), "learning_rate", dtype="float32")
        self._iterations = owned(self, np.int64(0), "iteration")
        self._step = 0  # number of the current update
        self._state: dict[int, list[Variable]] = {}  # by the id of a variable: the variable, then its slots
        self._columns: list[slice] = []  # of [v, slots of v, w, slots of w, ...]: the variables, then each slot
        self._added: list[Variable] = []
        self.exclude_from_weight_decay()

    def _check(self) -> None:
        """A rule's ValueErrors about its arguments."""

    @property
    def iterations(self) -> Any:
        """The number of updates: a Variable; with `gradient_accumulation_steps`, a Tensor."""
        return floordiv(self._iterations, self._means.steps) if self._means else self._iterations

    @property
    def variables(self) -> list[Variable]:
        """The steps, the learning rate, and the state, in the order of Keras's files."""
        return [self._iterations, *([] if callable(self._rate) else [self._rate]), *self._added]

    def older_variables(self) -> list[Variable]:
        """As `variables`, in the order of version 0.1's files: the slots last, variable by variable."""
        slots = {id(slot): slot for _, *own in self._state.values() for slot in own}
        return [v for v in self.variables if id(v) not in slots] + list(slots.values())

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_state": list(self._state.values())}  # a copy's variables have other ids

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._state = {id(held[0]): held for held in state["_state"]}

    def build(self, variables: Iterable[Variable]) -> None:
        """Makes the state of these variables, the only ones that can be updated afterwards."""
        if self.built:
            return
        # A block that is freed makes glibc's malloc keep all up to its size. Else a step's gradients may go back to the
        # system, by chance of the heap's layout, and page faults make an epoch of MNIST take three times as long.
        np.empty(KEPT_BY_MALLOC, np.uint8)
        self._state = {id(v): [v] for v in variables}
        variables = [v for (v,) in self._state.values()]
        if self._averages:
            self._averages.averages = self.add_optimizer_variables(variables, "average")
        if self._means:
            self._means.sums = self.add_optimizer_variables(variables, "gradient_accumulator")
        for group in self._slots():
            for held in self._state.values():
                for name, value in group.items():
                    held.append(self.add_variable_from_reference(held[0], name, initializers.Constant(value)))
        n = 1 + sum(map(len, self._slots()))
        self._columns = [slice(i, None, n) for i in range(n)]
        self.built = True

    def _slots(self) -> list[dict[str, float]]:
        """Names and first values of the state, which has the variable's shape; grouped as in Keras's files."""
        return []

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """One update from pairs (gradient, variable). A gradient that is None leaves its variable as it is."""
        pairs = list(grads_and_vars)
        if not pairs:
            raise ValueError("No gradients provided for any variable.")
        if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in pairs):
            raise TypeError("apply_gradients takes pairs (gradient, variable): zip(gradients, variables)")
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    def minimize(
        self,
        loss: Tensor | Callable[[], Tensor],
        var_list: Iterable[Variable] | Callable[[], Iterable[Variable]],
        tape: GradientTape | None = None,
    ) -> Variable:
        """One update down the gradient of `loss`: a function without arguments, or a tensor with its tape."""
        if callable(loss):
            with tape or GradientTape() as tape:
                loss = loss()
        elif tape is None:
            raise ValueError("`tape` is required when a `Tensor` loss is passed.")
        variables = list(var_list() if callable(var_list) else var_list)
        return self.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """As apply_gradients, from two lists. ValueError: all gradients None, or a variable without state.

        Gradients may be functions that compute them: of a product, RMSprop and Adam then store nothing (see kernels).
        Without `trainable_variables` the gradients are those of the variables that the optimizer was built for.
        """
        if not len(grads):
            return
        if trainable_variables is None:
            if len(grads) != len(self._state):
                raise ValueError(f"{len(grads)} gradients without variables, but built for {len(self._state)}")
            trainable_variables = [v for v, *_ in self._state.values()]
        elif not self.built:
            self.build(list(trainable_variables))
        state, slopes = self._with_gradients(grads, trainable_variables)
        if ranks := replicas.active:
            slopes = ranks.sum(slopes, ranks.share)
        variables = state[self._columns[0]]
        rate = self._rate._tensor._array.item() if type(self._rate) is KerasVariable else float(self.learning_rate)
        count = self._iterations._tensor._array.item()
        self._step = count + 1
        if self._means:
            self._step = count // self._means.steps + 1
            places = {key: place for place, key in enumerate(self._state)}
            slopes = list(map(np.asarray, self._means.add([places[id(v)] for v in variables], slopes, count + 1)))
        if slopes:  # there are none between two updates of accumulated gradients
            if self.clipnorm or self.global_clipnorm or self.clipvalue:
                # NumPy makes numbers of arrays without axes
                slopes = list(map(np.asarray, clipped(slopes, self.clipnorm, self.global_clipnorm, self.clipvalue)))
            if self.weight_decay is not None:
                decay_weights(variables, rate * self.weight_decay, self._undecayed, self._undecayed_names)
            if self._has_own_step or len(set(map(id, variables))) < len(variables):  # a variable may be there twice
                for v, g in zip(variables, slopes, strict=True):
                    self.update_step(Tensor(g), v, self.learning_rate)
            else:
                w, *slots = map(writable(state).__getitem__, self._columns)
                self._update(w, slopes, rate, *slots)
                del w, slots  # else what is assigned below takes fresh arrays
        if self._averages:
            self._averages.update([v for v, *_ in self._state.values()], self._step)
        for v in variables:
            if v.constraint is not None:
                v.assign(v.constraint(v))
        self._iterations._tensor = Tensor(np.array(count + 1))  # np.add in place would take twice as long

    def _with_gradients(self, grads: Sequence[Any], variables: Sequence[Variable]) -> tuple[list[Variable], Arrays]:
        """The variables whose gradient is not None, each followed by its slots, and the gradients' arrays; of a product
        that the rule's kernel, or the sum over the ranks, computes itself, the two matrices."""
        limited = self.clipnorm or self.global_clipnorm or self.clipvalue
        changed = self._means or limited or self._has_own_step or len(set(map(id, variables))) < len(variables)
        deferred = replicas.active or (self._takes_products and not changed)
        state: list[Variable] = []
        slopes: list[Any] = []
        absent = []
        known = self._state
        for g, v in zip(grads, variables, strict=True):
            product = deferred and type(g) is partial and g.func is product_tn
            if callable(g) and not product:  # not computed yet
                g = g()
            held = known.get(id(v))
            if held is None:
                raise ValueError(
                    f"Unknown variable: {v.name!r} of shape {v.shape}, with which the optimizer was not built: make "
                    "a new one; where a model has got another layer, compile it again"
                )
            if g is None:
                absent.append(getattr(v, "path", v.name))
            else:
                state += held
                if product:
                    x, dy = g.args
                    slopes.append((x._array.T, dy._array))
                    continue
                w = v._tensor._array
                slope = np.asarray(g._array if type(g) is Tensor else as_array(g), w.dtype, order="C")
                if slope.shape != w.shape:
                    raise ValueError(f"A gradient of shape {slope.shape} for a variable of shape {w.shape}")
                slopes.append(slope)
        if not slopes:
            raise ValueError("No gradients provided for any variable. (NumPy's functions leave no trace on the tape.)")
        if absent:
            warnings.warn(f"Gradients do not exist for variables {absent} when minimizing the loss.", stacklevel=4)
        return state, slopes

    @property
    def _takes_products(self) -> bool:
        """Whether `_update` takes, for a gradient that is a product, its two matrices."""
        return False

    def _update(self, w: Arrays, g: Arrays, rate: float, *slots: Arrays) -> None:
        """One step for all variables: their arrays, their gradients, and for each slot its arrays."""
        for array, slope, *own in zip(w, g, *slots, strict=True):
            self._update_one(array, slope, rate, *own)

    def _update_one(self, *args: Any, **kwargs: Any) -> None:
        """One step for one variable: its array w, its gradient g, the learning rate, its slots."""
        raise NotImplementedError(f"{type(self).__name__} has no update_step")

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """No weight decay for these variables, and for those in whose name one of the regular expressions is found."""
        self._undecayed, self._undecayed_names = list(var_list or ()), "|".join(var_names or ())

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """With use_ema, the variables take the values of their averages; fit calls it at its end."""
        if self._averages:
            self._averages.overwrite(var_list)

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: TensorLike) -> None:
        """Updates one variable by its gradient; a user's rule writes it."""
        w, *slots = ([v._writable()] for v in self._state[id(variable)])
        self._update(w, [as_array(gradient)], as_array(learning_rate).item(), *slots)

    @neutral(aggregation="none", layout=None)
    def add_variable(
        self, shape: Shape = (), initializer: Any = "zeros", dtype: DTypeLike = None, *, name: str = "variable"
    ) -> Variable:
        """A new variable of the optimizer."""
        kind = as_dtype(dtype or "float32")
        self._added.append(owned(self, initializers.get(initializer)(to_shape(shape), dtype=kind), name, dtype=kind))
        return self._added[-1]

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """A new variable of the optimizer, of the reference's shape and dtype."""
        v = reference_variable
        return self.add_variable(v.shape, initializer, v.dtype, name=slot_name(v, name or "var"))

    def add_optimizer_variables(
        self, trainable_variables: Iterable[Variable], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """A list of new variables, one for each of these; for a list of names, a tuple of such lists."""
        variables = list(trainable_variables)
        if isinstance(name, str):
            return [self.add_variable_from_reference(v, name, initializer) for v in variables]
        first = list(initializer) if isinstance(initializer, (list, tuple)) else [initializer] * len(name)
        return tuple(self.add_optimizer_variables(variables, *pair) for pair in zip(name, first, strict=True))

    def _get_variable_index(self, variable: Variable) -> int:
        return list(self._state).index(id(variable))

    def assign(self, variable: Variable, value: TensorLike) -> None:
        """variable = value, converted to its dtype."""
        variable.assign(cast(value, variable.dtype))

    def assign_add(self, variable: Variable, value: TensorLike) -> None:
        """variable += value, converted to its dtype."""
        variable.assign_add(cast(value, variable.dtype))

    def assign_sub(self, variable: Variable, value: TensorLike) -> None:
        """variable -= value, converted to its dtype."""
        variable.assign_sub(cast(value, variable.dtype))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; the learning rate as it is now."""
        config = {field.name: None for field in fields(self)} | super().get_config()
        config = {name: getattr(self, name, value) for name, value in config.items() if name not in ("lr", "decay")}
        return config | {"learning_rate": serialize(self._rate) if callable(self._rate) else float(self._rate)}
