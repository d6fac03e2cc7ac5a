"""What the pages of the API and the list of supported names are made of: docs/extensions/public.py."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs" / "extensions"))

import public


def test_all_are_found_and_nothing_else():
    names = {f"{path}.{name}" for path, module in public.modules().items() for name, _ in public.items(module)}
    assert {"kernels.dot", "kernels.naive.naive_dense", "kernels.ladder.LADDER", "pynn.data.Dataset"} < names
    assert {"pynn.newaxis", "pynn.float32", "pynn.keras.Model", "pynn.keras.ops.relu", "pynn.plot.digits"} < names
    inside = {"pynn.engine", "pynn.missing", "pynn.keras.ops.np", "pynn.keras.datasets.mnist.decode_csv"}
    assert not inside & names


def test_each_is_described_once():
    entries = public.entries()
    described = [entry.full_name for entry in entries]
    aliases = [alias for entry in entries for alias in entry.aliases]
    assert len({*described, *aliases}) == len(described) + len(aliases)
    of = {entry.full_name: entry.aliases for entry in entries}
    assert "pynn.math.reduce_sum" in of["pynn.reduce_sum"] and "pynn.keras.Model" in of["pynn.keras.models.Model"]
    assert of["pynn.data.INFINITE_CARDINALITY"] == of["pynn.data.AUTOTUNE"] == []  # both are -1


def test_all_have_a_docstring():
    values = {entry.full_name: entry.value for entry in public.entries()} | public.modules()
    assert [name for name, value in values.items() if hasattr(value, "__name__") and not value.__doc__] == []
