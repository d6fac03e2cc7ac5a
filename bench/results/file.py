"""Reads results.json, which store.Results.save writes; hostile until checked."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from pynn._commands import UserError

from .store import SCHEMA, Life, Measurement, Player, Results

LARGEST = 64 << 20  # bytes of a file; a whole run has some 200 KB


def read(name: str) -> Results:
    """UserError, which says why, if it cannot be read or is something else."""
    path = Path(name)
    try:
        if not path.is_file():
            raise UserError(f"cannot read {name}: it is {'not a file' if path.exists() else 'not there'}")
        if (size := path.stat().st_size) > LARGEST:
            raise UserError(f"{name} is not a results.json of `pynn bench`: it has {size >> 20} MiB")
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {name}: {error.strerror}") from None
    except (ValueError, RecursionError, MemoryError):
        raise UserError(f"{name} is not a results.json of `pynn bench`: it is no JSON") from None
    schema = content.pop("schema", None) if isinstance(content, dict) else None
    if schema != SCHEMA:
        raise UserError(f"{name} is not a results.json of this version: schema {schema!r} instead of {SCHEMA}")
    try:
        return _results(content)
    except Exception as error:  # wrong types, anywhere
        raise UserError(f"{name} is damaged: {type(error).__name__}: {error}") from None


def _results(content: dict[str, Any]) -> Results:
    content["measurements"] = [_measurement(m) for m in _list(content["measurements"])]
    content["lives"] = [_made(Life, life) for life in _list(content["lives"])]
    results = _made(Results, content)
    datetime.fromisoformat(results.made)
    machine = results.machine
    for key in ("cpu", "system", "python", "numpy", "instruction set", "compiler", "flags", "openmp"):
        _require(CHECKS["str"](machine[key]), f"machine: {key!r} is no text")
    _require(isinstance(machine["governor"], str | None), "machine: 'governor' is no text")
    _require(_whole(machine["cpus"]), "machine: 'cpus' is no whole number")
    _require(_numbers(machine["caches"]), "machine: 'caches' are not sizes")
    for threads, limits in machine["limits"].items():
        found = (limits["add"], limits["copy"], {"32": limits["float32"], "64": limits["float64"]})
        usable = threads.isdecimal() and "memory" in limits["add"] and "memory" in limits["copy"]
        _require(
            usable and all(map(_numbers, found)), f"machine: the limits of {threads} threads are not numbers above 0"
        )
    for life in results.lives:
        lengths = {len(getattr(life, name)) for name in ("seconds", "epochs", "accuracy", "peak", "import_seconds")}
        _require(len(lengths) == 1 and 0 not in lengths, f"the lives of {life.name} are not as many of each")
    return results


def _measurement(content: dict[str, Any]) -> Measurement:
    players = {}
    for name, player in content["players"].items():
        seconds = np.array([math.nan if s is None else s for s in player["seconds"]], float)
        there = seconds[~np.isnan(seconds)]
        _require(len(there) > 0 and bool(np.all((there > 0) & (there < np.inf))), f"{name} holds no times above 0")
        players[name] = _made(Player, {**player, "seconds": seconds})
        _require(players[name].name == name, f"{name} is named {players[name].name}")
    _require(len({len(p.seconds) for p in players.values()}) == 1, "the players have not as many turns each")
    return _made(Measurement, {**content, "players": players})


def _made(kind: type, content: dict[str, Any]) -> Any:
    """The dataclass, whose fields are of the types that they are declared with."""
    for field in fields(kind):
        check = CHECKS.get(str(field.type))
        if check and field.name in content:
            _require(check(content[field.name]), f"{kind.__name__}.{field.name} is no {field.type}")
    return kind(**content)


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise ValueError(what)


def _list(value: Any) -> list:
    _require(isinstance(value, list), "a list is missing")
    return value


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


def _numbers(value: Any) -> bool:
    return isinstance(value, dict) and all(_number(v) and v > 0 for v in value.values())


def _list_of(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(check, value))


CHECKS: dict[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str) and value.isprintable(),
    "bool": lambda value: isinstance(value, bool),
    "int": _whole,
    "float": _number,
    "float | None": lambda value: value is None or _number(value),
    "list[int]": _list_of(_whole),
    "list[float]": _list_of(_number),
    "list[str]": _list_of(lambda value: isinstance(value, str)),
    "dict[str, str]": lambda value: isinstance(value, dict) and all(isinstance(v, str) for v in value.values()),
    "dict[str, Any]": lambda value: isinstance(value, dict),
    "dict[str, list[list[float]]]": lambda value: (
        isinstance(value, dict)
        and all(_list_of(lambda point: _list_of(_number)(point) and len(point) == 3)(curve) for curve in value.values())
    ),
}
