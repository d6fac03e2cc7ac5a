"""Lets the tests here import the helpers beside them, `from fake_results import fake_results`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
