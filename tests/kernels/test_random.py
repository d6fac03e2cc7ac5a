"""Every public kernel on random arrays: a few by default, and by `make random` thousands on each instruction set."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_elementwise import FORMULAS, check_elementwise
from random_errors import SHAPES, check_wrong
from random_products import check_dense, check_dot
from random_rows import (
    check_softmax,
    check_softmax_cross_entropy,
    check_sum_rows,
    check_take_rows,
    check_top_matches,
    check_total,
)
from random_updates import RULES, check_update

import kernels

KERNELS = sorted({*kernels.__all__} - {"get_num_threads", "naive", "set_num_threads", "show_config"})
CHECKS = {
    **{name: partial(check_elementwise, name) for name in FORMULAS},
    **{name: partial(check_update, name) for name in RULES},
    "dense": check_dense,
    "dot": check_dot,
    "softmax": check_softmax,
    "softmax_cross_entropy": check_softmax_cross_entropy,
    "sum_rows": check_sum_rows,
    "take_rows": check_take_rows,
    "top_matches": check_top_matches,
    "total": check_total,
}
CONFIG = kernels.show_config()
OTHERS = [isa for isa in CONFIG["instruction sets available"] if isa != CONFIG["instruction set"]]


@pytest.mark.parametrize("name", KERNELS)
@given(data=st.data())
def test_right(name, data):
    CHECKS[name](data.draw)


@pytest.mark.parametrize("name", [name for name in KERNELS if name != "take_rows"])  # takes any type: test_rows.py
@given(data=st.data())
def test_wrong(name, data):
    check_wrong(name, SHAPES[name], data.draw)


@pytest.mark.parametrize("isa", OTHERS)
def test_other_instruction_sets(run_python, isa):
    code = f"import sys, pytest; sys.exit(pytest.main(['-qx', '-k', 'right', '-p', 'no:cacheprovider', {__file__!r}]))"
    done = run_python(code, KERNELS_ISA=isa, HYPOTHESIS_PROFILE="few")
    assert done.returncode == 0, done.stdout + done.stderr
