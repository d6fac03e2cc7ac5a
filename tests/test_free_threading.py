"""Python without a global interpreter lock (GIL): our modules leave it off, and what threads share stays whole."""

from __future__ import annotations

import sysconfig
import threading

import pytest

from pynn import keras


@pytest.mark.skipif(sysconfig.get_config_var("Py_GIL_DISABLED") != 1, reason="this Python cannot do without its GIL")
def test_imports_leave_it_off(run_python):
    """A module that does not say that it can do without would turn it on, with a warning."""
    code = """
import pkgutil, sys, warnings
warnings.simplefilter("error")
import kernels, kernels.ladder, pynn
from pynn import keras
for module in pkgutil.iter_modules(kernels.__path__, "kernels."): __import__(module.name)
print(sys._is_gil_enabled())"""
    done = run_python(code, PYTHON_GIL=None)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_layers_of_all_threads_have_names_of_their_own():
    names, gate = [], threading.Barrier(8)

    def make():
        gate.wait()
        names.extend([keras.layers.Dense(1).name for _ in range(500)])

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == len(names) == 4000
