"""Write reference.json: Keras's and TensorFlow's own numbers for every case.

To make it again, from the repository's root, in an environment of its own:

    python -m venv keras-env && keras-env/bin/pip install keras tensorflow-cpu
    TF_CPP_MIN_LOG_LEVEL=3 keras-env/bin/python tests/pynn/keras_reference/make.py

(a few minutes). Each case runs in float32, whose numbers are kept, and in float64, for how far float32's
rounding moves each array ("spread"): the tests derive their tolerances from that. Nothing is drawn from
Keras's random numbers but for the initializers' statistics.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

import activation_cases
import callback_cases
import cases
import data_cases
import function_cases
import graph_cases
import keras
import keras_op_cases
import layer_cases
import loss_cases
import metric_cases
import numpy as np
import optimizer_cases
import step_cases
import stream_cases
import tape_cases
import tensorflow as tf
import training_cases


def record(single: object, double: object) -> object:
    """An array as its shape, float32's values and the largest distance to float64's; others as they are."""
    if not isinstance(single, (np.ndarray, np.generic)):
        assert single == double, (single, double)
        return single
    single, double = np.asarray(single), np.asarray(double)
    assert np.isfinite(single).all(), single
    return {
        "shape": list(single.shape),
        "values": [float(np.format_float_scientific(np.float32(v), unique=True)) for v in single.ravel()],
        "spread": float(f"{np.abs(single - double).max(initial=0):.2e}"),
    }


ADAM = keras.optimizers.Adam.__init__


@functools.wraps(ADAM)
def exact_adam(self, *args: object, **options: object) -> None:
    """Keras rounds a Python float to float32 on its way to any dtype; in 1 - beta_2^t that shows."""
    ADAM(self, *args, **options)
    self.beta_1, self.beta_2 = np.float64(self.beta_1), np.float64(self.beta_2)


def set_dtype(dtype: str) -> None:
    """Layers take theirs from a policy, which does not follow floatx once it is made."""
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    keras.optimizers.Adam.__init__ = exact_adam if dtype == "float64" else ADAM


def run(module_cases: dict) -> dict:
    result = {}
    for name, case in module_cases.items():
        runs = []
        for dtype in ("float32", "float64"):
            set_dtype(dtype)
            keras.utils.set_random_seed(1)
            runs.append(case(tf, keras, dtype))
        single, double = runs
        assert list(single) == list(double), name
        result[name] = {key: record(single[key], double[key]) for key in single}
    return result


def statistics() -> dict:
    """The initializers' draws differ between libraries: only their statistics are kept."""
    set_dtype("float32")
    keras.utils.set_random_seed(1)
    return {n: case(tf, keras, "float32") for n, case in function_cases.STATISTICS.items()}


def main() -> None:
    reference = {
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "fingerprint": cases.fingerprint(),
        "tape": run(tape_cases.CASES),
        "losses": run(loss_cases.CASES),
        "metrics": run(metric_cases.CASES),
        "activations": run(activation_cases.CASES),
        "keras_ops": run(keras_op_cases.CASES),
        "functions": run(function_cases.CASES),
        "statistics": statistics(),
        "optimizers": run(optimizer_cases.CASES),
        "layers": run(layer_cases.CASES),
        "training": run(training_cases.CASES),
        "callbacks": run(callback_cases.CASES),
        "data": run(data_cases.CASES),
        "graphs": run(graph_cases.CASES),
        "streams": run(stream_cases.CASES),
        "steps": run(step_cases.CASES),
    }
    lines = [
        f"{json.dumps(key)}: "
        + (
            "{\n" + ",\n".join(f"  {json.dumps(n)}: {json.dumps(v)}" for n, v in value.items()) + "\n}"
            if isinstance(value, dict)
            else json.dumps(value)
        )
        for key, value in reference.items()
    ]
    Path(__file__).with_name("reference.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
