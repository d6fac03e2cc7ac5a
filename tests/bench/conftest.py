"""Lets the tests here import the helpers beside them, `from fake_results import fake_results`; runs that are brief."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def brief(monkeypatch):
    """Whole runs do not measure the machine, which takes as long as the rest, and draw small pictures."""
    from fake_results import MACHINE
    from pynn.bench.measure import machine
    from pynn.bench.report import pictures

    monkeypatch.setattr(machine, "limits", lambda n: MACHINE["limits"][str(min(n, 2))])
    monkeypatch.setattr(machine, "library", lambda: SimpleNamespace(region=lambda n, runs: 1e-6))
    monkeypatch.setattr(pictures, "DPI", 20)
