"""CSVLogger: the epochs' values in a table."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from typing import IO, Any

import numpy as np

from .base import Callback, Logs


class CSVLogger(Callback):
    """Writes a line per epoch to a file: the epoch (0 is the first) and the values, "NA" where there is none.

    The first epoch's names, sorted, are the columns; without validation in it, the same names with "val_" follow.

    filename: path of the file
    separator: a character between the values of a line
    append: whether to add to a file that exists, whose heading then stays, or to replace it
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        self.filename, self.sep, self.append = os.fspath(filename), separator, append
        self.csv_file: IO[str] | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self.on_train_end()  # a file that an interrupted fit left open
        has_lines = self.append and os.path.exists(self.filename) and os.path.getsize(self.filename) > 0
        self.csv_file = open(self.filename, "a" if self.append else "w", newline="")  # noqa: SIM115
        self._heading = not has_lines
        self._names: list[str] | None = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        assert self.csv_file is not None
        writer = csv.writer(self.csv_file, delimiter=self.sep)
        if self._names is None:
            self._names = sorted(logs)
            if not any(name.startswith("val_") for name in logs):
                self._names += [f"val_{name}" for name in self._names]
            if self._heading:
                writer.writerow(["epoch", *self._names])
        writer.writerow([epoch, *(_cell(logs.get(name, "NA")) for name in self._names)])
        self.csv_file.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        if self.csv_file:
            self.csv_file.close()


def _cell(value: Any) -> Any:
    if isinstance(value, Iterable) and not isinstance(value, str) and np.ndim(value):  # type: ignore[arg-type]
        return f'"[{", ".join(map(str, value))}]"'
    return value
