"""LambdaCallback: functions as hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .base import HOOKS, Callback

Hook = Callable[..., Any] | None


class LambdaCallback(Callback):
    """Calls the given functions as hooks; None: there is nothing to call.

    on_epoch_begin, on_epoch_end: functions (epoch, logs)
    on_train_begin, on_train_end: functions (logs)
    on_train_batch_begin, on_train_batch_end: functions (batch, logs), with logs as a keyword
    hooks: functions for the other hooks of Callback, by name; on_batch_* only where there is no on_train_batch_*
    """

    def __init__(
        self,
        on_epoch_begin: Hook = None,
        on_epoch_end: Hook = None,
        on_train_begin: Hook = None,
        on_train_end: Hook = None,
        on_train_batch_begin: Hook = None,
        on_train_batch_end: Hook = None,
        **hooks: Hook,
    ) -> None:
        hooks |= {name: hook for name, hook in locals().items() if name in HOOKS}
        if unknown := hooks.keys() - HOOKS:
            raise TypeError(f"LambdaCallback: Callback has no hooks {sorted(unknown)}")
        vars(self).update((name, hook) for name, hook in hooks.items() if hook is not None)
