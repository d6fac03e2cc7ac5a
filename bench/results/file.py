"""Reads results.json, which store.Results.save writes; hostile until checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from pynn.cli.checks import reading

from .store import NUMPY, PEER, RUNG, SCHEMA, Contestant, Measurement, ProcessRun, Results

LARGEST = 8 << 20  # bytes of a file; a whole run has some 200 KB
SHORTEST, MOST = 1e-12, 1e18  # seconds, and any number: what is computed from them neither overflows nor vanishes


def read(name: str) -> Results:
    """UserError, which says why, if it cannot be read or is something else."""
    with reading(name, "a results.json of `pynn bench`"):
        if (size := Path(name).stat().st_size) > LARGEST:
            raise ValueError(f"it has {size >> 20} MiB, more than {LARGEST >> 20}")
        content = json.loads(Path(name).read_text(encoding="utf-8"), parse_constant=_refuse)
        schema = content.pop("schema", None) if isinstance(content, dict) else None
        _require(schema == SCHEMA, f"schema {schema!r} instead of {SCHEMA}")
        return _results(content)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")  # nor JSON, though Python reads it


def _results(content: dict[str, Any]) -> Results:
    content["measurements"] = [_measurement(m) for m in _list(content["measurements"])]
    content["process_runs"] = [_made(ProcessRun, run) for run in _list(content["process_runs"])]
    results = _made(Results, content)
    datetime.fromisoformat(results.made)
    machine = results.machine
    for key in ("cpu", "system", "python", "numpy", "instruction set", "compiler", "flags", "openmp"):
        _require(_text(machine[key]), f"machine: {key!r} is no text")
    _require(machine["governor"] is None or _text(machine["governor"]), "machine: 'governor' is no text")
    _require(_whole(machine["cpus"]), "machine: 'cpus' is no whole number")
    _require(_numbers(machine["caches"]), "machine: 'caches' are not sizes")
    for threads, limits in machine["limits"].items():
        found = (limits["add"], limits["copy"], {"32": limits["float32"], "64": limits["float64"]})
        usable = threads.isdecimal() and "memory" in limits["add"] and "memory" in limits["copy"]
        _require(
            usable and all(map(_numbers, found)), f"machine: the limits of {threads} threads are not numbers above 0"
        )
    for run in results.process_runs:
        lengths = {len(getattr(run, name)) for name in ("seconds", "epochs", "accuracy", "peak", "import_seconds")}
        _require(len(lengths) == 1 and 0 not in lengths, f"the process runs of {run.name} are not as many of each")
    return results


def _measurement(content: dict[str, Any]) -> Measurement:
    contestants = {}
    for name, contestant in content["contestants"].items():
        turns = contestant["seconds"]
        _require(_list_of(_turn)(turns) and any(turns), f"{name} holds no times above 0")
        contestants[name] = _made(Contestant, {**contestant, "seconds": np.array(turns, float)})  # None: NaN
        _require(contestants[name].name == name, f"{name} is named {contestants[name].name}")
        kinds = (NUMPY,) if name == "NumPy" else (RUNG, PEER)
        _require(contestants[name].kind in kinds, f"{name} is of the kind {contestants[name].kind}")
    _require(len({len(p.seconds) for p in contestants.values()}) == 1, "the contestants have not as many turns each")
    return _made(Measurement, {**content, "contestants": contestants})


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
    return isinstance(value, int) and _number(value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < MOST


def _turn(value: Any) -> bool:
    return value is None or (_number(value) and value >= SHORTEST)


def _text(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable()


def _numbers(value: Any) -> bool:
    return isinstance(value, dict) and all(_number(v) and v > 0 for v in value.values())


def _list_of(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _dict_of(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(_text, value)) and all(map(check, value.values()))


CHECKS: dict[str, Callable[[Any], bool]] = {
    "str": _text,
    "bool": lambda value: isinstance(value, bool),
    "int": _whole,
    "float": _number,
    "float | None": lambda value: value is None or _number(value),
    "list[int]": _list_of(_whole),
    "list[float]": _list_of(_number),
    "list[str]": _list_of(lambda value: isinstance(value, str)),
    "dict[str, str]": _dict_of(_text),
    "dict[str, Any]": _dict_of(lambda value: True),
    "dict[str, list[list[float]]]": _dict_of(_list_of(lambda point: _list_of(_number)(point) and len(point) == 3)),
}
