"""fit, evaluate, predict and the loop by hand: one function per way to train, run by Keras and by pynn.

A result maps names to float arrays (compared within rounding) or to other values (compared exactly).
"""

from __future__ import annotations

import numpy as np
from cases import CLASSES, FEATURES, TRAIN, VALID, initial_weights, one_hot, to_numpy, uniform

OPTIMIZERS = {
    "sgd": ("SGD", {"learning_rate": 0.1}),
    "sgd momentum": ("SGD", {"learning_rate": 0.05, "momentum": 0.9}),
    "sgd nesterov": ("SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}),
    "sgd default": ("SGD", {}),
    "rmsprop default": ("RMSprop", {}),
    "rmsprop momentum": ("RMSprop", {"learning_rate": 0.005, "rho": 0.8, "momentum": 0.9}),
    "rmsprop centered": ("RMSprop", {"learning_rate": 0.01, "centered": True}),
    "adam default": ("Adam", {}),
    "adam betas": ("Adam", {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}),
    "adam amsgrad": ("Adam", {"learning_rate": 0.02, "beta_2": 0.5, "amsgrad": True}),
}

# name -> (stack, loss, options of the loss's class; None: the loss is given by its name, kind of labels)
LOSSES = {
    "sparse": ("softmax", "sparse_categorical_crossentropy", None, "sparse"),
    "sparse logits": ("logits", "SparseCategoricalCrossentropy", {"from_logits": True}, "sparse"),
    "one-hot": ("softmax", "categorical_crossentropy", None, "one-hot"),
    "one-hot logits": ("logits", "CategoricalCrossentropy", {"from_logits": True}, "one-hot"),
    "mse": ("softmax", "mean_squared_error", None, "one-hot"),
}


def stack(keras, name: str) -> list:
    layers = keras.layers
    dense = layers.Dense
    return {
        "softmax": lambda: [dense(16, activation="relu"), dense(CLASSES, activation="softmax")],
        "logits": lambda: [dense(16, activation="relu"), dense(CLASSES)],
        "flatten": lambda: [
            layers.Flatten(),
            dense(16, activation="relu"),
            dense(CLASSES, activation="softmax"),
        ],
        "layers": lambda: [
            dense(16),
            layers.ReLU(),
            dense(12),
            layers.Activation("relu"),
            dense(CLASSES),
            layers.Softmax(),
        ],
        "activation softmax": lambda: [
            dense(16, activation="relu"),
            dense(CLASSES),
            layers.Activation("softmax"),
        ],
        "activation function": lambda: [
            dense(16, activation=keras.activations.relu),
            dense(CLASSES, activation=keras.activations.softmax),
        ],
        "deep": lambda: [*(dense(8, activation="relu") for _ in range(5)), dense(CLASSES, "softmax")],
        "no bias": lambda: [
            dense(16, "relu", use_bias=False),
            dense(CLASSES, "softmax", use_bias=False),
        ],
        # not a distribution: exact zeros and numbers above one go through the loss's clipping
        "relu as probabilities": lambda: [dense(16, activation="relu"), dense(CLASSES, activation="relu")],
        "one linear layer": lambda: [dense(CLASSES)],
        "softmax twice": lambda: [dense(CLASSES, activation="softmax"), layers.Softmax()],
    }[name]()


def model_of(keras, name: str, shape: tuple[int, ...] = (FEATURES,)):
    model = keras.Sequential([keras.Input(shape=shape), *stack(keras, name)])
    model.set_weights(initial_weights([w.shape for w in model.get_weights()]))
    return model


def loss_of(keras, name: str, options: dict | None):
    return name if options is None else getattr(keras.losses, name)(**options)


def labels_of(labels: np.ndarray, kind: str) -> np.ndarray:
    return {
        "sparse": lambda: labels,
        "column": lambda: labels[:, None],
        "uint8": lambda: labels.astype(np.uint8),
        "one-hot": lambda: one_hot(labels),
    }[kind]()


def sample(weights: list) -> np.ndarray:
    """Mean and root mean square of each array, then every 13th entry of them all in a row.

    All of them are off by no more than the worst entry is, so that one tolerance holds for the lot.
    """
    flat = [np.asarray(w, dtype=np.float64).ravel() for w in weights]
    moments = [f(w) for w in flat for f in (np.mean, lambda w: np.sqrt(np.mean(w * w)))]
    return np.concatenate([moments, np.concatenate(flat)[::13]])


def of_history(history, model) -> dict:
    keys = list(history.history)
    return {
        "keys": keys,
        "epochs": list(history.epoch),
        "losses": np.array([history.history[k] for k in keys if "loss" in k]),
        "accuracies": np.array([history.history[k] for k in keys if "loss" not in k]),
        "weights": sample(model.get_weights()),
    }


def fit(keras, optimizer: str, loss: str) -> dict:
    """Four epochs of 32 rows a batch, the last one short, with validation."""
    kind, options = OPTIMIZERS[optimizer]
    stack_name, loss_name, loss_options, labels = LOSSES[loss]
    model = model_of(keras, stack_name)
    model.compile(
        optimizer=getattr(keras.optimizers, kind)(**options),
        loss=loss_of(keras, loss_name, loss_options),
        metrics=["accuracy"],
    )
    validation = (VALID[0], labels_of(VALID[1], labels))
    history = model.fit(
        TRAIN[0],
        labels_of(TRAIN[1], labels),
        batch_size=32,
        epochs=4,
        shuffle=False,
        validation_data=validation,
        verbose=0,
    )
    return of_history(history, model)


def fit_stack(
    keras,
    name: str,
    loss: str = "sparse_categorical_crossentropy",
    loss_options: dict | None = None,
    labels: str = "sparse",
    shape: tuple[int, ...] = (FEATURES,),
    metrics: tuple = ("accuracy",),
) -> dict:
    """Two epochs with a validation_split, the optimizer by name, then evaluate and predict."""
    model = model_of(keras, name, shape)
    model.compile(optimizer="adam", loss=loss_of(keras, loss, loss_options), metrics=list(metrics))
    x, y = TRAIN[0].reshape(-1, *shape), labels_of(TRAIN[1], labels)
    history = model.fit(x, y, epochs=2, shuffle=False, validation_split=0.22, verbose=0)
    valid = VALID[0].reshape(-1, *shape), labels_of(VALID[1], labels)
    evaluated = model.evaluate(*valid, batch_size=40, verbose=0)
    return of_history(history, model) | {
        "evaluate": np.array(evaluated, dtype=float),
        "predict": np.asarray(model.predict(valid[0], batch_size=7, verbose=0))[::17],
    }


def by_hand(tf, keras, optimizer: str) -> dict:
    """The loop with a tape, apply_gradients and metric objects; every step's loss is recorded."""
    kind, options = OPTIMIZERS[optimizer]
    model, optimizer = model_of(keras, "logits"), getattr(keras.optimizers, kind)(**options)
    loss_function = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    accuracy, mean = keras.metrics.SparseCategoricalAccuracy(), keras.metrics.Mean()
    losses = []
    for start in range(0, 128, 32):
        x, y = TRAIN[0][start : start + 32], TRAIN[1][start : start + 32]
        with tf.GradientTape() as tape:
            logits = model(x, training=True)
            loss = loss_function(y, logits)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        accuracy.update_state(y, logits)
        mean.update_state(loss)
        losses.append(float(loss))
    return {
        "losses": np.array([*losses, float(mean.result())]),
        "accuracies": np.array(float(accuracy.result())),
        "gradients": sample([to_numpy(g) for g in gradients]),
        "weights": sample(model.get_weights()),
        "iterations": int(optimizer.iterations),
    }


def from_scratch(tf, keras, dtype: str) -> dict:
    """No layer, no optimizer: variables, matmul, relu, softmax, a loss function and assign_sub."""
    shapes = [(FEATURES, 16), (16,), (16, CLASSES), (CLASSES,)]
    w1, b1, w2, b2 = parameters = [tf.Variable(w.astype(dtype)) for w in initial_weights(shapes)]
    losses = []
    for start in range(0, 128, 32):
        x = TRAIN[0][start : start + 32].astype(dtype)
        with tf.GradientTape() as tape:
            hidden = tf.nn.relu(tf.matmul(x, w1) + b1)
            probabilities = tf.nn.softmax(tf.matmul(hidden, w2) + b2)
            each = keras.losses.sparse_categorical_crossentropy(TRAIN[1][start : start + 32], probabilities)
            loss = tf.reduce_mean(each)
        for parameter, gradient in zip(parameters, tape.gradient(loss, parameters), strict=True):
            parameter.assign_sub(gradient * 0.5)
        losses.append(float(loss))
    return {"losses": np.array(losses), "weights": sample([to_numpy(p) for p in parameters])}


def two_fits(keras) -> dict:
    """A second fit goes on with the optimizer's state; the learning rate may be changed between."""
    model = model_of(keras, "softmax")
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    first = model.fit(*TRAIN, batch_size=64, epochs=2, shuffle=False, verbose=0).history["loss"]
    model.optimizer.learning_rate = 0.002
    history = model.fit(*TRAIN, batch_size=64, epochs=2, shuffle=False, verbose=0)
    result = of_history(history, model)
    return result | {"losses": np.array([first, *result["losses"]])}


def weighted(keras, **weights) -> dict:
    """fit with weights of samples or classes, which move the losses and not the plain metrics."""
    model = model_of(keras, "softmax")
    model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    rows = uniform(70, len(VALID[1]), low=0, high=2)
    history = model.fit(*TRAIN, epochs=2, shuffle=False, validation_data=(*VALID, rows), verbose=0, **weights)
    evaluated = model.evaluate(*VALID, sample_weight=rows, verbose=0)
    return of_history(history, model) | {"evaluate": np.array(evaluated)}


def regression(keras) -> dict:
    """One output, targets (n,) against predictions (n, 1); "accuracy" is then the binary one."""
    model = keras.Sequential([keras.Input(shape=(FEATURES,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)])
    model.set_weights(initial_weights([w.shape for w in model.get_weights()]))
    model.compile(optimizer="sgd", loss="mse", metrics=["accuracy", "mse"])
    y = (TRAIN[1] % 2).astype(np.float32)
    history = model.fit(TRAIN[0], y, epochs=3, shuffle=False, validation_split=0.5, verbose=0)
    return of_history(history, model) | {"predict": np.asarray(model.predict(VALID[0][:5], verbose=0))}


CASES = {
    **{
        f"fit {optimizer}, {loss}": lambda tf, keras, dtype, o=optimizer, n=loss: fit(keras, o, n)
        for optimizer in OPTIMIZERS
        for loss in LOSSES
    },
    **{f"by hand {o}": lambda tf, keras, dtype, o=o: by_hand(tf, keras, o) for o in OPTIMIZERS},
    "from scratch": from_scratch,
    "sample weights": lambda tf, keras, dtype: weighted(keras, sample_weight=uniform(71, len(TRAIN[1]), low=0, high=2)),
    "class weights": lambda tf, keras, dtype: weighted(keras, class_weight={0: 2.0, 1: 0.25, 2: 1.0, 3: 0.0, 4: 1.5}),
    "regression": lambda tf, keras, dtype: regression(keras),
    "two fits": lambda tf, keras, dtype: two_fits(keras),
    "flatten": lambda tf, keras, dtype: fit_stack(keras, "flatten", shape=(4, 5)),
    **{
        name: lambda tf, keras, dtype, name=name: fit_stack(keras, name)
        for name in (
            "layers",
            "activation softmax",
            "activation function",
            "deep",
            "no bias",
            "softmax twice",
            "relu as probabilities",
        )
    },
    "linear, mse": lambda tf, keras, dtype: fit_stack(keras, "one linear layer", "mse", labels="one-hot"),
    "linear, mse class": lambda tf, keras, dtype: fit_stack(
        keras, "one linear layer", "MeanSquaredError", {}, labels="one-hot", metrics=()
    ),
    "labels in a column": lambda tf, keras, dtype: fit_stack(keras, "softmax", labels="column", metrics=("acc",)),
    "uint8 labels": lambda tf, keras, dtype: fit_stack(keras, "softmax", labels="uint8"),
    "sum of losses": lambda tf, keras, dtype: fit_stack(
        keras, "logits", "SparseCategoricalCrossentropy", {"from_logits": True, "reduction": "sum"}
    ),
    "metrics by other names": lambda tf, keras, dtype: fit_stack(
        keras,
        "softmax",
        metrics=("sparse_categorical_accuracy", keras.metrics.SparseCategoricalAccuracy("mine")),
    ),
    "one-hot metric": lambda tf, keras, dtype: fit_stack(
        keras,
        "softmax",
        "CategoricalCrossentropy",
        {"label_smoothing": 0.1},
        labels="one-hot",
        metrics=("categorical_accuracy", "categorical_crossentropy", "mse"),
    ),
}
