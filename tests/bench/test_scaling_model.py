"""The model of strong scaling, on constructed times and limits."""

from __future__ import annotations

import pytest
from constructed import measurement
from drawn import contestant, data, drawn, results
from drawn import measurement as drawable
from fake_results import MACHINE as FAKE
from fake_results import fake_results
from pynn.bench.results import tables
from pynn.bench.results.scaling_model import predicted
from pynn.bench.results.store import replace

MACHINE = {
    "caches": {"L2": 1000, "L3": 100_000},
    "limits": {str(n): {"float32": 50.0 * n, "add": {"L2": 40.0 * n, "L3": 20.0 + 10 * n, "memory": 10.0 + 5 * n}}
               for n in (1, 2)},
    "regions": {"1": 1e-7, "2": 2e-6},
}  # fmt: skip


def by_threads(seconds: dict, **more) -> list:
    """A measurement for each number of threads, of so many seconds."""
    return [replace(measurement({"parallel": [t] * 5}, suite="scaling"), threads=n, **more) for n, t in seconds.items()]


def test_the_model_of_arithmetic_shares_out_the_work_and_pays_for_the_region():
    found = predicted(MACHINE, by_threads({1: 1e-3, 2: 6e-4}, flops=1e8, bytes=1e6))
    assert found == pytest.approx({2: 5e-4 + 2e-6, 4: 2.5e-4 + 6e-6, 8: 1.25e-4 + 14e-6, 16: 6.25e-5 + 30e-6})


@pytest.mark.parametrize(("size", "limits"), [
    (1e6, {2: 20.0, 4: 20.0, 16: 20.0}),  # memory: no faster than two threads have it
    (50_000, {2: 40.0, 4: 80.0, 16: 320.0}),  # L3, but on 16 threads not their L2 of 16,000 bytes
    (1500, {2: 80.0, 4: 160.0, 16: 640.0}),  # each core has its own L2
])  # fmt: skip
def test_the_model_of_memory_ends_at_the_bandwidth(size, limits):
    found = predicted(MACHINE, by_threads({1: 1e-9}, flops=1, bytes=size))
    regions = {2: 2e-6, 4: 6e-6, 16: 30e-6}
    assert {n: found[n] for n in limits} == pytest.approx(
        {n: 1e-9 * size / rate + regions[n] for n, rate in limits.items()}
    )


def test_the_model_of_fit_takes_the_serial_part_from_two_threads():
    found = predicted(MACHINE, by_threads({1: 1.0, 2: 0.6}, flops=0))
    assert found == pytest.approx({4: 0.2 + 0.8 / 4, 8: 0.3, 16: 0.25})
    assert predicted(MACHINE, by_threads({1: 1.0}, flops=0)) == {}


def test_without_one_thread_or_the_cost_of_a_region_there_is_no_model():
    assert predicted(MACHINE, by_threads({2: 1.0}, flops=1e8, bytes=1e6)) == {}
    assert predicted({**MACHINE, "regions": {}}, by_threads({1: 1.0}, flops=1e8, bytes=1e6)) == {}


def test_the_table_shows_the_model_beside_what_was_measured_and_beyond():
    some = fake_results()
    shown = tables.scaling(some, some.suite("scaling"))
    model = {tuple(cell.text for cell in row[:3]): (row[3].text, row[6].value) for row in shown.rows if row[6].text}
    name = next(operation for operation, _, n in model if operation.startswith("dot 1024") and n == "16")
    time, speed = model[name, "sparse", "16"]
    assert time == "" and 14 < speed < 16
    time, speed = model[name, "sparse", "2"]
    assert time and 1.9 < speed < 2


def test_the_picture_shows_it_thin_and_as_a_model():
    group = [drawable("scaling", "dot", [contestant("sparse", 1.0 / n)], threads=n) for n in (1, 2)]
    drawing = drawn(results(*group), "scaling")
    (axes,) = drawing.figure.axes
    points = data(axes, "_model 0")
    assert points[:, 0].tolist() == [1, 2, 4, 8, 16] and 15 < points[-1, 1] < 16
    (line,) = [c.lines[0] for c in axes.containers if c.get_label() == "_model 0"]
    assert line.get_linestyle() == "-." and line.get_linewidth() < 1
    assert any("Thin: the model" in text.get_text() for text in drawing.figure.texts)
    none = drawn(results(*group, machine={**FAKE, "regions": {}}), "scaling")
    assert not any("Thin" in text.get_text() for text in none.figure.texts)
