"""The progress of fit, evaluate and predict: a live bar on a terminal or in a notebook, else one line per epoch."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from .callbacks import Callback, Logs

REDRAW = 0.1  # seconds between drawings of the bar


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Nobody reads any more (`pynn train | head`): rich would end the program, but training goes on, unseen."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class ProgressBar(Callback):
    """Draws while `verbose` is "auto" or 1; 2 asks for one line per epoch. With 0, silence, nobody calls it."""

    _console: _Console
    _bar: Progress | None = None
    _training = False

    def __init__(self, verbose: Any) -> None:
        if verbose not in ("auto", 0, 1, 2):
            raise ValueError(f"`verbose` is 'auto', 0, 1 or 2, got {verbose!r}")
        if verbose:
            self._console = _Console(highlight=False)
        self._one_line = verbose == 2

    def on_train_begin(self, logs: Logs = None) -> None:
        self._training = True

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._console.print(f"Epoch {epoch + 1}/{self.params['epochs']}")
        self._start()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._finish(logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._step(batch, logs)

    def on_test_begin(self, logs: Logs = None) -> None:
        if not self._training:
            self._start()

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        if not self._training:
            self._step(batch, logs)

    def on_test_end(self, logs: Logs = None) -> None:
        if not self._training:
            self._finish(logs)

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._start()

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._step(batch, None)

    def on_predict_end(self, logs: Logs = None) -> None:
        self._finish(None)

    def _start(self) -> None:
        self._steps, self._done = self.params["steps"], 0
        self._began = self._ended = self._drawn = time.perf_counter()
        console = self._console
        if not self._one_line and (console.is_terminal or console.is_jupyter):
            bar = BarColumn(20, complete_style="green", finished_style="green")
            columns = TextColumn("[bold]{task.completed}/{task.total}"), bar, TextColumn("{task.description}")
            # transient: the last state is printed as plain text, which a narrow terminal wraps and does not cut
            self._bar = Progress(*columns, console=console, auto_refresh=False, transient=True)
            self._task = self._bar.add_task("", total=self._steps)
            self._bar.start()

    def _step(self, batch: int, logs: Logs) -> None:
        self._done, self._ended = batch + 1, time.perf_counter()
        if self._bar and self._ended - self._drawn > REDRAW:
            self._drawn = self._ended
            left = (self._ended - self._began) / self._done * (self._steps - self._done)
            text = f"[bold]{left:.0f}s[/] {self._details(logs)}"
            self._bar.update(self._task, completed=self._done, description=text, refresh=True)

    def _details(self, logs: Logs) -> str:
        """The time of a step and the values, as Keras prints them."""
        each = (self._ended - self._began) / max(self._done, 1)
        number, unit = (each, "s") if each >= 1 else (each * 1e3, "ms") if each >= 1e-3 else (each * 1e6, "us")
        values = [f"{k}: {v:.4f}" if abs(v) > 1e-3 else f"{k}: {v:.4e}" for k, v in (logs or {}).items()]
        return " - ".join([f"{number:.0f}{unit}/step", *values])

    def _finish(self, logs: Logs) -> None:
        seconds = time.perf_counter() - self._began
        if self._bar:
            self.close()
            done = f"[bold]{self._done}/{self._steps}[/] [green]{'━' * 20}[/] [bold]{seconds:.0f}s[/] "
            self._console.print(done + self._details(logs), soft_wrap=True)
        else:
            line = f"{self._done}/{self._steps} - {seconds:.0f}s - {self._details(logs)}"
            self._console.print(line, soft_wrap=True, markup=False)
            sys.stdout.flush()

    def close(self) -> None:
        """Gives the terminal back, also after an interrupt."""
        if self._bar:
            self._bar.stop()
            self._bar = None
