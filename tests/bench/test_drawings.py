"""Each picture is checked by what it holds: the lines' data, the roofs, the marks and the labels."""

import numpy as np
import pytest
from drawn import SHAKY, STEADY, contestant, data, drawn, hollow, legend, lines, measurement, results, texts
from fake_results import MACHINE
from pynn.bench.report.drawing import LOOKS, SPARE, looks
from pynn.bench.report.pictures import drawings
from pynn.bench.results.store import NUMPY, PEER, replace

from kernels.ladder import LADDER

pytest.importorskip("matplotlib")
SQUARE, MNIST, NARROW = "512x512 · 512x512", "128x784 · 784x512", "128x512 · 512x10"


def test_sweep_of_products():
    """GFLOP/s and seconds by n below the peak; hollow where unusable."""
    group = [
        measurement("sweep", "dot", [contestant("ijp", n**3 * 2e-9), contestant("sparse", n**3 * 2e-11, turns=turns),
                                     contestant("NumPy", n**3 * 4e-11, NUMPY)], n, 2.0 * n**3, 12.0 * n**2)
        for n, turns in ((64, STEADY), (16, SHAKY))
    ]  # fmt: skip
    rate, time = (drawn(results(*group), f"sweep_dot_{what}").figure.axes[0] for what in ("rate", "time"))
    for axes in (rate, time):
        assert axes.get_xscale() == axes.get_yscale() == "log"
        assert [text.get_text() for text in axes.get_xticklabels()] == ["16", "64"]
    assert legend(rate) == ["sparse", "NumPy", "ijp"] and legend(time) == ["ijp", "NumPy", "sparse"]
    np.testing.assert_allclose(data(rate, "ijp"), [[16, 1], [64, 1]])
    np.testing.assert_allclose(data(rate, "NumPy"), [[16, 50], [64, 50]], rtol=1e-5)  # times have 6 digits
    np.testing.assert_allclose(data(time, "sparse"), [[16, 16**3 * 2e-11], [64, 64**3 * 2e-11]])
    assert hollow(rate, 16, 100) and not hollow(rate, 64, 100) and not hollow(rate, 16, 1)
    for n, peak in (("1", 104), ("2", 207)):
        np.testing.assert_allclose(data(rate, f"_limit {n}"), [[16, peak], [64, peak]])
        np.testing.assert_allclose(data(time, f"_limit {n}"), [[m, 2e-9 * m**3 / peak] for m in (16, 64)])
    assert "Dashed: libraries. Grey: float32 peak 207 GFLOP/s. Dotted: 1 thread." in texts(rate.figure)
    interval = next(c for c in rate.containers if c.get_label() == "sparse").lines[2][0].get_segments()[0]
    np.testing.assert_allclose(interval, [[16, 20], [16, 500]])


def test_sweep_of_elements_has_the_limit_of_the_cache_that_holds_each():
    sizes = [10**i for i in range(2, 8)]
    group = [measurement("sweep", "add", [contestant("parallel", 12e-9 * n / 30)], n, 1.0 * n, 12.0 * n) for n in sizes]
    axes = drawn(results(*group), "sweep_add_rate").figure.axes[0]
    np.testing.assert_allclose(data(axes, "parallel"), [[n, 30] for n in sizes])
    assert data(axes, "_limit 2")[:, 1].tolist() == [620, 620, 275, 150, 150, 45]
    assert "Grey: L1 620, L2 275, L3 150, memory 45 GB/s." in texts(axes.figure)[1].replace("\n", " ")
    assert [text.get_text() for text in axes.get_xticklabels()] == ["100", "1k", "10k", "100k", "1M", "10M"]


def test_sweep_of_one_size_is_left_out():
    assert drawings(results(measurement("sweep", "dot", [contestant("ijp", 1.0)], 16))) == []


def test_a_line_ends_where_its_contestant_sat_out():
    group = [
        measurement("sweep", "dot", [contestant(name, 1.0) for name in names], n)
        for n, names in ((16, ("naive", "ijp")), (32, ("ijp",)))
    ]
    axes = drawn(results(*group), "sweep_dot_rate").figure.axes[0]
    assert len(data(axes, "naive")) == 1 and len(data(axes, "ijp")) == 2


def test_roofline():
    few = measurement(
        "ladder", "add", [contestant("naive", 1.0), contestant("simd", 0.1, turns=SHAKY)], flops=1e8, moved=1.2e9
    )
    many = measurement("ladder", "dot", [contestant("naive", 10.0), contestant("sparse", 0.02)], flops=2e9, moved=1e8)
    smaller = replace(many, label="b", flops=1e6, bytes=5e4)  # the same intensity: not drawn
    other = replace(measurement("ladder", "dot", [contestant("ijp", 2.0)], flops=4e9, moved=4e7), label="5x5 · 5x5")
    axes = drawn(results(few, smaller, many, other), "roofline").figure.axes[0]
    points = {line.get_label(): line for line in axes.lines if ": " in str(line.get_label())}
    assert set(points) == {"add a: naive", "add a: simd", "dot a: naive", "dot a: sparse", "dot 5x5 · 5x5: ijp"}
    np.testing.assert_allclose(points["add a: simd"].get_xydata(), [[1 / 12, 1]])
    np.testing.assert_allclose(points["dot a: sparse"].get_xydata(), [[20, 100]])
    assert points["add a: simd"].get_markerfacecolor() == "white" != points["add a: naive"].get_markerfacecolor()
    left, right = axes.get_xlim()
    roofs = {"L1 620 GB/s": (620, 207), "L2 275 GB/s": (275, 207), "L3 150 GB/s": (150, 207),
             "memory 45 GB/s": (45, 207), "1 thread: 27 GB/s": (27, 104)}  # fmt: skip
    for name, (bandwidth, peak) in roofs.items():
        expected = [[left, bandwidth * left], [peak / bandwidth, peak], [right, peak]]
        np.testing.assert_allclose(data(axes, name), expected)
    assert {"add", "dot a", "dot 5x5", "207", "104"} == set(texts(axes))
    assert legend(axes) == ["naive", "ijp", "simd", "sparse", *roofs]


def test_roofline_prefers_the_case_of_a_users_function():
    """Of two operations of one intensity; add would come first."""
    add, mine = (
        measurement("ladder", name, [contestant("naive", 1.0), *more], flops=1e8, moved=1.2e9)
        for name, more in (("relu", []), ("maximum", [contestant("mine", 0.1, "own")]))
    )
    axes = drawn(results(add, mine), "roofline").figure.axes[0]
    assert "maximum" in texts(axes) and "relu" not in texts(axes) and "mine" in legend(axes)


@pytest.mark.parametrize("threads", [(1, 2), (1, 2, 4, 8)])
def test_scaling(threads):
    group = [
        measurement("scaling", "dot", [contestant("sparse", 1 / n**0.5), contestant("NumPy", 3.0, NUMPY)], threads=n)
        for n in reversed(threads)
    ]
    measured = results(*group, machine={**MACHINE, "regions": {}})
    axes = drawn(measured, "scaling").figure.axes[0]
    np.testing.assert_allclose(data(axes, "dot"), [[n, n**0.5] for n in threads], rtol=1e-5)  # times have 6 digits
    np.testing.assert_allclose(data(axes, "dot, NumPy"), [[n, 1] for n in threads])
    np.testing.assert_allclose(data(axes, "ideal"), [[n, n] for n in threads])
    assert [label.get_text() for label in axes.get_xticklabels()] == [str(n) for n in threads]
    assert axes.get_xscale() == ("log" if threads[-1] > 4 else "linear")
    dashed = {c.get_label(): c.lines[0].get_linestyle() for c in axes.containers}
    assert dashed == {"dot": "-", "dot, NumPy": "--", "ideal": ":"}


def bars(axes):
    """Name -> (end, is it hollow), from the top down."""
    found = {c.get_label(): c.patches[0] for c in axes.containers}
    return {name: (bar.get_x() + bar.get_width(), bar.get_facecolor()[:3] == (1, 1, 1)) for name, bar in found.items()}


def columns(axes, name):
    """Idea, rate, time and step of a row."""
    y = next(c for c in axes.containers if c.get_label() == name).patches[0]
    y = y.get_y() + y.get_height() / 2
    found = {text.xyann[0]: text.get_text() for text in axes.texts if abs(text.xy[1] - y) < 1e-9}
    return [found.get(at) for at in (3, 62, 126, 204)]


def test_ladder_tells_one_operation():
    """Rungs from the top down, then libraries; what cannot be told is hollow and without a number."""
    contestants = [contestant("naive", 1.0), contestant("typed", 0.01), contestant("simd", 0.01),
                   contestant("streaming", 0.005, turns=SHAKY), contestant("parallel", 0.001),
                   contestant("NumPy", 2.0, NUMPY), contestant("JAX", 0.002, PEER)]  # fmt: skip
    m = measurement("ladder", "relu", contestants, flops=1e8, moved=1e9)
    drawing = drawn(results(replace(m, others=0.2)), "ladder")
    (axes,) = drawing.figure.axes
    ends = bars(axes)
    assert list(ends) == ["parallel", "streaming", "simd", "typed", "naive", "NumPy", "JAX"]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(ends)
    np.testing.assert_allclose([end for end, _ in ends.values()], [1000, 200, 100, 100, 1, 0.5, 500])
    assert [name for name, (_, empty) in ends.items() if empty] == ["streaming"]
    assert columns(axes, "naive") == [LADDER["relu"]["naive"].idea, "1.00", "1.00 s", ""]
    assert columns(axes, "typed") == [LADDER["relu"]["typed"].idea, "100", "10.0 ms", "100"]
    assert columns(axes, "simd")[1:] == ["100", "10.0 ms", "tie"]
    assert columns(axes, "streaming")[1:] == ["", "cannot tell", "cannot tell"]
    assert columns(axes, "JAX") == [None, "500", "2.00 ms", ""]
    assert axes.get_xlim() == (0.1, 1000) and axes.get_xscale() == "log"
    assert lines(axes, "limit")[0].get_xdata() == [45, 45] and "memory bandwidth 45" in texts(axes)
    assert "Disturbed: other processes took up to 20%" in texts(drawing.figure)[2].replace("\n", " ")
    assert "streaming cannot tell" in drawing.alt and "parallel 1,000" in drawing.alt


def test_ladder_starts_at_the_rate_that_naive_has_in_a_smaller_case():
    rungs = [contestant("ijp", 0.1), contestant("sparse", 0.001), contestant("NumPy", 0.002, NUMPY)]
    narrow = measurement("ladder", "dot", [contestant("naive", 0.1), contestant("lists", 0.05), *rungs], flops=1e6,
                         label=NARROW)  # fmt: skip
    tiny = replace(narrow, suite="sweep", label="16x16 · 16x16", flops=8e3)
    square, large = (
        measurement("ladder", "dot", rungs, flops=n, label=label) for n, label in ((2e8, SQUARE), (2e9, "1024x1024"))
    )
    drawing = drawn(results(narrow, tiny, large, square), "ladder")
    (axes,) = drawing.figure.axes
    assert drawing.title == f"The ladder: dot {SQUARE}"
    assert list(bars(axes)) == ["sparse", "ijp", "lists", "naive", "NumPy"]
    np.testing.assert_allclose(bars(axes)["naive"][0], 0.01)
    assert columns(axes, "naive")[1:] == ["≈ 0.01", "≈ 20.0 s", ""]
    assert columns(axes, "lists")[1:] == ["≈ 0.02", "≈ 10.0 s", "2.00"]
    assert columns(axes, "ijp")[1:] == ["2.00", "100 ms", "≈ 100"]
    assert columns(axes, "sparse")[1:] == ["200", "1.00 ms", "100"]
    assert f"≈ naive, lists: too slow for this case; the rate is that of {NARROW}" in texts(drawing.figure)[2]


def test_the_step_from_a_case_that_cannot_be_told_is_not_told():
    narrow = measurement("ladder", "dot", [contestant("naive", 0.1, turns=SHAKY), contestant("ijp", 0.1)], label=NARROW)
    square = measurement("ladder", "dot", [contestant("ijp", 0.1), contestant("ipj", 0.1)], label=SQUARE)
    (axes,) = drawn(results(narrow, square), "ladder").figure.axes
    assert columns(axes, "naive")[1:] == ["", "cannot tell", ""] and columns(axes, "ijp")[3] == "cannot tell"


@pytest.mark.parametrize(
    ("labels", "chosen"),
    [
        ((MNIST, SQUARE, "1024x1024 · 1024x1024"), SQUARE),
        ((NARROW, MNIST, "(128x784).T · 128x512"), MNIST),
        (("a", "(b).T", "c, 81% of x is 0", "d, out="), "a"),
    ],
)
def test_the_case_that_speaks_for_an_operation(labels, chosen):
    cases = [
        measurement("ladder", "dot", [contestant("ijp", 1.0), contestant("ipj", 0.1)], flops=i + 1e9, label=label)
        for i, label in enumerate(labels)
    ]
    assert drawn(results(*cases), "ladder").title == f"The ladder: dot {chosen}"


def test_ladder_passes_over_a_case_that_cannot_be_told():
    for turns, label in ((STEADY, SQUARE), (SHAKY, NARROW)):
        cases = [
            measurement("ladder", "dot", [contestant("ijp", 1.0), contestant("ipj", 0.1, turns=each)], label=name)
            for name, each in ((NARROW, STEADY), (SQUARE, turns))
        ]
        assert drawn(results(*cases), "ladder").title == f"The ladder: dot {label}"


def test_each_operation_has_its_ladder():
    ladder = [
        measurement("ladder", name, [contestant("naive", 1.0), contestant("simd", 0.5)])
        for name in ("add", "maximum", "softmax", "dot", "relu")
    ]
    one = measurement("ladder", "sum_rows", [contestant("parallel", 1.0)])
    found = {d.name: d.title for d in drawings(results(*ladder, one)) if "ladder" in d.name}
    assert list(found) == ["ladder", "ladder_softmax", "ladder_relu", "ladder_add", "ladder_maximum"]
    assert found["ladder"] == "The ladder: dot a" and found["ladder_add"] == "The ladder: add a"


def test_a_function_of_the_users_stands_above_the_slower_rungs():
    """Also where it is too slow for the case; the rungs' steps are over rungs."""
    rungs = [contestant("ijp", 0.1), contestant("ipj", 0.001), contestant("NumPy", 0.002, NUMPY)]
    mine, slow = contestant("a_rather_long_name", 0.01, "own"), contestant("slow", 0.2, "own")
    square = measurement("ladder", "dot", [*rungs, mine], label=SQUARE)
    narrow = measurement("ladder", "dot", [contestant("naive", 1.0), *rungs, slow], label=NARROW)
    (axes,) = drawn(results(narrow, square), "ladder").figure.axes
    assert list(bars(axes)) == ["ipj", "a_rather_long_name", "ijp", "slow", "naive", "NumPy"]
    assert columns(axes, "a_rather_long_name") == ["a_rather_long_name: a function of yours", "200", "10.0 ms", "10.0"]
    assert columns(axes, "slow")[1:] == ["≈ 10.0", "≈ 200 ms", "5.00"]
    assert columns(axes, "ipj")[3] == "100"
    assert axes.get_yticklabels()[1].get_text() == "a_rather_long_"


def test_the_ladder_of_an_epoch():
    """About: computed from some steps, where there is no curve."""
    m = measurement("training", "training epoch", [contestant("naive", 9e3), contestant("pynn", 0.5)], flops=1e11)
    drawing = drawn(results(m, curves={"pynn": [[1.0, 0.5, 0.9]]}), "ladder_training")
    (axes,) = drawing.figure.axes
    assert columns(axes, "naive")[1:] == ["0.0111", "≈ 9,000 s", ""]
    assert columns(axes, "pynn") == [
        "fit: the same from layers, a tape, metrics and an optimizer",
        "200",
        "500 ms",
        "18,000",
    ]
    assert "≈: from some steps, not from a whole epoch." in texts(drawing.figure)[2]


def test_a_picture_without_limits_has_no_peak():
    m = measurement("ladder", "dot", [contestant("naive", 1.0), contestant("ijp", 0.1)])
    (axes,) = drawn(results(m, machine={**MACHINE, "limits": {}}), "ladder").figure.axes
    assert lines(axes, "limit") == [] and axes.get_xlim() == (1, 20)


def test_training_curves():
    curves = {
        "pynn": [[1.0, 0.5, 0.9], [2.0, 0.25, 0.95]],
        "Keras": [[4.0, 0.5, 0.9], [8.0, 0.2, 0.95]],
        "JAX": [[1.0, 0.5, 0.9]],  # one epoch is no curve
    }
    axes = drawn(results(curves=curves), "training").figure.axes[0]
    np.testing.assert_allclose(data(axes, "pynn"), [[1, 0.5], [2, 0.25]])
    np.testing.assert_allclose(data(axes, "Keras"), [[4, 0.5], [8, 0.2]])
    assert legend(axes) == ["pynn", "Keras"]
    assert axes.get_xlim()[0] == 0 and axes.get_yscale() == "log"


def test_each_name_has_a_marker_of_its_own():
    rungs = {"naive", "lists", "rows", "typed", "ijp", "ipj", "sums", "simd", "streaming", "tiled", "blocked", "packed",
             "parallel", "sparse", "pynn", "branchless", "fused", "batched"}  # fmt: skip
    assert rungs | {name for records in LADDER.values() for name in records} <= set(LOOKS)
    found = [look for name, look in LOOKS.items() if name != "Keras"] + SPARE
    assert len({look.marker for look in found}) == len(found)
    colors = [look.color for look in (*(LOOKS[name] for name in rungs - {"ijp"}), *SPARE)]
    assert len(set(colors)) == len(colors)
    names = [f"mine {i}" for i in range(len(SPARE))]
    spare = looks(results(measurement("sweep", "dot", [contestant(name, 1.0, "own") for name in ("ijp", *names)])))
    assert [spare[name] for name in names] == SPARE and spare["ijp"] == LOOKS["ijp"]
