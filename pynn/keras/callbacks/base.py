"""Callback, the base class; CallbackList, which calls several; History."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...engine import nest, replicas

if TYPE_CHECKING:
    from ..models.model import Model

Logs = dict[str, Any] | None  # fit, evaluate and predict pass a dict; a user's call may pass None


class Callback:
    """Base class with hooks that do nothing: a subclass defines those that it needs.

    Begin and end of fit: on_train_*(logs); of its epochs, from 0: on_epoch_*(epoch, logs); of its batches:
    on_train_batch_*(batch, logs), older on_batch_*; likewise on_test_*: evaluate and fit's validation; on_predict_*.
    Logs are a dict, at each end of loss and metrics so far; an epoch's has the validation's as val_loss, ...; that of
    a batch of predict has the outputs. `self.model` and `self.params` (epochs, steps, verbose) are set before.
    """

    model: Model = None  # type: ignore[assignment]  # until fit, evaluate or predict begins
    params: dict[str, Any] = None  # type: ignore[assignment]
    _kept: tuple[str, ...] = ()  # the attributes that BackupAndRestore saves and restores
    _writes = False  # True: of several ranks, the first alone calls it
    _beside: list[Callback] | None = None  # a list, of all callbacks: it is called after the others

    def set_model(self, model: Model) -> None:
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None: ...
    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None: ...
    def on_batch_begin(self, batch: int, logs: Logs = None) -> None: ...
    def on_batch_end(self, batch: int, logs: Logs = None) -> None: ...

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None: ...
    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None: ...
    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None: ...
    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None: ...
    def on_train_begin(self, logs: Logs = None) -> None: ...
    def on_train_end(self, logs: Logs = None) -> None: ...
    def on_test_begin(self, logs: Logs = None) -> None: ...
    def on_test_end(self, logs: Logs = None) -> None: ...
    def on_predict_begin(self, logs: Logs = None) -> None: ...
    def on_predict_end(self, logs: Logs = None) -> None: ...


HOOKS = frozenset(name for name in vars(Callback) if name.startswith("on_"))


class History(Callback):
    """What fit returns: `epoch`, the epochs done, and `history`, for each name a list of values, one per epoch."""

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}

    def on_train_begin(self, logs: Logs = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self


class CallbackList:
    """Several callbacks as one: `call("on_epoch_end", epoch, logs=logs)`, or `call.on_epoch_end(epoch, logs)`.

    All get one copy of the logs ({} if there are none), sorted by name, numbers and scalar tensors as floats; an entry
    that a callback adds reaches those after it. Batch hooks that no callback overrides are not called.

    callbacks: a callback, a CallbackList, or a nest of them; None for none
    add_progbar: False; fit adds the progress bar
    add_history: whether to add a History, also as `model.history`, if there is none
    model: passed to `set_model`; None: the caller does that later
    params: passed to `set_params`; none: the caller does that later
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        *,
        model: Model | None = None,
        **params: Any,
    ) -> None:
        if add_progbar:
            raise ValueError("add_progbar=True is not supported: fit's `verbose` asks for the progress bar")
        self.callbacks: list[Callback] = []
        for one in nest.flatten(callbacks or []):
            if isinstance(one, type):
                raise TypeError(f"A callback is an object, not a class: {one.__name__}()")
            self.callbacks += one.callbacks if isinstance(one, CallbackList) else [one]
        if replicas.active and replicas.active.rank:
            self.callbacks = [callback for callback in self.callbacks if not getattr(callback, "_writes", False)]
        self.history = next((callback for callback in self.callbacks if isinstance(callback, History)), None)
        if add_history and self.history is None:
            self.history = History()
            self.callbacks.append(self.history)
        late = [callback for callback in self.callbacks if getattr(callback, "_beside", None) is not None]
        self.callbacks.sort(key=late.__contains__)
        for callback in late:
            callback._beside = self.callbacks
        self._overridden: dict[str, list[Callable[..., Any]]] = {}  # by name of a batch hook
        if params:
            self.set_params(params)
        if model is not None:
            self.set_model(model)

    def set_params(self, params: dict[str, Any]) -> None:
        """Passes epochs, steps and verbosity to each callback."""
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Model) -> None:
        """Passes the model to each callback; its `history` is the History, if there is one."""
        for callback in self.callbacks:
            callback.set_model(model)
        if self.history is not None:
            model.history = self.history

    def __getattr__(self, hook: str) -> Callable[..., None]:
        if hook not in HOOKS:
            raise AttributeError(f"CallbackList has no {hook!r}")
        if "epoch" in hook:
            return lambda epoch, logs=None: self(hook, epoch, logs=logs)
        if "batch" in hook:
            return lambda batch, logs=None: self(hook, batch, logs=logs)
        return lambda logs=None: self(hook, logs=logs)

    def __call__(self, hook: str, *index: int, logs: Mapping[str, Any] | None = None) -> None:
        if "batch" not in hook:
            self._overridden.clear()  # so that a hook that is set during training is called from the next epoch on
        by_name = "batch" in hook  # as in Keras
        calls = self.overridden(hook) if by_name else [getattr(callback, hook) for callback in self.callbacks]
        if not calls:
            return
        seen, ranks, replicas.active = as_floats(logs), replicas.active, None  # what a callback computes is its own
        try:
            for call in calls:
                call(*index, logs=seen) if by_name else call(*index, seen)
        finally:
            replicas.active = ranks

    def overridden(self, hook: str) -> list[Callable[..., Any]]:
        """The methods of this name, a batch hook, that replace Callback's, which do nothing.

        on_train_batch_*, by which Callback calls on_batch_*, also counts as replaced where on_batch_* is.
        """
        if hook not in self._overridden:
            names = {hook, hook.replace("train_", "")}
            self._overridden[hook] = [
                getattr(c, hook) for c in self.callbacks
                if any(getattr(getattr(c, n), "__func__", None) is not getattr(Callback, n) for n in names)
            ]  # fmt: skip
        return self._overridden[hook]


def as_floats(logs: Mapping[str, Any] | None) -> dict[str, Any]:
    """A sorted copy without nested dicts: numbers, scalar arrays and tensors as floats, all else as it is."""
    result: dict[str, Any] = {}
    for name, value in sorted((logs or {}).items()):
        if isinstance(value, dict):
            result |= as_floats(value)
        else:
            try:
                result[name] = value if getattr(value, "ndim", 0) else float(value)
            except (TypeError, ValueError):
                result[name] = value
    return result
