"""Small measurements with known answers, and what was drawn of them."""

import numpy as np
from fake_results import MACHINE
from pynn.bench.report.pictures import drawings
from pynn.bench.results.store import RUNG, Contestant, Measurement, Results

STEADY = np.ones(5)
SHAKY = np.array([0.2, 0.5, 1.0, 2.0, 5.0])


def contestant(name, seconds, kind=RUNG, turns=STEADY, threads=2):
    return Contestant(name, kind, threads, seconds * turns)


def measurement(suite, operation, contestants, size=100, flops=2e9, moved=1e8, threads=2, label="a"):
    return Measurement(
        suite, operation, label, size, "float32", threads, "avx2", flops, moved, 0.0, {p.name: p for p in contestants}
    )


def results(*measurements, curves=None, machine=MACHINE):
    return Results(machine, {}, list(measurements), curves or {}, made="2026-11-24T12:00:00+00:00")


def drawn(results, name):
    return {d.name: d for d in drawings(results)}[name]


def lines(axes, label):
    return [line for line in axes.lines if line.get_label() == label]


def data(axes, label):
    """The points of the container or the line that was drawn with this label."""
    found = [c.lines[0] for c in axes.containers if c.get_label() == label] or lines(axes, label)
    assert len(found) == 1
    return np.asarray(found[0].get_xydata())


def texts(figure_or_axes):
    """What is written in a figure, or in axes beside their ticks and labels."""
    panels = [] if figure_or_axes.axes is figure_or_axes else figure_or_axes.axes
    found = [text.get_text() for part in (figure_or_axes, *panels) for text in part.texts]
    return [text for text in found if text]


def legend(axes):
    return [text.get_text() for text in axes.figure.legends[0].get_texts()]


def hollow(axes, x, y):
    """Is the mark at this point hollow?"""
    marks = [m for m in axes.lines if m.get_linestyle() == "None" and m.get_transform() == axes.transData]
    found = [m for m in marks if np.allclose(m.get_xydata(), [[x, y]])]
    assert len(found) == 1
    return found[0].get_markerfacecolor() == "white"
