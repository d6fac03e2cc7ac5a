"""A step of fit enters few files and functions."""

from __future__ import annotations

import runpy
from pathlib import Path

measure = runpy.run_path(str(Path(__file__).with_name("spine.py")))["measure"]


def test_a_step_is_short():
    found = measure()
    assert found["calls"] <= 65 and found["records"] <= 5
    assert len(found["files"]) <= 25 and sum(found["files"].values()) <= 4100
