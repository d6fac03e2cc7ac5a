"""Reads results.json, which store.Results.save writes; hostile until checked against store's types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from pynn.cli.checks import reading

from .store import SCHEMA, Results, Turn

LARGEST = 8 << 20  # bytes of a file; a whole run has some 200 KB


def read(name: str) -> Results:
    """UserError, which says why, if it cannot be read or is something else."""
    with reading(name, "a results.json of `pynn bench`"):
        if (size := Path(name).stat().st_size) > LARGEST:
            raise ValueError(f"it has {size >> 20} MiB, more than {LARGEST >> 20}")
        content = Path(name).read_bytes()
        if (schema := msgspec.json.decode(content, type=dict).get("schema")) != SCHEMA:
            raise ValueError(f"schema {schema!r} instead of {SCHEMA}")
        return msgspec.json.decode(content, type=Results, dec_hook=_seconds)


def _seconds(kind: type, turns: Any) -> np.ndarray:
    found = np.array(msgspec.convert(turns, list[Turn]), float)  # None: NaN
    if np.isnan(found).all():
        raise ValueError("there is no time")
    return found
