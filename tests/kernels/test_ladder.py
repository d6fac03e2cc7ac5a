"""Every rung against NumPy in a wider type: a rung that is added to LADDER is tested here by being there."""

import pytest

import kernels
from kernels.ladder import LADDER

PUBLIC = {"add_matrix_and_vector": "add", "vector_dot": "dot", "matrix_vector_dot": "dot"}
SMALL = [(1, 1, 1), (3, 5, 7), (16, 1, 33), (13, 17, 19), (1, 31, 1), (2, 0, 3), (0, 3, 2), (3, 2, 0)]
LARGE = [
    (61, 67, 71),  # primes: no tile, panel or vector is full
    (127, 523, 67),  # two slices of k
    (257, 3, 331),  # element-wise: enough for threads
    (25, 400, 1103),  # more columns than one packed block
    (5, 40009, 3),  # vector sums in two chunks
    (1, 200, 300),
    (300, 200, 1),
]
RUNGS = [(operation, rung) for operation, rungs in LADDER.items() for rung in rungs]
COMPILED = [(operation, rung) for operation, rung in RUNGS if LADDER[operation][rung].compiled]


@pytest.mark.parametrize("shape", SMALL, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("operation", "rung"), RUNGS)
def test_small(case, operation, rung, dtype, shape):
    with_numpy = case(operation, dtype, shape)
    with_numpy.check(with_numpy.run(LADDER[operation][rung]))


@pytest.mark.parametrize("shape", LARGE, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("operation", "rung"), COMPILED)
def test_large(case, operation, rung, dtype, shape):
    with_numpy = case(operation, dtype, shape)
    with_numpy.check(with_numpy.run_into(LADDER[operation][rung]))


@pytest.mark.parametrize(("operation", "rung"), RUNGS)
def test_arguments_are_left_alone(case, operation, rung):
    with_numpy = case(operation, "float32", (3, 5, 7))
    read = with_numpy.args[with_numpy.written :]
    before = [x.tobytes() for x in read]
    with_numpy.run(LADDER[operation][rung])
    assert before and [x.tobytes() for x in read] == before


@pytest.mark.parametrize("operation", LADDER)
def test_ladder_starts_naive_and_ends_with_the_public_operation(operation):
    rungs = LADDER[operation]
    assert next(iter(rungs)) == "naive"
    assert "parallel" in rungs
    last = list(rungs.values())[-1].function
    assert getattr(last, "func", last) is getattr(kernels, PUBLIC.get(operation, operation))
    assert len(rungs) >= 3
