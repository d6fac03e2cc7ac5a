"""Each picture is checked by what it holds: the lines' data, the roofs, the marks and the labels."""

import numpy as np
import pytest
from drawn import SHAKY, STEADY, contestant, data, drawn, hollow, lines, measurement, results, texts
from fake_results import CACHES, MACHINE
from pynn.bench.report.labels import apart
from pynn.bench.report.pictures import drawings
from pynn.bench.results.store import NUMPY, PEER, replace

pytest.importorskip("matplotlib")


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
        assert {"ijp", "sparse", "NumPy"} <= set(texts(axes))
    np.testing.assert_allclose(data(rate, "ijp"), [[16, 1], [64, 1]])
    np.testing.assert_allclose(data(rate, "NumPy"), [[16, 50], [64, 50]])
    np.testing.assert_allclose(data(time, "sparse"), [[16, 16**3 * 2e-11], [64, 64**3 * 2e-11]])
    assert hollow(rate, 16, 100) and not hollow(rate, 64, 100) and not hollow(rate, 16, 1)
    for n, peak in (("1", 104), ("2", 207)):
        (roof,) = lines(rate, f"_roof {n}")
        assert set(roof.get_ydata()) == {peak}
        assert tuple(roof.get_xdata()) == pytest.approx(rate.get_xlim())
        (floor,) = lines(time, f"_roof {n}")
        np.testing.assert_allclose(floor.get_ydata(), 2e-9 * np.asarray(floor.get_xdata()) ** 3 / peak)
    assert "float32 peak 207 GFLOP/s" in texts(rate)
    quartiles = next(c for c in rate.containers if c.get_label() == "sparse").lines[2][0].get_segments()[0]
    np.testing.assert_allclose(quartiles, [[16, 50], [16, 200]])


def test_sweep_of_elements_has_a_roof_for_each_cache():
    sizes = [10**i for i in range(2, 8)]
    group = [measurement("sweep", "add", [contestant("parallel", 12e-9 * n / 30)], n, 1.0 * n, 12.0 * n) for n in sizes]
    axes = drawn(results(*group), "sweep_add_rate").figure.axes[0]
    np.testing.assert_allclose(data(axes, "parallel"), [[n, 30] for n in sizes])
    (roof,) = lines(axes, "_roof 2")
    x, y = roof.get_data()
    assert list(dict.fromkeys(y)) == list(MACHINE["limits"]["2"]["add"].values())
    edges = [x[i] for i in range(1, len(x) - 1, 2)]
    np.testing.assert_allclose(edges, np.array([2, 2, 1]) * list(CACHES.values()) / 12, rtol=0.02)
    assert {"L1 620", "L2 275", "L3 150", "memory 45"} <= set(texts(axes))


def test_sweep_of_one_size_is_left_out():
    assert drawings(results(measurement("sweep", "dot", [contestant("ijp", 1.0)], 16))) == []


def test_a_line_ends_where_its_player_sat_out():
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
    memory, alone = lines(axes, "_roof memory")  # of two threads, of one
    left, right = axes.get_xlim()
    np.testing.assert_allclose(memory.get_xydata(), [[left, 45 * left], [207 / 45, 207], [right, 207]])
    np.testing.assert_allclose(alone.get_xydata(), [[left, 27 * left], [104 / 27, 104], [right, 104]])
    for level in CACHES:
        (roof,) = lines(axes, f"_roof {level}")
        bandwidth = MACHINE["limits"]["2"]["add"][level]
        np.testing.assert_allclose(roof.get_ydata(), bandwidth * np.asarray(roof.get_xdata()))
    assert {"add", "dot a", "dot 5x5", "float32 peak 207"} <= set(texts(axes))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["naive", "ijp", "simd", "sparse"]


@pytest.mark.parametrize("threads", [(1, 2), (1, 2, 4, 8)])
def test_scaling(threads):
    group = [
        measurement("scaling", "dot", [contestant("sparse", 1 / n**0.5), contestant("NumPy", 3.0, NUMPY)], threads=n)
        for n in reversed(threads)
    ]
    axes = drawn(results(*group), "scaling").figure.axes[0]
    np.testing.assert_allclose(data(axes, "dot"), [[n, n**0.5] for n in threads])
    np.testing.assert_allclose(data(axes, "dot, NumPy"), [[n, 1] for n in threads])
    np.testing.assert_allclose(data(axes, "ideal"), [[1, 1], [threads[-1], threads[-1]]])
    assert [label.get_text() for label in axes.get_xticklabels()] == [str(n) for n in threads]
    assert axes.get_xscale() == ("log" if threads[-1] > 4 else "linear")
    dashed = {c.get_label(): c.lines[0].is_dashed() for c in axes.containers}
    assert dashed == {"dot": False, "dot, NumPy": True}


def test_ladder_bars():
    contestants = [contestant("naive", 1.0), contestant("typed", 0.01), contestant("simd", 0.01, turns=SHAKY),
                   contestant("parallel", 0.001), contestant("NumPy", 2.0, NUMPY),
                   contestant("JAX", 0.002, PEER)]  # fmt: skip
    small = measurement("ladder", "relu", contestants[:2], flops=10, label="small")
    large = measurement("ladder", "relu", contestants, flops=20, label="large")
    larger = measurement("ladder", "relu", contestants[1:], flops=30, label="without naive")
    drawing = drawn(results(small, large, larger), "ladder")
    (axes,) = drawing.figure.axes
    assert axes.get_xscale() == "log"
    bars = {c.get_label(): c.patches[0] for c in axes.containers}
    ends = {name: bar.get_x() + bar.get_width() for name, bar in bars.items()}
    expected = {"naive": 1, "typed": 100, "simd": 100, "parallel": 1000, "NumPy": 0.5, "JAX": 500}
    assert list(ends) == list(expected) == [label.get_text() for label in axes.get_yticklabels()]
    np.testing.assert_allclose(list(ends.values()), list(expected.values()))
    assert texts(axes) == ["1", "100", "100", "1,000", "0.50", "500", "relu", "large"]
    assert [name for name, bar in bars.items() if bar.get_hatch()] == ["NumPy", "JAX"]
    assert bars["simd"].get_facecolor()[:3] == (1, 1, 1) != bars["typed"].get_facecolor()[:3]
    assert axes.get_xlim()[0] < 0.5


def test_ladder_passes_over_a_case_that_was_disturbed():
    contestants = [contestant("naive", 1.0), contestant("simd", 0.1)]
    small, large = (measurement("ladder", "relu", contestants, flops=n, label=f"{n} long") for n in (10, 20))
    for cases, label in (((small, large), "20 long"), ((small, replace(large, others=0.4)), "10 long")):
        assert any(label in text for text in texts(drawn(results(*cases), "ladder").figure.axes[0]))


def test_ladder_without_naive_starts_at_the_first_rung():
    m = measurement("ladder", "dense", [contestant("ipj", 1.0), contestant("sparse", 0.1)])
    drawing = drawn(results(m), "ladder")
    assert drawing.title == "The ladder: times as fast as the first rung"
    assert texts(drawing.figure.axes[0])[:2] == ["1", "10.0"]


def test_ladder_takes_four_operations_and_turns_sat_out():
    sat_out = np.array([1.0, np.nan, 1.0, np.nan, 1.0])
    ladder = [
        measurement("ladder", name, [contestant("naive", 1.0), contestant("simd", 0.5, turns=sat_out)])
        for name in ("add", "maximum", "softmax", "dot", "relu")
    ]
    axes = drawn(results(*ladder), "ladder").figure.axes
    assert [texts(panel)[2] for panel in axes] == ["dot", "softmax", "relu", "add"]
    assert texts(axes[0])[:2] == ["1", "2.00"]


def test_ladder_compares_all_with_naive_where_it_took_part():
    with_naive = measurement("ladder", "add", [contestant("naive", 1.0), contestant("simd", 0.1)])
    without_naive = measurement("ladder", "dense", [contestant("ipj", 1.0), contestant("sparse", 0.1)])
    drawing = drawn(results(without_naive, with_naive), "ladder")
    assert drawing.title == "The ladder: times as fast as naive Python"
    assert [texts(panel)[2] for panel in drawing.figure.axes] == ["add"]


def test_players_that_never_met_have_no_bar():
    turns = np.array([np.nan, 1.0, np.nan, 1.0, np.nan, 1.0])
    m = measurement("ladder", "add", [contestant("naive", 1.0, turns=turns), contestant("typed", 1.0, turns=turns),
                                      contestant("simd", 1.0, turns=turns[::-1])])  # fmt: skip
    (axes,) = drawn(results(m), "ladder").figure.axes
    assert [c.get_label() for c in axes.containers] == ["naive", "typed"]


def test_training_curves():
    curves = {
        "pynn": [[1.0, 0.5, 0.9], [2.0, 0.25, 0.95]],
        "Keras": [[4.0, 0.5, 0.9], [8.0, 0.2, 0.95]],
        "JAX": [[1.0, 0.5, 0.9]],  # one epoch is no curve
    }
    axes = drawn(results(curves=curves), "training").figure.axes[0]
    np.testing.assert_allclose(data(axes, "pynn"), [[1, 0.5], [2, 0.25]])
    np.testing.assert_allclose(data(axes, "Keras"), [[4, 0.5], [8, 0.2]])
    assert sorted(texts(axes)) == ["Keras", "pynn"]
    assert axes.get_xlim()[0] == 0 and axes.get_yscale() == "log"


def test_an_unknown_rung_has_a_look():
    group = [measurement("sweep", "dot", [contestant("tiled", 1.0)], n) for n in (16, 32)]
    axes = drawn(results(*group), "sweep_dot_rate").figure.axes[0]
    assert len(data(axes, "tiled")) == 2 and "tiled" in texts(axes)


def test_apart_moves_labels_no_further_than_they_must():
    assert apart([10, 50], 5, 0, 100) == [10, 50]
    assert apart([50, 50], 10, 0, 100) == [45, 55]
    assert apart([52, 50, 90], 10, 0, 100) == [56, 46, 90]
    assert apart([99, 100, 98], 10, 0, 100) == [90, 100, 80]
    assert apart([], 10, 0, 100) == []
    rng = np.random.default_rng(0)
    for _ in range(20):
        wanted = rng.random(9) * 100
        got = apart(wanted, 8, 0, 100)
        assert np.argsort(got).tolist() == np.argsort(wanted).tolist()
        assert np.diff(np.sort(got)).min() >= 8 - 1e-9 and min(got) >= 0 and max(got) <= 100
