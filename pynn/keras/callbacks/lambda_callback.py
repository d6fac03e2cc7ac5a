"""LambdaCallback: a callback from functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .base import Callback

Hook = Callable[..., Any] | None


class LambdaCallback(Callback):
    """Calls the given functions as hooks; None: there is nothing to call.

    on_epoch_begin, on_epoch_end: functions (epoch, logs)
    on_train_begin, on_train_end: functions (logs), as fit begins and ends
    on_train_batch_begin, on_train_batch_end: functions (batch, logs), with logs given by name
    on_batch_begin, on_batch_end: older names of these, where they are not given
    on_test_begin, on_test_end: functions (logs), as evaluate begins and ends, also in fit
    on_predict_begin, on_predict_end: functions (logs), as predict begins and ends
    on_test_batch_begin, on_test_batch_end, on_predict_batch_begin, on_predict_batch_end: as on_train_batch_begin
    """

    def __init__(
        self,
        on_epoch_begin: Hook = None,
        on_epoch_end: Hook = None,
        on_train_begin: Hook = None,
        on_train_end: Hook = None,
        on_train_batch_begin: Hook = None,
        on_train_batch_end: Hook = None,
        *,
        on_batch_begin: Hook = None,
        on_batch_end: Hook = None,
        on_test_begin: Hook = None,
        on_test_end: Hook = None,
        on_test_batch_begin: Hook = None,
        on_test_batch_end: Hook = None,
        on_predict_begin: Hook = None,
        on_predict_end: Hook = None,
        on_predict_batch_begin: Hook = None,
        on_predict_batch_end: Hook = None,
    ) -> None:
        for name, hook in list(locals().items()):
            if name.startswith("on_") and hook is not None:
                setattr(self, name, hook)
