"""Random small networks, trained by Keras and by pynn from the same weights on the same batches: the same numbers.

In an environment that has Keras with TensorFlow beside pynn: python -P tests/parity/networks.py [seconds [seed]]; it
tries the networks of seed (by default of the clock), seed + 1, ..., with 0 seconds only one. Exits with the number of
those that differ, each printed with its seed and description.

A number may differ from Keras's as far as rounding moves it: 8 times the largest distance, in its array, of Keras's
float32 from its float64 and from its float32 where each weight began a unit in the last place away; and 16 such units
of the largest number. Lion and Adamax make whole steps of gradients that are rounding: where that moved the weights by
more than 1e-4 of the largest, all that comes of training may differ as far as they do.
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow

sys.path.insert(0, str(Path(__file__).parent))

import drawn

import pynn

Result = dict[str, np.ndarray]
UNIT = np.finfo(np.float32).eps
REGULARIZERS = "kernel_regularizer", "bias_regularizer", "activity_regularizer"
CONSTRAINTS = "kernel_constraint", "bias_constraint"


def made(module: Any, options: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The options, where those of these names that are [class, arguments] become objects."""
    specs = {n: options[n] for n in names if isinstance(options.get(n), list)}
    return options | {n: getattr(module, name)(**arguments) for n, (name, arguments) in specs.items()}


def layer(keras: Any, kind: str, options: Any, inputs: list[Any]) -> Any:
    """The tensor that a layer, or an operation of keras.ops, makes of the inputs."""
    ops, x = keras.ops, inputs[0] if inputs else None
    if kind == "Input":
        return keras.Input(**options)
    if kind == "function":
        safe = {"log1p": ops.absolute(x), "sqrt": ops.square(x) + 1.0, "reciprocal": ops.square(x) + 1.0}
        return getattr(ops, options)(safe.get(options, x))
    if kind == "operator":
        return getattr(ops, options)(*([ops.greater(*inputs)] if options == "where" else []), *inputs)
    options = made(keras.constraints, made(keras.regularizers, options, REGULARIZERS), CONSTRAINTS)
    return getattr(keras.layers, kind)(**options)(inputs if len(inputs) > 1 else x)


def metric(keras: Any, name: str) -> Any:
    return name if name == "accuracy" else getattr(keras.metrics, name)(**({"k": 2} if "TopK" in name else {}))


def build(keras: Any, d: dict[str, Any]) -> Any:
    """The compiled model of the description."""
    keras.backend.clear_session()  # layers are counted from 0
    double = keras.config.floatx() == "float64"
    tensors: list[Any] = []
    for kind, options, places in d["layers"]:
        tensors.append(layer(keras, kind, options, [tensors[i] for i in places]))
    outputs = [tensors[h["output"]] for h in d["heads"]]
    model = keras.Model([tensors[i] for i in d["inputs"]], outputs if len(outputs) > 1 else outputs[0])
    options = made(keras.optimizers.schedules, d["options"], ("learning_rate",))
    optimizer = getattr(keras.optimizers, d["optimizer"])(**options)
    if double:  # Keras rounds a Python float to float32 on its way to any dtype; in 1 - beta_2^t that shows
        vars(optimizer).update({n: np.float64(v) for n, v in vars(optimizer).items() if type(v) is float})
    metrics, weighted = (
        [[metric(keras, m) for m in h[kind] if not (double and "TopK" in m)] for h in d["heads"]]  # TensorFlow has none
        for kind in ("metrics", "weighted_metrics")
    )
    losses = [getattr(keras.losses, h["loss"])(**h["options"]) for h in d["heads"]]
    model.compile(optimizer, losses, d["loss_weights"], metrics, weighted, run_eagerly=True)
    return model


def train(tf: Any, keras: Any, d: dict[str, Any], dtype: str, moved: float = 0.0) -> Result:
    """All numbers of a training in this dtype, by what they are. Weights begin moved * themselves off, up or down."""
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    model, data = build(keras, d), drawn.data(d, dtype)
    rng = np.random.default_rng([d["seed"], 2])
    weights = [rng.uniform(-1, 1, w.shape) for w in model.weights]
    positive = ["variance" in w.name for w in model.weights]
    weights = [abs(v) + 0.25 if p else v for v, p in zip(weights, positive, strict=True)]
    model.set_weights([(v * (1 + moved * rng.choice([-1, 1], v.shape))).astype(dtype) for v in weights])
    several = len(d["heads"]) > 1
    x, y = (data[name] if len(data[name]) > 1 else data[name][0] for name in ("x", "y"))
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x=x, y=y, y_pred=model(x, training=True))
    slopes = tape.gradient(loss, model.trainable_variables)
    result = {"loss of all": loss} | {f"gradient {i}": g for i, g in enumerate(slopes) if g is not None}
    options: dict[str, Any] = {}
    if d["sample_weight"]:
        options["sample_weight"] = data["sample_weight"] if several else data["sample_weight"][0]
    elif d["class_weight"] and not several and d["heads"][0]["targets"] in ("labels", "one-hot"):
        options["class_weight"] = data["class_weight"]
    if d["validation"]:
        options["validation_data"] = (x, y, *([options["sample_weight"]] if d["sample_weight"] else []))

    class Steps(keras.callbacks.Callback):
        count = 0

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            result.update({f"step {self.count} {name}": value for name, value in logs.items()})
            self.count += 1

    history = model.fit(
        x, y, batch_size=d["batch_size"], epochs=d["epochs"], shuffle=False, verbose=0, callbacks=[Steps()], **options
    ).history
    options = {"batch_size": 4, "verbose": 0, "return_dict": True, "sample_weight": options.get("sample_weight")}
    predicted = model.predict(x, verbose=0)
    for what, values in {
        "history": history, "evaluate": model.evaluate(x, y, **options),
        "predict": dict(enumerate(predicted if several else [predicted])),
        "weight": {f"{i} {w.name}": w for i, w in enumerate(model.weights)},
        "optimizer": dict(enumerate(model.optimizer.variables)),
    }.items():  # fmt: skip
        result |= {f"{what} {name}": value for name, value in values.items()}
    return {name: np.array(value, np.float64) for name, value in result.items()}


def tolerances(reference: Result, *others: Result) -> dict[str, float]:
    sizes = {name: np.abs(y).max(initial=0) for name, y in reference.items()}
    spreads = {
        name: max(np.abs(y - other.get(name, y)).max(initial=0) for other in others) for name, y in reference.items()
    }
    spread, size = (np.max([d[name] for name in d if name.startswith("weight")]) for d in (spreads, sizes))
    factors = dict.fromkeys(reference, 16 * UNIT)
    if 1e-4 < spread / size < np.inf:
        factors |= {n: 8 * spread / size for n in reference if not n.startswith(("loss of all", "gradient"))}
    return {name: 8 * spreads[name] + factors[name] * sizes[name] for name in reference}


def differences(d: dict[str, Any]) -> list[str]:
    """What differs by more than rounding."""
    reference, double = (train(tensorflow, keras, d, dtype) for dtype in ("float32", "float64"))
    moved = train(tensorflow, keras, d, "float32", UNIT)
    allowed = tolerances(reference, double, moved)
    found, faults = train(pynn, pynn.keras, d, "float32"), []
    if list(found) != list(reference):
        faults.append(f"names: {sorted(found.keys() ^ reference.keys())}, or their order")
    for name in (name for name in reference if name in found):
        x, y = found[name], reference[name]
        if x.shape != y.shape:
            faults.append(f"{name}: shape {x.shape} instead of {y.shape}")
            continue
        error, tolerance = np.abs(x - y).max(initial=0), allowed[name]
        if not (error <= tolerance or np.array_equal(x, y, equal_nan=True)):
            faults.append(
                f"{name}: off by {error:.3g}, tolerance {tolerance:.3g}: {x.ravel()[:5]}, not {y.ravel()[:5]}"
            )
    return faults


def main(seconds: float = 540, seed: float = time.time()) -> int:
    end, tried, wrong = time.monotonic() + seconds, 0, 0
    while not tried or time.monotonic() < end:
        d = drawn.draw(int(seed) + tried)
        try:
            faults = differences(d)
        except Exception as error:
            faults = [f"{type(error).__name__}: {error}"]
        if faults:
            wrong += 1
            print(f"FAULT in the network of seed {d['seed']}", *faults[:8], d, sep="\n  ", flush=True)
        tried += 1
    print(f"{tried - wrong} of {tried} networks hold")
    return wrong


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(min(main(*map(float, sys.argv[1:])), 99))
