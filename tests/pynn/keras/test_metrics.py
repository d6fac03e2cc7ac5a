"""Metrics: users' classes, names, errors, configurations. Values: test_against_keras.py."""

from __future__ import annotations

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import metrics
from pynn.keras.common.names import snake_case


class Share(metrics.Metric):
    """Of the samples above a limit."""

    def __init__(self, limit=0.5, name="share", **options):
        super().__init__(name=name, **options)
        self.limit = limit
        self.above = self.add_weight(name="above", initializer="zeros")
        self.seen = self.add_variable((), "zeros", name="seen")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.above.assign_add(tf.reduce_sum(tf.cast(y_pred > self.limit, tf.int32)))
        self.seen.assign_add(len(y_pred))

    def result(self):
        return self.above / self.seen


def test_a_metric_of_ones_own_in_fit(network, x_train, y_train):
    share = Share(0.1)
    assert float(share(None, tf.constant([0.0, 1.0, 2.0]))) == np.float32(2 / 3)
    assert [v.name for v in share.variables] == ["above", "seen"] and share.dtype == "float32"
    share.reset_state()
    assert [float(v) for v in share.variables] == [0, 0]
    model = network(metrics=[share])
    history = model.fit(x_train, y_train, epochs=2, batch_size=100, verbose=0).history["share"]
    p = model.predict(x_train, verbose=0)
    assert model.evaluate(x_train, y_train, verbose=0, return_dict=True)["share"] == pytest.approx(
        (p > 0.1).sum() / 600
    )
    assert len(history) == 2 and history[0] != history[1]


def test_metrics_inside_metrics():
    class Both(metrics.Metric):
        def __init__(self):
            super().__init__(name="both")
            self.parts = {"sum": metrics.Sum(), "list": [metrics.Mean()]}

        def update_state(self, values):
            self.parts["sum"].update_state(values)
            self.parts["list"][0].update_state(values)

        def result(self):
            return {"sum": self.parts["sum"].result(), "mean": self.parts["list"][0].result()}

    both = Both()
    assert {name: float(v) for name, v in both([1.0, 2.0]).items()} == {"sum": 3, "mean": 1.5}
    assert [float(v) for v in both.variables] == [3, 2, 3]  # dicts go by sorted keys
    both.reset_states()
    assert {name: float(v) for name, v in both.result().items()} == {"sum": 0, "mean": 0}


def test_a_subclass_of_mean():
    class Gap(metrics.Mean):
        def update_state(self, y_true, y_pred, sample_weight=None):
            super().update_state(tf.abs(y_true - y_pred), sample_weight)

    gap = Gap(name="gap")
    gap.update_state(tf.constant([1.0, 2.0]), tf.constant([2.0, 5.0]))
    assert float(gap.result()) == 2 and f"{gap.result():.3f}" == "2.000" and gap.result().numpy() == 2
    gap.reset_state()
    assert float(gap.result()) == 0


def test_compiled_names(network, x_train, y_train):
    """The string as it is, an object's own name, a function's."""

    def worst(y_true, y_pred):
        return 1 - tf.reduce_max(y_pred, axis=-1)

    wanted = ["acc", "sparse_top_k_categorical_accuracy", metrics.SparseCategoricalCrossentropy(), worst]
    loss = keras.losses.SparseCategoricalCrossentropy(name="entropy")
    history = network(metrics=[*wanted, loss]).fit(x_train, y_train, verbose=0).history
    names = ["acc", "entropy", "sparse_categorical_crossentropy", "sparse_top_k_categorical_accuracy", "worst"]
    assert sorted(history) == sorted([*names, "loss"])
    assert history["sparse_categorical_crossentropy"] == pytest.approx(history["loss"], rel=1e-6)


@pytest.mark.parametrize(
    ("y", "p", "kind"),
    [
        ([[1]], [[0.7]], metrics.BinaryAccuracy),
        ([1], [[0.3, 0.7]], metrics.SparseCategoricalAccuracy),
        ([[1]], [[0.3, 0.7]], metrics.SparseCategoricalAccuracy),
        ([[0, 1]], [[0.3, 0.7]], metrics.CategoricalAccuracy),
    ],
)
@pytest.mark.parametrize("name", ["accuracy", "acc", "Accuracy"])
def test_accuracy_suits_the_shapes(name, y, p, kind):
    metric = metrics.for_batch(name, np.array(y), tf.constant(p))
    assert type(metric) is kind and metric.name == name and float(metric(np.array(y), tf.constant(p))) == 1


def test_names_are_numbered():
    first, second = metrics.Precision().name, metrics.Precision().name
    assert first.startswith("precision") and second.startswith("precision_") and first != second
    assert metrics.AUC(name="area").name == "area" and metrics.for_batch("AUC", None, None).name == "AUC"


def test_auc_in_formulas():
    """All pairs in order: 1; of a positive and two negatives with one above it: 1/2."""
    assert float(metrics.AUC()([0, 0, 1, 1], [0.1, 0.4, 0.6, 0.9])) == pytest.approx(1, abs=1e-6)
    assert float(metrics.AUC()([0, 1, 0], [0.1, 0.4, 0.6])) == pytest.approx(0.5, abs=1e-6)
    assert float(metrics.AUC(curve="PR").result()) == 0
    assert float(metrics.Precision().result()) == 0


def test_top_k_counts_equal_scores_in():
    p = np.array([[0.1, 0.1, 0.1, 0.7]] * 3)
    np.testing.assert_array_equal(metrics.sparse_top_k_categorical_accuracy([0, 3, 2], p, k=2), [1, 1, 1])
    np.testing.assert_array_equal(metrics.sparse_top_k_categorical_accuracy([0, 7, -1], p, k=1), [0, 0, 0])


ERRORS = {
    "thresholds": (lambda: metrics.Recall(thresholds=[0.5, 2]), r"\[0, 1\]"),
    "curve": (lambda: metrics.AUC(curve="x"), "AUC curve"),
    "method": (lambda: metrics.AUC(summation_method="x"), "summation method"),
    "num_thresholds": (lambda: metrics.AUC(num_thresholds=1), "num_thresholds"),
    "num_labels": (lambda: metrics.AUC(num_labels=2), "multi_label"),
    "average": (lambda: metrics.F1Score("mean"), "average"),
    "beta": (lambda: metrics.FBetaScore(beta=1), "beta"),
    "aggregation": (lambda: metrics.R2Score("mean"), "class_aggregation"),
    "vectors": (lambda: metrics.R2Score()([1.0, 2.0], [1.0, 2.0]), "2D"),
    "shapes": (lambda: metrics.Precision()(np.ones((2, 3)), np.ones((2, 4))), "do not match"),
    "column": (lambda: metrics.R2Score()(np.ones((2, 3)), np.ones((2, 1))), "do not match"),
    "one row": (lambda: metrics.TopKCategoricalAccuracy(1)(np.ones(3), np.ones((1, 3))), "do not match"),
    "class_id": (lambda: metrics.Precision(class_id=0)([1], [0.5]), "class_id"),
    "name": (lambda: metrics.get("accurcy"), "Did you mean 'accuracy'"),
    "initializer": (lambda: metrics.Mean().add_weight(name="a"), "initializer"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    make, words = ERRORS[name]
    with pytest.raises(ValueError, match=words):
        make()


def test_other_errors():
    class Forgetful(metrics.Metric):
        def __init__(self):
            self.total = self.add_weight(initializer="zeros")

    with pytest.raises(RuntimeError, match=r"super\(\)\.__init__\(\)"):
        Forgetful()
    with pytest.raises(NotImplementedError):
        metrics.Metric().result()
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        metrics.Mean(axis=1)
    with pytest.raises(AttributeError, match="has no 'MeanIoU'"):
        _ = metrics.MeanIoU


def test_configurations():
    assert metrics.get(None) is None and metrics.get(metrics.mse) is metrics.mse
    again = metrics.deserialize(metrics.serialize(metrics.AUC(curve="PR", name="area")))
    assert (type(again), again.curve, again.name) == (metrics.AUC, "PR", "area")
    assert metrics.get({"class_name": "BinaryAccuracy", "config": {"threshold": 0.25}}).threshold == 0.25
    wrapped = metrics.MeanMetricWrapper(metrics.sparse_top_k_categorical_accuracy, name="top", k=1)
    assert float(wrapped([0, 0], [[0.6, 0.4], [0.4, 0.6]])) == 0.5


def test_long_sums_keep_their_digits():
    """A running mean in float32 would stop growing at 2^24 samples."""
    mean = metrics.Mean()
    mean.total, mean.count = 2.0**24, 2.0**24
    mean.update_state(np.ones(10, np.float32))
    assert mean.count == 2**24 + 10 and mean.result().dtype == "float32"


@pytest.mark.parametrize("name", ["BinaryAccuracy", "F1Score", "LogCoshError", "RootMeanSquaredError"])
def test_dtype_of_results_and_names_after_the_class(name):
    metric = getattr(metrics, name)(name=None, dtype="float64")
    assert metric([[1.0, 0.0]], [[0.9, 0.2]]).dtype == "float64"
    assert metric.name.startswith(snake_case(name))


def test_directions():
    """Which way is better: callbacks with mode="auto" ask. Counts do not say."""
    up = "accuracy", "binary_accuracy", "top_k_categorical_accuracy", "AUC", "Recall", "F1Score", "R2Score"
    down = "mse", "mae", "RootMeanSquaredError", "LogCoshError", "hinge", "bce", "kld", "Poisson"
    assert {metrics.get(name)._direction for name in (*up, "CosineSimilarity")} == {"up"}
    assert {metrics.get(name)._direction for name in (*down, "SparseCategoricalCrossentropy")} == {"down"}
    assert metrics.for_batch(keras.losses.mean_squared_error, None, None)._direction == "down"
    assert metrics.TruePositives()._direction is None and metrics.Mean()._direction is None


def test_metrics_of_several_numbers_stay_what_they_are(tmp_path, x_train, y_train, network):
    """F1Score's of each class: in the history, in evaluate and on a batch, as in Keras; a csv file lists them."""
    model, y = network(loss="categorical_crossentropy", metrics=["f1_score"]), keras.utils.to_categorical(y_train)
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    history = model.fit(x_train, y, epochs=2, validation_data=(x_train, y), verbose=0, callbacks=[log]).history
    p = np.eye(10)[model.predict(x_train, verbose=0).argmax(1)]
    expected = 2 * (p * y).sum(0) / (p.sum(0) + y.sum(0))
    assert np.shape(history["f1_score"]) == np.shape(history["val_f1_score"]) == (2, 10)
    for found in (history["val_f1_score"][-1], model.evaluate(x_train, y, verbose=0)[1],
                  model.test_on_batch(x_train, y)[1]):  # fmt: skip
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    cells = (tmp_path / "log.csv").read_text().splitlines()[-1].split('"[')[-1].split("]")[0].split(", ")
    np.testing.assert_allclose(np.array(cells, float), expected, rtol=1e-6)
