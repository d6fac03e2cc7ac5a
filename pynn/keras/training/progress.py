"""The progress of fit, evaluate and predict: a live bar on a terminal or in a notebook, else one line per epoch."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column

from ..callbacks import Callback, Logs

REDRAW = 0.1  # seconds between drawings of the bar
WIDTH, FULL, EMPTY = 20, "━", "┈"  # of the bar, in characters; what is done of it, and what is not


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """The reader has closed the pipe (`pynn train | head`): rich would exit; training continues without output."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _NotebookLine:
    """A line among the outputs of a notebook's cell, as plain text: `show` puts another in its place."""

    _handle: Any = None

    def show(self, text: str) -> None:
        from IPython.display import display  # which is there where there is a notebook

        data = {"text/plain": text}
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)


class ProgressBar(Callback):
    """verbose: "auto" or 1: draws a bar; 2: prints one line per epoch."""

    _bar: Progress | None = None
    _line: _NotebookLine | None = None
    _counted: int | None = None  # the steps of the first epoch, for data without a length
    _training = False

    def __init__(self, verbose: Any, unit: str = "step") -> None:
        if verbose not in ("auto", 1, 2):
            raise ValueError(f"`verbose` is 'auto', 0, 1 or 2, got {verbose!r}")
        self._one_line, self._unit = verbose == 2, unit
        self._notebook = not self._one_line and Console().is_jupyter
        self._console = _Console(highlight=False, force_jupyter=False)  # else each line would be an output of its own

    def on_train_begin(self, logs: Logs = None) -> None:
        self._training = True

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        if self.params["epochs"] > 1:
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
        self._steps, self._done = self.params["steps"] or self._counted, 0
        self._began = self._ended = self._drawn = time.perf_counter()
        console = self._console
        if self._notebook:
            self._line = _NotebookLine()
            self._line.show(f"{self._count()} {self._drawn_bar()}")
        elif not self._one_line and console.is_terminal:
            bar = BarColumn(WIDTH, complete_style="green", finished_style="green")
            count, text = (
                TextColumn(text, table_column=Column(no_wrap=True, overflow="crop"))  # an ellipsis is no ASCII
                for text in ("[bold]{task.fields[count]}", "{task.description}")
            )
            # transient: the last state is printed as plain text, which a narrow terminal wraps and does not cut
            self._bar = Progress(count, bar, text, console=console, auto_refresh=False, transient=True)
            self._task = self._bar.add_task("", total=self._steps, count=self._count())
            self._bar.start()

    def _step(self, batch: int, logs: Logs) -> None:
        self._done, self._ended = batch + 1, time.perf_counter()
        if (self._bar or self._line) and self._ended - self._drawn > REDRAW:
            self._drawn = self._ended
            spent = self._ended - self._began
            seconds = spent / self._done * (self._steps - self._done) if self._steps else spent
            clock, details = _clock(seconds), self._details(logs)
            if self._line:
                self._line.show(f"{self._count()} {self._drawn_bar()} {clock} {details}")
            if self._bar:
                text = f"[bold]{clock}[/] {escape(details)}"
                self._bar.update(self._task, completed=self._done, count=self._count(), description=text, refresh=True)

    def _count(self) -> str:
        return f"{self._done}/{self._steps or 'Unknown'}"

    def _drawn_bar(self) -> str:
        full = WIDTH * self._done // self._steps if self._steps else 0
        return FULL * full + EMPTY * (WIDTH - full)

    def _details(self, logs: Logs) -> str:
        """The time of a step and the values, as Keras prints them; of an array, the mean."""
        each = (self._ended - self._began) / max(self._done, 1)
        number, unit = (each, "s") if each >= 1 else (each * 1e3, "ms") if each >= 1e-3 else (each * 1e6, "us")
        means = {name: float(np.mean(value)) for name, value in (logs or {}).items()}
        values = [f"{name}: {v:.4f}" if abs(v) > 1e-3 else f"{name}: {v:.4e}" for name, v in means.items()]
        return " - ".join([f"{number:.0f}{unit}/{self._unit}", *values])

    def _finish(self, logs: Logs) -> None:
        seconds = time.perf_counter() - self._began
        self._counted = self._steps = self._steps or self._done  # data without a length: known after the first epoch
        if self._line:
            self._line.show(f"{self._count()} {FULL * WIDTH} {seconds:.0f}s {self._details(logs)}")
        elif self._bar:
            self.close()
            line = "-" if self._console.options.ascii_only else FULL
            done = f"[bold]{self._count()}[/] [green]{line * WIDTH}[/] [bold]{seconds:.0f}s[/] "
            self._console.print(done + escape(self._details(logs)), soft_wrap=True)
        else:
            text = f"{self._count()} - {seconds:.0f}s - {self._details(logs)}"
            self._console.print(text, soft_wrap=True, markup=False)
            self._console.file.flush()

    def close(self) -> None:
        """Removes the live bar from the terminal, also after an interrupt."""
        if self._bar:
            self._bar.stop()
            self._bar = None


def _clock(seconds: float) -> str:
    """12s, 1:05 or 2:00:05"""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}" if minutes else f"{rest}s"
