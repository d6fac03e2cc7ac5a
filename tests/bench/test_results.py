"""Ratios, verdicts, the file of results and tables, on constructed times with known answers."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from constructed import MACHINE, NAN, around, measurement, results
from pynn.bench.results import rows, statistics, tables
from pynn.bench.results.store import OWN, Measurement, read, replace

from pynn.cli.checks import UserError


def test_a_ratio_is_the_median_of_the_turns_ratios_not_the_quotient_of_medians():
    slow, fast = np.array([2.0, 40.0, 6.0]), np.array([1.0, 10.0, 1.0])
    found = statistics.ratio(slow, fast)
    assert (found.value, found.low, found.high) == (4, 2, 6)
    assert not found.tie and not found.unknown
    assert np.median(slow) / np.median(fast) == 6


def test_a_turn_that_one_sat_out_says_nothing():
    assert statistics.ratio(np.array([NAN, 6.0, 8.0]), np.array([1.0, 2.0, NAN])).value == 3
    assert statistics.ratio(np.array([NAN, 1.0]), np.array([1.0, NAN])) is None


@pytest.mark.parametrize("n", [5, 7, 9, 12, 20])
def test_an_interval_holds_the_true_median_as_often_as_it_says(n):
    rng = np.random.default_rng(n)
    found = [statistics.interval(rng.exponential(1.0, n)) for _ in range(2000)]
    assert all(low <= middle <= high for low, middle, high in found)
    held = np.mean([low <= np.log(2) <= high for low, _, high in found])
    # CONFIDENCE or more, as the next wider pair of values has it; three standard errors of 2000
    assert statistics.CONFIDENCE - 0.016 < held < 0.995


def test_an_interval_of_few_turns_is_their_range_and_of_more_is_not():
    for values in ([3.0], [1.0, 2.0, 9.0], [5.0, NAN, 1.0, 2.0, 3.0, 4.0]):
        assert statistics.interval(np.array(values)) == (np.nanmin(values), np.nanmedian(values), np.nanmax(values))
    assert statistics.interval(np.arange(9.0)) == (1, 4, 7)


@pytest.mark.parametrize(
    ("turns", "text"),
    [
        ([0.97, 0.99, 1.0, 1.02, 1.03], "tie"),
        ([0.5, 0.9, 1.0, 1.1, 2.0], "cannot tell"),
        ([0.99, 1.5, 1.5, 1.5, 1.6], "cannot tell"),
        ([1.45, 1.5, 1.5, 1.5, 1.55], "1.50"),
        ([1.01, 1.02, 1.02, 1.02, 1.03], "1.02"),  # a little, but surely
        ([600, 800, 1000, 1400, 1500], "1,000 (600–1,500)"),
        ([0.2, 0.25, 0.3, 0.4, 0.6], "0.30 (0.20–0.60)"),
        ([0.001, 0.002, 0.003, 0.004, 0.005], "0.003"),
        ([4e-5] * 5, "0.00004"),
    ],
)
def test_a_ratio_is_told_unless_its_interval_holds_1(turns, text):
    found = statistics.ratio(np.array(turns), np.ones(5))
    assert str(found) == text
    assert found.unknown == (text == "cannot tell")


@pytest.mark.parametrize(
    ("times", "others", "verdict"),
    [
        (around(1, 0.01), 0, "stable"),
        (around(1, 0.01), 0.2, "noisy"),
        (around(1, 0.1), 0, "noisy"),
        (around(1, 0.4), 0, "unusable"),
        ([1.0, 1.0], 0, "unusable"),
        ([1.0, NAN, 1.0, NAN], 0, "unusable"),
        ([1.0, NAN, 1.0, 1.0], 0, "stable"),
    ],
)
def test_verdict(times, others, verdict):
    assert measurement({"naive": times}, others=others).verdict("naive") == verdict


def test_rates_and_limits():
    product = measurement({"parallel": around(0.04)})
    assert product.unit == "GFLOP/s"
    assert product.rate("parallel") == pytest.approx(100)
    assert product.limit(MACHINE, 1) == ("float32 peak", 100)
    assert replace(product, dtype="float64").limit(MACHINE, 2) == ("float64 peak", 100)
    assert product.limit(MACHINE, 3) == ("float32 peak", 200)  # of the most that were measured
    assert product.limit({**MACHINE, "limits": {}}, 1) is None


@pytest.mark.parametrize(
    ("moved", "threads", "limit"),
    [
        (1000, 1, ("L1 bandwidth", 80)),
        (1001, 1, ("L2 bandwidth", 40)),
        (2000, 2, ("L1 bandwidth", 160)),  # each thread has an L1 and an L2
        (20_001, 2, ("L3 bandwidth", 30)),
        (100_001, 2, ("memory bandwidth", 15)),  # but they share L3
    ],
)
def test_memory_is_held_against_the_smallest_cache_that_holds_the_arrays(moved, threads, limit):
    m = replace(measurement({"simd": around(1)}, flops=moved / 4), bytes=moved)
    assert m.unit == "GB/s"
    assert m.limit(MACHINE, threads) == limit


def test_the_rung_below():
    m = measurement({"naive": around(4), "typed": around(2), "simd": around(1), "NumPy": around(3)})
    assert [m.below(name) for name in m.contestants] == [None, "naive", "typed", None]
    assert m.best_rung == "simd"
    assert m.faster("simd", "naive").value == pytest.approx(4)
    assert m.faster("simd", "ipj") is None


def test_the_file_keeps_everything(tmp_path: Path):
    before = results(measurement({"naive": [0.5, NAN, 1 / 3], "NumPy": [0.1, 0.2, 0.3]}))
    before.save(tmp_path / "r.json")
    after = read(str(tmp_path / "r.json"))
    made, seconds = (r.measurements[0].contestants["naive"].seconds for r in (before, after))
    assert np.array_equal(seconds, [0.5, NAN, 0.333333], equal_nan=True) and np.array_equal(seconds, made, True)
    assert [p.name for p in tmp_path.iterdir()] == ["r.json"]
    after.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == (tmp_path / "r.json").read_text()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not a results.json"),
        ("\x00\x01", "not a results.json"),
        ("[]", "not a results.json"),
        ("{}", "schema None"),
        ('{"schema": 99}', "schema 99 instead of"),
        ('{"schema": 2}', "damaged"),
        ('{"schema": 2, "measurements": [{}], "process_runs": []}', "damaged"),
        ('{"schema": 2, "measurements": 3, "process_runs": []}', "damaged"),
    ],
)
def test_a_file_that_is_something_else(tmp_path: Path, text, says):
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(UserError, match=says):
        read(str(tmp_path / "r.json"))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *((("measurements", 0, "contestants", "naive", "seconds"), v)
          for v in ([None], [], [0.0], [-1.0], ["fast"], [1e400], 1.0, None, [1.0, 2.0], [NAN], ["1.0"], [[1.0]],
                    [1e-13], [1e18], [10**400], [1.0] * 1001)),
        (("measurements", 0, "contestants", "naive", "kind"), "numpy"),
        (("measurements", 0, "contestants", "NumPy", "kind"), "rung"),
        (("measurements", 0, "contestants"), {}),
        (("measurements", 0, "contestants"), None),
        (("measurements", 0), 7),
        (("machine", "limits"), []),
        (("machine",), None),
        (("measurements", 0, "contestants", "naive", "name"), "another"),
        (("measurements", 0, "threads"), "2"),
        (("measurements", 0, "threads"), True),
        (("measurements", 0, "label"), ["2x2"]),
        (("measurements", 0, "flops"), -1),
        (("measurements", 0, "surprise"), 1),
        (("machine",), {}),
        (("machine", "cpu"), None),
        (("machine", "caches"), {"L1": "large"}),
        (("machine", "limits", "1", "float32"), 0),
        (("machine", "limits", "1", "add"), {}),
        (("machine", "limits", "one"), {}),
        (("versions",), {"NumPy": 2}),
        (("versions",), {"NumPy": "2\n\ud800"}),
        (("notes",), "none"),
        (("curves",), {"pynn": [[1.0, 2.0]]}),
        (("made",), 20261124),
    ],
    ids=str,
)  # fmt: skip
def test_content_that_cannot_be(tmp_path: Path, place, value):
    path = tmp_path / "r.json"
    results(measurement({"naive": [1.0], "NumPy": [1.0]})).save(path)
    content = json.loads(path.read_text())
    *way, last = place
    part = content
    for key in way:
        part = part[key]
    part[last] = value
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match="damaged"):
        read(str(path))


def test_the_ladders_table():
    m = measurement({"naive": around(4), "typed": around(0.04), "simd": around(0.04), "NumPy": around(0.08)})
    (naive, typed, simd, numpy) = tables.ladder(results(m), [m], "dot").rows
    texts = [cell.text for cell in typed]
    assert texts[:9] == [
        "dot 2x2",
        "typed",
        "40.0 ms",
        "2%",
        "100 GFLOP/s",
        "100",
        "100",
        "2.00",
        "50% of float32 peak",
    ]
    assert texts[-1] == "stable"
    assert [cell.text for cell in naive[5:8]] == ["", "", "0.02"]
    assert [cell.text for cell in numpy[5:8]] == ["50.0", "", ""]
    assert simd[6].text == "tie"


def own(seconds: float, **rungs: float) -> Measurement:
    """A user's own function beside rungs and NumPy."""
    m = measurement({name: around(t) for name, t in {**rungs, "NumPy": 3.0, "my_dot": seconds}.items()})
    mine = replace(m.contestants["my_dot"], kind=OWN, threads=1, error=0.25, error_unit="of bound")
    return replace(m, contestants={**m.contestants, "my_dot": mine})


@pytest.mark.parametrize(
    ("seconds", "order", "below", "above"),
    [
        (9.0, "my_dot naive typed simd NumPy", None, "naive"),
        (3.0, "naive my_dot typed simd NumPy", "naive", "typed"),
        (1.5, "naive typed my_dot simd NumPy", "typed", "simd"),
        (0.5, "naive typed simd my_dot NumPy", "simd", None),
    ],
)
def test_a_users_own_stands_among_the_rungs_by_its_time(seconds, order, below, above):
    m = own(seconds, naive=4.0, typed=2.0, simd=1.0)
    assert " ".join(m.by_speed()) == order
    assert (m.below("my_dot"), m.above("my_dot")) == (below, above)
    assert [m.below(name) for name in ("naive", "typed", "simd", "NumPy")] == [None, "naive", "typed", None]
    assert m.above("typed") is None and m.best_rung == "simd"


def test_rungs_keep_their_order_beside_a_users_own():
    m = own(3.0, naive=4.0, typed=1.0, simd=2.0, parallel=3.5)
    assert m.by_speed() == ["naive", "typed", "simd", "parallel", "my_dot", "NumPy"]
    assert (m.below("my_dot"), m.above("my_dot")) == ("parallel", None)


def test_the_ladders_table_places_a_users_own(tmp_path: Path):
    m = own(0.08, naive=4.0, typed=0.16, simd=0.04)
    results(m).save(tmp_path / "r.json")
    table = tables.ladder(results(m), read(str(tmp_path / "r.json")).measurements, "dot")
    row = {column: cell.text for column, cell in zip(table.columns, table.rows[2], strict=True)}
    assert row["rung"] == "my_dot"
    times = [row[f"times {name}"] for name in ("naive", "rung below", "rung above", "NumPy")]
    assert times == ["50.0", "2.00", "0.50", "37.5"]
    assert (row["of limit"], row["largest error"]) == ("50% of float32 peak", "25% of bound")
    assert "times my_dot" in tables.libraries([m]).columns
    assert "times rung above" not in tables.ladder(results(), [measurement({"naive": [1.0]})], "dot").columns


def test_the_rows_for_spreadsheets():
    m = replace(own(0.08, naive=4.0, simd=0.04), others=0.2)
    lines = list(csv.reader(io.StringIO(rows.text(results(m)))))
    assert [line[3:5] for line in lines[1:]] == [
        ["naive", "rung"],
        ["my_dot", "own"],
        ["simd", "rung"],
        ["NumPy", "numpy"],
    ]
    mine = dict(zip(lines[0][:11], lines[2][:11], strict=True))
    assert mine["shapes"] == "2x2" and mine["threads"] == "1"
    assert [float(mine[name]) for name in ("low s", "median s", "high s")] == pytest.approx([0.0784, 0.08, 0.0816])
    assert float(mine["times naive"]) == pytest.approx(50)
    assert lines[2][rows.COLUMNS.index("verdict")] == "noisy" and lines[0] == list(rows.COLUMNS)
    assert lines[1][rows.COLUMNS.index("times NumPy")] == "0.75"


def test_markdown_aligns_numbers_right_and_drops_columns():
    table = tables.Table("t", ["a", "b", "c"], [[tables.plain("x"), tables.number(1234.5), tables.Cell("")]])
    assert tables.markdown(table.without("b")).splitlines() == ["| a | c |", "|:--|--:|", "| x |  |"]
    assert "1,234" in tables.markdown(table)


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.0, "2.00 s"), (0.5, "500 ms"), (1.5e-6, "1.50 µs"), (2.5e-8, "25 ns"), (12e-3, "12.0 ms")]
)
def test_seconds(seconds, text):
    assert tables.seconds(seconds).text == text


def test_scaling_is_over_one_thread_in_the_same_turns():
    one = replace(measurement({"parallel": [2.0, 4.0, 8.0]}, suite="scaling"), threads=1)
    two = measurement({"parallel": [1.0, 2.0, 4.0]}, suite="scaling")
    rows = [[cell.text for cell in row] for row in tables.scaling(results(one, two), [two, one]).rows]
    assert rows == [
        ["dot 2x2", "parallel", "1", "4.00 s", "", "", ""],
        ["dot 2x2", "parallel", "2", "2.00 s", "2.00", "100%", ""],
    ]


def test_no_limits_no_share():
    m = measurement({"simd": around(1)})
    row = tables.ladder(results(m, limits={}), [m], "dot").rows[0]
    assert row[8].text == ""
