"""Losses, metrics and activations on fixed arrays, with the gradients of the losses."""

from __future__ import annotations

import numpy as np
from cases import CLASSES, one_hot, to_numpy, uniform

LABELS = np.array([0, 2, 4, 1, 3, 0, 2, 4], dtype=np.int64)
LOGITS = uniform(40, 8, CLASSES, low=-4, high=4)
LOGITS[0] = [90, -90, 0, 0, 0]  # probabilities that are 0 or 1 within rounding
LOGITS[1] = [90, -90, 0, 0, 0]
PROBABILITIES = uniform(41, 8, CLASSES, low=0, high=1)  # rows do not sum to one
PROBABILITIES[0] = [1, 0, 0, 0, 0]  # certain and right
PROBABILITIES[1] = [1, 0, 0, 0, 0]  # certain and wrong
PROBABILITIES[2] = [0.5, 0.5, 0, 0, 0]  # sums to one, no chance for its label
PROBABILITIES[3] = [0, 1e-8, 2, 0, 0.25]  # below the clip, above one
# distributions: for targets that do not sum to one TensorFlow documents its gradient of logits as incorrect
SOFT = np.array([np.roll([4, 2, 1, 0, 1], i) for i in range(8)], dtype=np.float32) / 8
WEIGHTS = np.array([1, 0, 0.5, 2, 3, 0.25, 1, 1], dtype=np.float32)
TIES = np.array([[1, 1, 0, 0, 0], [0, 0, 3, 3, 0], [0, 2, 0, 0, 2], [5, 5, 5, 5, 5]], dtype=np.float32)

# function, class, targets, predictions
LOSS_CASES = {
    "sparse, probabilities": ("sparse_categorical_crossentropy", LABELS, PROBABILITIES, {}),
    "sparse, column": ("sparse_categorical_crossentropy", LABELS[:, None], PROBABILITIES, {}),
    "sparse, logits": ("sparse_categorical_crossentropy", LABELS, LOGITS, {"from_logits": True}),
    "one-hot, probabilities": ("categorical_crossentropy", one_hot(LABELS), PROBABILITIES, {}),
    "one-hot, logits": ("categorical_crossentropy", one_hot(LABELS), LOGITS, {"from_logits": True}),
    "soft, probabilities": ("categorical_crossentropy", SOFT, PROBABILITIES, {}),
    "soft, logits": ("categorical_crossentropy", SOFT, LOGITS, {"from_logits": True}),
    "mse": ("mean_squared_error", SOFT, LOGITS, {}),
}
TARGETS = uniform(42, 8, CLASSES, low=0.25, high=1.25)
BINARY = (PROBABILITIES > 0.5).astype(np.float32)
LOSS_CLASSES = {
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "binary_crossentropy": "BinaryCrossentropy",
    "binary_focal_crossentropy": "BinaryFocalCrossentropy",
    "kl_divergence": "KLDivergence",
    "poisson": "Poisson",
    "mean_squared_error": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError",
    "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
    "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError",
    "huber": "Huber",
    "log_cosh": "LogCosh",
    "cosine_similarity": "CosineSimilarity",
    "hinge": "Hinge",
    "squared_hinge": "SquaredHinge",
    "categorical_hinge": "CategoricalHinge",
}
SMOOTH = {"label_smoothing": 0.25}
LOSS_CASES |= {
    "smoothed, probabilities": ("categorical_crossentropy", one_hot(LABELS), PROBABILITIES, SMOOTH),
    "smoothed, logits": ("categorical_crossentropy", one_hot(LABELS), LOGITS, SMOOTH | {"from_logits": True}),
    "binary, probabilities": ("binary_crossentropy", BINARY, PROBABILITIES, {}),
    "binary, logits": ("binary_crossentropy", BINARY, LOGITS, {"from_logits": True}),
    "binary, integers": ("binary_crossentropy", BINARY.astype(np.int64), LOGITS, {"from_logits": True}),
    "binary, smoothed": ("binary_crossentropy", TARGETS / 2, PROBABILITIES, SMOOTH),
    "focal": ("binary_focal_crossentropy", BINARY, PROBABILITIES, {}),
    "focal, logits": ("binary_focal_crossentropy", BINARY, LOGITS, {"from_logits": True} | SMOOTH),
    "focal, balanced": (
        "binary_focal_crossentropy",
        BINARY,
        PROBABILITIES,
        {"apply_class_balancing": True, "alpha": 0.375, "gamma": 3.0},
    ),
    "kld": ("kl_divergence", SOFT, PROBABILITIES, {}),
    "poisson": ("poisson", TARGETS, PROBABILITIES, {}),
    "mae": ("mean_absolute_error", TARGETS, LOGITS, {}),
    "mape": ("mean_absolute_percentage_error", TARGETS, LOGITS, {}),
    "msle": ("mean_squared_logarithmic_error", TARGETS, PROBABILITIES, {}),
    "huber": ("huber", TARGETS, LOGITS, {}),
    "huber, narrow": ("huber", TARGETS, PROBABILITIES, {"delta": 0.25}),
    "log_cosh": ("log_cosh", TARGETS, LOGITS, {}),
    "cosine": ("cosine_similarity", TARGETS, LOGITS, {}),
    "hinge": ("hinge", one_hot(LABELS), LOGITS, {}),
    "hinge, signs": ("hinge", one_hot(LABELS) * 2 - 1, LOGITS, {}),
    "squared hinge": ("squared_hinge", one_hot(LABELS), LOGITS, {}),
    "categorical hinge": ("categorical_hinge", one_hot(LABELS), LOGITS, {}),
}


def loss(tf, keras, dtype: str, name: str) -> dict:
    """Values per sample, each reduction of the class, and the gradient, clipped entries included."""
    function, targets, predictions, options = LOSS_CASES[name]
    targets = targets.astype(dtype) if targets.dtype.kind == "f" else targets
    of = getattr(keras.losses, LOSS_CLASSES[function])
    source = tf.Variable(predictions.astype(dtype))
    with tf.GradientTape(persistent=True) as tape:
        each = getattr(keras.losses, function)(targets, source, **options)
        mean = of(**options)(targets, source)
    return {
        "each": to_numpy(each),
        "arrays": to_numpy(getattr(keras.losses, function)(targets, predictions.astype(dtype), **options)),
        "gradient of each": to_numpy(tape.gradient(each, source)),
        "gradient of mean": to_numpy(tape.gradient(mean, source)),
        "mean": to_numpy(mean),
        "sum": to_numpy(of(reduction="sum", **options)(targets, source)),
        "none": to_numpy(of(reduction=None, **options)(targets, source)),
        "weighted": to_numpy(of(**options)(targets, source, sample_weight=WEIGHTS.astype(dtype))),
        "weighted sum": to_numpy(of(reduction="sum", **options)(targets, source, WEIGHTS.astype(dtype))),
        "weighted mean": to_numpy(
            of(reduction="mean_with_sample_weight", **options)(targets, source, WEIGHTS.astype(dtype))
        ),
        "name": of().name,
    }


def fused_softmax(tf, keras, dtype: str) -> dict:
    """Keras knows a probability that came out of softmax by its logits; far from 0 and 1 and at them."""
    result = {}
    for name, targets in (("sparse", LABELS), ("one-hot", one_hot(LABELS).astype(dtype))):
        function = getattr(keras.losses, {"sparse": "sparse_"}.get(name, "") + "categorical_crossentropy")
        source = tf.Variable(LOGITS.astype(dtype))
        with tf.GradientTape() as tape:
            each = function(targets, keras.layers.Softmax()(source))
        result |= {name: to_numpy(each), f"{name} gradient": to_numpy(tape.gradient(each, source))}
    return result


def fused_sigmoid(tf, keras, dtype: str) -> dict:
    """The same of sigmoid: the binary losses, column labels against a column of predictions."""
    result = {}
    for name in ("BinaryCrossentropy", "BinaryFocalCrossentropy"):
        source = tf.Variable(LOGITS[:, :1].astype(dtype))
        with tf.GradientTape() as tape:
            value = getattr(keras.losses, name)()(BINARY[:, 0].astype(dtype), keras.activations.sigmoid(source))
        result |= {name: to_numpy(value), f"{name} gradient": to_numpy(tape.gradient(value, source))}
    return result


def ignored_class(tf, keras, dtype: str) -> dict:
    """Labels that do not count, in every reduction, with weights and without."""
    result = {"each": keras.losses.sparse_categorical_crossentropy(LABELS, LOGITS, from_logits=True, ignore_class=2)}
    for reduction in ("sum_over_batch_size", "sum", "none", "mean_with_sample_weight"):
        loss = keras.losses.SparseCategoricalCrossentropy(True, 2, reduction)
        result[reduction] = loss(LABELS, LOGITS)
        result[f"{reduction}, weighted"] = loss(LABELS, LOGITS, sample_weight=WEIGHTS)
    return {name: to_numpy(value).astype(np.float32) for name, value in result.items()}


def ranks(tf, keras, dtype: str) -> dict:
    """(n,) against (n, 1), integers and booleans as targets, another axis."""
    column, losses = PROBABILITIES[:, :1].astype(dtype), keras.losses
    return {
        "vector, column": to_numpy(losses.MeanSquaredError()(LABELS % 2, column)),
        "column, vector": to_numpy(losses.Huber()(LABELS[:, None] % 2, column[:, 0])),
        "function": to_numpy(losses.mean_absolute_error((LABELS % 2).astype(dtype), column)),
        "booleans": to_numpy(losses.BinaryCrossentropy()(LABELS > 1, column)),
        "weights (n, 1)": to_numpy(losses.MeanSquaredError()(SOFT, PROBABILITIES, sample_weight=WEIGHTS[:, None])),
        "first axis": to_numpy(losses.CategoricalCrossentropy(axis=0)(SOFT, PROBABILITIES + 0.25)),
        "first axis, logits": to_numpy(losses.CategoricalCrossentropy(True, axis=0)(SOFT, LOGITS)),
        "cosine, first axis": to_numpy(losses.CosineSimilarity(axis=0)(TARGETS, LOGITS)),
        "a class of one's own": to_numpy(_Own(tf, keras)(LABELS[:, None], column)),
    }


def _Own(tf, keras):
    class Squares(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return tf.reduce_sum(tf.square(y_true - y_pred), axis=-1)  # fails unless both are floats

    return Squares(reduction="sum")


def metric(tf, keras, dtype: str, name: str, targets: np.ndarray, predictions: np.ndarray) -> dict:
    """Two unequal batches, then a reset and one batch alone."""
    of = getattr(keras.metrics, name)()
    results = []
    for rows in (slice(0, 3), slice(3, None)):
        of.update_state(targets[rows], predictions[rows])
        results.append(float(of.result()))
    of.reset_state()
    of.update_state(targets[:1], predictions[:1])
    return {"results": np.array([*results, float(of.result())]), "name": of.name}


def weighted_metric(tf, keras, dtype: str) -> dict:
    of = keras.metrics.SparseCategoricalAccuracy()
    of.update_state(LABELS, LOGITS, sample_weight=WEIGHTS)
    return {"result": np.array(float(of.result()))}


def mean_metric(tf, keras, dtype: str) -> dict:
    """Numbers, vectors, rows of several, weights."""
    of, results = keras.metrics.Mean(), []
    for values, weights in (
        (2.0, None),
        (np.array([1.0, 4.0, -3.0], dtype=np.float32), None),
        (0.5, None),
        (7.0, 0.25),
        (np.array([1.0, -2.0], dtype=np.float32), np.array([3.0, 0.5], dtype=np.float32)),
        (LOGITS, None),
        (LOGITS, WEIGHTS),
        (LOGITS, WEIGHTS[:, None]),
        (LOGITS[:, 0], WEIGHTS[:, None]),
        (LOGITS, 0.5),
        (PROBABILITIES, abs(LOGITS)),
    ):
        of.update_state(values, sample_weight=weights)
        results.append(float(of.result()))
    of.reset_state()
    return {"results": np.array([*results, float(of.result())]), "name": of.name}


def metric_functions(tf, keras, dtype: str) -> dict:
    """The first of equal scores wins."""
    labels = np.array([1, 2, 4, 0], dtype=np.int64)
    sparse, categorical = keras.metrics.sparse_categorical_accuracy, keras.metrics.categorical_accuracy
    return {
        "sparse": to_numpy(sparse(LABELS, LOGITS)).astype(float),
        "column": to_numpy(sparse(LABELS[:, None], LOGITS)).astype(float),
        "sparse ties": to_numpy(sparse(labels, TIES)).astype(float),
        "one-hot": to_numpy(categorical(one_hot(LABELS), LOGITS)).astype(float),
        "one-hot ties": to_numpy(categorical(one_hot(labels), TIES)).astype(float),
    }


def activations(tf, keras, dtype: str) -> dict:
    x = LOGITS.astype(dtype)
    clipped = {"negative_slope": 0.25, "max_value": 2.0, "threshold": 0.5}
    return {
        "relu, options": to_numpy(keras.activations.relu(x, **clipped)),
        "relu layer, options": to_numpy(keras.layers.ReLU(**clipped)(x)),
        "sigmoid": to_numpy(keras.activations.sigmoid(x)),
        "tanh": to_numpy(keras.activations.tanh(x)),
        "softmax, first axis": to_numpy(keras.activations.softmax(x, axis=0)),
        "softmax layer, first axis": to_numpy(keras.layers.Softmax(axis=0)(x)),
        "nn.log_softmax": to_numpy(tf.nn.log_softmax(x)),
        "relu": to_numpy(keras.activations.relu(x)),
        "softmax": to_numpy(keras.activations.softmax(x)),
        "linear": to_numpy(keras.activations.linear(x)),
        "relu layer": to_numpy(keras.layers.ReLU()(x)),
        "softmax layer": to_numpy(keras.layers.Softmax()(x)),
        "dropout layer": to_numpy(keras.layers.Dropout(0.5)(x, training=False)),
        "flatten layer": to_numpy(keras.layers.Flatten()(x.reshape(2, 4, CLASSES))),
        "nn.relu": to_numpy(tf.nn.relu(x)),
        "nn.softmax": to_numpy(tf.nn.softmax(x)),
    }


CASES = {
    **{f"loss {n}": lambda *a, n=n: loss(*a, n) for n in LOSS_CASES},
    "loss of softmax": fused_softmax,
    "loss of sigmoid": fused_sigmoid,
    "loss with ignored class": ignored_class,
    "loss of ranks": ranks,
    "metric sparse": lambda *a: metric(*a, "SparseCategoricalAccuracy", LABELS, LOGITS),
    "metric one-hot": lambda *a: metric(*a, "CategoricalAccuracy", one_hot(LABELS), LOGITS),
    "metric equal": lambda *a: metric(*a, "Accuracy", LABELS, LABELS % 4),
    "metric mse": lambda *a: metric(*a, "MeanSquaredError", SOFT, PROBABILITIES),
    "metric binary": lambda *a: metric(*a, "BinaryAccuracy", LABELS[:, None] % 2, PROBABILITIES[:, :1]),
    "metric weighted": weighted_metric,
    "metric mean": mean_metric,
    "metric functions": metric_functions,
    "activations": activations,
}
