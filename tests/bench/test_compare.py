"""The comparison of two files of results."""

from __future__ import annotations

import pytest
from constructed import MACHINE, around, measurement, results
from pynn.bench.results import compare
from pynn.bench.results.store import replace


def changed(gain: float, spread: float = 0.005, speed: float = 1.0, **machine) -> list:
    """The comparison's rows of one contestant that got `gain` times as fast, on a machine `speed` times as fast."""
    before = results(measurement({"simd": around(1, spread), "NumPy": around(2, 0)}))
    after = results(measurement({"simd": around(1 / gain / speed, spread), "NumPy": around(2 / speed, 0)}), **machine)
    found = compare.compare(before, after)
    return [row for table in compare.tables(found) for row in table.rows]


def test_compare_tells_what_changed_beside_numpy():
    ((what, *_, gain),) = changed(1.3)
    assert what.text == "faster"
    assert gain.value == pytest.approx(1.3)
    assert [row[0].text for row in changed(1 / 1.3)] == ["slower"]
    assert [row[0].text for row in changed(1.3, speed=0.5, cpu="an older CPU")] == ["faster"]


def test_compare_does_not_tell_what_numpy_has_changed():
    assert changed(1.3, speed=0.5) == []


def test_compare_does_not_trust_disturbed_runs():
    calm = results(measurement({"simd": around(1), "NumPy": around(2)}))
    disturbed = results(measurement({"simd": around(3), "NumPy": around(2)}, others=0.3))
    found = compare.compare(calm, disturbed)
    assert [change.verdict for change in found.changes] == ["cannot tell"]
    assert found.warnings == [
        "The second run: Disturbed: other processes took up to 30% of the CPUs, in 1 of 1 measurements. Of those it "
        "cannot be told what changed."
    ]


@pytest.mark.parametrize(("gain", "spread"), [(1.0, 0.005), (1.04, 0.005), (1.3, 0.1)])
def test_compare_does_not_tell_noise(gain, spread):
    assert changed(gain, spread) == []


@pytest.mark.parametrize(("gain", "share", "fails"), [(0.8, 0.1, 1), (0.8, 0.3, 0), (0.9, 0.1, 0), (1.3, 0, 0)])
def test_what_is_slower_by_more_than_a_share(gain, share, fails):
    """The interval of 0.8 reaches from 0.768 to 0.833: times as long as before, 1.2 at least."""
    before, after = (results(measurement({"simd": around(t), "NumPy": around(2, 0)})) for t in (1, 1 / gain))
    assert len(compare.compare(before, after).slower_by(share)) == fails


def test_compare_counts_what_it_cannot_say():
    noisy = results(measurement({"simd": around(1, 0.4), "NumPy": around(2)}))
    other = results(measurement({"simd": around(1), "NumPy": around(2)}, label="3x3"))
    both = replace(noisy, measurements=noisy.measurements + other.measurements)
    found = compare.compare(both, replace(noisy, versions={"NumPy": "x"}))
    assert ([change.verdict for change in found.changes], found.only) == (["cannot tell"], (1, 0))
    found = compare.compare(results(), both)
    assert found.only == (0, 2)


def test_compare_separates_instruction_sets_and_warns_of_other_machines():
    old = results(measurement({"simd": around(1), "NumPy": around(2)}))
    new = [replace(m, instruction_set="avx512") for m in old.measurements]
    found = compare.compare(old, replace(results(*new), machine={**MACHINE, "cpu": "another CPU"}))
    assert found.only == (1, 1)
    assert found.warnings == ["The CPU differs: a CPU and another CPU."]
    trained = replace(old, versions={"NumPy": f"NumPy {MACHINE['numpy']}"})  # without training there are no versions
    assert compare.compare(old, trained).warnings == []
    slow, fast = ({"simd": around(t), "NumPy": around(2)} for t in (1, 0.5))
    both = [
        results(measurement(times), replace(measurement(times), instruction_set="avx512")) for times in (slow, fast)
    ]
    titles = {t.title for t in compare.tables(compare.compare(*both))}
    assert titles == {"avx2, up to 2 threads", "avx512, up to 2 threads"}
