"""What `pytest bench --benchmark-json` saved, as the results of `pynn bench`: moments after one another, not turns."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

import msgspec
import numpy as np

from .measure.cases import CASES
from .results.store import NUMPY, RUNG, Contestant, Machine, Measurement, Results, Turns


def converted(content: dict[str, Any]) -> Results:
    """content: the file's. ValueError, KeyError or msgspec.ValidationError where it is another's."""
    groups: dict[str, list[dict]] = {}
    for one in content["benchmarks"]:
        groups.setdefault(one["group"], []).append(one)
    cases = {case.title: case for case in CASES}
    machine = msgspec.convert(content["machine_info"]["pynn"], Machine)
    isa = machine["instruction set"]  # there, not here
    found = []
    for title, tests in groups.items():
        case = cases[title]
        rounds = np.array(
            [*zip_longest(*(msgspec.convert(one["stats"]["data"], Turns) for one in tests), fillvalue=np.nan)]
        ).T
        contestants = {}
        for one, seconds in zip(tests, rounds, strict=True):
            info, rung = one["extra_info"], case.rungs().get(one["extra_info"]["contestant"])
            contestants[info["contestant"]] = Contestant(
                info["contestant"], RUNG if rung else NUMPY, info["threads"], seconds, info["error"],
                info["error unit"], (isa if rung.loop.startswith("leaf:") else rung.instruction_set) if rung else "",
            )  # fmt: skip
        threads = max(c.threads for c in contestants.values())
        found.append(Measurement(
            "ladder", case.operation, case.label, case.size, case.dtype, threads, isa, case.flops, case.bytes(), 0.0,
            contestants,
        ))  # fmt: skip
    return Results(machine, {}, found, made=content["datetime"])
