"""pynn and Keras 3 on the same weights and batches: keras_reference/ holds the cases and Keras's numbers.

Tolerance of an array: float32's rounding in Keras itself, measured against float64 ("spread"), says how
far rounding moves this result; another order of the same sums may move it as far again, the other way.
Twice those two spreads, and 4 units in the last place of the largest entry, as Keras may have hit by luck.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).with_name("keras_reference")))

import activation_cases
import callback_cases
import cases
import data_cases
import function_cases
import graph_cases
import keras_op_cases
import layer_cases
import loss_cases
import metric_cases
import optimizer_cases
import step_cases
import stream_cases
import tape_cases
import training_cases

import pynn as tf
from pynn import keras

REFERENCE = json.loads(Path(__file__).with_name("keras_reference").joinpath("reference.json").read_text())
EPS = np.finfo(np.float32).eps
MODULES = {
    "tape": tape_cases.CASES,
    "losses": loss_cases.CASES,
    "metrics": metric_cases.CASES,
    "activations": activation_cases.CASES,
    "keras_ops": keras_op_cases.CASES,
    "functions": function_cases.CASES,
    "statistics": function_cases.STATISTICS,
    "optimizers": optimizer_cases.CASES,
    "layers": layer_cases.CASES,
    "training": training_cases.CASES,
    "callbacks": callback_cases.CASES,
    "data": data_cases.CASES,
    "graphs": graph_cases.CASES,
    "streams": stream_cases.CASES,
    "steps": step_cases.CASES,
}


def compare(result: dict, section: str, case: str) -> None:
    expected = REFERENCE[section][case]
    assert list(result) == list(expected)
    wrong = []
    for key, reference in expected.items():
        if not isinstance(reference, dict):
            plain = json.loads(json.dumps(result[key], default=lambda value: value.item()))
            if plain != reference:
                wrong.append(f"{key}: {plain} instead of {reference}")
            continue
        if result[key] is None or list(np.shape(result[key])) != reference["shape"]:
            wrong.append(f"{key}: {result[key]} instead of shape {reference['shape']}")
            continue
        values = np.reshape(reference["values"], reference["shape"])
        tolerance = 4 * reference["spread"] + 4 * EPS * np.abs(values).max(initial=0)
        error = np.abs(result[key] - values)
        if not (error <= tolerance).all():  # a NaN is not
            wrong.append(
                f"{key}: off by {error.max():.3g}, {(error / tolerance).max():.3g} tolerances:\n"
                f"{result[key]}\ninstead of\n{values}"
            )
        if key == "losses" and not np.allclose(result[key], values, rtol=1e-4, atol=0):
            wrong.append(f"{key}: more than 1e-4 from Keras's")
    assert not wrong, "\n".join(wrong)


def test_the_data_is_the_references() -> None:
    assert cases.fingerprint() == REFERENCE["fingerprint"], "NumPy draws other numbers: run make.py again"


def test_the_reference_has_every_case() -> None:
    assert {s: list(c) for s, c in MODULES.items()} == {s: list(REFERENCE[s]) for s in MODULES}


@pytest.mark.parametrize("case", tape_cases.CASES)
def test_tape(case: str) -> None:
    compare(tape_cases.CASES[case](tf, keras, "float32"), "tape", case)


@pytest.mark.parametrize("case", loss_cases.CASES)
def test_losses(case: str) -> None:
    compare(loss_cases.CASES[case](tf, keras, "float32"), "losses", case)


@pytest.mark.parametrize("case", metric_cases.CASES)
def test_metrics(case: str) -> None:
    compare(metric_cases.CASES[case](tf, keras, "float32"), "metrics", case)


@pytest.mark.parametrize("case", activation_cases.CASES)
def test_activations(case: str) -> None:
    compare(activation_cases.CASES[case](tf, keras, "float32"), "activations", case)


@pytest.mark.parametrize("case", keras_op_cases.CASES)
def test_keras_ops(case: str) -> None:
    compare(keras_op_cases.CASES[case](tf, keras, "float32"), "keras_ops", case)


@pytest.mark.parametrize("case", function_cases.CASES)
def test_functions(case: str) -> None:
    compare(function_cases.CASES[case](tf, keras, "float32"), "functions", case)


@pytest.mark.parametrize("case", optimizer_cases.CASES)
def test_optimizers(case: str) -> None:
    compare(optimizer_cases.CASES[case](tf, keras, "float32"), "optimizers", case)


@pytest.mark.parametrize("case", layer_cases.CASES)
def test_layers(case: str) -> None:
    compare(layer_cases.CASES[case](tf, keras, "float32"), "layers", case)


@pytest.mark.parametrize("case", training_cases.CASES)
def test_training(case: str) -> None:
    compare(training_cases.CASES[case](tf, keras, "float32"), "training", case)


@pytest.mark.parametrize("case", data_cases.CASES)
def test_data(case: str) -> None:
    compare(data_cases.CASES[case](tf, keras, "float32"), "data", case)


@pytest.mark.parametrize("case", callback_cases.CASES)
def test_callbacks(case: str) -> None:
    compare(callback_cases.CASES[case](tf, keras, "float32"), "callbacks", case)


@pytest.mark.parametrize("case", graph_cases.CASES)
def test_graphs(case: str) -> None:
    compare(graph_cases.CASES[case](tf, keras, "float32"), "graphs", case)


@pytest.mark.parametrize("case", stream_cases.CASES)
def test_streams(case: str) -> None:
    compare(stream_cases.CASES[case](tf, keras, "float32"), "streams", case)


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
@pytest.mark.parametrize("case", step_cases.CASES)
def test_steps(case: str) -> None:
    compare(step_cases.CASES[case](tf, keras, "float32"), "steps", case)


@pytest.mark.parametrize("case", function_cases.STATISTICS)
def test_statistics(case: str) -> None:
    """Two samples of one distribution: six standard errors of the difference of each moment."""
    keras.utils.set_random_seed(1)
    n, mean, std, kurtosis, low, high = function_cases.STATISTICS[case](tf, keras, "float32")["statistics"]
    n_, mean_, std_, kurtosis_, low_, high_ = REFERENCE["statistics"][case]["statistics"]
    assert n == n_
    assert abs(mean - mean_) <= 6 * std_ * (2 / n) ** 0.5
    assert abs(std - std_) <= 6 * std_ * ((kurtosis_ - 1) / (2 * n)) ** 0.5
    assert abs(kurtosis - kurtosis_) <= 6 * (48 / n) ** 0.5  # a normal's; a bounded distribution's is smaller
    # the gap to a bound is some std / n (a truncated normal is thin there: 18 std / n); a normal has no bound
    edge = 400 / n if kurtosis_ < 2.7 else 2
    assert abs(low - low_) <= edge * std_ and abs(high - high_) <= edge * std_
