"""The pictures of a whole run: which there are, their files, and that nothing overlaps in them."""

import re
from itertools import combinations

import numpy as np
import pytest
from drawn import results, texts
from fake_results import MACHINE, fake_results, without
from pynn.bench.report.pictures import drawings, pictures
from pynn.bench.results.store import replace

from pynn.support.extras import install

pytest.importorskip("matplotlib")

OPERATIONS = ("dense", "softmax", "relu", "add", "add_matrix_and_vector", "maximum", "add_relu", "vector_dot",
              "matrix_vector_dot", "rmsprop_update")  # fmt: skip
LADDERS = ["ladder", *(f"ladder_{name}" for name in OPERATIONS)]
SWEEPS = ["sweep_dot_rate", "sweep_dot_time", "sweep_add_relu_rate", "sweep_add_relu_time"]
ALL = [*LADDERS, "ladder_training", *SWEEPS, "roofline", "scaling", "training"]


@pytest.fixture(scope="module")
def whole():
    return {d.name: d for d in drawings(fake_results())}


def test_a_whole_run_supports_every_picture(whole):
    assert list(whole) == ALL
    for drawing in whole.values():
        assert drawing.title in texts(drawing.figure)
        assert len(drawing.alt) > 60
        assert any("AMD EPYC · avx2 · float32" in text and "2026-11-24" in text for text in texts(drawing.figure))


def test_files(tmp_path):
    import matplotlib

    matplotlib.rcParams["axes.grid"] = True  # a user's settings neither change nor are changed
    some = without(fake_results(), "sweep", "ladder")
    try:
        first = pictures(some, tmp_path / "a")
        assert matplotlib.rcParams["axes.grid"] is True
    finally:
        matplotlib.rcParams["axes.grid"] = False
    second = pictures(some, tmp_path / "b")
    titles = {
        "ladder_training": "The ladder: training epoch MNIST, 784-512-10",
        "scaling": "Strong scaling: times as fast as with one thread",
        "training": "Training: mean loss by seconds trained",
    }
    assert [p.name for p in first] == list(titles)
    for one, other in zip(first, second, strict=True):
        assert one.png.read_bytes() == other.png.read_bytes()
        svg = one.svg.read_text()
        assert svg == other.svg.read_text()
        assert one.png.name == f"{one.name}.png" and one.svg.name == f"{one.name}.svg"
        assert re.search(f"<text [^>]*>{titles[one.name]}</text>", svg)  # not drawn as paths
        assert "<dc:date>" not in svg and "Matplotlib" not in svg
        assert len(svg) < 200_000


def test_without_pyplot(run_python):
    code = (
        "import sys\nfrom pynn.bench.report.pictures import pictures\nassert 'matplotlib' not in sys.modules\n"
        "from pathlib import Path\nfrom pynn.bench.results.store import Results\n"
        "curves = {'pynn': [[1, .5, .8], [2, .4, .9]]}\n"
        "machine = {'cpu': 'x', 'instruction set': 'avx2', 'limits': {}, 'caches': {}}\n"
        "assert len(pictures(Results(machine, {}, [], curves), Path('.'))) == 1\n"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    finished = run_python(code)
    assert finished.returncode == 0, finished.stderr


def test_missing_matplotlib_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(ImportError, match=re.escape(install("bench"))):
        pictures(fake_results(), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_nothing_measured():
    assert drawings(results()) == []


@pytest.mark.parametrize(
    ("suite", "names"),
    [
        ("ladder", [*LADDERS, "roofline"]),
        ("sweep", SWEEPS),
        ("scaling", ["scaling"]),
        ("training", ["ladder_training", "training"]),
    ],
)
def test_one_suite_gives_its_pictures(suite, names):
    others = {"ladder", "sweep", "scaling", "training"} - {suite}
    some = without(fake_results(), *others)
    assert [d.name for d in drawings(some if suite == "training" else replace(some, curves={}))] == names


def test_no_limits():
    machine = {**MACHINE, "limits": {}, "no limits": "there is no C compiler 'cc'; set CC"}
    some = without(fake_results(), "scaling", "training")
    found = {d.name: d for d in drawings(replace(some, machine=machine, curves={}))}
    assert list(found) == LADDERS + SWEEPS
    axes = found["sweep_add_relu_rate"].figure.axes[0]
    assert not [c for c in axes.containers if c.get_label().startswith("_limit")]
    assert not any("Grey" in text for text in texts(found["sweep_add_relu_rate"].figure))


def test_one_thread_has_no_scaling():
    found = {d.name: d for d in drawings(replace(without(fake_results(threads=(1,)), "training"), curves={}))}
    assert list(found) == [*LADDERS, *SWEEPS, "roofline"]
    assert not any("dotted" in text.lower() for d in found.values() for text in texts(d.figure))


def test_colors_of_a_name_are_the_same_in_all_pictures(whole):
    from matplotlib.colors import to_hex

    found: dict[str, set] = {}
    for drawing in whole.values():
        for axes in drawing.figure.axes:
            for container in axes.containers:
                part = container.patches[0] if hasattr(container, "patches") else container.lines[0]
                color = part.get_edgecolor() if hasattr(container, "patches") else part.get_color()
                if drawing.name not in ("scaling", "roofline"):  # whose lines are operations, and roofs
                    found.setdefault(container.get_label(), set()).add(to_hex(color))
    assert {"naive", "parallel", "NumPy", "PyTorch", "Numba"} <= set(found)
    assert [name for name, colors in found.items() if len(colors) > 1] == []


@pytest.mark.parametrize("name", ALL)
def test_no_text_overlaps_another_or_leaves_the_picture(whole, name):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = whole[name].figure
    figure.set_dpi(288)  # at 72 hinting widens text; 4 pixels are a point
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    (axes,) = figure.axes
    found = [*figure.texts, *axes.texts, axes.xaxis.label, axes.yaxis.label, *ticks(axes.xaxis), *ticks(axes.yaxis)]
    found += [text for legend in figure.legends for text in legend.get_texts()]
    found = [text for text in found if text.get_text()]
    assert len(found) > 8
    assert min(text.get_fontsize() for text in found) >= 10.5  # 9 points in a README that is 600 pixels wide
    boxes = [(text, text.get_window_extent(renderer)) for text in found]
    for text, box in boxes:
        assert box.x0 >= 0 <= box.y0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1, text
    for (one, a), (other, b) in combinations(boxes, 2):
        overlap = min(min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0))
        assert overlap < 4, (one, other)
    inside = axes.get_window_extent(renderer)
    assert inside.width > 0.4 * figure.bbox.width and inside.height > 0.4 * figure.bbox.height  # it is filled


@pytest.mark.parametrize("name", ALL)
def test_ticks_reach_what_is_drawn(whole, name):
    (axes,) = whole[name].figure.axes
    bars = name.startswith("ladder")
    drawn = np.concatenate([line.get_ydata() for line in axes.lines if line.get_transform() == axes.transData])
    low, high = axes.dataLim.intervalx if bars else (drawn.min(), drawn.max())
    at = (axes.xaxis if bars else axes.yaxis).get_majorticklocs()
    assert min(at) <= low * 1.0001 and max(at) >= high * 0.9999


def ticks(axis):
    """The labels within the axes: matplotlib keeps others that it does not draw."""
    low, high = sorted(axis.get_view_interval())
    labels = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True)
    return [label for at, label in labels if low <= at <= high]
