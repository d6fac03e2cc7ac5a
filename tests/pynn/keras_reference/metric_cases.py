"""Metrics on fixed arrays: two unequal batches, then one alone, with and without weights."""

from __future__ import annotations

import numpy as np
from cases import CLASSES, one_hot, to_numpy, uniform
from loss_cases import BINARY, LABELS, LOGITS, PROBABILITIES, SOFT, TARGETS, WEIGHTS

ANSWERS = (uniform(60, 300) > 0.25).astype(np.float32)
SCORES = (uniform(61, 300, low=0, high=0.75) + ANSWERS / 4).astype(np.float32)
SCORES[:6] = [0, 1, 0.5, 1 / 199, 2 / 199, 198 / 199]  # at the bounds and on thresholds
SHARES = uniform(62, 300, low=0, high=1)

# class, options, targets, predictions, weights
METRICS: dict[str, tuple] = {
    **{
        f"{name}, {kind}": (name, {}, y, p, w)
        for name in ("AUC", "Precision", "Recall", "BinaryAccuracy", "RootMeanSquaredError")
        for kind, y, p, w in (
            ("vectors", ANSWERS, SCORES, SHARES),
            ("columns", ANSWERS[:, None], SCORES[:, None], SHARES),
            ("matrix", BINARY, TARGETS / 2, WEIGHTS),
        )
    },
    **{
        f"{name}": (name, {}, ANSWERS, SCORES[:, None], SHARES)
        for name in ("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives")
    },
    **{
        f"AUC {curve} {method}": (
            "AUC",
            {"num_thresholds": 50, "curve": curve, "summation_method": method},
            ANSWERS,
            SCORES,
            SHARES,
        )
        for curve in ("ROC", "PR")
        for method in ("interpolation", "minoring", "majoring")
    },
    "AUC of thresholds": ("AUC", {"thresholds": [0.25, 0.375, 0.875]}, ANSWERS, SCORES, SHARES),
    "AUC of logits": ("AUC", {"from_logits": True}, ANSWERS, SCORES * 8 - 4, SHARES),
    "AUC of labels": ("AUC", {"multi_label": True, "num_labels": CLASSES}, BINARY, TARGETS / 2, WEIGHTS),
    "AUC of weighted labels": ("AUC", {"label_weights": [1.0, 2.0, 0.0, 1.0, 0.5]}, BINARY, TARGETS / 2, WEIGHTS),
    **{
        f"{name} {options}": (name, options, one_hot(LABELS), TARGETS / 2, WEIGHTS)
        for name in ("Precision", "Recall")
        for options in (
            {"thresholds": 0.25},
            {"thresholds": [0.25, 0.5, 0.125]},
            {"thresholds": [0.0, 0.5, 1.0]},
            {"top_k": 2},
            {"class_id": 1},
            {"top_k": 2, "class_id": 0, "thresholds": 0.375},
        )
    },
    **{
        f"{name} {options}": (name, options, BINARY, TARGETS / 2, WEIGHTS)
        for name in ("F1Score", "FBetaScore")
        for options in (
            {},
            {"average": "micro"},
            {"average": "macro", "threshold": 0.25},
            {"average": "weighted"},
        )
    },
    **{
        f"R2Score {options}": ("R2Score", options, TARGETS, TARGETS + uniform(63, 8, CLASSES) / 4, WEIGHTS)
        for options in (
            {},
            {"class_aggregation": None},
            {"class_aggregation": "variance_weighted_average"},
            {"num_regressors": 3},
        )
    },
    **{f"top {k}": ("TopKCategoricalAccuracy", {"k": k}, one_hot(LABELS), LOGITS, WEIGHTS) for k in (1, 3)},
    **{f"sparse top {k}": ("SparseTopKCategoricalAccuracy", {"k": k}, LABELS, LOGITS, WEIGHTS) for k in (1, 3, 4)},
    "sparse top, column": ("SparseTopKCategoricalAccuracy", {"k": 2}, LABELS[:, None], LOGITS, WEIGHTS),
    **{
        name: (name, {}, TARGETS, PROBABILITIES, WEIGHTS)
        for name in (
            "MeanSquaredError",
            "MeanAbsoluteError",
            "MeanAbsolutePercentageError",
            "MeanSquaredLogarithmicError",
            "LogCoshError",
            "CosineSimilarity",
            "Poisson",
            "KLDivergence",
        )
    },
    **{
        name: (name, {}, one_hot(LABELS), PROBABILITIES, WEIGHTS)
        for name in ("Hinge", "SquaredHinge", "CategoricalHinge", "BinaryCrossentropy", "CategoricalCrossentropy")
    },
    "SparseCategoricalCrossentropy": ("SparseCategoricalCrossentropy", {}, LABELS, PROBABILITIES, WEIGHTS),
    "sparse, logits": ("SparseCategoricalCrossentropy", {"from_logits": True}, LABELS, LOGITS, WEIGHTS),
    "sparse, ignored": ("SparseCategoricalCrossentropy", {"ignore_class": 2}, LABELS, PROBABILITIES, WEIGHTS),
    "binary, logits": (
        "BinaryCrossentropy",
        {"from_logits": True, "label_smoothing": 0.25},
        BINARY,
        LOGITS,
        WEIGHTS,
    ),
    "one-hot, smoothed": (
        "CategoricalCrossentropy",
        {"label_smoothing": 0.25},
        one_hot(LABELS),
        PROBABILITIES,
        WEIGHTS,
    ),
    "BinaryAccuracy of another threshold": ("BinaryAccuracy", {"threshold": 0.25}, ANSWERS, SCORES, SHARES),
}


def metric(tf, keras, dtype: str, name: str) -> dict:
    kind, options, targets, predictions, weights = METRICS[name]
    plain, weighted = (getattr(keras.metrics, kind)(name="mine", **options) for _ in range(2))
    results = {}
    for i, rows in enumerate((slice(0, 3), slice(3, None))):
        plain.update_state(targets[rows], predictions[rows])
        weighted.update_state(targets[rows], predictions[rows], sample_weight=weights[rows])
        results[f"plain {i}"], results[f"weighted {i}"] = to_numpy(plain.result()), to_numpy(weighted.result())
    plain.reset_state()
    results["alone"] = to_numpy(plain(targets[:4], predictions[:4]))
    return results


def names(tf, keras, dtype: str) -> dict:
    """Defaults; those of compile(metrics=[...]) are among the cases of training."""
    fixed = (
        "Mean", "Sum", "Accuracy", "BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy",
        "TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy", "MeanSquaredError", "RootMeanSquaredError",
        "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "LogCoshError",
        "CosineSimilarity", "KLDivergence", "Poisson", "Hinge", "SquaredHinge", "CategoricalHinge",
        "BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy", "F1Score", "FBetaScore",
        "R2Score",
    )  # fmt: skip
    counted = ("AUC", "Precision", "Recall", "TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives")
    strings = ("accuracy", "mse", "MAE", "mape", "msle", "bce", "AUC", "auc", "kl_divergence", "r2_score")
    return {
        "classes": [getattr(keras.metrics, name)().name for name in fixed],
        "numbered": [getattr(keras.metrics, name)().name.rstrip("_0123456789") for name in counted],
        "strings": [type(keras.metrics.get(name)).__name__ for name in strings],
    }


def sums(tf, keras, dtype: str) -> dict:
    of, results = keras.metrics.Sum(), []
    for values, weights in ((2.0, None), (SOFT, None), (LOGITS, WEIGHTS), (PROBABILITIES, abs(LOGITS)), (3.0, 0.5)):
        of.update_state(values, sample_weight=weights)
        results.append(float(of.result()))
    return {"results": np.array(results)}


def own_metric(tf, keras, dtype: str) -> dict:
    """A class of one's own: variables, another metric inside, several values, the base's reset."""

    class Balance(keras.metrics.Metric):
        def __init__(self, name: str = "balance", **options: object) -> None:
            super().__init__(name=name, **options)
            self.right = self.add_weight(name="right", initializer="zeros")
            self.seen = self.add_weight(shape=(2,), initializer="zeros", dtype="int32", name="seen")
            self.error = keras.metrics.MeanSquaredError()

        def update_state(self, y_true, y_pred, sample_weight=None):
            y_true = tf.cast(y_true, tf.float32)
            hits = tf.cast(tf.equal(y_true, tf.cast(y_pred > 0.5, tf.float32)), tf.int32)
            self.right.assign_add(tf.reduce_sum(hits))  # an integer: it is cast
            self.seen.assign_add(tf.ones(2) * 3.0)
            self.error.update_state(y_true, y_pred)

        def result(self):
            return {"right": self.right / 2, "error": self.error.result()}

    metric = Balance()
    first = {name: to_numpy(value) for name, value in metric(BINARY, TARGETS / 2).items()}
    seen = to_numpy(metric.seen).copy()
    metric.update_state(BINARY[:1], TARGETS[:1] / 2)
    twice = to_numpy(metric.result()["right"])
    metric.reset_state()
    after = metric.result()
    return {
        **first,
        "seen": seen,
        "twice": twice,
        "after": np.array([float(after["right"]), float(after["error"]), float(metric.seen[0])]),
        "variables": len(metric.variables),
        "name": metric.name,
    }


CASES = {
    **{name: lambda *a, n=name: metric(*a, n) for name in METRICS},
    "names of metrics": names,
    "sums": sums,
    "a metric of one's own": own_metric,
}
