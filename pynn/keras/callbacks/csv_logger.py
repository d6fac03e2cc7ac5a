"""CSVLogger: the epochs' values in a table."""

from __future__ import annotations

import csv
import os
from typing import IO

import numpy as np

from .base import Callback, Logs


class CSVLogger(Callback):
    """Writes a line per epoch to a file: the epoch (0 is the first) and the values, "NA" where there is none.

    The first epoch's names, sorted, are the columns; without validation in it, the same names with "val_" follow.

    filename: path of the file
    separator: a character between the values of a line
    append: whether to add to a file that exists, whose heading then stays, or to replace it
    """

    _kept = ("_length", "_columns")
    _writes = True

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        self.filename, self.sep, self.append = os.fspath(filename), separator, append
        self.csv_file: IO[str] | None = None

    @property
    def _length(self) -> int:
        """Of the file; set by BackupAndRestore, which takes back what was written after it saved the state."""
        assert self.csv_file is not None
        return self.csv_file.tell()

    @_length.setter
    def _length(self, size: int) -> None:
        assert self.csv_file is not None
        self.csv_file.truncate(min(size, self.csv_file.tell()))
        self.csv_file.seek(0, os.SEEK_END)

    def on_train_begin(self, logs: Logs = None) -> None:
        self.on_train_end()  # a file that an interrupted fit left open
        self.csv_file = open(self.filename, "a" if self.append else "w", newline="")  # noqa: SIM115
        self._columns: list[str] = []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        assert self.csv_file is not None
        if not self._columns:
            names = sorted(logs)
            if not any(name.startswith("val_") for name in logs):
                names += [f"val_{name}" for name in names]
            self._columns = ["epoch", *names]
        writer = csv.DictWriter(self.csv_file, self._columns, "NA", "ignore", delimiter=self.sep)
        cells = {n: f'"[{", ".join(map(str, np.asarray(v)))}]"' if np.ndim(v) else v for n, v in logs.items()}
        is_empty = not self.csv_file.tell()  # a pipe says here that it has no positions
        try:
            if is_empty:
                writer.writeheader()
            writer.writerow({"epoch": epoch} | cells)
            self.csv_file.flush()
        except OSError as error:  # a write's does not name the file
            raise OSError(error.errno, error.strerror, self.filename) from None

    def on_train_end(self, logs: Logs = None) -> None:
        if self.csv_file:
            self.csv_file.close()
