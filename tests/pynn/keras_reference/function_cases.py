"""Optimizer steps, defaults, names, structure and statistics of random draws."""

from __future__ import annotations

import contextlib
import io
import re

import numpy as np
from cases import TRAIN, initial_weights, to_numpy, uniform
from loss_cases import LABELS
from training_cases import OPTIMIZERS, model_of


def optimizer_steps(tf, keras, dtype: str, name: str) -> dict:
    """Five steps on gradients from 1e-9 to 1e2 and zero: the small ones show epsilon and its place."""
    kind, options = OPTIMIZERS[name]
    optimizer = getattr(keras.optimizers, kind)(**options)
    layer = keras.layers.Dense(1, use_bias=False)
    layer.build((None, 13))
    layer.set_weights([np.zeros((13, 1), dtype)])
    scale = np.array([0, *(10.0**e for e in range(-9, 3))], dtype=dtype)[:, None]
    track = []
    for step in range(5):
        gradient = scale * uniform(50 + step, 13, 1).astype(dtype)
        optimizer.apply_gradients([(tf.convert_to_tensor(gradient), layer.trainable_variables[0])])
        track.append(layer.get_weights()[0].copy())
    # a row per entry, for a tolerance in proportion to that entry's own steps
    return {f"entry {i}": row for i, row in enumerate(np.array(track)[:, :, 0].T)}


def stem(name: str) -> tuple[str, int]:
    """dense_3 -> dense, 3; dense -> dense, 0."""
    base, count = re.fullmatch(r"(.*?)(?:_(\d+))?", name).groups()
    return base, int(count or 0)


def optimizer_defaults(tf, keras, dtype: str) -> dict:
    names = {
        "SGD": ["momentum", "nesterov"],
        "RMSprop": ["rho", "momentum", "epsilon", "centered"],
        "Adam": ["beta_1", "beta_2", "epsilon", "amsgrad"],
    }
    result = {}
    for kind, attributes in names.items():
        of = getattr(keras.optimizers, kind)()
        result |= {f"{kind} {a}": getattr(of, a) for a in attributes}
        result[f"{kind} learning_rate"] = np.array(float(of.learning_rate))
    return result


def to_categorical(tf, keras, dtype: str) -> dict:
    of = keras.utils.to_categorical
    shapes = (LABELS, LABELS[:, None], LABELS.reshape(2, 4), list(LABELS), LABELS.astype(np.uint8))
    return {f"{i}": of(y) for i, y in enumerate(shapes)} | {
        "wider": of(LABELS, 7),
        "by name": of(LABELS, num_classes=6),
        "dtype": str(of(LABELS).dtype),
    }


def names(tf, keras, dtype: str) -> dict:
    """Names count up within a process: the stem, and the count relative to the first of its kind."""
    layers = keras.layers
    made = [
        layers.Dense(2),
        layers.Dense(2),
        layers.Flatten(),
        layers.ReLU(),
        layers.Softmax(),
        layers.Dropout(0.5),
        layers.Activation("relu"),
        layers.Dense(2),
        layers.ReLU(),
        keras.Sequential(),
        keras.Sequential(),
    ]
    first: dict[str, int] = {}
    names = [[name, count - first.setdefault(name, count)] for name, count in (stem(m.name) for m in made)]
    return {"names": names, "given": layers.Dense(2, name="mine").name}


def structure(tf, keras, dtype: str) -> dict:
    """Weights' order, names and shapes; parameter counts, also as summary prints them."""
    model = model_of(keras, "layers")
    weights = model.get_weights()
    shapes = [list(w.shape) for w in weights]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        model.summary()
    text = re.sub(r"\x1b\[[0-9;]*m", "", printed.getvalue())
    return {
        "shapes": shapes,
        "names": [v.name for v in model.weights],
        "trainable": [list(v.shape) for v in model.trainable_variables],
        "count": int(model.count_params()),
        "counts": [int(layer.count_params()) for layer in model.layers],
        "as set": all(np.array_equal(a, b) for a, b in zip(weights, initial_weights(shapes), strict=True)),
        "printed": re.findall(r"((?:Total|Trainable|Non-trainable) params): ([\d,]+)", text),
        "rows": re.findall(r"\((\w+)\)\W+\((None, \d+)\)\W+([\d,]+)", text),
    }


def history_keys(tf, keras, dtype: str) -> dict:
    """Keys and their order, with and without metrics and validation; a loss alone is a number."""
    x, y = TRAIN[0][:64], TRAIN[1][:64]
    result = {}
    for metrics in ([], ["accuracy"], ["acc"], [keras.metrics.SparseCategoricalAccuracy()]):
        for validation in (None, (x, y)):
            model = model_of(keras, "softmax")
            model.compile("sgd", "sparse_categorical_crossentropy", metrics=metrics)
            history = model.fit(x, y, epochs=3, validation_data=validation, verbose=0)
            evaluated = model.evaluate(x, y, verbose=0)
            name = f"{[m if isinstance(m, str) else m.name for m in metrics]}, {validation is not None}"
            result[name] = [list(history.history), list(history.epoch), len(np.atleast_1d(evaluated))]
            result[f"{name}, dict"] = sorted(model.evaluate(x, y, verbose=0, return_dict=True))
    return result


def moments(draw) -> dict:
    """n, mean, standard deviation, kurtosis and extremes of a large draw; compared as statistics."""
    draw = to_numpy(draw).astype(np.float64)
    deviation = draw - draw.mean()
    variance = (deviation**2).mean()
    kurtosis = (deviation**4).mean() / variance**2 if variance else 1.0
    return {"statistics": [draw.size, draw.mean(), variance**0.5, kurtosis, draw.min(), draw.max()]}


def initializer(tf, keras, dtype: str, name: str, shape: tuple[int, ...]) -> dict:
    return moments(getattr(keras.initializers, name)()(shape))


def dense_layer(tf, keras, dtype: str, weight: int) -> dict:
    layer = keras.layers.Dense(700)
    layer.build((None, 300))
    return moments(layer.get_weights()[weight])


def dropout(tf, keras, dtype: str) -> dict:
    return moments(keras.layers.Dropout(0.25)(np.ones((300, 700), dtype=np.float32), training=True))


INITIALIZERS = (
    "GlorotUniform",
    "GlorotNormal",
    "HeNormal",
    "HeUniform",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "Zeros",
    "Ones",
)
CASES = {
    **{f"steps {n}": lambda *a, n=n: optimizer_steps(*a, n) for n in OPTIMIZERS},
    "optimizer defaults": optimizer_defaults,
    "to_categorical": to_categorical,
    "names": names,
    "structure": structure,
    "history": history_keys,
}
STATISTICS = {
    **{
        f"{name} {shape}": lambda *a, n=name, s=shape: initializer(*a, n, s)
        for name in INITIALIZERS
        for shape in ((300, 700), (700, 300))
    },
    "Dense kernel": lambda *a: dense_layer(*a, 0),
    "Dense bias": lambda *a: dense_layer(*a, 1),
    "dropout": dropout,
}
