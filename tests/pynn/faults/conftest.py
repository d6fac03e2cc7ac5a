"""Lets the tests here import the helpers beside them, `from faulty import forked`, and those of tests/bench."""

import os
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "bench")]

collect_ignore_glob = [] if hasattr(os, "fork") else ["test_*.py"]
